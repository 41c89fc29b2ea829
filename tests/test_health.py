"""How a source is, in a word and a reason."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.health import facts_after, health
from feeds.model import Answer, Document, Failed, FailureKind, Fetched, Head, Unchanged, Validators
from storage.model import Followed
from storage.state_model import Facts, State
from tests.fakes import NOON, make_entry, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WELL = Facts(status=200, content_type="application/rss+xml", size=9000, items=20, newest=NOON - HOUR, gap=7200)


def well(**said: Any) -> Facts:
    """The facts of a source that is well, but for what is said."""
    return dataclasses.replace(WELL, **said)


def followed(
    facts: Facts = WELL, *, failures: int = 0, gone: datetime | None = None, asked: bool = True, **said: Any
) -> Followed:
    """A source that was well an hour ago, but for what is said."""
    due = said.pop("due", NOON + HOUR)
    state = State(next_poll_at=due, reason="why", failures=failures, gone_since=gone, facts=facts)
    source = make_source()
    usual: dict[str, Any] = {
        "source": source, "declared_url": source.url, "site_url": "", "origin": "file", "state": state, "entries": 20,
        "last_poll_at": NOON - HOUR if asked else None, "last_ok_at": NOON - 2 * HOUR if asked else None,
        "last_new_at": NOON - HOUR if asked else None, "last_outcome": "fetched", "last_detail": "",
    }  # fmt: skip
    return Followed(**(usual | said))


def failing(kind: str, detail: str, failures: int = 1, facts: Facts = WELL, **said: Any) -> Followed:
    """A source whose last poll failed."""
    return followed(facts, failures=failures, last_outcome="failed", last_kind=kind, last_detail=detail, **said)


@pytest.mark.parametrize(
    ("one", "word", "reason"),
    [
        (followed(asked=False), "new", "not asked yet"),
        (followed(), "healthy", "newest entry 1 h ago"),
        (followed(well(newest=NOON + HOUR)), "healthy", "newest entry 0 s ago"),
        (followed(well(newest=NOON - 4 * DAY)), "quiet", "newest entry 4 d ago, usually every 2 h"),
        (followed(well(newest=NOON - 4 * DAY, gap=86400)), "healthy", "newest entry 4 d ago"),
        (followed(well(newest=NOON - 9 * DAY, gap=86400)), "quiet", "newest entry 9 d ago, usually every 1 d"),
        (followed(well(newest=NOON - 10 * DAY, gap=None)), "healthy", "newest entry 10 d ago"),
        (followed(well(newest=NOON - 15 * DAY, gap=None)), "quiet", "newest entry 15 d ago"),
        (followed(well(newest=NOON - 3650 * DAY)), "stale", "newest entry 3650 d ago"),
        (followed(well(items=0, newest=None)), "stale", "the feed is there and holds no entry"),
        (followed(well(newest=None, gap=None)), "healthy", "last new entry 1 h ago"),
        (followed(well(newest=None, gap=None), last_new_at=NOON - 20 * DAY), "quiet", "last new entry 20 d ago"),
        (followed(Facts(status=200, items=3), last_new_at=None), "healthy", "answers; nothing is known of its dates"),
        (failing("html", "a web page"), "broken", "html: a web page; last good poll 2 h ago"),
        (failing("empty", "the body is empty"), "broken", "empty: the body is empty; last good poll 2 h ago"),
        (failing("not-a-feed", "11 bytes"), "broken", "not-a-feed: 11 bytes; last good poll 2 h ago"),
        (failing("timeout", "slow"), "healthy", "timeout once (slow); well before, last good poll 2 h ago"),
        (failing("timeout", "slow", 3), "broken", "timeout, 3 times in a row: slow; last good poll 2 h ago"),
        (failing("dns", "no such name", last_ok_at=None), "broken", "dns: no such name; never a good poll"),
        (
            failing("http", "403 Forbidden", 40, well(status=403), last_ok_at=NOON - 90 * DAY),
            "blocked", "refused from here: 403 Forbidden; last good poll 90 d ago",
        ),
        (
            failing("busy", "429: later", 1, well(status=429)),
            "blocked", "refused from here: 429: later; last good poll 2 h ago",
        ),
        (failing("http", "404", 2, well(status=404)), "broken", "http, 2 times in a row: 404; last good poll 2 h ago"),
        (
            failing("forbidden-address", "private"), "broken", "forbidden-address: private; last good poll 2 h ago",
        ),
        (
            followed(declared_url="https://u:secret@old.example/"),
            "moved", "moved for good: asked at https://news.example/feed; write that address into feeds.yaml",
        ),
        (
            followed(moved_to="https://u:secret@new.example/", moved_seen=1),
            "moved", "a permanent redirect to https://new.example/ was seen 1 times, believed after a day",
        ),
        (followed(due=None), "moved", "why"),
        (followed(gone=NOON - DAY), "gone", "why"),
        (followed(gone=NOON - 5 * DAY, due=None), "gone", "why"),
    ],
)  # fmt: skip
def test_health_in_a_word_and_a_reason(one: Followed, word: str, reason: str) -> None:
    """F-33, F-36, F-37: 200 is not alive, 403 is blocked from here and not dead, silence is measured by a source's habit."""
    found = health(one, NOON)

    assert (found.word, found.reason) == (word, reason)


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_has_a_word(kind: FailureKind) -> None:
    """F-37: each kind of trouble, seen often, is told as trouble, with its last good poll."""
    found = health(failing(kind.value, "d", 9), NOON)

    assert found.word == "broken"
    assert "last good poll 2 h ago" in found.reason


