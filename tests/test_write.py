"""Documents as Atom, RSS and JSON Feed: valid whatever they hold, the same bytes each time, every source named."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeds.model import Author, Document, Enclosure, Entry, Head
from feeds.parse import parse
from feeds.write import MEDIA_TYPES, bylines, rss_guid, write
from tests.fakes import NOON, make_entry

FORMS = ("atom", "rss", "json")
XML = ("atom", "rss")
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
HEAD = Head(
    title="Bridges",
    id="urn:uuid:11111111-1111-4111-8111-111111111111",
    url="https://h.example/topics/bridges.atom",
    site_url="https://h.example/topics/bridges",
    subtitle="Entries on bridges.",
    updated=NOON,
)
SOURCE = Head(
    title="News & views", id="tag:news.example,2026:feed", url="https://news.example/feed", site_url="https://news.example/",
    subtitle="From the river", updated=NOON - timedelta(hours=2), rights="CC BY", icon="https://news.example/i.png",
    logo="https://news.example/l.png", authors=(Author(name="Desk", url="https://news.example/desk"),), categories=("rivers",),
)  # fmt: skip
FULL = {
    "summary": "<p>In short &amp; <b>bold</b>.</p>",
    "content": '<p>Words with a <a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer nofollow">link</a>.</p>',
    "authors": (Author(name="Nora Quill", url="https://news.example/nora"), Author(name="Tom Reed")),
    "categories": ("rivers", "bridges & roads"),
    "enclosures": (Enclosure(url="https://news.example/a.mp3", type="audio/mpeg", length=12),),
    "lang": "tr",
    "rights": "CC BY",
}


def make(number: int = 1, **said: Any) -> Entry:
    """An entry that is ready to be published."""
    ready = {
        "id": f"tag:news.example,2026:{number}", "public_id": f"tag:news.example,2026:{number}", "title": f"Entry {number}",
        "link": f"https://news.example/{number}", "published": NOON - timedelta(hours=number), "source": SOURCE,
        "updated": NOON - timedelta(minutes=number), "content": f"<p>Words {number}.</p>",
    }  # fmt: skip
    return make_entry(**{**ready, **said})


def document(*entries: Entry, **head: Any) -> Document:
    """A document of these entries."""
    return Document(head=replace(HEAD, **head), entries=entries)


def tree(form: str, *entries: Entry, **head: Any) -> etree._Element:
    """The XML of a document, as a strict parser sees it."""
    return etree.fromstring(write(document(*entries, **head), form))


def items(*entries: Entry) -> list[dict[str, Any]]:
    """The items of a JSON Feed."""
    found: list[dict[str, Any]] = json.loads(write(document(*entries), "json"))["items"]
    return found


def read(content: bytes) -> tuple[Entry, ...]:
    """The entries that our own reader finds."""
    found = parse(content, HEAD.url)
    assert isinstance(found, Document), found
    return found.entries


def test_the_head_of_atom() -> None:
    """V-01: exactly one id, title and updated, which is the document's and not now; self is the address asked."""
    feed = tree("atom", make())

    assert [feed.findtext(ATOM + name) for name in ("id", "title", "subtitle")] == [
        HEAD.id,
        "Bridges",
        "Entries on bridges.",
    ]
    assert [len(feed.findall(ATOM + name)) for name in ("id", "title", "updated")] == [1, 1, 1]
    assert feed.findtext(ATOM + "updated") == "2026-11-24T12:00:00+00:00"
    assert {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")} == {
        "self": HEAD.url, "alternate": HEAD.site_url,
    }  # fmt: skip


def test_the_head_of_rss() -> None:
    """V-04: title, link, description, atom:link to itself with its type, lastBuildDate of the last change, no date of now."""
    channel = tree("rss", make(), lang="en").find("channel")
    assert channel is not None
    link = channel.find(ATOM + "link")
    assert link is not None

    assert [channel.findtext(name) for name in ("title", "link", "description", "lastBuildDate", "language", "pubDate")] == [
        "Bridges", HEAD.site_url, "Entries on bridges.", "Tue, 24 Nov 2026 12:00:00 +0000", "en", None,
    ]  # fmt: skip
    assert dict(link.items()) == {"href": HEAD.url, "rel": "self", "type": MEDIA_TYPES["rss"]}


