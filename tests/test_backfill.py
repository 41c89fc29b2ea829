"""Back-filling from archives: which documents are asked, what is kept of them, and what stays as it was."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.backfill import SPACING, Filled, NotFilledError, Page, Wish, backfill
from aggregator.cli import main
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage import following, intake, reading
from storage.database import Database
from tests.fakes import NOON, Clock, declare, make_source, poll_all, write_config
from tests.live import served
from tests.seam import asked, led_hands
from tests.servers import Exchange, Handler, Server, page

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
TOPICS = {"air": "helicopter*"}


def entry(number: int, *, updated: str = "2026-01-01T00:00:00Z", title: str = "") -> str:
    """An Atom entry about helicopters."""
    return (
        f"<entry><id>urn:x:{number}</id><title>{title or f'Helicopter {number}'}</title><updated>{updated}</updated>"
        f'<author><name>Ada Ore</name></author><link href="https://news.example/{number}"/></entry>'
    )


def atom(*entries: str, **links: str) -> bytes:
    """An Atom feed with links by relation (underscores for hyphens)."""
    leads = "".join(f'<link rel="{rel.replace("_", "-")}" href="{href}"/>' for rel, href in links.items())
    head = f"<id>urn:x:feed</id><title>News</title><updated>2026-11-01T00:00:00Z</updated>{leads}"
    return f"<feed {ATOM}>{head}{''.join(entries)}</feed>".encode()


def polled(db: Database, server: Server, **said: str) -> None:
    """A source that was polled once, at noon."""
    poll_all(led_hands(db, server, declare(db, make_source(**said), topics=TOPICS), Clock()))


def filled(
    db: Database,
    server: Server,
    *,
    pages: int = 10,
    start: str = "",
    paged: bool = False,
    pauses: list[float] | None = None,
) -> Filled:
    """What a back-fill an hour later does."""
    topics = declare(db, *[one.source for one in reading.followed(db)], topics=TOPICS)
    heard: list[Page] = []

    async def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    async def run() -> Filled:
        hands = led_hands(db, server, topics, Clock(NOON + timedelta(hours=1)))
        try:
            wish = Wish(slug="news", pages=pages, start=start, paged=paged)
            return await backfill(wish, hands, pause=pause, told=heard.append)
        finally:
            await hands.fetcher.close()

    done = asyncio.run(run())
    assert heard == done.pages
    return done


ARCHIVES: dict[str, Handler] = {
    "/feed": page(atom(entry(9), prev_archive="/3")),
    "/3": page(atom(entry(8), entry(7), prev_archive="/2", current="/feed")),
    "/2": page(atom(entry(6), prev_archive="/1")),
    "/1": page(atom(entry(5), entry(4))),
}


def test_archives_are_read_newest_first_to_the_oldest(db: Database) -> None:
    """P-04: from the link that the last poll saw, each archive is asked once, with a pause between, until the oldest; the
    subscription document is not asked again (F-01)."""
    pauses: list[float] = []
    with Server(ARCHIVES) as server:
        polled(db, server)
        done = filled(db, server, pauses=pauses)

    assert asked(server) == [f"news.example/{one}" for one in ("feed", "3", "2", "1")]
    assert pauses == [SPACING] * 2
    assert [(one.url, one.entries, one.new) for one in done.pages] == [
        ("https://news.example/3", 2, 2), ("https://news.example/2", 1, 1), ("https://news.example/1", 2, 2),
    ]  # fmt: skip
    assert done.ended == "the oldest document was reached"
    assert reading.counts(db)["entries"] == 6


def test_history_is_on_pages_and_not_in_feeds(db: Database) -> None:
    """P-04: what a back-fill brings stands on the pages of its topic, author and source and of everything, and in none of
    their feeds."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        filled(db, server)

    for kind, slug in (("topics", "air"), ("authors", "ada-ore"), ("sources", "news"), ("all", "")):
        shown = reading.page(db, kind, slug, limit=50)  # type: ignore[arg-type] # a tuple of literals is one of strings
        news = reading.page(db, kind, slug, limit=50, announced=True)  # type: ignore[arg-type] # the same
        assert (len(shown), [one.entry.id for one in news]) == (6, ["urn:x:9"]), kind


def test_the_front_page_leaves_history_out(db: Database, tmp_path: Path) -> None:
    """P-04: what comes from archives is no latest entry; the page of everything has it."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        filled(db, server)
    with served(make_app(Publisher(db, write_config(tmp_path)))) as client:
        shown = [client.get(path).text.count("<article") for path in ("/", "/all")]

    assert shown == [1, 6]


def test_the_source_is_as_it_was(db: Database) -> None:
    """P-04: schedule, floor, validators, failures and times of the source do not change; its journal has a line a document."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        (before,) = reading.followed(db)
        filled(db, server, pages=2)

    (after,) = reading.followed(db)
    assert replace(after, entries=before.entries) == before
    lines = reading.journal_of(db, "news")
    assert [(line.detail, line.new, line.next_poll_at) for line in lines[:2]] == [
        ("back-fill of https://news.example/2", 1, before.state.next_poll_at),
        ("back-fill of https://news.example/3", 2, before.state.next_poll_at),
    ]  # fmt: skip
    assert intake.claim(db, NOON + timedelta(days=1), owner="daemon", limit=1) != []


