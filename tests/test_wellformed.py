"""Two readers of XML, the fast one and feedparser: who reads what, and that both say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.material import make_feed
from feeds.model import Document
from feeds.parse import parse, read_raw
from feeds.raw import Raw
from tests.fakes import item, rss
from tests.test_parse import RDF, atom, entry, first, read

URL = "https://news.example/feed"


def reader(body: bytes | str) -> str:
    """Who reads a body."""
    raw = read_raw(body.encode() if isinstance(body, str) else body)
    assert isinstance(raw, Raw), raw
    return raw.reader


@pytest.mark.parametrize("number", range(15))
def test_generated_feeds_are_read_alike(number: int) -> None:
    """X-14: feeds in every dialect, language and length say the same to both readers, and the fast one reads them."""
    body = make_feed(number, 8, number % 5).body

    assert reader(body) == "wellformed"
    assert len(read(body).entries) == 8


WORDS = st.sampled_from([
    "", "Bridge", "Мост & река", "a < b", "<b>bold</b> word", "<p>One</p><p>Two</p>", "&lt;i&gt;", "<3", "grÃ¶ÃŸer", "x\x85y",
    "https://n.example/1", "nora@n.example (Nora)", "17", " \n ", "Tue, 24 Nov 2026 02:01:00 GMT", "2026-11-24T02:01:00+02:00",
    "About Nora", "<a href='/x'>y</a><br>z", "]] >", "İstanbul",
])  # fmt: skip
NAMES = st.sampled_from([
    "title", "link", "guid", "description", "pubDate", "author", "category", "dc:creator", "dc:date", "dc:subject", "media:title",
    "content:encoded", "summary", "updated", "published", "id", "media:description", "itunes:summary", "itunes:author", "x:y",
    "source", "rights", "comments",
])  # fmt: skip
FIELD = st.tuples(NAMES, WORDS, st.booleans()).map(
    lambda said: f"<{said[0]}>{f'<![CDATA[{said[1]}]]>' if said[2] else escape(said[1])}</{said[0]}>"
)
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:x="urn:x" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(FIELD, max_size=7).map("".join), max_size=3), st.booleans())
def test_any_fields_are_read_alike(items: list[str], is_atom: bool) -> None:
    """X-14: whatever fields stand in an entry, in whatever order and number, both readers say the same of it."""
    if is_atom:
        body = atom(*(f"<entry>{one}</entry>" for one in items), attributes=SPACES)
    else:
        body = rss(*(f"<item>{one}</item>" for one in items)).replace(b"<rss ", f"<rss {EXTRA} ".encode(), 1)
    ours, theirs = parse(body, URL), parse(body, URL, fast=False)

    assert isinstance(ours, Document)
    assert isinstance(theirs, Document)
    assert replace(ours, notes=()) == replace(theirs, notes=())


EXTRA = " ".join(space for space in SPACES.split(" ") if space.split("=")[0] not in ("xmlns:dc", "xmlns:content"))


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n<br />Warning: x\n" + rss(item(1, title="Caf\xe9")),
        rss(item(1, title="Café")).replace("é".encode(), b"\xe9"),
        rss(item(1, title="Caf\x08\xe9")),
        rss(item(1, title="Caf&eacute;")),
        rss(item(1, title="Café & Bar")).replace("é & Bar".encode(), "é".encode()),
        rss(item(1, title="Café"), item(2))[:-150],
        rss(item(1, title="Café")) + b"<script>x</script>",
        rss(item(1, title="Café", extra="<georss:point>1 2</georss:point><a10:updated a10:x='1'>2026</a10:updated>")),
        rss(item(1, title="Café")).replace(b"?>", b'?><!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">', 1),
        rss(item(1, title="Café")).decode().replace("utf-8", "windows-1252").encode("windows-1252"),
        rss(item(1, title="Café")).decode().encode("utf-16"),
        rss(item(1, title="Café")).replace(b'encoding="utf-8"', b'encoding="utf-16"', 1),
        rss(item(1, title="Café")).replace(b'version="1.0"', b'version="1.1"', 1),
        b"\xef\xbb\xbf" + rss(item(1, title="Café")),
        b"<!-- an <rss> is coming -->" + rss(item(1, title="Café")).partition(b"?>")[2],
    ],
)
def test_sick_documents_stay_with_the_fast_reader(body: bytes) -> None:
    """F03, F06, F07, F08, F14: what can be mended with certainty is mended, and read fast."""
    assert reader(body) == "wellformed"
    document = parse(body, URL)
    assert isinstance(document, Document)
    assert document.entries[0].title == "Café"


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1, title="A <b>bridge</i>")),
        rss("<item><title>a</title><item><title>b</title></item></item>"),
        rss("<item>" + "<a>" * 300 + "</a>" * 300 + "<title>x</title></item>"),
        atom(entry(1, extra='<content type="image/png" mode="base64">aGVsbG8=</content>')),
        rss(item(1, title="&co;")).replace(b"?>", b'?><!DOCTYPE rss [<!ENTITY co "Co">]>', 1),
        '<channel><title>t</title><item><title>Entry 1</title></item></channel>',
    ],
)  # fmt: skip
def test_what_is_odd_goes_to_the_reference(body: bytes | str) -> None:
    """X-11, F13: misnested, nested too deeply, of an unknown form: feedparser reads it, where it can be stopped."""
    assert reader(body) == "reference"


@pytest.mark.parametrize("title", ["Мост\x96река", "Мост &#150; река", "a\x96b"])
def test_controls_of_windows_are_punctuation(title: str) -> None:
    """F07: a control that nobody means is the dash that Windows-1252 has in its place, in every alphabet."""
    assert first(rss(item(1, title=title))).title == title.replace("\x96", "–").replace("&#150;", "–")


@pytest.mark.parametrize(
    "inner", ["<content xml:lang='uk' type='text'>x</content>", "<x><content xml:lang='uk'>x</content></x>"]
)
def test_a_language_that_one_element_declares_is_heard(inner: str) -> None:
    """V-08: a language counts from the element on that declares it, however deep that stands."""
    assert first(atom(entry(1, extra=inner))).lang == "uk"
    assert first(atom(entry(1))).lang == ""


def test_a_caption_is_no_summary() -> None:
    """What a picture's description says is not taken for the entry's, by either reader."""
    picture = (
        '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="/a.jpg">'
        "<media:description>A dam.</media:description></media:content>"
    )

    assert first(rss(item(1, body="Words.", extra=picture))).content == ""
    assert first(rss(item(1, body="", extra=picture))).summary == ""


def test_empty_elements_of_xhtml_are_one() -> None:
    """A <br/> in XHTML is one line break, and an empty <i/> holds nothing that follows."""
    said = '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a<br/>b<i/>c</div></content>'

    assert first(atom(entry(1, extra=said))).content == "a<br>b<i></i>c"


def test_items_that_say_nothing_are_left_out() -> None:
    """An item without title, link, id and words is no entry, and is noted."""
    document = read(rss("<item/>", item(1), "<item><pubDate>Tue, 24 Nov 2026 02:01:00 GMT</pubDate></item>"))

    assert [one.title for one in document.entries] == ["Entry 1"]
    assert any("2 entries say nothing" in note for note in document.notes)


def test_a_strangers_list_of_authors_stops_nobody() -> None:
    """An unknown element under the name of a list is no list."""
    body = rss("<item><title>t</title><authors>Nora</authors><links>x</links><source>y</source>")

    assert isinstance(parse(body + b"<", URL, fast=False), Document)


def test_an_undeclared_prefix_of_rdf() -> None:
    """A prefix that everybody knows and the document forgot is declared for it."""
    body = RDF.format(
        '<item rdf:about="a"><title>t</title><content:encoded>&lt;p&gt;x&lt;/p&gt;</content:encoded></item>'
    )

    assert first(body).content == "<p>x</p>"


# What a child does: it makes a body, reads it, and tells what that took. Its peak is read from its own memory map:
# getrusage would count the memory of the process that started it.
CHILD = """
import gzip, json, sys, time
from pathlib import Path
from feeds.parse import parse

