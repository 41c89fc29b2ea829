"""Hubs: what to ask of them and when, and the asking.

In: sources that offer push, with what we asked before; now. Out: requests to hubs, and rows that say how they went.
Never: a hub, or a topic on another site, at a private address; a secret to a hub that is not asked over TLS (W-03).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.config import Config
from aggregator.poll import Hands
from aggregator.rhythm import spoken
from feeds.guard import refuse_address
from feeds.model import Failed, Fetched, Offer, Source, Validators
from feeds.websub import host_of, is_secure, request_form
from storage import intake, push
from storage.model import Work
from storage.push_model import Standing, Subscription
from storage.work import SUBSCRIBE, UNSUBSCRIBE, claim_work, fail, finish

log = logging.getLogger(__name__)

LEASE = timedelta(days=10)
LONGEST_LEASE = timedelta(days=14)
"""What we ask for, and the most that we believe (W-10)."""
_TO_VERIFY = timedelta(hours=1)
_SHORTEST_LEASE = timedelta(minutes=30)
_FIRST_WAIT = timedelta(hours=1)
_LONGEST_WAIT = timedelta(days=1)
AFTER_DENIAL = timedelta(days=7)
_KEPT = timedelta(days=30)
_AT_A_TIME = 8


def push_base(config: Config) -> str:
    """Where our callbacks begin, "" where no hub is to be asked: settings.push, and where it is auto a public base_url."""
    wanted = config.settings.push
    if wanted == "auto":
        wanted = _is_public(host_of(config.base_url))
    return config.base_url if wanted else ""


def _is_public(host: str) -> bool:
    try:
        return refuse_address(str(ipaddress.ip_address(host.strip("[]")))) is None
    except ValueError:
        private = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
        return "." in host and not f".{host}".endswith(private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is to be done about the push of a source."""

    ask: bool = False
    leave: tuple[int, ...] = ()
    unverified: tuple[Subscription, ...] = ()
    lapsed: tuple[int, ...] = ()
    old: tuple[int, ...] = ()


def steps(one: Standing, base: str, now: datetime) -> Steps:
    """What is to be done about a source's push now; pure."""
    known = one.subscriptions
    late = tuple(s for s in known if s.state == "pending" and s.asked_at + _TO_VERIFY <= now)
    over = {s.id for s in known if s.state in push.LIVE and s.lease_until is not None and s.lease_until <= now}
    over |= {s.id for s in known if s.state == "leaving" and s.retry_at is not None and s.retry_at <= now}
    live = [s for s in known if s.state in push.LIVE and s.id not in over]
    wanted = bool(base and one.hubs and one.followed)
    ended = tuple(s.id for s in known if s.state in ("off", "denied") and s.asked_at + _KEPT <= now)
    return Steps(
        ask=wanted and not _is_asked(one, base, now) and not any(_holds(s, one, base, now) for s in live),
        leave=() if wanted else tuple(s.id for s in live),
        unverified=late, lapsed=tuple(sorted(over)), old=ended,
    )  # fmt: skip


def _holds(known: Subscription, one: Standing, base: str, now: datetime, *, renew: bool = True) -> bool:
    """Whether a subscription is for what is offered today, and, unless that does not matter, needs no renewal yet."""
    same = known.topic == one.topic and known.hub in one.hubs and known.base == base
    return same and (not renew or now < renew_at(known))


def _is_asked(one: Standing, base: str, now: datetime) -> bool:
    """Whether a request is under way, or ended so that another should wait."""
    return any(
        (s.state == "pending" and now < s.asked_at + _TO_VERIFY)
        # A lease of a second would be renewed every few seconds (W-10).
        or (s.state != "leaving" and _holds(s, one, base, now, renew=False) and now < s.asked_at + _SHORTEST_LEASE)
        or (s.state in ("off", "denied") and s.topic == one.topic and s.retry_at is not None and now < s.retry_at)
        for s in one.subscriptions
    )


def renew_at(held: Subscription) -> datetime:
    """When less than 23 hours or a tenth of the lease is left (W-10); of a short lease, when half is."""
    assert held.lease_until is not None
    lease = timedelta(seconds=held.lease_seconds)
    return held.lease_until - max(lease / 10, min(timedelta(hours=23), lease / 2))