def test_the_next_run_goes_on(db: Database) -> None:
    """P-04: archives that were read are known: another run asks only for older ones, and one more for none."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        first, second, third = (filled(db, server, pages=2) for _ in range(3))

    assert asked(server)[1:] == [f"news.example/{one}" for one in ("3", "2", "1")]
    assert "2 pages were read, and there are older ones" in first.ended
    assert (len(second.pages), second.passed) == (1, 2)
    assert (len(third.pages), third.passed, third.ended) == (0, 3, "the oldest document was reached")


def test_the_newest_of_an_entry_wins(db: Database) -> None:
    """P-04: an archive's older or undated words of an entry that we hold change nothing; newer ones are an edit."""
    old, new = "2025-01-01T00:00:00Z", "2026-03-01T00:00:00Z"
    pages = {
        "/feed": page(atom(entry(1), entry(2), prev_archive="/a")),
        "/a": page(atom(entry(1, updated=old, title="Old"), entry(2, updated=new, title="New"), prev_archive="/b")),
        "/b": page(atom(entry(2, updated=old, title="Older"))),
    }
    with Server(pages) as server:
        polled(db, server)
        done = filled(db, server)

    assert [(one.entries, one.new, one.newer) for one in done.pages] == [(2, 0, 1), (1, 0, 0)]
    titles = {one.entry.id: one.entry.title for one in reading.page(db, "all", "", limit=9)}
    assert titles == {"urn:x:1": "Helicopter 1", "urn:x:2": "New"}


