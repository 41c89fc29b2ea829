"""Reading in processes that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from feeds.model import Document, Failed, FailureKind
from feeds.parse import parse
from feeds.sandbox import Sandbox
from tests.fakes import item, rss

NEWS = rss(item(1), item(2))
# An address in <item> is left to feedparser, which needs a tenth of a millisecond and more for each of these: together
# far longer than any deadline here.
SLOW = rss('<item href="/"><title>a</title></item>' * 150_000)
PARSERS = b"feeds.sandbox"


def told(path: Path) -> bytes:
    """What the system says of a process, nothing where the process is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def children() -> set[int]:
    """The parser processes of this process."""
    listed = b" ".join(told(task / "children") for task in Path("/proc/self/task").iterdir())
    return {int(pid) for pid in listed.split() if PARSERS in told(Path(f"/proc/{int(pid)}/cmdline"))}


async def first_child() -> int:
    """The first parser process, as soon as there is one."""
    async with asyncio.timeout(20):
        while not (found := children()):  # noqa: ASYNC110 - a process that begins sets no event
            await asyncio.sleep(0)
    return found.pop()


def with_sandbox(use: Callable[[Sandbox], Awaitable[None]], *, processes: int = 1, seconds: float = 20) -> None:
    """Use a sandbox, close it, and see that it leaves no process behind."""

    async def run() -> None:
        sandbox = Sandbox(processes, seconds=seconds)
        try:
            await use(sandbox)
        finally:
            await sandbox.close()
        assert children() == set()

    asyncio.run(run())


def titles(read: Document | Failed) -> list[str]:
    """The titles of a document's entries."""
    assert isinstance(read, Document), read
    return [entry.title for entry in read.entries]


def test_the_sandbox_says_what_the_parser_says() -> None:
    """A document, and a reason why there is none, come out of the process as they come out of the parser."""
    url = "https://news.example/feed"
    bodies = [
        (NEWS, "application/rss+xml"),
        ("<rss><channel><title>Ärger</title></channel></rss>".encode("latin-1"), "text/xml; charset=latin-1"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "x"}]}', ""),
        (b"<!doctype html><title>x</title>", "text/html"),
        (b"", ""),
        (b"\x00\xff" * 100, "a/b; charset=\xff"),
    ]

    async def use(sandbox: Sandbox) -> None:
        for body, content_type in bodies:
            assert await sandbox.parse(body, url, content_type) == parse(body, url, content_type)

    with_sandbox(use)


def test_one_process_reads_document_after_document() -> None:
    """A process lives on from one document to the next."""

    async def use(sandbox: Sandbox) -> None:
        assert titles(await sandbox.parse(NEWS, "", "")) == ["Entry 1", "Entry 2"]
        before = children()
        for number in range(5):
            assert titles(await sandbox.parse(rss(item(number)), "", "")) == [f"Entry {number}"]
        assert children() == before

    with_sandbox(use)


def test_the_deadline_ends_a_process_and_the_next_document_is_read() -> None:
    """X-11, F43 (faults): what takes too long is stopped and says so; the same sandbox reads the next document."""

    async def use(sandbox: Sandbox) -> None:
        stopped = await sandbox.parse(SLOW, "", "")
        assert isinstance(stopped, Failed)
        assert stopped.kind is FailureKind.UNREADABLE
        assert "longer than 3 seconds" in stopped.detail
        assert children() == set()
        assert titles(await sandbox.parse(NEWS, "", "")) == ["Entry 1", "Entry 2"]

    with_sandbox(use, seconds=3)


def test_a_slow_document_does_not_hold_up_the_others() -> None:
    """Two processes really read at the same time: while one is busy, the other reads many documents."""

    async def use(sandbox: Sandbox) -> None:
        slow = asyncio.create_task(sandbox.parse(SLOW, "", ""))
        await first_child()
        for number in range(10):
            assert titles(await sandbox.parse(rss(item(number)), "", "")) == [f"Entry {number}"]
        assert not slow.done()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow

    with_sandbox(use, processes=2)


