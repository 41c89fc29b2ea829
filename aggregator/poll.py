"""One source from due to stored: the whole program on one screen.

In: a claim, and the hands to work with. Out: what was recorded. Never: an exception because of one bad feed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.again import known_again, strangers
from aggregator.decide import decide, is_edit
from aggregator.loopguard import own_feed
from aggregator.metronome import next_turn
from aggregator.reader import About, about
from aggregator.topics.compiling import Topic
from feeds.fetch import Fetcher
from feeds.identity import without_credentials
from feeds.model import Answer, Article, Document, Failed, FailureKind, Fetched, Offer, Outcome, Source, Validators
from feeds.websub import offer_of
from storage import intake
from storage.again import held_by_link
from storage.articles import pages_of_entries
from storage.database import Database, StorageError
from storage.model import Claim, Decision, Meaning

log = logging.getLogger(__name__)

# A turn is taken within a minute, and a second more for those that begin in its middle.
_TURN = timedelta(seconds=61)
AsyncParser = Callable[[bytes, str, str], Awaitable[Document | Failed]]
AsyncTeller = Callable[[bytes, str, str, About], Awaitable[tuple[Document | Failed, Sequence[Meaning] | None]]]
AsyncReader = Callable[[bytes, str, str], Awaitable[Article | Failed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a poll works with: the wire, the reader of documents, the memory, the rules and their name, the clock.

    `timezone` is that of the hours which sources name, `budget` the requests an hour that all polls together may take.
    `push_base` is where callbacks for hubs begin, "" where no hub is asked; `base_url` where our own feeds are.
    `tell` parses too, and tells what entries are; without it whoever decides finds that out.
    `read_page` finds the article on a web page; without it pages wait.
    """

    fetcher: Fetcher
    parse: AsyncParser
    db: Database
    record: Callable[[Claim, Decision], Awaitable[bool]]
    topics: Sequence[Topic]
    rules: str
    clock: Callable[[], datetime]
    timezone: str = "UTC"
    budget: float | None = None
    push_base: str = ""
    base_url: str = ""
    tell: AsyncTeller | None = None
    read_page: AsyncReader | None = None
    # More threads than this would only take the interpreter from one another: one judges while one reads the store.
    thinkers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


async def poll(
    claim: Claim, hands: Hands, worker: AbstractAsyncContextManager[object] | None = None
) -> Decision | None:
    """Ask, read, decide, record. None where the lease was lost meanwhile, and nothing was written.

    `worker` is held while strangers are waited for, and free again while the store is.
    """
    async with worker or nullcontext():
        started = asyncio.get_running_loop().time()
        try:
            outcome, document, meanings = await ask(claim.source, claim.state.validators, hands)
        except (
            Exception
        ) as error:  # a fault of ours is the source's failure until it is mended: backed off, never fatal
            log.exception("polling %s failed", claim.source.slug)
            outcome, document, meanings = _fault(error, None), None, ()
        milliseconds = round((asyncio.get_running_loop().time() - started) * 1000)
    try:
        return await _conclude(claim, outcome, document, hands, milliseconds, meanings)
    except StorageError:
        raise  # the store is away: nothing is known of the source that was not known before
    except Exception as error:
        if document is None:
            raise
        # Something in the document cannot be judged or kept: the source fails and backs off, and the journal says so.
        log.exception("recording %s failed", claim.source.slug)
        return await _conclude(claim, _fault(error, outcome.answer), None, hands, milliseconds)


async def _conclude(
    claim: Claim, outcome: Outcome, document: Document | None, hands: Hands, milliseconds: int,
    meanings: Sequence[Meaning] = (),
) -> Decision | None:  # fmt: skip
    if document is not None and (ours := await asyncio.to_thread(own_feed, hands.db, document, hands.base_url)):
        outcome, document, meanings = Failed(kind=FailureKind.OWN, detail=ours, answer=outcome.answer), None, ()
    if document is None:  # nothing to look up in the store: not worth a thread
        decision = think(claim, outcome, document, hands, milliseconds)
    else:
        async with hands.thinkers:
            decision = await asyncio.to_thread(think, claim, outcome, document, hands, milliseconds, meanings)
    return decision if await hands.record(claim, decision) else None


def _fault(error: Exception, answer: Answer | None) -> Failed:
    return Failed(kind=FailureKind.UNREADABLE, detail=f"a fault of ours: {error!r}"[:300], answer=answer)


async def ask(
    source: Source, validators: Validators, hands: Hands
) -> tuple[Outcome, Document | None, Sequence[Meaning]]:
    """What the publisher says, what the body says where there is a new one, and what its entries are where that is told."""
    outcome = await hands.fetcher.fetch(source, validators)
    if not isinstance(outcome, Fetched):
        return outcome, None, ()
    answer = outcome.answer
    # What a document says of itself starts from its address: a password in that must not travel along.
    url = without_credentials(answer.url)
    read, meanings = await read_body(outcome.body, url, answer.headers.get("content-type", ""), source, hands)
    if isinstance(read, Failed):
        return replace(read, answer=answer), None, ()
    return outcome, read, meanings


async def read_body(
    body: bytes, url: str, content_type: str, source: Source, hands: Hands
) -> tuple[Document | Failed, Sequence[Meaning]]:
    """What a body says, and what its entries are, in their order: nothing where that is to be found out later."""
    if hands.tell is None:
        return await hands.parse(body, url, content_type), ()
    read, meanings = await hands.tell(body, url, content_type, about(source))
    return read, meanings or ()


def think(
    claim: Claim, outcome: Outcome, document: Document | None, hands: Hands, milliseconds: int,
    meanings: Sequence[Meaning] = (),
) -> Decision:  # fmt: skip
    """Compare with what we know, and decide. `meanings` are those of the document's entries, where they are known."""
    ids = [entry.id for entry in document.entries] + [one.id for one in document.deleted] if document else []
    known = intake.known(hands.db, claim.source_id, ids)
    if document is not None and claim.state.facts.items is not None and (links := strangers(document, known)):
        document, known = known_again(document, known, held_by_link(hands.db, claim.source_id, links))
    if claim.source.full_text == "page" and document is not None:
        edited = [one.id for one in document.entries if is_edit(one, known)]
        known = replace(known, pages=pages_of_entries(hands.db, claim.source_id, edited))
    now = hands.clock()
    if claim.source.hours:
        claim = replace(claim, aim=replace(claim.aim, turn=next_turn(claim.source.hours, hands.timezone, now)))
    decision = decide(
        claim, outcome, document, known, hands.topics, now, milliseconds,
        rules=hands.rules, offer=_offer(outcome, document), meanings=meanings,
    )  # fmt: skip
    return _at_a_turn(decision, claim.source.hours, hands.timezone)


def _at_a_turn(decision: Decision, hours: str, timezone: str) -> Decision:
    """The next poll at one of the operator's hours, also where a floor or a back-off ends between two of them."""
    due = decision.state.next_poll_at
    if not hours or due is None:
        return decision
    turn = next_turn(hours, timezone, due - _TURN)
    if turn is None or turn <= due:
        return decision
    at = turn + timedelta(seconds=due.second)
    reason = f"{decision.state.reason}; then at its hours: {hours}"
    return replace(
        decision,
        state=replace(decision.state, next_poll_at=at, reason=reason),
        journal=replace(decision.journal, next_poll_at=at, reason=reason),
    )


def _offer(outcome: Outcome, document: Document | None) -> Offer | None:
    """The push that the feed offers; None where there is nothing to tell by."""
    if document is None or outcome.answer is None:
        return None
    return offer_of(outcome.answer.url, outcome.answer.headers.get("link", ""), document.links)
