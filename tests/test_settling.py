"""A source's row after a poll: floors that outlive a restart, hosts left in peace, addresses learned and merged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from aggregator.decide import decide
from aggregator.prepare import is_own_host, take_up
from feeds.guard import Network
from feeds.model import Answer, Document, Failed, FailureKind, Fetched, Head, Outcome, Pace, Unchanged, Validators
from storage import intake, reading, upkeep
from storage.database import Database, open_database
from storage.model import Followed, SourceRow
from storage.upkeep import Declared
from tests.fakes import LOOPBACK, NOON, declare, make_entry, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEWS = "https://news.example/feed"
HERE = Document(head=Head(title="N"), entries=(make_entry(),))


def polled(db: Database, slug: str, outcome: Outcome, now: datetime = NOON, read: Document | None = None) -> None:
    """Let a source be answered so."""
    (claim,) = intake.claim(db, now, owner="test", limit=1, slugs=[slug], explicit=True)
    document = read or HERE if isinstance(outcome, Fetched) else None
    ids = [entry.id for entry in document.entries] if document else []
    decision = decide(claim, outcome, document, intake.known(db, claim.source_id, ids), [], now)
    assert intake.record(db, claim, decision)


def fetched(url: str = NEWS, moved: str | None = None, **headers: str) -> Fetched:
    """A new body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status=200, url=url, permanent_url=moved, headers=named, size=1000)
    return Fetched(answer=answer, body=b"x", validators=Validators(url=url, etag='"a"'))


def failed(kind: FailureKind, status: int | None = None, **headers: str) -> Failed:
    """Trouble."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failed(kind=kind, detail="d", answer=Answer(status=status, url=NEWS, headers=named) if status else None)


def of(db: Database, slug: str) -> Followed:
    """A source as it stands."""
    (one,) = reading.followed(db, slug)
    return one


def test_floors_outlive_a_304_and_a_restart(db: Database, db_url: str) -> None:
    """F-09, F-12: what a 200 asked for holds after a restart and a 304 that says nothing, also for an explicit poll."""
    declare(db, make_source())
    polled(db, "news", fetched(cache_control="max-age=14400"), read=Document(head=Head(), pace=Pace(skip_hours=(3,))))
    later = NOON + 5 * HOUR
    again = open_database(db_url)
    polled(again, "news", Unchanged(answer=Answer(status=304, url=NEWS), validators=Validators(url=NEWS)), later)

    assert of(again, "news").state.floor_until == later + 4 * HOUR
    assert of(again, "news").state.hints.skip_hours == (3,)
    assert intake.claim(again, later + 3 * HOUR, owner="a", limit=1, explicit=True) == []
    assert reading.journal_of(again, "news")[0].reason == "max-age: fresh for 4 h, as the last whole answer said"
    again.close()


def test_429_leaves_a_whole_host_alone(db: Database) -> None:
    """F-32: after a 429 no source of that public host is asked, by whom ever, before the time it gave, with the reason."""
    same = [make_source(slug=f"s{n}", url=f"https://news.example/{n}") for n in range(5)]
    declare(db, make_source(), *same, make_source(slug="other", url="https://other.example/feed"))
    polled(db, "news", failed(FailureKind.BUSY, 429, retry_after="7200"))

    claims = intake.claim(db, NOON + 2 * HOUR - timedelta(seconds=1), owner="a", limit=9, explicit=True)
    assert [one.source.slug for one in claims] == ["other"]
    told = {of(db, f"s{n}").state.floor_reason for n in range(5)}
    assert told == {"Retry-After: the publisher asks for 2 h (said to news, holds for its host news.example)"}
    times = {of(db, f"s{n}").state.next_poll_at for n in range(5)}
    assert len(times) == 5
    assert all(one and NOON + 2 * HOUR <= one <= NOON + 2.25 * HOUR for one in times)


def test_a_hosts_floor_shortens_nothing(db: Database) -> None:
    """F-26, F-32: a source of the host that has a longer floor or a later turn keeps it."""
    long = make_source(slug="long", url="https://news.example/long")
    declare(db, make_source(), long)
    polled(db, "long", fetched(long.url, cache_control="max-age=86400"))
    before = of(db, "long").state
    polled(db, "news", failed(FailureKind.BUSY, 429, retry_after="7200"))

    assert of(db, "long").state == before


def test_429_of_a_host_of_our_own_is_for_one_feed(db: Database) -> None:
    """F-32: a bridge of the operator's own that says 429 of one feed says nothing of its others."""
    bridge = [make_source(slug=f"s{n}", url=f"http://127.0.0.1:1200/{n}") for n in range(3)]
    declare(db, *bridge)
    polled(db, "s0", failed(FailureKind.BUSY, 429, retry_after="7200"))

    assert [one.source.slug for one in intake.claim(db, NOON, owner="a", limit=9)] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("url", "networks", "own"),
    [
        ("http://127.0.0.1:1200/a", LOOPBACK, True),
        ("http://localhost/a", LOOPBACK, True),
        ("http://rsshub:1200/a", LOOPBACK, True),
        ("http://bridge.lan/a", LOOPBACK, True),
        ("http://10.0.0.1/a", LOOPBACK, False),
        ("http://8.8.8.8/a", LOOPBACK, False),
        ("https://news.example/a", LOOPBACK, False),
        ("http://[::1]/a", LOOPBACK, False),
        ("http://rsshub:1200/a", (), False),
        ("file:samples/a.xml", LOOPBACK, False),
    ],
)
def test_hosts_of_our_own(url: str, networks: tuple[Network, ...], own: bool) -> None:
    """F-32, F-43: our own are addresses in allow_private, and names that no public host can have, where it is not empty."""
    assert is_own_host(url, networks) is own


