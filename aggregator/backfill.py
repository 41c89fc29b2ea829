"""Older entries of a feed, on request: its archives one after the other, newest first (P-04, RFC 5005).

In: a source, how many documents. Out: one page a document, what it brought, and why it ended. Never: a request for the
subscription document, for an archive that was read before, or to another site than the source's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.poll import Hands, ask, think
from aggregator.prepare import own_lease
from feeds.identity import address_key, is_web_url, without_credentials
from feeds.model import Document, Failed, Outcome, Source, Validators
from storage import following, history, intake
from storage.model import Claim, Decision, Known

SPACING = 2.0
"""Seconds between two requests."""
MOST_BYTES = 200_000_000
MOST_SECONDS = 1800.0
# Floors that speak of the feed's own document, and not of its archives; all others are said to whoever asks.
_OF_THE_DOCUMENT = ("max-age", "Expires", "ttl")
_ENOUGH = (
    f"{MOST_BYTES // 1_000_000} MB or {MOST_SECONDS / 60:g} minutes are enough for one run: the same command goes on"
)


class NotFilledError(Exception):
    """There is nothing to read, and why; `bad_usage` tells a wrong request from a feed without archives."""

    def __init__(self, message: str, *, bad_usage: bool = False) -> None:
        super().__init__(message)
        self.bad_usage = bad_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document of history: how many entries it has, how many were new, how many newer than what we held."""

    url: str
    entries: int = 0
    new: int = 0
    newer: int = 0
    size: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where to go on: an address, and whether it is an archive, whose contents stay, rather than a page that shifts."""

    url: str
    lasting: bool = True


@dataclass(slots=True, kw_only=True)
class Filled:
    """What a back-fill did: pages asked, archives passed over because they were read before, and why it ended."""

    pages: list[Page] = field(default_factory=list)
    passed: int = 0
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for: `start` is an address to begin at, else the feed says; `paged` allows pages that shift."""

    slug: str
    pages: int = 10
    start: str = ""
    paged: bool = False


async def backfill(
    wish: Wish,
    hands: Hands,
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    told: Callable[[Page], None] = lambda _: None,
) -> Filled:
    """Read up to `wish.pages` older documents of a source. Raises NotFilledError where there is none to begin with."""
    start = _beginning(wish, hands)
    claim = following.lease(hands.db, wish.slug, hands.clock(), owner=own_lease(), to_ask=True)
    if claim is None:
        raise NotFilledError(f"{wish.slug} or its host is being asked just now; try again in a moment")
    try:
        floor, why = claim.state.floor_until, claim.state.floor_reason
        if floor and floor > hands.clock() and not why.startswith(_OF_THE_DOCUMENT):
            raise NotFilledError(f"{wish.slug} is not asked before {floor:%Y-%m-%d %H:%M} UTC: {why}")
        return await _walk(start, claim, wish, hands, pause, told)
    finally:
        intake.release(hands.db, [claim])


def _beginning(wish: Wish, hands: Hands) -> Step:
    if wish.start:
        if not is_web_url(wish.start):
            raise NotFilledError(f"{wish.start} is no address of an archive", bad_usage=True)
        return Step(url=wish.start)
    ways = history.ways_back(hands.db, wish.slug)
    if ways is None:
        raise NotFilledError(f"{wish.slug} was not read yet: heliograph poll {wish.slug}, then back-fill")
    archive, next_page = ways
    if archive or (wish.paged and next_page):
        return Step(url=archive or next_page, lasting=bool(archive))
    if next_page:
        raise NotFilledError(f"{wish.slug} has no archives, only pages, which shift while they are read: add --paged")
    raise NotFilledError(
        f"{wish.slug} names no archive (RFC 5005 prev-archive); where you know an address of one, add --from ADDRESS"
    )


async def _walk(
    start: Step,
    claim: Claim,
    wish: Wish,
    hands: Hands,
    pause: Callable[[float], Awaitable[None]],
    told: Callable[[Page], None],
) -> Filled:
    filled, home = Filled(), start.url if wish.start else claim.source.url
    clock = asyncio.get_running_loop().time
    read, seen, ends, left = (
        history.archives_read(hands.db, claim.source_id),
        set[str](),
        clock() + MOST_SECONDS,
        MOST_BYTES,
    )
    step = start
    while step.url and not filled.ended:
        url, shown = step.url, without_credentials(step.url)
        if address_key(url) in seen:
            filled.ended = f"{shown} was read already in this run: the archives lead in a circle"
        elif not _same_site(url, home):
            filled.ended = f"the next archive is on another site, {shown}: to read it, add --from and its address"
        elif step.lasting and url in read:
            seen.add(address_key(url))
            filled.passed += 1
            step = Step(url=read[url])
        elif len(filled.pages) >= wish.pages:
            filled.ended = f"{wish.pages} pages were read, and there are older ones: the same command goes on"
        elif left <= 0 or clock() > ends:
            filled.ended = _ENOUGH
        else:
            seen.add(address_key(url))
            if filled.pages:
                await pause(SPACING)
            page, step, filled.ended = await _one(step, claim, wish, hands)
            filled.pages.append(page)
            left -= page.size
            told(page)
    filled.ended = filled.ended or "the oldest document was reached"
    return filled


