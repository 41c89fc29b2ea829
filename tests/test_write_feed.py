"""What a document says of the feed itself: hubs, pages, archives, tombstones, rights; and that we read it back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from feeds.model import Author, Deleted, Document, Entry, Head, Link, Pace
from feeds.parse import parse
from feeds.write import write
from tests.fakes import NOON
from tests.test_write import ATOM, DC, FORMS, HEAD, SOURCE, XML, document, items, make, read, tree

FH = "{http://purl.org/syndication/history/1.0}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
HUB = Link(rel="hub", href="https://h.example/hub")
SELF = Link(rel="self", href=HEAD.url)
NEXT = Link(rel="next", href="https://h.example/topics/bridges.atom?before=7")
ARCHIVE = Link(rel="prev-archive", href="https://h.example/topics/bridges/archive/1-abc.atom")
CURRENT = Link(rel="current", href="https://h.example/topics/bridges.atom")
LINKS = (HUB, SELF, NEXT, ARCHIVE, CURRENT)
GRAVES = (
    Deleted(id="tag:news.example,2026:9", at=NOON, comment="Withdrawn & <corrected>"),
    Deleted(id="tag:news.example,2026:8"),
)


def published(*entries: Entry, **said: Any) -> Document:
    """A document with what it says of the feed."""
    return replace(document(*entries), **said)


def links(form: str, made: Document) -> list[tuple[str | None, str | None]]:
    """The links of a feed, and of nothing in it."""
    root = etree.fromstring(write(made, form))
    feed = root if form == "atom" else root.find("channel")
    assert feed is not None
    return [(one.get("rel"), one.get("href")) for one in feed.findall(ATOM + "link")]


def back(form: str, made: Document) -> Document:
    """What our own reader makes of it."""
    found = parse(write(made, form), HEAD.url)
    assert isinstance(found, Document), found
    return found


@pytest.mark.parametrize("form", XML)
def test_links_of_a_feed(form: str) -> None:
    """W-29, P-02, P-03, P-05: hub, next page, archives stand in the feed, each once, self too, and none in an entry."""
    made = published(make(), links=(*LINKS, HUB, SELF))
    found = [one for one in links(form, made) if one[0] != "alternate"]

    assert found == [("self", HEAD.url), *((one.rel, one.href) for one in LINKS if one is not SELF)]
    inner = {one.get("rel") for one in etree.fromstring(write(made, form)).iterfind(f".//{ATOM}entry/{ATOM}link")}
    assert inner <= {"alternate", "via", "enclosure", "related"}


def test_links_in_json() -> None:
    """W-29, P-05: JSON Feed has a place for hubs and the next page; the others stand in an extension of ours."""
    feed = json.loads(write(published(links=LINKS), "json"))

    assert feed["hubs"] == [{"type": "WebSub", "url": HUB.href}]
    assert feed["next_url"] == NEXT.href
    assert feed["_heliograph"]["links"] == [{"rel": one.rel, "href": one.href} for one in (ARCHIVE, CURRENT)]


@pytest.mark.parametrize("form", FORMS)
def test_the_last_page_has_no_next(form: str) -> None:
    """P-05: without a next page there is no next; nor with one that is the page itself, or no address at all."""
    bad = (Link(rel="next", href=HEAD.url), Link(rel="next", href="javascript:1"), Link(rel="hub", href="/hub"))
    for said in ((), bad):
        content = write(published(make(), links=said), form)
        assert b"next" not in content
        assert b"hub" not in content.lower().replace(b"github", b"")
        assert b"javascript" not in content


@pytest.mark.parametrize("form", FORMS)
def test_we_read_the_links_that_we_write(form: str) -> None:
    """V-13, W-01, P-04: hub, self, next page and archives come back as they went out."""
    found = {(one.rel, one.href) for one in back(form, published(make(), links=LINKS)).links}

    assert found == {(one.rel, one.href) for one in LINKS}


def test_how_often_to_ask() -> None:
    """S-05, V-13: RSS says in minutes how long it is good for; who has nothing to say says nothing."""
    made = published(make(), pace=Pace(ttl=15))

    assert etree.fromstring(write(made, "rss")).findtext("channel/ttl") == "15"
    assert back("rss", made).pace.ttl == 15
    assert etree.fromstring(write(published(), "rss")).find("channel/ttl") is None


@pytest.mark.parametrize(("said", "name"), [({"is_archive": True}, "archive"), ({"is_complete": True}, "complete")])
def test_what_kind_of_document_it_is(said: dict[str, bool], name: str) -> None:
    """P-01, P-03: an archive says so, a whole feed says so and has no pages, others say neither."""
    for form in XML:
        root = etree.fromstring(write(published(make(), links=LINKS, **said), form))
        assert [one.tag for one in root.iter(FH + "archive", FH + "complete")] == [FH + name]
        paged = {one.get("rel") for one in root.iter(ATOM + "link")} & {"next", "prev-archive", "current"}
        assert bool(paged) == (name == "archive")
    feed = json.loads(write(published(make(), links=LINKS, **said), "json"))
    assert feed["_heliograph"][name] is True
    assert ("next_url" in feed) == (name == "archive")
    assert b"history" not in write(published(make()), "atom")


def test_tombstones() -> None:
    """I-14, V-13: what was withdrawn is told in Atom (RFC 6721) and JSON Feed, with a date, and comes back; in RSS not."""
    made = published(make(), deleted=(*GRAVES, Deleted(id="not an iri"), Deleted(id="tag:news.example,2026:1")))
    root = etree.fromstring(write(made, "atom"))
    assert [dict(one.items()) for one in root.iter(AT + "deleted-entry")] == [
        {"ref": "tag:news.example,2026:9", "when": "2026-11-24T12:00:00Z"},
        {"ref": "tag:news.example,2026:8", "when": "2026-11-24T12:00:00Z"},
    ]
    assert [one.text for one in root.iter(AT + "comment")] == ["Withdrawn & <corrected>"]
    graves = json.loads(write(made, "json"))["_heliograph"]["deleted"]
    assert graves[0] == {
        "id": "tag:news.example,2026:9", "at": "2026-11-24T12:00:00Z", "comment": "Withdrawn & <corrected>",
    }  # fmt: skip
    for form in ("atom", "json"):
        found = back(form, made)
        assert [(one.id, one.at) for one in found.deleted] == [(one.id, NOON) for one in GRAVES]
        assert len(found.entries) == 1
    assert b"tombstones" not in write(made, "rss")
    assert back("rss", made).deleted == ()
    assert b"tombstones" not in write(published(make()), "atom")


def test_rights_are_kept() -> None:
    """A-08: rights of an entry, else of its source, stand in RSS and JSON Feed too; those of a feed in its head."""
    own, sources = make(1, rights="CC BY-SA"), make(2)

    assert [one.text for one in tree("rss", own, sources).iter(DC + "rights")] == ["CC BY-SA", "CC BY"]
    assert items(own)[0]["_heliograph"] == {"rights": "CC BY-SA"}
    assert [one.rights for one in read(write(document(own), "json"))] == ["CC BY-SA"]
    assert tree("rss", own, rights="All yours").findtext("channel/copyright") == "All yours"
    assert tree("atom", own, rights="All yours").findtext(ATOM + "rights") == "All yours"
    assert json.loads(write(document(own, rights="All yours"), "json"))["_heliograph"] == {"rights": "All yours"}


def test_the_language_of_a_channel() -> None:
    """V-08: a channel whose entries are in one language is in that; xml:lang of a source stands where it is another."""
    one, other = make(1, lang="pt_BR"), make(2, lang="en", source=replace(SOURCE, lang="fr"))
    xml_lang = "{http://www.w3.org/XML/1998/namespace}lang"

    assert tree("rss", one).findtext("channel/language") == "pt-BR"
    assert tree("rss", one, other).find("channel/language") is None
    assert json.loads(write(document(one), "json"))["language"] == "pt-BR"
    assert "language" not in json.loads(write(document(one, other), "json"))
    assert [found.get(xml_lang) for found in tree("atom", one, other).iter(ATOM + "source")] == [None, "fr"]


def test_a_source_comes_back_from_json() -> None:
    """A-10, V-13: an item's source comes back from JSON Feed with all that it said of itself."""
    (found,) = read(write(document(make()), "json"))

    assert found.source == SOURCE


