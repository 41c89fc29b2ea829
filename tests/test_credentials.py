"""Sources that want a password, a header or a cookie: from feeds.yaml to the wire, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from aggregator import exporting
from aggregator.config import ConfigError, load_config
from aggregator.web.app import ROUTES
from feeds.fetch import Fetcher, Limits
from feeds.model import Failed, FailureKind, Outcome, Source, Validators
from feeds.secrets import Secrets
from storage import reading
from storage.database import Database
from storage.following import Newcomer, follow
from tests.fakes import NOON, Page, Publisher, item, make_source, rss
from tests.live import free_port
from tests.servers import Exchange, Server, page
from tests.test_daemon import program, reachable, wait_for
from tests.test_fetch import got, moved

PASSWORD, KEY, TOKEN, COOKIE = "pw@/#Zx91-secret", "kEy-0123456789", "tOken-abcdefghij", "cOokie-klmnopqr"
ENVIRONMENT = {"PW": PASSWORD, "KEY": KEY, "TOKEN": TOKEN, "COOKIE": COOKIE}
URL = "https://me:${PW}@news.example/feed?key=${KEY}"
SECRETS = Secrets(
    url=URL, values=ENVIRONMENT, headers={"X-Token": "Bearer ${TOKEN}", "Cookie": "session=${COOKIE}"}
)  # fmt: skip
ASKED = SECRETS.expand(URL)
BASIC = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
SHOWN = [*ENVIRONMENT.values(), BASIC.partition(" ")[2]]


def leaks(text: str) -> list[str]:
    """The secrets that stand in a text."""
    return [secret for secret in SHOWN if secret in text]


def ask(publisher: Publisher, shown: Validators = Validators(), source: Source | None = None) -> Outcome:
    """One poll of the source with the secrets."""

    async def once() -> Outcome:
        fetcher = Fetcher(
            user_agent="test", folder=Path(), transport=publisher.transport, limits=Limits(spacing=0),
            secrets={"news": SECRETS},
        )  # fmt: skip
        return await fetcher.fetch(source or make_source(url=URL), shown)

    return asyncio.run(once())


def test_a_source_is_asked_with_its_secrets() -> None:
    """X-33: password, key, header and cookie arrive at the publisher; what comes back holds their names."""
    publisher = Publisher({ASKED: Page(b"feed", headers={"ETag": '"1"'})})
    outcome = got(ask(publisher))
    again = ask(publisher, outcome.validators)
    (request, second) = publisher.requests

    assert request.headers["authorization"] == BASIC
    assert request.headers["x-token"] == f"Bearer {TOKEN}"
    assert request.headers["cookie"] == f"session={COOKIE}"
    assert second.headers["if-none-match"] == '"1"'
    assert outcome.answer.url == "https://news.example/feed?key=${KEY}"
    assert outcome.validators.url == URL
    assert leaks(f"{outcome!r}{again!r}") == []


def test_a_publisher_that_repeats_a_secret_does_not_spread_it() -> None:
    """X-33: in its body, its headers, its redirects and its words of refusal a secret becomes its name."""
    there = f"https://news.example/moved?key={KEY}"
    with_user = there.replace("https://", f"https://me:{ASKED.partition('me:')[2].partition('@')[0]}@")
    link = f'<{there}>; rel="self"'
    publisher = Publisher(
        {
            ASKED: moved(there, 301),
            with_user: Page(f"<link>{there}</link>".encode(), headers={"Link": link, "ETag": f'"{TOKEN}"'}),
        }
    )
    outcome = got(ask(publisher))

    assert outcome.answer.permanent_url == "https://me:${PW}@news.example/moved?key=${KEY}"
    assert outcome.body == b"<link>https://news.example/moved?key=${KEY}</link>"
    assert outcome.answer.headers["link"] == '<https://news.example/moved?key=${KEY}>; rel="self"'
    assert outcome.validators.etag == ""  # kept as it came or not at all
    assert leaks(repr(outcome)) == []

    learned = make_source(url=outcome.answer.permanent_url)
    ask(publisher, outcome.validators, learned)
    assert str(publisher.requests[-1].url) == str(httpx.URL(with_user))


def test_secrets_stay_with_their_origin() -> None:
    """F-35, X-33: another host, port or scheme gets no header, no cookie and no password."""
    for elsewhere in ("https://other.example/", "https://news.example:8443/", "http://news.example/"):
        publisher = Publisher({ASKED: moved(elsewhere, 301), elsewhere: Page(b"feed")})
        got(ask(publisher))
        sent = publisher.requests[1].headers

        assert not {"authorization", "x-token", "cookie"} & set(sent)
        assert leaks(repr(sent.raw) + str(publisher.requests[1].url)) == []


def test_a_name_in_a_strangers_redirect_is_no_name() -> None:
    """X-33: nobody gets a secret by writing ${NAME} into a redirect, now or at the next poll."""
    trap = "https://evil.example/?x=${KEY}"
    publisher = Publisher({ASKED: moved(trap, 301)})
    ask(publisher)
    asked = str(publisher.requests[1].url)
    publisher.pages[asked] = Page(b"feed")
    outcome = got(ask(publisher))
    assert outcome.answer.permanent_url is not None
    ask(publisher, source=make_source(url=outcome.answer.permanent_url))

    assert leaks("".join(str(request.url) for request in publisher.requests[1:] if "evil" in request.url.host)) == []


def test_a_source_without_its_secrets_is_not_asked() -> None:
    """X-33: a poller that does not know a name fails the source, and sends no ${NAME} to anybody."""
    publisher = Publisher({})
    outcome = ask(publisher, source=make_source(slug="other", url=URL))

    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.CREDENTIALS
    assert publisher.requests == []


def test_a_literal_password_is_not_shown_either() -> None:
    """X-33: a password that stands in the address as it is goes to its host, and into no words or answer."""
    url = "https://me:l1teral-pw@news.example/feed"
    said = Publisher({url: lambda request: httpx.Response(500, extensions={"reason_phrase": b"no l1teral-pw here"})})
    failed = ask(said, source=make_source(slug="other", url=url))
    read = got(ask(Publisher({url: Page(b"feed")}), source=make_source(slug="other", url=url)))

    assert isinstance(failed, Failed)
    assert "l1teral-pw" not in repr(failed)
    assert "l1teral-pw" not in repr(read.answer)
    assert said.requests[0].headers["authorization"].startswith("Basic ")


def config(folder: Path, source: str, environment: dict[str, str]) -> list[str]:
    """The complaints about a file with this source in its third line."""
    (folder / "feeds.yaml").write_text(f"settings: {{title: T}}\nsources:\n  - {source}\n")
    with pytest.raises(ConfigError) as error:
        load_config(folder / "feeds.yaml", environment=environment)
    return [str(one) for one in error.value.complaints]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('{url: "https://me:${MISSING}@news.example/"}', "no variable MISSING"),
        ('{url: "https://news.example/?k=${EMPTY}"}', "no variable EMPTY"),
        ('{url: "https://news.example/", headers: {Cookie: "a=${MISSING}"}}', "no variable MISSING"),
        ('{url: "https://me:${SHORT}@news.example/"}', "SHORT holds fewer than 4"),
        ('{url: "https://news.example/", headers: {Cookie: "a=${BROKEN}"}}', "BROKEN holds a line break"),
        ('{url: "https://news.example/", headers: {Cookie: "a\\r\\nX: y"}}', "line break"),
        ('{url: "https://news.example/", headers: {"A b": "x"}}', "no name of a header"),
        ('{url: "https://news.example/", headers: {HOST: "x"}}', "set by Heliograph itself"),
        ('{url: "https://news.example/", headers: {Content-Length: "1"}}', "set by Heliograph itself"),
        ('{url: "https://news.example/", headers: {transfer-encoding: chunked}}', "set by Heliograph itself"),
        ('{url: "https://news.example/", headers: {Connection: close}}', "set by Heliograph itself"),
        ('{url: "https://news.example/", headers: {User-Agent: Mozilla}}', "set by Heliograph itself"),
        ('{url: "https://news.example/", headers: {Cookie: 5}}', "expected text"),
        ('{url: "https://news.example/", headers: {A: x, a: y}}', "twice"),
        ('{url: "https://news.example/", headers: [Cookie]}', "names and values"),
        ('{url: "https://${HOST}/"}', "not in the host"),
        ('{url: "https://news.example/?k=${KEY"}', "expected ${NAME}"),
        ('{url: "https://news.example/", headers: {Cookie: "a=${my-key}"}}', "Cookie: expected ${NAME}"),
        ('{url: "file:x.xml", headers: {Cookie: a}}', "takes no headers"),
        ('{url: "file:${KEY}.xml"}', "no ${NAME}"),
    ],
)
def test_a_secret_that_cannot_be_used_is_a_complaint(tmp_path: Path, source: str, word: str) -> None:
    """X-25, X-33: what is missing or would break the wire is said with file and line, and no value is shown."""
    (complaint,) = config(
        tmp_path, source, {"EMPTY": "", "BROKEN": "s3cret\r\nX: y", "HOST": "h.example", "SHORT": "abc"}
    )

    assert complaint.startswith("feeds.yaml:3: sources[1]")
    assert word in complaint
    assert "s3cret" not in complaint


def test_a_good_file_gives_each_source_its_secrets(tmp_path: Path) -> None:
    """Only the names that a source uses are taken from the environment, under its slug, and the address keeps them."""
    (tmp_path / "feeds.yaml").write_text(
        "sources:\n"
        '  - {url: "https://a.example/?k=${KEY}", slug: one, headers: {Cookie: "s=${COOKIE}"}}\n'
        '  - {url: "https://b.example/", slug: two}\n'
    )
    read = load_config(tmp_path / "feeds.yaml", environment=ENVIRONMENT)

    assert read.secrets.keys() == {"one"}
    assert read.secrets["one"].values == {"KEY": KEY, "COOKIE": COOKIE}
    assert read.sources[0].source.url == "https://a.example/?k=${KEY}"
    assert leaks(repr(read)) == []
    assert replace(read, secrets={}) != read


def test_an_export_names_a_variable_for_a_password(db: Database, tmp_path: Path) -> None:
    """X-33: what is printed to be copied into feeds.yaml has no password in it, says where to put it, and can be read."""
    address = "https://me:l1teral-pw@news.example/feed"
    follow(db, [Newcomer(source=Source(slug="3-news", url=address), due=NOON, reason="new")], NOON)
    printed = io.StringIO()
    exporting.print_yaml(printed, [one.source for one in reading.followed(db)])
    (tmp_path / "feeds.yaml").write_text(printed.getvalue())
    read = load_config(tmp_path / "feeds.yaml", environment={"PASSWORD_3_NEWS": "l1teral-pw"})

    assert "l1teral-pw" not in printed.getvalue()
    assert "give it to Heliograph as PASSWORD_3_NEWS" in printed.getvalue()
    assert read.secrets["3-news"].expand(read.sources[0].source.url) == address


class Guarded:
    """A publisher that answers those who know its secrets, and repeats the key as feeds do."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.refused = 0

    def __call__(self, exchange: Exchange) -> None:
        known = {
            "Authorization": BASIC, "X-Token": f"Bearer {TOKEN}", "Cookie": f"session={COOKIE}",
        }  # fmt: skip
        good = all(exchange.header(name) == value.encode() for name, value in known.items())
        if not good or f"key={KEY}" not in exchange.path:
            self.refused += 1
            said = exchange.header("X-Token") or exchange.header("Authorization") or b""
            page(b"", status=f"401 not {said.decode()} again")(exchange)
            return
        own = f"http://me:{PASSWORD}@127.0.0.1:{self.port}/feed?key={KEY}"
        extra = (
            f'<link xmlns="http://www.w3.org/2005/Atom" rel="self" href="{own}"/><managingEditor>{KEY}</managingEditor>'
        )
        author = "<dc:creator>Jane Doe</dc:creator>"
        first = item(1, title=f"Frigate {KEY}", body=f"https://n.example/1?key={KEY}", extra=author)
        body = rss(first, title="Guarded", extra=extra)
        page(body, f'Link: <{own}>; rel="self"', f'ETag: "{KEY}"')(exchange)


