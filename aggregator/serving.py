"""The web server, alone or with the daemon in the same process and loop.

In: a configuration and an open store. Out: readers served until SIGTERM. Never: a page while the store is not ready.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from aggregator.config import Config
from aggregator.daemon import Daemon, distributor_of, hands_of, until_stopped, utc_now
from aggregator.live import Living
from aggregator.prepare import take_up
from aggregator.publish import Publisher
from aggregator.web.app import ASGIApp, make_app
from storage.database import Database, StorageError

log = logging.getLogger(__name__)

_BACKLOG = 1024
_HEADER_SECONDS = 20
"""How long a client may take to say what it wants."""
_LARGEST_HEAD = 64_000
_LAST_ANSWERS_SECONDS = 0.2
_LAST_CLIENTS_SECONDS = 2.0
"""How long a client that is slow, or silent on an open connection, keeps the server from its end."""


class CannotListenError(StorageError):
    """The address is taken or not ours."""


async def run_server(config: Config, db: Database, version: str, *, poll: bool, web: bool) -> None:
    """Serve and poll, as asked, until told to stop; then let both end cleanly. Raises CannotListenError."""
    publisher = Publisher(db, config)
    told = asyncio.create_task(until_stopped())  # from now on: who is told while it begins ends as cleanly
    async with AsyncExitStack() as stack:
        if web:
            await stack.enter_async_context(listening(make_app(publisher), config.host, config.port))
            log.info("serving on http://%s:%d/, as %s", config.host, config.port, config.base_url)
        daemon = None
        if poll:
            late = await asyncio.to_thread(take_up, db, utc_now())
            if late:
                log.info("%d sources fell due while nothing was polled: they are taken up one by one", late)
            hands = await stack.enter_async_context(hands_of(config, db, version, warm=True))
            daemon = Daemon(hands, distributor_of(publisher, version))
            daemon.start()
        stopped = asyncio.Event()
        watching = asyncio.create_task(Living(db, publisher, daemon, version).watch(stopped))
        await told
        log.info("stopping: polls in flight end or give their lease back")
        stopped.set()
        if daemon is not None:
            await daemon.stop()
        await watching
    log.info("stopped")


@asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """A web server of this application, in this loop, while the block runs. Raises CannotListenError."""
    check_address(host, port)
    settings = HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_LARGEST_HEAD)
    server = Server(
        app, host, port, interface=Interfaces.ASGINL, http=HTTPModes.http1, http1_settings=settings, websockets=False,
        backlog=_BACKLOG, log_enabled=False,
    )  # fmt: skip
    serving = asyncio.create_task(server.serve())
    try:
        await _until_open(host, port, serving)
        yield
    finally:
        # What is being said is said to its end.
        await asyncio.sleep(_LAST_ANSWERS_SECONDS)
        server.stop()  # type: ignore[no-untyped-call] # granian gives this one no types
        # It waits for every open connection; those who read slowly, or wait with nothing to ask, are cut off.
        with suppress(TimeoutError):
            await asyncio.wait_for(serving, _LAST_CLIENTS_SECONDS)


async def _until_open(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Wait until connections are taken."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    for _ in range(200):
        if serving.done():
            break
        try:
            _, writer = await asyncio.open_connection(near, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
    raise CannotListenError(f"cannot listen on {host}:{port}: the server does not begin")


def check_address(host: str, port: int) -> None:
    """Whether one can listen there: the server itself would share the address with another. Raises CannotListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host}:{port}: {error.strerror}; --port chooses another") from error
    finally:
        listener.close()