@pytest.mark.parametrize("said", ["x", ["x"], {}, {"title": 7, "feed_url": "javascript:1"}, None])
def test_no_source_in_json(said: Any) -> None:
    """J-01: what is no source, tombstone or link in an extension of a JSON Feed is passed over."""
    item = {"id": "1", "title": "t", "content_text": "x", "_source": said, "_heliograph": said}
    added = {
        "deleted": [said, {"id": 7}, "x"],
        "links": [said, {"rel": "next"}, {"rel": "hub", "href": "javascript:1"}],
    }
    body = json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [item], "_heliograph": added}
    )
    found = parse(body.encode(), HEAD.url)

    assert isinstance(found, Document)
    assert (found.entries[0].source, found.deleted, found.links) == (None, (), ())


@pytest.mark.parametrize("form", FORMS)
def test_markup_that_nobody_cleaned_does_not_go_out(form: str) -> None:
    """V-07, V-11, X-20: the writer is the last door: scripts, styles, relative links and links that run do not pass it."""
    bad = (
        '<p onclick="x()">one</p><script>two()</script><a href="/three">three</a><img src="pic.png">'
        '<a href="javascript:four()">four</a><p style="color:red">five</p><iframe src="https://x.example/"></iframe>'
    )
    (found,) = read(content := write(document(make(content=bad, summary=bad)), form))

    for word in (b"onclick", b"<script", b"javascript", b"style", b"iframe", b"two()"):
        assert word not in content, word
    assert 'href="https://news.example/three"' in found.summary + found.content
    assert 'src="https://news.example/pic.png"' in found.summary + found.content


