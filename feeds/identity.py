"""When are two entries the same: ids, canonical URLs, fingerprints, slugs.

In: words and addresses. Out: keys that stay the same when nothing that matters changed.
Never: the network, the store or a clock.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import idna
from anyascii import anyascii

from feeds import tracking
from feeds.model import Entry, IdOrigin

# RFC 3987: a scheme, a colon, then no spaces, controls or the delimiters that an IRI may not hold.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+\Z")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_NOT_IN_URL = re.compile(r'[\x00-\x20"<>\x7f]')
# An address in which nothing needs to be resolved, joined or escaped: nearly all.
_READY = re.compile(
    r"https?://[A-Za-z0-9.-]{1,200}(?::[0-9]{1,5})?(?:/[\w/.,:@!$&'()*+=~%-]*)?(?:\?[\w/.,:@!$&'()*+=~%-]+)?(?:#[\w/.,:=~%-]+)?\Z"
)
# An address that is canonical already: nearly all links of entries.
_CANONICAL = re.compile(r"https?://[a-z0-9.-]{1,200}/[\w/.,:@!$'()*+=~%-]*\Z")
# Caches of AMP pages hold the address of the page in their own.
_AMP_CACHE = re.compile(
    r"\Ahttps?://(?:www\.google\.[a-z.]{2,6}/amp|[a-z0-9-]+\.cdn\.ampproject\.org/[cv])/(?:s/)?(?=[\w.-]+\.\w)",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"\A(?:(?:www|m|mobile|amp)\.)+(?=[^.]+\.)")
_AMP_PATH = re.compile(r"(?:/amp(?=/|\Z)|\.amp(?=\.html?\Z|\Z))", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$^+.-]{1,80}/[\w!#$^+.-]{1,80}(?:\s*;[^<>&\x00-\x1f]{0,100})?\Z", re.ASCII)
_PUBLIC_IDS = uuid.UUID("0a4d8a4e-5c1b-5c0e-9a53-6f8f3b6d2f10")


def is_iri(text: str) -> bool:
    """Whether `text` can stand as an atom:id: an absolute IRI without spaces (RFC 4287 section 4.2.6)."""
    return bool(_IRI.match(text))


def is_plain_web_url(text: str) -> bool:
    """Whether `text` is an address so plain that it stays as it is when joined to a base or escaped."""
    return bool(_READY.match(text))


def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http or https address with a host, and nothing that an address may not hold."""
    if is_plain_web_url(text):
        return True
    if _NOT_IN_URL.search(text):
        return False  # urlsplit forgives line breaks and tabs, and says nothing of a host with spaces
    try:
        parts = urlsplit(text)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def media_type(text: str) -> str:
    """A media type as RFC 9110 section 8.3.1 has it, or "" for anything else that a publisher wrote in its place."""
    return text.strip() if _MEDIA_TYPE.match(text.strip()) else ""


def canonical_url(url: str) -> str:
    """The address without what does not change what is read: tracking, fragment, case of host, default port."""
    return url if _CANONICAL.match(url) else _canonical(url, first=False)


