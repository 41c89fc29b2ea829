"""The "About the author" box at an article's end -> kept apart from the article.

In: a fragment of HTML before cleaning. Out: the fragment without the box, and what the box said.
Never: a cut without a sure sign, and never a word thrown away: what is cut is returned as the author's bio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree, html

from feeds.clean import Safe, absolute, cleaned, has_blocks, is_too_deep, paragraphs
from feeds.model import Author
from feeds.trees import holds_any

# Plug-ins and themes that mark their box: Twenty-Twelve's author-info, PublishPress, Molongui, Simple Author Box and kin.
_MARKED = re.compile(
    r"(?:^|\s)(?:author-info|author-box|author-bio|about-author|m-a-box|saboxplugin-wrap|pp-multiple-authors\S*)(?:\s|$)"
)
_ALL_BY = (
    r"(?:view|see|read) all (?:posts|articles|stories|entries) by|more (?:posts|articles|stories) by|"
    r"(?:посмотреть |показать |смотреть )?все (?:записи|публикации|материалы|статьи) (?:автора|от)"
)
_VIEW_ALL = re.compile(
    rf"(?:{_ALL_BY}|(?P<tr>.{{3,60}}?) tarafından yazılan tüm yazılar)\s*(?P<name>.{{0,80}}?)\s*[→»>]{{0,3}}\s*\Z",
    re.IGNORECASE,
)
_THE_AUTHOR = (
    r"about the authors?|об автор(?:е|ах)|yazar hakkında|über den autor|à propos de l.auteur|عن الكاتب|درباره نویسنده"
)
_ABOUT_AUTHOR = re.compile(rf"(?:{_THE_AUTHOR})\s*:?\s*\Z", re.IGNORECASE)
_ABOUT_AUTHOR_IS = re.compile(rf"(?:{_THE_AUTHOR})\s*:\s*(?P<said>\S.*)\Z", re.IGNORECASE)
# WordPress says "About NAME", in Russian "О NAME" or "Об авторе NAME", in Turkish "NAME hakkında".
_ABOUT_NAME = re.compile(
    r"(?:(?:about(?: the author)?|об авторе|об?|yazar hakkında|hakkında):?\s+(?P<name>[^\W\d_][^\n:;!?()]{2,60}?)|"
    r"(?P<tr>[^\W\d_][^\n:;!?()]{2,60}?)\s+hakkında)\s*:?\s*\Z",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"(?:by|автор|yazar|von|par)\b\s*:?\s+", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?:\s+[^\W\d_][\w.'’-]*){1,4}\Z")
_PARTICLES = {"de", "da", "di", "du", "van", "von", "der", "den", "bin", "ibn", "al", "el", "oğlu", "kızı"}
# Plain words, looked for in lower case: nearly every fragment has none of them and is done with.
_LAST_HINTS = (
    "all posts by", "all articles by", "all stories by", "all entries by", "more posts by", "more articles by",
    "more stories by", "все записи", "все публикации", "все материалы", "все статьи", "tüm yazılar",
)  # fmt: skip
# In bytes, which are searched faster.
_SIGNS = (
    *(hint.encode() for hint in _LAST_HINTS[:7]), b"about-author", b"pp-multiple-author", b"author-info", b"author-box",
    b"author-bio", b"m-a-box", b"boxplugin", b"propos de l", b"hakkinda",
)  # fmt: skip
# Letters without which a text has none of the hints behind them, whatever its case.
_OTHER_HINTS = (
    ("вВ", (*_LAST_HINTS[7:11], "об автор")),
    ("ı", (_LAST_HINTS[11], "hakkında")),
    ("üÜ", ("über den autor",)),
    ("ن", ("عن الكاتب", "درباره نویسنده")),
)
_ABOUT = re.compile(r"about(?:\s|&nbsp;)")
_AFTER_ABOUT = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f&\xc2\xe1\xe2\xe3"  # how white space and its reference begin
_TAG_BEFORE = re.compile(r"<(/?[a-z0-9]+)")
_INLINE = {"a", "b", "em", "font", "i", "img", "small", "span", "strong", "u"}
_BLOCKS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "div",
    "section",
    "aside",
    "footer",
    "blockquote",
    "td",
    "dd",
    "dt",
    "pre",
}
_BREAK = r"(?:<br\s*/?>\s*)"
# Two line breaks stand for a paragraph; where that shows no box, one does.
_BREAKS = (re.compile(_BREAK + "{2,}", re.IGNORECASE), re.compile(_BREAK + "+", re.IGNORECASE))
_LONGEST_BIO = 1500
_LONGEST_LAST_LINE = 250
_MOST_BLOCKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a box said: the author's name, plain-text bio and page, each "" where it did not."""

    name: str = ""
    bio: str = ""
    url: str = ""


