"""What one poll changes: entries, dates, validators, the way to a new address, and a line for the journal."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.decide import date_of, decide
from aggregator.topics.match import Topic, compile_topic
from feeds.identity import fingerprint
from feeds.model import (
    Answer,
    Document,
    Entry,
    Failed,
    FailureKind,
    Fetched,
    Head,
    Outcome,
    Pace,
    Unchanged,
    Validators,
)
from storage.model import Claim, DateNote, Decision, Facts, JournalLine, Known, KnownEntry, State
from tests.fakes import NOON, make_entry, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://news.example/feed"
OLD = Validators(url=URL, etag='"old"', last_modified="Mon", body_hash="old")
NEW = Validators(url=URL, etag='"new"', last_modified="Tue", body_hash="new")
ANSWER = Answer(status=200, url=URL, size=321)
FETCHED = Fetched(answer=ANSWER, body=b"x", validators=NEW)
HEAD = Head(title="News", updated=NOON - DAY)


def make_claim(**state: object) -> Claim:
    """A claim on a source that was fine so far."""
    before = dataclasses.replace(State(next_poll_at=NOON, validators=OLD), **state)  # type: ignore[arg-type]
    return Claim(source_id=1, source=make_source(url=URL), declared_url=URL, state=before, owner="me")


def held(entry: Entry, key: int = 7, note: DateNote = "", published: datetime = NOON - 2 * DAY) -> KnownEntry:
    """An entry as the store holds it since two days ago."""
    return KnownEntry(
        key=key, fingerprint=fingerprint(entry), published=published, published_note=note,
        published_claimed=entry.published, updated=published, updated_claimed=entry.updated,
    )  # fmt: skip


def decided(
    *entries: Entry,
    known: Known | None = None,
    outcome: Outcome = FETCHED,
    topics: tuple[Topic, ...] = (),
    now: datetime = NOON,
) -> Decision:
    """What a poll decides that brought these entries."""
    return decide(make_claim(), outcome, Document(head=HEAD, entries=entries), known or Known(), topics, now)


def without_document(outcome: Outcome, **state: object) -> Decision:
    """What a poll decides that brought no document."""
    return decide(make_claim(**state), outcome, None, Known(), (), NOON, 12)


# --- Entries -------------------------------------------------------------------------------------------------


def test_entries_are_new_changed_or_the_same() -> None:
    """I-07: an unknown id is new, a known one with other words is changed under its key, one with the same is neither."""
    same, before, after = make_entry(id="same"), make_entry(id="edit"), make_entry(id="edit", title="Another title")
    decision = decided(
        same, after, make_entry(id="new"), known=Known(entries={"same": held(same), "edit": held(before, key=8)})
    )

    assert [(one.entry.id, one.key) for one in decision.new] == [("new", None)]
    assert [(one.entry.id, one.key) for one in decision.changed] == [("edit", 8)]
    assert decision.changed[0].fingerprint == fingerprint(after) != fingerprint(before)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"}, {"summary": "<p>Other</p>"}, {"content": "<p>Other</p>"}, {"link": "https://news.example/2"},
        {"authors": ("Ann",)}, {"categories": ("Defence",)},
    ],
)  # fmt: skip
def test_what_counts_as_an_edit(change: dict[str, object]) -> None:
    """I-07: title, summary, content, link, authors and categories make an edit."""
    assert len(decided(make_entry(**change), known=Known(entries={"1": held(make_entry())})).changed) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "  A \n title "}, {"link": "https://NEWS.example/1?utm_source=feed"}, {"updated": NOON}, {"lang": "en"},
        {"published": NOON - HOUR},
    ],
)  # fmt: skip
def test_what_is_no_edit(change: dict[str, object]) -> None:
    """I-08, I-09: white space, tracking parameters and a date that was only bumped change nothing."""
    assert decided(make_entry(**change), known=Known(entries={"1": held(make_entry())})).changed == ()


def test_what_was_removed_stays_away() -> None:
    """I-12: an id that was seen once and whose entry is gone here does not return as new."""
    decision = decided(make_entry(id="gone"), make_entry(id="new"), known=Known(seen=frozenset({"gone", "other"})))

    assert [one.entry.id for one in decision.new] == ["new"]


def test_what_left_the_feed_is_left_alone() -> None:
    """I-12: an entry that the document no longer holds is not mentioned in the decision."""
    decision = decided(known=Known(entries={"1": held(make_entry())}))

    assert (decision.new, decision.changed) == ((), ())


def test_entries_are_judged_and_signed() -> None:
    """Each new or changed entry carries the topics that it belongs to and its authors, but not the outlet as an author."""
    topics = (compile_topic("uav", "UAVs", "drone*"), compile_topic("sea", "Sea", "ship*"))
    entry = make_entry(title="Drones", authors=("By Ann Smith", "NEWS"))
    new = decided(entry, topics=topics).new[0]
    changed = decided(entry, topics=topics, known=Known(entries={"1": held(make_entry())})).changed[0]

    for one in (new, changed):
        assert [filing.topic for filing in one.filings] == ["uav"]
        assert [byline.name for byline in one.bylines] == ["Ann Smith"]
        assert dataclasses.replace(one.entry, public_id="") == entry


def test_an_entry_keeps_its_lasting_id() -> None:
    """A-01, A-02: an id that is an IRI is lasting; another is minted from the declared address, wherever we ask now."""
    moved = dataclasses.replace(make_claim(), source=make_source(url="https://new.example/feed"))
    entries = (make_entry(id="tag:news.example,2026:1"), make_entry(id="17"))
    here, there = (
        decide(claim, FETCHED, Document(head=HEAD, entries=entries), Known(), (), NOON)
        for claim in (make_claim(), moved)
    )

    assert here.new[0].entry.public_id == "tag:news.example,2026:1"
    assert here.new[1].entry.public_id.startswith("urn:uuid:")
    assert [one.entry.public_id for one in here.new] == [one.entry.public_id for one in there.new]


# --- Dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "of_feed", "date", "note"),
    [
        ({"published": NOON - DAY}, NOON, NOON - DAY, ""),
        ({"published": NOON - DAY, "updated": NOON}, NOON, NOON - DAY, ""),
        ({"updated": NOON - HOUR}, NOON, NOON - HOUR, ""),
        ({}, NOON - HOUR, NOON - HOUR, "missing"),
        ({}, NOON + HOUR, NOON, "missing"),
        ({}, datetime(1980, 1, 1, tzinfo=UTC), NOON, "missing"),
        ({}, None, NOON, "missing"),
        ({"published": NOON + 24 * HOUR}, None, NOON + 24 * HOUR, ""),
        ({"published": NOON + 24 * HOUR + timedelta(seconds=1)}, None, NOON, "future"),
        ({"published": datetime(2106, 2, 7, tzinfo=UTC), "updated": NOON - DAY}, None, NOON, "future"),
        ({"published": datetime(1970, 1, 1, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1, 1, 1, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1989, 12, 31, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1990, 1, 1, tzinfo=UTC)}, None, datetime(1990, 1, 1, tzinfo=UTC), ""),
    ],
)
def test_the_date_of_an_entry(
    said: dict[str, datetime], of_feed: datetime | None, date: datetime, note: DateNote
) -> None:
    """I-10, I-11: its own date, else its updated, else the feed's, else now; what cannot be is first seen, and flagged."""
    assert date_of(make_entry(**said), of_feed, NOON) == (date, note)


