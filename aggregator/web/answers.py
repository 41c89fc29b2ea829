"""A representation as HTTP sends it: its headers, its codings, what is said to conditional requests.

In: a Body, the headers of a request. Out: status, headers, bytes. Never: the Host header, or a line break in a header.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import NamedTuple

from aggregator.publish import Body

Headers = list[tuple[bytes, bytes]]
_CSP = b"default-src 'none'; sandbox"
_WORTH_PACKING = 500
"""Bytes below which packing gains nothing."""
_LEVEL = 6
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_Q = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*\Z", re.IGNORECASE)
_WEEK = 604_800


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: Headers
    content: bytes


class _Coded:
    """A representation in one coding: the answers that it can give, made once."""

    def __init__(self, content: bytes, etag: bytes, common: Headers, media_type: bytes, coding: bytes) -> None:
        self.etag = etag
        self.size = len(content)
        kept: Headers = [(b"etag", etag), *common]
        said: Headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(content)), *kept]
        if coding:
            said.append((b"content-encoding", coding))
        self.whole = Said(200, said, content)
        self.head = Said(200, said, b"")
        self.unchanged = Said(304, kept, b"")


class Ready:
    """A body ready to be sent, as it is and packed, each with a validator of its own (S-03).

    `location` is the explicit address of a representation that was negotiated (S-07), "" where it was asked for itself.
    """

    def __init__(self, body: Body, location: str = "") -> None:
        self.changed_at = body.changed_at.replace(microsecond=0)
        common = _common(body, self.changed_at, location)
        media_type = _line(f"{body.media_type}; charset=utf-8")
        self._plain = _Coded(body.content, _line(body.etag), common, media_type, b"")
        self._packed: _Coded | None = None
        if len(body.content) >= _WORTH_PACKING:
            etag = _line(f'{body.etag[:-1]}-gzip"')
            # No moment in it: the same bytes packed are the same bytes (V-12).
            self._packed = _Coded(gzip.compress(body.content, _LEVEL, mtime=0), etag, common, media_type, b"gzip")
        self.size = self._plain.size + (self._packed.size if self._packed else 0)

    def answer(self, headers: Iterable[tuple[bytes, bytes]], *, head: bool = False) -> Said:
        """What to say to a GET with these headers (names in lower case), or to a HEAD."""
        encoding = none_match = since = b""
        for name, value in headers:
            if name == b"accept-encoding":
                encoding += b"," + value
            elif name == b"if-none-match":
                none_match += b"," + value if none_match else value
            elif name == b"if-modified-since":
                since = value
        coded = self._packed if self._packed and takes_gzip(encoding) else self._plain
        if none_match:
            if none_match == coded.etag or self._matches(none_match):
                return coded.unchanged
        elif since and _is_since(since, self.changed_at):
            return coded.unchanged
        return coded.head if head else coded.whole

    def _matches(self, shown: bytes) -> bool:
        """If-None-Match, with weak comparison: what has any coding's tag has this representation (RFC 9110 section 13.1.2)."""
        if shown.strip() == b"*":
            return True
        tags = _TAG.findall(shown)
        return self._plain.etag in tags or (self._packed is not None and self._packed.etag in tags)


def _common(body: Body, changed_at: datetime, location: str) -> Headers:
    lasting = ", immutable" if body.is_lasting else ""
    control = f"public, max-age={body.max_age}{lasting}" if body.is_public else "private, no-transform, max-age=0"
    said: Headers = [
        (b"last-modified", format_datetime(changed_at.astimezone(UTC), usegmt=True).encode()),
        (b"cache-control", control.encode()),
        (b"vary", b"Accept, Accept-Encoding" if location else b"Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", _CSP),
        (b"referrer-policy", b"no-referrer"),
    ]
    if location:
        said.append((b"content-location", _line(location)))
    if body.links:
        told = ", ".join(f'<{link.href}>; rel="{link.rel}"' for link in body.links)
        said.append((b"link", _line(told)))
    if body.is_public:
        said += [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"ETag, Last-Modified, Link"),
        ]
    else:
        said.append((b"x-robots-tag", b"noindex"))
    return said


def _line(text: str) -> bytes:
    """A header's value: characters that may stand in one, and no line break (X-25)."""
    return "".join(c for c in text if c.isascii() and c.isprintable()).encode("ascii")


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding takes gzip (RFC 9110 section 12.5.3)."""
    accepted = accepted.lower()
    if b"gzip" not in accepted and b"*" not in accepted:
        return False
    found: dict[str, float] = {}
    for part in accepted.decode("latin-1").split(","):
        name, *said = part.split(";")
        found[name.strip()] = _quality(said)
    return found.get("gzip", found.get("x-gzip", found.get("*", 0.0))) > 0


def _quality(parameters: Iterable[str]) -> float:
    for one in parameters:
        if match := _Q.match(one):
            return min(float(match[1]), 1.0)
    return 1.0


# What we have, the preferred first where several are wanted alike; a browser's page before any feed.
_OFFERED = (
    ("text/html", ""), ("application/xhtml+xml", ""), ("application/atom+xml", "atom"), ("application/rss+xml", "rss"),
    ("application/feed+json", "json"), ("application/json", "json"), ("application/xml", "atom"), ("text/xml", "atom"),
)  # fmt: skip


def negotiated(accept: str) -> str:
    """The form that an Accept header asks for: "atom", "rss" or "json", "" for a page (S-07).

    Who accepts nothing that we have gets Atom: a feed is better than a refusal.
    """
    ranges: dict[str, float] = {}
    for part in accept.lower()[:4000].split(","):
        name, *said = part.split(";")
        if name.strip():
            ranges[name.strip()] = _quality(said)
    if not ranges:
        return ""
    wanted = [(_wanted(ranges, kind), -at, form) for at, (kind, form) in enumerate(_OFFERED)]
    best, _, form = max(wanted)
    return form if best > 0 else "atom"


def _wanted(ranges: dict[str, float], kind: str) -> float:
    """How much a type is wanted: by its own name, else its family's, else anything's."""
    exactly = (kind,)  # nobody means XHTML who takes anything
    for name in exactly if "xhtml" in kind else (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


def _is_since(since: bytes, changed_at: datetime) -> bool:
    try:
        stamp = parsedate_to_datetime(since.decode("latin-1"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return changed_at <= (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC))