def test_the_head_of_json() -> None:
    """J-01: version 1.1, title, both addresses and items."""
    feed = json.loads(write(document(lang="en"), "json"))

    assert feed == {
        "version": "https://jsonfeed.org/version/1.1", "title": "Bridges", "home_page_url": HEAD.site_url, "feed_url": HEAD.url,
        "description": "Entries on bridges.", "language": "en", "items": [],
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_we_write_we_read(form: str) -> None:
    """V-13: id, title, link, dates, authors, categories, files and words come back as they went out, in order."""
    sent = [make(1, **FULL), make(2, title='A < B & "C"', summary="<p>Short.</p>", lang="")]
    found = read(write(document(*sent), form))

    assert [one.id for one in found] == [one.id for one in sent]
    assert [(one.title, one.link, one.content, one.published) for one in found] == [
        (one.title, one.link, one.content, one.published) for one in sent
    ]
    assert (found[0].categories, found[0].enclosures) == (sent[0].categories, sent[0].enclosures)
    assert [author.name for author in found[0].authors] == ["Nora Quill", "Tom Reed"]
    assert form == "rss" or [author.url for author in found[0].authors] == ["https://news.example/nora", ""]
    assert form != "atom" or found[0].rights == "CC BY"
    assert [author.name for author in found[1].authors] == ["Desk"]
    assert [one.updated for one in found] == [one.updated for one in sent]


@pytest.mark.parametrize("form", XML)
def test_feedparser_reads_it_without_complaint(form: str) -> None:
    """V-13: feedparser finds a well-formed feed with the same ids, titles, links, dates, sources and files."""
    parsed = feedparser.parse(write(document(make(1, **FULL), make(2)), form))
    one = parsed.entries[0]

    assert not parsed.bozo
    assert parsed.version == {"atom": "atom10", "rss": "rss20"}[form]
    assert [(e.id, e.title, e.link, e.published_parsed[:5]) for e in parsed.entries] == [
        (f"tag:news.example,2026:{n}", f"Entry {n}", f"https://news.example/{n}", (2026, 11, 24, 12 - n, 0))
        for n in (1, 2)
    ]
    assert one.source.title == "News & views"
    assert [(e.href, e.type, e.length) for e in one.enclosures] == [("https://news.example/a.mp3", "audio/mpeg", "12")]
    assert [tag.term for tag in one.tags] == ["rivers", "bridges & roads"]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_document_gives_the_same_bytes(form: str) -> None:
    """V-12: written twice, a document has the same hash: no clock, no chance."""
    hashes = {hashlib.sha256(write(document(make(1, **FULL), make(2)), form)).hexdigest() for _ in range(2)}

    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("month", "said"), [(2, "Tue, 24 Feb 2026"), (5, "Sun, 24 May 2026"), (12, "Thu, 24 Dec 2026")]
)
def test_dates_of_items_are_english(month: int, said: str) -> None:
    """V-05: RSS dates have English names, years of four digits, whole seconds and a zone."""
    published = NOON.replace(month=month, microsecond=999_999, tzinfo=timezone(timedelta(hours=3)))

    assert tree("rss", make(published=published)).findtext("channel/item/pubDate") == f"{said} 09:00:00 +0000"


@pytest.mark.parametrize(
    ("origin", "own_id", "permalink", "guid"),
    [
        ("guid", "17", False, ("17", False)),
        ("guid", "https://n.example/1", True, ("https://n.example/1", True)),
        ("guid", "https://n.example/1", False, ("https://n.example/1", False)),
        ("guid", "not a link", True, ("not a link", False)),
        ("link", "https://n.example/1", False, ("https://n.example/1", True)),
        ("hash", "hash:1", False, ("urn:uuid:1", False)),
    ],
)
def test_the_guid_that_rss_carries(origin: Any, own_id: str, permalink: bool, guid: tuple[str, bool]) -> None:
    """A-05: the publisher's own guid, a permanent link only if it was one; a hash of ours gives way to the public id."""
    entry = make(id=own_id, id_origin=origin, is_permalink=permalink, public_id="urn:uuid:1")
    (written,) = tree("rss", entry).iter("guid")

    assert rss_guid(entry) == guid
    assert (written.text, written.get("isPermaLink")) == (guid[0], "true" if guid[1] else "false")


