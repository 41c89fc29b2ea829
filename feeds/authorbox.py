"""The "About the author" box at an article's end -> kept apart from the article.

In: a fragment of HTML before cleaning. Out: the fragment without the box, and what the box said.
Never: a cut without a sure sign, and never a word thrown away: what is cut is returned as the author's bio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree, html

from feeds.clean import absolute, clean, has_blocks, paragraphs
from feeds.model import Author

# Plug-ins and themes that mark their box: Twenty-Twelve's author-info, PublishPress, Molongui, Simple Author Box and kin.
_MARKED = re.compile(
    r"(?:^|\s)(?:author-info|author-box|author-bio|about-author|m-a-box|saboxplugin-wrap|pp-multiple-authors\S*)(?:\s|$)"
)
_VIEW_ALL = re.compile(
    r"(?:view all posts by|more (?:posts|articles|stories) by|все (?:записи|публикации|материалы) (?:автора|от)|"
    r"(?P<tr>.{3,60}?) tarafından yazılan tüm yazılar)\s*(?P<name>.{0,80}?)\s*[→»>]*\s*\Z",
    re.IGNORECASE,
)
_ABOUT_AUTHOR = re.compile(
    r"(?:about the authors?|об авторе|об авторах|yazar hakkında|über den autor|à propos de l.auteur|"
    r"عن الكاتب|درباره نویسنده)\s*:?\s*\Z",
    re.IGNORECASE,
)
_ABOUT_NAME = re.compile(r"(?:about|об?|hakkında:?)\s+(?P<name>[^\W\d_][^\n:;!?()]{2,60}?)\s*:?\s*\Z", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?:\s+[^\W\d_][\w.'’-]*){1,4}\Z")
_PARTICLES = {"de", "da", "di", "du", "van", "von", "der", "den", "bin", "ibn", "al", "el", "oğlu", "kızı"}
_HINT = re.compile(
    r"about\s|view all posts|more (?:posts|articles|stories) by|об автор|автора|yazar hakk|tüm yazılar|über den autor|"
    r"propos de l|عن الكاتب|درباره نویسنده|author-info|author-box|author-bio|about-author|m-a-box|saboxplugin|"
    r"pp-multiple-authors",
    re.IGNORECASE,
)
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
_BREAKS = re.compile(r"(?:<br\s*/?>\s*){2,}", re.IGNORECASE)
_LONGEST_BIO = 1500
_MOST_BLOCKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a box said: the author's name, plain-text bio and page, each "" where it did not."""

    name: str = ""
    bio: str = ""
    url: str = ""


def clean_without_box(fragment: str, base: str, authors: tuple[Author, ...]) -> tuple[str, tuple[Author, ...]]:
    """Safe HTML without the author box, and the authors with what the box added: a bio, a page, a name."""
    rest, box = cut(fragment, authors=tuple(author.name for author in authors))
    return clean(rest, base), _with_box(authors, box, base) if box else authors


def _with_box(authors: tuple[Author, ...], box: Box, base: str) -> tuple[Author, ...]:
    known = [author.name.casefold() for author in authors]
    page = absolute(box.url, base)
    if box.name and box.name.casefold() not in known:
        return (*authors, Author(name=box.name, bio=box.bio, url=page))
    if not authors:
        return authors
    at = known.index(box.name.casefold()) if box.name else 0
    held = authors[at]
    filled = replace(held, bio=held.bio or box.bio, url=held.url or page)
    return (*authors[:at], filled, *authors[at + 1 :])


