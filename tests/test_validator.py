"""The validator finds what is wrong: each rule fails on a document that breaks it, and hostile entries break none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds import clean
from feeds.decode import legal
from feeds.model import Author, Deleted, Document, Enclosure, Entry, Head, Link, Pace
from feeds.parse import parse
from feeds.write import write
from tests.fakes import NOON
from tests.test_write import FORMS, FULL, HEAD, SOURCE, make
from tests.test_write_feed import GRAVES, LINKS
from tests.validator import complaints
from tests.validator_rss import date_of
from tests.validator_words import is_iri, is_language, is_media_type, is_web, moment

BIDI = "\u202e\u2066\u200f"
MEGABYTES = "<p>" + "words of a long text, &amp; more. " * 65_000 + "</p>"


def dated(entries: list[Entry], **said: Any) -> Document:
    """A document of these entries, as old as the newest of them."""
    latest = max((one.updated or one.published or NOON for one in entries), default=NOON)
    return Document(head=replace(HEAD, updated=latest), entries=tuple(entries), **said)


def whole(form: str) -> str:
    """A document that has everything, as text."""
    entries = [make(1, **FULL, external_link="https://other.example/"), make(2, summary="<p>Short.</p>", content="")]
    made = dated(entries, links=LINKS, deleted=GRAVES, pace=Pace(ttl=5), is_archive=True)
    return write(made, form, base="https://h.example").decode()


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_document_is_valid(form: str) -> None:
    """V-01 to V-11: a document that has everything that we write keeps all rules."""
    assert complaints(whole(form).encode(), form) == []


ATOM_BREAKS = [
    ("V-09", r"<\?xml.*?\?>\n", ""),
    ("V-09", "Bridges</title>", "Bridges"),
    ("B-01", r"\?>\n", '?>\n<?xml-stylesheet href="x"?>'),
    ("V-01", r"<id>urn.*?</id>", ""),
    ("V-01", "<id>urn.*?</id>", "<id>11</id>"),
    ("V-01", "<title>Bridges</title>", "<title> </title>"),
    ("V-01", "<title>Bridges</title>", "<title>a</title><title>b</title>"),
    ("V-01", "(<updated>)2026(.*?<author>)", r"\g<1>2025\2"),
    ("V-01", "<updated>.*?</updated>", "<updated>yesterday</updated>"),
    ("V-01", 'rel="self"', 'rel="via"'),
    ("V-01", "<subtitle>", "<subtitles/><subtitle>"),
    ("V-02", r"(<entry.*?)<title>.*?</title>", r"\1"),
    ("V-02", r"(<entry.*?)<updated>.*?</updated>", r"\1"),
    ("V-02", r'<summary type="html">&lt;p&gt;In short', '<summary type="text">&lt;p&gt;In short'),
    ("V-02", r'<link href="https://news.example/2" rel="alternate"/>', ""),
    ("V-03", "<id>tag:news.example,2026:2</id>", "<id>tag:news.example,2026:1</id>"),
    ("V-07", 'href="https://news.example/1"', 'href="/1"'),
    ("V-07", 'href="https://h.example/hub"', 'href="/hub"'),
    ("V-07", "&lt;a href=.https", "&lt;a href=\"'https"),
    ("V-07", "<uri>https", "<uri>mailto"),
    ("V-07", "<icon>https", "<icon>data"),
    ("V-08", 'xml:lang="tr"', 'xml:lang="und"'),
    ("V-10", 'length="12"', 'length="a dozen"'),
    ("V-11", "&lt;b&gt;", "&lt;script&gt;"),
    ("V-11", "&lt;b&gt;", '&lt;b onclick="x()"&gt;'),
    ("V-11", "&lt;b&gt;", '&lt;b style="x"&gt;'),
    ("V-11", "&lt;b&gt;", "&lt;!DOCTYPE x&gt;"),
    ("A-02", "<id>tag:news.example,2026:1</id>", "<id>17</id>"),
    ("A-03", "<source>.*?</source>", ""),
    ("A-03", r"(<source>.*?)<updated>.*?</updated>", r"\1"),
    ("A-03", r"(<source>)<id>.*?</id>", r"\1<id>none</id>"),
    ("A-03", r"(<source>.*?)<link .*?/><link .*?/>", r"\1"),
    ("A-04", r"(<published>[^<]*</published>)(<author>.*?</author>)+", r"\1"),
    ("A-04", "Nora Quill", "Heliograph"),
    ("A-04", "Nora Quill", " "),
    ("A-07", r'(<link href="https://news.example/1" rel="alternate"/>)', r"\1\1"),
    ("A-07", '<link [^>]*rel="via"/>', ""),
    ("A-07", 'rel="related"', 'rel="friend"'),
    ("P-01", "<fh:archive/>", "<fh:complete/>"),
    ("P-03", 'rel="current"', 'rel="up"'),
    ("P-05", 'rel="via"', 'rel="next"'),
    ("P-05", 'rel="current"', 'rel="prev-archive"'),
    ("P-05", r'(<link rel="next" href=")[^"]*', rf"\1{HEAD.url}"),
    ("P-05", "<rights>CC BY</rights>", "<rights>CC BY</rights><fh:archive/>"),
    ("W-29", r'(<link rel="hub"[^>]*/>)', r"\1\1"),
    ("I-14", "when=.2026", 'when="26'),
    ("I-14", ' ref="[^"]*"', ' ref="9"'),
    ("I-14", ' ref="[^"]*"', ' ref="tag:news.example,2026:1"'),
    (
        "I-14",
        "<rights>CC BY</rights>",
        '<rights>x</rights><at:deleted-entry ref="urn:x:1" when="2026-11-24T12:00:00Z"/>',
    ),
]
RSS_BREAKS = [
    ("V-09", "<language>|<title>Bridges</title>", "<title>\x01</title>"),
    ("V-04", 'version="2.0"', 'version="0.91"'),
    ("V-04", "<title>Bridges</title>", ""),
    ("V-04", "<docs>", "<hits/><docs>"),
    ("V-04", "<docs>", "<ttl>7</ttl><docs>"),
    ("V-04", ' type="application/rss.xml"', ""),
    ("V-04", "(<lastBuildDate>)Tue, 24 Nov", r"\1Mon, 23 Nov"),
    ("V-05", "(<lastBuildDate>)Tue", r"\1Di"),
    ("V-05", "(<pubDate>)Tue", r"\1Wed"),
    ("V-05", r"(<pubDate>.*?)24 Nov", r"\g<1>31 Nov"),
    ("V-05", "(<atom:updated>)2026", r"\g<1>26"),
    ("V-06", "<title>Entry 2</title>(.*?)<description>.*?</description>", r"\1"),
    ("V-06", "<title>Entry 2</title>", "<title/>"),
    ("V-06", r"(<description>[^<]*</description>)(<content:encoded>[^<]*</content:encoded>)", r"\2\1"),
    ("V-06", r"<description>[^<]*</description><content:encoded>", "<content:encoded>"),
    (
        "V-06",
        r"<content:encoded>[^<]*<",
        "<content:encoded>&lt;p&gt;In short &amp;amp; &lt;b&gt;bold&lt;/b&gt;.&lt;/p&gt;<",
    ),
    ("V-06", "(tag:news.example,2026:)2", r"\g<1>1"),
    ("V-07", "<link>https://news.example/1", "<link>/1"),
    ("V-07", "<link>https://h.example", "<link>"),
    ("V-08", "<dc:language>tr", "<dc:language>turkish, or so"),
    ("V-08", "<docs>", "<language>unknown</language><docs>"),
    ("V-10", 'length="12"', ""),
    ("V-10", 'type="audio/mpeg"', 'type="audio"'),
    ("V-04", "(<enclosure [^>]*/>)", r"\1\1"),
    ("V-11", "&lt;b&gt;", "&lt;object&gt;"),
    ("A-04", "(<dc:creator>[^<]*</dc:creator>)+", ""),
    ("A-04", "<dc:creator>Nora Quill", "<dc:creator>Heliograph"),
    ("A-05", "<source [^>]*>[^<]*</source>", ""),
    ("A-05", ' isPermaLink="false"', ""),
    ("A-05", 'isPermaLink="false"', 'isPermaLink="true"'),
    ("A-06", "<pubDate>", "<author>Nora</author><pubDate>"),
    ("P-01", "<fh:archive/>", "<fh:complete/>"),
    ("P-03", 'rel="current"', 'rel="up"'),
    ("P-05", "<pubDate>", '<atom:link rel="next" href="https://h.example/"/><pubDate>'),
    ("S-05", "<ttl>5", "<ttl>0"),
]
JSON_BREAKS = [
    ("J-01", r"\{", "["),
    ("J-01", "version/1.1", "version/1"),
    ("J-01", '"title": "Bridges"', '"title": ""'),
    ("J-01", '"items": ', '"entries": '),
    ("J-01", '"title"', '"Title"'),
    ("J-01", '"_source"', '"source"'),
    ("J-01", '"id": "tag:news.example,2026:1"', '"id": 17'),
    ("J-01", '"content_html": ', '"_content_html": '),
    ("J-01", r'"authors": \[.*?\]', '"authors": [{}]'),
    ("J-01", r'"size_in_bytes": 12', '"size_in_bytes": NaN'),
    ("J-01", r'"tags": \["rivers"', '"tags": [7'),
    ("V-01", '"feed_url"', '"_feed"'),
    ("V-03", '"id": "tag:news.example,2026:2"', '"id": "tag:news.example,2026:1"'),
    ("V-05", '"date_published": "2026', '"date_published": "26'),
    ("V-07", '"url": "https://news.example/1"', '"url": "/1"'),
    ("V-07", '"url": "https://news.example/nora"', '"url": "nora"'),
    ("V-07", r'href=\\"https', r'href=\\"//https'),
    ("V-07", '"icon": "https', '"icon": "data'),
    ("V-08", '"language": "tr"', '"language": "unknown"'),
    ("V-09", "Nora Quill", r"Nora \\ud800"),
    ("V-10", '"mime_type": "audio/mpeg"', '"mime_type": "audio"'),
    ("V-11", "<p>Words", "<iframe>Words"),
    ("A-04", r'"authors": \[\{"name": "Nora.*?\]', '"authors": []'),
    ("A-07", '"_source": ', '"_sources": '),
    ("A-07", '"_source": {"id"', '"_source": {"no"'),
    ("J-04", r"<\\/p>", "</p>"),
    ("P-01", '"archive": true', '"archive": true, "complete": true'),
    ("P-05", r'"next_url": "[^"]*"', f'"next_url": "{HEAD.url}"'),
    ("W-29", r'"hubs": \[\{"type": "WebSub"', '"hubs": [{"type": ""'),
    ("I-14", '"at": "2026', '"at": "26'),
]


@pytest.mark.parametrize(
    ("form", "rule", "pattern", "instead"),
    [("atom", *one) for one in ATOM_BREAKS]
    + [("rss", *one) for one in RSS_BREAKS]
    + [("json", *one) for one in JSON_BREAKS],
)
def test_each_rule_finds_what_breaks_it(form: str, rule: str, pattern: str, instead: str) -> None:
    """V-01 to V-11, A-02 to A-07, J-01, J-04, P-01, P-03, P-05: a document that breaks a rule is found by that rule."""
    good = whole(form)
    bad, count = re.subn(pattern, instead, good, count=1, flags=re.DOTALL)
    found = complaints(bad.encode(), form)
    wanted = {"W-29": "P-05"}.get(rule, rule) if form != "json" else rule

    assert count == 1
    assert any(one.startswith(wanted) for one in found), found


def test_bytes_that_are_no_utf8() -> None:
    """V-09: bytes of another encoding are found in every form."""
    for form in FORMS:
        assert complaints(whole(form).encode("utf-16"), form)
        assert complaints(whole(form).replace("Quill", "Quill\xff").encode("latin-1"), form)


def test_what_the_rules_are_told_by() -> None:
    """V-05, V-07, V-08, V-10: addresses, languages, media types and dates are told from what only looks like them."""
    assert [is_web(one) for one in ("https://a.example/é", "//a.example", "https:///x", "https://a b/", "ftp://a/")] == [
        True, False, False, False, False,
    ]  # fmt: skip
    assert [is_iri(one) for one in ("urn:x:1", "17", "", None, "tag:a,2026:x y")] == [True, False, False, False, False]
    assert [is_language(one) for one in ("pt-BR", "und", "pt_BR", "")] == [True, False, False, False]
    assert [is_media_type(one) for one in ("a/b", "a/b; c=d", "a", "a /b")] == [True, True, False, False]
    assert moment("1901-01-01T00:00:00Z") == datetime(1901, 1, 1, tzinfo=UTC)
    assert moment("2026-02-30T00:00:00Z") is None
    assert date_of("Tue, 24 Nov 2026 12:00:00 +0000") == NOON
    assert date_of("Tue, 24 Nov 26 12:00:00 GMT") is None


SAYINGS = st.text(max_size=40) | st.sampled_from([
    "]]>", "<![CDATA[x]]>", "&#0;", "&bogus;", "</script><script>alert(1)</script>", "\x00\x08\x1f", "\ud800", "\ufffe", BIDI,
    "<b>bold", "&amp;lt;b&amp;gt;", "A & B < C", "\u2028", "<!-- x", "x" * 20_000, " ", "javascript:alert(1)", "Heliograph\x00",
])  # fmt: skip
BODIES = SAYINGS | st.lists(
    st.sampled_from([
        "<p>words</p>", '<a href="/relative">a</a>', '<img src="pic.png">', '<a href="javascript:alert(1)">b</a>', "<table><td>",
        '<p onclick="x()" style="y" id="z">c</p>', "<svg><script>d</script></svg>", '<img src="data:image/png;base64,AAAA">',
        '<iframe src="https://x.example/"></iframe>', "\x00", "\ud800", "]]>", '<a href="//host/x">e</a>', "<video poster='p'>",
    ]),
    max_size=6,
).map("".join)  # fmt: skip
ADDRESSES = st.sampled_from([
    "https://n.example/1", "https://n.example/a?b=1&c=]]>", "/relative", "javascript:alert(1)", "", "http://", "data:text/html,x",
    "https://n.example/\u00e9/\u4e2d", "HTTPS://N.example/", "https://n.example/\ud800", "https://n.example/a b", "mailto:a@b.c",
])  # fmt: skip
IDS = st.integers(1, 6).map(lambda number: f"urn:x:{number}")  # of several entries some have the same
DATES = st.sampled_from(
    [datetime(1901, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), NOON]
)
PEOPLE = st.lists(
    st.builds(Author, name=SAYINGS.filter(lambda name: "Heliograph" not in name), url=ADDRESSES), max_size=2
).map(tuple)
NAMES = st.lists(SAYINGS, max_size=3).map(tuple)
SOURCES = st.builds(
    Head, title=SAYINGS.map(lambda title: f"News {title}"), id=ADDRESSES | SAYINGS, url=st.just("https://n.example/feed"),
    site_url=ADDRESSES, subtitle=SAYINGS, lang=SAYINGS, rights=SAYINGS, icon=ADDRESSES, logo=ADDRESSES, authors=PEOPLE,
    categories=NAMES, updated=DATES | st.none(),
)  # fmt: skip
FILES = st.builds(
    Enclosure, url=ADDRESSES, type=SAYINGS | st.just("a/b"), length=st.integers(-1, 2**40), title=SAYINGS
)  # fmt: skip
ENTRIES = st.builds(
    Entry, id=SAYINGS, id_origin=st.sampled_from(["guid", "link", "hash"]), is_permalink=st.booleans(), public_id=IDS,
    link=ADDRESSES, external_link=ADDRESSES, title=SAYINGS, summary=BODIES, content=BODIES, published=DATES, updated=DATES,
    lang=SAYINGS | st.sampled_from(["en", "unknown", "pt_BR"]), rights=SAYINGS, authors=PEOPLE, categories=NAMES, source=SOURCES,
    enclosures=st.lists(FILES, max_size=2).map(tuple),
)  # fmt: skip
GRAVEYARDS = st.lists(
    st.builds(Deleted, id=IDS | SAYINGS, at=DATES | st.none(), comment=SAYINGS), max_size=3
).map(tuple)  # fmt: skip
WAYS = st.lists(
    st.builds(Link, rel=st.sampled_from(["hub", "self", "next", "via", "alternate", ""]), href=ADDRESSES), max_size=3,
    unique_by=lambda link: link.rel,
).map(tuple)  # fmt: skip


def distinct(entries: list[Entry]) -> list[Entry]:
    """Entries of which no two have one id, as the writer leaves them: the first of each."""
    return [*{one.public_id: one for one in reversed(entries)}.values()][::-1]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(entries=st.lists(ENTRIES, max_size=4), title=SAYINGS, deleted=GRAVEYARDS, links=WAYS, whole_feed=st.booleans())
def test_hostile_entries_make_valid_documents(
    entries: list[Entry], title: str, deleted: tuple[Deleted, ...], links: tuple[Link, ...], whole_feed: bool
) -> None:
    """V-01 to V-12, X-20, J-04: whatever an entry holds, every document that is written of it is valid, and the same twice."""
    latest = max((one.updated for one in distinct(entries) if one.updated), default=NOON)
    head = replace(HEAD, title=title, updated=latest)
    made = Document(head=head, entries=tuple(entries), deleted=deleted, links=links, is_complete=whole_feed)
    for form in FORMS:
        content = write(made, form, base="https://h.example")

        assert complaints(content, form) == []
        assert write(made, form, base="https://h.example") == content


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ENTRIES, max_size=3))
def test_cleaned_hostile_entries_come_back(entries: list[Entry]) -> None:
    """V-13: entries that went through the sanitiser, as all do that are stored, come back with their ids and dates."""
    safe = [replace(one, content=clean.clean(legal(one.content), one.link)) for one in distinct(entries)]
    for form in ("atom", "json"):
        found = parse(write(dated(safe), form), HEAD.url)
        assert isinstance(found, Document)
        assert [one.id for one in found.entries] == [one.public_id for one in safe]
        assert [one.published for one in found.entries] == [
            one.published.replace(microsecond=0) for one in safe if one.published
        ]


@pytest.mark.parametrize("form", FORMS)
def test_a_body_of_two_megabytes(form: str) -> None:
    """V-09, X-11: a body of two megabytes goes out whole, in a valid document, and comes back."""
    content = write(
        dated([make(content=MEGABYTES), make(2, title="", link="", updated=NOON - timedelta(days=1))]), form
    )
    found = parse(content, HEAD.url)

    assert complaints(content, form) == []
    assert isinstance(found, Document)
    assert len(found.entries) == 2
    assert len(found.entries[0].content) > 1_900_000


@pytest.mark.parametrize("form", FORMS)
def test_entries_of_one_id(form: str) -> None:
    """V-03: of two entries of one id one is written, and the document is valid."""
    made = dated([make(1), make(1, title="Again"), make(2, source=replace(SOURCE, id="x"))])

    assert complaints(write(made, form), form) == []
