"""Real servers on loopback sockets, ordinary and hostile: a handler gets a connection and writes raw bytes.

`Server` maps paths to handlers; the functions below it make handlers. A handler may do anything to its client, for
as long as it likes: closing the server ends every connection.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Self

LONGEST_HEAD = 1_000_000
TLS_HANDSHAKE = b"\x16"


class Exchange:
    """One connection: the head of its request, and ways to answer it."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self._closing = closing
        self.head = b""

    def listen(self) -> None:
        """Read a request's head, or whatever comes first where the client wants to speak TLS."""
        while b"\r\n\r\n" not in self.head and not self.head.startswith(TLS_HANDSHAKE):
            heard = self._connection.recv(65536)
            if not heard or len(self.head) > LONGEST_HEAD:
                return
            self.head += heard

    @property
    def path(self) -> str:
        """What was asked for, "" where no request was understood."""
        words = self.head.split(b"\r\n")[0].split(b" ")
        return words[1].decode("latin-1") if len(words) == 3 else ""

    def header(self, name: str) -> bytes | None:
        """A header of the request, byte for byte; None where it was not sent."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.decode("latin-1").lower() == name.lower():
                return value.removeprefix(b" ")
        return None

    def send(self, data: bytes) -> None:
        """Write these bytes."""
        self._connection.sendall(data)

    def wait(self) -> None:
        """Say nothing more until the client has gone or the server closes."""
        while self._connection.recv(65536):
            pass

    def pause(self, seconds: float) -> bool:
        """Slow down, as a slow server does. Whether to go on."""
        return not self._closing.wait(seconds)

    def reset(self) -> None:
        """Break the connection off so that the client sees a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


Handler = Callable[[Exchange], None]


class Server(socketserver.ThreadingTCPServer):
    """Answers on a loopback address until its `with` block ends; every request's exchange is kept."""

    allow_reuse_address = True
    daemon_threads = False  # closing waits for every handler
    request_queue_size = 256

    def __init__(self, pages: Mapping[str, Handler] | Handler | None = None, *, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), socketserver.BaseRequestHandler)
        self._rest = pages if callable(pages) else page(b"nothing here", status="404 Not Found")
        self.pages: dict[str, Handler] = {} if pages is None or callable(pages) else dict(pages)
        self.exchanges: list[Exchange] = []
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self._serving = threading.Thread(target=self.serve_forever, args=(0.01,), name="server", daemon=True)

    @property
    def host(self) -> str:
        """The address it listens on."""
        return str(self.server_address[0])

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def url(self, path: str = "/feed", *, host: str = "") -> str:
        """The address of a page, by default under the server's IP address."""
        return f"http://{host or self.host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.shutdown()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        self.server_close()

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Hear one request, and let its page's handler do as it likes."""
        assert isinstance(request, socket.socket)
        self._open.add(request)
        exchange = Exchange(request, self._closing)
        with suppress(OSError):  # the client went, as it may
            if self._closing.is_set():
                return
            exchange.listen()
            self.exchanges.append(exchange)
            self.pages.get(exchange.path, self._rest)(exchange)
        self._open.discard(request)


def raw(*parts: bytes) -> Handler:
    """Exactly these bytes, then the end of the connection."""

    def answer(exchange: Exchange) -> None:
        exchange.send(b"".join(parts))

    return answer


def head(*lines: bytes | str, status: str = "200 OK") -> bytes:
    """A status line and header lines as bytes."""
    encoded = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    return b"\r\n".join([f"HTTP/1.1 {status}".encode("latin-1"), *encoded, b"", b""])


def page(body: bytes, *headers: bytes | str, status: str = "200 OK") -> Handler:
    """An ordinary answer with its length."""
    return raw(head(*headers, f"Content-Length: {len(body)}", "Connection: close", status=status), body)


def validated(body: bytes, etag: str) -> Handler:
    """An ordinary page with an ETag; 304 to those who show it."""

    def answer(exchange: Exchange) -> None:
        if exchange.header("If-None-Match") == etag.encode("latin-1"):
            page(b"", f"ETag: {etag}", status="304 Not Modified")(exchange)
        else:
            page(body, f"ETag: {etag}")(exchange)

    return answer


def redirect(to: bytes | str, *, status: str = "302 Found") -> Handler:
    """A redirect to `to`, written as it is."""
    location = to.encode("latin-1") if isinstance(to, str) else to
    return page(b"", b"Location: " + location, status=status)


def hang(before: bytes = b"") -> Handler:
    """These bytes, then silence for as long as the client stays."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        exchange.wait()

    return answer


def reset(before: bytes = b"") -> Handler:
    """These bytes, then a reset connection."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        exchange.reset()

    return answer


def drip(before: bytes = b"", *, every: float = 0.02, piece: bytes = b" ") -> Handler:
    """These bytes, then one small piece after another without end."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        while exchange.pause(every):
            exchange.send(piece)

    return answer


def flood(pieces: Iterable[bytes], before: bytes = b"") -> Handler:
    """These bytes, then every piece as fast as the client takes them."""

    def answer(exchange: Exchange) -> None:
        exchange.send(before)
        for one in pieces:
            exchange.send(one)

    return answer
