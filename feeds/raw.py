"""What a document says before anything is made of it: the one shape that every XML reader hands on.

In: nothing. Out: `Raw`, and the judgement of a text that may be HTML.
Never: cleaning, or the resolving of a link that no xml:base asks for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.entities import entitydefs
from typing import Any

Said = dict[str, Any]
"""Fields under feedparser's names, as they stand in the document: id, id_is_link, link, links, title, title_detail,
summary, summary_detail, content, published, updated, created, authors, author, tags, rights, rights_detail, source;
of a feed also subtitle, language, icon, logo, image, ttl, sy_updateperiod, sy_updatefrequency, skip_hours, skip_days,
deleted (its tombstones: {ref, when, comment}).
A "detail" is {value, type, base, language}; type is "text/plain", "text/html", "application/xhtml+xml", or "guess" where
the words must tell whether they are HTML. A person is {name, email, href}, or {byline} where that is still one string.
"""


@dataclass(slots=True, kw_only=True)
class Raw:
    """A document before cleaning. `reader` says who read it: "wellformed" or "reference"."""

    version: str
    feed: Said
    entries: list[Said]
    reader: str
    truncated: bool = False
    notes: list[str] = field(default_factory=list)


# What feedparser takes for the elements of HTML when it judges a text.
_ELEMENTS = frozenset({
    "a", "abbr", "acronym", "address", "area", "article", "aside", "audio", "b", "big", "blockquote", "br", "button",
    "canvas", "caption", "center", "cite", "code", "col", "colgroup", "command", "datagrid", "datalist", "dd", "del",
    "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "event-source", "fieldset", "figcaption", "figure",
    "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "input", "ins", "kbd",
    "keygen", "label", "legend", "li", "m", "map", "menu", "meter", "multicol", "nav", "nextid", "noscript", "ol",
    "optgroup", "option", "output", "p", "pre", "progress", "q", "s", "samp", "section", "select", "small", "sound",
    "source", "spacer", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "textarea", "tfoot", "th",
    "thead", "time", "tr", "tt", "u", "ul", "var", "video",
})  # fmt: skip
_MARKED = re.compile(r"</\w+>|&#?\w+;")
_TAG = re.compile(r"</?(\w+)")
_ENTITY = re.compile(r"&(\w+);")


def is_markup(text: str) -> bool:
    """Whether a text that is said to be plain is HTML: an end tag or a reference, and no tag or entity but HTML's."""
    if ("</" not in text and "&" not in text) or not _MARKED.search(text):
        return False
    return all(tag.lower() in _ELEMENTS for tag in _TAG.findall(text)) and all(
        name in entitydefs for name in _ENTITY.findall(text)
    )