def clean_without_box(fragment: str, base: str, authors: tuple[Author, ...]) -> tuple[Safe, tuple[Author, ...]]:
    """Safe HTML without the author box, and the authors with what the box added: a bio, a page, a name."""
    rest, box = cut(fragment, authors=tuple(author.name for author in authors))
    if box is None or not (box.name or authors):
        return cleaned(fragment, base), authors  # a box of nobody we know would be lost
    return cleaned(rest, base), with_box(authors, box, base)


def with_box(authors: tuple[Author, ...], box: Box, base: str) -> tuple[Author, ...]:
    """The authors with what a box said: the bio and page of the one it names (the first, where it names none), or one more."""
    known = [author.name.casefold() for author in authors]
    page = absolute(box.url, base)
    if box.name and box.name.casefold() not in known:
        return (*authors, Author(name=box.name, bio=box.bio, url=page))
    at = known.index(box.name.casefold()) if box.name else 0
    held = authors[at]
    bio = held.bio if box.bio in held.bio else f"{held.bio}\n{box.bio}".strip()
    return (*authors[:at], replace(held, bio=bio, url=held.url or page), *authors[at + 1 :])


def cut(fragment: str, *, authors: tuple[str, ...] = ()) -> tuple[str, Box | None]:
    """The fragment without its author box, and the box; or the fragment as it was, and None.

    Sure signs: an element that a known plug-in marks; a line that is just "About the author"; "About NAME" where NAME
    is one of `authors` or of a "View all posts by NAME" that follows. A lone "View all posts by NAME" line goes too.
    """
    if not _may_hold_box(fragment) or is_too_deep(fragment):
        return fragment, None
    blocks = fragment if has_blocks(fragment) else _blocks_of(fragment)
    for breaks in _BREAKS if _BREAKS[1].search(blocks) else _BREAKS[:1]:
        try:
            root = html.fragment_fromstring(breaks.sub("</p><p>", blocks), create_parent="div")
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            return fragment, None
        box = cut_marked(root) or _cut_lines(root, authors)
        if box is not None:
            return _inside(root), box
    return fragment, None


def _may_hold_box(fragment: str) -> bool:
    """Whether any sign of a box is there: nearly every fragment has none, and is done with."""
    try:
        signed = holds_any(fragment, _SIGNS)
    except UnicodeEncodeError:  # half a surrogate
        return _may_hold_box(fragment.encode("utf-8", "ignore").decode())
    if signed:
        return True
    if holds_any(fragment, (b"about",)) and _may_begin_with_about(fragment.encode().lower()):
        lower = fragment.lower()
        if any(_begins(lower, found.start()) for found in _ABOUT.finditer(lower)):
            return True
    if fragment.isascii():
        return False
    seen = [hints for letters, hints in _OTHER_HINTS if any(letter in fragment for letter in letters)]
    lower = fragment.lower() if seen else ""
    return any(hint in lower for hints in seen for hint in hints)