@pytest.mark.parametrize(
    "html",
    [
        '<p>A <a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer nofollow">link</a> &lt;br&gt;</p>',
        '<img src="HTTPS://a.example/i.png" alt="a &gt; b" referrerpolicy="no-referrer"><br>1 &lt; 2<video controls=""></video>',
        '<td colspan="2" title="style=&quot;x&quot; onclick=">one]]&gt;</td>',
    ],
)
def test_clean_markup_goes_out_as_it_is(html: str) -> None:
    """V-13: HTML of the sanitiser is not cleaned again: it goes out letter by letter."""
    assert tree("atom", make(content=html)).findtext(f"{ATOM}entry/{ATOM}content") == html


@pytest.mark.parametrize("year", [1, 999, 1901, 2099, 9999])
@pytest.mark.parametrize("form", FORMS)
def test_years(form: str, year: int) -> None:
    """V-05: dates of any year have four digits for it, and come back."""
    at = datetime(year, 6, 15, 12, tzinfo=UTC)
    content = write(document(make(published=at, updated=at + timedelta(hours=1))), form)

    assert f"{year:04d}".encode() in content
    assert year < 1900 or [(one.published, one.updated) for one in read(content)] == [(at, at + timedelta(hours=1))]


def test_a_link_blog_in_atom() -> None:
    """A-07: the page that an entry is about is related to it, and is no second alternate."""
    entry = tree("atom", make(external_link="https://other.example/")).find(ATOM + "entry")
    assert entry is not None
    found = [(one.get("rel"), one.get("href")) for one in entry.findall(ATOM + "link")]

    assert ("related", "https://other.example/") in found
    assert [one for one in found if one[0] == "alternate"] == [("alternate", "https://news.example/1")]


def test_a_feed_that_has_ended() -> None:
    """J-03: JSON Feed says that a feed has ended, and of no other."""
    assert json.loads(write(published(expired=True), "json"))["expired"] is True
    assert back("json", published(make(), expired=True)).expired
    assert "expired" not in json.loads(write(published(), "json"))


def test_who_a_feed_is_by() -> None:
    """V-01: authors, icon and logo of a feed stand in its head."""
    head = {"authors": (Author(name="Desk"),), "icon": "https://h.example/i.png", "logo": "https://h.example/l.png"}
    found = back("atom", document(make(), **head)).head

    assert (found.authors, found.icon, found.logo) == (head["authors"], head["icon"], head["logo"])
    assert isinstance(back("json", document(make(), **head)).head, Head)
