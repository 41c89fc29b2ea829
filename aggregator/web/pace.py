"""How often one client may ask: a bucket for each address that fills again with time.

In: an address, a limit, the time. Out: how long to wait, 0 where nothing is in the way. Never: memory without bound.
"""

from __future__ import annotations

import math
from collections import OrderedDict

_MOST_CLIENTS = 20_000


class Pace:
    """Requests of clients, each with a bucket that holds a minute's worth."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, a_minute: int, now: float) -> int:
        """Count a request of a client, at `now` in seconds of any clock; seconds that it has to wait, 0 for none."""
        left, at = self._left.pop(client, (float(a_minute), now))
        left = min(float(a_minute), left + max(now - at, 0.0) * a_minute / 60)
        may = left >= 1
        self._left[client] = (left - 1 if may else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)  # who has not asked for longest has a full bucket by now
        return 0 if may else max(1, math.ceil((1 - left) * 60 / a_minute - 1e-6))
