"""Configuration and store brought together before anything runs.

In: a Config. Out: an open, reconciled store. Never: a long wait: what takes long goes to the work queue.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from aggregator.config import Config
from aggregator.indexing import tokens_version
from aggregator.meaning import meaning_version
from aggregator.rhythm import after_pause
from feeds.guard import Network, refuse_address
from storage import intake, upkeep
from storage.database import Database, open_database
from storage.overdue import overdue, plan_again
from storage.rows import host_of
from storage.upkeep import Declared
from storage.work import release_lost_work

_OWN_NAMES = (".local", ".lan", ".internal", ".home.arpa", ".localhost", ".test", ".intranet", ".corp", ".home")


def open_store(config: Config) -> Database:
    """Open the configured database at today's schema. Raises storage.database.StorageError."""
    return open_database(config.database)


def declared(config: Config) -> Declared:
    """What a configuration declares, as the store takes it."""
    networks = config.settings.allow_private
    sources = tuple(replace(row, own_host=is_own_host(row.source.url, networks)) for row in config.sources)
    reach = " ".join(sorted(map(str, networks)))
    return Declared(
        sources=sources,
        topics=config.topic_rows,
        authors=config.authors,
        reach=reach,
        meaning=meaning_version(),
        search=tokens_version(),
    )


def is_own_host(url: str, networks: Sequence[Network]) -> bool:
    """Whether an address is at the operator's own: in one of `networks`, or under a name that no public host can have.

    Without such networks nothing is. (RFC 6761, RFC 6762, RFC 8375, and names of one label, as in a container's net.)
    """
    host = host_of(url)
    if not networks or not host:
        return False
    if refuse_address(host) is not None and refuse_address(host, networks) is None:
        return True
    return not host.replace(".", "").isdigit() and ":" not in host and ("." not in host or host.endswith(_OWN_NAMES))


def prepare(config: Config, db: Database, now: datetime) -> None:
    """Reconcile the store with the configuration; free the leases of dead pollers; what is to be filed again waits."""
    upkeep.reconcile(db, declared(config), now)
    intake.release_lost(db, owner_is_dead)
    release_lost_work(db, owner_is_dead)


def take_up(db: Database, now: datetime) -> int:
    """After a pause, spread what fell due meanwhile instead of asking for it all at once (F-12). How many sources."""
    late = overdue(db, now)
    plan_again(db, ((one, *after_pause(one.source, one.state, now)) for one in late))
    return len(late)


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
