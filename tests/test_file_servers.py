"""The examples of docs/operate.md, run as they stand there: nginx and Caddy over published files, and before a Heliograph."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from aggregator.publish import Publisher
from aggregator.static_folder import OURS, Piece, opened_folder
from aggregator.static_site import publish
from aggregator.web.app import make_app
from storage.database import open_database
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.fileservers import blocks, caddy, nginx
from tests.live import served

Started = Callable[[str, Path], AbstractContextManager[httpx.Client]]
SERVERS: dict[str, Started] = {"nginx": nginx, "caddy": caddy}
TYPES = {
    "": "text/html; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
}
LOST = (
    "/topics/nowhere", f"/{OURS}/manifest.json", f"/{OURS}/lock", "/.index.html.new", "/x%0d%0aSet-Cookie:1.atom",
    "/topics/air?view=stories", "/topics/air.atom?before=abc", "/all.json?as_of=2026-01-01",
)  # fmt: skip
ARCHIVE = "topics/air/archive/1-abc.atom"


def archive(*_: object) -> Iterator[Piece]:
    """A document that never changes under its address."""
    yield Piece(path=ARCHIVE, key="abc", render=lambda: b"<feed/>" * 100)


def told(language: str, at: int, port: int, root: Path) -> str:
    """An example with the addresses of this machine in it, and nothing else changed."""
    block = blocks(language)[at].replace("/srv/news", str(root)).replace("127.0.0.1:8400", f"127.0.0.1:{port}")
    if language == "nginx":
        return block.replace("listen 80;", "listen 127.0.0.1:{PORT};")
    return re.sub(r"^news\.example \{", "http://127.0.0.1:{PORT} {", block, count=1)


@pytest.fixture(scope="module", params=SERVERS)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server over published files, with a running Heliograph behind it for what needs one."""
    home = tmp_path_factory.mktemp(request.param)
    db = open_database(f"sqlite:///{home / 'store.db'}")
    topics = declare(db, make_source(), topics={"air": "helicopter*"})
    take(db, [make_entry(id=str(n), title=f"Helicopters {n}", authors=["Ada Ore"]) for n in range(20)], topics=topics)
    publisher = Publisher(db, write_config(home, "settings: {base_url: 'https://news.example', title: Desk}"))
    with opened_folder(home / "site") as folder:
        publish(publisher, folder, NOON, "1", more=(archive,))
    with served(make_app(publisher)) as behind:
        block = told(request.param, 0, behind.base_url.port or 0, home / "site")
        with SERVERS[request.param](block, home) as made:
            yield made
    db.close()


@pytest.mark.parametrize("path", ["/", "/topics", "/topics/air", "/all", "/entries/1", "/authors/ada-ore", "/sources"])
def test_pages(client: httpx.Client, path: str) -> None:
    """X-31, S-01: pages are found without their suffix, as HTML that runs nothing."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[""]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "access-control-allow-origin" not in answer.headers
    assert "link" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("path", ["/topics/air", "/all", "/authors/ada-ore", "/sources/news"])
@pytest.mark.parametrize("suffix", [".atom", ".rss", ".json"])
def test_feeds(client: httpx.Client, path: str, suffix: str) -> None:
    """S-01, S-05, S-06, X-24, W-29: each form has its type, runs nothing, may be read by any page, is kept for some
    minutes, and names its hub and itself, on HEAD too."""
    answer = client.get(path + suffix)
    head = client.head(path + suffix)

    assert answer.status_code == head.status_code == 200
    assert answer.headers["content-type"] == TYPES[suffix]
    assert answer.headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers.get_list("cache-control") == ["public, max-age=300"]
    link = f'<https://news.example/hub>; rel="hub", <https://news.example{path}{suffix}>; rel="self"'
    assert answer.headers["link"] == head.headers["link"] == link
    assert head.headers["content-type"] == TYPES[suffix]


@pytest.mark.parametrize("path", ["/topics/air.opml", "/feeds.opml", "/sources.opml"])
def test_lists(client: httpx.Client, path: str) -> None:
    """S-01: lists are OPML, and are not what a hub pushes."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[".opml"]
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "link" not in answer.headers


