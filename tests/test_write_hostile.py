"""What goes out is valid, and safe, whatever came in: empty fields, forbidden characters, markup, links that run."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.model import Author, Document, Enclosure, Entry, Head
from feeds.parse import parse
from feeds.write import write
from tests.fakes import NOON
from tests.test_write import ATOM, FORMS, HEAD, SOURCE, XML, document, items, make, read, tree

RUNS = "javascript:alert(1)"
BROKEN = "one\x00\x08\x0b\x1f\ud800\udfff\ufffe\uffff]]>&amp;<b>two"
LEGAL = "one]]>&amp;<b>two"


def everywhere(text: str) -> Entry:
    """An entry that says this in every field that is words."""
    return make(
        public_id="urn:x:17" + text[3:7], title=text, summary=text,
        content=text, authors=(Author(name=text),), categories=(text,), rights=text,
        enclosures=(Enclosure(url="https://n.example/a", type="audio/mpeg", title=text),),
        source=Head(title=text, id=text, subtitle=text, rights=text, authors=(Author(name=text),), categories=(text,)),
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_only_legal_characters_go_out(form: str) -> None:
    """V-09, F14, F27: controls and half surrogates vanish, "]]>" and markup are escaped, the words around them stay."""
    content = write(document(everywhere(BROKEN), title=BROKEN, subtitle=BROKEN, id="urn:x:\x00\ud800"), form)
    (found,) = read(content)

    assert (found.title[:7], found.title[-3:]) == ("one]]>&", "two")
    assert "one]]&gt;&amp;" in found.content + found.summary
    assert not any(char in content.decode() for char in "\x00\x08\x0b\x1f\ufffe\uffff")


@pytest.mark.parametrize(("form", "fields"), [("atom", 12), ("rss", 5)])
def test_words_come_out_letter_by_letter(form: str, fields: int) -> None:
    """V-09: an XML parser finds in names and categories exactly the words that went in; a title like HTML is told as HTML."""
    feed = tree(form, everywhere(BROKEN), title=BROKEN)
    texts = [*feed.itertext(), *(str(value) for one in feed.iter() for _, value in one.items())]

    assert texts.count(LEGAL) == fields


@pytest.mark.parametrize("form", FORMS)
def test_links_that_run_do_not_go_out(form: str) -> None:
    """X-27, F26: whoever let them in: no link, file, author's page, source or icon has a scheme that runs something."""
    entry = make(
        link=RUNS, external_link=RUNS, authors=(Author(name="Nora", url=RUNS),), enclosures=(Enclosure(url=RUNS, type="a/b"),),
        source=Head(
            title="News", url=RUNS, site_url="data:text/html,x", icon=RUNS, logo=RUNS, authors=(Author(name="D", url=RUNS),)
        ),
    )  # fmt: skip
    content = write(document(entry), form)

    assert b"javascript" not in content
    assert b"data:" not in content
    assert len(read(content)) == 1


@pytest.mark.parametrize(
    "url", ["https://n.example/a\r\nSet-Cookie: x", "https://n.example/\ud800", "http://a b/", "https://n.example/<x>"]
)
def test_links_that_are_none_do_not_go_out(url: str) -> None:
    """X-25, V-09: an address with line breaks, brackets or spaces is no link; a half surrogate in it is dropped."""
    assert items(make(link=url))[0].get("url", "https://n.example/") == "https://n.example/"


def test_an_empty_title() -> None:
    """V-02, V-06: an empty title is there in Atom, and absent in RSS, where the description stands in for it."""
    entry = make(title="", summary="", content="")
    feed = tree("rss", entry)

    assert tree("atom", entry).findtext(f"{ATOM}entry/{ATOM}title") == ""
    assert feed.find("channel/item/title") is None
    assert feed.findtext("channel/item/description") == "https://news.example/1"


