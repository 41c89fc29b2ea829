"""Reading in processes that can be killed: one hostile document must not hold up the others.

In: bytes, as `feeds.parse` and `feeds.article` take them. Out: what those say, or Failed when it took too long or died (F43).
Never: trust in a child: it has bounded memory, no deadline of its own, and is started anew after each mishap.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import struct
import sys
from contextlib import suppress
from typing import Literal, cast

from feeds.model import Article, Document, Failed, FailureKind
from feeds.parse import parse

_SIZE = struct.Struct("!Q")
_CHILD_MEMORY = 2 * 1024**3
_LARGEST_ANSWER = 64 * 1024**2
_What = Literal["feed", "page"]
_Read = Document | Article | Failed
_DIED = (asyncio.IncompleteReadError, ConnectionError, EOFError)


class Sandbox:
    """A few parser processes. `parse` and `article` wait for a free one; `close` ends them."""

    def __init__(self, processes: int | None = None, *, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._idle: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        for _ in range(processes or min(4, os.cpu_count() or 1)):
            self._idle.put_nowait(None)

    async def parse(self, body: bytes, url: str, content_type: str) -> Document | Failed:
        """What `feeds.parse.parse` says of the body, within the deadline."""
        return cast(Document | Failed, await self._read("feed", body, url, content_type))

    async def article(self, body: bytes, url: str, content_type: str) -> Article | Failed:
        """What `feeds.article.read_article` says of the body, within the deadline."""
        return cast(Article | Failed, await self._read("page", body, url, content_type))

    async def _read(self, what: _What, body: bytes, url: str, content_type: str) -> _Read:
        child = await self._idle.get()
        try:
            question = pickle.dumps((what, body, url, content_type))
            if child is not None and child.returncode is None:
                with suppress(*_DIED):
                    return await self._ask(child, question)
                await _kill(child)  # it may have died before, which is no fault of this document: a new one is asked
            child = await _start()
            return await self._ask(child, question)
        except TimeoutError:
            await _kill(child)
            detail = f"reading it took longer than {self._seconds:g} seconds and was stopped"
            return Failed(kind=FailureKind.UNREADABLE, detail=detail)
        except _DIED:
            await _kill(child)
            return Failed(kind=FailureKind.UNREADABLE, detail="the parser process died while reading it")
        except BaseException:
            await _kill(child)
            raise
        finally:
            self._idle.put_nowait(child if child is not None and child.returncode is None else None)

    async def close(self) -> None:
        """End every idle child."""
        while not self._idle.empty():
            await _kill(self._idle.get_nowait())

    async def _ask(self, child: asyncio.subprocess.Process, question: bytes) -> _Read:
        assert child.stdin is not None
        assert child.stdout is not None
        async with asyncio.timeout(self._seconds):
            child.stdin.write(_SIZE.pack(len(question)) + question)
            await child.stdin.drain()
            (size,) = _SIZE.unpack(await child.stdout.readexactly(_SIZE.size))
            answer: _Read = pickle.loads(await child.stdout.readexactly(size))  # noqa: S301 - our own child
        return answer


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "feeds.sandbox", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )


async def _kill(child: asyncio.subprocess.Process | None) -> None:
    if child is None or child.returncode is not None:
        return
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()


def _bound() -> None:
    """Less memory than the machine has, and a little less right to the processor than those who serve readers."""
    try:
        import resource
    except ImportError:  # not on every system
        return
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_MEMORY, _CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def _answer(what: _What, body: bytes, url: str, content_type: str) -> _Read:
    if what == "feed":
        return parse(body, url, content_type)
    # What it takes to read pages is loaded where a page is read, and nowhere else.
    from feeds.article import read_article

    return read_article(body, url, content_type)


def _serve() -> None:
    """The child: answer until the parent closes the pipe, which it also does by dying."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(_SIZE.size)) == _SIZE.size:
        what, body, url, content_type = pickle.loads(questions.read(_SIZE.unpack(head)[0]))  # noqa: S301 - our own parent
        try:
            answer = _answer(what, body, url, content_type)
        except (MemoryError, RecursionError) as error:
            answer = Failed(kind=FailureKind.UNREADABLE, detail=f"reading it took too much: {type(error).__name__}")
        packed = pickle.dumps(answer)
        if len(packed) > _LARGEST_ANSWER:  # no feed says so much: the parent has no bound of its own
            detail = f"what it says takes more than {_LARGEST_ANSWER:,} bytes"
            packed = pickle.dumps(Failed(kind=FailureKind.UNREADABLE, detail=detail))
        answers.write(_SIZE.pack(len(packed)) + packed)
        answers.flush()


if __name__ == "__main__":
    _bound()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _serve()
