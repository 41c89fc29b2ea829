"""robots.txt of the hosts whose pages we read: asked once a day, kept within bounds (F-45, RFC 9309).

In: addresses, a fetcher, now. Out: whether an address may be asked. Never: a host asked anew for each of its pages, a page
asked whose host's robots.txt could not be read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from feeds.fetch import Fetcher
from feeds.model import Failed, FailureKind, Fetched, Source, Validators
from feeds.robots import MOST_BYTES, allowed

ROBOTS_NAME = "heliograph"
_KEPT = timedelta(hours=24)
_TRIED_AGAIN = timedelta(minutes=10)
_MOST_HOSTS = 1000
_MOST_KEPT = 8_000_000  # bytes of all hosts together


async def ask_robots(page: str, fetcher: Fetcher) -> bytes | None:
    """The robots.txt of a page's host: no file allows all; None where trouble forbids to ask (RFC 9309 section 2.3)."""
    outcome = await fetcher.fetch(Source(slug="", url=urljoin(page, "/robots.txt")), Validators())
    if isinstance(outcome, Fetched):
        return outcome.body[:MOST_BYTES]
    if isinstance(outcome, Failed) and outcome.kind is FailureKind.FORBIDDEN_ADDRESS:
        return b""  # what else is asked there is refused for its address, which says more
    status = outcome.answer.status if outcome.answer else 0
    return b"" if 400 <= status < 500 and status != 429 else None


class Robots:
    """What hosts said, by scheme, host and port; the one used longest ago is forgotten first."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[datetime, bytes | None]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._held)

    async def may(self, url: str, fetcher: Fetcher) -> bool | None:
        """Whether a page may be asked; None where its host's robots.txt cannot be read just now."""
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc.lower()}"
        held = self._held.get(place)
        now = self._clock()
        if held is None or not now < held[0] <= now + _KEPT:  # a clock that jumped back has kept it for too long
            said = await ask_robots(url, fetcher)
            held = (now + (_TRIED_AGAIN if said is None else _KEPT), said)
            self._keep(place, held)
        self._held.move_to_end(place)
        return None if held[1] is None else allowed(held[1], ROBOTS_NAME, url)

    def _keep(self, place: str, held: tuple[datetime, bytes | None]) -> None:
        before = self._held.pop(place, None)
        self._size += len(held[1] or b"") - len((before and before[1]) or b"")
        self._held[place] = held
        while len(self._held) > _MOST_HOSTS or (self._size > _MOST_KEPT and len(self._held) > 1):
            _, (_, gone) = self._held.popitem(last=False)
            self._size -= len(gone or b"")