@pytest.mark.parametrize(
    "bare",
    [
        {"link": ""},
        {"link": "", "content": ""},
        {"link": "", "content": "", "title": ""},
        {"link": "", "content": "", "summary": "<p>Short.</p>"},
        {"title": "", "content": "", "summary": ""},
        {"source": None, "updated": None},
    ],
)
def test_entries_that_say_little(bare: dict[str, Any]) -> None:
    """V-02, V-06: without a link an Atom entry has content, and an item always has title or description; each can be read."""
    entry = tree("atom", make(**bare)).find(ATOM + "entry")
    item = tree("rss", make(**bare)).find("channel/item")
    assert entry is not None
    assert item is not None

    alternates = [link for link in entry.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"]
    assert alternates or entry.findtext(ATOM + "content")
    assert item.findtext("title") or item.findtext("description")
    assert "content_html" in items(make(**bare))[0] or "content_text" in items(make(**bare))[0]
    assert all(len(read(write(document(make(**bare)), form))) == 1 for form in FORMS)


def test_a_document_without_a_name() -> None:
    """V-01, V-04: a feed whose own title is empty has one still, as titles may not be missing."""
    assert tree("atom", title="", subtitle="").findtext(ATOM + "title") == "Untitled"
    assert tree("rss", title="\x00", subtitle="").findtext("channel/description") == "Untitled"
    assert json.loads(write(document(title=""), "json"))["title"] == "Untitled"


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_stands_in_a_document_once(form: str) -> None:
    """V-03: two entries with one public id are the first of them, in its place."""
    twice = [make(1, title="First"), make(2), make(1, title="Second")]

    assert [one.title for one in read(write(document(*twice), form))] == ["First", "Entry 2"]


def test_guids_are_unique_in_a_document() -> None:
    """V-06, I-01: where two sources use one guid, the older entry keeps it, and the newer one goes by its public id."""
    same = [make(number, id="17", public_id=f"urn:uuid:{number}") for number in (1, 2, 3)]

    assert [one.text for one in tree("rss", *same).iter("guid")] == ["urn:uuid:1", "urn:uuid:2", "17"]
    assert [one.text for one in tree("rss", same[0]).iter("guid")] == ["17"]


def test_an_aggregate_keeps_its_inner_source() -> None:
    """A-10: an entry that brought a source along goes out with that one, and comes back with it."""
    for form in XML:
        (found,) = read(write(document(make(source=SOURCE)), form))

        assert found.source is not None
        assert (found.source.title, found.source.url) == (SOURCE.title, SOURCE.url)


@pytest.mark.parametrize("bad", ["</script>", "<!--<script>", "\u2028", "\u2029", "\ud800"])
def test_json_is_safe_inside_a_page(bad: str) -> None:
    """J-04: what would end a script element or a string does not stand in the bytes, and comes back out of them."""
    content = write(document(make(title=f"a{bad}b", content=f"<p>a{bad}b</p>")), "json")
    item = json.loads(content)["items"][0]

    assert bad.encode("utf-8", "surrogatepass") not in content
    assert b"<!--" not in content
    assert item["title"] == f"a{bad}b".replace("\ud800", "")


def test_times_are_whole_seconds_in_utc() -> None:
    """V-05, V-12: parts of a second do not go out, so that both engines of the store give the same bytes."""
    exact = make(published=NOON, updated=NOON)
    later = make(published=NOON + timedelta(microseconds=9), updated=NOON + timedelta(microseconds=999_999))

    assert all(write(document(exact), form) == write(document(later), form) for form in FORMS)


WORDS = st.text(max_size=30) | st.sampled_from(
    ["]]>", "<![CDATA[", "&#0;", "<script>", "\x00", "\ud800", "javascript:x", "&bogus;"]
)
URLS = WORDS | WORDS.map(lambda words: "https://n.example/" + words)
HEADS = st.builds(Head, title=WORDS, id=URLS, url=URLS, site_url=URLS, subtitle=WORDS, lang=WORDS, rights=WORDS, icon=URLS,
                  authors=st.lists(st.builds(Author, name=WORDS, url=URLS), max_size=2).map(tuple),
                  categories=st.lists(WORDS, max_size=2).map(tuple))  # fmt: skip
ENTRIES = st.builds(
    Entry, id=URLS, id_origin=st.sampled_from(["guid", "link", "hash"]), is_permalink=st.booleans(),
    public_id=st.uuids().map(lambda own: f"urn:uuid:{own}"), link=URLS, external_link=URLS, title=WORDS, summary=WORDS,
    content=WORDS, published=st.just(NOON), updated=st.just(NOON) | st.none(), lang=WORDS, rights=WORDS,
    authors=st.lists(st.builds(Author, name=WORDS, url=URLS), max_size=2).map(tuple),
    categories=st.lists(WORDS, max_size=2).map(tuple), source=HEADS | st.none(),
    enclosures=st.lists(st.builds(Enclosure, url=URLS, type=WORDS, length=st.integers(0, 9), title=WORDS), max_size=2).map(tuple),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(ENTRIES, max_size=3), WORDS)
def test_any_document_parses(entries: list[Entry], title: str) -> None:
    """V-09, V-13: XML made of any entries at all is well formed for lxml, and feedparser finds every entry without complaint."""
    for form in XML:
        content = write(document(*entries, title=title), form)
        parsed = feedparser.parse(content)

        assert etree.fromstring(content).tag in (ATOM + "feed", "rss")
        assert not parsed.bozo
        assert len(parsed.entries) == len(entries)


@settings(deadline=None, max_examples=100)
@given(st.lists(ENTRIES, max_size=3))
def test_any_document_comes_back(entries: list[Entry]) -> None:
    """V-13: our own reader finds every entry of any document, in every form, under the id that went out."""
    for form in ("atom", "json"):
        found = parse(write(document(*entries), form), HEAD.url)

        assert isinstance(found, Document)
        assert [one.id for one in found.entries] == [one.public_id for one in entries]