NAMES = {
    "feeds": ["mix"], "topics": ["ships"], "authors": ["jane-doe"], "sources": ["guarded", "refused", "literal"],
    "places": ["asia"], "entries": ["1"],
}  # fmt: skip


def addresses() -> list[str]:
    """Every address that is served, pages and feeds."""
    found: list[str] = []
    for route, _, _ in ROUTES:
        kind = route.split("/")[1]
        named = "{name}" in route or "{key}" in route
        names = [re.sub(r"\{name\}|\{key\}", name, route) for name in NAMES[kind]] if named else [route]
        forms = ["", ".atom", ".rss", ".json"] if "{name}" in route else [""]
        found += [(name + form).replace("{form}", "atom") for name in names for form in forms]
    return found


def test_a_secret_is_nowhere_but_on_the_wire(tmp_path: Path) -> None:
    """X-33: with a real server, a real store, every command and every page: no secret in file, log, output or feed."""
    port = free_port()
    with Server() as server:
        server._rest = guarded = Guarded(server.port)  # its port is known only now
        store = tmp_path / "data" / "heliograph.db"
        address = f"http://me:${{PW}}@127.0.0.1:{server.port}/feed?key=${{KEY}}"
        (tmp_path / "feeds.yaml").write_text(
            "settings: {allow_private: [127.0.0.0/8]}\nsources:\n"
            f"  - url: '{address}'\n    slug: guarded\n"
            "    headers: {X-Token: 'Bearer ${TOKEN}', Cookie: 'session=${COOKIE}'}\n"
            f"  - {{url: '{address}&wrong=1', slug: refused, headers: {{X-Token: '${{TOKEN}}'}}}}\n"
            f"  - {{url: 'http://me:l1teral-pw@127.0.0.1:{server.port}/no', slug: literal}}\n"
            "topics:\n  ships: {query: frigate}\nfeeds:\n  mix: {topics: [ships], sources: [guarded]}\n"
        )
        seen = commands(tmp_path)
        here = f"http://127.0.0.1:{port}"
        with program(
            tmp_path, "run", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port), more=ENVIRONMENT
        ) as process:
            wait_for(lambda: reachable(here), process)
            for route in addresses():
                answer = httpx.get(here + route, trust_env=False, follow_redirects=True)
                seen[route] = answer.text + repr(answer.headers)

    assert all(
        "Frigate" in seen[route] for route in ("/topics/ships.atom", "/authors/jane-doe.rss", "/sources/guarded")
    )
    assert guarded.refused > 0
    seen["log"] = (tmp_path / "log").read_text()
    for path in store.parent.iterdir():
        seen[path.name] = path.read_bytes().decode("latin-1")
    for name, text in seen.items():
        assert (name, leaks(text)) == (name, [])
        if "heliograph.db" not in name:
            assert "l1teral-pw" not in text, name


def commands(folder: Path) -> dict[str, str]:
    """What every command says that looks at sources."""
    asked = [
        ["check"], ["poll", "--all"], ["status"], ["status", "--json"], ["why", "1"], ["export"],
        ["plan", "--json"], ["db", "check"], ["schema"],
    ]  # fmt: skip
    said: dict[str, str] = {}
    for words in asked:
        command = [sys.executable, "-c", "from aggregator.cli import main; main()", *words]
        if words != ["schema"]:
            command += ["--config", str(folder / "feeds.yaml")]
        ended = subprocess.run(
            command, capture_output=True, text=True, env={**ENVIRONMENT, "PATH": "/usr/bin:/bin"}, timeout=60
        )
        said[" ".join(words)] = ended.stdout + ended.stderr
    return said
