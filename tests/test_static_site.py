"""The public site as files: what is written, when it is written again, and that every link leads somewhere."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree, html

from aggregator.pinning import Wish, pin
from aggregator.publish import Publisher
from aggregator.static_archives import archive_pieces
from aggregator.static_folder import OURS, BusyError, NotOursError, Piece, opened_folder
from aggregator.static_site import More, Published, publish
from aggregator.topics.compiling import Topic
from aggregator.web.app import make_app
from storage import retracting
from storage.database import Database
from storage.standing import Standing
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import pages_of, served

BASE = "https://h.example"
SETTINGS = "settings: {base_url: 'https://h.example', title: Desk, contact: 'https://h.example/contact'}\n"
TOPICS = {"air": "helicopter*", "sea": "frigate*"}


@dataclass(slots=True)
class Desk:
    """A store with three entries of two sources, and a folder to publish it into."""

    db: Database
    topics: list[Topic]
    home: Path
    settings: str = SETTINGS

    @property
    def root(self) -> Path:
        return self.home / "site"

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.db, write_config(self.home, self.settings))

    def publish(
        self,
        now: datetime = NOON,
        *,
        zipped: bool = False,
        force: bool = False,
        more: tuple[More, ...] = (archive_pieces,),
    ) -> Published:
        with opened_folder(self.root, zipped=zipped, force=force) as folder:
            return publish(self.publisher, folder, now, "1", more=more)

    def held(self) -> dict[str, bytes]:
        """Every published file by its path."""
        found = (path for path in self.root.rglob("*") if path.is_file() and OURS not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def take_many(self) -> None:
        """Let more come than a feed holds."""
        numbers = range(100, 160)
        entries = [make_entry(id=str(n), title=f"Helicopter {n}", link=f"https://news.example/{n}") for n in numbers]
        take(self.db, entries, topics=self.topics, now=NOON + timedelta(minutes=1))

    def take(self, number: int, title: str, *, minutes: int = 0, slug: str = "news") -> None:
        """Let a source bring an entry."""
        entry = make_entry(id=str(number), title=title, link=f"https://news.example/{number}", authors=["Ada Ore"])
        take(self.db, [entry], topics=self.topics, slug=slug, now=NOON + timedelta(minutes=minutes))


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Three entries: one in each topic, with an author and a place, and one in none."""
    topics = declare(
        db, make_source(), make_source(slug="wire", name="Wire", url="https://wire.example/f"), topics=TOPICS
    )
    made = Desk(db, topics, tmp_path)
    made.take(1, "Helicopters over Kazakhstan")
    made.take(2, "A frigate sails", slug="wire")
    made.take(3, "Neither of them")
    return made


@contextmanager
def plainly(desk: Desk) -> Iterator[httpx.Client]:
    """The written folder behind a plain file server."""
    with pages_of(desk.root) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def links_in(path: str, content: bytes) -> set[str]:
    """Where a document leads to on its own server: paths."""
    found: set[str] = set()
    if path.endswith((".atom", ".rss", ".opml")):
        for node in etree.fromstring(content).iter():
            # The scheme of a category (its domain, in RSS) names, and leads nowhere.
            leads = [value for name, value in node.attrib.items() if name not in ("scheme", "domain")]
            found |= {str(one) for one in (*leads, node.text or "")}
    elif path.endswith(".json"):
        told = json.loads(content)
        found = {told["feed_url"], told["home_page_url"], *(one["url"] for one in told["items"])}
    elif path.endswith(".html"):
        page = html.document_fromstring(content.decode())
        found = {
            str(node.get(name)) for node in page.iter() for name in ("href", "src", "action") if name in node.attrib
        }
        assert all(one.startswith(("/", "http:", "https:", "#")) for one in found), found
        found = {f"{BASE}{one}" if one.startswith("/") else one for one in found}
    inside = {urlsplit(one).path for one in found if one.startswith(f"{BASE}/")}
    # A hub is a program, and the contact is not ours to publish.
    return inside - {"/hub", "/contact"}


def test_every_link_of_the_files_leads_somewhere(desk: Desk) -> None:
    """D-04, P-03, S-01: behind a plain file server, from the front page on, no page, list or feed has a link that leads nowhere,
    and every file is reached."""
    desk.take_many()
    desk.publish()
    seen: dict[str, str] = {}
    waiting = ["/"]
    with plainly(desk) as client:
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            answer = client.get(path)
            seen[path] = answer.headers.get("x-file", "")
            assert answer.status_code == 200, path
            waiting += links_in(answer.headers["x-file"], answer.content)
        lost = client.get("/topics/nowhere")
    assert lost.status_code == 404
    assert b"There is nothing at this address." in lost.content
    # JSON Feed has no name for an archive: it is found by the other forms.
    unnamed = {path for path in desk.held() if "/archive/" in path and path.endswith(".json")}
    assert set(seen.values()) == desk.held().keys() - unnamed - {"404.html"}


