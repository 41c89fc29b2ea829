"""The rules of JSON Feed 1.1, and our own attribution.

In: the bytes of a document. Out: complaints. Never: a line of the writer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.validator_words import html_complaints, is_language, is_legal, is_media_type, is_web, moment, repeated

_FEED = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon", "authors",
    "language", "expired", "hubs", "items",
}  # fmt: skip
_ITEM = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
    "date_published", "date_modified", "authors", "tags", "language", "attachments",
}  # fmt: skip
_ADDRESSES = (
    "home_page_url",
    "feed_url",
    "next_url",
    "icon",
    "favicon",
    "url",
    "external_url",
    "image",
    "banner_image",
)
_EXTENSION = re.compile(r"_[A-Za-z]\w*\Z")
_UNSAFE = ("</", "<!--", "\u2028", "\u2029")


def json_complaints(content: bytes) -> Iterator[str]:
    """What is wrong with a JSON Feed."""
    try:
        text = content.decode("utf-8")
        feed = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        yield f"J-01: no JSON: {error}"
        return
    for one in _UNSAFE:
        if one in text:
            yield f"J-04: {one!r} in the bytes"
    if not all(map(is_legal, _texts(feed))):
        yield "V-09: controls or half surrogates"
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        yield "J-01: no items"
        return
    yield from _feed(feed)
    for item in feed["items"]:
        where = str(item.get("id", "?"))[:60] if isinstance(item, dict) else "?"
        yield from (f"{one} (item {where})" for one in _item(item))
    for same in repeated(item.get("id") for item in feed["items"] if isinstance(item, dict)):
        yield f"V-03: the id {same} twice"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _common(owner: dict[str, Any], known: set[str]) -> Iterator[str]:
    for name in owner.keys() - known:
        if not _EXTENSION.match(name) or not isinstance(owner[name], dict):
            yield f"J-01: JSON Feed has no field {name}, and it is no extension"
    for name in _ADDRESSES:
        if name in owner and not is_web(owner[name]):
            yield f"V-07: {name} is {owner[name]!r:.60}"
    if "language" in owner and not is_language(owner["language"]):
        yield f"V-08: the language {owner['language']}"
    for author in owner.get("authors", ()):
        if not (
            isinstance(author, dict) and author and author.keys() <= {"name", "url", "avatar"} and all(author.values())
        ):
            yield f"J-01: an author {author}"
        elif "url" in author and not is_web(author["url"]):
            yield f"V-07: an author's page {author['url']!r:.60}"


def _feed(feed: dict[str, Any]) -> Iterator[str]:
    yield from _common(feed, _FEED)
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
        yield "J-01: no version or no title"
    if "feed_url" not in feed:
        yield "V-01: no address of its own"
    if feed.get("next_url") == feed.get("feed_url", ""):
        yield "P-05: the next page is the page itself"
    for hub in feed.get("hubs", ()):
        if not (isinstance(hub, dict) and hub.get("type") and is_web(hub.get("url"))):
            yield f"W-29: a hub {hub}"
    added = feed.get("_heliograph", {})
    if added.get("complete") and ("next_url" in feed or added.get("archive")):
        yield "P-01: a whole feed has neither pages nor archives"
    ids = {item.get("id") for item in feed["items"] if isinstance(item, dict)}
    for grave in added.get("deleted", ()):
        if not grave.get("id") or moment(grave.get("at")) is None or grave["id"] in ids:
            yield f"I-14: a tombstone {grave}"


def _item(item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield "J-01: an item that is no object"
        return
    yield from _common(item, _ITEM)
    if not isinstance(item.get("id"), str) or not item["id"]:
        yield "J-01: no id, or one that is no text"
    if "content_html" not in item and "content_text" not in item:
        yield "J-01: neither content_html nor content_text"
    yield from html_complaints(item.get("content_html"))
    for name in ("date_published", "date_modified"):
        if name in item and moment(item[name]) is None:
            yield f"V-05: {name} is {item[name]}"
    if not item.get("authors"):
        yield "A-04: no author"
    if not all(isinstance(tag, str) and tag for tag in item.get("tags", ())):
        yield "J-01: a tag that is no text"
    yield from _added(item)


def _added(item: dict[str, Any]) -> Iterator[str]:
    for one in item.get("attachments", ()):
        if not (
            is_web(one.get("url")) and is_media_type(one.get("mime_type", "")) and one.get("size_in_bytes", 0) >= 0
        ):
            yield f"V-10: an attachment {one}"
    source = item.get("_source", {})
    if not source.get("id") or not source.get("title") or not is_web(source.get("feed_url")):
        yield "A-07: no source with id, title and address"
    for name in ("home_page_url", "icon", "logo"):
        if name in source and not is_web(source[name]):
            yield f"V-07: a source's {name}"
