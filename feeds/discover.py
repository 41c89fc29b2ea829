"""A web page -> the feeds it offers (RFC 8288 for Link headers, the HTML standard's autodiscovery for the rest).

In: a page's bytes, its address, its headers. Out: addresses of feeds, best first. Never: a request: who asks, and how
often, is for others to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from feeds.decode import decode_page
from feeds.identity import address_key, is_web_url, without_credentials

_TYPES = {
    "application/rss+xml": "RSS", "application/atom+xml": "Atom", "application/rdf+xml": "RSS",
    "application/feed+json": "JSON Feed", "application/json": "JSON Feed",
}  # fmt: skip
# Places where feeds usually are, for sites that name none (D-03).
KNOWN_PATHS = (
    "atom.xml", "feed.atom", "feed.xml", "feed/", "index.rss", "index.xml", "rss.xml", "rss/", "rss/feed.xml",
)  # fmt: skip
_MOST_BYTES = 2_000_000
_MOST_FEEDS = 100
_LONGEST_TITLE = 300
# What content systems answer in JSON that is no JSON Feed.
_OTHER_JSON = re.compile(r"/wp-json(?:/|$)|oembed", re.IGNORECASE)
# WordPress and its kin in the languages of our sources: "Comments Feed", "Лента комментариев", "yorum beslemesi", ...
_COMMENTS_URL = re.compile(r"/comments?(?:/|$)|[/?&]feed=\w*comments|comments?[-_.]?(?:feed|rss|atom)", re.IGNORECASE)
_COMMENTS_TITLE = re.compile(
    r"\bcomment(?:s|aires?|arios?)?\b|kommentar|комментари|коментар|\byorum|şərh|пікір|تعليقات|دیدگاه|نظرات",
    re.IGNORECASE,
)
_LINK = re.compile(r"""<([^<>]{1,2000})>((?:\s*;\s*[\w!#$&+.^`|~-]+\*?(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))?)*)""")
_PARAMETER = re.compile(r""";\s*([\w!#$&+.^`|~-]+)\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that a page names: its address, its title there, its kind ("RSS", "Atom", "JSON Feed", "" where unknown)."""

    url: str
    title: str = ""
    kind: str = ""
    comments: bool = False


def discover(body: bytes, url: str, headers: Mapping[str, str]) -> tuple[Candidate, ...]:
    """The feeds that a page at `url` offers, each once: in document order, then those of Link headers, comments last (D-02).

    `headers` has lower-case names, as in `feeds.model.Answer`.
    """
    named = [*_in_page(body, url, headers.get("content-type", "")), *_in_header(headers.get("link", ""), url)]
    found: dict[str, Candidate] = {}
    for one in named[:_MOST_FEEDS]:
        found.setdefault(address_key(one.url), one)
    return tuple(sorted(found.values(), key=lambda one: one.comments))


def known_places(url: str) -> tuple[str, ...]:
    """Where a site's feed usually is: below the page's own folder, then below the root, each address once (D-03)."""
    parts = urlsplit(without_credentials(url))
    before, _, last = parts.path.rpartition("/")
    # "/blog" is a folder that nobody ended with a slash, "/blog/index.html" a page in one.
    folder = f"{before}/" if "." in last or not last else f"{before}/{last}/"
    root = f"{parts.scheme}://{parts.netloc}"
    return tuple(dict.fromkeys(f"{root}{base}{path}" for base in (folder, "/") for path in KNOWN_PATHS))


def link_header(value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The links of a Link header, several joined by commas: target and parameters, names in lower case (RFC 8288)."""
    for match in _LINK.finditer(value):
        parameters: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(match[2]):
            # The first of a repeated parameter counts (RFC 8288 section 3).
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
        yield match[1].strip(), parameters


def _in_page(body: bytes, url: str, content_type: str) -> Iterator[Candidate]:
    text = decode_page(body[:_MOST_BYTES], content_type)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    root = etree.fromstring(text.encode("utf-8", "ignore"), parser) if text.strip() else None
    if root is None:
        return
    base = url
    for element in root.iter("base", "link"):
        href = (element.get("href") or "").strip()
        if element.tag == "base":
            # Only the first counts, and only where it leads to the web.
            base = _joined(url, href) if base == url and href else base
        elif href:
            yield from _candidate(
                _joined(base, href), element.get("rel") or "", element.get("type") or "", element.get("title") or ""
            )


def _in_header(value: str, url: str) -> Iterator[Candidate]:
    for target, said in link_header(value):
        yield from _candidate(_joined(url, target), said.get("rel", ""), said.get("type", ""), said.get("title", ""))


def _candidate(url: str, rel: str, media_type: str, title: str) -> Iterable[Candidate]:
    kind = _TYPES.get(media_type.partition(";")[0].strip().lower())
    if kind is None or "alternate" not in rel.lower().split() or not is_web_url(url):
        return ()
    if kind == "JSON Feed" and _OTHER_JSON.search(url):
        return ()
    title = " ".join(title.split())[:_LONGEST_TITLE]
    comments = bool(_COMMENTS_URL.search(url) or _COMMENTS_TITLE.search(title))
    return (Candidate(url=without_credentials(url), title=title, kind=kind, comments=comments),)


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href).partition("#")[0]
    except ValueError:
        return ""
