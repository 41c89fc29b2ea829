"""Document + what we knew + rules + now -> Decision. PURE: the mind of the program.

In: frozen values. Out: one frozen value that the store obeys. Never: a look at a clock, a store or a network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from aggregator.habit import learn
from aggregator.health import facts_after
from aggregator.meaning import meaning_of
from aggregator.rhythm import LONGEST_BUSY, Next, next_poll
from aggregator.tombstones import graves_of
from aggregator.topics.compiling import Topic
from aggregator.topics.match import judge
from aggregator.topics.subject import Told
from aggregator.whole import page_wanted, whole
from feeds.identity import address_key, fingerprint, mint_public_id, says_the_same, without_credentials
from feeds.model import Answer, Article, Document, Entry, Failed, Fetched, Head, Offer, Outcome, Unchanged, Validators
from storage.model import Claim, DateNote, Decision, JournalLine, Judged, Known, KnownEntry, Meaning
from storage.state_model import Habit, State

# A clock may be wrong by a time zone and a little; more is no date to sort by (I-11).
_FUTURE = timedelta(hours=24)
# The web is younger than this; what says otherwise is an empty field of some database or a lost century (I-11).
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
# Where a redirect leads that wants a name and a password first, by the words of its address (F-34).
_GATE = re.compile(r"(?:^|[/._-])(?:log-?in|sign-?in|wp-login|sso|auth|oauth2?|captive|accounts?)(?=$|[/._-])")
# What is older when it is first seen is no news: its page is not asked for its text.
_NEWS = timedelta(days=30)
# How long a push may take before a poll that finds its entry first calls it missed (W-11).
_ON_ITS_WAY = timedelta(minutes=15)


def decide(
    claim: Claim,
    outcome: Outcome,
    document: Document | None,
    known: Known,
    topics: Sequence[Topic],
    now: datetime,
    milliseconds: int = 0,
    *,
    rules: str = "",
    offer: Offer | None = None,
    meanings: Sequence[Meaning] = (),
) -> Decision:
    """All that this poll changes. `document` is what the body said where one was fetched and could be read.

    `rules` names the topics, `offer` is the push that the feed offers. `meanings` are what the document's entries are, in
    their order, where that is known already.
    """
    moved_to, distrust = _moved_to(claim, outcome, document)
    new: list[Judged] = []
    changed: list[Judged] = []
    graves = graves_of(document, known)
    for at, entry in enumerate(document.entries if document else ()):
        meaning = meanings[at] if meanings else None
        held = known.entries.get(entry.id)
        if held is None and entry.id in known.seen:
            continue  # removed here on purpose: it does not return (I-12)
        if entry.id in graves.buried:
            continue
        if held is None:
            new.append(_new(entry, claim, document, topics, now, meaning))
        elif is_edit(entry, known):
            changed.append(_changed(entry, held, claim, topics, now, known.pages.get(entry.id), meaning))
    failures = claim.state.failures + 1 if isinstance(outcome, Failed) else 0
    habit = _habit(claim, outcome, document, known, new, now)
    pushed = "" if _was_missed(new, now) else claim.state.pushed
    before = replace(claim.state, habit=habit, pushed=pushed)
    following = next_poll(claim.source, before, outcome, failures, now, document, claim.aim)
    state = _state(before, outcome, document, following, failures, now)
    name, kind, detail = _told(outcome, document)
    notes = (*following.notes, *distrust, *graves.notes, *_overflow(habit, now))
    answer = outcome.answer
    return Decision(
        state=state,
        journal=JournalLine(
            at=now, outcome=name, kind=kind, detail="; ".join(filter(None, [detail, *notes])),
            status=answer.status if answer and answer.url else None, size=answer.size if answer else 0,
            entries=len(document.entries) if document else 0, new=len(new), changed=len(changed),
            milliseconds=milliseconds, whole=_why_whole(claim, outcome),
            next_poll_at=state.next_poll_at, reason=state.reason,
        ),
        head=_head(document) if document else None,
        moved_to=moved_to,
        host_until=_host_until(claim, outcome, state, now),
        new=tuple(new),
        changed=tuple(changed),
        deleted=graves.deleted,
        returned=graves.returned,
        rules=rules,
        offer=offer,
    )  # fmt: skip


def is_edit(entry: Entry, known: Known) -> bool:
    """Whether an entry that is held says something else now (I-08)."""
    held = known.entries.get(entry.id)
    return held is not None and not says_the_same(entry, held.fingerprint)


def _head(document: Document) -> Head:
    """What the feed says of itself, with the ways to its older entries: a later poll may be answered by 304 (P-04)."""
    leads = {link.rel: link.href for link in reversed(document.links)}
    return replace(document.head, archive=leads.get("prev-archive", ""), next_page=leads.get("next", ""))


def _habit(
    claim: Claim, outcome: Outcome, document: Document | None, known: Known, new: Sequence[Judged], now: datetime
) -> Habit:
    """What this poll teaches of the source's habit: nothing where nobody answered."""
    if isinstance(outcome, Failed):
        return claim.state.habit
    if document is None:
        return learn(claim.state.habit, now)
    fresh: Sequence[Judged | KnownEntry] = new
    if claim.state.habit.until is None:
        # The first look: what the store holds already says as much of the habit as what is new to it.
        fresh = [*new, *known.entries.values()]
    dates = [None if one.published_note else one.published for one in fresh]
    held = bool(known.entries or known.seen)
    return learn(claim.state.habit, now, new=dates, window=len(document.entries), known=held)