def test_one_id_in_all_formats() -> None:
    """A-01, A-02: Atom and JSON carry the public id, unchanged."""
    entry = make(id="17", public_id="urn:uuid:1")

    assert tree("atom", entry).findtext(f"{ATOM}entry/{ATOM}id") == items(entry)[0]["id"] == "urn:uuid:1"


def test_the_source_of_an_atom_entry() -> None:
    """A-03, A-07, A-08: atom:source holds all that the source said of itself, and "via" points to it."""
    entry = tree("atom", make()).find(ATOM + "entry")
    assert entry is not None
    source = entry.find(ATOM + "source")
    assert source is not None

    assert {child.tag.removeprefix(ATOM): child.text for child in source if child.text} == {
        "id": "tag:news.example,2026:feed", "title": "News & views", "updated": "2026-11-24T10:00:00Z", "rights": "CC BY",
        "subtitle": "From the river", "icon": "https://news.example/i.png", "logo": "https://news.example/l.png",
    }  # fmt: skip
    assert [(link.get("rel"), link.get("href")) for link in source.findall(ATOM + "link")] == [
        ("self", "https://news.example/feed"), ("alternate", "https://news.example/"),
    ]  # fmt: skip
    assert [child.text for child in source.findall(f"{ATOM}author/*")] == ["Desk", "https://news.example/desk"]
    assert [child.get("term") for child in source.findall(ATOM + "category")] == ["rivers"]
    assert [link.get("href") for link in entry.findall(ATOM + "link") if link.get("rel") == "via"] == [
        "https://news.example/feed"
    ]


@pytest.mark.parametrize("own", ["", "17", "http:// x"])
def test_a_source_without_an_iri_has_an_id_still(own: str) -> None:
    """A-03: where a source's own id is no IRI, its address is its id, else the entry's."""
    path = f"{ATOM}entry/{ATOM}source/{ATOM}id"

    assert tree("atom", make(source=replace(SOURCE, id=own))).findtext(path) == "https://news.example/feed"
    assert tree("atom", make(source=Head(title="News", id=own))).findtext(path) == "tag:news.example,2026:1"


def test_a_link_blog() -> None:
    """A-07: JSON Feed tells the page that an entry is about beside the entry's own."""
    (item,) = items(make(external_link="https://other.example/"))

    assert (item["url"], item["external_url"]) == ("https://news.example/1", "https://other.example/")


