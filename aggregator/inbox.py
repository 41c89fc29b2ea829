"""What hubs brought, from kept to recorded: the same parser, the same rules, the same record as for a poll (W-09).

In: bodies in the store. Out: entries new and edited. Never: a deletion because something is not in a pushed document,
a poll postponed, or a description of the feed believed from a push.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator.poll import Hands, read_body, think
from feeds.model import Answer, Document, Failed, Fetched
from feeds.websub import host_of, other_feed
from storage import intake, push
from storage.database import StorageError
from storage.model import Claim, Decision, Meaning, Work
from storage.push_model import Push
from storage.work import PUSH, claim_work, fail, finish, give_back

log = logging.getLogger(__name__)

_BUSY = timedelta(seconds=1)
_AT_A_TIME = 16


async def read_pushes(hands: Hands, *, owner: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Read what waits, source by source, each in the order in which it came. How many bodies were read."""
    claimed = await asyncio.to_thread(claim_work, hands.db, hands.clock(), owner=owner, kinds=[PUSH], limit=_AT_A_TIME)
    return sum(await asyncio.gather(*(_source(piece, hands, owner, stopping) for piece in claimed)))


async def _source(piece: Work, hands: Hands, owner: str, stopping: Callable[[], bool]) -> int:
    source_id, done = int(piece.subject), 0
    try:
        while not stopping() and (pushed := await asyncio.to_thread(push.first_push, hands.db, source_id)):
            held = await asyncio.to_thread(push.hold, hands.db, source_id, owner, hands.clock())
            if held is None:  # a poll has it: a moment later
                await asyncio.to_thread(give_back, hands.db, [piece], hands.clock() + _BUSY)
                return done
            claim, site = held
            trouble = await _one(pushed, claim, site, hands)
            await asyncio.to_thread(push.read, hands.db, pushed, source_id, host_of(pushed.hub), trouble)
            done += 1
        if stopping():
            await asyncio.to_thread(give_back, hands.db, [piece])
        else:
            await asyncio.to_thread(finish, hands.db, piece)
    except Exception as error:  # it stays where it is, and is tried again
        log.log(logging.ERROR, "reading what was pushed failed", exc_info=not isinstance(error, StorageError))
        await asyncio.to_thread(fail, hands.db, piece, repr(error), hands.clock())
    return done


async def _one(pushed: Push, claim: Claim, site: str, hands: Hands) -> str:
    """Read one body and record what it brings. Why it was not taken, "" if it was. Raises StorageError."""
    host = host_of(pushed.hub)
    try:
        base = claim.state.validators.url or pushed.topic
        document, meanings = await read_body(pushed.body, base, pushed.content_type, claim.source, hands)
        if isinstance(document, Failed):
            return await _not_taken(claim, host, document.detail, hands)
        other = other_feed(document, _addresses(pushed, claim), site)
        if other:
            return await _not_taken(claim, host, f"topic mismatch: {other}", hands)
        decision = await asyncio.to_thread(judged, pushed, claim, document, hands, meanings)
        if not await hands.record(claim, decision):
            raise StorageError("the lease of the source was lost")
    except StorageError:
        await asyncio.to_thread(intake.release, hands.db, [claim])
        raise
    except Exception as error:  # a fault of ours costs this body, which the next poll brings again
        log.exception("reading what was pushed for %s failed", claim.source.slug)
        return await _not_taken(claim, host, f"a fault of ours: {error!r}", hands)
    log.info("%s: pushed by %s: %d new, %d changed", claim.source.slug, host, len(decision.new), len(decision.changed))
    return ""


async def _not_taken(claim: Claim, host: str, trouble: str, hands: Hands) -> str:
    await asyncio.to_thread(intake.release, hands.db, [claim])
    log.info("%s: what %s pushed is not taken: %s", claim.source.slug, host, trouble)
    return f"a push was not taken: {trouble}"


def _addresses(pushed: Push, claim: Claim) -> list[str]:
    return [pushed.topic, claim.source.url, claim.declared_url, claim.state.validators.url]


def judged(pushed: Push, claim: Claim, document: Document, hands: Hands, meanings: Sequence[Meaning] = ()) -> Decision:
    """What a pushed document changes: entries, and nothing of the source's schedule, validators or description.

    Its habit goes on being learned, so that a poll knows how busy the source is when the hub fails (G-03).
    """
    answer = Answer(status=200, url=pushed.topic, size=len(pushed.body))
    outcome = Fetched(answer=answer, body=b"", validators=claim.state.validators)
    quiet = replace(claim, state=replace(claim.state, pushed=""))  # what a push brings was not missed
    decision = think(quiet, outcome, document, hands, 0, meanings)
    line = replace(
        decision.journal, outcome="pushed", detail=f"by {host_of(pushed.hub)}", status=None,
        next_poll_at=claim.state.next_poll_at, reason=claim.state.reason, whole="",
    )  # fmt: skip
    # A push brings what is new, not the whole document: it tells nothing of its length, or of what left it.
    before = claim.state.habit
    habit = replace(decision.state.habit, window=before.window, overflow_at=before.overflow_at)
    return replace(decision, state=replace(claim.state, habit=habit), journal=line, head=None, moved_to="", offer=None)