def back_off(attempts: int) -> timedelta:
    """How long to wait after this many requests in a row that led to nothing."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(attempts, 10)))


def survey(hands: Hands, now: datetime) -> None:
    """Look at every source that offers push or has it, settle what ran out, and queue what hubs are to be asked."""
    wanted = []
    for one in push.standing(hands.db):
        step = steps(one, hands.push_base, now)
        for late in step.unverified:
            retry, reason = now + back_off(late.attempts), f"the hub did not verify within {spoken(_TO_VERIFY)}"
            push.turn(hands.db, [late.id], "off", reason, now, retry_at=retry, only=["pending"])
        if step.lapsed:
            push.turn(hands.db, step.lapsed, "off", "the lease ran out", now, only=["active", "failing", "leaving"])
        if step.leave:
            push.leave(hands.db, step.leave, "no longer wanted", now)
        if step.old:
            push.forget(hands.db, step.old)
        if step.ask:
            wanted.append(one.source_id)
    if wanted:
        push.queue(hands.db, SUBSCRIBE, wanted, now)


async def ask_hubs(hands: Hands, *, owner: str) -> int:
    """Do what the survey queued, a few hubs at a time. How many were asked."""
    claimed = await asyncio.to_thread(
        claim_work, hands.db, hands.clock(), owner=owner, kinds=[SUBSCRIBE, UNSUBSCRIBE], limit=_AT_A_TIME
    )
    await asyncio.gather(*(_do(piece, hands) for piece in claimed))
    return len(claimed)


async def _do(piece: Work, hands: Hands) -> None:
    try:
        if piece.kind == SUBSCRIBE:
            await _subscribe(int(piece.subject), hands)
        else:
            await _unsubscribe(int(piece.subject), hands)
        await asyncio.to_thread(finish, hands.db, piece)
    except Exception as error:  # a fault of ours, or a store that is away: later again
        log.exception("%s %s failed", piece.kind, piece.subject)
        await asyncio.to_thread(fail, hands.db, piece, repr(error), hands.clock())


async def _subscribe(source_id: int, hands: Hands) -> None:
    """Ask a hub of this source, unless somebody did meanwhile. A new callback and a new secret each time (W-04)."""
    now = hands.clock()
    found = await asyncio.to_thread(push.standing, hands.db, source_id)
    if not found or not steps(found[0], hands.push_base, now).ask:
        return
    (one,) = found
    attempts = _attempts(one)
    hub = one.hubs[attempts % len(one.hubs)]
    token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(48) if is_secure(hub) else ""
    made = await asyncio.to_thread(
        push.ask, hands.db, source_id, Offer(hubs=(hub,), topic=one.topic), token=token, base=hands.push_base,
        secret=secret, lease=int(LEASE.total_seconds()), attempts=attempts + 1, now=now,
    )  # fmt: skip
    reason, wait = await _asked(one, hub, f"{hands.push_base}/push/{token}", secret, hands)
    if reason:
        for word in filter(None, (token, secret)):  # a hub may say them back, and reasons are shown
            reason = reason.replace(word, "…")
        log.info("%s: %s does not push it: %s", one.source.slug, host_of(hub), reason)
        retry = hands.clock() + (wait or back_off(attempts))
        await asyncio.to_thread(
            push.turn, hands.db, [made], "off", reason, hands.clock(), retry_at=retry, only=["pending"]
        )


def _attempts(one: Standing) -> int:
    """How many requests for this topic, the newest, led to nothing in a row."""
    newest = next((s for s in one.subscriptions if s.topic == one.topic and s.state != "leaving"), None)
    return newest.attempts if newest is not None and newest.state in ("off", "denied") else 0


async def _asked(one: Standing, hub: str, callback: str, secret: str, hands: Hands) -> tuple[str, timedelta | None]:
    """Why the hub was not asked or did not agree, and how long to wait because of that; "" where it agreed."""
    strange = await _strange_topic(one, hands)
    if strange:
        return strange, AFTER_DENIAL
    form = request_form("subscribe", one.topic, callback, lease=int(LEASE.total_seconds()), secret=secret)
    answer = await hands.fetcher.post(hub, form)
    if not isinstance(answer, Failed):
        return "", None
    refused = answer.answer is not None and 400 <= answer.answer.status < 500 and answer.answer.status not in (408, 429)
    return f"the hub answered: {answer.detail}", _LONGEST_WAIT if refused else None


async def _strange_topic(one: Standing, hands: Hands) -> str:
    """Why a topic on another site is not this feed; "" where it brings an entry that we have from it (W-02)."""
    if host_of(one.topic) in (host_of(one.source.url), host_of(one.found_at)):
        return ""
    there = Source(slug="", url=one.topic)  # no source of the configuration: its secrets stay at home
    outcome = await hands.fetcher.fetch(there, Validators())
    read = await hands.parse(outcome.body, one.topic, "") if isinstance(outcome, Fetched) else None
    ids = [] if read is None or isinstance(read, Failed) else [entry.id for entry in read.entries]
    known = await asyncio.to_thread(intake.known, hands.db, one.source_id, ids)
    if known.entries:
        return ""
    return f"the feed says that its address is {one.topic[:200]}, and what is there is another feed"


async def _unsubscribe(subscription_id: int, hands: Hands) -> None:
    """Tell the hub; it verifies, and if it never does the lease runs out by itself."""
    ending = await asyncio.to_thread(push.to_leave, hands.db, subscription_id)
    if ending is None:
        return
    hub, topic, callback = ending
    answer = await hands.fetcher.post(hub, request_form("unsubscribe", topic, callback))
    if isinstance(answer, Failed):
        reason = f"ended; the hub could not be told: {answer.detail}"
        await asyncio.to_thread(push.turn, hands.db, [subscription_id], "off", reason, hands.clock(), only=["leaving"])