def _canonical(url: str, *, first: bool) -> str:
    """The canonical address, by today's list of tracking parameters or the first."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
        port = parts.port
        # Escaped bytes of other encodings (Windows-1251 in a query) are no UTF-8, and must stay apart.
        fields = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        query = urlencode(
            [(k, v) for k, v in fields if not tracking.is_tracking(k, first=first)], errors="surrogateescape"
        )
    except ValueError:
        return url.strip()
    if not host:
        return url.strip()
    if ":" in host:
        host = f"[{host}]"
    if port and (parts.scheme, port) not in (("http", 80), ("https", 443)):
        host = f"{host}:{port}"
    path = parts.path if first else tracking.without_session(parts.path)
    return urlunsplit((parts.scheme.lower(), host, path or "/", query, "")).strip()


def address_key(url: str) -> str:
    """What two addresses of one feed have in common: for comparing, not for asking (F39).

    Beside what `canonical_url` folds: http and https, "www.", a slash or dot at the end, an international host name and
    its punycode, a path with and without its letters escaped.
    """
    try:
        parts = urlsplit(canonical_url(url))
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return url.strip()
    if parts.scheme not in ("http", "https") or not host:
        return url.strip()
    with suppress(idna.IDNAError):  # an IP address, or a name that only the local network knows
        host = idna.encode(host, uts46=True).decode("ascii")
    near = port in (80, 443)
    path = _ESCAPED.sub(_respelled, quote(parts.path, safe="/%:@!$&'()*+,;=~")).rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return host.removeprefix("www.") + (f":{port}" if port and not near else "") + (path or "/") + query


# Addresses that are their own key but for http, "www." and a slash at the end: nearly all links of nearly all feeds.
_PLAIN_STORY = re.compile(
    r"https?://(?:www\.)?(?!www\.)([a-z0-9-]{3,}(?:\.[a-z0-9-]+)*\.[a-z]{2,})((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)/?\Z"
)
_ODD_STORY = re.compile(r"(?<![a-z])amp(?![a-z])|ampproject|mobile|wap\.|xn--|touch", re.IGNORECASE)


def story_url(url: str) -> str:
    """What two addresses of one story have in common (N-01): for comparing, never for asking or showing.

    Beside what `address_key` folds: mobile and AMP pages, AMP caches, and that the link stood in a feed. "" for what
    cannot name a story: no web address, or a home page.
    """
    plain = _PLAIN_STORY.match(url)
    if plain and not _ODD_STORY.search(url):
        return f"https://{plain[1]}{plain[2]}"
    return _folded_story(url)


def _folded_story(url: str) -> str:
    if not is_web_url(url.strip()):
        return ""
    key = address_key(_AMP_CACHE.sub("https://", url.strip()))
    place, _, query = key.partition("?")
    host, _, path = place.partition("/")
    host = _MOBILE.sub("", host)
    path = _AMP_PATH.sub("", "/" + path).rstrip("/")
    if query:
        fields = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        told = [(k, v) for k, v in fields if not tracking.names_origin(k, v) and not _is_amp(k, v)]
        query = urlencode(told, errors="surrogateescape")
    return f"https://{host}{path or '/'}{'?' + query if query else ''}" if path or query else ""


def _is_amp(name: str, value: str) -> bool:
    name = name.lower()
    return name in ("amp", "usqp") or name.startswith("amp_") or (name in ("output", "outputtype") and value == "amp")


def _respelled(match: re.Match[str]) -> str:
    """An escaped byte in one spelling: as itself where it needs no escape, else in capitals (RFC 3986 section 6.2.2)."""
    plain = unquote(match[0], encoding="latin-1")
    return plain if plain.isascii() and (plain.isalnum() or plain in "-._~") else match[0].upper()


@lru_cache(4096)  # a source's address is the same at every poll
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

    The publisher's id where it is an IRI, else a UUID of the feed's declared address and that id (RFC 9562, version 5). What
    comes by way of another aggregator has the id that it has where it comes from its own feed (A-10).
    """
    if entry.id_origin != "hash" and is_iri(entry.id):
        return entry.id
    inner = entry.source.url if entry.source and is_web_url(entry.source.url) else ""
    return "urn:uuid:" + str(uuid.uuid5(_PUBLIC_IDS, (inner or feed_url) + "\n" + entry.id))


def derived_id(public_id: str, what: str) -> str:
    """A lasting IRI for something that has no row of its own, from one that has (RFC 9562, version 5)."""
    return "urn:uuid:" + str(uuid.uuid5(_PUBLIC_IDS, public_id + "\n" + what))


