"""Entries as Atom, and what feedgen cannot say of a feed: links, tombstones, whether it is an archive.

In: the element of a feed, and what it is to tell. Out: the element with it. Never: a word that was not made fit to be
written before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from lxml.etree import SubElement

from feeds import clean, meaning
from feeds.dates import rfc3339
from feeds.decode import legal
from feeds.markup import element, opened
from feeds.model import Author, Document, Entry, Head, Shared
from feeds.sound import bylines, feed_links, is_paging, source_id, title_markup, told, tombstones, web
from feeds.tombstones import NAMESPACE as TOMBSTONES

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
"""The name space of RFC 5005: whether a document is an archive, or all that there is of a feed."""
MEDIA_TYPE = "application/atom+xml"
_HTML = {"type": "html"}


def append_feed(feed: Any, document: Document, entries: list[Entry]) -> None:
    """What a feed says of itself beside its title, id, date and address: links, rights, what kind of document it is."""
    head = document.head
    for author in head.authors:
        person = SubElement(feed, "author")
        SubElement(person, "name").text = author.name
        if author.url:
            SubElement(person, "uri").text = author.url
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


def written_entry(entry: Entry, base: str, shared: Shared) -> str:
    """An entry, whole; an empty title stands there too (V-02)."""
    published = rfc3339(_date(entry.published))
    return "".join([
        opened("entry", {"xml:lang": entry.lang}),
        element("id", entry.public_id),
        _title(entry.title),
        element("updated", rfc3339(entry.updated) if entry.updated else published),
        element("published", published),
        *map(_person, bylines(entry)),
        *_links(entry, shared),
        *[element("category", "", {"term": category}) for category in entry.categories],
        element("rights", entry.rights) if entry.rights else "",
        *_words(entry),
        *meaning.written_atom(entry, base),
        _source(entry.source, entry) if entry.source else "",
        "</entry>",
    ])  # fmt: skip


def _title(title: str) -> str:
    markup = title_markup(title)
    return element("title", markup, {"type": "html"}) if markup else element("title", title)


def _words(entry: Entry) -> Iterator[str]:
    summary, content = entry.summary, entry.content
    if not content and not entry.link:
        # RFC 4287 section 4.1.2: an entry without an alternate link has content.
        summary, content = "", summary or clean.escape(entry.title) or "-"
    if summary:
        yield element("summary", summary, _HTML)
    if content:
        yield element("content", content, _HTML)


def _links(entry: Entry, shared: Shared) -> Iterator[str]:
    if entry.link:
        yield _link("alternate", entry.link)
    for one in entry.enclosures:
        yield _link("enclosure", one.url, type=one.type, length=str(one.length or ""), title=one.title)
    if entry.source and entry.source.url:
        yield _link("via", entry.source.url)
    if entry.external_link:
        yield _link("related", entry.external_link)
    for outlet in shared.also:
        if web(outlet.url):
            yield _link("related", web(outlet.url), title=legal(outlet.name))


def _link(rel: str, href: str, **said: str) -> str:
    return element("link", "", {"href": href, "rel": rel, **said})


def _person(author: Author) -> str:
    page = element("uri", author.url) if author.url else ""
    return f"<author>{element('name', author.name)}{page}</author>"


def _source(head: Head, entry: Entry) -> str:
    """atom:source with everything the source said of itself (A-03)."""
    before, after = _around(head, head.lang if head.lang != entry.lang else "")
    moment = head.updated or entry.updated or _date(entry.published)
    return f"{before}{element('id', source_id(head, entry))}{element('updated', rfc3339(moment))}{after}"


@lru_cache(1024)  # many entries have the same source
def _around(head: Head, lang: str) -> tuple[str, str]:
    """The same before and behind what depends on the entry too."""
    more = (("subtitle", head.subtitle), ("rights", head.rights), ("icon", head.icon), ("logo", head.logo))
    after = "".join([
        element("title", head.title),
        _link("self", head.url) if head.url else "",
        _link("alternate", head.site_url) if head.site_url else "",
        *map(_person, head.authors),
        *[element("category", "", {"term": category}) for category in head.categories],
        *[element(name, value) for name, value in more if value],
        "</source>",
    ])  # fmt: skip
    return opened("source", {"xml:lang": lang}), after


def _date(moment: datetime | None) -> datetime:
    assert moment is not None, "whoever publishes gives every entry its dates"
    return moment