def cut(fragment: str, *, authors: tuple[str, ...] = ()) -> tuple[str, Box | None]:
    """The fragment without its author box, and the box; or the fragment as it was, and None.

    Sure signs: an element that a known plug-in marks; a line that is just "About the author"; "About NAME" where NAME
    is one of `authors` or of a "View all posts by NAME" that follows. A lone "View all posts by NAME" line goes too.
    """
    if not _HINT.search(fragment):
        return fragment, None
    blocks = fragment if has_blocks(fragment) else paragraphs(fragment, every_line=True)
    try:
        root = html.fragment_fromstring(_BREAKS.sub("</p><p>", blocks), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return fragment, None
    box = _cut_marked(root) or _cut_lines(root, authors)
    if box is None:
        return fragment, None
    return _inside(root), box


def _cut_marked(root: html.HtmlElement) -> Box | None:
    found = [el for el in root.iter() if isinstance(el.tag, str) and _MARKED.search(el.get("class") or "")]
    if not found:
        return None
    boxes = [el for el in found if not any(parent in found for parent in el.iterancestors())]
    lines = [line for el in boxes for line in _lines_of(el)]
    box = _read(boxes, lines)
    for el in boxes:
        el.drop_tree()
    return box


def _cut_lines(root: html.HtmlElement, authors: tuple[str, ...]) -> Box | None:
    blocks = [
        el
        for el in root.iter()
        if el is not root and el.tag in _BLOCKS and not any(c.tag in _BLOCKS for c in el.iterdescendants())
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
    """From which block to which the box reaches."""
    last_line = next((i for i in reversed(range(len(texts))) if _VIEW_ALL.search(texts[i])), None)
    for start in range(len(texts) // 3, len(texts)):
        if not _opens_box(texts[start], texts[start + 1 : start + 1 + _MOST_BLOCKS], authors):
            continue
        if last_line is not None and start <= last_line <= start + _MOST_BLOCKS:
            return start, last_line + 1
        end = min(len(texts), start + 1 + _MOST_BLOCKS)
        while end > start + 1 and sum(map(len, texts[start:end])) > _LONGEST_BIO:
            end -= 1
        return start, end
    if last_line is not None and _VIEW_ALL.match(texts[last_line]):
        return last_line, last_line + 1
    return None


def _opens_box(text: str, following: list[str], authors: tuple[str, ...]) -> bool:
    if _ABOUT_AUTHOR.match(text):
        return True
    about = _ABOUT_NAME.match(text)
    if not about:
        return False
    name = about["name"].casefold()
    named_later = {_viewed_name(line).casefold() for line in following} - {""}
    return name in named_later or name in {author.casefold() for author in authors}


def _read(elements: list[html.HtmlElement], lines: list[str]) -> Box:
    name = url = ""
    bio = []
    for whole in lines:
        line, viewed = _VIEW_ALL.sub("", whole).strip(), _viewed_name(whole)
        about = _ABOUT_NAME.match(line)
        name = name or viewed
        if about and not _ABOUT_AUTHOR.match(line) and _is_name(about["name"]):
            name = name or about["name"]
        elif line and not _ABOUT_AUTHOR.match(line):
            bio.append(line)
    for link in (a for el in elements for a in el.iter("a")):
        if link.get("rel") == "author" or _VIEW_ALL.search(_text(link)) or "/author" in (link.get("href") or ""):
            url = url or (link.get("href") or "")
            named = _text(link)
            if link.get("rel") == "author" and not name and _is_name(named) and not _VIEW_ALL.search(named):
                name = named
    if not name:
        name = next((line for line in bio[:1] if _is_name(line) and len(line) < 50), "")
    return Box(name=name.strip(), bio="\n".join(line for line in bio if line != name), url=url)


def _viewed_name(line: str) -> str:
    match = _VIEW_ALL.search(line)
    if not match:
        return ""
    name = (match["name"] or match["tr"] or "").strip(" →»>:")
    return name if _is_name(name) else ""


def _is_name(text: str) -> bool:
    """Two to five words, none of which begins with a small letter (in scripts that have capitals) unless a particle."""
    return bool(_NAME.match(text)) and all(
        not word[0].islower() or word.split("-")[0] in _PARTICLES for word in text.split()
    )


def _lines_of(element: html.HtmlElement) -> list[str]:
    leaves = [
        el for el in element.iter() if el.tag in _BLOCKS and not any(c.tag in _BLOCKS for c in el.iterdescendants())
    ]
    return [text for text in map(_text, leaves or [element]) if text]


def _text(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _inside(root: html.HtmlElement) -> str:
    """The fragment again, without the parent that parsing needed."""
    start = html.tostring(root, encoding="unicode")
    return str(start[start.index(">") + 1 : start.rindex("</")].strip())