def test_an_archive_that_changed_has_another_address(desk: Desk) -> None:
    """P-03, A-08: archives stay as they are while more comes; an entry that is taken out of one mints another, and the old
    one is removed."""
    desk.take_many()
    desk.publish()
    first = {path: content for path, content in desk.held().items() if "/archive/" in path}
    desk.take(4, "More helicopters", minutes=5)
    desk.publish()
    again = {path: content for path, content in desk.held().items() if "/archive/" in path}
    retracting.retract(desk.db, [1], "The author asked for it", NOON + timedelta(hours=1))
    desk.publish(NOON + timedelta(hours=1))
    after = {path for path in desk.held() if "/archive/" in path}

    assert {path.split("/archive/")[0] for path in first} == {"topics/air", "all"}
    assert again == first
    assert len(after) == len(first)
    assert not after & first.keys()


def test_feeds_are_the_servers_bytes(desk: Desk) -> None:
    """V-12: every feed and list that is written is, byte for byte, what the server gives at that address."""
    desk.take_many()
    desk.publish()
    assert [path for path in desk.held() if path.startswith("topics/air/archive/1-")]
    compared = 0
    with served(make_app(desk.publisher)) as client:
        for path, content in desk.held().items():
            if path.endswith((".atom", ".rss", ".json", ".opml")):
                assert client.get(f"/{path}").content == content, path
                compared += 1
    assert compared >= 3 * 8 + 4


def test_nothing_new_writes_nothing(desk: Desk) -> None:
    """V-12: without a change nothing is made and no file is touched, whatever time it is; and everything that was made
    anew is the same to the byte."""
    first = desk.publish()
    before = {path: (desk.root / path).stat().st_mtime_ns for path in desk.held()}
    bytes_before = desk.held()
    again = desk.publish(NOON + timedelta(days=40))

    assert (first.written, first.removed, first.unchanged) == (len(before), 0, 0)
    assert again == Published(unchanged=len(before))
    assert {path: (desk.root / path).stat().st_mtime_ns for path in desk.held()} == before

    fresh = Desk(desk.db, desk.topics, desk.home / "other")
    fresh.home.mkdir()
    fresh.publish(NOON + timedelta(days=40))
    assert fresh.held() == bytes_before


def test_pages_of_files_need_no_server_and_no_clock(desk: Desk) -> None:
    """V-12: no search, no other view, no health or schedule of sources, no time that is told from now."""
    desk.publish(NOON + timedelta(hours=3))
    pages = [content.decode() for path, content in desk.held().items() if path.endswith(".html")]

    assert pages
    for words in ("/search", "?view=", "Next poll", "Last poll", " ago<", " ago ", "<form"):
        assert [page for page in pages if words in page] == [], words
    assert "2026-11-24 12:00 UTC" in desk.held()["topics/air.html"].decode()


def test_only_what_changed_is_written(desk: Desk) -> None:
    """A new entry of one topic writes that topic, its author, its source, everything and the lists: not another topic."""
    desk.publish()
    before = desk.held()
    desk.take(4, "More helicopters", minutes=5)
    made = desk.publish()
    after = desk.held()
    changed = {path for path in after if after[path] != before.get(path)}

    assert made.written == len(changed)
    assert {
        "topics/air.html",
        "topics/air.atom",
        "all.json",
        "authors/ada-ore.rss",
        "sources/news.atom",
        "index.html",
    } <= changed
    assert "entries/4.html" in changed
    assert (
        not {"topics/sea.html", "topics/sea.atom", "sources/wire.json", "entries/2.html", "places/kazakhstan.atom"}
        & changed
    )


def test_a_page_changes_with_what_it_tells_of_its_entries(desk: Desk) -> None:
    """An entry that is pinned into another topic shows that on the pages of its source and of itself, whose feeds have no
    new revision."""
    desk.publish()
    assert b"/topics/sea" not in desk.held()["entries/3.html"]
    pin(desk.db, desk.topics, Wish(entry="3", topic="sea", is_in=True), NOON)
    desk.publish()

    for path in ("entries/3.html", "sources/news.html", "all.html", "topics/sea.html"):
        assert b'href="/topics/sea"' in desk.held()[path].split(b"<main")[1], path


def test_what_is_no_longer_published_is_removed(desk: Desk) -> None:
    """A-08: a topic that is no longer declared is gone with the next run, with its page, feeds and list; what is not ours
    stays."""
    desk.publish()
    own = desk.root / "topics" / "own.html"
    own.write_text("mine")
    declare(
        desk.db, make_source(), make_source(slug="wire", url="https://wire.example/f"), topics={"air": "helicopter*"}
    )
    made = desk.publish()

    assert made.removed == 5
    assert not {path for path in desk.held() if path.startswith("topics/sea")}
    assert own.read_text() == "mine"
    assert b"/topics/sea" not in desk.held()["entries/2.html"]