def move(db: Database, slug: str, to: str) -> None:
    """Let a source be redirected for good, seen twice over more than a day."""
    for now in (NOON, NOON + 25 * HOUR):
        polled(db, slug, fetched(to, moved=to), now)


def test_a_learned_address_brings_its_host(db: Database) -> None:
    """F-33, F-43: after a permanent redirect the source counts to its new host, also after the configuration is read."""
    declare(db, make_source())
    move(db, "news", "https://new.example/feed")
    declare(db, make_source(), now=NOON + 26 * HOUR)

    assert of(db, "news").source.url == "https://new.example/feed"
    assert of(db, "news").host == "new.example"


def test_a_file_that_catches_up_keeps_what_is_known(db: Database) -> None:
    """F-01, F-07: where feeds.yaml takes over the learned address, its validators are kept: no unconditional request."""
    declare(db, make_source())
    move(db, "news", "https://new.example/feed")
    before = of(db, "news")
    declare(db, make_source(url="https://new.example/feed"), now=NOON + 26 * HOUR)
    after = of(db, "news")

    assert after.declared_url == after.source.url == "https://new.example/feed"
    assert after.state == before.state
    assert after.state.validators.etag == '"a"'


def test_a_move_to_a_followed_address_merges(db: Database) -> None:
    """F-34: a source that moved to the address of another is asked no more; its entries stay, the other goes on."""
    other = make_source(slug="other", url="http://www.new.example/feed/")
    declare(db, make_source(), other)
    move(db, "news", "https://new.example/feed")

    merged = of(db, "news")
    assert merged.state.next_poll_at is None
    assert merged.state.reason == "moved for good to the address of other: not asked any more, its entries stay"
    assert reading.journal_of(db, "news")[0].reason == merged.state.reason
    assert merged.entries == 1
    assert [one.source.slug for one in intake.claim(db, NOON + 30 * DAY, owner="a", limit=9)] == ["other"]


