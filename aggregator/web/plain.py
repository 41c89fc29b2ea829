"""Plain answers, bodies within limits, and turns: what those ASGI applications share that stand in front of the router.

In: messages of ASGI. Out: a whole body; an answer as text, which no browser takes for anything else. Never: a body longer or
slower than was allowed; memory that grows with the number of strangers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Send

_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: what it says, as plain text, for how many seconds to wait, and what may be asked instead of this."""

    status: int
    body: bytes = b""
    wait: int = 0
    allow: str = ""


class BrokenOffError(Exception):
    """The client broke off, or its body is too large or too slow: the answer."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.body.decode())
        self.said = said


class Buckets:
    """So many turns at once for each name, and then so many a minute (X-36). Names that were not heard long are forgotten."""

    def __init__(self, burst: int, a_minute: float) -> None:
        self._burst = float(burst)
        self._a_second = a_minute / 60
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def may(self, name: str, now: datetime) -> bool:
        """Take a turn, if there is one."""
        left, at = self._left.pop(name, (self._burst, now))
        left = min(self._burst, left + max((now - at).total_seconds(), 0.0) * self._a_second)
        self._left[name] = (max(left - 1, 0.0), now)
        while len(self._left) > _MOST_KNOWN:
            self._left.popitem(last=False)
        return left >= 1


async def read_body(headers: Headers, receive: Receive, most: int, seconds: float) -> bytes:
    """The whole body, as it came, within its limits. Raises BrokenOffError."""
    too_large = Said(status=413, body=f"The body is larger than {most:,} bytes.\n".encode())
    told = headers.get("content-length", "")
    if told.isascii() and told.isdigit() and (len(told) > 12 or int(told) > most):
        raise BrokenOffError(too_large)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message: Message = await receive()
                if message["type"] != "http.request":
                    raise BrokenOffError(Said(status=400))
                body += message.get("body", b"")
                if len(body) > most:
                    raise BrokenOffError(too_large)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BrokenOffError(Said(status=408)) from None


async def say(said: Said, send: Send, *, with_body: bool) -> None:
    """Send an answer; one that has no words of its own says what its status means."""
    body = said.body or (b"" if said.status < 300 else f"{HTTPStatus(said.status).phrase}.\n".encode())
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cache-control", b"no-store"),
    ]  # fmt: skip
    if said.wait:
        headers.append((b"retry-after", str(said.wait).encode()))
    if said.allow:
        headers.append((b"allow", said.allow.encode()))
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})
