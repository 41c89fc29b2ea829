"""Follow a feed that no file declares: its address is asked once, and it is kept if it is a feed (F-02, D-01).

In: an address of a feed or a page. Out: feeds to choose from; a source with its first entries. Never: a second request
for what was answered already, or a source that could not be read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.finding import Found, Pause, Read, Told, look, read_feed
from aggregator.loopguard import own_feed
from aggregator.poll import Hands, poll, think
from aggregator.prepare import own_lease
from feeds.discover import Candidate
from feeds.fetch import Fetcher
from feeds.guard import refuse_url
from feeds.identity import address_key, is_web_url, slugify, without_credentials
from feeds.model import Failed, FailureKind, Source
from storage import following, intake
from storage.database import Database
from storage.following import Held, Newcomer
from storage.model import Claim, Decision


class NotAddedError(Exception):
    """The feed was not added; the message says why. `bad_usage` tells a wrong request from a feed in trouble."""

    def __init__(self, message: str, *, bad_usage: bool = False) -> None:
        super().__init__(message)
        self.bad_usage = bad_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A source that is followed from now on, what its first document brought, and what else its page named."""

    source: Source
    decision: Decision
    others: tuple[Candidate, ...] = ()

    @property
    def shown(self) -> str:
        """Its address, fit to be printed."""
        return without_credentials(self.source.url)


Pick = Callable[[Sequence[Candidate], Sequence[Held], Candidate], Candidate]
"""(all candidates, what is followed, the one to propose) -> the one that a person wants"""


def address_of(given: str) -> str:
    """What a person typed, as an address to ask: without a scheme it is https. Raises NotAddedError."""
    url = given.strip()
    if url.lower().startswith("feed:"):
        url = url[5:].removeprefix("//")
    refused = None
    if "://" not in url and not url.lower().startswith(("http:", "https:", "file:")):
        refused = "write https:// before it" if "@" in url.partition("/")[0] else None
        url = f"https://{url}"
    refused = refused or refuse_url(url)
    if refused or not is_web_url(url):
        raise NotAddedError(f"{given} is no address of a feed: {refused or 'it cannot be read'}", bad_usage=True)
    if "${" in url:
        message = f"{given} names a secret: that is for sources of feeds.yaml, so write it there"
        raise NotAddedError(message, bad_usage=True)
    return url


def followed_as(held: Sequence[Held], url: str) -> str:
    """The slug of the source that has or had this address and is followed, or ""."""
    same = address_key(url)
    return next((one.slug for one in held if not one.retired and same in map(address_key, one.addresses)), "")


async def search(
    given: str, hands: Hands, prober: Fetcher, *, list_only: bool = False,
    pause: Pause = asyncio.sleep, told: Told = lambda _: None,
) -> Found:  # fmt: skip
    """What is at the address that a person gave: a feed or candidates. Raises NotAddedError where there is neither.

    An address that is followed already is not asked at all, unless it is only to be listed.
    """
    url = address_of(given)
    held = following.held(hands.db)
    if not list_only:
        _refuse_followed(held, url)
        if _before(held, url):
            return Found(url=url, candidates=(Candidate(url=url),))
    found = await look(url, hands, prober, pause=pause, told=told)
    if not offered(found):
        raise _explained(found)
    return found


def offered(found: Found) -> tuple[Candidate, ...]:
    """What there is to choose from."""
    if found.read is None:
        return found.candidates
    document = found.read.document
    kinds = {"atom": "Atom", "json": "JSON Feed"}
    kind = next((kind for start, kind in kinds.items() if document.format.startswith(start)), "RSS")
    return (Candidate(url=found.read.url, title=document.head.title, kind=kind),)


async def take(
    base_url: str, hands: Hands, found: Found, *, name: str = "", slug: str = "", pick: Pick | None = None
) -> Added:
    """Follow what was found: the feed that was read, or one of those that a page names, which then is asked once.

    `pick` asks a person which of several; without it the first that is not followed yet is taken. `base_url` is where
    we publish. Raises NotAddedError.
    """
    held, read, others = following.held(hands.db), found.read, list[Candidate]()
    if read is None:
        chosen = _chosen(found.candidates, held, pick)
        others = [one for one in found.candidates if one is not chosen]
        before = _before(held, chosen.url)
        if before is not None and slug in ("", before.slug):
            source, decision = await _follow_again(hands, before, name)
            return Added(source=source, decision=decision, others=tuple(others))
        answered = await read_feed(chosen.url, hands)
        if isinstance(answered, Failed):
            more = f"; the page also names {', '.join(one.url for one in others[:5])}" if others else ""
            raise NotAddedError(f"{chosen.url} was not added: {answered.detail}{more}")
        read = answered
    # Only the answer tells that two addresses are one.
    _refuse_followed(held, read.url)
    _refuse_our_own(hands.db, base_url, read)
    decision, source = await _follow(hands, read, held, name=name, slug=slug)
    return Added(source=source, decision=decision, others=tuple(others))


