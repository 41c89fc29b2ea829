"""Look for feeds at an address: the address itself, what its page names, and only then the usual places (D-01 to D-03).

In: an address, a fetcher, a parser. Out: a feed that was read, or feeds to choose from. Never: an address asked twice,
a private address, or a site searched that does not want to be (F-45).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aggregator.poll import Hands
from aggregator.robots import ROBOTS_NAME, ask_robots
from feeds.discover import Candidate, discover, known_places
from feeds.fetch import Fetcher
from feeds.identity import without_credentials
from feeds.model import Document, Failed, FailureKind, Fetched, Outcome, Source, Validators
from feeds.robots import allowed

SPACING = 1.0
"""Seconds between two looks at the usual places of one site."""

# A site that answers so does not want more questions, or cannot answer them.
_ENOUGH = {
    FailureKind.BUSY, FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT,
    FailureKind.FORBIDDEN_ADDRESS,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A feed that was asked and read: under which address, what was answered, what it says."""

    asked: str
    outcome: Fetched
    document: Document
    milliseconds: int = 0

    @property
    def url(self) -> str:
        """Where it is, after redirects."""
        return self.outcome.answer.url or self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look brought: a feed, or candidates, or neither and why.

    `tried` are the usual places that were asked; `stopped` says why not all were.
    """

    url: str
    read: Read | None = None
    candidates: tuple[Candidate, ...] = ()
    failed: Failed | None = None
    tried: tuple[str, ...] = ()
    stopped: str = ""


Pause = Callable[[float], Awaitable[None]]
Told = Callable[[str], None]


async def look(
    url: str, hands: Hands, prober: Fetcher, *, pause: Pause = asyncio.sleep, told: Told = lambda _: None
) -> Found:
    """Ask `url` once. A feed is read; a page is searched for feeds; where it names none, `prober`, which follows no
    redirects, looks at the usual places one after the other and stops at the first feed."""
    told(f"asking {without_credentials(url)}")
    outcome, read, milliseconds = await _ask(url, hands, hands.fetcher)
    if isinstance(read, Document) and isinstance(outcome, Fetched):
        return Found(url=url, read=Read(asked=url, outcome=outcome, document=read, milliseconds=milliseconds))
    if not isinstance(outcome, Fetched):
        assert isinstance(outcome, Failed)
        return Found(url=url, failed=outcome)
    candidates = discover(outcome.body, outcome.answer.url or url, outcome.answer.headers)
    if candidates:
        return Found(url=url, candidates=candidates)
    is_page = "html" in outcome.answer.headers.get("content-type", "")
    if isinstance(read, Failed) and read.kind is not FailureKind.HTML and not is_page:
        return Found(url=url, failed=read)
    return await _usual_places(url, outcome.answer.url or url, hands, prober, pause, told)


async def read_feed(url: str, hands: Hands) -> Read | Failed:
    """Ask for a feed that somebody chose."""
    outcome, read, milliseconds = await _ask(url, hands, hands.fetcher)
    if isinstance(outcome, Fetched) and isinstance(read, Document):
        return Read(asked=url, outcome=outcome, document=read, milliseconds=milliseconds)
    return read if isinstance(read, Failed) else _unread(outcome)


async def _usual_places(url: str, page: str, hands: Hands, prober: Fetcher, pause: Pause, told: Told) -> Found:
    robots = await ask_robots(page, hands.fetcher)
    stopped = "its robots.txt cannot be read just now, so nothing else was asked" if robots is None else ""
    tried: list[str] = []
    for place in known_places(page) if not stopped else ():
        if not allowed(robots or b"", ROBOTS_NAME, place):
            stopped = "robots.txt forbids to look at some"
            continue
        await pause(SPACING)
        told(f"looking at {place}")
        tried.append(place)
        outcome, read, milliseconds = await _ask(place, hands, prober)
        if isinstance(outcome, Fetched) and isinstance(read, Document):
            feed = Read(asked=place, outcome=outcome, document=read, milliseconds=milliseconds)
            return Found(url=url, read=feed, tried=tuple(tried))
        if isinstance(outcome, Failed) and outcome.kind in _ENOUGH:
            stopped = f"the site wants no more questions: {outcome.detail}"
            break
    return Found(url=url, tried=tuple(tried), stopped=stopped)


async def _ask(url: str, hands: Hands, fetcher: Fetcher) -> tuple[Outcome, Document | Failed | None, int]:
    clock = asyncio.get_running_loop().time
    started = clock()
    # Secrets are known by slugs: under an empty one none is shown to strangers.
    outcome = await fetcher.fetch(Source(slug="", url=url), Validators())
    milliseconds = round((clock() - started) * 1000)
    if not isinstance(outcome, Fetched):
        return outcome, None, milliseconds
    answer = outcome.answer
    shown = without_credentials(answer.url)
    read = await hands.parse(outcome.body, shown, answer.headers.get("content-type", ""))
    return outcome, replace(read, answer=answer) if isinstance(read, Failed) else read, milliseconds


def _unread(outcome: Outcome) -> Failed:
    if isinstance(outcome, Failed):
        return outcome
    return Failed(kind=FailureKind.NOT_A_FEED, detail="it did not answer with a feed", answer=outcome.answer)
