"""What a web page says of its article beside the text: title, authors, date, language, lasting address.

In: a page's tree. Out: one record. Sources, best first: JSON-LD (schema.org), OpenGraph and other meta elements, links and
classes of bylines. Never: a name out of the text, a judgement about names: who normalises them stands above.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lxml import html

from feeds.authorbox import named_in_link
from feeds.clean import absolute, title_text
from feeds.dates import read_date
from feeds.identity import is_web_url
from feeds.model import Author

Node = dict[str, Any]

_LONGEST_JSON = 1_000_000
_MOST_SCRIPTS = 20
_MOST_NODES = 5_000
_DEEPEST = 30
_MOST_AUTHORS = 20
_LONGEST_NAME = 300
_LONGEST_TITLE = 500
_LONGEST_BIO = 1500
_LONGEST_BYLINE = 200
# schema.org's kinds of creative work that a news page is about: Article and all that is named after it.
_ARTICLE = re.compile(r"(?:article|posting|report)\Z", re.IGNORECASE)
_COMMENT = re.compile(r"\A\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*\Z")
_LANG = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8}){0,3}\Z")
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|by-line|page-authors|author-name|article-author|post-author)", re.IGNORECASE
)
_NO_BYLINE = re.compile(r"date|time|avatar|image|photo|comment|related|bio\b|box|social|share", re.IGNORECASE)
_TITLE_ENDS = ("-", "–", "—", "|", "·", "•", "::", "»", ":")
_WITH_TIME = re.compile(r"\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """What a page says of its article; "" and None where it says nothing."""

    title: str = ""
    authors: tuple[Author, ...] = ()
    published: datetime | None = None
    lang: str = ""
    canonical: str = ""


@dataclass(slots=True)
class _Said:
    """The page's own words by where they stood: meta elements by name, the node of the article, nodes by @id."""

    root: html.HtmlElement
    url: str
    meta: dict[str, list[str]] = field(default_factory=dict)
    article: Node = field(default_factory=dict)
    by_id: dict[str, Node] = field(default_factory=dict)

    def first(self, *names: str) -> str:
        """The first meta element with one of these names that says anything."""
        return next((value for name in names for value in self.meta.get(name, ())), "")


def read_head(root: html.HtmlElement, url: str) -> PageHead:
    """Metadata of the article on a page at `url`."""
    said = _Said(root, url)
    for element in root.iter("meta"):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower().strip()
        value = (element.get("content") or "").strip()
        if name and value:
            said.meta.setdefault(name, []).append(value)
    nodes = list(_nodes(root))
    for node in nodes:
        name = node.get("@id")
        # A pointer may repeat the name of what it points to: the node itself says more.
        if isinstance(name, str) and len(node) > len(said.by_id.get(name, ())):
            said.by_id[name] = node
    said.article = _article_of(nodes)
    return PageHead(
        title=_title(said), authors=_authors(said), published=_published(said), lang=_lang(said),
        canonical=_canonical(said),
    )  # fmt: skip


def _nodes(root: html.HtmlElement) -> Iterator[Node]:
    """Every node of the page's JSON-LD, outer ones before inner ones; what is malformed says nothing."""
    left, number = _LONGEST_JSON, 0
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or number == _MOST_SCRIPTS:
            continue
        number += 1
        text = _COMMENT.sub("", _COMMENT.sub("", script.text or ""))
        left -= len(text)
        if left < 0:
            return
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _walk(value)


def _walk(value: Any) -> Iterator[Node]:
    level: list[Any] = [value]
    seen = 0
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for one in level:
            seen += 1
            if seen > _MOST_NODES:
                return
            if isinstance(one, dict):
                yield one
            held = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
            inner += (value for value in held if isinstance(value, dict | list))
        level = inner


def _article_of(nodes: list[Node]) -> Node:
    """The node of the page's article: the outermost that has an author, else the outermost."""
    articles = [node for node in nodes if any(_ARTICLE.search(kind) for kind in _strings(node.get("@type")))]
    return next((node for node in articles if node.get("author")), articles[0] if articles else {})


def _strings(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str)]


def _title(said: _Said) -> str:
    site = said.first("og:site_name")
    headline = next(iter(_strings(said.article.get("headline"))), "")
    tops = [_words(one) for one in said.root.iter("h1")]
    raw = said.first("og:title") or headline or (tops[0] if len(tops) == 1 else "") or said.first("twitter:title")
    if not raw:
        raw = next((_words(one) for one in said.root.iter("title")), "")
    return without_site(title_text(raw[: 4 * _LONGEST_TITLE], is_html=False), site)[:_LONGEST_TITLE]


def without_site(title: str, site: str) -> str:
    """A title without the name of its site at the end ("News - The Site"), or at the start, between the usual signs."""
    site = " ".join(site.split())
    if not site or len(title) <= len(site):
        return title
    small, name = title.casefold(), site.casefold()
    if small.endswith(name):
        before = title[: len(title) - len(site)].rstrip()
        end = next((end for end in _TITLE_ENDS if before.endswith(end)), "")
        return before.removesuffix(end).rstrip() or title if end else title
    if small.startswith(name):
        behind = title[len(site) :].lstrip()
        end = next((end for end in _TITLE_ENDS if behind.startswith(end)), "")
        return behind.removeprefix(end).lstrip() or title if end else title
    return title