def _overflow(habit: Habit, now: datetime) -> Sequence[str]:
    """A note where a document came that had moved on altogether (G-04)."""
    missed = "no entry in it was known: others may have come and gone unseen since the last poll"
    return [missed] if habit.overflow_at == now else []


def _state(
    before: State, outcome: Outcome, document: Document | None, following: Next, failures: int, now: datetime
) -> State:
    if isinstance(outcome, Failed):
        # What was not read must be asked for whole (F-38); a server in trouble keeps what it issued.
        unread = outcome.answer is not None and 200 <= outcome.answer.status < 300
        broken = unread or (outcome.answer is not None and outcome.answer.status == 304)
        validators = Validators() if broken else before.validators
    else:
        validators = outcome.validators
    if document is not None and document.truncated:
        # Asked for whole again next time, in case the connection broke; the same body will be known as such.
        validators = Validators(url=validators.url, body_hash=validators.body_hash)
    return State(
        next_poll_at=following.at,
        reason=following.reason,
        floor_until=following.floor_until,
        floor_reason=following.floor_reason,
        failures=failures,
        gone_since=following.gone_since,
        validators=validators,
        hints=following.hints,
        facts=facts_after(before.facts, outcome, document, now),
        habit=before.habit,
        pushed=before.pushed,
    )


def _host_until(claim: Claim, outcome: Outcome, state: State, now: datetime) -> datetime | None:
    """A 429 is said to all that we ask of a public host, not to one feed (F-32)."""
    busy = isinstance(outcome, Failed) and outcome.answer is not None and outcome.answer.status == 429
    # Where a redirect led speaks for itself alone: it must not silence the neighbours at the host that redirects.
    busy = busy and _host(outcome.answer) == claim.host.removeprefix("www.")
    # A long lifetime of the answer itself is no word about others.
    return min(state.floor_until, now + LONGEST_BUSY) if busy and claim.host and state.floor_until else None


def _host(answer: Answer | None) -> str:
    """The host that answered, in the spelling of `Claim.host`, "www." counting as none."""
    return address_key(answer.url).partition("/")[0].partition(":")[0] if answer else ""


def _why_whole(claim: Claim, outcome: Outcome) -> str:
    """Why this request was unconditional; "" where it was not, or never reached a publisher (F-01)."""
    answer, shown = outcome.answer, claim.state.validators
    if answer is None or not answer.url:
        return ""
    if shown.etag or shown.last_modified:
        same = without_credentials(shown.url) == answer.url
        return "" if same else "another address answered than last time (F-07)"
    if shown.url:
        return "the last answer gave nothing to compare with, or broke off (F-07)"
    if claim.state.facts.status is None:
        return "the first request"
    return "no answer could be read so far" if claim.state.facts.items is None else "the last one was not read (F-38)"


def _was_missed(new: Sequence[Judged], now: datetime) -> bool:
    """Whether a poll brought what the hub should have pushed (W-11). What is only just out may be on its way."""
    return any(one.entry.published is None or one.entry.published < now - _ON_ITS_WAY for one in new)