def test_archives_are_kept_for_long(client: httpx.Client) -> None:
    """S-05, P-03: what never changes is kept for a week without asking; style sheets for a day."""
    assert client.get(f"/{ARCHIVE}").headers.get_list("cache-control") == ["public, max-age=604800, immutable"]
    sheet = client.get("/static/heliograph.css")
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.headers.get_list("cache-control") == ["public, max-age=86400"]
    assert client.get("/static/heliograph.svg").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/topics/air.atom", "/topics/air.json", "/topics/air.opml", "/topics/air"])
def test_conditional_and_compressed(client: httpx.Client, path: str) -> None:
    """S-02, S-03: who has it gets 304 with the same validator; compressed it has another one, or a weak one; caches are
    told by Vary."""
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    again = client.get(path, headers={"Accept-Encoding": "identity", "If-None-Match": plain.headers["etag"]})

    assert again.status_code == 304
    assert again.headers["etag"] == plain.headers["etag"]
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    if packed.headers.get("content-encoding") == "gzip":
        assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in plain.headers["vary"].lower()


@pytest.mark.parametrize("path", LOST)
def test_what_is_not_there(client: httpx.Client, path: str) -> None:
    """X-25: what is not there, not to be served, or needs a program is 404, with the page that helps; no address makes a
    header."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text
    assert answer.headers["content-type"] == TYPES[""]
    assert "set-cookie" not in answer.headers


def test_other_queries_do_no_harm(client: httpx.Client) -> None:
    """A query that means nothing is passed over, as by the server."""
    assert client.get("/topics/air.atom?utm_source=x").status_code == 200


def test_what_hubs_bring_reaches_the_program(client: httpx.Client) -> None:
    """W-05: a callback is answered by the program behind, which knows none of this name."""
    answer = client.get("/push/unknown?hub.mode=subscribe&hub.topic=x&hub.challenge=y")

    assert answer.status_code == 404
    assert "There is nothing at this address." not in answer.text


@pytest.mark.parametrize("name", SERVERS)
def test_what_was_packed_beforehand_is_sent(name: str, tmp_path: Path) -> None:
    """S-03: after `publish --gzip` the sibling that was written is what is sent."""
    (tmp_path / "site" / "topics").mkdir(parents=True)
    (tmp_path / "site" / "topics" / "air.atom").write_bytes(b"<plain/>" * 100)
    (tmp_path / "site" / "topics" / "air.atom.gz").write_bytes(gzip.compress(b"<packed/>" * 100))
    with SERVERS[name](told(name, 0, 9, tmp_path / "site"), tmp_path) as client:
        packed = client.get("/topics/air.atom", headers={"Accept-Encoding": "gzip"})
        plain = client.get("/topics/air.atom", headers={"Accept-Encoding": "identity"})

    assert (packed.content[:9], packed.headers["content-type"]) == (b"<packed/>", TYPES[".atom"])
    assert plain.content[:8] == b"<plain/>"
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("name", SERVERS)
def test_before_a_running_heliograph(name: str, tmp_path: Path) -> None:
    """S-02, S-05: a proxy passes on what the program says, validators and policies included."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    take(db, [make_entry()], topics=declare(db, make_source(), topics={"air": "title"}))
    app = make_app(Publisher(db, write_config(tmp_path, "settings: {base_url: 'https://news.example'}")))
    names = (
        "etag",
        "content-type",
        "cache-control",
        "content-security-policy",
        "last-modified",
        "x-content-type-options",
    )
    with served(app) as behind, SERVERS[name](told(name, 1, behind.base_url.port or 0, tmp_path), tmp_path) as client:
        for path in ("/topics/air.atom", "/topics/air", "/sources.opml"):
            there, here = behind.get(path), client.get(path)
            assert here.status_code == 200
            assert here.content == there.content
            assert {one: here.headers.get(one) for one in names} == {one: there.headers.get(one) for one in names}
        etag = client.get("/topics/air.atom").headers["etag"]
        assert client.get("/topics/air.atom", headers={"If-None-Match": etag}).status_code == 304
        assert client.get("/search?q=title").status_code == 200
    db.close()