@pytest.mark.parametrize("take_out", [retracting.retract, retracting.erase])
def test_what_is_taken_out_is_gone(
    desk: Desk, take_out: Callable[[Database, Sequence[int], str, datetime], object]
) -> None:
    """A-08: what was retracted or erased is gone with the next run, from every file and with its own page."""
    desk.publish()
    assert b"Helicopters over" in b"".join(desk.held().values())
    take_out(desk.db, [1], "The author asked for it", NOON + timedelta(hours=1))
    desk.publish(NOON + timedelta(hours=1))

    assert "entries/1.html" not in desk.held()
    assert [path for path, content in desk.held().items() if b"Helicopters over" in content] == []


def test_a_source_that_is_no_longer_followed(desk: Desk) -> None:
    """A source that is gone has no page; entries of it that are still published name it without a link."""
    declare(desk.db, make_source(), topics=TOPICS)
    desk.publish()

    assert "sources/wire.html" not in desk.held()
    page = desk.held()["topics/sea.html"]
    assert b"Wire" in page
    assert b"/sources/wire" not in page


def test_a_run_that_dies_leaves_whole_files_and_the_next_one_mends(desk: Desk) -> None:
    """V-12: whatever a run that broke off had written is whole, and the next run makes of it what it would have been."""
    desk.publish()
    desk.take(4, "More helicopters", minutes=5)
    before = desk.held()

    def dies(*_: object) -> Iterator[Piece]:
        yield Piece(path="extra.html", key="1", render=lambda: b"<p>extra</p>")
        yield Piece(path="worse.html", key="1", render=Path("/nowhere/at/all").read_bytes)

    with pytest.raises(FileNotFoundError):
        desk.publish(more=(dies,))
    between = desk.held()
    # What a machine that stopped while it wrote leaves.
    (desk.root / ".index.html.new").write_bytes(b"<!doc")
    desk.publish()
    fresh = Desk(desk.db, desk.topics, desk.home / "other")
    fresh.home.mkdir()
    fresh.publish()

    assert between != before
    assert all(between[path] in (before.get(path), fresh.held().get(path), b"<p>extra</p>") for path in between)
    assert {path: content for path, content in desk.held().items() if path != ".index.html.new"} == fresh.held()


def test_a_file_that_is_gone_or_cut_is_written_again(desk: Desk) -> None:
    """What somebody deleted or cut comes back, though nothing was published anew."""
    desk.publish()
    before = desk.held()
    (desk.root / "all.atom").unlink()
    (desk.root / "index.html").write_bytes(b"")
    made = desk.publish()

    assert made.written == 2
    assert desk.held() == before


def test_a_folder_of_somebody_else_is_refused(desk: Desk) -> None:
    """A folder that holds files and no manifest of ours is left as it is; with force we publish among them."""
    desk.root.mkdir()
    (desk.root / "notes.txt").write_text("mine")
    (desk.root / "index.html").write_text("mine too")
    with pytest.raises(NotOursError, match=r"index\.html, notes\.txt.*--force"):
        desk.publish()
    assert desk.held() == {"notes.txt": b"mine", "index.html": b"mine too"}
    assert not (desk.root / OURS).exists()

    desk.publish(force=True)
    assert (desk.root / "notes.txt").read_text() == "mine"
    assert b"<!doctype html>" in (desk.root / "index.html").read_bytes()


def test_a_file_in_the_way_is_not_written_over(desk: Desk) -> None:
    """A file of yours at an address that we are to publish ends the run, with its name, and stays."""
    desk.publish()
    desk.take(4, "More helicopters", minutes=5)
    (desk.root / "entries" / "4.html").write_text("mine")
    with pytest.raises(NotOursError, match=r"4\.html is there, and Heliograph did not write it"):
        desk.publish()
    assert (desk.root / "entries" / "4.html").read_text() == "mine"


@pytest.mark.parametrize(
    "path", ["../outside.html", "/etc/outside", ".heliograph/x", "a/../../outside.html", "topics/.x"]
)
def test_a_manifest_leads_nowhere_else(desk: Desk, path: str) -> None:
    """A damaged or forged manifest is refused, and removes nothing outside the folder."""
    desk.publish()
    (desk.home / "outside.html").write_text("mine")
    manifest = desk.root / OURS / "manifest.json"
    told = json.loads(manifest.read_bytes())
    told["files"][path] = ["1", "2", 3]
    manifest.write_text(json.dumps(told))

    with pytest.raises(NotOursError, match="damaged"):
        desk.publish()
    assert (desk.home / "outside.html").read_text() == "mine"


