"""Any XML -> what it says, by feedparser: the reference, and the reader of all that the fast one declines.

In: decoded, mended text. Out: `Raw`, or Failed where feedparser stops. Never: trust in its time: run it where it can be
killed (F43), and never a fetch.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import feedparser

from feeds import clean
from feeds.model import Failed, FailureKind
from feeds.raw import Raw, Said
from feeds.tombstones import without_tombstones

_OWN_ID = re.compile(
    r"<(?:\w+:)?(guid|id)\b([^<>]*)>(?:\s*<!\[CDATA\[(?P<raw>[^<]*)\]\]>\s*|(?P<escaped>[^<]*))</", re.IGNORECASE
)
_SKIP_HOURS = re.compile(r"<skiphours\b.{0,2000}", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(r"<skipdays\b.{0,1000}", re.IGNORECASE | re.DOTALL)
_HOURS = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAYS = re.compile(r"<day>\s*(\w{6,9})\s*</day>", re.IGNORECASE)
# feedparser writes a start and an end for every empty element, and HTML has two line breaks then.
_TWICE = re.compile(r"(<(area|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b[^<>]*>)</\2>", re.IGNORECASE)
# What is said of a picture is no summary of the entry.
_PICTURE = re.compile(r"(<media:content\b[^<>]*(?<!/)>)(?:(?!</?media:content\b).)*(?=</media:content\b)", re.DOTALL)
_LISTS = ("links", "authors", "tags", "content")
_RECORDS = ("source", "image", "title_detail", "summary_detail", "subtitle_detail", "rights_detail")


def read_reference(text: str, most: int) -> Raw | Failed:
    """Read a document's head and its first `most` entries."""
    text, deleted = without_tombstones(text)
    # No address is given to feedparser: it would resolve ids too, which are opaque (I-04). Links are resolved by us.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        parsed = feedparser.parse(
            io.BytesIO(_PICTURE.sub(r"\1", text).encode("utf-8", "ignore")),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers=headers,
        )
    except Exception as error:  # feedparser meets the whole web: whatever stops it must not stop us
        return Failed(kind=FailureKind.UNREADABLE, detail=f"the parser gave up: {type(error).__name__}: {error}")
    if not parsed.get("version") and not parsed.entries:
        return Failed(kind=FailureKind.NOT_A_FEED, detail="XML that is neither RSS nor Atom")
    own_ids = _own_ids(text)
    feed = _said(parsed.feed)
    hours, days = _SKIP_HOURS.search(text), _SKIP_DAYS.search(text)
    feed["skip_hours"] = _HOURS.findall(hours[0] if hours else "")
    feed["skip_days"] = _DAYS.findall(days[0] if days else "")
    if deleted:
        feed["deleted"] = deleted
    entries = [_with_own_id(_said(entry), own_ids) for entry in parsed.entries[:most]]
    raw = Raw(version=str(parsed.get("version") or "unknown"), feed=feed, entries=entries, reader="reference")
    if len(parsed.entries) > most:
        raw.notes.append(f"{len(parsed.entries)} entries: only the first {most} are read")
    return raw


def _said(record: Mapping[str, Any]) -> Said:
    """A record of feedparser as a plain one: its own look-up answers with other fields where one is missing.

    It files unknown elements under their names, so that a stranger's <authors> stands where its own list would.
    """
    said: Said = dict(record)
    for key in _LISTS:
        if key in said:
            said[key] = [*_records(said[key])]
    for key in _RECORDS:
        if key in said and not isinstance(said[key], dict):
            del said[key]
    for part in (*said.get("content", ()), *(said[key] for key in _RECORDS if key in said)):
        if str(part.get("type", "")).endswith("xhtml+xml"):
            written = part.get("value")
            part["value"] = _TWICE.sub(r"\1", str(written or ""))
            # feedparser repeats a content as summary, where there is none.
            said["summary"] = part["value"] if said.get("summary") == written else said.get("summary")
    if "source" in said:
        said["source"] = _said(said["source"])
    return said


def _records(listed: object) -> Iterator[Said]:
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield dict(one)


def _with_own_id(said: Said, own_ids: Mapping[str, bool]) -> Said:
    guid = _as_written(str(said.get("id") or "").strip(), own_ids)
    said["id"], said["id_is_link"] = guid, own_ids.get(guid, False)
    return said


def _own_ids(text: str) -> dict[str, bool]:
    """Every id as it is written, and whether it is also a link (I-05): feedparser tells neither."""
    ids = {}
    for found in _OWN_ID.finditer(text):
        written = clean.unescape(found["escaped"]) if found["raw"] is None else found["raw"]
        ids[written.strip()] = found[1].lower() == "guid" and "false" not in found[2].lower()
    return ids


def _as_written(guid: str, own_ids: Mapping[str, bool]) -> str:
    """The id before feedparser resolved it against an xml:base (I-04): a longest part behind a slash that was written."""
    if not guid or guid in own_ids:
        return guid
    starts = (at for at in range(1, len(guid)) if guid[at - 1] == "/" or guid[at] in "/?#")
    return next((guid[at:] for at in starts if guid[at:] in own_ids), guid)
