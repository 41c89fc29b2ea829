"""The web server, alone or with the daemon in the same process and loop.

In: a configuration and an open store. Out: readers served until SIGTERM. Never: a page while the store is not ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

import uvicorn

from aggregator.config import Config
from aggregator.daemon import Daemon, hands_of, until_stopped
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage.database import Database, StorageError

log = logging.getLogger(__name__)


class CannotListenError(StorageError):
    """The address is taken or not ours."""


async def run_server(config: Config, db: Database, version: str, *, poll: bool) -> None:
    """Serve, and poll where asked, until told to stop; then let both end cleanly. Raises CannotListenError."""
    listener = _listen(config.host, config.port)
    settings = uvicorn.Config(
        make_app(Publisher(db, config)), log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    server = uvicorn.Server(settings)
    # uvicorn would answer signals by itself; here one stop ends the daemon first, then the server.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    log.info("serving on http://%s:%d/, as %s", config.host, config.port, config.base_url)
    if poll:
        async with hands_of(config, db, version) as hands:
            daemon = Daemon(hands)
            daemon.start()
            await until_stopped()
            log.info("stopping: polls in flight end or give their lease back")
            await daemon.stop()
    else:
        await until_stopped()
    server.should_exit = True
    await serving
    log.info("stopped")


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
