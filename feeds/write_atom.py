"""Entries as Atom, and what feedgen cannot say of a feed: links, tombstones, whether it is an archive.

In: the element of a feed, and what it is to tell. Out: the element with it. Never: a word that was not made fit to be
written before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lxml.etree import SubElement

from feeds import clean, meaning
from feeds.dates import rfc3339
from feeds.decode import legal
from feeds.model import Author, Document, Entry, Head, Shared
from feeds.sound import bylines, feed_links, is_paging, source_id, title_markup, told, tombstones, web
from feeds.tombstones import NAMESPACE as TOMBSTONES

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
"""The name space of RFC 5005: whether a document is an archive, or all that there is of a feed."""
MEDIA_TYPE = "application/atom+xml"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def append_feed(feed: Any, document: Document, entries: list[Entry]) -> None:
    """What a feed says of itself beside its title, id, date and address: links, rights, what kind of document it is."""
    head = document.head
    for author in head.authors:
        _append_person(feed, author)
    for link in feed_links(document):
        kind = MEDIA_TYPE if is_paging(link) else ""
        SubElement(feed, "link", told({"rel": link.rel, "href": link.href, "type": kind}))
    for name, value in (("rights", head.rights), ("icon", head.icon), ("logo", head.logo)):
        if value:
            SubElement(feed, name).text = value
    append_kind(feed, document)
    for one in tombstones(document, entries):
        assert one.at is not None, "a document to publish has its date"
        grave = SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=one.id, when=rfc3339(one.at))
        if one.comment:
            SubElement(grave, f"{{{TOMBSTONES}}}comment").text = one.comment


def append_kind(parent: Any, document: Document) -> None:
    """Whether the document is an archive, or the whole feed (RFC 5005 sections 2 and 4)."""
    if document.is_complete:
        SubElement(parent, f"{{{HISTORY}}}complete")
    elif document.is_archive:
        SubElement(parent, f"{{{HISTORY}}}archive")


def append_entry(feed: Any, entry: Entry, base: str, shared: Shared) -> None:
    """An entry, whole; an empty title stands there too (V-02)."""
    item = SubElement(feed, "entry")
    if entry.lang:
        item.set(_XML_LANG, entry.lang)
    SubElement(item, "id").text = entry.public_id
    markup = title_markup(entry.title)
    SubElement(item, "title", {"type": "html"} if markup else {}).text = markup or entry.title
    published = rfc3339(_date(entry.published))
    SubElement(item, "updated").text = rfc3339(entry.updated) if entry.updated else published
    SubElement(item, "published").text = published
    for author in bylines(entry):
        _append_person(item, author)
    if entry.link:
        SubElement(item, "link", {"href": entry.link, "rel": "alternate"})
    _append_links(item, entry, shared)
    for category in entry.categories:
        SubElement(item, "category", {"term": category})
    if entry.rights:
        SubElement(item, "rights").text = entry.rights
    _append_words(item, entry)
    meaning.append_atom(item, entry, base)
    if entry.source:
        _append_source(item, entry.source, entry)


def _append_words(item: Any, entry: Entry) -> None:
    summary, content = entry.summary, entry.content
    if not content and not entry.link:
        # RFC 4287 section 4.1.2: an entry without an alternate link has content.
        summary, content = "", summary or clean.escape(entry.title) or "-"
    if summary:
        SubElement(item, "summary", {"type": "html"}).text = summary
    if content:
        SubElement(item, "content", {"type": "html"}).text = content


def _append_links(item: Any, entry: Entry, shared: Shared) -> None:
    for one in entry.enclosures:
        said = {
            "rel": "enclosure",
            "href": one.url,
            "type": one.type,
            "length": str(one.length or ""),
            "title": one.title,
        }
        SubElement(item, "link", told(said))
    if entry.source and entry.source.url:
        SubElement(item, "link", rel="via", href=entry.source.url)
    if entry.external_link:
        SubElement(item, "link", rel="related", href=entry.external_link)
    for outlet in shared.also:
        if web(outlet.url):
            SubElement(item, "link", told({"rel": "related", "href": web(outlet.url), "title": legal(outlet.name)}))


def _append_person(parent: Any, author: Author) -> None:
    person = SubElement(parent, "author")
    SubElement(person, "name").text = author.name
    if author.url:
        SubElement(person, "uri").text = author.url


def _append_source(item: Any, head: Head, entry: Entry) -> None:
    """atom:source with everything the source said of itself (A-03)."""
    source = SubElement(item, "source")
    if head.lang and head.lang != entry.lang:
        source.set(_XML_LANG, head.lang)
    SubElement(source, "id").text = source_id(head, entry)
    SubElement(source, "title").text = head.title
    SubElement(source, "updated").text = rfc3339(head.updated or entry.updated or _date(entry.published))
    if head.url:
        SubElement(source, "link", rel="self", href=head.url)
    if head.site_url:
        SubElement(source, "link", rel="alternate", href=head.site_url)
    for author in head.authors:
        _append_person(source, author)
    for category in head.categories:
        SubElement(source, "category", term=category)
    for name, value in (("subtitle", head.subtitle), ("rights", head.rights), ("icon", head.icon), ("logo", head.logo)):
        if value:
            SubElement(source, name).text = value


def _date(moment: datetime | None) -> datetime:
    assert moment is not None, "whoever publishes gives every entry its dates"
    return moment