def _may_begin_with_about(small: bytes) -> bool:
    """Whether an "about" stands where a block or a line may begin: behind a tag, a line break or a reference."""
    at = small.find(b"about")
    while at >= 0:
        before = small[max(0, at - 30) : at].rstrip(b" \t\xc2\xa0")
        if before[-1:] in b"\r\n;>" and small[at + 5 : at + 6] in _AFTER_ABOUT:
            return True
        at = small.find(b"about", at + 1)
    return False


def _begins(text: str, at: int) -> bool:
    """Whether a block or a line begins here, or in inline elements that begin here."""
    for _ in range(8):
        before = text[max(0, at - 500) : at]
        words = before.removesuffix("&nbsp;").rstrip(" \t\xa0")
        if not words or words[-1] in "\r\n":
            return True
        if words[-1] == ";":
            return words.endswith(("&nbsp;", "&#160;"))
        if words[-1] != ">" or "<" not in words:
            return words[-1] == ">"
        start = words.rindex("<")
        name = _TAG_BEFORE.match(words, start)
        if name is None or name[1] not in _INLINE:
            return name is None or name[1].removeprefix("/") not in _INLINE
        at -= len(before) - start
    return True


def _blocks_of(text: str) -> str:
    """Plain text as paragraphs: by its blank lines and around lines that may frame a box; without those, by its lines."""
    if paragraphs(text) == text:
        return paragraphs(text, every_line=True)
    lines = (f"\n\n{line}\n\n" if _frames_box(line.strip()) else line for line in text.splitlines())
    return paragraphs("\n".join(lines))


def _frames_box(line: str) -> bool:
    return bool(_ABOUT_AUTHOR.match(line) or _ABOUT_NAME.match(line) or _view_all(line))


def cut_marked(root: html.HtmlElement) -> Box | None:
    """Take the boxes that a known plug-in or theme marks out of a tree; what they said, None where there are none."""
    found = [el for el in root.iter() if isinstance(el.tag, str) and _MARKED.search(el.get("class") or "")]
    marked = set(found)
    boxes = [el for el in found if marked.isdisjoint(el.iterancestors())]
    inside, whole = sum(len(_text(el)) for el in boxes), len(_text(root))
    # A theme that marks the article itself, or every paragraph of it, has marked no box.
    if not 0 < len(boxes) <= _MOST_BLOCKS or inside == whole or inside > max(_LONGEST_BIO, whole / 2):
        return None
    box = _read(boxes, [line for el in boxes for line in _lines_of(el)])
    for el in boxes:
        el.drop_tree()
    return box


def _cut_lines(root: html.HtmlElement, authors: tuple[str, ...]) -> Box | None:
    leaves = {el for el in root.iter() if el is not root and _is_leaf(el)}
    # A link of the box may stand between paragraphs, in none of them.
    blocks = [
        el
        for el in root.iter()
        if el in leaves or (el.tag == "a" and _view_all(_text(el)) and leaves.isdisjoint(el.iterancestors()))
    ]
    texts = [_text(el) for el in blocks]
    span = _box_span(texts, authors)
    if span is None:
        return None
    inside = blocks[span[0] : span[1]]
    box = _read(inside, [text for text in texts[span[0] : span[1]] if text])
    for el in inside:
        el.drop_tree()
    return box


