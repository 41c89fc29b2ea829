"""Document -> Atom, RSS and JSON Feed bytes; the same input gives the same bytes (V-12).

In: a Document to publish: every entry has a public id, dates and its source. Out: UTF-8 bytes of valid documents.
Never: a clock, a random order, or our own name in the place of a publisher's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator

from feeds import markup, meaning, tombstones, write_atom, write_json, write_rss
from feeds.model import Document, Entry, Shared
from feeds.sound import bylines, common_language, naming, rss_guid, rss_guids, sound_entries, sound_head

__all__ = ["GENERATOR", "MEDIA_TYPES", "bylines", "rss_guid", "write"]

MEDIA_TYPES = {"atom": write_atom.MEDIA_TYPE, "rss": write_rss.MEDIA_TYPE, "json": write_json.MEDIA_TYPE}
GENERATOR = "Heliograph"
_ALONE = Shared()
_SPACES = {"dc": write_rss.DC, "georss": meaning.GEORSS, "heliograph": meaning.WHY}
"""The name spaces that our entries use, by the prefixes under which all of them know them."""


def write(document: Document, form: str, *, base: str = "") -> bytes:
    """The document as `form`: "atom" (RFC 4287), "rss" (RSS 2.0) or "json" (JSON Feed 1.1).

    `base` is the address of the publishing server: its places, labels and topics are schemes of categories.
    """
    document = replace(document, head=sound_head(document.head))
    entries = sound_entries(document)
    if form == "json":
        return write_json.json_feed(document, entries)
    shared = document.shared if document.by_story else {}
    entries = [naming(entry, shared[entry.public_id]) if entry.public_id in shared else entry for entry in entries]
    feed = FeedGenerator()
    feed.register_extension("heliograph", _Extension)
    feed.heliograph.document, feed.heliograph.form, feed.heliograph.base = document, form, base
    feed.heliograph.entries, feed.heliograph.shared = entries, shared
    _write_head(feed, document, form, entries)
    return bytes(feed.atom_str() if form == "atom" else feed.rss_str()) + b"\n"


def _write_head(feed: Any, document: Document, form: str, entries: list[Entry]) -> None:
    head = document.head
    title = head.title or "Untitled"
    feed.id(head.id)
    feed.title(title)
    feed.subtitle(head.subtitle or title)
    feed.updated(_seconds(head.updated))
    feed.lastBuildDate(_seconds(head.updated))
    feed.generator(GENERATOR)
    feed.docs("https://www.rssboard.org/rss-specification")
    language = head.lang if form == "atom" else common_language(head, entries)
    if language:
        feed.language(language)
    if head.rights and form == "rss":
        feed.copyright(head.rights)
    if document.pace.ttl:
        feed.ttl(document.pace.ttl)
    if head.url:
        feed.link(href=head.url, rel="self", type=MEDIA_TYPES[form])
    # feedgen takes the last link for RSS, which must have one.
    if head.site_url or head.url:
        feed.link(href=head.site_url or head.url, rel="alternate", type="text/html")


class _Extension(BaseExtension):
    """What feedgen cannot say of a feed, its entries, and the name spaces of both.

    Entries are written whole: one of feedgen's can say half of what is to be said (its links lose their relations, a
    title may not be empty, there is no atom:source beyond a title, dates in RSS turn the locale of the process), and
    fifty of them alone take longer than all that is done here from the store to the bytes.
    """

    document: Document
    entries: list[Entry]
    shared: Mapping[str, Shared]
    form: str
    base: str

    def extend_ns(self) -> dict[str, str]:
        spaces = {**_SPACES}
        if self.document.is_archive or self.document.is_complete:
            spaces["fh"] = write_atom.HISTORY
        if self.document.deleted and self.form == "atom":
            spaces["at"] = tombstones.NAMESPACE
        return spaces

    def extend_atom(self, feed: Any) -> Any:
        write_atom.append_feed(feed, self.document, self.entries)
        written = (
            write_atom.written_entry(entry, self.base, self.shared.get(entry.public_id, _ALONE))
            for entry in self.entries
        )
        markup.append(feed, _SPACES, written)
        return feed

    def extend_rss(self, feed: Any) -> Any:
        channel = feed.find("channel")
        write_rss.append_channel(channel, self.document)
        guids = rss_guids(self.entries)
        written = (
            write_rss.written_item(entry, guid, self.base) for entry, guid in zip(self.entries, guids, strict=True)
        )
        markup.append(channel, _SPACES | {"atom": write_atom.ATOM, "content": write_rss.CONTENT}, written)
        return feed


def _seconds(moment: datetime | None) -> datetime:
    assert moment is not None, "whoever publishes gives every document its date"
    return moment.astimezone(UTC).replace(microsecond=0)