def test_the_source_of_an_item() -> None:
    """A-05, A-07: RSS names the source with its feed's address; JSON in an extension of ours."""
    (source,) = tree("rss", make()).iter("source")

    assert (source.text, source.get("url")) == ("News & views", "https://news.example/feed")
    assert items(make())[0]["_source"] == {
        "id": "tag:news.example,2026:feed", "title": "News & views", "feed_url": "https://news.example/feed",
        "home_page_url": "https://news.example/", "description": "From the river", "rights": "CC BY",
        "date_modified": "2026-11-24T10:00:00Z", "icon": "https://news.example/i.png", "logo": "https://news.example/l.png",
        "authors": [{"name": "Desk", "url": "https://news.example/desk"}], "tags": ["rivers"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("authors", "source", "names"),
    [
        ((Author(name="Nora Quill"),), SOURCE, ["Nora Quill"]),
        ((), SOURCE, ["Desk"]),
        ((), Head(title="News"), ["News"]),
        ((), Head(url="https://news.example/feed"), ["https://news.example/feed"]),
        ((), None, ["Unknown"]),
    ],
)
def test_who_is_named(authors: tuple[Author, ...], source: Head | None, names: list[str]) -> None:
    """A-04, A-06: the entry's authors, else its source's, else the source; as dc:creator in RSS, never as a mail address."""
    entry = make(authors=authors, source=source)
    rss = tree("rss", entry)

    assert [author.name for author in bylines(entry)] == names
    assert [one.text for one in rss.iter(DC + "creator")] == names
    assert [*rss.iter("author")] == []
    assert [one.text for one in tree("atom", entry).findall(f"{ATOM}entry/{ATOM}author/{ATOM}name")] == names
    assert [one["name"] for one in items(entry)[0]["authors"]] == names


def test_languages() -> None:
    """V-08: each entry tells its language where it is one; nonsense is not passed on."""
    told, wrong = make(1, lang="pt-BR"), make(2, lang="Türkçe, bitte")
    feed = tree("atom", told, wrong)

    assert [one.get("{http://www.w3.org/XML/1998/namespace}lang") for one in feed.findall(ATOM + "entry")] == [
        "pt-BR",
        None,
    ]
    assert [one.text for one in tree("rss", told, wrong).iter(DC + "language")] == ["pt-BR"]
    assert [one.get("language") for one in items(told, wrong)] == ["pt-BR", None]


def test_files() -> None:
    """V-10: RSS has one enclosure with all three attributes, Atom and JSON have all, each marked as what it is."""
    two = (
        Enclosure(url="https://n.example/a", type="audio/mpeg", length=12, title="Talk"),
        Enclosure(url="https://n.example/b"),
    )
    entry = make(enclosures=two)
    links = tree("atom", entry).findall(f"{ATOM}entry/{ATOM}link")

    assert [dict(one.items()) for one in tree("rss", entry).iter("enclosure")] == [
        {"url": "https://n.example/a", "length": "12", "type": "audio/mpeg"}
    ]
    assert [dict(one.items()) for one in tree("rss", make(enclosures=two[1:])).iter("enclosure")] == [
        {"url": "https://n.example/b", "length": "0", "type": "application/octet-stream"}
    ]
    assert [dict(link.items()) for link in links if link.get("rel") == "enclosure"] == [
        {"rel": "enclosure", "href": "https://n.example/a", "type": "audio/mpeg", "length": "12", "title": "Talk"},
        {"rel": "enclosure", "href": "https://n.example/b"},
    ]
    assert [link.get("href") for link in links if link.get("rel", "alternate") == "alternate"] == [
        "https://news.example/1"
    ]
    assert [(one["url"], one["mime_type"]) for one in items(entry)[0]["attachments"]] == [
        ("https://n.example/a", "audio/mpeg"), ("https://n.example/b", "application/octet-stream"),
    ]  # fmt: skip


def test_bodies() -> None:
    """V-02, V-06: at most one content; in RSS the content stands behind a description that differs from it."""
    both, same = make(1, summary="<p>Short.</p>"), make(2, summary="<p>Words 2.</p>")
    rss = [
        re.findall(r"<(description|content:encoded)>", str(etree.tostring(one)))
        for one in tree("rss", both, same).iter("item")
    ]
    atom = tree("atom", both).find(ATOM + "entry")
    assert atom is not None

    assert rss == [["description", "content:encoded"], ["description"]]
    assert [(one.get("type"), one.text) for one in atom.findall(ATOM + "content")] == [("html", "<p>Words 1.</p>")]
    assert [(one.get("type"), one.text) for one in atom.findall(ATOM + "summary")] == [("html", "<p>Short.</p>")]
    assert [(one["content_html"], one["summary"]) for one in items(both)] == [("<p>Words 1.</p>", "Short.")]


def test_a_summary_alone() -> None:
    """V-02, A-09: an entry that shows its summary only goes out without content, as it has a link to go on."""
    short = make(summary="<p>Short.</p>", content="")
    atom = tree("atom", short).find(ATOM + "entry")
    assert atom is not None

    assert (atom.findtext(ATOM + "summary"), atom.find(ATOM + "content")) == ("<p>Short.</p>", None)
    assert tree("rss", short).findtext("channel/item/description") == "<p>Short.</p>"
    assert [(one["content_html"], one["summary"]) for one in items(short)] == [("<p>Short.</p>", "Short.")]