def test_one_run_at_a_time(desk: Desk) -> None:
    """While one run lasts another is refused."""
    desk.publish()
    with opened_folder(desk.root), pytest.raises(BusyError, match="another run"):
        desk.publish()


def test_compressed_siblings(desk: Desk) -> None:
    """S-03: asked for, every file has a sibling that unpacks to it, the same bytes every time; left out again, they go."""
    desk.publish(zipped=True)
    held = desk.held()
    plain = {path for path in held if not path.endswith(".gz")}

    assert {f"{path}.gz" for path in plain} == held.keys() - plain
    assert all(gzip.decompress(held[f"{path}.gz"]) == held[path] for path in plain)
    assert desk.publish(zipped=True) == Published(unchanged=len(held))
    assert desk.publish().removed == len(plain)
    assert desk.held().keys() == plain


def test_the_manifest_tells_what_is_there(desk: Desk) -> None:
    """The manifest has each file's SHA-256, and files are readable as the umask allows."""
    desk.publish()
    told = json.loads((desk.root / OURS / "manifest.json").read_bytes())["files"]

    assert told.keys() == desk.held().keys()
    assert all(one[2] == len(desk.held()[path]) for path, one in told.items())
    umask = os.umask(0)
    os.umask(umask)
    assert (desk.root / "index.html").stat().st_mode & 0o777 == 0o666 & ~umask


def test_pages_advertise_their_feeds_and_lists(desk: Desk) -> None:
    """D-04: every page names a feed in all three forms and the list of what we publish; a topic's page also its sources."""
    desk.publish()
    for path, content in desk.held().items():
        if path.endswith(".html"):
            head = html.fromstring(content.decode()).find("head")
            assert head is not None
            kinds = {link.get("type"): link.get("href") for link in head.iter("link") if link.get("rel") == "alternate"}
            outlines = [link.get("href") for link in head.iter("link") if link.get("rel") == "outline"]
            assert kinds.keys() == {"application/atom+xml", "application/rss+xml", "application/feed+json"}, path
            assert "/feeds.opml" in outlines
            own = path.removesuffix(".html")
            if own.startswith("topics/"):
                assert outlines[-1] == f"/{own}.opml"
                assert kinds["application/atom+xml"] == f"{BASE}/{own}.atom"


def test_what_a_topic_is_made_of(desk: Desk) -> None:
    """O-01, O-04: a topic's list has the sources whose entries are filed there, without passwords, and whose list it is."""
    secret = make_source(url="https://nora:bridge@news.example/feed")
    declare(desk.db, secret, make_source(slug="wire", url="https://wire.example/f"), topics=TOPICS)
    desk.publish()
    content = desk.held()["topics/air.opml"]
    tree = etree.fromstring(content)

    assert [one.get("xmlUrl") for one in tree.iter("outline")] == ["https://news.example/feed"]
    assert (tree.findtext("head/ownerName"), tree.findtext("head/ownerId")) == ("Desk", "https://h.example/contact")
    assert tree.findtext("head/title") == "Air · Desk: its sources"
    assert b"bridge" not in b"".join(desk.held().values())


def test_a_document_that_changes_while_it_is_published_is_left_out(desk: Desk) -> None:
    """P-03: where an archive gets another version between its naming and its making, the run goes on without it."""

    def moved(publisher: Publisher, stand: Standing, now: datetime) -> Iterator[Piece]:
        for piece in archive_pieces(publisher, stand, now):
            retracting.retract(desk.db, [1], "The author asked for it", NOON)
            yield piece

    desk.take_many()
    desk.publish(more=(moved,))
    held = desk.held()
    desk.publish()

    # Named first, that of everything was made too late; the others were named after the change.
    assert [path for path in held if path.startswith("topics/air/archive/1-")]
    assert not [path for path in held if path.startswith("all/archive/")]
    assert [path for path in desk.held() if path.startswith("all/archive/1-")]


def test_further_documents_are_published_too(desk: Desk) -> None:
    """What a hook yields is written, kept while its key stays, and removed when it is no longer yielded."""
    made: list[str] = []

    def render(number: int) -> bytes:
        made.append(str(number))
        return f"<feed>{number}</feed>".encode()

    def archives(*_: object) -> Iterator[Piece]:
        for number in (1, 2):
            path = f"topics/air/archive/{number}-abc.atom"
            yield Piece(path=path, key="abc", render=partial(render, number))

    desk.publish(more=(archives,))
    desk.take(4, "More helicopters", minutes=5)
    desk.publish(more=(archives,))

    assert desk.held()["topics/air/archive/2-abc.atom"] == b"<feed>2</feed>"
    assert made == ["1", "2"]
    desk.take(5, "Still more helicopters", minutes=6)
    assert desk.publish().removed == 2
    assert not (desk.root / "topics" / "air").exists()