def test_a_new_entry_without_dates_is_dated_by_its_feed() -> None:
    """I-10: the feed's own date serves where an entry has none; the entry's words stay as they came."""
    new = decided(make_entry()).new[0]

    assert (new.published, new.published_note, new.updated) == (NOON - DAY, "missing", NOON - DAY)
    assert new.entry.published is None


def test_a_guessed_date_stays() -> None:
    """I-10: an entry without a date keeps the time of its first sight when the feed is read or the entry edited later."""
    known = Known(entries={"1": held(make_entry(), note="missing")})
    edited = decided(make_entry(title="Edited"), known=known, now=NOON + HOUR).changed[0]

    assert (edited.published, edited.published_note) == (NOON - 2 * DAY, "missing")
    assert decided(make_entry(), known=known, now=NOON + HOUR).changed == ()


def test_a_date_in_the_future_stays_where_it_was_put() -> None:
    """I-11: what claimed to come from the future keeps its first sight, also once that future has come."""
    claimed = make_entry(published=NOON - HOUR)
    known = Known(entries={"1": held(claimed, note="future")})
    edited = decided(dataclasses.replace(claimed, title="Edited"), known=known).changed[0]

    assert (edited.published, edited.published_note) == (NOON - 2 * DAY, "future")


def test_an_edit_keeps_the_published_date() -> None:
    """I-09: an edit with a newer `updated` does not move the entry."""
    before = make_entry(published=NOON - 3 * DAY)
    edited = dataclasses.replace(before, title="Edited", updated=NOON - HOUR)
    changed = decided(edited, known=Known(entries={"1": held(before)})).changed[0]

    assert (changed.published, changed.updated) == (NOON - 2 * DAY, NOON - HOUR)


