"""What the rules of all forms are told by: XML that is well formed, addresses, dates, languages, HTML without risks.

In: bytes, texts. Out: whether they are what they should be, or complaints. Never: a line of the writer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
GRAVE = "{http://purl.org/atompub/tombstones/1.0}"
OURS = "heliograph"
PAGING = frozenset({"first", "last", "next", "prev", "previous", "current", "prev-archive", "next-archive"})
_LEGAL = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*\\Z")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z")
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_MEDIA_TYPE = re.compile(r"[\w!#$&^+.-]+/[\w!#$&^+.-]+(\s*;.*)?\Z", re.ASCII | re.DOTALL)
_RISKY = frozenset({
    "applet", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math", "meta", "noscript",
    "object", "option", "param", "script", "select", "style", "svg", "template", "textarea", "xml",
})  # fmt: skip
_LINKED = frozenset({"href", "src", "cite", "poster", "action", "background", "data", "longdesc", "usemap", "srcset"})


def tree(content: bytes) -> tuple[etree._Element | None, list[str]]:
    """The document of a strict XML parser, and what is wrong with it as XML (V-09)."""
    wrong = []
    if not content.startswith((b"<?xml version='1.0' encoding='UTF-8'?>", b'<?xml version="1.0" encoding="UTF-8"?>')):
        wrong.append("V-09: no declaration of UTF-8")
    if b"<!DOCTYPE" in content or b"<?xml-stylesheet" in content:
        wrong.append("B-01: a document type or a stylesheet")
    try:
        text = content.decode("utf-8")
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, huge_tree=True, no_network=True))
    except (UnicodeDecodeError, etree.XMLSyntaxError) as error:
        return None, [*wrong, f"V-09: no well-formed XML: {error}"]
    if not _LEGAL.match(text):
        wrong.append("V-09: characters that XML does not allow")
    return root, wrong


def is_legal(text: str) -> bool:
    """Whether XML 1.0 allows every character."""
    return bool(_LEGAL.match(text))


def is_iri(text: str | None) -> bool:
    """Whether a text is an absolute IRI."""
    return bool(_IRI.match(text or ""))


def is_web(url: str | None) -> bool:
    """Whether a text is an absolute web address (V-07, X-27)."""
    try:
        parts = urlsplit(url or "")
        return (
            parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"]", url or "")
        )
    except ValueError:
        return False


def is_language(tag: str) -> bool:
    """Whether a text has the form of a language tag (BCP 47) and says something."""
    return bool(_LANGUAGE.match(tag)) and tag.lower() not in ("und", "unknown", "mul", "zxx")


def is_media_type(text: str) -> bool:
    """Whether a text is a media type."""
    return bool(_MEDIA_TYPE.match(text))


def moment(text: str | None) -> datetime | None:
    """A date of RFC 3339, None where the text is none."""
    if not _RFC3339.match(text or ""):
        return None
    try:
        return datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None


def repeated(values: Iterable[object]) -> list[object]:
    """What is there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


class _Page(HTMLParser):
    """The risks in a piece of HTML, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Tags that run or hide something, attributes that do, links that lead nowhere."""
        if tag in _RISKY:
            self.wrong.append(f"V-11: <{tag}> in content")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "class", "id", "name", "srcdoc", "srcset"):
                self.wrong.append(f"V-11: {name}= in content")
            if name in _LINKED and not re.match(r"(?i:https?:|mailto:)", (value or "").strip()):
                self.wrong.append(f"V-07: {name}={value!r:.60} in content is not absolute")

    def handle_decl(self, decl: str) -> None:
        """A document type stands in no content."""
        self.wrong.append(f"V-11: <!{decl:.20}> in content")


def html_complaints(fragment: str | None) -> Iterable[str]:
    """What is wrong with a piece of HTML (V-07, V-11)."""
    return _html(fragment) if fragment and "<" in fragment else ()


@lru_cache(10_000)  # the same words stand in many feeds
def _html(fragment: str) -> tuple[str, ...]:
    page = _Page()
    page.feed(fragment)
    page.close()
    return tuple(page.wrong)


def link_complaints(links: list[tuple[str, str]], own: str, *, is_whole: bool, is_archive: bool) -> Iterator[str]:
    """What is wrong with the links of a feed, as relation and address (V-01, V-04, P-01 to P-05, W-29)."""
    rels = [rel for rel, _ in links]
    if rels.count("self") != 1:
        yield f"V-01: {rels.count('self')} links to itself"
    for rel, href in links:
        if not is_web(href):
            yield f"V-07: the link {rel} leads to {href!r:.60}"
        if rel == "next" and href == own:
            yield "P-05: the next page is the page itself"
    for same in repeated(rel for rel in rels if rel in PAGING):
        yield f"P-05: more than one link {same}"
    for one in repeated(links):
        yield f"P-05: the link {one} twice"
    if is_whole and (is_archive or PAGING & {*rels}):
        yield "P-01: a whole feed has neither pages nor archives"
    if is_archive and "current" not in rels:
        yield "P-03: an archive that does not lead to the feed"