def _box_span(texts: list[str], authors: tuple[str, ...]) -> tuple[int, int] | None:
    """From which block to which the box reaches: to a "View all posts by NAME", or to an end that is near."""
    last_line = next((i for i in reversed(range(len(texts))) if _view_all(texts[i])), None)
    for start in range(len(texts) // 3, len(texts)):
        if not _opens_box(texts[start], texts[start + 1 : start + 1 + _MOST_BLOCKS], authors):
            continue
        if last_line is not None and start <= last_line <= start + _MOST_BLOCKS:
            return start, last_line + 1
        if len(texts) - start <= _MOST_BLOCKS + 1 and sum(map(len, texts[start:])) <= _LONGEST_BIO:
            return start, len(texts)
    if last_line is not None and _VIEW_ALL.match(texts[last_line]):
        return last_line, last_line + 1
    return None


def _opens_box(text: str, following: list[str], authors: tuple[str, ...]) -> bool:
    if _ABOUT_AUTHOR.match(text) or _ABOUT_AUTHOR_IS.match(text):
        return True
    name = _named(text)
    if not name:
        return False
    later = [*filter(None, map(_viewed_name, following))]
    return any(_same_name(name, other) for other in later) or name.casefold() in {one.casefold() for one in authors}


def _read(elements: list[html.HtmlElement], lines: list[str]) -> Box:
    name = url = ""
    bio = []
    for whole in lines:
        viewed = _view_all(whole)
        name = _viewed_name(whole) or name
        line = whole[: viewed.start()].strip() if viewed else whole
        inline = _ABOUT_AUTHOR_IS.match(line)
        said = inline["said"] if inline else line
        if not inline and not _ABOUT_AUTHOR.match(line) and _is_name(_named(line)):
            name = name or _named(line)
        elif said and not _ABOUT_AUTHOR.match(said):
            bio.append(said)
    for link in (a for el in elements for a in el.iter("a")):
        named = _text(link)
        if link.get("rel") == "author" or _view_all(named) or "/author" in (link.get("href") or ""):
            url = url or (link.get("href") or "")
            if link.get("rel") == "author" and not name and _is_name(named) and not _view_all(named):
                name = named
    if not name and bio:
        alone = _BYLINE.sub("", bio[0], count=1) if _BYLINE.match(bio[0]) else bio[0]
        name = alone if _is_name(alone) and len(alone) < 50 else ""
        bio[0] = name or bio[0]
    return Box(name=name.strip(), bio="\n".join(line for line in bio if line != name), url=url)


def _view_all(line: str) -> re.Match[str] | None:
    """ "View all posts by NAME" at the line's end, where alone it stands."""
    start = max(0, len(line) - _LONGEST_LAST_LINE)
    last = line[start:].lower()
    return _VIEW_ALL.search(line, start) if any(hint in last for hint in _LAST_HINTS) else None


def named_in_link(line: str) -> str:
    """The author whom a link "View all posts by NAME →" names, "" where the line is no such link."""
    return _viewed_name(line)


def _viewed_name(line: str) -> str:
    match = _view_all(line)
    if not match:
        return ""
    name = (match["name"] or match["tr"] or "").strip(" →»>:")
    return name if _is_name(name) else ""


def _named(line: str) -> str:
    """The name in "About NAME"."""
    match = _ABOUT_NAME.match(line)
    return (match["name"] or match["tr"]).strip() if match else ""


def _same_name(one: str, other: str) -> bool:
    """The same but for the endings, which Russian declines: "О Норе Квилл", "все записи автора Нора Квилл"."""
    pairs = [*zip(one.casefold().split(), other.casefold().split(), strict=False)]
    alike = all(a[: (stem := max(2, min(len(a), len(b)) - 2))] == b[:stem] for a, b in pairs)
    return alike and len(one.split()) == len(other.split())


def _is_name(text: str) -> bool:
    """Two to five words, none of which begins with a small letter (in scripts that have capitals) unless a particle."""
    return bool(_NAME.match(text)) and all(
        not word[0].islower() or word.split("-")[0] in _PARTICLES for word in text.split()
    )


def _is_leaf(element: html.HtmlElement) -> bool:
    return element.tag in _BLOCKS and not any(inner.tag in _BLOCKS for inner in element.iterdescendants())


def _lines_of(element: html.HtmlElement) -> list[str]:
    leaves = [el for el in element.iter() if _is_leaf(el)]
    return [text for text in map(_text, leaves or [element]) if text]


def _text(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _inside(root: html.HtmlElement) -> str:
    """The fragment again, without the parent that parsing needed."""
    start = html.tostring(root, encoding="unicode")
    return str(start[start.index(">") + 1 : start.rindex("</")].strip())