@pytest.mark.parametrize(
    ("claimed", "published", "note"),
    [
        (NOON - 5 * DAY, NOON - 5 * DAY, ""),
        (NOON + 3 * DAY, NOON - 2 * DAY, "missing"),
        (datetime(1970, 1, 1, tzinfo=UTC), NOON - 2 * DAY, "missing"),
        (None, NOON - 2 * DAY, "missing"),
    ],
)
def test_a_publisher_may_correct_a_date(claimed: datetime | None, published: datetime, note: DateNote) -> None:
    """I-09: a date that the publisher itself changed is taken over, unless it is no better than what we have."""
    known = Known(entries={"1": held(make_entry(), note="missing")})
    changed = decided(make_entry(title="Edited", published=claimed), known=known).changed[0]

    assert (changed.published, changed.published_note) == (published, note)


@pytest.mark.parametrize(
    ("said", "updated"),
    [
        (None, NOON), (NOON - HOUR, NOON - HOUR), (NOON - 9 * DAY, NOON), (NOON + HOUR, NOON), (NOON, NOON),
    ],
)  # fmt: skip
def test_an_edit_is_dated(said: datetime | None, updated: datetime) -> None:
    """I-07: an edit is as new as the publisher says, if that is later than before and not in the future; else now."""
    known = Known(entries={"1": held(make_entry())})

    assert decided(make_entry(title="Edited", updated=said), known=known).changed[0].updated == updated


def test_updated_is_never_before_published() -> None:
    """A date in the publisher's near future is not older than the update that brought it."""
    soon = NOON + HOUR
    new = decided(make_entry(published=soon, updated=NOON - DAY)).new[0]
    known = Known(entries={"1": held(make_entry())})
    changed = decided(make_entry(title="Edited", published=soon), known=known).changed[0]

    assert new.updated == new.published == soon
    assert changed.updated == changed.published == soon


# --- Validators ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        (Unchanged(answer=Answer(status=304, url=URL), validators=NEW), NEW),
        (Failed(kind=FailureKind.TIMEOUT, detail=""), OLD),
        (Failed(kind=FailureKind.HTTP, detail="", answer=Answer(status=500, url=URL)), OLD),
        (Failed(kind=FailureKind.BUSY, detail="", answer=Answer(status=429, url=URL)), OLD),
        (Failed(kind=FailureKind.UNREADABLE, detail="", answer=ANSWER), Validators()),
        (Failed(kind=FailureKind.HTML, detail="", answer=ANSWER), Validators()),
        (Failed(kind=FailureKind.EMPTY, detail="", answer=Answer(status=204, url=URL)), Validators()),
        (Failed(kind=FailureKind.PROTOCOL, detail="", answer=Answer(status=304, url=URL)), Validators()),
    ],
)
def test_validators_after_a_poll(outcome: Outcome, kept: Validators) -> None:
    """F-06, F-38: the newest are kept; a body that could not be read is asked for whole; a server in trouble keeps its own."""
    assert without_document(outcome).state.validators == kept


def test_validators_of_a_new_body() -> None:
    """F-07: what came with the new body replaces what there was; after a body that broke off only its hash is kept (F-38)."""
    broken = decide(make_claim(), FETCHED, Document(head=HEAD, truncated=True), Known(), (), NOON)

    assert decided().state.validators == NEW
    assert broken.state.validators == Validators(url=URL, body_hash="new")


def test_failures_are_counted_in_a_row() -> None:
    """F-37: a failure adds one to the row, anything else ends it."""
    failure = Failed(kind=FailureKind.TIMEOUT, detail="")

    assert without_document(failure, failures=3).state.failures == 4
    assert without_document(Unchanged(answer=ANSWER, validators=NEW), failures=3).state.failures == 0


def test_gone_is_remembered() -> None:
    """F-36: the first 410 of a row is kept, and after three days there is no next poll."""
    gone = Failed(kind=FailureKind.GONE, detail="", answer=Answer(status=410, url=URL))

    assert without_document(gone).state.gone_since == NOON
    assert without_document(gone, gone_since=NOON - 4 * DAY).state.next_poll_at is None