def rss(*items):
    return f"<rss version='2.0'><channel><title>News</title>{''.join(items)}</channel></rss>".encode()

def item(number, body):
    return f"<item><title>Entry {number}</title><guid>{number}</guid><description>{body}</description></item>"

body = eval(sys.argv[1])
read = parse(body, "https://news.example/")
peak = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps([type(read).__name__, len(body), time.process_time(), int(peak[0].split()[1]) / 1000]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
@pytest.mark.parametrize(
    ("body", "at_least"),
    [
        ('rss(*(item(n, body="words " * 20) for n in range(10_000)))', 2_000_000),
        ('rss(*(item(n, body="&lt;p&gt;words of a long article&lt;/p&gt; " * 2700) for n in range(133)))', 15_000_000),
        ('rss(item(1, body="word " * 3_200_000))', 15_000_000),
        ('gzip.compress(rss(*(item(n, body="&lt;b&gt;" * 200) for n in range(12_000))), 9)', 100_000),
        ('gzip.compress(b"<rss><channel><item><title>" + bytes(60_000_000))', 50_000),
    ],
)
def test_large_documents_are_bounded(body: str, at_least: int) -> None:
    """X-11, X-12, F10, F29: 10,000 entries, 16 MB and a bomb take less than 10 s of processor time and 200 MB."""
    run = subprocess.run([sys.executable, "-c", CHILD, body], capture_output=True, text=True, timeout=300, check=True)
    _, size, took, peak = json.loads(run.stdout)

    assert size >= at_least
    assert took < 10
    assert peak < 200


def test_an_empty_item_in_an_item_does_not_end_it() -> None:
    """I-04: an item inside an item that says nothing is none; the id behind it is still the entry's, and read fast."""
    body = rss("<item><title>One</title><item /><guid isPermaLink='false'>a-1</guid></item>", item(2))
    document = parse(body, URL)

    assert reader(body) == "wellformed"
    assert isinstance(document, Document)
    first_of, second_of = document.entries
    assert first_of.id == "a-1"
    assert second_of.title != "One"


@pytest.mark.parametrize("inner", ["<item>words</item>", "<item><title>Two</title></item>", "<item rdf='x'/>"])
def test_an_item_in_an_item_that_says_something_is_left_to_the_reference(inner: str) -> None:
    """X-14: what is odd is declined."""
    assert reader(rss(f"<item><title>One</title>{inner}</item>")) == "reference"
