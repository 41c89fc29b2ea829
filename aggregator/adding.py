"""Follow a feed that no file declares: one request, and it is kept if it is a feed (F-02).

In: an address. Out: a source with its first entries. Never: a source that could not be read.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.config import Config
from aggregator.daemon import hands_of, utc_now
from aggregator.poll import ask, think
from aggregator.prepare import own_lease
from feeds.guard import refuse_url
from feeds.identity import canonical_url, is_web_url, slugify
from feeds.model import Failed, FailureKind, Source
from storage import intake, reading, upkeep
from storage.database import Database
from storage.model import Claim, Decision, State


class NotAddedError(Exception):
    """The feed was not added; the message says why. `bad_usage` tells a wrong request from a feed in trouble."""

    def __init__(self, message: str, *, bad_usage: bool = False) -> None:
        super().__init__(message)
        self.bad_usage = bad_usage


async def add_feed(
    config: Config, db: Database, url: str, *, name: str, slug: str, version: str
) -> tuple[Decision, Source]:
    """Ask `url` once, and follow it where it answers with a feed. Raises NotAddedError."""
    refused = refuse_url(url)
    if refused or not is_web_url(url):
        raise NotAddedError(f"{url} is no address of a feed: {refused}", bad_usage=True)
    taken = {one.source.slug: canonical_url(one.source.url) for one in reading.followed(db)}
    for held, address in taken.items():
        if address == canonical_url(url):
            raise NotAddedError(f"{url} is followed already, as {held}", bad_usage=True)
    source = Source(slug=slug or "new", url=url, name=name)
    claim = Claim(source_id=0, source=source, declared_url=url, state=State(next_poll_at=None), owner=own_lease())
    async with hands_of(config, db, version) as hands:
        outcome, document = await ask(claim, hands)
        if isinstance(outcome, Failed) or document is None:
            raise NotAddedError(_explained(url, outcome if isinstance(outcome, Failed) else None))
        source = replace(source, slug=slug or _free_slug(name or document.head.title or url, set(taken)))
        if source.slug in taken:
            raise NotAddedError(f"the slug {source.slug} is taken; choose another with --slug", bad_usage=True)
        upkeep.add_source(db, source, utc_now())
        claims = intake.claim(db, utc_now(), owner=claim.owner, limit=1, slugs=[source.slug], explicit=True)
        decision = think(claims[0], outcome, document, hands, 0) if claims else None
        recorded = decision is not None and await hands.record(claims[0], decision)
    if decision is None or not recorded:
        raise NotAddedError(f"{url} was added as {source.slug}, and another process is polling it now")
    return decision, source


def _explained(url: str, failed: Failed | None) -> str:
    if failed is None:
        return f"{url} did not answer with a feed"
    hint = ""
    if failed.kind is FailureKind.HTML:
        hint = '; give the address of its feed: the page\'s source names it after rel="alternate"'
    if failed.kind is FailureKind.FORBIDDEN_ADDRESS:
        hint = "; private addresses are followed only where feeds.yaml declares them, so write it there"
    return f"{url} was not added: {failed.detail}{hint}"


def _free_slug(text: str, taken: set[str]) -> str:
    base = slugify(text)
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
