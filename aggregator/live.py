"""A configuration that lives: feeds.yaml is read again when it changes, or on SIGHUP.

In: the configuration in force. Out: the next one, handed to those who work by it. Never: a configuration that has a
complaint: the last good one stays, and the complaint is logged with file, line and reason.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass

from watchfiles import awatch

from aggregator.config import Config, ConfigError, load_config
from aggregator.daemon import Daemon, fetcher_of, utc_now
from aggregator.prepare import declared
from aggregator.publish import Publisher
from storage import upkeep
from storage.database import Database, StorageError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Living:
    """Those who work by the configuration, and how to tell them of another. `daemon` is None where nothing is polled."""

    db: Database
    publisher: Publisher
    daemon: Daemon | None
    version: str

    async def watch(self, stopped: asyncio.Event) -> None:
        """Read the file again whenever it changes, until stopped."""
        config = self.publisher.config
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self.reload()))
        # The folder, since editors replace a file rather than write into it.
        async for changes in awatch(
            config.folder, watch_filter=None, stop_event=stopped, recursive=False, debounce=300
        ):
            if any(path.endswith(config.path.name) for _, path in changes):
                await self.reload()

    async def reload(self) -> bool:
        """Read the file, and go by it if it is good. Whether it is in force."""
        held = self.publisher.config
        try:
            config = await asyncio.to_thread(load_config, held.path, host=held.host, port=held.port)
            await asyncio.to_thread(self._take, config)
        except ConfigError as error:
            for complaint in error.complaints:
                log.error("the changed configuration is refused, the last good one stays: %s", complaint)
            return False
        except StorageError as error:
            log.error("the changed configuration waits: %s", error)
            return False
        self._tell(held, config)
        log.info(
            "%s is in force: %d sources, %d topics, %d authors",
            config.path.name, len(config.sources), len(config.topics), len(config.authors),
        )  # fmt: skip
        return True

    def _take(self, config: Config) -> None:
        if self.daemon is not None:
            upkeep.reconcile(self.db, declared(config), utc_now())

    def _tell(self, held: Config, config: Config) -> None:
        if config.database != held.database:
            log.warning("settings.database changed: that takes a restart, the store in use stays")
        self.publisher.adopt(config)
        if self.daemon is not None:
            changed = _reach(held) != _reach(config)
            self.daemon.adopt(config, fetcher_of(config, self.version) if changed else None)


def _reach(config: Config) -> tuple[object, ...]:
    """What a fetcher is made of."""
    return config.settings.allow_private, config.settings.contact, config.base_url, config.secrets
