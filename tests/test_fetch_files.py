"""file: sources: what is inside the configuration's folder, and nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from feeds.fetch import Fetcher, Limits
from feeds.model import FailureKind, Fetched, Outcome, Unchanged, Validators
from tests.fakes import make_source
from tests.test_fetch import NONE, failure, got

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


def read_file(folder: Path, url: str, shown: Validators = NONE, *, declared: bool = True, limit: int = 1000) -> Outcome:
    """What a file: source brings."""

    async def once() -> Outcome:
        nobody = httpx.MockTransport(lambda request: httpx.Response(500))
        fetcher = Fetcher(user_agent="test", folder=folder, limits=Limits(bytes=limit), transport=nobody)
        try:
            return await fetcher.fetch(make_source(url=url, may_be_private=declared), shown)
        finally:
            await fetcher.close()

    return asyncio.run(once())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration's folder, with a secret beside it, and every trap that a file system knows inside."""
    inside = tmp_path / "config"
    (inside / "samples").mkdir(parents=True)
    (tmp_path / "secret.xml").write_bytes(FEED)
    (tmp_path / "config-2").mkdir()
    (tmp_path / "config-2" / "secret.xml").write_bytes(FEED)
    (inside / "feed.xml").write_bytes(FEED)
    (inside / "with space.xml").write_bytes(FEED)
    (inside / "link-inside.xml").symlink_to("feed.xml")
    (inside / "link-out.xml").symlink_to(tmp_path / "secret.xml")
    (inside / "folder-out").symlink_to(tmp_path)
    (inside / "zero.xml").symlink_to("/dev/zero")
    (inside / "circle.xml").symlink_to("circle.xml")
    (inside / "dangling.xml").symlink_to("nowhere.xml")
    (inside / "large.xml").write_bytes(bytes(1001))
    os.mkfifo(inside / "fifo.xml")
    return inside


@pytest.mark.parametrize(
    "path",
    [
        "feed.xml",
        "./feed.xml",
        "samples/../feed.xml",
        "with%20space.xml",
        "with space.xml",
        "link-inside.xml",
        "feed.xml?a#b",
    ],
)
def test_a_file_inside_the_folder_is_read(folder: Path, path: str) -> None:
    """A file: source reads a file in the configuration's folder, links resolved, and knows it again."""
    first = got(read_file(folder, f"file:{path}"))

    assert first.body == FEED
    assert first.answer.url == ""
    assert isinstance(read_file(folder, f"file:{path}", first.validators), Unchanged)
    assert isinstance(read_file(folder, f"file://{folder}/{path}"), Fetched)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.xml", "samples/../../secret.xml", "%2e%2e/secret.xml", "..%2fsecret.xml", "/etc/passwd", "///etc/passwd",
        "//host/feed.xml", "link-out.xml", "folder-out/secret.xml", "zero.xml", "/proc/self/environ", "../config-2/secret.xml",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_read(folder: Path, path: str) -> None:
    """Neither dots, escapes, absolute paths, hosts nor links lead a file: source out of the folder."""
    outcome = failure(read_file(folder, f"file:{path}"))

    assert outcome.kind is FailureKind.FILE
    assert "inside the configuration's folder" in outcome.detail
    assert failure(read_file(folder, f"file://host{folder}/feed.xml")).kind is FailureKind.FILE


@pytest.mark.parametrize(
    "path",
    ["missing.xml", "", ".", "samples", "fifo.xml", "circle.xml", "dangling.xml", "feed.xml/x", "a%00b", "x" * 300],
)
def test_what_is_no_file_is_a_failure(folder: Path, path: str) -> None:
    """A missing file, a folder, a pipe, a link in a circle or a name that cannot be are failures, and hold nothing up."""
    assert failure(read_file(folder, f"file:{path}")).kind is FailureKind.FILE


def test_a_large_file_is_too_large(folder: Path) -> None:
    """F-44: the limit holds for files."""
    assert failure(read_file(folder, "file:large.xml")).kind is FailureKind.TOO_LARGE
    assert isinstance(read_file(folder, "file:large.xml", limit=1001), Fetched)


def test_only_declared_sources_read_files(folder: Path) -> None:
    """X-01: a source that the configuration does not declare reads no file."""
    assert failure(read_file(folder, "file:feed.xml", declared=False)).kind is FailureKind.FILE
