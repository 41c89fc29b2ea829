"""Configuration and store brought together before anything runs.

In: a Config. Out: an open, reconciled store; stored entries filed again under topics whose rule changed.
Never: an old entry announced as new.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from aggregator.config import Config
from aggregator.topics.match import judge
from storage import intake, reading, upkeep
from storage.database import Database, open_database

_BATCH = 500


def open_store(config: Config) -> Database:
    """Open the configured database at today's schema. Raises storage.database.StorageError."""
    return open_database(config.database)


def prepare(config: Config, db: Database, now: datetime, progress: Callable[[int, int], None] | None = None) -> None:
    """Reconcile the store with the configuration, free the leases of dead pollers, file history again where needed."""
    stale = upkeep.reconcile(db, sources_=config.sources, topics_=config.topic_rows, authors_=config.authors, now=now)
    intake.release_lost(db, owner_is_dead)
    if stale:
        refile(config, db, stale, now, progress)


def refile(
    config: Config, db: Database, slugs: list[str], now: datetime, progress: Callable[[int, int], None] | None = None
) -> None:
    """Hold every stored entry against the rules of these topics, in batches of one transaction each."""
    rules = [topic for topic in config.topics if topic.slug in slugs]
    total, done, after = reading.counts(db)["entries"], 0, 0
    while batch := reading.entries_after(db, after, _BATCH):
        sources = {slug: reading.source_named(db, slug) for slug in {one.source_slug for one in batch}}
        judged = [(one.key, judge(rules, one.entry, sources[one.source_slug])) for one in batch]
        upkeep.refile(db, judged, slugs, now)
        after, done = batch[-1].key, done + len(batch)
        if progress:
            progress(done, total)
    upkeep.mark_filed(db, slugs)


_OWN: set[str] = set()


def own_lease() -> str:
    """A name for this process's leases, which tells others on this machine whether it still lives."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    _OWN.add(owner)
    return owner


def owner_is_dead(owner: str) -> bool:
    """Whether a lease's owner was a process of this machine that is no more. Of other machines we cannot tell."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return owner not in _OWN  # a predecessor that had our number, as in a container
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
