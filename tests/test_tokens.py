"""Private feeds: who gets in, what they see, and what is told of their keys."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from aggregator.asking import Asked
from aggregator.cli import main
from aggregator.prepare import declared
from aggregator.publish import Publisher
from aggregator.tokens import make_token, without_key
from aggregator.web.app import make_app
from storage import upkeep
from storage.database import Database, open_database
from storage.model import OutputKind
from storage.schema import tokens
from storage.tokens import list_tokens, revoke_tokens
from tests.fakes import NOON, make_entry, take, write_config
from tests.live import free_port, served
from tests.test_daemon import program, reachable, wait_for
from tests.validator import complaints

FILE = """\
settings: {base_url: 'https://h.example', title: Desk, republish: headline}
sources:
  - {url: 'https://news.example/feed', slug: news, name: News}
topics:
  ships: {query: frigate}
  air: {query: helicopter}
feeds:
  circle: {topics: [ships], private: true}
  open-one: {topics: [ships], formerly: [was-open]}
"""
WORDS = "Only those with a key read of the frigate that helicopter crews saw."
FEEDS = (
    "topics/ships",
    "authors/ada-ore",
    "sources/news",
    "places/kazakhstan",
    "feeds/open-one",
    "feeds/circle",
    "all",
)


class House:
    """A store with an entry in every kind of feed, a publisher, and a client of its server."""

    def __init__(self, db: Database, publisher: Publisher, client: httpx.Client) -> None:
        self.db = db
        self.publisher = publisher
        self.client = client

    def key(self, feed: str = "topics/ships", holder: str = "") -> str:
        """A new key to a feed."""
        kind, _, slug = feed.partition("/")
        found = self.publisher.output(_KINDS[kind], slug, is_private=True)
        assert found is not None
        return make_token(self.db, found, holder, NOON)[0]

    def private(self, key: str, path: str, **said: str) -> httpx.Response:
        """What is at a path behind a key."""
        return self.client.get(f"/private/{key}/{path}", headers=said)


_KINDS: dict[str, OutputKind] = {
    "topics": "topics", "authors": "authors", "sources": "sources", "places": "places", "feeds": "feeds", "all": "all",
}  # fmt: skip


def fill(db: Database, folder: Path, text: str = FILE) -> Publisher:
    """A store as the configuration declares it, with one entry, and its publisher."""
    config = write_config(folder, text)
    upkeep.reconcile(db, declared(config), NOON)
    one = make_entry(
        title="Frigates off Kazakhstan", summary=WORDS, content=f"<p>{WORDS}</p>", text=WORDS, authors=["Ada Ore"]
    )
    take(db, [one], topics=list(config.topics), now=NOON + timedelta(hours=1))
    return Publisher(db, config)


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Iterator[House]:
    """On each engine, over a real socket."""
    publisher = fill(db, tmp_path)
    with served(make_app(publisher)) as client:
        yield House(db, publisher, client)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_a_key_opens_one_feed_with_whole_texts(house: House, feed: str, form: str) -> None:
    """X-32: the holder of a key reads whole texts in a valid feed of each form; the public feed shows what its policy allows."""
    key = house.key(feed)
    public = house.client.get(f"/{feed}.{form}")
    private = house.private(key, f"{feed}.{form}")

    assert private.status_code == 200
    assert WORDS in private.text
    assert f"https://h.example/private/{key}/{feed}.{form}" in private.text
    assert house.client.get(f"/{feed}.{form}").content == public.content
    assert complaints(private.content, form) == []
    assert WORDS not in public.text
    assert key not in public.text
    assert public.status_code == (404 if feed == "feeds/circle" else 200)


@pytest.mark.parametrize("first", ["public", "private"])
def test_private_bytes_are_never_served_in_public(house: House, first: str) -> None:
    """X-32: whichever was asked for first, each address has its own bytes and its own ETag, also for another key."""
    keys = [house.key(), house.key()]
    paths = ["/topics/ships.atom", *(f"/private/{key}/topics/ships.atom" for key in keys)]
    asked = paths if first == "public" else paths[::-1]
    bodies = {path: house.client.get(path) for path in asked * 2}

    assert [WORDS in bodies[path].text for path in paths] == [False, True, True]
    assert [[key in bodies[path].text for key in keys] for path in paths] == [
        [False, False],
        [True, False],
        [False, True],
    ]
    tags = [bodies[path].headers["ETag"] for path in paths]
    assert len(set(tags)) == 3
    for path, tag in zip(paths, tags, strict=True):
        assert house.client.get(path, headers={"If-None-Match": tag}).status_code == 304
        others = ", ".join(other for other in tags if other != tag)
        assert house.client.get(path, headers={"If-None-Match": others}).status_code == 200


def test_no_cache_no_hub_and_no_other_site_has_it(house: House) -> None:
    """W-29, S-05, S-06: a private feed is private to caches, opens to no other site, names no hub, and is not to be indexed."""
    key = house.key()
    for form in ("atom", "rss", "json"):
        feed = house.private(key, f"topics/ships.{form}", Origin="https://elsewhere.example")
        again = house.private(key, f"topics/ships.{form}", **{"If-None-Match": feed.headers["ETag"]})
        for answer in (feed, again, house.client.head(f"/private/{key}/topics/ships.{form}")):
            assert answer.headers["Cache-Control"] == "private, no-transform, max-age=0"
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Link" not in answer.headers
            assert not any(name.startswith("access-control") for name in answer.headers)
        assert again.status_code == 304
        assert "h.example/hub" not in feed.text
        assert "hubs" not in feed.text


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_every_address_of_its_own_keeps_the_key(house: House, form: str) -> None:
    """P-05: in a private feed the addresses of the feed itself, its next page among them, carry the key and what is asked."""
    key = house.key("sources/news")
    more = [make_entry(id=f"more-{at}", title=f"More {at}", link=f"https://news.example/more/{at}") for at in range(3)]
    take(house.db, more, now=NOON + timedelta(hours=2))
    output = house.publisher.output("sources", "news")
    assert output is not None
    document = house.publisher.document(output, form, NOON, Asked(limit=2, key=key))
    own = {link.rel: link.href for link in document.links}

    assert own.keys() == {"self", "first", "next"}
    assert all(one.startswith(f"https://h.example/private/{key}/sources/news.{form}?limit=2") for one in own.values())
    assert own["self"] in unescape(house.private(key, f"sources/news.{form}?limit=2").text)
    following = house.client.get(own["next"].removeprefix("https://h.example"))
    assert WORDS in following.text
    assert own["next"] in unescape(following.text)


def test_a_wrong_key_cannot_be_told_from_another(house: House) -> None:
    """X-32: no key, a wrong one, a revoked one, another feed's, an unknown feed or form: one answer, byte for byte."""
    good, other, gone = house.key(), house.key("topics/air"), house.key()
    revoke_tokens(house.db, [max(one.id for one in list_tokens(house.db))], NOON)
    assert house.private(good, "topics/ships.atom").status_code == 200
    wrong = house.private("A" * 43, "topics/ships.atom")
    asked = [
        (gone, "topics/ships.atom"), (other, "topics/ships.atom"), (good, "topics/air.atom"), (good, "topics/none.atom"),
        (good, "all.atom"), (good, "authors/ships.atom"), (good, "topics/ships.xml"), (good, "topics/ships"), (good, ""),
        (good.lower(), "topics/ships.atom"), (good[:-1], "topics/ships.atom"), (f"{good}A", "topics/ships.atom"),
        ("short", "topics/ships.atom"), ("A" * 43, "topics/ships.atom?view=wrong"), ("A" * 43, "entries/1"),
        ("%00", "topics/ships.atom"), ("A" * 5000, "topics/ships.atom"), (good, "topics/../all.atom"),
    ]  # fmt: skip

    assert wrong.status_code == 404
    for key, path in asked:
        answer = house.private(key, path)
        assert (answer.status_code, answer.content, set(answer.headers)) == (404, wrong.content, set(wrong.headers)), (
            path
        )
    assert good not in wrong.text
    assert "ships" not in wrong.text


