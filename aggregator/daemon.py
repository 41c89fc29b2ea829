"""The daemon: jobs that tick, tidy, work, join, index and pace; start, drain, stop.

In: a configuration, an open store. Out: due sources polled while it runs; on SIGTERM polls in flight end or give their
lease back. Never: a schedule in memory: what is due is a column in the store.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.budgeting import share_out
from aggregator.config import Config
from aggregator.hub import Distributor
from aggregator.inbox import read_pushes
from aggregator.indexing import index_waiting
from aggregator.joining import Joiner
from aggregator.metronome import Metronome
from aggregator.pages import PageReader
from aggregator.poll import Hands, poll
from aggregator.prepare import own_lease, owner_is_dead
from aggregator.publish import Publisher
from aggregator.reader import PROGRAM
from aggregator.recorder import PATIENCE, Recorder
from aggregator.refiling import refile_waiting
from aggregator.rejudging import rejudge_waiting
from aggregator.releasing import release_waiting
from aggregator.subscribing import ask_hubs, push_base, survey
from feeds.callbacks import Caller
from feeds.fetch import Fetcher, Limits
from feeds.sandbox import Sandbox
from storage import intake
from storage.database import Database, StorageError
from storage.model import Claim, Decision
from storage.work import release_lost_work

log = logging.getLogger(__name__)

WORKERS = 16
"""Polls at a time: most of their time is waiting for strangers."""
_TICK_SECONDS = 2
_WORK_SECONDS = 3
_STORIES_SECONDS = 5
_INDEX_SECONDS = 5
# After an upgrade everything waits to be indexed: in portions, so that polls and readers are served meanwhile.
_MOST_INDEXED = 4000
_PUSHES_SECONDS = 2
_PAGES_SECONDS = 2
_HUBS_SECONDS = 10
_DELIVERIES_SECONDS = 0.5
_SUBSCRIBERS_SECONDS = 300
_TIDY_SECONDS = 30
_PACE_SECONDS = 600
_DRAIN_SECONDS = 10


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def user_agent(config: Config, version: str) -> str:
    """An honest name: product, version and where publishers can reach the operator (F-11)."""
    contact = config.settings.contact or config.base_url
    contact = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()")
    return f"Heliograph/{version} (feed aggregator; +{contact})"


def fetcher_of(config: Config, version: str) -> Fetcher:
    """A fetcher with the manners and the reach that the configuration gives it."""
    return Fetcher(
        user_agent=user_agent(config, version), folder=config.folder, allow_private=config.settings.allow_private,
        secrets=config.secrets,
    )  # fmt: skip


@asynccontextmanager
async def prober_of(config: Config, version: str) -> AsyncIterator[Fetcher]:
    """A fetcher for places that nobody named: public addresses only, no redirects (D-03)."""
    prober = Fetcher(user_agent=user_agent(config, version), folder=config.folder, limits=Limits(redirects=0))
    try:
        yield prober
    finally:
        await prober.close()


@asynccontextmanager
async def hands_of(
    config: Config, db: Database, version: str, *, patience: float = PATIENCE, warm: bool = False
) -> AsyncIterator[Hands]:
    """Everything that polls work with, closed at the end. `patience` is how many seconds to wait for an absent store.

    With `warm` the parser processes are up before anything is polled, else each starts with its first feed.
    """
    fetcher, sandbox = fetcher_of(config, version), Sandbox(program=PROGRAM)
    recorder = Recorder(db, patience=patience)
    pages = Sandbox(1)  # of its own: polls never wait for pages, and only one process takes what reading them takes
    try:
        if warm:
            await sandbox.warm()
        yield Hands(
            fetcher=fetcher, parse=sandbox.parse, tell=sandbox.parse_and_tell, db=db, record=recorder.record,
            topics=config.topics,
            rules=config.rules, clock=utc_now, timezone=config.settings.timezone, budget=config.settings.budget,
            push_base=push_base(config), base_url=config.base_url, read_page=pages.article,
        )  # fmt: skip
    finally:
        await sandbox.close()
        await pages.close()
        await fetcher.close()


def distributor_of(publisher: Publisher, version: str) -> Distributor:
    """Our hub's worker, with the reach that the configuration gives it. It is closed when it is stopped."""
    config = publisher.config
    caller = Caller(user_agent(config, version), config.settings.hub_allow_private)
    return Distributor(publisher, caller, owner=own_lease(), clock=utc_now)