# --- The rest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permanent", "moved"), [(None, ""), ("https://new.example/feed", "https://new.example/feed"), (URL, "")]
)
def test_permanent_redirects_are_noted(permanent: str | None, moved: str) -> None:
    """F-33: where permanent redirects led is noted, with a document or a 304, unless they led to where we asked."""
    answer = dataclasses.replace(ANSWER, permanent_url=permanent)

    assert decided(make_entry(), outcome=dataclasses.replace(FETCHED, answer=answer)).moved_to == moved
    assert without_document(Unchanged(answer=answer, validators=NEW)).moved_to == moved


def test_a_redirect_to_what_is_no_feed_is_not_noted() -> None:
    """F-34: a permanent redirect to something that could not be read as a feed is no new address."""
    answer = dataclasses.replace(ANSWER, permanent_url="https://new.example/login")

    assert without_document(Failed(kind=FailureKind.HTML, detail="", answer=answer)).moved_to == ""
    assert without_document(dataclasses.replace(FETCHED, answer=answer)).moved_to == ""


def test_the_journal_says_what_came() -> None:
    """One poll is one line: what came, how much was new or changed, when we ask again and why."""
    document = Document(head=HEAD, entries=(make_entry(id="2"), make_entry(title="Edited")), notes=("odd", "strange"))
    decision = decide(make_claim(), FETCHED, document, Known(entries={"1": held(make_entry())}), (), NOON, 34)

    assert decision.head == HEAD
    assert decision.journal == JournalLine(
        at=NOON, outcome="fetched", detail="odd; strange", status=200, size=321, milliseconds=34, entries=2, new=1, changed=1,
        next_poll_at=decision.state.next_poll_at, reason=decision.state.reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Unchanged(answer=Answer(status=304, url=URL), validators=NEW), ("unchanged", "", "304", 304)),
        (Unchanged(answer=ANSWER, validators=NEW), ("unchanged", "", "the same body as last time", 200)),
        (Failed(kind=FailureKind.DNS, detail="no name"), ("failed", "dns", "no name", None)),
        (
            Failed(kind=FailureKind.HTTP, detail="500", answer=Answer(status=500, url=URL)),
            ("failed", "http", "500", 500),
        ),
        (Fetched(answer=Answer(status=200, url=""), body=b"", validators=NEW), ("fetched", "", "", None)),
    ],
)
def test_the_journal_names_every_outcome(outcome: Outcome, line: tuple[str, str, str, int | None]) -> None:
    """A line names outcome, kind and detail; a file has no status, and without a document no head is recorded."""
    decision = without_document(outcome)

    assert (decision.journal.outcome, decision.journal.kind, decision.journal.detail, decision.journal.status) == line
    assert decision.journal.milliseconds == 12
    assert decision.journal.next_poll_at == decision.state.next_poll_at is not None
    assert decision.head is None


@pytest.mark.parametrize(
    ("moved", "why"),
    [
        ("https://sso.example/feed", "it looks like a login"),
        ("https://news.example/wp-login.php?to=/feed", "it looks like a login"),
        ("https://news.example/account/sign-in/feed", "it looks like a login"),
        ("http://news.example/feed.xml", "it is no longer encrypted"),
        ("https://www.news.example/", "it is a home page"),
        ("https://user:secret@www.news.example", "it is a home page"),
    ],
)
def test_a_redirect_to_a_gate_is_not_believed(moved: str, why: str) -> None:
    """F-34: a permanent redirect to a login, a home page or out of https is followed, not learned, and the journal says why."""
    outcome = dataclasses.replace(FETCHED, answer=dataclasses.replace(ANSWER, permanent_url=moved))
    decision = decided(make_entry(), outcome=outcome)

    assert decision.moved_to == ""
    assert decision.journal.detail.endswith(f"which is not believed: {why}")
    assert "secret" not in decision.journal.detail


def test_an_author_is_no_login() -> None:
    """F-34: words that only begin like those of a login do not make one."""
    for moved in (
        "https://news.example/authors/feed",
        "https://authority.example/feed",
        "https://news.example/blog/in.xml",
    ):
        outcome = dataclasses.replace(FETCHED, answer=dataclasses.replace(ANSWER, permanent_url=moved))
        assert decided(make_entry(), outcome=outcome).moved_to == moved


def test_a_redirect_to_nothing_is_not_believed() -> None:
    """F-34: where a permanent redirect leads to a feed without entries, the old address stays."""
    outcome = dataclasses.replace(FETCHED, answer=dataclasses.replace(ANSWER, permanent_url="https://new.example/feed"))

    assert decided(outcome=outcome).moved_to == ""
    assert "there are no entries" in decided(outcome=outcome).journal.detail