async def _one(step: Step, claim: Claim, wish: Wish, hands: Hands) -> tuple[Page, Step, str]:
    """Ask for one document and record it: what it brought, where to go on, and why to stop, "" where there is no reason."""
    shown = without_credentials(step.url)
    clock = asyncio.get_running_loop().time
    started = clock()
    outcome, document = await _ask(step.url, claim.source, hands)
    milliseconds = round((clock() - started) * 1000)
    older = _leads(document, wish) if document else Step(url="")
    worth = await asyncio.to_thread(_worth_keeping, document, claim, hands) if document else None
    decision = await asyncio.to_thread(think, claim, outcome, worth, hands, milliseconds)
    decision = _as_history(decision, shown, document)
    # Pages shift, and what broke off is to be read again.
    whole = step.lasting and older.lasting and document is not None and not document.truncated
    recorded = await asyncio.to_thread(
        history.record_archive, hands.db, claim, decision, archive=step.url if whole else "", before=older.url
    )
    line = decision.journal
    problem = outcome.detail if isinstance(outcome, Failed) else ""
    page = Page(url=shown, entries=line.entries, new=line.new, newer=line.changed, size=line.size, problem=problem)
    if not recorded:
        return replace(page, new=0, newer=0), Step(url=""), "another process took the source meanwhile"
    return page, older, f"{shown} could not be read: {problem}" if problem else ""


async def _ask(url: str, source: Source, hands: Hands) -> tuple[Outcome, Document | None]:
    """A document of history. At the source's own origin it is asked as the source is; elsewhere as a stranger is: at public
    addresses only, and without secrets, which are known by slugs."""
    own = urlsplit(url).netloc == urlsplit(source.url).netloc and urlsplit(url).scheme == urlsplit(source.url).scheme
    asked = replace(source, url=url) if own else Source(slug="", url=url)
    outcome, document, _ = await ask(asked, Validators(), hands)
    return outcome, document


def _leads(document: Document, wish: Wish) -> Step:
    """The archive before this one; else, where pages are allowed, the next page."""
    links = {link.rel: link.href for link in reversed(document.links)}
    archive, following = links.get("prev-archive", ""), links.get("next", "") if wish.paged else ""
    return Step(url=archive or following, lasting=bool(archive) or not following)


def _worth_keeping(document: Document, claim: Claim, hands: Hands) -> Document:
    """The document without entries that we hold in a newer form, or one as new."""
    known = intake.known(hands.db, claim.source_id, [entry.id for entry in document.entries])
    stamps = {entry.id: entry.updated for entry in document.entries}
    wanted = newer_only(known, stamps)
    return replace(document, entries=tuple(entry for entry in document.entries if entry.id in wanted))


def newer_only(known: Known, stamps: Mapping[str, datetime | None]) -> set[str]:
    """The ids of a document of history that say more than we hold: unknown ones, and those whose `updated` is later (P-04:
    the newest of an entry wins, and an archive has it as it was)."""
    wanted = set()
    for entry_id, updated in stamps.items():
        held = known.entries.get(entry_id)
        if held is None or (
            updated is not None and held.updated_claimed is not None and updated > held.updated_claimed
        ):
            wanted.add(entry_id)
    return wanted


def _as_history(decision: Decision, url: str, document: Document | None) -> Decision:
    """A decision about a document of history says nothing of the source itself."""
    said = "; ".join(document.notes) if document else decision.journal.detail
    line = replace(
        decision.journal,
        entries=len(document.entries) if document else 0,
        detail=f"back-fill of {url}" + (f": {said}" if said else ""),
    )
    # It lists what was: that brings nothing back which its publisher has withdrawn since (I-14).
    return replace(decision, head=None, moved_to="", returned=(), journal=line)


def _same_site(url: str, home: str) -> bool:
    """Whether an archive is where its feed is, http and https and "www." folded."""
    if not is_web_url(url):
        return False
    return address_key(url).partition("/")[0] == address_key(home).partition("/")[0]
