"""Entries as items of RSS, and what feedgen cannot say of a channel: links for machines, whether it is an archive.

In: the element of a channel, and what it is to tell. Out: the element with it. Never: a word that was not made fit to be
written before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml.etree import SubElement

from feeds import meaning
from feeds.dates import rfc822, rfc3339
from feeds.markup import element
from feeds.model import Document, Enclosure, Entry
from feeds.sound import bylines, feed_links, is_paging, title_markup, told
from feeds.write_atom import ATOM, append_kind

CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA_TYPE = "application/rss+xml"


def append_channel(channel: Any, document: Document) -> None:
    """What a feed says of itself beside its title, link and description: links for machines, what kind of document it is."""
    for link in feed_links(document):
        kind = MEDIA_TYPE if is_paging(link) else ""
        SubElement(channel, f"{{{ATOM}}}link", told({"rel": link.rel, "href": link.href, "type": kind}))
    if document.head.updated:
        # feedgen's own way to write a date turns the locale of the whole process.
        channel.find("lastBuildDate").text = rfc822(document.head.updated)
    append_kind(channel, document)


def written_item(entry: Entry, guid: tuple[str, bool], base: str) -> str:
    """An entry, whole; one without a title has none, and a description in its place (V-06)."""
    assert entry.published is not None, "whoever publishes gives every entry its dates"
    updated = rfc3339(entry.updated or entry.published)
    # The rights of a source are those of its entries where these say nothing (RFC 4287 section 4.2.10).
    rights = entry.rights or (entry.source.rights if entry.source else "")
    source = entry.source if entry.source and entry.source.url else None
    return "".join([
        "<item>",
        # RSS does not say whether a title is HTML; readers look at the words, and so do we.
        _told("title", title_markup(entry.title) or entry.title),
        _told("link", entry.link),
        *_words(entry),
        element("guid", guid[0], {"isPermaLink": "true" if guid[1] else "false"}),
        element("pubDate", rfc822(entry.published)),
        element("atom:updated", updated) if updated != rfc3339(entry.published) else "",
        *[element("dc:creator", author.name) for author in bylines(entry)],
        *[element("category", category) for category in entry.categories],
        *map(_enclosure, entry.enclosures[:1]),
        _told("dc:language", entry.lang),
        _told("dc:rights", rights),
        element("source", source.title, {"url": source.url}) if source else "",
        *meaning.written_rss(entry, base),
        "</item>",
    ])  # fmt: skip


def _told(name: str, text: str) -> str:
    return element(name, text) if text else ""


def _enclosure(one: Enclosure) -> str:
    """RSS allows one and wants all three of its attributes (V-10)."""
    kind = one.type or "application/octet-stream"
    return element("enclosure", "", {"url": one.url, "length": str(one.length), "type": kind})


def _words(entry: Entry) -> Iterator[str]:
    """content:encoded stands behind a description that differs from it (V-06)."""
    summary, content = entry.summary, entry.content
    described = summary or content or ("" if entry.title else entry.link or "-")
    if described:
        yield element("description", described)
    if content and content != described:
        yield element("content:encoded", content)
