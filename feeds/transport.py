"""HTTP/1.1 over connections to checked addresses, kept alive for a while.

In: a request at httpx's transport seam. Out: its response, whose body streams. Never: an address that the guard did not
check at the moment of connecting (X-01), a connection that is used again with anything of an answer left in it, a proxy.

h11 reads and writes the protocol; the rest is ours since the address check, the limits and the speed of a 304 all hang
on it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import cast

import h11
import httpx

from feeds import guard

IDLE_SECONDS = 15.0
"""How long a connection is kept for a next request."""
_MOST_IDLE = 256
_LARGEST_HEAD = 100 * 1024
_LARGEST_BACKLOG = 64 * 1024
_PIECES_IN_A_ROW = 500
_CONNECT_SECONDS = 10.0
_MOST_ATTEMPTS = 4
_TARGET = re.compile(rb"[\x21-\x7e]+")  # RFC 9112 section 3.2

# The usual answer: nothing new, in one piece, with nothing behind it. h11 took a seventh of a poll to say the same.
_NOTHING_NEW = re.compile(
    rb"HTTP/1\.1 304(?: [\t\x20-\x7e]*)?\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n)*)\r\n"
)
# Fields that say how the connection goes on.
_OF_THE_CONNECTION = re.compile(
    rb"^(?:connection|keep-alive|transfer-encoding|upgrade|proxy-[a-z]+)[ \t]*:", re.I | re.M
)
_SOME_GET = h11.Request(method="GET", target="/", headers=[("Host", "x")])
_END = h11.EndOfMessage()

Origin = tuple[str, str, int]
Send = Callable[["Connection"], Awaitable["h11.Response | Unchanged"]]


class Unchanged:
    """The head of a 304 with nothing behind it. `fields` are its header lines."""

    __slots__ = ("fields",)

    def __init__(self, fields: bytes) -> None:
        self.fields = fields

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Names and values, as httpx takes them."""
        lines = (line.partition(b":") for line in self.fields.split(b"\r\n")[:-1])
        return [(name, value.strip(b" \t")) for name, _, value in lines]


