"""What one poll changes of its source: validators, the way to a new address, its host, a line for the journal."""

from __future__ import annotations

import dataclasses

import pytest

from aggregator.decide import decide
from feeds.model import (
    Answer,
    Document,
    Failed,
    FailureKind,
    Fetched,
    Outcome,
    Pace,
    Unchanged,
    Validators,
)
from storage.model import Claim, JournalLine, Known
from storage.state_model import Facts, State
from tests.fakes import NOON, make_entry, make_source
from tests.test_decide import (
    ANSWER,
    DAY,
    FETCHED,
    HEAD,
    HOUR,
    NEW,
    OLD,
    URL,
    decided,
    held,
    make_claim,
    without_document,
)

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
