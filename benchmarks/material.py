"""Made-up feeds, the same on every machine: RSS 2.0, Atom and RSS 1.0 (RDF), six languages, many sizes.

In: a number. Out: the feed of that number, as bytes that a publisher would send. Never: a clock, or chance that differs
between two runs.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from benchmarks.words import LANGUAGES, Language

_NEWEST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_PARAGRAPHS = (0, 1, 2, 0, 4, 8)
"""How long the articles of a feed are: 0 is a feed of summaries alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as a server holds it."""

    path: str
    body: bytes
    content_type: str
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One entry before it is written down: `title` and `author` are text, `summary` and `content` HTML."""

    url: str
    title: str
    author: str
    section: str
    published: datetime
    summary: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Channel:
    site: str
    title: str  # escaped
    lang: str
    articles: tuple[Article, ...]


def poll_feeds(count: int, entries: int) -> Iterator[Feed]:
    """The feeds that the polls ask for: all dialects, languages and lengths in turn, `entries` each."""
    return (make_feed(number, entries, _PARAGRAPHS[number % len(_PARAGRAPHS)]) for number in range(count))


def parse_bodies() -> list[bytes]:
    """The feeds that the parsers read: from a few headlines to hundreds of long articles."""
    sizes = ((3, 1), (10, 0), (20, 2), (20, 0), (30, 4), (50, 1), (12, 12), (150, 0), (25, 8))
    return [make_feed(1000 + n, *sizes[n % len(sizes)]).body for n in range(27)]


def make_feed(number: int, entries: int, paragraphs: int) -> Feed:
    """The feed of this number. Its dialect, language and encoding follow from the number."""
    chance = Random(f"feed {number}")
    language = LANGUAGES[number % len(LANGUAGES)]
    dialect, content_type = _DIALECTS[number % len(_DIALECTS)]
    # Some publishers in Russian have kept the encoding of their first server.
    encoding = "windows-1251" if language.code == "ru" and number % 5 == 0 else "utf-8"
    site = f"https://outlet-{number}.example"
    articles = tuple(_article(chance, language, site, at, paragraphs) for at in range(entries))
    title = html.escape(f"{chance.choice(language.sections)} {number}")
    channel = _Channel(site=site, title=title, lang=language.code, articles=articles)
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{dialect(channel)}'
    body = text.encode(encoding, "xmlcharrefreplace")
    return Feed(
        path=f"/{number}/feed.xml",
        body=body,
        content_type=content_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        last_modified=format_datetime(_NEWEST, usegmt=True),
    )


def _article(chance: Random, language: Language, site: str, at: int, paragraphs: int) -> Article:
    published = _NEWEST - timedelta(minutes=at * 190 + chance.randrange(180))
    section = chance.choice(language.sections)
    # Two articles in five are about what our topics look for, the others about the rest of the world.
    if chance.random() > 0.4:
        language = replace(language, things=language.everyday)
    return Article(
        url=f"{site}/{published:%Y/%m}/{chance.getrandbits(32):08x}-{at}/",
        title=_sentence(chance, language).rstrip("."),
        author=f"{chance.choice(language.given)} {chance.choice(language.family)}",
        section=section,
        published=published,
        summary=f"<p>{_sentences(chance, language, 2)}</p>",
        content="\n".join(_block(chance, language, site, number) for number in range(paragraphs)),
    )


def _sentence(chance: Random, language: Language) -> str:
    parts = (language.subjects, language.deeds, language.things, language.places)
    return " ".join(chance.choice(part) for part in parts) + "."


def _sentences(chance: Random, language: Language, count: int) -> str:
    return html.escape(" ".join(_sentence(chance, language) for _ in range(count)), quote=False)


