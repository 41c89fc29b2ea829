"""Whether a sanitised fragment would come out of the sanitiser unchanged, told from its tags alone (X-23).

In: what the sanitiser wrote. Out: True where that is sure; False says nothing. Never: a parser.
"""

from __future__ import annotations

import re

# With its attributes, in which a ">" or "<" may stand between quotes.
_TAG = re.compile(r'<(/?[a-z][a-z0-9]*)[^>"]*(?:"[^"]*"[^>"]*)*>')
_LINE_IN_PRE = re.compile(r"<pre[^>]*>\n")
_VOID = frozenset({"br", "col", "hr", "img", "source", "wbr"})
_WITHIN_WORDS = frozenset({"br", "img", "source", "wbr"})
# An open <p> or heading is closed by each of these (HTML section 13.2.6.4.7).
_BLOCKS = frozenset({
    "article", "aside", "blockquote", "details", "div", "dl", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "li", "dd", "dt", "main", "ol", "p", "pre", "section", "summary", "table", "ul",
})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARENTS = {"li": ("ul", "ol"), "dd": ("dl",), "dt": ("dl",)}
# Ordinary and formatting elements; the latter may not hold themselves more than twice, and a link never another link.
_WORDS = frozenset({
    "a", "abbr", "audio", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "time", "u", "var", "video",
})  # fmt: skip
_ROWS = {
    "caption": ("table",), "colgroup": ("table",), "col": ("colgroup",), "thead": ("table",), "tbody": ("table",),
    "tfoot": ("table",), "tr": ("tbody", "thead", "tfoot"), "td": ("tr",), "th": ("tr",),
}  # fmt: skip
_STRUCTURE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "colgroup"})
# Words in a table and in none of its cells, which a parser moves before the table.
_STRAY = re.compile(
    r"<(?:table|thead|tbody|tfoot|tr|colgroup|/caption|/colgroup|/thead|/tbody|/tfoot|/tr|/td|/th)(?: [^<>]*)?>\s*[^\s<]"
)
_DEEPEST = 60


def is_settled(safe: str) -> bool:
    """Whether every element ends where it began and stands where a parser leaves it."""
    if "<pre" in safe and _LINE_IN_PRE.search(safe):
        return False  # a first line break in <pre> is dropped
    if "<table" in safe and _STRAY.search(safe):
        return False
    open_now: list[str] = []
    inner = ""
    for tag in _TAG.findall(safe):
        if tag[0] == "/":
            if inner != tag[1:]:
                return False
            open_now.pop()
            inner = open_now[-1] if open_now else ""
        elif tag in _VOID:
            if (inner in _STRUCTURE or tag not in _WITHIN_WORDS) and not _may_begin(tag, open_now):
                return False
        elif _may_begin(tag, open_now):
            open_now.append(tag)
            inner = tag
        else:
            return False
    return not open_now


def _may_begin(tag: str, open_now: list[str]) -> bool:
    inner = open_now[-1] if open_now else ""
    if tag in _ROWS or inner in _STRUCTURE:
        return inner in _ROWS.get(tag, ())
    if tag in _WORDS:
        return not inner or (open_now.count(tag) < 2 and not (tag == "a" and "a" in open_now))
    if tag in _BLOCKS:
        if tag in _PARENTS and inner not in _PARENTS[tag]:
            return False
        return not inner or not ("p" in open_now or len(open_now) > _DEEPEST or not _HEADINGS.isdisjoint(open_now))
    return tag in _VOID
