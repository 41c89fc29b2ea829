"""The public site as files: what is written, when it is written again, and that every link leads somewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from aggregator.pinning import Wish, pin
from aggregator.static_site import Published
from aggregator.web.app import make_app
from storage import retracting
from storage.database import Database
from tests.fakes import NOON, declare, make_source
from tests.live import served
from tests.sitedesk import TOPICS, Desk, desk, links_in, plainly

BASE = "https://h.example"


__all__ = ["desk"]


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
