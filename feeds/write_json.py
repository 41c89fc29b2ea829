"""A document as JSON Feed 1.1, with what that has no field for in extensions of ours.

In: a document whose entries are fit to be written. Out: UTF-8 bytes, an item a line. Never: what would end a script element
or a string of JavaScript around it (J-04).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from feeds import clean, meaning
from feeds.dates import rfc3339
from feeds.decode import legal
from feeds.model import Author, Document, Entry, Head, Shared
from feeds.sound import bylines, common_language, feed_links, source_id, told, tombstones, web

MEDIA_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"
_LINKS_OF_ITS_OWN = ("hub", "next")


def json_feed(document: Document, entries: list[Entry]) -> bytes:
    """The document as JSON Feed."""
    items = [_item(entry, document.shared.get(entry.public_id)) for entry in entries]
    lines = ",\n".join(_dumped(item) for item in items)
    head = _dumped(_head(document, entries))
    text = f'{head[:-1]}, "items": [\n{lines}\n]}}\n' if lines else f'{head[:-1]}, "items": []}}\n'
    # Inside a script element or a JavaScript string these would end it; JSON allows the escapes.
    for character, escape in (("</", "<\\/"), ("<!", "<\\u0021"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(character, escape)
    return text.encode()


def _dumped(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, check_circular=False)


def _head(document: Document, entries: list[Entry]) -> dict[str, Any]:
    head = document.head
    links = feed_links(document)
    following = next((link.href for link in links if link.rel == "next"), "")
    fields = {
        "version": VERSION,
        "title": head.title or "Untitled",
        "home_page_url": head.site_url,
        "feed_url": head.url,
        "next_url": following,
        "description": head.subtitle,
        "icon": head.icon,
        "favicon": head.logo,
        "authors": _people(head.authors),
        "language": common_language(head, entries),
        "expired": document.expired,
        "hubs": [{"type": "WebSub", "url": link.href} for link in links if link.rel == "hub"],
        "_heliograph": _added_to_feed(document, entries),
    }
    return told(fields)


def _added_to_feed(document: Document, entries: list[Entry]) -> dict[str, Any]:
    """What Atom says of a feed and JSON Feed has no field for."""
    graves = [
        told({"id": one.id, "at": rfc3339(one.at) if one.at else "", "comment": one.comment})
        for one in tombstones(document, entries)
    ]
    links = [{"rel": one.rel, "href": one.href} for one in feed_links(document) if one.rel not in _LINKS_OF_ITS_OWN]
    return told({
        "links": links, "ttl": document.pace.ttl or 0, "archive": document.is_archive and not document.is_complete,
        "complete": document.is_complete, "rights": document.head.rights, "deleted": graves,
    })  # fmt: skip


def _item(entry: Entry, shared: Shared | None) -> dict[str, Any]:
    item = dict(_fields(entry))
    added = meaning.told_json(entry)
    if entry.rights:
        added["rights"] = entry.rights
    if shared is not None:
        also = [told({"name": legal(one.name), "url": web(one.url)}) for one in shared.also]
        added |= told({"also": also, "wire": legal(shared.wire)})
    # Extensions of JSON Feed 1.1 begin with an underscore.
    if added:
        item["_heliograph"] = added
    if entry.source:
        item["_source"] = _source(entry.source, entry)
    return item


def _fields(entry: Entry) -> Iterator[tuple[str, Any]]:
    yield "id", entry.public_id
    if entry.link:
        yield "url", entry.link
    if entry.external_link:
        yield "external_url", entry.external_link
    if entry.title:
        yield "title", entry.title
    # The specification wants one of the contents in every item, and a summary in plain text.
    body = entry.content or entry.summary
    if body:
        yield "content_html", body
    else:
        yield "content_text", entry.title
    if entry.summary:
        yield "summary", clean.plain_text(entry.summary)
    if entry.published:
        yield "date_published", rfc3339(entry.published)
    if entry.updated:
        yield "date_modified", rfc3339(entry.updated)
    yield "authors", _people(bylines(entry))
    if entry.categories:
        yield "tags", [*entry.categories]
    if entry.lang:
        yield "language", entry.lang
    if entry.enclosures:
        yield "attachments", [
            told({"url": one.url, "mime_type": one.type or "application/octet-stream", "title": one.title,
                  "size_in_bytes": one.length})
            for one in entry.enclosures
        ]  # fmt: skip


def _people(authors: tuple[Author, ...]) -> list[dict[str, Any]]:
    return [told({"name": one.name, "url": one.url}) for one in authors]


def _source(source: Head, entry: Entry) -> dict[str, Any]:
    """What atom:source says, in JSON Feed's own words (A-07)."""
    return told({
        "id": source_id(source, entry), "title": source.title, "feed_url": source.url, "home_page_url": source.site_url,
        "description": source.subtitle, "date_modified": rfc3339(source.updated) if source.updated else "",
        "language": source.lang, "rights": source.rights, "icon": source.icon, "logo": source.logo,
        "authors": _people(source.authors), "tags": [*source.categories],
    })  # fmt: skip