def test_a_merged_source_returns_when_the_other_is_gone(db: Database) -> None:
    """F-34: where the source that a moved one gave way to is followed no more, the moved one is asked again."""
    declare(db, make_source(), make_source(slug="other", url="https://new.example/feed"))
    move(db, "news", "https://new.example/feed")
    later = NOON + 3 * DAY
    declare(db, make_source(), now=later)

    assert of(db, "news").state.next_poll_at == later
    assert [one.source.slug for one in intake.claim(db, later, owner="a", limit=9)] == ["news"]


def test_another_reach_lets_refused_sources_try_again(db: Database) -> None:
    """X-02: when allow_private changes, sources that were refused for their address are asked again; others are not."""
    rows = [SourceRow(source=make_source(slug=slug, url=f"https://{slug}.example/")) for slug in ("a", "b")]
    upkeep.reconcile(db, Declared(sources=rows), NOON)
    polled(db, "a", failed(FailureKind.FORBIDDEN_ADDRESS))
    polled(db, "b", failed(FailureKind.TIMEOUT))
    upkeep.reconcile(db, Declared(sources=rows), NOON)
    assert intake.claim(db, NOON, owner="x", limit=9) == []

    upkeep.reconcile(db, Declared(sources=rows, reach="10.0.0.0/8"), NOON + timedelta(minutes=1))
    assert intake.claim(db, NOON + timedelta(minutes=1), owner="x", limit=9) == []
    claims = intake.claim(db, NOON + timedelta(minutes=1, seconds=5), owner="x", limit=9)
    assert [one.source.slug for one in claims] == ["a"]
    assert claims[0].state.reason == "settings.allow_private changed"


def test_facts_are_kept(db: Database) -> None:
    """F-46: bytes that came and bytes that a 304 spared are counted, beside what health is told by."""
    declare(db, make_source())
    polled(db, "news", fetched(content_type="application/rss+xml; charset=utf-8"))
    spared = Unchanged(answer=Answer(status=304, url=NEWS), validators=Validators(url=NEWS))
    polled(db, "news", spared, NOON + HOUR)
    polled(db, "news", spared, NOON + 2 * HOUR)
    facts = of(db, "news").state.facts

    assert (facts.received, facts.saved, facts.items, facts.status) == (1000, 2000, 1, 304)
    assert facts.content_type == "application/rss+xml"


def overdue_after(db: Database, pause: timedelta) -> Mapping[str, datetime | None]:
    """Sources polled at noon and taken up after a pause: when each is asked."""
    many = [make_source(slug=f"s{n}", url=f"https://h{n}.example/") for n in range(30)]
    declare(db, *many)
    for one in many:
        polled(db, one.slug, fetched(one.url))
    declare(db, *many, make_source(slug="new", url="https://new.example/"), now=NOON + pause)
    take_up(db, NOON + pause)
    return {one.source.slug: one.state.next_poll_at for one in reading.followed(db)}


def test_after_downtime_overdue_sources_are_spread(db: Database) -> None:
    """F-12: what fell due while nothing ran is asked one by one over a quarter of an hour; a new source at once."""
    now = NOON + 8 * HOUR
    times = overdue_after(db, 8 * HOUR)

    assert times["new"] == now
    spread = {at for slug, at in times.items() if slug != "new" and at}
    assert len(spread) == 30
    assert all(now <= at <= now + HOUR / 4 for at in spread)
    assert take_up(db, now + timedelta(minutes=1)) == 0


def test_a_restart_moves_nothing(db: Database) -> None:
    """F-12: a restart within the interval asks nothing and plans nothing anew, five times over."""
    before = overdue_after(db, timedelta(minutes=1))
    for seconds in range(5):
        assert take_up(db, NOON + timedelta(minutes=2, seconds=seconds)) == 0
        due = intake.claim(db, NOON + timedelta(minutes=2), owner=f"p{seconds}", limit=99)
        assert [one.source.slug for one in due] == ["new"]
        intake.release(db, due)

    assert {one.source.slug: one.state.next_poll_at for one in reading.followed(db)} == before
