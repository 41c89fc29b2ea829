"""Undoes gzip, deflate, brotli and zstd chunk by chunk.

In: the name of an encoding, pieces of a body. Out: the plain body. Never: more than the limit in memory (X-12), a second
layer of packing, an exception because a body is not packed as its header says (F05).
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Protocol, cast

import brotli
import zstandard

ACCEPT_ENCODING = "gzip, br, zstd"
_LARGEST_WINDOW = 8 * 1024 * 1024
"""The most memory that zstd may ask for on the web (RFC 9659 section 3)."""
_STEP = 65536
_BROKEN = (zlib.error, brotli.error, zstandard.ZstdError)


class _Plain:
    """The unpacked bytes so far, `full` once they are more than the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = bytearray()

    @property
    def full(self) -> bool:
        return len(self.bytes) > self.limit

    def write(self, piece: bytes) -> int:
        """Take a piece. Raises _FullError where there is no more room, which ends the decoder that writes."""
        if self.full:
            raise _FullError
        self.bytes += piece
        return len(piece)


class _FullError(Exception):
    """More was unpacked than may be kept."""


class _Decoder(Protocol):
    def feed(self, chunk: bytes, plain: _Plain) -> None: ...


class _Zlib:
    """gzip and zlib; a gzip body may be several, one behind the other (RFC 1952 section 2.2)."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(47)

    def feed(self, chunk: bytes, plain: _Plain) -> None:
        while chunk and not plain.full:
            plain.write(self._stream.decompress(chunk, plain.limit + 1 - len(plain.bytes)))
            chunk = b""
            if self._stream.eof:
                chunk, self._stream = self._stream.unused_data, zlib.decompressobj(31)


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def feed(self, chunk: bytes, plain: _Plain) -> None:
        plain.write(self._stream.process(chunk, output_buffer_limit=_STEP))
        while not (self._stream.is_finished() or self._stream.can_accept_more_data()):
            plain.write(self._stream.process(b"", output_buffer_limit=_STEP))


class _Zstd:
    """RFC 8878, in small steps: a few bytes may stand for very many."""

    def __init__(self, plain: _Plain) -> None:
        decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._stream = decoder.stream_writer(cast(BinaryIO, plain), write_size=_STEP, closefd=False)

    def feed(self, chunk: bytes, plain: _Plain) -> None:
        self._stream.write(chunk)


class Unpacker:
    """The body of one answer, unpacked as it arrives; a body that is not packed as it says stays as it is (F05)."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._raw = bytearray()
        self._plain = _Plain(limit)
        self._limit = limit
        # One layer only: chains of encodings are how bombs are built.
        self._decoder = self._decoder_for(encoding.strip().lower())
        self._packed = self._decoder is not None

    def _decoder_for(self, encoding: str) -> _Decoder | None:
        if encoding in ("gzip", "x-gzip", "deflate"):
            return _Zlib()
        if encoding == "br":
            return _Brotli()
        return _Zstd(self._plain) if encoding == "zstd" else None

    @property
    def too_large(self) -> bool:
        """Whether the limit is passed, packed or plain."""
        return self._plain.full or len(self._raw) > self._limit

    @property
    def wire_bytes(self) -> int:
        """How many bytes came, packed."""
        return len(self._raw)

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body."""
        self._raw += chunk
        if self._decoder is None or self.too_large:
            return
        try:
            self._decoder.feed(chunk, self._plain)
        except _FullError:
            self._decoder = None
        except _BROKEN:
            # Never packed, broken on the way, or something else behind the end: what was unpacked so far counts.
            self._packed = bool(self._plain.bytes)
            self._decoder = None

    def finish(self) -> bytes:
        """The whole body."""
        # Brotli has no mark to know it by, and some words end it before a byte came out.
        words = not self._plain.bytes and self._raw.lstrip().startswith((b"<", b"{"))
        return bytes(self._raw if words or not self._packed else self._plain.bytes)