class Connection(asyncio.Protocol):
    """One connection, one request at a time. Reading pauses while more than a backlog waits to be taken."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._backlog = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._left: Callable[[], None] | None = None
        self._plain = False  # while the answer may be the usual one, and h11 knows nothing of the request
        self._piece = b""
        self._spoiled = False  # once the server spoke before it was asked: never used again
        self.heard = False
        """Whether anything of an answer to the request in flight has arrived."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are none by name

    def data_received(self, data: bytes) -> None:
        """Bytes arrived; where nobody asked for any, whoever sends them is not to be asked again."""
        if self._expiry is not None:
            self.close()
            return
        if self._plain and not self.heard:
            self._piece = data
        else:
            self._to_h11()
            self._http.receive_data(data)
        self.heard = True
        self._backlog += len(data)
        if self._backlog > _LARGEST_BACKLOG and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side hung up, or broke off."""
        self._error = exc
        self._ended = True
        if self._left is not None:
            self._left()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Let go at once, whatever is still on its way."""
        self._ended = True
        if self._expiry is not None:
            self._expiry.cancel()
        self._transport.abort()

    def rest(self, seconds: float, left: Callable[[], None]) -> None:
        """Wait for a next request so long, then close. `left` hears of the end of a connection at rest."""
        self._expiry = asyncio.get_running_loop().call_later(seconds, self.close)
        self._left = left

    def resume(self) -> bool:
        """Get up for a next request. Whether the connection still stands."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = self._left = None
        return not self._ended and not self._transport.is_closing()

    async def get(self, head: bytes) -> h11.Response | Unchanged:
        """Send the head of a GET as it is, and wait for the head of its answer."""
        self._plain, self._piece, self.heard = True, b"", False
        if self._http.trailing_data[0]:
            self._spoiled = True
            self._to_h11()
        self._transport.write(head)
        while self._plain and not (self.heard or self._ended):
            await self._news()
        usual = _NOTHING_NEW.fullmatch(self._piece)
        if self._plain and usual and not _OF_THE_CONNECTION.search(usual[1]):
            self._backlog = 0
            return Unchanged(usual[1])
        self._to_h11()
        return await self._head()

    def _to_h11(self) -> None:
        """Have h11 read what is no usual answer."""
        if not self._plain:
            return
        self._plain = False
        self._http.send(_SOME_GET)  # h11 hears that one was sent; what it would write costs more than all else here
        self._http.send(_END)
        if self._piece:
            self._http.receive_data(self._piece)

    async def ask(self, request: h11.Request, body: bytes) -> h11.Response:
        """Send a request, and wait for the head of its answer."""
        events = [request, *([h11.Data(data=body)] if body else []), _END]
        return await self._answer(b"".join(self._http.send(event) or b"" for event in events))

    async def _answer(self, sent: bytes) -> h11.Response:
        self.heard = False
        self._transport.write(sent)
        return await self._head()

    async def _head(self) -> h11.Response:
        while True:
            event = await self._event()
            if type(event) is h11.Response:
                return event
            if type(event) is not h11.InformationalResponse:
                raise httpx.RemoteProtocolError("the server closed the connection without sending a response")

    async def body(self) -> AsyncIterator[bytes]:
        """The body of the answer, piece by piece; a 304 that h11 did not see has none."""
        if self._plain:
            return
        count = 0
        while type(event := await self._event()) is h11.Data:
            yield bytes(event.data)
            count += 1
            if count % _PIECES_IN_A_ROW == 0:
                await asyncio.sleep(0)  # a body in crumbs holds up nobody else, and meets its deadline

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._error is not None:
                raise httpx.ReadError(str(self._error)) from self._error
            if self._ended:
                if self._http.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("the server disconnected without sending a response")
                self._http.receive_data(b"")  # the end of a body without a length, or of one that is too short
                continue
            await self._news()
        assert not isinstance(event, type) or event is h11.PAUSED
        return event

    async def _news(self) -> None:
        """Wait until something happens: all that came is taken."""
        self._backlog = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def renew(self) -> bool:
        """Whether the answer is complete, nothing stands behind it, and the connection may be used again (RFC 9112, 9.3)."""
        if self._spoiled:
            return False
        if self._plain:
            self._plain = False
            return not self._ended
        http = self._http
        if http.their_state is h11.SEND_BODY:
            # A 304, or an empty body: its end costs no waiting.
            try:
                http.next_event()
            except h11.RemoteProtocolError:
                return False
        if self._ended or http.our_state is not h11.DONE or http.their_state is not h11.DONE or http.trailing_data[0]:
            return False
        http.start_next_cycle()
        return True


class _Body(httpx.AsyncByteStream):
    """The body of an answer. Closing it gives the connection back, or ends it where something is left."""

    def __init__(self, wire: Wire, origin: Origin, connection: Connection) -> None:
        self._wire, self._origin, self._connection = wire, origin, connection
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._connection.body():
                yield piece
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._wire.take_back(self._origin, self._connection)


class Wire(httpx.AsyncBaseTransport):
    """Connections to public addresses, and to those in `allowed`. One for the life of a program, in one event loop."""

    def __init__(
        self,
        resolve: guard.Resolver,
        context: ssl.SSLContext,
        allowed: Sequence[guard.Network] = (),
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._resolve, self._context, self._allowed = resolve, context, tuple(allowed)
        self._idle_seconds = idle_seconds
        self._idle: defaultdict[Origin, list[Connection]] = defaultdict(list)
        self._resting = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask in any way that httpx can. Raises httpx.TransportError, OSError."""
        body = await request.aread()
        try:
            asked = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        return await self._send(request.url, lambda connection: connection.ask(asked, body), again=not body)

    async def get(self, url: httpx.URL, headers: Sequence[tuple[bytes, bytes]]) -> httpx.Response:
        """Ask for a page: the same as `handle_async_request`, at a fifth of its cost. Raises the same."""
        lines = [b"Host: " + url.netloc, *(name + b": " + value for name, value in headers)]
        said = b"\r\n".join(lines)
        broken = b"\0" in said or said.count(b"\n") > len(headers) or said.count(b"\r") > len(headers)
        if broken or not _TARGET.fullmatch(url.raw_path):
            raise httpx.LocalProtocolError("an address or a header holds what would break the request")
        head = b"GET %b HTTP/1.1\r\n%b\r\n\r\n" % (url.raw_path, said)
        return await self._send(url, lambda connection: connection.get(head), again=True)

    async def _send(self, url: httpx.URL, send: Send, *, again: bool) -> httpx.Response:
        """Over a connection at rest, else over a new one. `again` says that a second time does no harm."""
        origin = (url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
        if again and (connection := self._rested(origin)) is not None:
            try:
                return await self._ask(origin, connection, send)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                if connection.heard:
                    raise
                # The server let go while the connection rested: no answer, and no fault of this request.
        return await self._ask(origin, await self._connect(*origin), send)

    async def aclose(self) -> None:
        """Let go of every connection at rest."""
        for connection in [one for resting in self._idle.values() for one in resting]:
            connection.close()
        await asyncio.sleep(0)  # the loop takes leave of them

    @property
    def resting(self) -> int:
        """How many connections wait for a next request."""
        return self._resting

    def _rested(self, origin: Origin) -> Connection | None:
        while resting := self._idle.get(origin):
            connection = resting[-1]
            self._forget(origin, connection)
            if connection.resume():
                return connection
        return None

    def _forget(self, origin: Origin, connection: Connection) -> None:
        resting = self._idle[origin]
        resting.remove(connection)
        self._resting -= 1
        if not resting:
            del self._idle[origin]

    async def _ask(self, origin: Origin, connection: Connection, send: Send) -> httpx.Response:
        try:
            answer = await send(connection)
        except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
            connection.close()
            raise httpx.RemoteProtocolError(str(error)) from error
        except BaseException:
            connection.close()
            raise
        body = _Body(self, origin, connection)
        if isinstance(answer, Unchanged):
            return httpx.Response(304, headers=answer.headers(), stream=body)
        return httpx.Response(
            answer.status_code,
            headers=list(answer.headers.raw_items()),
            stream=body,
            extensions={"reason_phrase": answer.reason},
        )

    def take_back(self, origin: Origin, connection: Connection) -> None:
        """An answer was read or is not wanted further: keep its connection where it is clean."""
        if not connection.renew() or self._resting >= _MOST_IDLE:
            connection.close()
            return
        self._idle[origin].append(connection)
        self._resting += 1
        connection.rest(self._idle_seconds, lambda: self._forget(origin, connection))

    async def _connect(self, scheme: str, host: str, port: int) -> Connection:
        """Resolve once, check every address, connect to the first that answers."""
        addresses = await guard.checked(self._resolve, host, port, self._allowed)
        loop, secure = asyncio.get_running_loop(), self._context if scheme == "https" else None
        failure: Exception | None = None
        for address in addresses[:_MOST_ATTEMPTS]:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    transport, connection = await loop.create_connection(
                        Connection, address, port, ssl=secure, server_hostname=host.rstrip(".") if secure else None
                    )
            except ssl.SSLError:
                raise
            except (OSError, TimeoutError) as error:
                failure = error
                continue
            peer = transport.get_extra_info("peername")
            if refused := guard.refuse_address(peer[0], self._allowed) if peer else None:
                connection.close()
                raise guard.ForbiddenAddressError(refused)
            return connection
        if isinstance(failure, TimeoutError):
            raise httpx.ConnectTimeout("no connection") from failure
        raise httpx.ConnectError(getattr(failure, "strerror", None) or str(failure)) from failure