def whole(state: State, url: str = URL) -> str:
    """Why a request with this state was unconditional."""
    answer = Answer(status=200, url=url)
    claim = Claim(source_id=1, source=make_source(url=URL), declared_url=URL, state=state, owner="me")
    outcome = dataclasses.replace(FETCHED, answer=answer)
    return decide(claim, outcome, Document(head=HEAD), Known(), [], NOON).journal.whole


def test_every_unconditional_request_has_its_reason() -> None:
    """F-01, F-07, F-38: the journal says of each unconditional request why it was, and nothing of conditional ones."""
    asked = State(next_poll_at=NOON, facts=Facts(status=200, items=3))

    assert whole(dataclasses.replace(asked, validators=OLD)) == ""
    assert whole(State(next_poll_at=NOON)) == "the first request"
    assert whole(asked) == "the last one was not read (F-38)"
    assert whole(State(next_poll_at=NOON, facts=Facts(status=500))) == "no answer could be read so far"
    assert "nothing to compare with" in whole(dataclasses.replace(asked, validators=Validators(url=URL, body_hash="x")))
    assert "another address" in whole(dataclasses.replace(asked, validators=OLD), "https://other.example/feed")


def test_a_file_was_never_requested() -> None:
    """F-01: a file beside the configuration is no request."""
    assert whole(State(next_poll_at=NOON), url="") == ""


@pytest.mark.parametrize(
    ("status", "host", "waits"), [(429, "news.example", True), (503, "news.example", False), (429, "", False)]
)
def test_429_is_said_to_the_host(status: int, host: str, waits: bool) -> None:
    """F-32: 429 of a public host holds for all that is asked there; 503, and 429 of a host of our own, for the feed."""
    answer = Answer(status=status, url=URL, headers={"retry-after": "7200"})
    claim = dataclasses.replace(make_claim(), host=host)
    decision = decide(claim, Failed(kind=FailureKind.BUSY, detail="", answer=answer), None, Known(), [], NOON)

    assert decision.state.floor_until == NOON + 2 * HOUR
    assert decision.host_until == (NOON + 2 * HOUR if waits else None)


def test_a_busy_answers_own_lifetime_is_for_one_feed() -> None:
    """F-20, F-32: max-age of a 429 holds for the feed, up to a week; its host is left alone two days at most."""
    answer = Answer(status=429, url=URL, headers={"cache-control": "max-age=604800"})
    claim = dataclasses.replace(make_claim(), host="news.example")
    decision = decide(claim, Failed(kind=FailureKind.BUSY, detail="", answer=answer), None, Known(), [], NOON)

    assert decision.state.floor_until == NOON + 7 * DAY
    assert decision.host_until == NOON + 2 * DAY


def test_what_the_feed_asks_for_is_remembered() -> None:
    """F-09, F-24: hints go into the state with the first document, and what is not heeded of them into the journal."""
    document = Document(head=HEAD, entries=(make_entry(),), pace=Pace(ttl=120, skip_hours=tuple(range(24))))
    answer = dataclasses.replace(ANSWER, headers={"cache-control": "max-age=60"})
    decision = decide(make_claim(), dataclasses.replace(FETCHED, answer=answer), document, Known(), [], NOON)

    assert (decision.state.hints.ttl, decision.state.hints.fresh, decision.state.hints.skip_hours) == (120, 60, ())
    assert decision.state.next_poll_at is not None
    assert decision.state.next_poll_at >= NOON + 2 * HOUR
    assert decision.journal.detail == "the feed asks to skip all 24 hours: not heeded"


@pytest.mark.parametrize(
    ("host", "answered", "waits"),
    [
        ("news.example", "https://www.news.example/feed", True), ("www.news.example", "https://news.example:8443/feed", True),
        ("xn--e1afmkfd.example", "https://пример.example/feed", True), ("news.example", "https://other.example/feed", False),
        ("news.example", "https://news.example.other.example/", False),
    ],
)  # fmt: skip
def test_429_from_where_a_redirect_led_is_for_one_feed(host: str, answered: str, waits: bool) -> None:
    """F-32: a feed at a common host that redirects elsewhere must not silence its neighbours by what is answered there."""
    answer = Answer(status=429, url=answered, headers={"retry-after": "7200"})
    claim = dataclasses.replace(make_claim(), host=host)
    decision = decide(claim, Failed(kind=FailureKind.BUSY, detail="", answer=answer), None, Known(), [], NOON)

    assert decision.state.floor_until == NOON + 2 * HOUR
    assert (decision.host_until is not None) is waits
