"""The web server, alone or with the daemon in the same process and loop.

In: a configuration and an open store. Out: readers served until SIGTERM. Never: a page while the store is not ready.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext

import uvicorn

from aggregator.config import Config
from aggregator.daemon import Daemon, hands_of, until_stopped, utc_now
from aggregator.live import Living
from aggregator.prepare import take_up
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage.database import Database, StorageError

log = logging.getLogger(__name__)


class CannotListenError(StorageError):
    """The address is taken or not ours."""


async def run_server(config: Config, db: Database, version: str, *, poll: bool, web: bool) -> None:
    """Serve and poll, as asked, until told to stop; then let both end cleanly. Raises CannotListenError."""
    publisher = Publisher(db, config)
    async with AsyncExitStack() as stack:
        if web:
            await stack.enter_async_context(_serving(publisher, config))
        daemon = None
        if poll:
            late = await asyncio.to_thread(take_up, db, utc_now())
            if late:
                log.info("%d sources fell due while nothing was polled: they are taken up one by one", late)
            daemon = Daemon(await stack.enter_async_context(hands_of(config, db, version, warm=True)))
            daemon.start()
        stopped = asyncio.Event()
        watching = asyncio.create_task(Living(db, publisher, daemon, version).watch(stopped))
        await until_stopped()
        log.info("stopping: polls in flight end or give their lease back")
        stopped.set()
        if daemon is not None:
            await daemon.stop()
        await watching
    log.info("stopped")


@asynccontextmanager
async def _serving(publisher: Publisher, config: Config) -> AsyncIterator[None]:
    """The web server, while the block runs."""
    listener = _listen(config.host, config.port)
    settings = uvicorn.Config(
        make_app(publisher), log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    server = uvicorn.Server(settings)
    # uvicorn would answer signals by itself; here one stop ends the daemon first, then the server.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    log.info("serving on http://%s:%d/, as %s", config.host, config.port, config.base_url)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListenError(f"cannot listen on {host}:{port}: {error.strerror}; --port chooses another") from error
    return listener
