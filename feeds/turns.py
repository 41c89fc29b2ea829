"""Whose turn it is at a host: one request at a time, with a pause between two visits (F-43).

In: the names of hosts. Out: turns, in the order in which they were asked for. Never: a wait for hosts that the operator
calls his own, or a record of hosts that nobody asks any more.
"""

from __future__ import annotations

import asyncio

_MANY = 1000


class _Host:
    """The queue at a host, and when it may be asked again, on the event loop's clock."""

    __slots__ = ("free_at", "queue", "wanted")

    def __init__(self) -> None:
        self.queue = asyncio.Lock()
        self.free_at = 0.0
        self.wanted = 0


class Turns:
    """The queues at all hosts. `spacing` is in seconds, from the end of one visit to the start of the next."""

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        return len(self._hosts)

    async def take(self, name: str) -> Turn:
        """Wait for one's turn at a host."""
        if len(self._hosts) >= _MANY:
            self._forget()
        host = self._hosts.setdefault(name, _Host())
        host.wanted += 1
        try:
            await host.queue.acquire()
        except BaseException:
            host.wanted -= 1
            raise
        turn = Turn(name, host, self._spacing)
        wait = host.free_at - asyncio.get_running_loop().time()
        if wait > 0:
            try:
                await asyncio.sleep(wait)
            except BaseException:
                turn.give_back(visited=False)
                raise
        return turn

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        self._hosts = {name: host for name, host in self._hosts.items() if host.wanted or host.free_at > now}


class Turn:
    """The right to ask a host, until it is given back. Following a redirect within the host is the same visit."""

    __slots__ = ("_held", "_host", "_spacing", "name")

    def __init__(self, name: str, host: _Host, spacing: float) -> None:
        self.name = name
        self._host = host
        self._spacing = spacing
        self._held = True

    def give_back(self, *, visited: bool = True) -> None:
        """Let the next one in, after the pause. Once: a second time does nothing."""
        if not self._held:
            return
        self._held = False
        if visited:
            self._host.free_at = asyncio.get_running_loop().time() + self._spacing
        self._host.wanted -= 1
        self._host.queue.release()