def fingerprint(entry: Entry) -> str:
    """What an entry's words are known by (I-08): a hash in which white space and tracking do not count.

    Where something in them rotates by itself (`feeds.tracking`), a second hash without that stands behind it. Most
    entries have the one hash alone, as they had before there was a second: it is never to be changed.
    """
    first = _hash(entry, entry.summary, entry.content, canonical=_first_canonical)
    settled = [tracking.settled(html) for html in (entry.summary, entry.content)]
    if settled == [entry.summary, entry.content] and not _is_tracked(entry):
        return first
    second = _hash(entry, *settled, canonical=canonical_url)
    return first if first == second else f"{first}~{second}"


def says_the_same(entry: Entry, stored: str) -> bool:
    """Whether an entry's words are those of which `stored` is the fingerprint."""
    first, _, second = stored.partition("~")
    if first == _hash(entry, entry.summary, entry.content, canonical=_first_canonical):
        return True  # nearly always: what rotates is only looked for where something is different
    settled = [tracking.settled(html) for html in (entry.summary, entry.content)]
    return _hash(entry, *settled, canonical=canonical_url) == (second or first)


def _first_canonical(url: str) -> str:
    return url if _CANONICAL.match(url) else _canonical(url, first=True)


def _is_tracked(entry: Entry) -> bool:
    """Whether its addresses hold what only today's list of tracking parameters knows."""
    urls = (entry.link, *(enclosure.url for enclosure in entry.enclosures))
    return any(("?" in url or ";" in url) and canonical_url(url) != _first_canonical(url) for url in urls)


def _hash(entry: Entry, summary: str, content: str, *, canonical: Callable[[str], str]) -> str:
    return digest(
        _squeeze(entry.title),
        _squeeze(tracking.untracked(summary)),
        _squeeze(tracking.untracked(content)),
        canonical(entry.link),
        "\n".join(author.name for author in entry.authors),
        "\n".join(entry.categories),
        "\n".join(canonical(enclosure.url) for enclosure in entry.enclosures),
    )


def unique_entries(entries: Sequence[Entry], *, atom: bool) -> tuple[tuple[Entry, ...], str]:
    """One entry an id (I-06), and what had to be done for it, in a sentence, or "".

    Where a generator gave one guid to different items, guid and link (or title, or text) together are the id. Other
    repeats of an id are one entry at different times: the newest `updated` wins (RFC 4287 section 4.1.1), the first one
    where none is newer.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.id, []).append(entry)
    if len(groups) == len(entries):
        return tuple(entries), ""
    apart = {same: () if atom else _told_apart_by(group, alone=len(groups) == 1) for same, group in groups.items()}
    kept = _newest([_widened(entry, apart[entry.id]) for entry in entries])
    shared = sum(len(group) for same, group in groups.items() if apart[same])
    notes = []
    if shared:
        notes.append(f"{shared} items have the guid of another: guid and link together tell them apart")
    if len(kept) < len(entries):
        notes.append(f"{len(entries) - len(kept)} entries repeat the id of another: the newest of each is kept")
    return kept, "; ".join(notes)


def _told_apart_by(group: Sequence[Entry], *, alone: bool) -> tuple[str, ...]:
    """The fields which show that entries of one id are different ones, not one at different times (F17, F18).

    `alone` says that the whole document has this one id: then its generator is broken, and less is proof enough.
    """
    links = {entry.link for entry in group}
    titles = {entry.title for entry in group}
    if len(links) == len(group) > 1 and (alone or len(titles) == len(group)):
        return ("link",)
    if alone and len(links) * len(titles) > 1:
        return ("link", "title")
    if group[0].id_origin == "hash" and len({(entry.summary, entry.content) for entry in group}) > 1:
        return ("summary", "content")
    return ()


def _widened(entry: Entry, fields: tuple[str, ...]) -> Entry:
    if not fields:
        return entry
    said = [str(getattr(entry, field)) for field in fields]
    mark = entry.link if fields == ("link",) and entry.link else digest(*said)
    # An id that was a link is none any more.
    origin: IdOrigin = "guid" if entry.id_origin == "guid" else "hash"
    return replace(entry, id=f"{entry.id}|{mark}", id_origin=origin, is_permalink=False)


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