def _published(said: _Said) -> datetime | None:
    """The most exact of the dates that the page gives: one with a time of day before one without."""
    candidates = [
        *_strings(said.article.get("datePublished")),
        said.first("article:published_time", "og:article:published_time", "datepublished", "parsely-pub-date"),
        *_strings(said.article.get("dateCreated")),
        said.first("date", "dc.date", "dcterms.created", "dc.date.issued", "pubdate", "publishdate", "sailthru.date"),
        *(
            one.get("datetime") or one.get("content") or ""
            for one in said.root.iter()
            if isinstance(one.tag, str)
            and (one.get("itemprop") == "datePublished" or (one.tag == "time" and one.get("pubdate") is not None))
        ),
    ]
    known = [(one, stamp) for one in candidates if one and (stamp := read_date(one)) is not None]
    exact = next((stamp for one, stamp in known if _WITH_TIME.search(one)), None)
    return exact or (known[0][1] if known else None)


def _lang(said: _Said) -> str:
    own = [said.root.get("lang") or "", said.root.get("xml:lang") or ""]
    told = [*own, *_strings(said.article.get("inLanguage")), said.first("og:locale", "content-language")]
    return next((one.strip().replace("_", "-") for one in told if _LANG.match(one.strip())), "")


def _canonical(said: _Said) -> str:
    links = (one.get("href") or "" for one in said.root.iter("link") if "canonical" in (one.get("rel") or "").split())
    return next((found for one in (*links, said.first("og:url")) if (found := absolute(one, said.url))), "")


def _authors(said: _Said) -> tuple[Author, ...]:
    """The authors by the best evidence that the page gives; of several kinds of evidence only the best counts."""
    site = said.first("og:site_name").casefold()
    for candidates in (_linked_data, _meta_authors, _marked_up):
        found: dict[str, Author] = {}
        for author in candidates(said):
            one = _tidied(author)
            key = one.name.casefold()
            if not one.name or key == site:
                continue
            held = found.setdefault(key, one)
            found[key] = replace(held, url=held.url or one.url, bio=held.bio or one.bio)
            if len(found) == _MOST_AUTHORS:
                break
        if found:
            return tuple(found.values())
    return ()


def _tidied(author: Author) -> Author:
    """One line of plain text, never an address for a name, never the words of a link to the author's posts."""
    name = title_text(author.name[:_LONGEST_NAME], is_html="<" in author.name)
    name = named_in_link(name) or name.strip(" →»>·|,;")
    if is_web_url(name) or "://" in name or name.startswith(("/", "www.", "@")):
        name = ""
    bio = " ".join(author.bio[:_LONGEST_BIO].split())
    return replace(author, name=name, bio="" if bio == name else bio)


def _linked_data(said: _Said) -> Iterator[Author]:
    people: list[Author] = []
    others: list[Author] = []
    for name in ("author", "byline", "creator"):
        for author, is_person in _from_node(said, said.article.get(name), 4):
            (people if is_person else others).append(author)
        if people or others:
            break
    # Beside people an organisation is the publisher.
    yield from people or others


def _from_node(said: _Said, value: Any, depth: int) -> Iterator[tuple[Author, bool]]:
    """Authors in whatever form: a name, a list, a node, a pointer to one (JSON-LD section 3.3)."""
    if depth == 0:
        return
    if isinstance(value, str):
        if value in said.by_id:
            yield from _from_node(said, said.by_id[value], depth - 1)
        else:
            yield Author(name=value), True
    elif isinstance(value, list):
        for one in value[:_MOST_AUTHORS]:
            yield from _from_node(said, one, depth - 1)
    elif isinstance(value, dict):
        yield from _person(said, value, depth)


def _person(said: _Said, node: Node, depth: int) -> Iterator[tuple[Author, bool]]:
    if "@list" in node:
        yield from _from_node(said, node["@list"], depth - 1)
        return
    pointed = said.by_id.get(node["@id"], {}) if isinstance(node.get("@id"), str) else {}
    node = {**node, **pointed}
    is_person = not any("organization" in kind.lower() for kind in _strings(node.get("@type")))
    url = next((absolute(one, said.url) for one in _strings(node.get("url"))), "")
    bio = next(iter(_strings(node.get("description"))), "") if is_person else ""
    for name in _strings(node.get("name"))[:_MOST_AUTHORS]:
        yield Author(name=name, url=url, bio=bio), is_person


def _meta_authors(said: _Said) -> Iterator[Author]:
    for name in ("author", "article:author", "og:article:author", "dc.creator", "dcterms.creator", "parsely-author",
                 "sailthru.author", "byl"):  # fmt: skip
        told = [one for one in said.meta.get(name, ()) if not is_web_url(one)]
        yield from (Author(name=one) for one in told)
        if told:
            return


def _marked_up(said: _Said) -> Iterator[Author]:
    """What the page marks as a byline: rel=author, itemprop=author, class="byline"."""
    links = [one for one in said.root.iter("a") if "author" in (one.get("rel") or "").lower().split()]
    for link in links[:_MOST_AUTHORS]:
        yield Author(name=_words(link), url=absolute(link.get("href") or "", said.url))
    if links:
        return
    for element in said.root.iter():
        if not isinstance(element.tag, str) or element.tag in ("meta", "link", "script", "body", "html"):
            continue
        kind = element.get("class") or ""
        marked = element.get("itemprop") == "author" or (_BYLINE_CLASS.search(kind) and not _NO_BYLINE.search(kind))
        words = _words(element) if marked else ""
        if 0 < len(words) <= _LONGEST_BYLINE:
            link = next(iter(element.iter("a")), None)
            href = absolute(link.get("href") or "", said.url) if link is not None else ""
            yield Author(name=words, url=href)
            return


def _words(element: html.HtmlElement) -> str:
    return " ".join("".join(str(one) for one in element.itertext()).split())
