"""The folder of published files: deaths in the middle, strangers' folders and files, what a manifest may say, lists."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from lxml import etree, html

from aggregator.publish import Publisher
from aggregator.static_archives import archive_pieces
from aggregator.static_folder import OURS, BusyError, NotOursError, Piece, opened_folder
from aggregator.static_site import Published
from storage import retracting
from storage.standing import Standing
from tests.fakes import NOON, declare, make_source
from tests.sitedesk import TOPICS, Desk, desk

BASE = "https://h.example"


__all__ = ["desk"]


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