async def _follow_again(hands: Hands, before: Held, name: str) -> tuple[Source, Decision]:
    """Take a source up again that was followed once, and poll it: it is asked with the validators that we have (F-01)."""
    source = Source(slug=before.slug, url=before.addresses[0], name=name)
    claim = _leased(hands, source, to_ask=True)
    if claim.state.floor_until and claim.state.floor_until > hands.clock():
        intake.release(hands.db, [claim])
        until = claim.state.floor_until.strftime("%Y-%m-%d %H:%M UTC")
        message = f"{source.slug} is followed again, and not asked before {until}: {claim.state.floor_reason}"
        raise NotAddedError(message)
    decision = await poll(claim, hands)
    if decision is None:
        raise _taken(source)
    return source, decision


def _chosen(candidates: Sequence[Candidate], held: Sequence[Held], pick: Pick | None) -> Candidate:
    fresh = [one for one in candidates if not followed_as(held, one.url)]
    if not fresh:
        _refuse_followed(held, candidates[0].url)
    if pick is None or len(candidates) == 1:
        return fresh[0]
    chosen = pick(candidates, held, fresh[0])
    _refuse_followed(held, chosen.url)
    return chosen


def _refuse_followed(held: Sequence[Held], url: str) -> None:
    slug = followed_as(held, url)
    if slug:
        raise NotAddedError(f"{without_credentials(url)} is followed already, as {slug}", bad_usage=True)


def _refuse_our_own(db: Database, base_url: str, read: Read) -> None:
    """A feed that this server publishes would make it follow itself (A-11)."""
    if own_feed(db, read.document, base_url, read.url):
        raise NotAddedError(f"{read.url} is a feed of this server: following it would lead in a circle", bad_usage=True)


async def _follow(hands: Hands, read: Read, held: Sequence[Held], *, name: str, slug: str) -> tuple[Decision, Source]:
    """Keep a feed that was just read, with its entries, without asking again. Raises NotAddedError."""
    # What has moved for good is followed where it is now (F-33).
    url = read.outcome.answer.permanent_url or read.asked
    taken = {one.slug for one in held}
    if slug in taken:
        raise NotAddedError(f"the slug {slug} is taken; choose another with --slug", bad_usage=True)
    slug = slug or free_slug(name or read.document.head.title or words_of(url), taken)
    source = Source(slug=slug, url=url, name=name)
    claim = _leased(hands, source, to_ask=False)
    decision = await asyncio.to_thread(think, claim, read.outcome, read.document, hands, read.milliseconds)
    if not await hands.record(claim, decision):
        raise _taken(source)
    return decision, source


def _leased(hands: Hands, source: Source, *, to_ask: bool) -> Claim:
    """Follow a source and lease it. Should this process die now, the daemon asks once the lease would have run out."""
    now = hands.clock()
    due = now + intake.LEASE
    following.follow(hands.db, [Newcomer(source=source, due=due, reason="added, and not yet recorded")], now)
    claim = following.lease(hands.db, source.slug, now, owner=own_lease(), to_ask=to_ask)
    if claim is None:
        raise _taken(source)
    return claim


def _taken(source: Source) -> NotAddedError:
    shown = without_credentials(source.url)
    return NotAddedError(
        f"{shown} is followed as {source.slug}, and its host is being asked just now; it is polled soon"
    )


def _before(held: Sequence[Held], url: str) -> Held | None:
    """The source that had this address and is followed no more."""
    same = address_key(url)
    return next((one for one in held if one.retired and same in map(address_key, one.addresses)), None)


def _explained(found: Found) -> NotAddedError:
    """Why there is nothing to add, and what to do."""
    failed, url = found.failed, without_credentials(found.url)
    if failed is None:
        tried = f", and none of {len(found.tried)} usual places has one" if found.tried else ""
        why = f" ({found.stopped})" if found.stopped else ""
        hint = "look on the page for a link named RSS, Atom or feed, and give its address"
        return NotAddedError(f"{url} is a page that names no feed{tried}{why}; {hint}")
    hint = ""
    if failed.kind is FailureKind.FORBIDDEN_ADDRESS:
        hint = "; private addresses are followed only where feeds.yaml declares them, so write it there"
    elif failed.kind in (FailureKind.CONNECT, FailureKind.TLS) and url.startswith("https:"):
        hint = "; if the site has no https, write http:// before its address"
    return NotAddedError(f"{url} was not added: {failed.detail}{hint}")


def words_of(url: str) -> str:
    """What an address says of the feed behind it: its host, and its path without the words that every feed has."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    usual = ("", "feed", "feeds", "rss", "atom", "xml", "index", "json")
    return " ".join([host, *(word for word in re.split(r"[^\w]+", parts.path.lower()) if word not in usual)])


def free_slug(text: str, taken: set[str]) -> str:
    """A slug made of a text that nobody has."""
    base = slugify(text)
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
