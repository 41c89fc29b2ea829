"""The rules of RSS 2.0, of its best practices profile, and our own attribution.

In: the root of a document. Out: complaints. Never: a line of the writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from tests.validator_words import (
    ATOM,
    HISTORY,
    OURS,
    PAGING,
    html_complaints,
    is_language,
    is_media_type,
    is_web,
    link_complaints,
    moment,
    repeated,
)

DC = "{http://purl.org/dc/elements/1.1/}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DATE = re.compile(
    rf"({'|'.join(_DAYS)}), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) (\+0000|GMT)\Z"
)
_CHANNEL_ONCE = (
    "title",
    "link",
    "description",
    "lastBuildDate",
    "language",
    "ttl",
    "generator",
    "docs",
    "copyright",
    "pubDate",
)
_ITEM_ONCE = (
    "title", "link", "description", "guid", "pubDate", "source", "enclosure", "author", ENCODED, f"{DC}language", f"{DC}rights",
)  # fmt: skip
_CHANNEL = {*_CHANNEL_ONCE, "item", "category", "image", "skipHours", "skipDays"}
_ITEM = {*_ITEM_ONCE, "category", "comments"}


def date_of(text: str | None) -> datetime | None:
    """A date of RFC 822 as we write it (V-05), None where the text is none."""
    found = _DATE.match(text or "")
    if not found:
        return None
    year, day, hour, minute, second = (int(found[number]) for number in (4, 2, 5, 6, 7))
    try:
        at = datetime(year, _MONTHS.index(found[3]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return at if _DAYS[at.weekday()] == found[1] else None


def rss_complaints(root: etree._Element) -> Iterator[str]:
    """What is wrong with an RSS feed."""
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1 or len(root) != 1:
        yield "V-04: no RSS 2.0 with one channel"
        return
    (channel,) = channels
    yield from _channel(channel)
    items = channel.findall("item")
    for item in items:
        where = (item.findtext("guid") or "?")[:60]
        yield from (f"{one} (item {where})" for one in _item(item))
    for same in repeated(item.findtext("guid") for item in items):
        yield f"V-06: the guid {same} twice"


def _unknown(parent: etree._Element, known: set[str], once: tuple[str, ...]) -> Iterator[str]:
    for child in parent:
        if not str(child.tag).startswith("{") and child.tag not in known:
            yield f"V-04: RSS has no element {child.tag} here"
    for name in once:
        if len(parent.findall(name)) > 1:
            yield f"V-04: {len(parent.findall(name))} elements {name}"


def _channel(channel: etree._Element) -> Iterator[str]:
    yield from _unknown(channel, _CHANNEL, _CHANNEL_ONCE)
    for name in ("title", "link", "description"):
        if not (channel.findtext(name) or "").strip():
            yield f"V-04: no {name}"
    if not is_web(channel.findtext("link")):
        yield "V-07: the channel's link"
    links = [(one.get("rel", "alternate"), one.get("href", "")) for one in channel.findall(f"{ATOM}link")]
    own = [one for one in channel.findall(f"{ATOM}link") if one.get("rel") == "self"]
    if [one.get("type") for one in own] != ["application/rss+xml"]:
        yield "V-04: no link to itself with its type"
    whole, archive = channel.find(f"{HISTORY}complete"), channel.find(f"{HISTORY}archive")
    here = own[0].get("href", "") if own else ""
    yield from link_complaints(links, here, is_whole=whole is not None, is_archive=archive is not None)
    built = date_of(channel.findtext("lastBuildDate"))
    if built is None:
        yield f"V-05: the date {channel.findtext('lastBuildDate')}"
    changed = [
        moment(item.findtext(f"{ATOM}updated")) or date_of(item.findtext("pubDate")) for item in channel.findall("item")
    ]
    latest = max((one for one in changed if one), default=None)
    if latest and built != latest:
        yield f"V-04: lastBuildDate {built} is not the last change, {latest}"
    if channel.find("ttl") is not None and not re.fullmatch("[1-9][0-9]*", channel.findtext("ttl") or ""):
        yield "S-05: a ttl that is no number of minutes"
    if channel.find("language") is not None and not is_language(channel.findtext("language") or ""):
        yield f"V-08: the language {channel.findtext('language')}"


def _item(item: etree._Element) -> Iterator[str]:
    yield from _unknown(item, _ITEM, _ITEM_ONCE)
    title, described = item.findtext("title"), item.findtext("description")
    if not (title or described):
        yield "V-06: neither title nor description"
    if item.find("title") is not None and not title:
        yield "V-06: an empty title"
    encoded = item.find(ENCODED)
    if encoded is not None:
        names = [child.tag for child in item]
        if described is None or names.index("description") > names.index(ENCODED):
            yield "V-06: content:encoded that stands before the description"
        if encoded.text == described:
            yield "V-06: content:encoded says what the description says"
        yield from html_complaints(encoded.text)
    yield from html_complaints(described)
    if date_of(item.findtext("pubDate")) is None:
        yield f"V-05: the date {item.findtext('pubDate')}"
    updated = item.find(f"{ATOM}updated")
    if updated is not None and moment(updated.text) is None:
        yield f"V-05: the date {updated.text}"
    if item.find("link") is not None and not is_web(item.findtext("link")):
        yield f"V-07: the link {item.findtext('link')!r:.60}"
    yield from _guid(item)
    yield from _attribution(item)
    yield from _files(item)
    if any(one.get("rel") in PAGING | {"self", "hub"} for one in item.iter(f"{ATOM}link")):
        yield "P-05: a link of feeds in an item"
    if item.find(f"{DC}language") is not None and not is_language(item.findtext(f"{DC}language") or ""):
        yield f"V-08: the language {item.findtext(DC + 'language')}"


def _guid(item: etree._Element) -> Iterator[str]:
    guid = item.find("guid")
    if guid is None or not (guid.text or "").strip() or guid.get("isPermaLink") not in ("true", "false"):
        yield "A-05: no guid, or one that does not say whether it is a permanent link"
    elif guid.get("isPermaLink") == "true" and not is_web(guid.text):
        yield f"A-05: a permanent link that is none: {guid.text!r:.60}"


def _attribution(item: etree._Element) -> Iterator[str]:
    source = item.find("source")
    if source is None or not is_web(source.get("url")) or not (source.text or "").strip():
        yield "A-05: no source with address and title"
    names = [(one.text or "").strip() for one in item.findall(f"{DC}creator")]
    if not names or not all(names):
        yield "A-04: no name of an author"
    if OURS in map(str.lower, names):
        yield "A-04: our own name in the place of a publisher's"
    if item.find("author") is not None and "@" not in (item.findtext("author") or ""):
        yield "A-06: an author without a mail address"


def _files(item: etree._Element) -> Iterator[str]:
    for one in item.findall("enclosure"):
        if not (
            is_web(one.get("url")) and (one.get("length") or "").isdigit() and is_media_type(one.get("type") or "")
        ):
            yield f"V-10: an enclosure with {dict(one.items())}"