def _new(
    entry: Entry,
    claim: Claim,
    document: Document | None,
    topics: Sequence[Topic],
    now: datetime,
    meaning: Meaning | None,
) -> Judged:
    feed_date = document.head.updated if document else None
    published, note = date_of(entry, feed_date, now)
    updated = entry.updated if entry.updated and published <= entry.updated <= now + _FUTURE else published
    judged = _judged(entry, claim, topics, published, note, updated, None, meaning)
    page = page_wanted(entry, claim.source) if published > now - _NEWS else ""
    until = published + claim.source.embargo
    if not page and until <= now:
        return judged
    return replace(judged, page=page, embargo_until=until if claim.source.embargo and until > now else None)


def _changed(
    entry: Entry, held: KnownEntry, claim: Claim, topics: Sequence[Topic], now: datetime, page: Article | None,
    meaning: Meaning | None,
) -> Judged:  # fmt: skip
    """An edit: the published date stands unless the publisher changed his own (I-09)."""
    published, note = held.published, held.published_note
    if entry.published is not None and entry.published != held.published_claimed:
        told, told_note = date_of(entry, None, now)
        # A claim that is no better than what we have does not move the entry.
        if told_note == "":
            published, note = told, told_note
    newer = entry.updated is not None and held.updated < entry.updated <= now
    updated = entry.updated if newer and entry.updated is not None else now
    return _judged(entry, claim, topics, published, note, max(updated, published), held.key, meaning, page)


def _judged(
    entry: Entry,
    claim: Claim,
    topics: Sequence[Topic],
    published: datetime,
    note: DateNote,
    updated: datetime,
    key: int | None,
    meaning: Meaning | None,
    page: Article | None = None,
) -> Judged:
    told, signed = whole(entry, page, claim.source)
    if meaning is None or page is not None:  # what is told of the feed's words alone is not told of the page's
        meaning = meaning_of(told, claim.source)
    if signed.wire:
        meaning = replace(meaning, wire=signed.wire)
    return Judged(
        entry=replace(entry, public_id=mint_public_id(claim.declared_url, entry)),
        fingerprint=fingerprint(entry),
        published=published,
        published_note=note,
        updated=updated,
        filings=judge(topics, told, claim.source, meaning, Told(published=published)),
        bylines=signed.bylines,
        key=key,
        meaning=meaning,
    )


def date_of(entry: Entry, feed_updated: datetime | None, now: datetime) -> tuple[datetime, DateNote]:
    """When an entry was published: its own word, else updated, else the feed's, else now, and what was wrong (I-10, I-11)."""
    for claimed in (entry.published, entry.updated):
        if claimed is not None:
            if claimed > now + _FUTURE:
                return now, "future"
            if claimed < _OLDEST:
                return now, "implausible"
            return claimed, ""
    if feed_updated is not None and _OLDEST < feed_updated <= now:
        return feed_updated, "missing"
    return now, "missing"


def _moved_to(claim: Claim, outcome: Outcome, document: Document | None) -> tuple[str, tuple[str, ...]]:
    """Where permanent redirects led, if what was there is a feed (F-33, F-34); else why it is not believed."""
    if isinstance(outcome, Failed) or not outcome.answer.permanent_url:
        return "", ()
    moved = outcome.answer.permanent_url
    if moved == claim.source.url:
        return "", ()
    distrust = _distrust(claim.source.url, moved)
    if isinstance(outcome, Fetched) and not (document and document.entries):
        distrust = "there are no entries"
    if distrust:
        return "", (f"moved for good to {without_credentials(moved)}, which is not believed: {distrust}",)
    return moved, ()


def _distrust(url: str, moved: str) -> str:
    """What tells that a redirect is a mistake or a gate, whatever it says of itself; "" where nothing does."""
    before, after = urlsplit(url), urlsplit(moved)
    if before.scheme == "https" != after.scheme:
        return "it is no longer encrypted"
    if _GATE.search(f"{after.hostname or ''}/{after.path}".lower()):
        return "it looks like a login"
    if after.path in ("", "/") and not after.query and before.path not in ("", "/"):
        return "it is a home page"
    return ""


def _told(outcome: Outcome, document: Document | None) -> tuple[Literal["fetched", "unchanged", "failed"], str, str]:
    """How a poll ended, for the journal: in a word, the kind of failure, and more."""
    if isinstance(outcome, Failed):
        return "failed", outcome.kind.value, outcome.detail
    if isinstance(outcome, Unchanged):
        return "unchanged", "", "304" if outcome.answer.status == 304 else "the same body as last time"
    return "fetched", "", "; ".join(document.notes) if document else ""
