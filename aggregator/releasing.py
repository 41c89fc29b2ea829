"""Entries whose embargo is over, shown.

In: a store, now. Out: entries in our feeds. Never: one before its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from storage import embargo
from storage.database import Database

log = logging.getLogger(__name__)


def release_waiting(db: Database, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """End every embargo that is over. How many entries are shown now that were not."""
    released = 0
    while not stopping() and (keys := embargo.due(db, now)):
        released += len(embargo.release(db, keys, now))
    if released:
        log.info("shown, as the embargo on them is over: %d entries", released)
    return released