def test_a_revoked_key_opens_nothing_from_then_on(house: House) -> None:
    """X-32: what a key opened is gone with the next request, though its bytes were kept; other keys go on."""
    first, second = house.key(), house.key()
    feeds = [house.private(key, "topics/ships.atom") for key in (first, second)]
    assert [one.status_code for one in feeds] == [200, 200]
    assert revoke_tokens(house.db, [1], NOON) == [1]
    assert revoke_tokens(house.db, [1], NOON) == []

    assert house.private(first, "topics/ships.atom").status_code == 404
    known = house.private(first, "topics/ships.atom", **{"If-None-Match": feeds[0].headers["ETag"]})
    assert known.status_code == 404
    assert house.private(second, "topics/ships.atom").status_code == 200


_MOVED = {"topics/ships": "topics/vessels", "feeds/open-one": "feeds/opened", "places/KZ": "places/kazakhstan"}


def test_a_key_goes_with_its_feed_to_another_name(house: House, tmp_path: Path) -> None:
    """X-32, S-09: a renamed feed is opened by the keys that were made for it, at its old address and at the new one."""
    keys = {name: house.key(name) for name in ("topics/ships", "feeds/open-one", "places/kazakhstan")}
    renamed = FILE.replace("[ships]", "[vessels]").replace("ships: {", "vessels: {formerly: [ships], ")
    renamed = renamed.replace("open-one: {", "opened: {").replace("[was-open]", "[open-one, was-open]")
    config = write_config(tmp_path, renamed)
    upkeep.reconcile(house.db, declared(config), NOON)
    house.publisher.adopt(config)

    for old, new in _MOVED.items():
        key = keys.get(old) or keys[new]
        moved = house.private(key, f"{old}.rss?view=stories")
        assert (moved.status_code, moved.headers["Location"]) == (301, f"/private/{key}/{new}.rss?view=stories")
        assert moved.headers["Cache-Control"] == "private, no-transform, max-age=0"
        assert house.private(key, f"{new}.rss").status_code == 200


