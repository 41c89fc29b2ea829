"""Whether a sanitised fragment would come out of the sanitiser unchanged, told from its tags alone (X-23).

In: what the sanitiser wrote. Out: True where that is sure; False says nothing. Never: a parser.
"""

from __future__ import annotations

import re

# With its attributes, in which a ">" or "<" may stand between quotes.
_TAG = re.compile(r'<(/?[a-z][a-z0-9]*)[^>"]*(?:"[^"]*"[^>"]*)*>')
_VOID = frozenset({"br", "img", "source", "wbr"})
# An open <p> or heading is closed by each of these (HTML section 13.2.6.4.7); <hr> is void besides.
_BLOCKS = frozenset({
    "article", "aside", "blockquote", "details", "div", "dl", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "li", "dd", "dt", "main", "ol", "p", "pre", "section", "summary", "ul",
})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARENTS = {"li": ("ul", "ol"), "dd": ("dl",), "dt": ("dl",)}
# Ordinary and formatting elements; the latter may not hold themselves more than twice, and a link never another link.
_WORDS = frozenset({
    "a", "abbr", "audio", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "time", "u", "var", "video",
})  # fmt: skip
_DEEPEST = 60


def is_settled(safe: str) -> bool:
    """Whether every element ends where it began and stands where a parser leaves it; no tables, no ruby."""
    if "<pre" in safe and "\n" in safe:
        return False  # a first line break in <pre> is dropped
    open_now: list[str] = []
    for tag in _TAG.findall(safe):
        if tag[0] == "/":
            if not open_now or open_now.pop() != tag[1:]:
                return False
        elif tag in _VOID:
            continue
        elif tag in _BLOCKS:
            if not _may_begin(tag, open_now):
                return False
            if tag != "hr":
                open_now.append(tag)
        elif tag in _WORDS:
            if open_now and (open_now.count(tag) > 1 or (tag == "a" and "a" in open_now)):
                return False
            open_now.append(tag)
        else:
            return False
    return not open_now


def _may_begin(tag: str, open_now: list[str]) -> bool:
    if not open_now:
        return tag not in _PARENTS
    if "p" in open_now or len(open_now) > _DEEPEST or not _HEADINGS.isdisjoint(open_now):
        return False
    parents = _PARENTS.get(tag)
    return parents is None or open_now[-1] in parents
