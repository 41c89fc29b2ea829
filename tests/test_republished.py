"""Everything that we publish of the corpus of real feeds is valid, and says to other readers what the store holds."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest

from aggregator.config import Config
from feeds import clean
from feeds.model import Document, Entry, Head
from feeds.parse import parse
from feeds.write import bylines, rss_guid, write
from storage import reading
from storage.database import Database
from tests.fakes import NOON
from tests.republished import BASE, REAL, corpus_store, documents, publisher_of
from tests.validator import complaints

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REAL.is_dir(), reason="the corpus of real feeds is not beside this checkout"),
]

CHUNK = 250
ADDRESS = f"{BASE}/all.atom"
EMPTY = "-"
"""What an Atom entry without link, title and words has for content, as RFC 4287 section 4.1.2 wants one."""
Fields = dict[str, Any]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Config]]:
    """The corpus in a store."""
    db, config = corpus_store(tmp_path_factory.mktemp("corpus"))
    yield db, config
    db.close()


@pytest.mark.parametrize("policy", ["full", "summary"])
def test_every_published_document_is_valid(held: tuple[Database, Config], policy: Any) -> None:
    """V-01 to V-11, A-03 to A-07, J-01, J-04, P-02, P-03: every feed, with its next page and archive, in every form."""
    found: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for one in documents(publisher_of(*held, policy)):
        found.update(f"{one.name}.{one.form}: {said}" for said in complaints(one.content, one.form))
        kinds[one.name.split("/")[0]] += 1

    assert found == Counter()
    assert kinds["sources"] > 300
    assert min(kinds.values()) >= 3
    assert kinds.keys() >= {"all", "topics", "authors", "sources", "places", "page", "archive"}


def chunks(held: tuple[Database, Config]) -> Iterator[list[Entry]]:
    """Every stored entry as it is published in full, without what we add to it; each public id once a document."""
    publisher = publisher_of(*held, "full")
    for followed in reading.followed(publisher.db):
        kept = reading.page(publisher.db, "sources", followed.source.slug, limit=10_000)
        shown = {one.public_id: one for each in kept if (one := publisher.entry(each, NOON)) is not None}
        entries = [replace(one, places=(), labels=()) for one in shown.values()]
        yield from (entries[start : start + CHUNK] for start in range(0, len(entries), CHUNK))


def document(entries: list[Entry]) -> Document:
    """A document of these entries."""
    head = Head(title="All", id="urn:x:all", url=ADDRESS, site_url=f"{BASE}/all", updated=NOON)
    return Document(head=head, entries=tuple(entries))


def stored(entry: Entry, form: str) -> Fields:
    """What a reader of a form is to find of an entry: what the store holds, less what the form has no place for."""
    source = entry.source
    assert source is not None
    assert entry.published is not None
    assert entry.updated is not None
    published, updated = entry.published.replace(microsecond=0), entry.updated.replace(microsecond=0)
    enclosures = entry.enclosures[:1] if form == "rss" else entry.enclosures
    summary, content = bodies(entry, form)
    return {
        "id": rss_guid(entry)[0] if form == "rss" else entry.public_id,
        "title": entry.title,
        "link": entry.link,
        "published": published,
        # RSS has one date; where an entry was edited, a second one stands beside it.
        "updated": None if form == "rss" and updated == published else updated,
        "authors": [one.name for one in bylines(entry)],
        "categories": entry.categories,
        # Where nobody knows the type of a file, the forms that must name one name none that says anything.
        "enclosures": [(one.url, one.length, one.type) for one in enclosures if one.type],
        "files": [one.url for one in enclosures],
        "source": (source.title, source.url),
        "summary": summary,
        "content": content,
    }


def bodies(entry: Entry, form: str) -> tuple[str, str]:
    """Summary and content as a form has places for them."""
    summary, content = entry.summary, entry.content
    if form == "json":
        # A summary is plain text there, and an item always has content.
        content = content or summary
        return clean.escape(clean.plain_text(summary)), content or clean.escape(entry.title)
    if form == "rss" and (not summary or summary == content):
        return content, ""  # one body is the description
    if form == "atom" and not content and not entry.link:
        return "", summary or clean.escape(entry.title) or EMPTY
    return summary, content


def ours(entry: Entry) -> Fields:
    """What our own reader found, in the same fields."""
    source = entry.source or Head()
    return {
        "id": entry.id, "title": entry.title, "link": entry.link, "published": entry.published, "updated": entry.updated,
        "authors": [one.name for one in entry.authors], "categories": entry.categories,
        "enclosures": [(one.url, one.length, one.type) for one in entry.enclosures],
        "files": [one.url for one in entry.enclosures],
        "source": (source.title, source.url), "summary": entry.summary, "content": entry.content,
    }  # fmt: skip


def theirs(entry: Any) -> Fields:
    """What feedparser found, in the same fields."""
    files = entry.get("enclosures", [])
    source = entry.get("source", {})
    own = next((link.href for link in source.get("links", ()) if link.get("rel") == "self"), "")
    return {
        "id": entry.get("id", ""), "title": entry.get("title", ""), "link": entry.get("link", ""),
        "published": moment(entry.get("published_parsed")), "updated": moment(dict.get(entry, "updated_parsed")),
        "authors": [one.get("name") for one in entry.get("authors", [])],
        "categories": tuple(one.term for one in entry.get("tags", [])),
        "enclosures": [(one.href, int(one.get("length") or 0), one.get("type", "")) for one in files],
        "files": [one.href for one in files],
        # An author's page is taken for the source's address, where an address of its own comes first.
        "source": (source.get("title", ""), own or source.get("href", "")),
        "summary": entry.get("summary", ""), "content": entry.content[0].value if "content" in entry else "",
    }  # fmt: skip


def moment(parsed: Any) -> datetime | None:
    """A date as feedparser has it."""
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def differing(wanted: Fields, found: Fields) -> set[str]:
    """The fields in which a reader found something else. A file whose type nobody told is compared by its address."""
    known = {one[0] for one in wanted["enclosures"]}
    told = {**found, "enclosures": [one for one in found["enclosures"] if one[0] in known]}
    return {name for name, value in wanted.items() if value != told[name]}


def excused_ours(entry: Entry, form: str) -> set[str]:
    """What our own reader may find otherwise, and why."""
    excused = set()
    if form == "rss" and not bodies(entry, form)[1]:
        # One body: whether it is an abstract or the article, the reader tells from its length.
        excused |= {"summary", "content"}
    if not entry.summary and form != "rss":
        # A body of words so few that they are all of the entry is its summary too.
        excused |= {"summary"}
    return excused


def excused_theirs(entry: Entry, form: str) -> set[str]:
    """What feedparser finds otherwise, each a habit of its own."""
    excused = set()
    if not entry.link and form == "atom":
        excused |= {"link"}  # an id is taken for the link where there is none
    if not bodies(entry, form)[0]:
        excused |= {"summary"}  # a lone content is repeated as summary
    if clean.looks_like_html(entry.title):
        excused |= {"title"}  # a title in HTML is handed on as HTML
    return excused


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_our_reader_finds_what_the_store_holds(held: tuple[Database, Config], form: str) -> None:
    """V-13, A-01, A-02, A-05, A-10: ids, titles, links, dates, authors, sources, files, categories, words of every entry."""
    wrong: Counter[tuple[str, str]] = Counter()
    count = 0
    for entries in chunks(held):
        read = parse(write(document(entries), form), ADDRESS)
        assert isinstance(read, Document)
        assert len(read.entries) == len(entries)
        count += len(entries)
        for entry, found in zip(entries, read.entries, strict=True):
            fields = differing(stored(entry, form), ours(found)) - excused_ours(entry, form)
            wrong.update((entry.public_id, field) for field in fields)

    assert wrong == Counter()
    assert count > 4000


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_feedparser_finds_what_the_store_holds(held: tuple[Database, Config], form: str) -> None:
    """V-13: what feedparser reads from our Atom and RSS is what the store holds, but for habits of its own."""
    wrong: Counter[tuple[str, str]] = Counter()
    excuses = 0
    for entries in chunks(held):
        # Its own cleaning is not what is asked, and takes most of its time.
        content = write(document(entries), form)
        read = feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False)
        assert not read.bozo
        assert len(read.entries) == len(entries)
        for entry, found in zip(entries, read.entries, strict=True):
            fields, excused = differing(stored(entry, form), theirs(found)), excused_theirs(entry, form)
            excuses += bool(fields & excused)
            wrong.update((entry.public_id, field) for field in fields - excused)

    assert wrong == Counter()
    assert excuses < 100