def test_a_wrong_parameter_is_told_to_those_with_a_key(house: House) -> None:
    """S-08: a bad value is 400 with the reason."""
    answer = house.private(house.key(), "topics/ships.atom?view=wrong")

    assert answer.status_code == 400
    assert "entries and stories" in answer.text


def test_the_store_has_no_key(house: House) -> None:
    """X-32: a key has more than 128 bits of chance in it, no two are alike, and the store holds a hash alone."""
    keys = [house.key(holder="Ann") for _ in range(3)]
    with house.db.read() as connection:
        rows = [[str(value) for value in row] for row in connection.execute(select(tokens)).all()]

    assert len(set(keys)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", key) for key in keys)
    assert all(key not in value for row in rows for value in row for key in keys)
    assert len({row[1] for row in rows}) == 3
    with house.db.write() as connection:
        connection.execute(update(tokens).values(hash=tokens.c.hash + "0"))
    assert house.private(keys[0], "topics/ships.atom").status_code == 404


def test_no_log_and_no_list_has_a_key(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """X-32: served, refused, wrongly asked, or with the store away: neither our own log nor the server's has the key."""
    caplog.set_level(logging.DEBUG)
    keys = [house.key(), house.key()]
    revoke_tokens(house.db, [2], NOON)
    answers = [
        house.client.get(path) for path in ("/", "/topics", "/feeds", "/feeds.opml", "/opml", "/topics/ships.atom")
    ]
    for key in keys:
        answers += (house.private(key, path) for path in ("topics/air.rss", "topics/ships.atom?view=wrong", "x"))
        answers.append(house.client.post(f"/private/{key}/topics/ships.atom"))
        answers.append(house.client.get(f"/privat/{key}/topics/ships.atom"))
    with house.db.write() as connection:
        connection.exec_driver_sql("ALTER TABLE tokens RENAME TO tokens_away")
    try:
        answers.append(house.private(keys[0], "topics/ships.atom"))
    finally:
        with house.db.write() as connection:
            connection.exec_driver_sql("ALTER TABLE tokens_away RENAME TO tokens")
    # The client of this test is the one who has the key, and says what it asks.
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    logged = [one.getMessage() + (one.exc_text or "") for one in ours]

    assert answers[-1].status_code >= 500
    if answers[-1].status_code == 503:
        assert any("tokens" in line for line in logged), "what went wrong is told"
    for line in [*logged, *(answer.text for answer in answers)]:
        assert not any(key in line for key in keys)
    assert keys[0] not in repr(Asked(key=keys[0]))
    assert without_key(f"/private/{keys[0]}/topics/ships.atom") == "/private/…/topics/ships.atom"


def test_the_program_logs_no_key(tmp_path: Path) -> None:
    """X-32: what `heliograph serve` writes, with whatever server it serves by, has no key and no address with one."""
    (tmp_path / "data").mkdir()
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}")
    output = fill(db, tmp_path).output("topics", "ships")
    assert output is not None
    key, _ = make_token(db, output, "", NOON)
    db.close()
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    with program(tmp_path, "serve", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port)) as process:
        wait_for(lambda: reachable(here), process)
        paths = ("topics/ships.atom", "topics/none.atom", "topics/ships.atom?view=wrong")
        codes = [httpx.get(f"{here}/private/{key}/{path}", trust_env=False).status_code for path in paths]
    log = (tmp_path / "log").read_text()

    assert codes == [200, 404, 400]
    assert "serving on" in log
    assert key not in log
    assert "/private/" not in log


