"""Document -> Atom, RSS and JSON Feed bytes; the same input gives the same bytes (V-12).

In: a Document to publish: every entry has a public id, dates and its source. Out: UTF-8 bytes of valid documents.
Never: a clock, a random order, or our own name in the place of a publisher's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeds import clean, meaning
from feeds.decode import legal
from feeds.identity import is_iri, is_web_url
from feeds.model import Author, Document, Entry, Head, Shared

MEDIA_TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}
GENERATOR = "Heliograph"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_LANG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_NO_LANGUAGE = ("unknown", "und", "zxx", "mul")  # they fit the form of a tag and tell a reader nothing


def write(document: Document, form: str, *, base: str = "") -> bytes:
    """The document as `form`: "atom" (RFC 4287), "rss" (RSS 2.0) or "json" (JSON Feed 1.1).

    `base` is the address of the publishing server: its places, labels and topics are schemes of categories.
    """
    once: dict[str, Entry] = {}
    for entry in map(_sound, document.entries):
        once.setdefault(entry.public_id, entry)  # V-03
    entries = [*once.values()]
    if form == "json":
        return _json(document.head, entries, document.shared)
    told = document.shared if document.by_story else {}
    entries = [_naming(entry, told[entry.public_id]) if entry.public_id in told else entry for entry in entries]
    feed = FeedGenerator()
    feed.register_extension("heliograph", _FeedExtension, _EntryExtension)
    _write_head(feed, document.head, MEDIA_TYPES[form])
    for entry, guid in zip(entries, _rss_guids(entries), strict=True):
        item = feed.add_entry(order="append")
        item.heliograph.shared = told.get(entry.public_id, Shared())
        _write_entry(item, entry, form, guid, base)
    return bytes(feed.atom_str() if form == "atom" else feed.rss_str()) + b"\n"


def _naming(entry: Entry, shared: Shared) -> Entry:
    """The entry with a last line in its text that names who else tells its story."""
    named = ", ".join(
        f'<a href="{clean.escape(_web(one.url))}">{clean.escape(legal(one.name))}</a>' if _web(one.url)
        else clean.escape(legal(one.name))
        for one in shared.also
    )  # fmt: skip
    line = f"<p>Also in: {named}.</p>"
    if entry.content:
        return replace(entry, content=entry.content + line)
    return replace(entry, summary=(f"<p>{entry.summary}</p>" if entry.summary else "") + line)


def _sound(entry: Entry) -> Entry:
    """The entry without links that no reader should follow, whoever let them in (X-27), and without empty names."""
    return replace(
        entry,
        public_id=legal(entry.public_id),
        link=_web(entry.link),
        external_link=_web(entry.external_link),
        authors=_sound_authors(entry.authors),
        categories=tuple(dict.fromkeys(filter(None, map(legal, entry.categories)))),
        enclosures=tuple(replace(one, url=_web(one.url)) for one in entry.enclosures if _web(one.url)),
        source=_sound_head(entry.source) if entry.source else None,
        lang="" if entry.lang.lower() in _NO_LANGUAGE else entry.lang,
        places=tuple(meaning.sound_places(entry.places)),
        reasons=tuple(meaning.sound_reasons(entry.reasons)),
        labels=tuple(dict.fromkeys(filter(None, (legal(label).strip() for label in entry.labels)))),
    )


def _sound_head(head: Head) -> Head:
    return replace(
        head, id=legal(head.id), title=legal(head.title).strip(), url=_web(head.url), site_url=_web(head.site_url),
        icon=_web(head.icon), logo=_web(head.logo),
        authors=_sound_authors(head.authors), categories=tuple(filter(None, map(legal, head.categories))),
    )  # fmt: skip


def _sound_authors(authors: tuple[Author, ...]) -> tuple[Author, ...]:
    named = (replace(author, name=legal(author.name).strip(), url=_web(author.url)) for author in authors)
    return tuple(author for author in named if author.name)


def _web(url: str) -> str:
    return url if is_web_url(url := legal(url)) else ""


def _write_head(feed: Any, head: Head, media_type: str) -> None:
    feed.id(legal(head.id))
    feed.title(legal(head.title) or "Untitled")
    feed.subtitle(legal(head.subtitle) or legal(head.title) or "Untitled")
    feed.updated(_seconds(head.updated))
    feed.lastBuildDate(_seconds(head.updated))
    feed.generator(GENERATOR)
    feed.docs("https://www.rssboard.org/rss-specification")
    if _LANG.match(head.lang):
        feed.language(head.lang)
    feed.link(href=head.url, rel="self", type=media_type)
    # feedgen takes the last link for RSS.
    feed.link(href=head.site_url, rel="alternate", type="text/html")
    feed.heliograph.next_page = head.next_page


def _write_entry(item: Any, entry: Entry, form: str, rss_id: tuple[str, bool], base: str) -> None:
    item.heliograph.entry, item.heliograph.base = entry, base
    # feedgen refuses an empty title, which Atom allows; the extension puts the true one (V-02).
    item.title(legal(entry.title) or "-")
    item.updated(_seconds(entry.updated or entry.published))
    item.published(_seconds(entry.published))
    if form == "atom":
        item.id(entry.public_id)
    else:
        item.guid(rss_id[0], permalink=rss_id[1])
    if entry.link:
        item.link(href=entry.link, rel="alternate")
    _write_bodies(item, entry, form)
    for author in bylines(entry):
        item.author(name=author.name, **({"uri": author.url} if author.url else {}))
    for category in entry.categories:
        item.category(term=category)
    # RSS allows one and wants all three of its attributes (V-10); Atom's are written by the extension.
    for enclosure in entry.enclosures[:1] if form == "rss" else ():
        kind = legal(enclosure.type) or "application/octet-stream"
        item.link(href=enclosure.url, rel="enclosure", type=kind, length=str(enclosure.length))


def _write_bodies(item: Any, entry: Entry, form: str) -> None:
    summary, content = legal(entry.summary), legal(entry.content)
    if form == "rss":
        # V-06: content:encoded stands beside a description that differs from it.
        if summary or not content:
            item.description(summary or ("" if entry.title else entry.link or "-"))
        if content and content != summary:
            item.content(content)
        return
    if not content and not entry.link:
        # RFC 4287 section 4.1.2: an entry without an alternate link has content.
        summary, content = "", summary or clean.escape(legal(entry.title)) or "-"
    if content:
        item.content(content, type="html")
    if summary:
        item.summary(summary, type="html")


def _rss_guids(entries: Sequence[Entry]) -> Iterator[tuple[str, bool]]:
    """A guid each. Where sources share one, the older entry keeps it, as readers know it already (V-06)."""
    left = Counter(rss_guid(entry)[0] for entry in entries)
    for entry in entries:
        guid, permalink = rss_guid(entry)
        left[guid] -= 1
        yield (entry.public_id, False) if left[guid] else (guid, permalink)


def rss_guid(entry: Entry) -> tuple[str, bool]:
    """The guid that RSS carries, and whether it is a permanent link: the publisher's own, IRI or not (A-05)."""
    guid = legal(entry.id)
    if entry.id_origin == "hash" or not guid:
        return entry.public_id, False
    return guid, (entry.is_permalink or entry.id_origin == "link") and is_web_url(guid)