def test_many_documents_at_once_are_each_answered_with_their_own() -> None:
    """Forty documents in three processes: every caller gets the document that it handed in."""

    async def use(sandbox: Sandbox) -> None:
        read = await asyncio.gather(*(sandbox.parse(rss(item(1, title=f"T{n}")), "", "") for n in range(40)))
        assert [titles(one) for one in read] == [[f"T{n}"] for n in range(40)]
        assert len(children()) == 3

    with_sandbox(use, processes=3)


def test_a_process_that_dies_is_the_documents_failure() -> None:
    """A process that dies over a document gives a failure, and the next document is read by a new one."""

    async def use(sandbox: Sandbox) -> None:
        reading = asyncio.create_task(sandbox.parse(SLOW, "", ""))
        os.kill(await first_child(), signal.SIGKILL)
        died = await reading
        assert isinstance(died, Failed)
        assert died.kind is FailureKind.UNREADABLE
        assert "died" in died.detail
        assert titles(await sandbox.parse(NEWS, "", "")) == ["Entry 1", "Entry 2"]

    with_sandbox(use)


def test_a_process_that_died_before_is_not_the_documents_fault() -> None:
    """A process that was killed while it waited is replaced, and the document that met it is read."""

    async def use(sandbox: Sandbox) -> None:
        await sandbox.parse(NEWS, "", "")
        os.kill(await first_child(), signal.SIGKILL)
        assert titles(await sandbox.parse(NEWS, "", "")) == ["Entry 1", "Entry 2"]

    with_sandbox(use)


def test_a_cancelled_reading_ends_its_process() -> None:
    """Who stops waiting leaves no process at work, and the next document is not answered with what he asked for."""

    async def use(sandbox: Sandbox) -> None:
        await sandbox.parse(NEWS, "", "")
        reading = asyncio.create_task(sandbox.parse(SLOW, "", ""))
        for _ in range(10):
            await asyncio.sleep(0)  # the question is on its way
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert children() == set()
        assert titles(await sandbox.parse(NEWS, "", "")) == ["Entry 1", "Entry 2"]

    with_sandbox(use)


def test_large_bodies_and_large_answers_pass_through() -> None:
    """A body of ten megabytes goes in, a document of megabytes comes out, and nothing is lost on the way."""
    items = [item(number, body="word " * 2000) for number in range(150)]
    body = rss(*items, extra=f"<!--{'x' * 9_000_000}-->")

    async def use(sandbox: Sandbox) -> None:
        read = await sandbox.parse(body, "", "")
        assert isinstance(read, Document)
        assert len(body) > 10_000_000
        assert [entry.text.count("word") for entry in read.entries] == [2000] * 150

    with_sandbox(use)


def test_a_process_has_bounded_memory() -> None:
    """X-11: a parser process may not take more than two gigabytes."""

    async def use(sandbox: Sandbox) -> None:
        await sandbox.parse(NEWS, "", "")
        limits = told(Path(f"/proc/{await first_child()}/limits")).splitlines()
        (space,) = [line for line in limits if line.startswith(b"Max address space")]
        assert space.split()[3:5] == [b"2147483648", b"2147483648"]

    with_sandbox(use)


@pytest.mark.parametrize("said", [b"", b"\x00\x00", b"\x00" * 7 + b"\x05ab"])
def test_a_process_ends_with_its_parent(said: bytes) -> None:
    """A process whose pipe ends, between two questions or within one, ends too and answers nothing."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "feeds.sandbox"], input=said, capture_output=True, timeout=60, check=False
    )

    assert ended.stdout == b""


def test_an_answer_larger_than_any_feed_is_not_taken() -> None:
    """X-11: what a document says may not fill the memory of the process that asked."""

    async def use(sandbox: Sandbox) -> None:
        whole = "word and " * 200_000
        read = await sandbox.parse(rss(*(item(number, body=whole) for number in range(40))), "", "")
        assert isinstance(read, Failed)
        assert read.detail == "what it says takes more than 67,108,864 bytes"
        assert isinstance(await sandbox.parse(NEWS, "", ""), Document)

    with_sandbox(use)