class Daemon:
    """Polls what is due and does the work that waits, until told to stop; with a `distributor` that of our hub too."""

    def __init__(self, hands: Hands, distributor: Distributor | None = None) -> None:
        self._hands = hands
        self._owner = own_lease()
        self._running: dict[asyncio.Task[Decision | None], Claim] = {}
        self._retired: list[Fetcher] = []
        self._metronome = Metronome()
        self._page_reader = PageReader(self._owner, hands.clock)
        self._joiner = Joiner()
        self._distributor = distributor
        self._stopping = False

    def start(self) -> None:
        """Begin to tick."""
        now = utc_now()
        self._metronome.every(_TICK_SECONDS, self._tick, "tick", now)
        self._metronome.every(_WORK_SECONDS, self._work, "work", now)
        self._metronome.every(_STORIES_SECONDS, self._join, "stories", now)
        self._metronome.every(_INDEX_SECONDS, self._index, "index", now)
        self._metronome.every(_PUSHES_SECONDS, self._pushes, "pushes", None)
        self._metronome.every(_PAGES_SECONDS, self._pages, "pages", None)
        self._metronome.every(_HUBS_SECONDS, self._hubs, "hubs", None)
        if self._distributor is not None:
            self._metronome.every(_DELIVERIES_SECONDS, self._deliver, "deliveries", None)
            self._metronome.every(_SUBSCRIBERS_SECONDS, self._tidy_hub, "subscribers", None)
        self._metronome.every(_TIDY_SECONDS, self._tidy, "tidy", None)
        self._metronome.every(_PACE_SECONDS, self._pace, "pace", now)
        self._metronome.start()

    def adopt(self, config: Config, fetcher: Fetcher | None) -> None:
        """Go on by another configuration: new polls use its rules, and its fetcher where one is given."""
        if fetcher is not None:
            # Polls in flight still use the old one.
            self._retired.append(self._hands.fetcher)
        self._hands = replace(
            self._hands, topics=config.topics, rules=config.rules, fetcher=fetcher or self._hands.fetcher,
            timezone=config.settings.timezone, budget=config.settings.budget, push_base=push_base(config),
            base_url=config.base_url,
        )  # fmt: skip
        if self._distributor is not None:
            self._distributor.adopt(config)
        self._soon("tick", "work", "pace")

    async def stop(self) -> None:
        """Stop cleanly: no new polls; those in flight get a while to end, then give their leases back."""
        self._stopping = True
        self._metronome.stop()
        try:
            await self._page_reader.stop(self._hands.db)
        except StorageError as error:
            log.error("leases of pages run out by themselves: %s", error)
        await self._stop_hub()
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_SECONDS)
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            await asyncio.to_thread(intake.release, self._hands.db, list(left.values()))
        except StorageError as error:
            log.error("leases run out by themselves: %s", error)
        for fetcher in self._retired:
            await fetcher.close()

    async def _tick(self) -> None:
        """Claim as many due sources as there are free workers."""
        free = WORKERS - len(self._running)
        if free <= 0 or self._stopping:
            return
        hands = self._hands
        try:
            claims = await asyncio.to_thread(intake.claim, hands.db, hands.clock(), owner=self._owner, limit=free)
        except StorageError as error:
            log.error("nothing is polled: %s", error)
            return
        if self._stopping:
            await asyncio.to_thread(intake.release, hands.db, claims)
            return
        for claim in claims:
            task = asyncio.create_task(poll(claim, hands), name=f"poll {claim.source.slug}")
            self._running[task] = claim
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Decision | None]) -> None:
        claim = self._running.pop(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, StorageError):
            log.error("%s was polled and could not be recorded: %s", claim.source.slug, error)
        elif error is not None:
            log.error("recording %s failed", claim.source.slug, exc_info=error)
        elif (decision := task.result()) is not None:
            line = decision.journal
            log.info(
                "%s: %s%s, %d new, %d changed; next poll: %s", claim.source.slug, line.outcome,
                f" ({line.kind}: {line.detail})" if line.kind else "", line.new, line.changed, line.reason,
            )  # fmt: skip
        # A free worker need not wait for the next tick.
        if len(self._running) == WORKERS - 1:
            self._soon("tick")

    def _soon(self, *jobs: str) -> None:
        for job in jobs:
            if not self._stopping:
                self._metronome.soon(job, utc_now())

    async def _work(self) -> None:
        """Do the later work that waits."""
        hands = self._hands

        def stopping() -> bool:
            return self._stopping or self._hands is not hands

        try:
            await asyncio.to_thread(release_waiting, hands.db, hands.clock(), stopping)
            await asyncio.to_thread(rejudge_waiting, hands.db, hands.clock, owner=self._owner, stopping=stopping)
            changed = await asyncio.to_thread(
                refile_waiting, hands.db, hands.topics, hands.clock, owner=self._owner, stopping=stopping
            )
        except StorageError as error:
            log.error("later work waits: %s", error)
        else:
            if changed:
                log.info("filed again: %d changes of entries in topics", changed)

    async def _join(self) -> None:
        """Find which of the entries that came tell the same story."""
        hands = self._hands
        try:
            joined = await asyncio.to_thread(
                self._joiner.join_waiting, hands.db, hands.clock, owner=self._owner, stopping=lambda: self._stopping
            )
        except StorageError as error:
            log.error("stories wait: %s", error)
        else:
            if joined:
                log.info("joined into stories: %d entries", joined)

    async def _index(self) -> None:
        """Put what came and what changed into the full-text index."""
        try:
            db = self._hands.db
            await asyncio.to_thread(index_waiting, db, stopping=lambda: self._stopping, most=_MOST_INDEXED)
        except StorageError as error:
            log.error("entries wait to be indexed: %s", error)

    async def _pace(self) -> None:
        """Share the budget out anew, by what was learned since."""
        hands = self._hands
        try:
            await asyncio.to_thread(share_out, hands.db, hands.budget, hands.timezone, hands.clock())
        except StorageError as error:
            log.error("the budget is not shared out anew: %s", error)

    async def _pushes(self) -> None:
        """Read what hubs brought."""
        try:
            await read_pushes(self._hands, owner=self._owner, stopping=lambda: self._stopping)
        except StorageError as error:
            log.error("what was pushed waits: %s", error)

    async def _pages(self) -> None:
        """Begin with pages that wait to be read."""
        try:
            if not self._stopping:
                await self._page_reader.begin(self._hands)
        except StorageError as error:
            log.error("pages wait: %s", error)

    async def _hubs(self) -> None:
        """Ask hubs for push, renew, take back."""
        hands = self._hands
        try:
            await asyncio.to_thread(survey, hands, hands.clock())
            while not self._stopping and await ask_hubs(hands, owner=self._owner):
                pass
        except StorageError as error:
            log.error("hubs are not asked: %s", error)

    async def _deliver(self) -> None:
        """Verify who subscribed at our hub, and bring what changed."""
        assert self._distributor is not None
        try:
            await self._distributor.begin()
        except StorageError as error:
            log.error("our hub waits: %s", error)

    async def _tidy_hub(self) -> None:
        """End the subscriptions at our hub that are over."""
        assert self._distributor is not None
        try:
            await asyncio.to_thread(self._distributor.tidy)
        except StorageError as error:
            log.error("our hub is not tidied: %s", error)

    async def _stop_hub(self) -> None:
        try:
            if self._distributor is not None:
                await self._distributor.stop()
        except StorageError as error:
            log.error("leases of deliveries run out by themselves: %s", error)

    async def _tidy(self) -> None:
        """Free what dead pollers of this machine still hold, and what we were given without hearing of it."""
        db, busy = self._hands.db, [claim.source_id for claim in self._running.values()]
        # A claim of the last minute may not have been heard of yet.
        before = self._hands.clock() + intake.LEASE - timedelta(minutes=1)
        try:
            await asyncio.to_thread(intake.release_lost, db, owner_is_dead)
            await asyncio.to_thread(release_lost_work, db, owner_is_dead)
            await asyncio.to_thread(intake.release_idle, db, self._owner, busy, before)
        except StorageError as error:
            log.error("not tidied: %s", error)


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
