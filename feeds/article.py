"""A web page -> the article on it: title, safe HTML, words, authors with what their boxes said, date, language.

In: a page's bytes and its address. Out: an Article, or Failed where there is none. Never: a request; a read of a
stranger's page in a process that others wait for (`feeds.sandbox` runs this), the "About the author" box in the text.

trafilatura finds the text. What it says of authors, dates and languages is not used: `feeds.pagehead` has why.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace

import trafilatura
from lxml import etree, html

from feeds.authorbox import Box, cut, cut_marked, named_in_link, with_box
from feeds.clean import cleaned, plain_text
from feeds.decode import MOST_PAGE_BYTES, decode_page
from feeds.model import Article, Author, Failed, FailureKind
from feeds.pagehead import PageHead, read_head

_SHORTEST = 80
"""Fewer characters are a notice (a cookie banner, "enable JavaScript"), not an article."""
_LONGEST = 500_000
_MOST_ELEMENTS = 20_000
_MOST_ATTRIBUTES = 300
_LONG_TAG = re.compile(r"<[^<>]{2000,}>")
_HTML_TYPES = ("html", "xml", "text/plain")
_WHOLE = re.compile(r"<(?:html|body|article|main)[\s>]", re.IGNORECASE)
# What trafilatura leaves in: boxes whose marks it does not know (`feeds.authorbox` has read and cut those of plug-ins).
_PRUNED = [
    "//*[contains(@class, 'author-card') or contains(@class, 'author-profile') or contains(@class, 'about-the-author')]",
    "//*[contains(@class, 'newsletter') or contains(@class, 'related-posts') or contains(@class, 'jp-relatedposts')]",
    "//*[contains(@class, 'sharedaddy') or contains(@class, 'social-share')]",
]
_FRAME = re.compile(r"</?(?:html|body)>")
_INDENT = re.compile(r"\n[ \t]+<")
_HEADING = re.compile(r"\s*<h[12]>(?:(?!</?h[1-6]).){1,1000}?</h[12]>", re.DOTALL)
_SILENT = logging.getLogger("trafilatura")
_SILENT.setLevel(logging.CRITICAL)  # what a page lacks is told by our answer


def read_article(body: bytes, url: str, content_type: str = "") -> Article | Failed:
    """The article on a page that was found at `url`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and not any(one in kind for one in _HTML_TYPES):
        return Failed(kind=FailureKind.UNREADABLE, detail=f"no web page: {kind[:100]}")
    if len(body) > MOST_PAGE_BYTES:
        return Failed(kind=FailureKind.TOO_LARGE, detail=f"the page is larger than {MOST_PAGE_BYTES:,} bytes")
    text = decode_page(body, content_type)
    # Over a tag with hundreds of thousands of attributes the parser broods for minutes.
    if any(tag.count('="') + tag.count("='") > _MOST_ATTRIBUTES for tag in _LONG_TAG.findall(text)):
        return Failed(kind=FailureKind.UNREADABLE, detail=f"a tag with more than {_MOST_ATTRIBUTES} attributes")
    root = _tree(text)
    if root is None:
        return Failed(kind=FailureKind.EMPTY, detail="the page is empty")
    if sum(1 for _ in zip(root.iter(), range(_MOST_ELEMENTS + 1), strict=False)) > _MOST_ELEMENTS:
        return Failed(kind=FailureKind.TOO_LARGE, detail=f"the page has more than {_MOST_ELEMENTS:,} elements")
    head = read_head(root, url)
    boxes = [cut_marked(root), _linked(root)]
    found = _text_of(root, url)
    names = tuple(author.name for author in head.authors) + tuple(box.name for box in boxes if box and box.name)
    rest, plain = cut(found, authors=names)
    if plain is not None and not (plain.name or names):
        rest, plain = found, None  # a box of nobody we know would be lost
    safe = cleaned(_without_title(rest, head.title), url)
    if len(safe.text) < _SHORTEST:
        return Failed(kind=FailureKind.EMPTY, detail="no article was found on the page")
    if len(safe.text) > _LONGEST:
        return Failed(kind=FailureKind.TOO_LARGE, detail=f"its text is longer than {_LONGEST:,} characters")
    return _article(head, safe.html, safe.text, (boxes[0], plain, boxes[1]), url)


def _article(head: PageHead, content: str, text: str, boxes: tuple[Box | None, ...], url: str) -> Article:
    authors: tuple[Author, ...] = head.authors
    for box in boxes:
        if box is not None and (box.name or authors):
            authors = _told(authors, box, url)
    return Article(
        url=url, canonical=head.canonical, title=head.title, content=content, text=text, authors=authors,
        published=head.published, lang=head.lang,
    )  # fmt: skip


def _told(authors: tuple[Author, ...], box: Box, url: str) -> tuple[Author, ...]:
    """The authors with what a box said. Where the page named somebody else, a box of one more is not believed."""
    known = {author.name.casefold() for author in authors}
    if authors and box.name and box.name.casefold() not in known:
        near = [a for a in authors if box.name.casefold() in a.name.casefold()]
        if len(near) != 1:
            return authors
        box = replace(box, name=near[0].name)
    return with_box(authors, box, url)


def _tree(text: str) -> html.HtmlElement | None:
    if not text.strip():
        return None
    # A fragment alone loses its headings and lists: nothing says that it is the article.
    if not _WHOLE.search(text):
        text = f"<html><body><article>{text}</article></body></html>"
    # A parser keeps names of what it read: a new one for each page.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "ignore"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _linked(root: html.HtmlElement) -> Box | None:
    """Whom the page's links "View all posts by NAME" name, where that is one person: a box in plain paragraphs has one."""
    links = {named: link.get("href") or "" for link in root.iter("a") if (named := named_in_link(_line(link)))}
    return Box(name=next(iter(links)), url=next(iter(links.values()))) if len(links) == 1 else None


def _line(element: html.HtmlElement) -> str:
    return " ".join("".join(str(one) for one in element.itertext()).split())


def _without_title(found: str, title: str) -> str:
    """The article without a first heading that says the title again, and without the indents of the lines of its HTML."""
    found = _INDENT.sub("\n<", _FRAME.sub("", found).strip())
    heading = _HEADING.match(found)
    if heading and title and " ".join(plain_text(heading[0]).split()).casefold() == title.casefold():
        return found[heading.end() :]
    return found


def _text_of(root: html.HtmlElement, url: str) -> str:
    """The article as HTML, without its frame."""
    try:
        found = trafilatura.extract(
            root, url=url, output_format="html", include_comments=False, include_formatting=True, include_links=True,
            with_metadata=False, prune_xpath=_PRUNED,
        )  # fmt: skip
    except Exception:  # whatever a stranger's page makes it stumble over
        return ""
    return found or ""
