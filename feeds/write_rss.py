"""Entries as items of RSS, and what feedgen cannot say of a channel: links for machines, whether it is an archive.

In: the element of a channel, and what it is to tell. Out: the element with it. Never: a word that was not made fit to be
written before.
"""

from __future__ import annotations

from typing import Any

from lxml.etree import SubElement

from feeds import meaning
from feeds.dates import rfc822, rfc3339
from feeds.model import Document, Entry
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


def append_item(channel: Any, entry: Entry, guid: tuple[str, bool], base: str) -> None:
    """An entry, whole; one without a title has none, and a description in its place (V-06)."""
    item = SubElement(channel, "item")
    if entry.title:
        # RSS does not say whether a title is HTML; readers look at the words, and so do we.
        SubElement(item, "title").text = title_markup(entry.title) or entry.title
    if entry.link:
        SubElement(item, "link").text = entry.link
    _append_words(item, entry)
    SubElement(item, "guid", {"isPermaLink": "true" if guid[1] else "false"}).text = guid[0]
    assert entry.published is not None, "whoever publishes gives every entry its dates"
    SubElement(item, "pubDate").text = rfc822(entry.published)
    updated = rfc3339(entry.updated or entry.published)
    if updated != rfc3339(entry.published):
        SubElement(item, f"{{{ATOM}}}updated").text = updated
    for author in bylines(entry):
        SubElement(item, f"{{{DC}}}creator").text = author.name
    for category in entry.categories:
        SubElement(item, "category").text = category
    # RSS allows one and wants all three of its attributes (V-10).
    for one in entry.enclosures[:1]:
        kind = one.type or "application/octet-stream"
        SubElement(item, "enclosure", url=one.url, length=str(one.length), type=kind)
    if entry.lang:
        SubElement(item, f"{{{DC}}}language").text = entry.lang
    # The rights of a source are those of its entries where these say nothing (RFC 4287 section 4.2.10).
    rights = entry.rights or (entry.source.rights if entry.source else "")
    if rights:
        SubElement(item, f"{{{DC}}}rights").text = rights
    if entry.source and entry.source.url:
        SubElement(item, "source", url=entry.source.url).text = entry.source.title
    meaning.append_rss(item, entry, base)


def _append_words(item: Any, entry: Entry) -> None:
    """content:encoded stands behind a description that differs from it (V-06)."""
    summary, content = entry.summary, entry.content
    described = summary or content or ("" if entry.title else entry.link or "-")
    if described:
        SubElement(item, "description").text = described
    if content and content != described:
        SubElement(item, f"{{{CONTENT}}}encoded").text = content
