"""Reading in processes that can be killed: one hostile document must not hold up the others.

In: bytes, as `feeds.parse` and `feeds.article` take them. Out: what those say, or Failed when it took too long or died (F43).
Never: trust in a child: it has bounded memory, no deadline of its own, and is started anew after each mishap.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, cast

from feeds.model import Article, Document, Failed, FailureKind
from feeds.parse import parse

_SIZE = struct.Struct("!Q")
_CHILD_MEMORY = 2 * 1024**3
_LARGEST_ANSWER = 64 * 1024**2
_OBJECTS = 20_000
_What = Literal["feed", "more", "page"]
_Read = Document | Article | Failed | tuple[Document, Any]
Teller = Callable[[Document, Any], object]
"""What a program tells of a document beside itself: the document, and what it was asked with."""
_DIED = (asyncio.IncompleteReadError, ConnectionError, EOFError)


class Sandbox:
    """A few parser processes. `parse` and `article` wait for a free one; `close` ends them."""

    def __init__(self, processes: int | None = None, *, seconds: float = 10.0, program: str = "feeds.sandbox") -> None:
        """`program` is the module that children run: this one, or another that calls `serve` with more to tell."""
        self._seconds = seconds
        self._program = program
        self._idle: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        self._processes = processes or min(4, os.cpu_count() or 1)
        for _ in range(self._processes):
            self._idle.put_nowait(None)

    async def warm(self) -> None:
        """Start every process now and wait until it can read: what it loads takes longer than most feeds."""
        await asyncio.gather(*(self.parse(b"", "", "") for _ in range(self._processes)))

    async def parse(self, body: bytes, url: str, content_type: str) -> Document | Failed:
        """What `feeds.parse.parse` says of the body, within the deadline."""
        return cast(Document | Failed, await self._read("feed", body, url, content_type))

    async def parse_and_tell(
        self, body: bytes, url: str, content_type: str, about: object
    ) -> tuple[Document | Failed, Any]:
        """The same, with what the program tells of the document, given `about`; None where it tells nothing."""
        read = await self._read("more", body, url, content_type, about)
        return read if isinstance(read, tuple) else (cast(Document | Failed, read), None)

    async def article(self, body: bytes, url: str, content_type: str) -> Article | Failed:
        """What `feeds.article.read_article` says of the body, within the deadline."""
        return cast(Article | Failed, await self._read("page", body, url, content_type))

    async def _read(self, what: _What, body: bytes, url: str, content_type: str, about: object = None) -> _Read:
        child = await self._idle.get()
        try:
            question = pickle.dumps((what, body, url, content_type, about))
            if child is not None and child.returncode is None:
                with suppress(*_DIED):
                    return await self._ask(child, question)
                await _kill(child)  # it may have died before, which is no fault of this document: a new one is asked
            child = await _start(self._program)
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


async def _start(program: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
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


def _answer(what: _What, body: bytes, url: str, content_type: str, about: object, tell: Teller | None) -> _Read:
    if what in ("feed", "more"):
        read = parse(body, url, content_type)
        return read if what == "feed" or tell is None or isinstance(read, Failed) else (read, tell(read, about))
    # What it takes to read pages is loaded where a page is read, and nowhere else.
    from feeds.article import read_article

    return read_article(body, url, content_type)


def serve(tell: Teller | None = None) -> None:
    """The child's whole life. `tell` says more of each document that it reads, to those who ask with `parse_and_tell`."""
    _bound()
    # What the program has loaded stays: the collector need not look through it again at every document.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _serve(tell)


def _serve(tell: Teller | None) -> None:
    """The child: answer until the parent closes the pipe, which it also does by dying."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(_SIZE.size)) == _SIZE.size:
        what, body, url, content_type, about = pickle.loads(questions.read(_SIZE.unpack(head)[0]))  # noqa: S301 - our own parent
        try:
            answer = _answer(what, body, url, content_type, about, tell)
        except (MemoryError, RecursionError) as error:
            answer = Failed(kind=FailureKind.UNREADABLE, detail=f"reading it took too much: {type(error).__name__}")
        packed = pickle.dumps(answer)
        if len(packed) > _LARGEST_ANSWER:  # no feed says so much: the parent has no bound of its own
            detail = f"what it says takes more than {_LARGEST_ANSWER:,} bytes"
            packed = pickle.dumps(Failed(kind=FailureKind.UNREADABLE, detail=detail))
        answers.write(_SIZE.pack(len(packed)) + packed)
        answers.flush()


if __name__ == "__main__":
    serve()
