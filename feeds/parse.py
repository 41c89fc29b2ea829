"""Bytes -> Document: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, RDF, JSON Feed.

In: a body, where it came from, its Content-Type. Out: a Document whose HTML is safe, or Failed with a reason.
Never: an exception for bad input, a fetch, or validity as a condition for reading: what stands there is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import feedparser

from feeds import authorbox, clean
from feeds.dates import read_date
from feeds.decode import decode, undoubled, unpacked
from feeds.identity import digest, fallback_id, is_web_url, unique_entries
from feeds.jsonfeed import read_json
from feeds.model import LINK_RELS, Author, Document, Enclosure, Entry, Failed, FailureKind, Head, IdOrigin, Link, Pace

Parser = Callable[[bytes, str, str], Document | Failed]
"""(body, url, content type) -> what it says."""

MOST_ENTRIES = 5000
_LONGEST_TITLE = 2000
_LONGEST_HTML = 2_000_000
_MOST_ATTRIBUTES = 300
_LONGEST_KEY = 2000  # bytes: no address is longer, and databases index no more

# These patterns are run over whole documents: in none of them may two parts match the same characters, or a hostile
# document of one megabyte would take minutes.
_COMMENT = r"<!--(?:(?!<!--|-->).)*-->"
_ROOT = re.compile(rf"{_COMMENT}|<(?P<name>(?:\w+:)?(?:rss|feed|rdf|channel)\b)", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(rf"\s*(?:{_COMMENT}\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|</(?:\w+:)?(?:(?P<root>rss|feed|rdf)|(?P<entry>item|entry)|(?P<channel>channel))\s*>",
    re.IGNORECASE | re.DOTALL,
)
_AT_THE_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\Z", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_LONG_TAG = re.compile(r"<[^<>]{2000,}>")
_HARMLESS_ENTITY = re.compile(r"""<!ENTITY\s+(\w+)\s+(["'])([^&%"'<>]{0,100})\2\s*>""")
_OWN_ID = re.compile(
    r"<(?:\w+:)?(guid|id)\b([^<>]*)>(?:\s*<!\[CDATA\[(?P<raw>[^<]*)\]\]>\s*|(?P<escaped>[^<]*))</", re.IGNORECASE
)
_SKIP_HOURS = re.compile(r"<skiphours\b.{0,2000}", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(r"<skipdays\b.{0,1000}", re.IGNORECASE | re.DOTALL)
_HOURS = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAYS = re.compile(r"<day>\s*(\w{6,9})\s*</day>", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_MAIL_NAME = re.compile(r"\s*[^\s()<>@]+@[^\s()<>]+\s*\((.+)\)\s*\Z")
_NAME_MAIL = re.compile(r"([^<]+)<[^\s<>@]+@[^\s<>]+>\s*\Z")


def parse(body: bytes, url: str = "", content_type: str = "") -> Document | Failed:
    """Read a feed found at `url`, which relative links start from where the document names no base.

    Faults are mended at this door: broken encodings and illegal characters (F07, F08, F14), junk around the document
    (F06), a body that breaks off (F03), entities (F11), ids given twice (I-06).
    """
    body = unpacked(body)
    if not body.strip():
        return Failed(kind=FailureKind.EMPTY, detail="the body is empty")
    text, notes = decode(body, _charset(content_type))
    start = text.lstrip()
    if start.startswith("{"):
        read = read_json(start, url)
    elif _HTML.match(text) and not _root(text[:2000]):
        return Failed(kind=FailureKind.HTML, detail="the body is a web page, not a feed")
    else:
        read = _read_xml(text, url)
    if isinstance(read, Failed):
        return read
    entries, repeated = unique_entries([*map(_bounded, read.entries)], atom=read.format.startswith("atom"))
    said = (*notes, *read.notes, *filter(None, [repeated]))
    return replace(read, entries=tuple(_finished(entry) for entry in entries), notes=said)


def _root(text: str) -> re.Match[str] | None:
    """Where the document begins; comments may speak of feeds as well."""
    return next((found for found in _ROOT.finditer(text) if found["name"]), None)


def _read_xml(text: str, url: str) -> Document | Failed:
    root = _root(text)
    if not root:
        return Failed(kind=FailureKind.NOT_A_FEED, detail="no <rss>, <feed> or <rdf:RDF> in the body")
    if any(tag.count("=") > _MOST_ATTRIBUTES for tag in _LONG_TAG.findall(text)):
        return Failed(kind=FailureKind.UNREADABLE, detail=f"a tag with more than {_MOST_ATTRIBUTES} attributes")
    # Warnings and blank lines before the document (F06) go, and so does its DTD.
    prolog = _harmless_dtd(text[: root.start()])
    text, truncated = _whole_entries(text[root.start() :], root["name"])
    text = prolog + text
    # No address is given to feedparser: it would resolve ids too, which are opaque (I-04). Links are resolved here.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "ignore")),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers=headers,
        )
    except Exception as error:  # feedparser meets the whole web: whatever stops it must not stop us
        return Failed(kind=FailureKind.UNREADABLE, detail=f"the parser gave up: {type(error).__name__}: {error}")
    if not parsed.get("version") and not parsed.entries:
        return Failed(kind=FailureKind.NOT_A_FEED, detail="XML that is neither RSS nor Atom")
    if truncated and not parsed.entries:
        return Failed(kind=FailureKind.UNREADABLE, detail="the body breaks off before its first whole entry")
    own_ids = _own_ids(text)
    head = _head(parsed.feed, url)
    # RFC 4287 resolves against the document; RSS never said, and its writers mean their site.
    base = url if str(parsed.get("version")).startswith("atom") else head.site_url or url
    entries = tuple(_entry(raw, base, head.lang, own_ids) for raw in parsed.entries[:MOST_ENTRIES])
    notes = ["the body breaks off: whole entries before the break are kept"] if truncated else []
    if len(parsed.entries) > MOST_ENTRIES:
        notes.append(f"{len(parsed.entries)} entries: only the first {MOST_ENTRIES} are read")
    return Document(
        head=head, entries=entries, format=parsed.get("version") or "unknown", pace=_pace(parsed.feed, text),
        truncated=truncated, links=_machine_links(parsed.feed, url), notes=tuple(notes),
    )  # fmt: skip


def _own_ids(text: str) -> dict[str, bool]:
    """Every id as it is written, and whether it is also a link (I-05): feedparser tells neither."""
    ids = {}
    for found in _OWN_ID.finditer(text):
        written = clean.unescape(found["escaped"]) if found["raw"] is None else found["raw"]
        ids[written.strip()] = found[1].lower() == "guid" and "false" not in found[2].lower()
    return ids


def _as_written(guid: str, own_ids: Mapping[str, bool]) -> str:
    """The id before feedparser resolved it against an xml:base (I-04): a longest part behind a slash that was written."""
    if not guid or guid in own_ids:
        return guid
    starts = (at for at in range(1, len(guid)) if guid[at - 1] == "/" or guid[at] in "/?#")
    return next((guid[at:] for at in starts if guid[at:] in own_ids), guid)


def _whole_entries(text: str, root: str) -> tuple[str, bool]:
    """The text without a half entry at its end, and whether it broke off (F03).

    A text that broke off gets its last end tags again: it is then read as carefully as a whole one.
    """
    ends: dict[str, int] = {}
    for found in _END.finditer(text):
        ends[found.lastgroup or ""] = found.end()
    if "root" in ends:
        return text[: ends["root"]], False
    # RSS may lack its very last tag; in RDF the items stand behind the channel.
    closed = ends.get("channel") == len(text.rstrip()) and not root.lower().endswith("rdf")
    if closed or _AT_THE_END.search(text[-100:].rstrip()):
        return text, False
    first = _ENTRY_START.search(text)
    whole = text[: ends["entry"] if "entry" in ends else first.start() if first else len(text)]
    channel = "channel" if re.search(r"<channel\b", whole, re.IGNORECASE) and "channel" not in ends else ""
    return whole + "".join(f"</{name}>" for name in dict.fromkeys((channel, root)) if name), True


def _harmless_dtd(prolog: str) -> str:
    """A DTD of short literal entities only: the others could grow or reach out (X-10)."""
    found = _HARMLESS_ENTITY.findall(prolog[max(0, prolog.find("<!DOCTYPE")) :])
    entities = "".join(f'<!ENTITY {name} "{value}">\n' for name, _, value in found)
    return f"<!DOCTYPE feed [\n{entities}]>\n" if entities else ""


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def _head(raw: Mapping[str, Any], url: str) -> Head:
    links = _links(raw)
    base = url
    image = _get(raw, "image") or {}
    self_url = next((clean.absolute(link["href"], base) for link in links if link.get("rel") == "self"), "")
    site = clean.absolute(str(_get(raw, "link") or ""), base)
    return Head(
        title=_title(raw, "title"),
        id=str(_get(raw, "id") or self_url or url).strip(),
        url=self_url or url,
        site_url=site,
        subtitle=_title(raw, "subtitle"),
        updated=_date(raw, "updated") or _date(raw, "published"),
        lang=str(_get(raw, "language") or ""),
        rights=_title(raw, "rights"),
        icon=clean.absolute(str(_get(raw, "icon") or ""), base),
        logo=clean.absolute(str(_get(raw, "logo") or _get(image, "href") or ""), base),
        authors=_authors(raw),
        categories=_categories(raw),
    )


def _entry(raw: Mapping[str, Any], base: str, lang_of_feed: str, own_ids: Mapping[str, bool]) -> Entry:
    guid = _as_written(str(_get(raw, "id") or "").strip(), own_ids)
    guid_as_link = clean.absolute(guid) if own_ids.get(guid) else ""
    link = _link(raw, base) or guid_as_link
    title = _title(raw, "title")
    summary, content, authors, lang = _bodies(raw, link or base)
    published = str(_get(raw, "published") or _get(raw, "created") or _get(raw, "updated") or "")
    origin: IdOrigin = "guid" if guid else "link" if link else "hash"
    return Entry(
        id=guid or link or fallback_id(title=title, published=published, body=content or summary),
        id_origin=origin,
        is_permalink=bool(guid_as_link),
        link=link,
        title=title,
        summary=summary,
        content=content,
        published=_date(raw, "published") or _date(raw, "created"),
        updated=_date(raw, "updated"),
        lang=lang or lang_of_feed,
        rights=_title(raw, "rights"),
        authors=authors,
        categories=_categories(raw),
        enclosures=_enclosures(raw, base),
        source=_source(raw),
    )


def _bounded(entry: Entry) -> Entry:
    """Without keys and titles of absurd length (F29, X-11). A hash of an id is as good as the id for telling it apart."""
    link = entry.link if len(entry.link.encode()) <= _LONGEST_KEY else ""
    title = entry.title[:_LONGEST_TITLE]
    if len(entry.id.encode()) <= _LONGEST_KEY:
        return replace(entry, link=link, title=title)
    return replace(entry, link=link, title=title, id=f"hash:{digest(entry.id)}", id_origin="hash", is_permalink=False)


def _finished(entry: Entry) -> Entry:
    """With a summary where the publisher gave none, and the words of summary and content alone."""
    text = clean.plain_text(entry.content)
    summary = entry.summary or _standfirst(text, entry.title)
    words = clean.plain_text(summary)
    start = " ".join(words.split())[:80]
    if start and start not in " ".join(text.split()):
        text = f"{words}\n{text}".strip()
    return replace(entry, text=text, summary=summary)


def _standfirst(text: str, title: str) -> str:
    """The first paragraph that is not the title again."""
    lines = [line for line in text.split("\n") if line and line.casefold() != title.casefold()]
    # A dateline or a lone label is no summary where a sentence follows.
    return clean.escape(next((line for line in lines if len(line) > 20), lines[0] if lines else ""))


def _bodies(raw: Mapping[str, Any], base: str) -> tuple[str, str, tuple[Author, ...], str]:
    """Summary and content as safe HTML, the authors with what a box said of them, and the declared language."""
    contents = [part for part in _get(raw, "content") or [] if str(part.get("value", "")).strip()]
    best = max(contents, key=lambda part: ("html" in str(part.get("type", "")), len(part["value"])), default=None)
    detail = _get(raw, "summary_detail") or {"value": _get(raw, "summary") or ""}
    content, authors = _html(best, base, _authors(raw)) if best else ("", _authors(raw))
    # feedparser repeats a lone content as summary, and many feeds do it themselves.
    repeated = best is not None and best.get("value") == detail.get("value")
    summary, authors = ("", authors) if repeated else _html(detail, base, authors)
    # A description that is the whole article stands alone as content; its first paragraph is then the summary.
    if not content and len(clean.plain_text(summary)) > 600:
        summary, content = "", summary
    lang = str((best or detail).get("language") or (_get(raw, "title_detail") or {}).get("language") or "")
    return summary, content, authors, lang


def _html(detail: Mapping[str, Any], base: str, authors: tuple[Author, ...]) -> tuple[str, tuple[Author, ...]]:
    value = undoubled(str(detail.get("value") or "")[:_LONGEST_HTML])
    own_base = clean.absolute(str(detail.get("base") or ""), base) or base
    if detail.get("type") == "text/plain" and not clean.looks_like_html(value):
        value = clean.escape(value)
    return authorbox.clean_without_box(value, own_base, authors)


def _title(raw: Mapping[str, Any], key: str) -> str:
    detail = _get(raw, f"{key}_detail") or {}
    value = str(_get(raw, key) or "")
    return clean.title_text(value, is_html="html" in str(detail.get("type", "")))


def _link(raw: Mapping[str, Any], base: str) -> str:
    original = str(_get(raw, "feedburner_origlink") or _get(raw, "link") or "")
    if is_web_url(original):
        return clean.absolute(original)
    links = _links(raw)
    alternate = next((link["href"] for link in links if link.get("rel", "alternate") == "alternate"), "")
    if is_web_url(clean.absolute(alternate, base)):
        return clean.absolute(alternate, base)
    # A relative link is resolved. "tag:..." and the like are no links, though feedparser may say so (F24); nor is a guid
    # that it takes for one because nothing says isPermaLink="false" (I-05).
    written = original in (link["href"] for link in links)
    return clean.absolute(original, base) if written and ":" not in original.split("/")[0] else ""


def _links(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(link) for link in _get(raw, "links") or [] if link.get("href")]


def _machine_links(raw: Mapping[str, Any], base: str) -> tuple[Link, ...]:
    found = ((str(link.get("rel", "")).strip().lower(), clean.absolute(link["href"], base)) for link in _links(raw))
    return tuple(Link(rel=rel, href=href) for rel, href in dict.fromkeys(found) if rel in LINK_RELS and href)


def _authors(raw: Mapping[str, Any]) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    whole = str(_get(raw, "author") or "")
    for person in _get(raw, "authors") or []:
        # feedparser takes four letters for the end of any domain: "nora@paper.online (Nora)" has the name "ne (Nora".
        mail = str(person.get("email") or "\n")
        cut = whole.partition(mail)[2][:1].isalpha()
        name = _person(whole if cut else str(person.get("name") or ""))
        if name and name not in found:
            found[name] = Author(name=name, url=clean.absolute(str(person.get("href") or "")))
    if not found and _person(whole):
        found[_person(whole)] = Author(name=_person(whole))
    return tuple(found.values())


def _person(raw: str) -> str:
    """The name in a byline element: without markup, and without a mail address around or beside it."""
    text = clean.title_text(raw, is_html=True)
    mail = _MAIL_NAME.match(text) or _NAME_MAIL.match(text)
    text = mail[1].strip() if mail else text
    return "" if re.fullmatch(r"[^\s@]+@\S+", text) or is_web_url(text) else text[:300]


def _categories(raw: Mapping[str, Any]) -> tuple[str, ...]:
    tags = _get(raw, "tags") or []
    terms = (clean.title_text(str(tag.get("label") or tag.get("term") or ""), is_html=True) for tag in tags)
    return tuple(dict.fromkeys(term[:200] for term in terms if term))[:100]


def _enclosures(raw: Mapping[str, Any], base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for one in _links(raw):
        url = clean.absolute(str(one["href"]), base) if one.get("rel") == "enclosure" else ""
        length = str(one.get("length") or "0").strip()
        if url and url not in found:
            size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
            title = clean.title_text(str(one.get("title") or ""), is_html=False)
            found[url] = Enclosure(url=url, type=str(one.get("type") or ""), length=size, title=title)
    return tuple(found.values())[:50]


def _source(raw: Mapping[str, Any]) -> Head | None:
    """The source that an entry brought along (A-10): atom:source, or RSS <source url="">."""
    inner = _get(raw, "source")
    if not inner:
        return None
    url = clean.absolute(str(_get(inner, "href") or ""))
    head = _head(inner, url)
    if not head.title and not head.url:
        return None
    return head


def _pace(raw: Mapping[str, Any], text: str) -> Pace:
    ttl = str(_get(raw, "ttl") or "")
    frequency = str(_get(raw, "sy_updatefrequency") or "1")
    hours, days = _SKIP_HOURS.search(text), _SKIP_DAYS.search(text)
    return Pace(
        ttl=int(ttl) if ttl.isascii() and ttl.isdigit() and len(ttl) < 9 else None,
        skip_hours=tuple(int(hour) for hour in _HOURS.findall(hours[0] if hours else "")),
        skip_days=tuple(_DAYS.findall(days[0] if days else "")),
        update_period=str(_get(raw, "sy_updateperiod") or ""),
        update_frequency=int(frequency) if frequency.isascii() and frequency.isdigit() and len(frequency) < 6 else 1,
    )


def _date(raw: Mapping[str, Any], key: str) -> datetime | None:
    """Our own reading alone: where feedparser finds only a year, it takes the month from its clock."""
    return read_date(str(_get(raw, key) or ""))


def _get(raw: Mapping[str, Any], key: str) -> Any:
    """What the document says. feedparser's own look-up answers with other fields where one is missing."""
    return dict.get(raw, key) if isinstance(raw, dict) else None
