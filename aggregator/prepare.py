"""Configuration and store brought together before anything runs.

In: a Config. Out: an open, reconciled store. Never: a long wait: what takes long goes to the work queue.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from aggregator.config import Config
from storage import intake, upkeep
from storage.database import Database, open_database
from storage.upkeep import Declared


def open_store(config: Config) -> Database:
    """Open the configured database at today's schema. Raises storage.database.StorageError."""
    return open_database(config.database)


def declared(config: Config) -> Declared:
    """What a configuration declares, as the store takes it."""
    return Declared(sources=config.sources, topics=config.topic_rows, authors=config.authors)


def prepare(config: Config, db: Database, now: datetime) -> None:
    """Reconcile the store with the configuration; free the leases of dead pollers; what is to be filed again waits."""
    upkeep.reconcile(db, declared(config), now)
    intake.release_lost(db, owner_is_dead)


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
    return _has_ended(int(pid))


def _has_ended(pid: int) -> bool:
    """Whether a process is dead and only not yet waited for by its parent, as Linux tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