def said(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    """What a command of the group says, and how it ends."""
    with pytest.raises(SystemExit) as end:
        main(["tokens", *words, "--config", str(home)])
    heard = capsys.readouterr()
    return int(end.value.code or 0), heard.out, heard.err


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration with a filled store beside it."""
    (tmp_path / "data").mkdir()
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}")
    fill(db, tmp_path)
    db.close()
    return tmp_path / "feeds.yaml"


def test_a_key_is_made_listed_and_taken_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """X-32: `create` prints the addresses of each form this once; `list` never has them; `revoke` ends them."""
    code, out, _ = said(capsys, home, "create", "topics/ships", "--for", "Ann Lee")
    key = re.search(r"https://h\.example/private/([\w-]{43})/topics/ships\.atom", out)
    assert code == 0
    assert key
    assert [f"/private/{key[1]}/topics/ships.{form}" in out for form in ("atom", "rss", "json")] == [True] * 3
    assert said(capsys, home, "create", "feeds/was-open", "--for", "Ann Lee")[0] == 0
    made = json.loads(said(capsys, home, "create", "all", "--json")[1])
    assert made["addresses"].keys() == {"atom", "rss", "json"}

    listed = said(capsys, home, "list")[1]
    assert "Ann Lee" in listed
    assert key[1] not in listed
    rows = json.loads(said(capsys, home, "list", "--json")[1])
    assert [(one["key"], one["feed"], one["for"], one["revoked_at"]) for one in rows] == [
        (1, "topics/ships", "Ann Lee", None), (2, "feeds/open-one", "Ann Lee", None), (3, "all", "", None),
    ]  # fmt: skip
    assert "Revoked 2 keys: 1, 2." in said(capsys, home, "revoke", "--for", "Ann Lee")[1]
    assert "nothing changed" in said(capsys, home, "revoke", "1")[1]
    assert json.loads(said(capsys, home, "revoke", "3", "--json")[1]) == {"revoked": [3]}
    assert all(one["revoked_at"] for one in json.loads(said(capsys, home, "list", "--json")[1]))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("create", "topics/shipps"), "did you mean topics/ships?"),
        (("create", "feeds/circel"), "did you mean feeds/circle?"),
        (("create", "ships"), "'ships' is no feed: expected all, or one of topics"),
        (("create", "topics/"), "is no feed"),
        (("create", "entries/1"), "is no feed"),
        (("create", "all", "--for", "two\nlines"), "in one line"),
        (("revoke",), "Name the numbers of keys"),
        (("revoke", "7"), "there is no key 7"),
        (("revoke", "--for", "Bo"), "no key was made for Bo"),
    ],
)
def test_what_cannot_be_done_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], hint: str
) -> None:
    """A feed or key that there is not is told with what is near, with exit status 2."""
    code, out, err = said(capsys, home, *words)

    assert (code, out) == (2, "")
    assert hint in err
    assert json.loads(said(capsys, home, "list", "--json")[1]) == []


def test_the_publisher_keeps_private_and_public_apart(house: House) -> None:
    """X-32: what is rendered for a key and for everybody are two bodies, of which caches may keep one."""
    output = house.publisher.output("topics", "ships")
    assert output is not None
    public = house.publisher.feed(output, "atom", NOON)
    private = house.publisher.feed(output, "atom", NOON, Asked(key="k"))

    assert (public.is_public, private.is_public) == (True, False)
    assert public.content != private.content
    assert [link.rel for link in private.links] == ["self"]
    assert house.publisher.feed(output, "atom", NOON, replace(Asked(), key="")) is public
