"""A publisher's word that an entry is no more: at:deleted-entry (RFC 6721), however the document is read.

In: elements, or the text that the reference reader is about to get. Out: `Deleted`, each id once.
Never: a tombstone's own links and names left to be taken for the feed's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from feeds import clean
from feeds.dates import read_date
from feeds.elements import Node, local_name, words_of
from feeds.model import Deleted
from feeds.raw import Said

NAMESPACE = "http://purl.org/atompub/tombstones/1.0"
_MOST = 5000
_LONGEST_BODY = 20_000
_LONGEST_COMMENT = 500
_MARKS = re.compile(r"<!\[CDATA\[|<!--|<(?:[\w.-]{1,40}:)?deleted-entry(?=[\s/>])([^<>]*)>")
_END = re.compile(r"</(?:[\w.-]{1,40}:)?deleted-entry\s*>")
_ATTRIBUTE = re.compile(r"\b(ref|when)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_COMMENT = re.compile(r"<(?:[\w.-]{1,40}:)?comment\b[^<>]*>")
_COMMENT_END = re.compile(r"</(?:[\w.-]{1,40}:)?comment\s*>")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")


def tombstone_of(element: Node) -> Said:
    """What an at:deleted-entry says; who did it stays unsaid, as we publish no names but those of authors."""
    comment = next((words_of(part) for part in element if local_name(part) == "comment"), "")
    return _said(element.get("ref") or "", element.get("when") or "", comment)


def without_tombstones(text: str) -> tuple[str, list[Said]]:
    """A document's text without its tombstones, and what they said; as it is where the namespace is not declared."""
    if NAMESPACE not in text:
        return text, []
    kept, found, at = [], [], 0
    mark = _MARKS.search(text)
    while mark:
        if mark[1] is None:  # no tombstone in CDATA or a comment is one
            end = text.find("]]>" if mark[0] != "<!--" else "-->", mark.end())
        elif mark[1].endswith("/"):
            end = mark.end()
            kept.append(text[at : mark.start()])
            found.append(_read(mark[1], ""))
            at = end
        else:
            close = _END.search(text, mark.end())
            end = close.end() if close else -1
            if close:
                kept.append(text[at : mark.start()])
                found.append(_read(mark[1], text[mark.end() : close.start()]))
                at = end
        mark = _MARKS.search(text, end) if end >= 0 else None
    return "".join([*kept, text[at:]]), found


def _read(attributes: str, body: str) -> Said:
    told = {name: clean.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(attributes)}
    start = _COMMENT.search(body)
    end = _COMMENT_END.search(body, start.end()) if start else None
    said = ""
    if start and end:
        plain = _CDATA.sub(lambda raw: clean.escape(raw[1]), body[start.end() : end.start()])
        said = clean.unescape(_TAG.sub("", plain))
    return _said(told.get("ref", ""), told.get("when", ""), said)


def _said(ref: str, when: str, comment: str) -> Said:
    return {"ref": ref.strip(), "when": when.strip(), "comment": " ".join(comment[:_LONGEST_BODY].split())}


def deleted_of(said: Iterable[Mapping[str, str]]) -> tuple[Deleted, ...]:
    """The tombstones of a document, each id once with its latest; of absurdly many the first."""
    found: dict[str, Deleted] = {}
    for one in said:
        if one["ref"] and (one["ref"] in found or len(found) < _MOST):
            at = read_date(one["when"]) if one["when"] else None
            comment = clean.title_text(one["comment"], is_html=True)[:_LONGEST_COMMENT]
            held = found.get(one["ref"])
            if held is None or held.at is None or (at is not None and at > held.at):
                found[one["ref"]] = Deleted(id=one["ref"], at=at, comment=comment)
    return tuple(found.values())
