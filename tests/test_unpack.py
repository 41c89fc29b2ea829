"""What is undone of a packed body, and what a bomb costs."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
import zstandard

from feeds.unpack import Unpacker

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>" * 50
LIMIT = 1_000_000
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "deflate": zlib.compress, "br": partial(brotli.compress, quality=3),
    "zstd": zstandard.compress,
}  # fmt: skip
BOMBS = {encoding: pack(bytes(30_000_000)) for encoding, pack in PACK.items()}


def unpacked(encoding: str, body: bytes, *, chunk: int = 100_000, limit: int = LIMIT) -> Unpacker:
    """A body taken in pieces of this size, as far as it was wanted."""
    unpack = Unpacker(encoding, limit)
    for at in range(0, len(body), chunk):
        unpack.feed(body[at : at + chunk])
        if unpack.too_large:
            break
    return unpack


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
@pytest.mark.parametrize("encoding", PACK)
def test_every_encoding_that_we_offer_is_undone(encoding: str, chunk: int) -> None:
    """F-40: gzip, deflate, br and zstd are undone, in pieces of any size, and the packed bytes are counted (F-46)."""
    packed = PACK[encoding](FEED)
    unpack = unpacked(encoding, packed, chunk=chunk)

    assert unpack.finish() == FEED
    assert unpack.wire_bytes == len(packed)


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize(
    "body", [FEED, b'\xef\xbb\xbf<?xml version="1.0"?><feed/>', b'{"version": "1.1"}', b"\n<rss/>"]
)
def test_a_body_that_is_not_packed_stays(encoding: str, body: bytes) -> None:
    """F-40, F05: a header that lies costs nothing: the body is read as it is."""
    assert unpacked(encoding, body).finish() == body


@pytest.mark.parametrize("encoding", PACK)
def test_a_body_that_breaks_off_gives_its_beginning(encoding: str) -> None:
    """F04: what arrived of a packed body is unpacked."""
    words = b"".join(os.urandom(4).hex().encode() for _ in range(50_000))
    packed = PACK[encoding](words)
    read = unpacked(encoding, packed[: len(packed) // 2], chunk=1000).finish()

    assert len(read) > len(words) // 4
    assert words.startswith(read)


@pytest.mark.parametrize("chunk", [100, 65_536])
@pytest.mark.parametrize("encoding", PACK)
def test_a_bomb_is_stopped_while_it_unpacks(encoding: str, chunk: int) -> None:
    """X-12, F10: the limit holds for unpacked bytes, and no more than that and a step is ever held in memory."""
    tracemalloc.start()
    try:
        unpack = unpacked(encoding, BOMBS[encoding], chunk=chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert unpack.too_large
    assert peak < 10 * LIMIT


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
def test_the_limit_is_exact(encoding: str, size: int, fits: bool) -> None:
    """F-44: a body of exactly the limit is read, one byte more is too large, in every encoding."""
    body = bytes(size)
    unpack = unpacked(encoding, PACK[encoding](body), limit=1000)

    assert unpack.too_large is not fits
    if fits:
        assert unpack.finish() == body


def test_zstd_may_not_ask_for_more_memory_than_the_web_allows() -> None:
    """F-40: a zstd body with a window over 8 MB is not undone (RFC 9659)."""
    wide = zstandard.ZstdCompressionParameters(window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    packed = packer.compress(FEED) + packer.flush()

    assert unpacked("zstd", packed).finish() == packed


def test_frames_of_zstd_may_follow_each_other() -> None:
    """F-40: a zstd body may be several frames (RFC 8878 section 3)."""
    packed = zstandard.compress(FEED[:100]) + zstandard.compress(FEED[100:])

    assert unpacked("zstd", packed, chunk=3).finish() == FEED


@pytest.mark.parametrize("encoding", ["br, gzip", "gzip, br", "zstd,zstd", "br br", "compress", "exi", ""])
def test_chains_and_unknown_encodings_are_not_undone(encoding: str) -> None:
    """X-12: one layer of packing at most, and only what we offered."""
    body = brotli.compress(gzip.compress(FEED))

    assert unpacked(encoding, body).finish() == body
