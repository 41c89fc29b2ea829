"""Bytes -> Document: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, RDF, JSON Feed.

In: a body, where it came from, its Content-Type. Out: a Document whose HTML is safe, or Failed with a reason.
Never: an exception for bad input, a fetch, or validity as a condition for reading: what stands there is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from feeds import mend
from feeds.decode import decode, is_utf8, unpacked
from feeds.entries import finished
from feeds.jsonfeed import read_json
from feeds.model import Document, Failed, FailureKind
from feeds.raw import Raw
from feeds.reference import read_reference
from feeds.wellformed import read_wellformed

Parser = Callable[[bytes, str, str], Document | Failed]
"""(body, url, content type) -> what it says."""

MOST_ENTRIES = 5000
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_NO_PREFIX = re.compile(r"Namespace prefix ([\w.-]+) ")
_MOST_PREFIXES = 8


def parse(body: bytes, url: str = "", content_type: str = "", *, fast: bool = True) -> Document | Failed:
    """Read a feed found at `url`, which relative links start from where the document names no base.

    `fast=False` asks the reference reader alone: both say the same, but for the faults listed in docs/reading.md.

    Faults are mended at this door: broken encodings and illegal characters (F07, F08, F14), junk around the document
    (F06), a body that breaks off (F03), entities (F11), ids given twice (I-06).
    """
    raw = read_raw(body, content_type, fast=fast)
    if isinstance(raw, str):
        return finished(read_json(raw, url), url)
    return finished(raw, url)


def read_raw(body: bytes, content_type: str = "", *, fast: bool = True) -> Raw | str | Failed:
    """What a body says before cleaning; the text of a JSON Feed; or Failed. `fast=False` asks feedparser alone."""
    body = unpacked(body)
    charset = _charset(content_type)
    if fast and is_utf8(body, charset):
        raw = _read_at_once(body)
        if raw is not None:
            return raw
    if not body.strip():
        return Failed(kind=FailureKind.EMPTY, detail="the body is empty")
    text, notes = decode(body, charset)
    start = text.lstrip()
    if start.startswith("{"):
        return start
    if mend.is_page(text):
        return Failed(kind=FailureKind.HTML, detail="the body is a web page, not a feed")
    read = _read_text(text, fast=fast)
    if isinstance(read, Raw):
        read.notes[:0] = notes
    return read


def _read_at_once(body: bytes) -> Raw | None:
    """A document that needs no mending, as its bytes stand; None for all others."""
    head = body[:2000].decode("latin-1")
    root = mend.find_root(head)
    if root is None or "<!" in head[: root.start()].replace("<!--", ""):
        return None
    try:
        # A copy of the body is only made where something else than XML may stand before the root.
        return read_wellformed(body if body.startswith(b"<") else body[root.start() :], MOST_ENTRIES)
    except etree.XMLSyntaxError:
        return None


def _read_text(text: str, *, fast: bool) -> Raw | Failed:
    root = mend.find_root(text)
    if not root:
        return Failed(kind=FailureKind.NOT_A_FEED, detail="no <rss>, <feed> or <rdf:RDF> in the body")
    if mend.is_crowded(text):
        return Failed(kind=FailureKind.UNREADABLE, detail=f"a tag with more than {mend.MOST_ATTRIBUTES} attributes")
    # Warnings and blank lines before the document (F06) go, and so does its DTD.
    prolog = mend.harmless_dtd(text[: root.start()])
    text, truncated = mend.whole_entries(text[root.start() :], root["name"])
    raw: Raw | Failed | None = _read_mended(text) if fast and not prolog else None
    if raw is None:
        raw = read_reference(prolog + text, MOST_ENTRIES)
    if isinstance(raw, Failed):
        return raw
    if truncated:
        if not raw.entries:
            return Failed(kind=FailureKind.UNREADABLE, detail="the body breaks off before its first whole entry")
        raw.truncated = True
        raw.notes.insert(0, "the body breaks off: whole entries before the break are kept")
    return raw


def _read_mended(text: str) -> Raw | None:
    """A text that is well-formed, or becomes so when forgotten entities and prefixes are declared."""
    mended = False
    for _ in range(_MOST_PREFIXES):
        try:
            return read_wellformed(text.encode("utf-8", "ignore"), MOST_ENTRIES)
        except etree.XMLSyntaxError as error:
            prefix = _NO_PREFIX.search(str(error))
            if prefix:
                text = mend.with_prefix(text, prefix[1])
            elif not mended:
                text, mended = mend.with_known_entities(text), True
            else:
                return None
    return None


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    return found[1] if found else ""