def test_read_again_nothing_changes(db: Database) -> None:
    """P-04: an archive that is read a second time, as by --from, brings nothing new."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        filled(db, server)
        server.pages["/2?again"] = ARCHIVES["/2"]
        done = filled(db, server, start="https://news.example/2?again")

    assert [(one.entries, one.new, one.newer) for one in done.pages] == [(1, 0, 0)]
    assert done.passed == 1
    assert reading.counts(db)["entries"] == 6


def test_circles_end(db: Database) -> None:
    """P-04: archives that name one another in a circle are each asked once."""
    pages = {
        "/feed": page(atom(entry(1), prev_archive="/a")), "/a": page(atom(entry(2), prev_archive="/b")),
        "/b": page(atom(entry(3), prev_archive="http://www.news.example/a/")),
    }  # fmt: skip
    with Server(pages) as server:
        polled(db, server)
        done = filled(db, server)

    assert len(asked(server)) == 3
    assert "lead in a circle" in done.ended


def test_archives_stay_at_their_site(db: Database) -> None:
    """P-04, X-04: an archive on another site, or of another scheme, is not asked, and the message says how to have it."""
    with Server(
        {"/feed": page(atom(entry(1), prev_archive="https://other.example/a")), "/a": page(atom(entry(2)))}
    ) as server:
        polled(db, server)
        done = filled(db, server)
        assert (done.pages, asked(server)) == ([], ["news.example/feed"])
        assert "on another site, https://other.example/a: to read it, add --from" in done.ended

        assert filled(db, server, start="https://other.example/a").pages[0].new == 1


def test_pages_only_on_demand(db: Database) -> None:
    """P-04: `next` pages, which shift, are followed only where somebody says so, and are asked again the next time."""
    pages = {
        "/feed": page(atom(entry(1), next="/feed?page=2")),
        "/feed?page=2": page(atom(entry(1), entry(2), next="/feed?page=3")),
        "/feed?page=3": page(atom(entry(3))),
    }
    with Server(pages) as server:
        polled(db, server)
        with pytest.raises(NotFilledError, match="add --paged"):
            filled(db, server)
        done = filled(db, server, paged=True)
        again = filled(db, server, paged=True)

    assert [(one.entries, one.new) for one in done.pages] == [(2, 1), (1, 1)]
    assert [(one.entries, one.new) for one in again.pages] == [(2, 0), (1, 0)]


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (page(b"", status="500 Internal Server Error"), "500"), (page(b"<html>", "Content-Type: text/html"), ""),
        (page(b"", status="404 Not Found"), "404"),
    ],
)  # fmt: skip
def test_trouble_ends_the_run_and_not_the_source(db: Database, handler: Handler, words: str) -> None:
    """P-04, F-31: a document that cannot be read ends the run; the source has not failed; the next run tries it again."""
    with Server(ARCHIVES | {"/2": handler}) as server:
        polled(db, server)
        done = filled(db, server)
        assert [bool(one.problem) for one in done.pages] == [False, True]
        assert words in done.ended
        assert reading.followed(db)[0].state.failures == 0
        server.pages["/2"] = ARCHIVES["/2"]
        again = filled(db, server)

    assert [one.url for one in again.pages] == ["https://news.example/2", "https://news.example/1"]


def test_a_source_without_archives_says_what_to_do(db: Database) -> None:
    """P-04: a source that was not polled yet, or names no archive, is told apart; an address may be given by hand."""
    with Server({"/feed": page(atom(entry(1)))}) as server:
        declare(db, make_source(), topics=TOPICS)
        with pytest.raises(NotFilledError, match="was not read yet: heliograph poll news"):
            filled(db, server)
        polled(db, server)
        with pytest.raises(NotFilledError, match="names no archive"):
            filled(db, server)
        with pytest.raises(NotFilledError, match="no address of an archive") as said:
            filled(db, server, start="file:///etc/passwd")
        assert said.value.bad_usage


def test_one_at_a_time(db: Database) -> None:
    """P-04: while a source is being polled, it is not back-filled; afterwards its lease is free again."""
    with Server(ARCHIVES) as server:
        polled(db, server)
        (held,) = intake.claim(db, NOON + timedelta(hours=1), owner="daemon", limit=1, explicit=True)
        with pytest.raises(NotFilledError, match="is being asked just now"):
            filled(db, server)
        intake.release(db, [held])
        filled(db, server)

    assert following.lease(db, "news", NOON, owner="x", to_ask=True) is not None


@pytest.mark.parametrize("said_to", ["/feed", "/other"])
def test_a_busy_publisher_is_left_alone(db: Database, said_to: str) -> None:
    """F-30, F-32: where the publisher asked for time, by this source or another of its host, nothing is asked before it is
    over, and the reason is told."""
    other = make_source(slug="other", url="https://news.example/other")
    busy = page(b"", "Retry-After: 7200", status="429 Too Many Requests")
    with Server({"/feed": page(atom(entry(1), prev_archive="/a")), "/other": page(atom(entry(2)))}) as server:
        polled(db, server)
        declare(db, make_source(), other, topics=TOPICS)
        server.pages[said_to] = busy
        for _ in range(2):
            poll_all(led_hands(db, server, clock=Clock(NOON + timedelta(minutes=30))), explicit=True)
        before = len(server.exchanges)
        with pytest.raises(NotFilledError, match=r"not asked before .*Retry-After"):
            filled(db, server)

    assert len(server.exchanges) == before


def test_a_fresh_document_does_not_bar_its_archives(db: Database) -> None:
    """F-20: a max-age speaks of the document that has it; its archives may be asked while that is fresh."""
    fresh = page(atom(entry(9), prev_archive="/3"), "Cache-Control: max-age=86400")
    with Server(ARCHIVES | {"/feed": fresh}) as server:
        polled(db, server)
        assert filled(db, server, pages=1).pages[0].new == 2


def test_an_archives_429_is_said_to_the_host(db: Database) -> None:
    """F-32: an archive that answers 429 bars the source and the others of its host for as long as the publisher asks."""
    other = make_source(slug="other", url="https://news.example/other")
    busy = page(b"", "Retry-After: 7200", status="429 Too Many Requests")
    with Server(ARCHIVES | {"/3": busy}) as server:
        polled(db, server)
        declare(db, make_source(), other, topics=TOPICS)
        filled(db, server)

    until = NOON + timedelta(hours=3)
    assert [one.state.floor_until for one in reading.followed(db)] == [until, until]
    assert all("Retry-After" in one.state.floor_reason for one in reading.followed(db))


def test_a_lost_lease_writes_nothing(db: Database) -> None:
    """Where another process took the source meanwhile, what was read is not recorded, and the run ends."""

    def stolen(exchange: Exchange) -> None:
        with db.write() as connection:
            connection.exec_driver_sql("UPDATE sources SET lease_owner = 'thief'")
        ARCHIVES["/3"](exchange)

    with Server(ARCHIVES | {"/3": stolen}) as server:
        polled(db, server)
        done = filled(db, server)

    assert done.ended == "another process took the source meanwhile"
    assert reading.counts(db)["entries"] == 1


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """P-04: `backfill` prints a line a document and why it ended, JSON the same; it follows a declared source to its own
    private host; a source that is not there is bad usage."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(tmp_path / "feeds.yaml")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    with Server({"/feed": ARCHIVES["/feed"], "/3": page(atom(entry(8), entry(7)))}) as server:
        config = f"settings: {{allow_private: [127.0.0.0/8]}}\nsources: [{{url: '{server.url()}', slug: news}}]\n"
        (tmp_path / "feeds.yaml").write_text(config)
        assert run("backfill", "nwes") == (2, "", "there is no source nwes; did you mean news?\n")
        assert run("backfill", "news")[0] == 1
        nothing = run("backfill", "news", "--from", server.url("/nothing"))
        assert (nothing[0], "404" in nothing[1]) == (1, True)
        assert run("poll", "--all")[0] == 0
        status, out, _ = run("backfill", "news", "--pages", "3")
        told = json.loads(run("backfill", "news", "--json")[1])

    assert status == 0
    assert f"{server.url('/3')}" in out
    assert "news: 2 older entries from 1 page.\nEnded: the oldest document was reached.\n" in out
    assert told == {"pages": [], "passed": 1, "ended": "the oldest document was reached"}
