"""A child process: one worker of our web server over a store that was filled before, until it is ended.

In: the store, the port. Out: feeds served. Never: a poll: only what readers cost is measured.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aggregator.loop import run_loop
from aggregator.publish import Publisher
from aggregator.serving import listening
from aggregator.web.app import make_app
from benchmarks.ours import config_for
from storage.database import open_database


async def serve(folder: Path, port: int) -> None:
    """Serve until the process is ended."""
    config = config_for([], folder)
    db = open_database(config.database)
    async with listening(make_app(Publisher(db, config)), "127.0.0.1", port):
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    run_loop(serve(Path(sys.argv[1]), int(sys.argv[2])))