def answer(status: int = 200, size: int = 0, kind: str = "application/rss+xml; charset=utf-8") -> Answer:
    """An answer of this size."""
    return Answer(
        status=status, url="https://news.example/feed", size=size, headers={"content-type": kind} if kind else {}
    )


def test_facts_follow_the_documents() -> None:
    """F-46: size, items, newest date and usual gap are the last document's; packed bytes add up; future dates do not count."""
    dates = [NOON - HOUR * hours for hours in (1, 3, 5, 30)] + [NOON + 400 * DAY]
    document = Document(head=Head(), entries=tuple(make_entry(id=str(n), published=one) for n, one in enumerate(dates)))
    fetched = Fetched(answer=dataclasses.replace(answer(size=5000), wire_bytes=900), body=b"x", validators=Validators())
    first = facts_after(Facts(), fetched, document, NOON)
    second = facts_after(first, Unchanged(answer=answer(304, kind=""), validators=Validators()), None, NOON)

    assert first == Facts(
        status=200, content_type="application/rss+xml", size=5000, packed=900, items=5, newest=NOON - HOUR, gap=7200,
        received=900,
    )  # fmt: skip
    assert second == dataclasses.replace(first, status=304, saved=900)


def test_a_failure_changes_no_fact_of_the_last_document() -> None:
    """F-38: what was there before an error page is still known after it; without an answer nothing is."""
    page = Failed(kind=FailureKind.HTML, detail="", answer=answer(200, 700, "text/html"))
    after = facts_after(WELL, page, None, NOON)

    assert after == well(content_type="text/html", received=700)
    assert facts_after(WELL, Failed(kind=FailureKind.DNS, detail=""), None, NOON) == WELL


def test_a_part_of_a_feed_says_nothing_of_the_whole() -> None:
    """F-39: a 226 with only what is new, or with nothing, leaves what is known of the whole document."""
    fetched = Fetched(answer=answer(226, 300), body=b"x", validators=Validators())
    after = facts_after(WELL, fetched, Document(head=Head()), NOON)

    assert after == well(status=226, received=300)


def test_a_feed_without_dates_has_no_gap() -> None:
    """A feed without dates, or with one, has no habit that could be read from it."""
    fetched = Fetched(answer=answer(), body=b"x", validators=Validators())
    document = Document(head=Head(), entries=(make_entry(id="1"), make_entry(id="2", published=NOON)))
    facts = facts_after(Facts(), fetched, document, NOON)

    assert (facts.items, facts.newest, facts.gap) == (2, NOON, None)
