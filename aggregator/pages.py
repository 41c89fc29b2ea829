"""Pages of entries read for their text: leave asked, fetched, read, and the entry judged anew (F-45).

In: work of the kind PAGE, hands. Out: articles in the store, entries filed by them. Never: a private host, a page that
robots.txt keeps us from, two pages of a host at a time, an entry held up: it was recorded and filed before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.meaning import meaning_of
from aggregator.poll import Hands
from aggregator.rhythm import retry_after
from aggregator.robots import Robots
from aggregator.topics.match import judge
from aggregator.topics.subject import Told
from aggregator.whole import whole
from feeds.guard import refuse_url
from feeds.identity import without_credentials
from feeds.model import Article, Failed, FailureKind, Fetched, Source, Validators
from storage import articles, reading
from storage.articles import PageState
from storage.database import Database, StorageError
from storage.model import Judged, Kept, Work
from storage.rows import host_of
from storage.work import MOST_ATTEMPTS, fail, finish, give_back

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Pages at a time, each of another host."""
_REDIRECTS = 5
_BUSY_WITHOUT_WORD = timedelta(hours=1)
_MOST_HOSTS = 1000
# A server that answers so will answer so again.
_FINAL = {400, 401, 402, 403, 404, 405, 406, 410, 414, 415, 451}
_NOT_FOR_US = {401, 402, 403, 451}
_AGAIN = {
    FailureKind.DNS,
    FailureKind.CONNECT,
    FailureKind.TLS,
    FailureKind.TIMEOUT,
    FailureKind.PROTOCOL,
    FailureKind.HTTP,
}
_REFUSING = {FailureKind.FORBIDDEN_ADDRESS, FailureKind.CREDENTIALS}


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How one attempt at a page ended: with an article, for good, or to be tried again, after `until` at the earliest.

    `host` is the host that wants to be left alone until then, "" where only this page is to wait.
    """

    url: str
    article: Article | None = None
    state: PageState = "fetched"
    reason: str = ""
    again: bool = False
    until: datetime | None = None
    host: str = ""


class PageReader:
    """Reads pages that wait. One for the life of a program: it remembers robots.txt and hosts that want peace."""

    def __init__(self, owner: str, clock: Callable[[], datetime]) -> None:
        self._owner = owner
        self._robots = Robots(clock)
        self._running: dict[asyncio.Task[None], Work] = {}
        self._rests: dict[str, datetime] = {}
        self._stopped = False

    async def begin(self, hands: Hands) -> int:
        """Begin as many pages as there are free readers. How many."""
        free = AT_ONCE - len(self._running)
        if free <= 0 or hands.read_page is None:
            return 0
        busy = {piece.payload["host"] for piece in self._running.values()} | self._resting(hands.clock())
        claimed = await asyncio.to_thread(
            articles.claim_pages, hands.db, hands.clock(), owner=self._owner, limit=free, busy=busy
        )
        if self._stopped:
            await asyncio.to_thread(give_back, hands.db, claimed)
            return 0
        for piece in claimed:
            task = asyncio.create_task(self._one(piece, hands), name=f"page of entry {piece.subject}")
            self._running[task] = piece
            task.add_done_callback(self._running.pop)
        return len(claimed)

    async def read_all(self, hands: Hands, progress: Callable[[int], None] = lambda _: None) -> int:
        """Read every page that is due. How many were asked for; `progress` hears of it as it grows."""
        number = 0
        try:
            while True:
                number += await self.begin(hands)
                progress(number)
                if not self._running:
                    return number
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._leave_off(hands.db)

    async def stop(self, db: Database) -> None:
        """Begin no more, and give back what is being read."""
        self._stopped = True
        await self._leave_off(db)

    async def _leave_off(self, db: Database) -> None:
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            await asyncio.to_thread(give_back, db, list(left.values()))

    def _resting(self, now: datetime) -> set[str]:
        self._rests = {host: until for host, until in self._rests.items() if until > now}
        return set(self._rests)

    async def _one(self, piece: Work, hands: Hands) -> None:
        try:
            end = await self._asked(piece.payload["url"], hands)
            await self._concluded(piece, end, hands)
        except StorageError as error:
            log.error("the page of entry %s waits: %s", piece.subject, error)  # its lease runs out by itself
        except Exception as error:  # a fault of ours costs this page, later
            log.exception("reading the page of entry %s failed", piece.subject)
            await self._later(piece, _End(url=piece.payload["url"], reason=f"a fault of ours: {error!r}"[:300]), hands)

    async def _concluded(self, piece: Work, end: _End, hands: Hands) -> None:
        if end.again:
            if end.until is not None and end.host:
                if len(self._rests) < _MOST_HOSTS:
                    self._rests[end.host] = end.until
                await asyncio.to_thread(articles.leave_host_alone, hands.db, end.host, end.until, end.reason)
            await self._later(piece, end, hands)
            return
        await asyncio.to_thread(_keep, hands, int(piece.subject), end)
        await asyncio.to_thread(finish, hands.db, piece)
        told = f"{len(end.article.text):,} characters" if end.article else f"{end.state}: {end.reason}"
        log.info("page of entry %s: %s", piece.subject, told)

    async def _later(self, piece: Work, end: _End, hands: Hands) -> None:
        """Again after a while; given up at last, which is kept with the reason."""
        if piece.attempts + 1 < MOST_ATTEMPTS:
            await asyncio.to_thread(fail, hands.db, piece, end.reason, hands.clock(), due_at=end.until)
            return
        given_up = replace(end, state="failed", reason=f"given up after {MOST_ATTEMPTS} attempts: {end.reason}")
        await asyncio.to_thread(_keep, hands, int(piece.subject), given_up)
        await asyncio.to_thread(finish, hands.db, piece)
        log.info("page of entry %s: %s", piece.subject, given_up.reason)

    async def _asked(self, url: str, hands: Hands) -> _End:
        """Ask for a page and for those that it leads to; leave is asked at each host on the way."""
        fetcher, seen = hands.fetcher.for_pages(), {url}
        for _ in range(_REDIRECTS + 1):
            if refused := refuse_url(url):
                return _End(url=url, state="refused", reason=refused)
            host = host_of(url)
            rest = self._rests.get(host) or await asyncio.to_thread(articles.rest_of, hands.db, host, hands.clock())
            if rest is not None and rest > hands.clock():
                return _End(url=url, again=True, until=rest, reason=f"{host} wants to be left alone")
            leave = await self._robots.may(url, hands.fetcher)
            if leave is None:
                return _End(url=url, again=True, reason=f"the robots.txt of {host} cannot be read just now")
            if not leave:
                return _End(url=url, state="refused", reason=f"the robots.txt of {host} forbids it")
            outcome = await fetcher.fetch(Source(slug="", url=url), Validators())
            if isinstance(outcome, Fetched):
                return await _read(outcome, hands)
            assert isinstance(outcome, Failed)
            target = without_credentials(outcome.answer.headers.get("location", "")) if outcome.answer else ""
            if outcome.kind is not FailureKind.REDIRECT or not target or target in seen:
                return _trouble(url, outcome, hands.clock())
            seen.add(target)
            url = target
        return _End(url=url, state="failed", reason=f"more than {_REDIRECTS} redirects")


async def _read(outcome: Fetched, hands: Hands) -> _End:
    assert hands.read_page is not None
    answer = outcome.answer
    read = await hands.read_page(outcome.body, answer.url, answer.headers.get("content-type", ""))
    if isinstance(read, Failed):
        return _End(url=answer.url, state="failed", reason=read.detail)
    return _End(url=answer.url, article=read)


def _trouble(url: str, failed: Failed, now: datetime) -> _End:
    """What an answer without a page means: not for us, gone, or to be asked again later."""
    status = failed.answer.status if failed.answer else 0
    if failed.kind is FailureKind.BUSY and failed.answer:
        until, why = retry_after(failed.answer.headers, now)
        if status == 429:
            until = until or now + _BUSY_WITHOUT_WORD
        reason = f"{failed.detail}; {why}" if why else failed.detail
        return _End(url=url, again=True, until=until, reason=reason, host=host_of(url) if status == 429 else "")
    if failed.kind in _AGAIN and status not in _FINAL:
        return _End(url=url, again=True, reason=failed.detail)
    refused = failed.kind in _REFUSING or status in _NOT_FOR_US
    return _End(url=url, state="refused" if refused else "failed", reason=failed.detail)


def _keep(hands: Hands, key: int, end: _End) -> None:
    """Keep what came of a page; with an article the entry is judged anew, as often as it is edited meanwhile."""
    for _ in range(3):
        kept = reading.entry(hands.db, key)
        if kept is None:
            return  # removed meanwhile
        judged = None if end.article is None else judged_with(kept, end.article, hands)
        if articles.put_page(
            hands.db,
            key,
            end.url,
            end.article,
            hands.clock(),
            state=end.state,
            reason=end.reason,
            judged=judged,
            sign=not kept.author_slugs,
        ):
            return
    raise StorageError(f"entry {key} is edited again and again")


def judged_with(kept: Kept, page: Article, hands: Hands) -> Judged:
    """What is made of a stored entry now that its page was read."""
    source = reading.source_named(hands.db, kept.source_slug)
    told, signed = whole(kept.entry, page, source)
    meaning = meaning_of(told, source, signed.wire or kept.wire)
    filings = judge(hands.topics, told, source, meaning, Told(published=kept.published))
    return Judged(
        entry=kept.entry, fingerprint=kept.fingerprint, published=kept.published, published_note=kept.published_note,
        updated=kept.updated, filings=filings, bylines=signed.bylines, key=kept.key,
        meaning=meaning,
    )  # fmt: skip
