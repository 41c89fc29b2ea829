"""The event loop of a program that polls, begun with a settled memory.

In: the coroutine that is the program. Out: what it returns. Never: more than one at a time.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    from uvloop import new_event_loop
except ImportError:  # not made for Windows: asyncio's own loop does the same, more slowly
    from asyncio import new_event_loop  # type: ignore[assignment] # both make an AbstractEventLoop

T = TypeVar("T")
_LOOKS = (20_000, 20, 20)
"""So many new records between two looks for garbage; a twentieth of a poll was such looks at the usual 700."""


def calm() -> None:
    """Set what was imported and read so far apart from what comes and goes.

    It stays for the life of the program: to look through it for garbage again and again would stop all polls for 40 ms
    each time. And as a poll makes thousands of records and no circles of them, the collector looks less often.
    """
    gc.freeze()
    gc.set_threshold(*_LOOKS)


def run_loop(program: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` for a program that runs for years: see `calm`."""
    calm()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(program)