def bylines(entry: Entry) -> tuple[Author, ...]:
    """Who an output names: the entry's authors, else its source's, else the source itself (A-04). Never us."""
    if entry.authors:
        return entry.authors
    source = entry.source or Head()
    return source.authors or (Author(name=source.title or source.url or "Unknown"),)


class _FeedExtension(BaseExtension):
    """The name spaces that our entries use; the next page of a feed in pages (RFC 5005 section 3)."""

    next_page = ""

    def extend_ns(self) -> dict[str, str]:
        return {"dc": _DC, "georss": meaning.GEORSS, "heliograph": meaning.WHY}

    def extend_atom(self, feed: Any) -> Any:
        if self.next_page:
            etree.SubElement(feed, "link", rel="next", href=self.next_page)
        return feed

    def extend_rss(self, feed: Any) -> Any:
        if self.next_page:
            etree.SubElement(feed.find("channel"), f"{{{_ATOM}}}link", rel="next", href=self.next_page)
        return feed


class _EntryExtension(BaseEntryExtension):
    """What feedgen cannot say: empty titles, whole sources, languages, Dublin Core names."""

    entry: Entry
    base: str
    shared: Shared

    def extend_atom(self, item: Any) -> Any:
        entry = self.entry
        item.find("title").text = legal(entry.title)
        if _LANG.match(entry.lang):
            item.set(_XML_LANG, entry.lang)
        # feedgen 1.0 writes an entry's links without rel, type and length: only the alternate survives that.
        for one in entry.enclosures:
            told = {"type": legal(one.type), "length": str(one.length or ""), "title": legal(one.title)}
            etree.SubElement(item, "link", rel="enclosure", href=one.url, **_told(told))
        if entry.source and entry.source.url:
            etree.SubElement(item, "link", rel="via", href=entry.source.url)
        for outlet in self.shared.also:
            if _web(outlet.url):
                etree.SubElement(item, "link", rel="related", href=_web(outlet.url), title=legal(outlet.name))
        if entry.rights and item.find("rights") is None:
            etree.SubElement(item, "rights").text = legal(entry.rights)
        meaning.append_atom(item, entry, self.base)
        if entry.source:
            _append_source(item, entry.source, entry)
        return item

    def extend_rss(self, item: Any) -> Any:
        entry = self.entry
        title = item.find("title")
        if not entry.title and title is not None:
            item.remove(title)
        for author in bylines(entry):
            etree.SubElement(item, f"{{{_DC}}}creator").text = author.name
        if _LANG.match(entry.lang):
            etree.SubElement(item, f"{{{_DC}}}language").text = entry.lang
        if entry.source and entry.source.url:
            etree.SubElement(item, "source", url=entry.source.url).text = legal(entry.source.title)
        meaning.append_rss(item, entry, self.base)
        return item


