"""The metronome: APScheduler's jobs tick and tidy; start, drain, stop.

In: a configuration, an open store. Out: due sources polled while it runs; on SIGTERM polls in flight end or give their
lease back. Never: a schedule in memory: what is due is a column in the store.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.config import Config
from aggregator.poll import Hands, poll
from aggregator.prepare import own_lease, owner_is_dead
from feeds.fetch import Fetcher
from feeds.sandbox import Sandbox
from storage import intake
from storage.database import Database
from storage.model import Claim, Decision

log = logging.getLogger(__name__)

WORKERS = 16
"""Polls at a time: most of their time is waiting for strangers."""
_TICK_SECONDS = 2
_TIDY_MINUTES = 5
_DRAIN_SECONDS = 10


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def user_agent(config: Config, version: str) -> str:
    """An honest name: product, version and where publishers can reach the operator (F-11)."""
    contact = config.settings.contact or config.base_url
    contact = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()")
    return f"Heliograph/{version} (feed aggregator; +{contact})"


@asynccontextmanager
async def hands_of(config: Config, db: Database, version: str) -> AsyncIterator[Hands]:
    """Everything that polls work with, closed at the end."""
    fetcher = Fetcher(
        user_agent=user_agent(config, version), folder=config.folder, allow_private=config.settings.allow_private
    )
    sandbox = Sandbox()
    try:
        yield Hands(fetcher=fetcher, parse=sandbox.parse, db=db, topics=config.topics, clock=utc_now)
    finally:
        await sandbox.close()
        await fetcher.close()


class Daemon:
    """Polls what is due, until told to stop."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._owner = own_lease()
        self._running: dict[asyncio.Task[Decision | None], Claim] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._stopping = False

    def start(self) -> None:
        """Begin to tick."""
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(self._tick, "interval", seconds=_TICK_SECONDS, next_run_time=utc_now(), **once)
        self._scheduler.add_job(self._tidy, "interval", minutes=_TIDY_MINUTES, **once)
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop cleanly: no new polls; those in flight get a while to end, then give their leases back."""
        self._stopping = True
        self._scheduler.shutdown(wait=False)
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_SECONDS)
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.to_thread(intake.release, self._hands.db, list(left.values()))

    async def _tick(self) -> None:
        """Claim as many due sources as there are free workers."""
        free = WORKERS - len(self._running)
        if free <= 0 or self._stopping:
            return
        claims = await asyncio.to_thread(
            intake.claim, self._hands.db, self._hands.clock(), owner=self._owner, limit=free
        )
        if self._stopping:
            await asyncio.to_thread(intake.release, self._hands.db, claims)
            return
        for claim in claims:
            task = asyncio.create_task(poll(claim, self._hands), name=f"poll {claim.source.slug}")
            self._running[task] = claim
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Decision | None]) -> None:
        claim = self._running.pop(task)
        if task.cancelled():
            return
        if task.exception():
            log.error("recording %s failed", claim.source.slug, exc_info=task.exception())
        elif (decision := task.result()) is not None:
            line = decision.journal
            log.info(
                "%s: %s%s, %d new, %d changed; again %s", claim.source.slug, line.outcome,
                f" ({line.kind}: {line.detail})" if line.kind else "", line.new, line.changed, line.reason,
            )  # fmt: skip
        # A free worker need not wait for the next tick.
        if not self._stopping and len(self._running) == WORKERS - 1:
            self._scheduler.modify_job(self._scheduler.get_jobs()[0].id, next_run_time=utc_now())

    async def _tidy(self) -> None:
        """Free what dead pollers of this machine still hold."""
        await asyncio.to_thread(intake.release_lost, self._hands.db, owner_is_dead)


async def until_stopped(on_stop: Callable[[], None] | None = None) -> None:
    """Wait for SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
    if on_stop:
        on_stop()
