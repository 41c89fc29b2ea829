"""When are two entries the same: ids, canonical URLs, fingerprints, slugs.

In: words and addresses. Out: keys that stay the same when nothing that matters changed.
Never: the network, the store or a clock.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from anyascii import anyascii

from feeds.model import Entry

# RFC 3987: a scheme, a colon, then no spaces, controls or the delimiters that an IRI may not hold.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+\Z")
# Parameters that say how a reader came, not what is read. Sources: the vendors' own campaign documentation.
_TRACKING = re.compile(
    r"(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|igshid|ns_(source|mchannel|campaign|linkname|fee)|"
    r"at_(medium|campaign|custom\d|format)|cmpid|ocid|ftag|ref_src|_hs(enc|mi))\Z",
    re.IGNORECASE,
)
_PUBLIC_IDS = uuid.UUID("0a4d8a4e-5c1b-5c0e-9a53-6f8f3b6d2f10")


def is_iri(text: str) -> bool:
    """Whether `text` can stand as an atom:id: an absolute IRI without spaces (RFC 4287 section 4.2.6)."""
    return bool(_IRI.match(text))


def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http or https address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def canonical_url(url: str) -> str:
    """The address without what does not change what is read: tracking, fragment, case of host, default port."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
        port = parts.port
    except ValueError:
        return url.strip()
    if not host:
        return url.strip()
    if port and (parts.scheme, port) not in (("http", 80), ("https", 443)):
        host = f"{host}:{port}"
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)])
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))


def without_credentials(url: str) -> str:
    """The address without a user name and password, fit to be shown or republished (X-33)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def digest(*parts: str) -> str:
    """A SHA-256 over parts that cannot run into each other, as 32 hexadecimal digits."""
    body = "\x1f".join(part.replace("\x1f", " ") for part in parts)
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fallback_id(*, title: str, published: str, body: str) -> str:
    """An id for an entry that has neither id nor link, of what survives an edit (I-03).

    The title with the publisher's own date string; without a date, the title with the body.
    """
    return "hash:" + digest(title, published if published else body)


def mint_public_id(feed_url: str, entry: Entry) -> str:
    """The IRI under which `entry` is republished for ever (A-01, A-02).

    The publisher's id where it is an IRI, else a UUID of the feed's declared address and that id (RFC 9562, version 5).
    """
    if entry.id_origin != "hash" and is_iri(entry.id):
        return entry.id
    return "urn:uuid:" + str(uuid.uuid5(_PUBLIC_IDS, feed_url + "\n" + entry.id))


def fingerprint(entry: Entry) -> str:
    """A hash of what a reader would call the entry's words (I-08): white space and tracking do not count."""
    return digest(
        _squeeze(entry.title),
        _squeeze(entry.summary),
        _squeeze(entry.content),
        canonical_url(entry.link),
        "\n".join(author.name for author in entry.authors),
        "\n".join(entry.categories),
        "\n".join(enclosure.url for enclosure in entry.enclosures),
    )


def unique_entries(entries: Sequence[Entry], *, atom: bool) -> tuple[tuple[Entry, ...], str]:
    """One entry an id (I-06), and what had to be done for it, in a sentence, or "".

    Where a generator gave one guid to everything, guid and link together are the id. Other repeats of an id are one
    entry at different times: the newest `updated` wins (RFC 4287 section 4.1.1), the first one where none is newer.
    """
    counts = Counter(entry.id for entry in entries)
    if len(counts) == len(entries):
        return tuple(entries), ""
    if not atom and len(counts) == 1 and len({(entry.link, entry.title) for entry in entries}) > 1:
        widened = [replace(entry, id=f"{entry.id}|{entry.link or digest(entry.title)}") for entry in entries]
        return _newest(widened), f"all {len(entries)} items have the same guid: guid and link together tell them apart"
    kept = _newest(entries)
    return kept, f"{len(entries) - len(kept)} entries repeat the id of another: the newest of each is kept"


def _newest(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    best: dict[str, Entry] = {}
    for entry in entries:
        if entry.id not in best or _stamp(entry) > _stamp(best[entry.id]):
            best[entry.id] = entry
    return tuple(best.values())


def _stamp(entry: Entry) -> datetime:
    return entry.updated or entry.published or datetime.min.replace(tzinfo=UTC)


def slugify(text: str, *, limit: int = 60) -> str:
    """A name as the last part of an address: ASCII, lower case, hyphens; any script is transliterated."""
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower().replace("'", ""))
    slug = "-".join(words)
    if len(slug) > limit:
        slug = slug[:limit].rpartition("-")[0] or slug[:limit]
    return slug or "x" + digest(text)[:8]


def _squeeze(text: str) -> str:
    return " ".join(text.split())