def _append_source(item: Any, head: Head, entry: Entry) -> None:
    """atom:source with everything the source said of itself (A-03)."""
    source = etree.SubElement(item, "source")
    etree.SubElement(source, "id").text = legal(_source_id(head, entry))
    etree.SubElement(source, "title").text = legal(head.title)
    etree.SubElement(source, "updated").text = _rfc3339(head.updated or entry.updated or entry.published)
    if head.url:
        etree.SubElement(source, "link", rel="self", href=head.url)
    if head.site_url:
        etree.SubElement(source, "link", rel="alternate", href=head.site_url)
    for author in head.authors:
        person = etree.SubElement(source, "author")
        etree.SubElement(person, "name").text = author.name
        if author.url:
            etree.SubElement(person, "uri").text = author.url
    for category in head.categories:
        etree.SubElement(source, "category", term=category)
    for name, value in (("subtitle", head.subtitle), ("rights", head.rights), ("icon", head.icon), ("logo", head.logo)):
        if value:
            etree.SubElement(source, name).text = legal(value)


def _source_id(head: Head, entry: Entry) -> str:
    return next((text for text in (head.id, head.url, head.site_url) if is_iri(text)), entry.public_id)


def _json(head: Head, entries: Sequence[Entry], shared: Mapping[str, Shared]) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": legal(head.title) or "Untitled",
        "home_page_url": legal(head.site_url),
        "feed_url": legal(head.url),
        "next_url": legal(head.next_page),
        "description": legal(head.subtitle),
        "language": head.lang if _LANG.match(head.lang) else "",
    }
    told = {key: value for key, value in feed.items() if value}
    text = json.dumps(
        {**told, "items": [_json_item(entry, shared.get(entry.public_id)) for entry in entries]},
        ensure_ascii=False,
        indent=1,
    )
    # Inside a script element or a JavaScript string these would end it (J-04); JSON allows the escapes.
    for character, escape in (("</", "<\\/"), ("<!", "<\\u0021"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(character, escape)
    return text.encode() + b"\n"


def _json_item(entry: Entry, shared: Shared | None) -> dict[str, Any]:
    item = dict(_json_fields(entry))
    if shared is not None:
        # Extensions of JSON Feed 1.1 begin with an underscore.
        also = [_told({"name": legal(one.name), "url": _web(one.url)}) for one in shared.also]
        item["_heliograph"] = {**item.get("_heliograph", {}), **_told({"also": also, "wire": legal(shared.wire)})}
    return item


def _json_fields(entry: Entry) -> Iterator[tuple[str, Any]]:
    yield "id", entry.public_id
    if entry.link:
        yield "url", entry.link
    if entry.external_link:
        yield "external_url", entry.external_link
    if entry.title:
        yield "title", legal(entry.title)
    # The specification wants one of the contents in every item, and a summary in plain text.
    body = entry.content or entry.summary
    if body:
        yield "content_html", legal(body)
    else:
        yield "content_text", legal(entry.title)
    if entry.summary:
        yield "summary", legal(clean.plain_text(entry.summary))
    if entry.published:
        yield "date_published", _rfc3339(entry.published)
    if entry.updated:
        yield "date_modified", _rfc3339(entry.updated)
    yield "authors", [_told({"name": one.name, "url": one.url}) for one in bylines(entry)]
    if entry.categories:
        yield "tags", [*entry.categories]
    if _LANG.match(entry.lang):
        yield "language", entry.lang
    if entry.enclosures:
        yield "attachments", [
            _told({"url": one.url, "mime_type": legal(one.type) or "application/octet-stream",
                   "title": legal(one.title), "size_in_bytes": one.length})
            for one in entry.enclosures
        ]  # fmt: skip
    yield from _json_added(entry)


def _json_added(entry: Entry) -> Iterator[tuple[str, Any]]:
    """What JSON Feed has no field for: names with an underscore are ours."""
    if entry.places or entry.labels or entry.reasons:
        yield "_heliograph", meaning.told_json(entry)
    if entry.source:
        source = entry.source
        yield "_source", _told({
            "id": _source_id(source, entry), "title": legal(source.title), "feed_url": source.url,
            "home_page_url": source.site_url, "rights": legal(source.rights),
        })  # fmt: skip


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _seconds(moment: datetime | None) -> datetime:
    assert moment is not None, "whoever publishes gives every document and entry its dates"
    return moment.astimezone(UTC).replace(microsecond=0)


def _rfc3339(moment: datetime | None) -> str:
    return _seconds(moment).isoformat().replace("+00:00", "Z")
