"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1) -> the same raw shapes that the XML reader hands on.

In: decoded text. Out: a Document, or the reason why it is none.
Never: trust in a type: a field of the wrong type is a field that is not there (F15).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeGuard

from feeds import clean
from feeds.authorbox import clean_without_box
from feeds.dates import read_date
from feeds.decode import legal
from feeds.identity import fallback_id, media_type
from feeds.model import LINK_RELS, Author, Deleted, Document, Enclosure, Entry, Failed, FailureKind, Head, Link
from feeds.tombstones import deleted_of

_MOST_ITEMS = 5000
_MOST_TAGS = 100
_LONGEST = 2_000_000  # characters of a text


def read_json(text: str, url: str) -> Document | Failed:
    """Read a JSON Feed that was found at `url`."""
    try:
        # Not strict: line breaks inside strings are a common slip.
        feed = json.loads(text, strict=False)
    except RecursionError:
        return Failed(kind=FailureKind.UNREADABLE, detail="JSON nested too deeply to be a feed")
    except ValueError as error:
        return Failed(kind=FailureKind.UNREADABLE, detail=f"JSON that cannot be read: {error}")
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return Failed(kind=FailureKind.NOT_A_FEED, detail='JSON without the "items" of a JSON Feed')
    site = clean.absolute(_text(feed, "home_page_url"), url)
    own = clean.absolute(_text(feed, "feed_url"), url) or url
    head = Head(
        title=_line(feed, "title"),
        id=own,
        url=own,
        site_url=site,
        subtitle=_line(feed, "description"),
        lang=_text(feed, "language"),
        icon=clean.absolute(_text(feed, "icon"), url),
        logo=clean.absolute(_text(feed, "favicon"), url),
        authors=tuple(_authors(feed)),
    )
    items = [item for item in feed["items"] if isinstance(item, dict)][:_MOST_ITEMS]
    skipped = len(feed["items"]) - len(items)
    notes = (f"{skipped} items are not objects, or too many, and were left out",) if skipped else ()
    version = _text(feed, "version")
    return Document(
        head=head,
        entries=tuple(_entry(item, site or url, head.lang) for item in items),
        format="json11" if version.endswith("1.1") else "json10",
        links=tuple(dict.fromkeys(_links(feed, url))),
        deleted=tuple(_deleted(_added(feed))),
        expired=feed.get("expired") is True,
        notes=notes,
    )


def _links(feed: dict[str, Any], base: str) -> Iterator[Link]:
    for hub in _list(feed, "hubs"):
        href = clean.absolute(_text(hub, "url"), base) if isinstance(hub, dict) else ""
        if href and _text(hub, "type").lower() == "websub":
            yield Link(rel="hub", href=href)
    for rel, key in (("self", "feed_url"), ("next", "next_url")):
        href = clean.absolute(_text(feed, key), base)
        if href:
            yield Link(rel=rel, href=href)
    for link in _list(_added(feed), "links"):
        rel, href = (_text(link, "rel").lower(), _text(link, "href")) if isinstance(link, dict) else ("", "")
        if rel in LINK_RELS and clean.absolute(href, base):
            yield Link(rel=rel, href=clean.absolute(href, base))


def _added(owner: dict[str, Any]) -> dict[str, Any]:
    """What a Heliograph adds to a feed or an item, where JSON Feed has no field for what Atom says (docs/extensions.md)."""
    added = owner.get("_heliograph")
    return added if isinstance(added, dict) else {}


def _deleted(added: dict[str, Any]) -> tuple[Deleted, ...]:
    graves = [one for one in _list(added, "deleted") if isinstance(one, dict)]
    return deleted_of(
        {"ref": _text(one, "id"), "when": _text(one, "at"), "comment": clean.escape(_text(one, "comment"))}
        for one in graves
    )


def _source(item: dict[str, Any]) -> Head | None:
    """The source that an item brought along (A-10), as we and others write it."""
    said = item.get("_source")
    if not isinstance(said, dict):
        return None
    head = Head(
        title=_line(said, "title"), id=_text(said, "id").strip(), url=clean.absolute(_text(said, "feed_url")),
        site_url=clean.absolute(_text(said, "home_page_url")), subtitle=_line(said, "description"),
        updated=read_date(_text(said, "date_modified")), lang=_text(said, "language"), rights=_line(said, "rights"),
        icon=clean.absolute(_text(said, "icon")), logo=clean.absolute(_text(said, "logo")),
        authors=tuple(_authors(said)), categories=_tags(said),
    )  # fmt: skip
    return head if head.title or head.url else None


def _tags(owner: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (_flat(tag) for tag in _list(owner, "tags")))))[:_MOST_TAGS]


def _entry(item: dict[str, Any], base: str, lang: str) -> Entry:
    link = clean.absolute(_text(item, "url"), base)
    external = clean.absolute(_text(item, "external_url"), base)
    markup = _text(item, "content_html")[:_LONGEST] or clean.escape(_text(item, "content_text")[:_LONGEST])
    (content, _), authors = clean_without_box(markup, link or base, tuple(_authors(item)))
    published = _text(item, "date_published")
    title = _line(item, "title")
    # J-01: numbers become strings; an item without an id is known by its address.
    own_id = str(item["id"]) if _is_number(item.get("id")) else _text(item, "id").strip()
    hashed = fallback_id(title=title, published=published, body=content)
    return Entry(
        id=own_id or link or external or hashed,
        id_origin="guid" if own_id else "link" if link or external else "hash",
        is_permalink=bool(own_id) and own_id == link,
        link=link or external,
        external_link=external if link else "",
        title=title,
        summary=clean.escape(_text(item, "summary")[:_LONGEST]),
        content=content,
        published=read_date(published),
        updated=read_date(_text(item, "date_modified")),
        lang=_text(item, "language") or lang,
        authors=authors,
        rights=_line(_added(item), "rights"),
        categories=_tags(item),
        enclosures=tuple(_attachments(item, base)),
        source=_source(item),
    )


def _authors(owner: dict[str, Any]) -> Iterator[Author]:
    # Writers of 1.1 repeat their first author in the "author" of 1.0, for old readers.
    for author in _list(owner, "authors") or [owner.get("author")]:
        if isinstance(author, dict) and _line(author, "name"):
            yield Author(name=_line(author, "name")[:300], url=clean.absolute(_text(author, "url")))


def _attachments(item: dict[str, Any], base: str) -> Iterator[Enclosure]:
    for one in _list(item, "attachments"):
        url = clean.absolute(_text(one, "url"), base) if isinstance(one, dict) else ""
        if url:
            size = one.get("size_in_bytes")
            length = int(size) if _is_number(size) and 0 <= size < 2**53 else 0
            yield Enclosure(url=url, type=media_type(_text(one, "mime_type")), length=length, title=_line(one, "title"))


def _text(owner: dict[str, Any], key: str) -> str:
    value = owner.get(key)
    return legal(value) if isinstance(value, str) else ""


def _line(owner: dict[str, Any], key: str) -> str:
    return clean.straight(_flat(owner.get(key)))


def _flat(value: Any) -> str:
    return " ".join(legal(value).split()) if isinstance(value, str) else ""


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(owner: dict[str, Any], key: str) -> list[Any]:
    value = owner.get(key)
    return value if isinstance(value, list) else []
