"""How feeds are served: conditional requests, codings, negotiation, lifetimes, who may read them, who is too fast."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aggregator.publish import Publisher
from aggregator.web.answers import negotiated, takes_gzip
from aggregator.web.app import make_app, routed
from aggregator.web.front import Front
from aggregator.web.pace import Pace
from storage.database import Database, open_database
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import served

BASE = "https://h.example"
TOPICS = {"air": "helicopter*", "sea": "frigate*"}
CONFIG = f"settings: {{base_url: '{BASE}', title: Desk}}"
LONG = "<p>" + "Helicopters over the quay. " * 60 + "</p>"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that every test with it reads and none changes."""
    folder = tmp_path_factory.mktemp("front")
    db = open_database(f"sqlite:///{folder / 'store.db'}")
    topics = declare(db, make_source(), topics={**TOPICS, "old": "nothing"})
    take(db, [make_entry(id="1", title="Helicopters", summary=LONG)], topics=topics)
    declare(db, make_source(), topics=TOPICS)
    with served(make_app(Publisher(db, write_config(folder, CONFIG)))) as made:
        yield made
    db.close()


def plain(client: httpx.Client, address: str, **headers: str) -> httpx.Response:
    """A GET of the bytes as they are."""
    return client.get(
        address, headers={"Accept-Encoding": "identity", **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


@pytest.mark.parametrize(("form", "kind"), [("atom", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json")])
def test_types(client: httpx.Client, form: str, kind: str) -> None:
    """S-01, X-24: the media type with its encoding, nosniff, a policy that lets nothing run."""
    answer = client.get(f"/topics/air.{form}")
    assert answer.headers["content-type"] == f"application/{kind}; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_conditional_requests(client: httpx.Client) -> None:
    """S-02: lists of tags, `*`, weak comparison, tags before dates, and 304 with the headers that 200 would have."""
    whole = plain(client, "/topics/air.atom")
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    assert plain(client, "/topics/air.atom").content == whole.content
    for shown in (etag, f"W/{etag}", f'"x", {etag}', "*", f'W/"y",W/{etag}'):
        answer = plain(client, "/topics/air.atom", If_None_Match=shown)
        assert (answer.status_code, answer.content) == (304, b""), shown
    same = ("etag", "cache-control", "vary", "last-modified", "link", "content-security-policy")
    assert {name: answer.headers[name] for name in same} == {name: whole.headers[name] for name in same}
    assert "date" in answer.headers
    assert plain(client, "/topics/air.atom", If_Modified_Since=modified).status_code == 304
    assert plain(client, "/topics/air.atom", If_Modified_Since="Tue, 24 Nov 1998 12:00:00 GMT").status_code == 200
    assert plain(client, "/topics/air.atom", If_None_Match='"x"', If_Modified_Since=modified).status_code == 200
    for broken in ("soon", "Tue, 99 Nov 2026 12:00:00 GMT", "0", ""):
        assert plain(client, "/topics/air.atom", If_Modified_Since=broken).status_code == 200


def test_each_coding_has_its_validator(client: httpx.Client) -> None:
    """S-03: packed bytes have a tag of their own; either tag is known; Vary says what the answer depends on."""
    packed = client.get("/topics/air.atom", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    whole = plain(client, "/topics/air.atom")
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", whole.content)
    assert "content-encoding" not in whole.headers
    assert packed.headers["etag"] != whole.headers["etag"]
    assert packed.headers["vary"] == whole.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) < int(whole.headers["content-length"]) == len(whole.content)
    for tag in (packed.headers["etag"], whole.headers["etag"]):
        answer = client.get("/topics/air.atom", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.headers["etag"]) == (304, packed.headers["etag"])
    head = client.head("/topics/air.atom", headers={"Accept-Encoding": "gzip"})
    assert head.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [(b"gzip", True), (b"", False), (b"identity", False), (b"*", True), (b"gzip;q=0", False), (b"GZIP;q=0.1", True),
     (b"*;q=0, gzip", True), (b"gzip;q=0, *", False), (b"x-gzip", True), (b"br", False)],
)  # fmt: skip
def test_who_takes_gzip(accepted: bytes, taken: bool) -> None:
    """S-03: the weights of Accept-Encoding are kept to, 0 among them."""
    assert takes_gzip(accepted) is taken


def test_head_and_other_methods(client: httpx.Client) -> None:
    """S-04: HEAD says what GET says without the body; POST is told what may be done; a Range is passed over."""
    whole, head = plain(client, "/all.rss"), client.head("/all.rss", headers={"Accept-Encoding": "identity"})
    assert head.content == b""
    volatile = ("date",)
    assert {k: v for k, v in head.headers.items() if k not in volatile} == {
        k: v for k, v in whole.headers.items() if k not in volatile
    }
    refused = client.post("/all.rss")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert plain(client, "/all.rss", Range="bytes=0-9").status_code == 200


def test_lifetime_and_scripts(client: httpx.Client) -> None:
    """S-05, S-06: anybody may keep a public feed for a while, and read it by a script, with its tag."""
    answer = client.get("/topics/air.json")
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    asked = client.options(
        "/topics/air.json", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    )
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, HEAD")
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", ""), ("*/*", ""), ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ""),
        ("application/atom+xml", "atom"), ("application/rss+xml, application/atom+xml;q=0.9, text/html;q=0.1", "rss"),
        ("application/feed+json", "json"), ("application/json", "json"), ("application/xml", "atom"),
        ("application/atom+xml, */*;q=0.1", "atom"), ("application/*", "atom"), ("text/*", ""), ("image/png", "atom"),
        ("text/html;q=0, */*", "atom"), ("application/rss+xml;q=0.5;x=1, text/html;q=0.4", "rss"), (",;,", ""),
        ("application/atom+xml;q=nonsense", "atom"), ("TEXT/HTML", ""),
    ],
)  # fmt: skip
def test_what_is_negotiated(accept: str, form: str) -> None:
    """S-07: weights, ranges and ties; who accepts nothing that we have gets Atom."""
    assert negotiated(accept) == form


def test_the_bare_address(client: httpx.Client) -> None:
    """S-07: a feed reader gets a feed at the bare address, whose own address is the explicit one; a browser the page."""
    answer = client.get("/topics/air", headers={"Accept": "application/rss+xml"})
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert answer.headers["content-location"] == f"{BASE}/topics/air.rss"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.content == client.get("/topics/air.rss").content
    page = client.get("/topics/air", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == "Accept"
    assert (
        client.get("/topics/air.json", headers={"Accept": "text/html"})
        .headers["content-type"]
        .startswith("application/feed")
    )


def test_wrong_parameters(client: httpx.Client) -> None:
    """S-08: a value that cannot be read is 400 with what is expected, on feeds and pages; what means nothing is passed over."""
    for address in ("/topics/air.atom?view=tree", "/topics/air?view=tree"):
        answer = client.get(address)
        assert (answer.status_code, "entries and stories" in answer.text) == (400, True)
    assert client.get("/topics/air.atom?utm_source=x").content == client.get("/topics/air.atom").content


def test_removed_feeds(client: httpx.Client) -> None:
    """S-09: a topic that was removed is gone, one that never was is not found."""
    assert client.get("/topics/old.atom").status_code == 410
    assert client.get("/topics/old").status_code == 410
    assert client.get("/topics/never.atom").status_code == 404


def test_links_in_headers(client: httpx.Client) -> None:
    """W-29, X-25: the hub and the feed's own address stand in one Link header, for HEAD too, whatever Host was asked."""
    for answer in (client.get("/topics/air.atom"), client.head("/topics/air.atom", headers={"Host": "evil.example"})):
        assert answer.headers["link"] == f'<{BASE}/hub>; rel="hub", <{BASE}/topics/air.atom>; rel="self"'


def test_a_304_reads_no_store(db: Database, tmp_path: Path) -> None:
    """S-10, V-12: within its second a feed is answered while the store is away; after a restart the bytes are the same."""
    topics = declare(db, make_source(), topics=TOPICS)
    take(db, [make_entry(id="1", title="Helicopters", summary=LONG)], topics=topics)
    config = write_config(tmp_path, CONFIG)
    asked: list[str] = []

    class Watched(Publisher):
        """Notes what is looked up and what is rendered."""

        def output(self, kind, slug, **more):  # type: ignore[no-untyped-def] # as in Publisher
            asked.append("output")
            return super().output(kind, slug, **more)

        def feed(self, output, form, now, *more):  # type: ignore[no-untyped-def] # as in Publisher
            asked.append("feed")
            return super().feed(output, form, now, *more)

    now = [100.0]
    publisher = Watched(db, config)
    app = Front(routed(publisher), publisher=publisher, clock=lambda: NOON, seconds=lambda: now[0])
    with served(app) as client:
        first = client.get("/topics/air.atom")
        tag = first.headers["etag"]
        assert asked == ["output", "feed"]
        for _ in range(3):
            assert client.get("/topics/air.atom", headers={"If-None-Match": tag}).status_code == 304
        assert asked == ["output", "feed"]
        now[0] += 1.5
        assert client.get("/topics/air.atom", headers={"If-None-Match": tag}).status_code == 304
        assert asked == ["output", "feed", "output"]
        take(db, [make_entry(id="2", title="Helicopters again")], topics=topics)
        assert client.get("/topics/air.atom", headers={"If-None-Match": tag}).status_code == 304
        now[0] += 1.5
        assert client.get("/topics/air.atom", headers={"If-None-Match": tag}).status_code == 200
    with served(make_app(Publisher(db, config))) as again:
        assert again.get("/topics/air.atom").headers["etag"] != tag


def test_many_readers_while_it_changes(tmp_path: Path) -> None:
    """V-12: under many readers each answer is whole, its tag is that of its bytes, and the last is today's."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    topics = declare(db, make_source(), topics=TOPICS)
    take(db, [make_entry(id="0", title="Helicopters 0")], topics=topics)
    found: dict[str, set[bytes]] = {}
    lock, stop = threading.Lock(), threading.Event()
    with served(make_app(Publisher(db, write_config(tmp_path, CONFIG)), fresh=0.05)) as client:

        def read() -> None:
            with httpx.Client(base_url=client.base_url, trust_env=False) as own:
                while not stop.is_set():
                    answer = own.get("/topics/air.atom")
                    with lock:
                        found.setdefault(answer.headers["etag"], set()).add(answer.content)

        readers = [threading.Thread(target=read) for _ in range(6)]
        for one in readers:
            one.start()
        for number in range(1, 9):
            take(db, [make_entry(id=str(number), title=f"Helicopters {number}")], topics=topics)
        stop.wait(0.3)
        last = client.get("/topics/air.atom")
        stop.set()
        for one in readers:
            one.join()
    assert b"Helicopters 8" in last.content
    assert all(len(bodies) == 1 for bodies in found.values())
    assert all(b"</feed>" in body for bodies in found.values() for body in bodies)
    db.close()


def test_a_new_configuration_is_seen_at_once(tmp_path: Path) -> None:
    """S-10: a title that changes in feeds.yaml stands in the next answer, whatever is held."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source(), topics=TOPICS)
    publisher = Publisher(db, write_config(tmp_path, CONFIG))
    with served(make_app(publisher, fresh=60)) as client:
        assert "Desk" in client.get("/all.atom").text
        publisher.adopt(write_config(tmp_path, CONFIG.replace("Desk", "Bureau")))
        assert "Bureau" in client.get("/all.atom").text
    db.close()


def test_who_is_too_fast_waits(tmp_path: Path) -> None:
    """S-05: past the limit 429 says when to come again, for feeds and pages."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source(), topics=TOPICS)
    config = write_config(tmp_path, CONFIG.replace("title", "requests_a_minute: 3, title"))
    with served(make_app(Publisher(db, config))) as client:
        assert [client.get(path).status_code for path in ("/all.atom", "/", "/all.atom", "/all.atom", "/")] == [
            200, 200, 200, 429, 429,
        ]  # fmt: skip
        assert 1 <= int(client.get("/").headers["retry-after"]) <= 20
    db.close()


def test_the_pace_of_a_client() -> None:
    """S-05: a minute's worth at once, then one each twenty seconds of three a minute; each client by itself."""
    pace = Pace()
    assert [pace.wait("a", 3, 0.0) for _ in range(4)] == [0, 0, 0, 20]
    assert pace.wait("b", 3, 0.0) == 0
    assert pace.wait("a", 3, 19.0) == 1
    assert pace.wait("a", 3, 21.0) == 0
    assert pace.wait("a", 3, 1.0) > 0  # a clock that goes back gives nothing away


def test_packed_bytes_are_the_same_each_time(client: httpx.Client) -> None:
    """V-12: no moment stands in packed bytes."""
    with client.stream("GET", "/topics/air.atom", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert raw[4:8] == b"\0\0\0\0"
    assert gzip.decompress(raw) == plain(client, "/topics/air.atom").content


def test_a_fault_of_ours_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A fault while a feed or a page is made is one answer's: 500, the log has all of it, the next answer is as ever."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source(), topics=TOPICS)

    class Broken(Publisher):
        """Fails for one topic."""

        def output(self, kind, slug, **more):  # type: ignore[no-untyped-def] # as in Publisher
            if slug == "sea":
                raise RuntimeError("the cat is on the keyboard")
            return super().output(kind, slug, **more)

    with served(make_app(Broken(db, write_config(tmp_path, CONFIG)))) as client:
        for address in ("/topics/sea.atom", "/topics/sea"):
            answer = client.get(address)
            assert answer.status_code == 500
            assert "went wrong" in answer.text
            assert "keyboard" not in answer.text
        assert client.get("/topics/air.atom").status_code == 200
    assert caplog.text.count("RuntimeError: the cat is on the keyboard") == 2
    db.close()


@pytest.mark.parametrize("path", ["/opml", "/feeds.opml", "/search.atom", "/topics/air", "/all/archive/1-x.atom"])
def test_scripts_may_ask_for_lists_and_pages_of_feeds(client: httpx.Client, path: str) -> None:
    """S-06: a script of another site may show its tag wherever something public is read; nothing private is told."""
    assert client.options(path).headers["access-control-allow-origin"] == "*"
    private = client.options("/private/x/topics/air.atom")
    assert (private.status_code, "access-control-allow-origin" in private.headers) == (405, False)


def test_a_page_names_its_feeds_in_a_header(client: httpx.Client) -> None:
    """D-04: the page of a feed links the three forms for who reads no HTML."""
    said = client.head("/topics/air", headers={"Accept": "text/html", "Host": "evil.example"}).headers["link"]
    assert said.count('rel="alternate"') == 3
    assert f'<{BASE}/topics/air.json>; rel="alternate"; type="application/feed+json"' in said


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/topics/", "/topics"), ("/topics/air/", "/topics/air"),
        ("/topics/air.atom/?view=entries", "/topics/air.atom?view=entries"),
        ("//evil.example/", "/evil.example"), ("/%5Cevil.example/", "/%5Cevil.example"),
        ("/a%0D%0AX-Evil:1/", "/a%0D%0AX-Evil%3A1"),
        ("/a%3Fb/", "/a%3Fb"),
    ],
)  # fmt: skip
def test_a_slash_too_many_leads_nowhere_else(client: httpx.Client, asked: str, location: str) -> None:
    """X-25, X-31: a redirect leads to this server, whatever Host or path was asked, and no line of a header is made of it."""
    port = client.base_url.port
    with socket.create_connection(("127.0.0.1", port or 0)) as connection:
        connection.sendall(f"GET {asked} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
        head = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")[0].decode("latin-1")
    lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
    assert "301" in head.split("\r\n")[0]
    assert [value for name, _, value in lines if name.lower() == "location"] == [location]
    assert "x-evil" not in [name.lower() for name, _, _ in lines]
