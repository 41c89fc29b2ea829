"""Whether a sanitised fragment would come out of the sanitiser unchanged, told from its tags alone (X-23).

In: what the sanitiser wrote. Out: True where that is sure; False says nothing. Never: a parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

_LINE_IN_PRE = re.compile(r"<pre[^>]*>\n")
_VOID = frozenset({"br", "col", "hr", "img", "source", "wbr"})
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
_MOST_MET = 4000


class _Open(dict[str, "_Open"]):
    """Which elements are open, outermost first; and behind each tag that was ever met there, which ones then are.

    In nearly all fragments the same few stand in one another: whether they may is asked once for all of them.
    """

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, tag: str) -> _Open:
        following = self[tag] = _behind(self, tag)
        return following


_NOTHING = _Open()
_UNSURE = _Open("?")
_MET: dict[tuple[str, ...], _Open] = {}


def is_settled(safe: str, tags: Sequence[str]) -> bool:
    """Whether every element ends where it began and stands where a parser leaves it.

    `tags` are the names in the tags of the fragment: "p", "br", "/p".
    """
    if "\r" in safe:
        return False  # it was referred to, and is read as a line break
    if "pre" in tags and _LINE_IN_PRE.search(safe):
        return False  # a first line break in <pre> is dropped
    if "table" in tags and _STRAY.search(safe):
        return False
    now = _NOTHING
    for tag in tags:
        now = now[tag]
    return now is _NOTHING


def depth(tags: Iterable[str]) -> int:
    """How many elements are open at most, where each has its end."""
    return max(accumulate(-1 if tag[:1] == "/" else tag not in _VOID for tag in tags), default=0)


def _behind(now: _Open, tag: str) -> _Open:
    names = now.names
    if now is _UNSURE or (tag[:1] == "/" and names[-1:] != (tag[1:],)):
        return _UNSURE
    if tag[:1] == "/":
        return _with(names[:-1])
    if not _may_begin(tag, names) or len(names) > _DEEPEST:
        return _UNSURE
    return now if tag in _VOID else _with((*names, tag))


def _with(names: tuple[str, ...]) -> _Open:
    """The one record of these elements, unless a stranger's inventions were forgotten with all others."""
    if not names:
        return _NOTHING
    if len(_MET) > _MOST_MET:
        for met in (_NOTHING, *_MET.values()):
            met.clear()
        _MET.clear()
    return _MET.setdefault(names, _Open(*names))


def _may_begin(tag: str, open_now: tuple[str, ...]) -> bool:
    inner = open_now[-1] if open_now else ""
    if tag in _ROWS or inner in _STRUCTURE:
        return inner in _ROWS.get(tag, ())
    if tag in _WORDS:
        return not inner or (open_now.count(tag) < 2 and not (tag == "a" and "a" in open_now))
    if tag in _BLOCKS:
        if tag in _PARENTS and inner not in _PARENTS[tag]:
            return False
        return not inner or ("p" not in open_now and _HEADINGS.isdisjoint(open_now))
    return tag in _VOID