def _block(chance: Random, language: Language, site: str, number: int) -> str:
    """A paragraph, and now and then what else an editor's program writes: pictures, lists, quotations, scripts."""
    words = _sentences(chance, language, chance.randrange(3, 6))
    kind = chance.randrange(8)
    if number == 0:
        return f'<figure class="wp-block-image"><img src="/media/{chance.getrandbits(24):06x}.jpg" alt="" width="1200" ' \
               f'height="675" loading="lazy" /></figure>\n<p class="lead">{words}</p>'  # fmt: skip
    if kind == 0:
        points = "".join(f"<li>{_sentences(chance, language, 1)}</li>" for _ in range(3))
        return f'<h3 style="margin-top:1em">{html.escape(chance.choice(language.sections))}</h3>\n<ul>{points}</ul>'
    if kind == 1:
        return f"<blockquote><p><em>{words}</em></p></blockquote>"
    if kind == 2:
        return f'<p>{words}</p><script>window.ads && window.ads.show("{number}");</script>'
    link = f'<a href="{site}/tag/{chance.randrange(90)}/" target="_blank" onclick="track()">{chance.choice(language.things)}</a>'
    return f'<p data-block="{number}">{words} {link} <strong>{_sentences(chance, language, 1)}</strong></p>'


def _rss(channel: _Channel) -> str:
    items = "".join(
        f"<item><title>{html.escape(one.title)}</title><link>{one.url}</link>"
        f'<guid isPermaLink="true">{one.url}</guid><pubDate>{format_datetime(one.published)}</pubDate>'
        f"<dc:creator><![CDATA[{one.author}]]></dc:creator><category><![CDATA[{one.section}]]></category>"
        f"<description>{html.escape(one.summary)}</description>"
        + (f"<content:encoded><![CDATA[{one.content}]]></content:encoded>" if one.content else "")
        + "</item>\n"
        for one in channel.articles
    )
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{channel.title}</title><link>{channel.site}/</link><description>{channel.title}</description>"
        f'<atom:link href="{channel.site}/feed.xml" rel="self" type="application/rss+xml"/>'
        f"<language>{channel.lang}</language><ttl>60</ttl>\n{items}</channel></rss>\n"
    )


def _atom(channel: _Channel) -> str:
    entries = "".join(
        f'<entry><title type="text">{html.escape(one.title)}</title><link rel="alternate" href="{one.url}"/>'
        f"<id>{one.url}</id><published>{one.published.isoformat()}</published><updated>{one.published.isoformat()}</updated>"
        f'<author><name>{one.author}</name></author><category term="{html.escape(one.section)}"/>'
        f'<summary type="html">{html.escape(one.summary)}</summary>'
        + (f'<content type="html">{html.escape(one.content)}</content>' if one.content else "")
        + "</entry>\n"
        for one in channel.articles
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{channel.lang}"><title>{channel.title}</title>'
        f'<id>{channel.site}/</id><link href="{channel.site}/"/><link rel="self" href="{channel.site}/feed.xml"/>'
        f"<updated>{_NEWEST.isoformat()}</updated>\n{entries}</feed>\n"
    )


def _rdf(channel: _Channel) -> str:
    order = "".join(f'<rdf:li rdf:resource="{one.url}"/>' for one in channel.articles)
    items = "".join(
        f'<item rdf:about="{one.url}"><title>{html.escape(one.title)}</title><link>{one.url}</link>'
        f"<dc:date>{one.published.isoformat()}</dc:date><dc:creator>{one.author}</dc:creator>"
        f"<dc:subject>{html.escape(one.section)}</dc:subject><description>{html.escape(one.summary)}</description>"
        + (f"<content:encoded><![CDATA[{one.content}]]></content:encoded>" if one.content else "")
        + "</item>\n"
        for one in channel.articles
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f'<channel rdf:about="{channel.site}/"><title>{channel.title}</title><link>{channel.site}/</link>'
        f"<description>{channel.title}</description><dc:language>{channel.lang}</dc:language>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{items}</rdf:RDF>\n"
    )


_DIALECTS: tuple[tuple[Callable[[_Channel], str], str], ...] = (
    (_rss, "application/rss+xml"),
    (_atom, "application/atom+xml"),
    (_rss, "text/xml"),
    (_rdf, "application/rdf+xml"),
    (_rss, "application/rss+xml; charset=utf-8"),
)
