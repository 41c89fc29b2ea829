from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from sqlalchemy import update

from aggregator import lists
from aggregator.publish import ENTRIES, Publisher, unique
from feeds.model import Document, Head
from feeds.parse import parse
from storage import reading
from storage.database import Database
from storage.model import Output, OutputKind
from storage.schema import entries
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config

SETTINGS = "settings: {base_url: 'https://h.example', title: Desk}\n"


def publisher(db: Database, folder: Path, text: str = SETTINGS) -> Publisher:
    """A publisher on a store, with a configuration of its own."""
    return Publisher(db, write_config(folder, text))


def output(db: Database, kind: OutputKind = "all", slug: str = "") -> Output:
    """An output that is there."""
    found = reading.output(db, kind, slug)
    assert found is not None
    return found


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_same_revision_gives_the_same_bytes(db: Database, tmp_path: Path, form: str) -> None:
    """V-12: two publishers, later and earlier, give the same bytes and ETag while nothing changed."""
    declare(db, make_source())
    take(db, [make_entry(id=str(number), published=NOON) for number in range(5)])
    first = publisher(db, tmp_path).feed(output(db), form, NOON)
    second = publisher(db, tmp_path).feed(output(db), form, NOON + timedelta(days=3))

    assert (first.content, first.etag) == (second.content, second.etag)


def test_bodies_are_kept_by_their_bytes(db: Database, tmp_path: Path) -> None:
    """S-10: what is kept has an end in bytes: the one that was not asked for longest goes, the others are not made again."""
    topics = declare(db, make_source(), topics=dict.fromkeys(("one", "two", "three"), "helicopter*"))
    take(db, [make_entry(title="Helicopters")], topics=topics)
    config = write_config(tmp_path)
    outputs = {name: output(db, "topics", name) for name in ("one", "two", "three")}
    size = max(len(Publisher(db, config).feed(one, "atom", NOON).content) for one in outputs.values())
    own = Publisher(db, config, most_bytes=2 * size)
    one, two = (own.feed(outputs[name], "atom", NOON) for name in ("one", "two"))
    assert own.feed(outputs["one"], "atom", NOON) is one  # and is now the latest asked for
    own.feed(outputs["three"], "atom", NOON)

    assert own.feed(outputs["one"], "atom", NOON) is one
    assert own.feed(outputs["two"], "atom", NOON) is not two


def test_what_was_made_by_another_configuration_is_kept_for_nobody(db: Database, tmp_path: Path) -> None:
    """V-12: a feed that is being made while feeds.yaml changes is not what readers get afterwards."""
    topics = declare(db, make_source(), topics={"one": "helicopter*"})
    take(db, [make_entry(title="Helicopters")], topics=topics)

    class Overtaken(Publisher):
        """The configuration changes while its first document is made."""

        def document(self, *asked, **more):  # type: ignore[no-untyped-def] # as in Publisher
            made = super().document(*asked, **more)
            self.adopt(write_config(tmp_path, "settings: {title: Bureau}"))
            return made

    own = Overtaken(db, write_config(tmp_path, "settings: {title: Desk}"))
    assert b"Desk" in own.feed(output(db, "topics", "one"), "atom", NOON).content
    assert b"Bureau" in own.feed(output(db, "topics", "one"), "atom", NOON).content


def test_a_new_revision_gives_new_bytes(db: Database, tmp_path: Path) -> None:
    """A publisher that has rendered a feed renders it again once the feed has a new revision."""
    declare(db, make_source())
    publishing = publisher(db, tmp_path)
    empty = publishing.feed(output(db), "atom", NOON)
    take(db, [make_entry()])
    filled = publishing.feed(output(db), "atom", NOON)

    assert empty.etag != filled.etag
    assert b"<entry" in filled.content


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_an_empty_feed_is_valid_too(db: Database, tmp_path: Path, form: str) -> None:
    """V-01, V-04: a topic without entries is a whole document with its title and the time of its last change."""
    declare(db, make_source(), topics={"air": "helicopter*"})
    body = publisher(db, tmp_path).feed(output(db, "topics", "air"), form, NOON).content

    read = parse(body, "https://h.example/topics/air." + form)
    assert isinstance(read, Document)
    assert (read.head.title, read.entries) == ("Air · Desk", ())
    if form != "json":
        assert not feedparser.parse(body).bozo


def test_updated_is_the_newest_entrys_never_now(db: Database, tmp_path: Path) -> None:
    """V-01: a feed's updated is that of its newest entry."""
    declare(db, make_source())
    take(db, [make_entry(published=NOON - timedelta(days=2))])
    root = ElementTree.fromstring(publisher(db, tmp_path).feed(output(db), "atom", NOON).content)

    assert root.findtext("{http://www.w3.org/2005/Atom}updated") == "2026-11-22T12:00:00+00:00"


def test_the_feed_has_an_id_that_is_not_its_address(db: Database, tmp_path: Path) -> None:
    """A-01: a feed's id is minted once; another base URL changes its links, not its id or its entries' ids."""
    declare(db, make_source())
    take(db, [make_entry(id="not an iri")])
    here = feedparser.parse(publisher(db, tmp_path).feed(output(db), "atom", NOON).content)
    there_text = SETTINGS.replace("h.example", "other.example")
    there = feedparser.parse(publisher(db, tmp_path, there_text).feed(output(db), "atom", NOON).content)

    assert here.feed.id == there.feed.id == output(db).public_id
    assert here.entries[0].id == there.entries[0].id
    assert {link.href for link in there.feed.links} == {
        "https://other.example/all.atom", "https://other.example/all", "https://other.example/hub",
    }  # fmt: skip


@pytest.mark.parametrize(("policy", "shown"), [("full", "content"), ("summary", "summary"), ("headline", "neither")])
@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_policy_decides_what_is_republished(db: Database, tmp_path: Path, form: str, policy: str, shown: str) -> None:
    """A-09: full text, a summary or only a headline leaves the house, in every form, as the source's policy says."""
    declare(db, make_source(republish=policy))
    take(
        db,
        [make_entry(summary="The abstract.", content="<p>The abstract. The body.</p>", text="The abstract. The body.")],
    )
    body = publisher(db, tmp_path).feed(output(db), form, NOON).content.decode()

    assert ("The body" in body) == (shown == "content")
    assert ("The abstract" in body) == (shown != "neither")
    assert "A title" in body


def test_the_general_policy_holds_where_a_source_says_nothing(db: Database, tmp_path: Path) -> None:
    """A-09: settings.republish decides for sources without a policy; it is "summary" by default."""
    declare(db, make_source())
    take(db, [make_entry(summary="Short.", content="<p>Long words.</p>")])
    default = publisher(db, tmp_path).feed(output(db), "atom", NOON).content
    full = publisher(db, tmp_path, "settings: {republish: full}").feed(output(db), "atom", NOON).content

    assert b"Long words" not in default
    assert b"Long words" in full


def test_hidden_entries_are_nowhere(db: Database, tmp_path: Path) -> None:
    """An entry that was hidden is in no feed."""
    declare(db, make_source())
    take(db, [make_entry()])
    with db.write() as connection:
        connection.execute(update(entries).values(hidden_at=NOON))

    assert b"A title" not in publisher(db, tmp_path).feed(output(db), "json", NOON).content


def test_a_source_without_a_web_address_is_named_by_our_feed_of_it(db: Database, tmp_path: Path) -> None:
    """A-05: a file has no address in the world, so RSS names our own feed of that source; no path leaks."""
    declare(db, make_source(url="file:samples/a.xml"))
    take(db, [make_entry()])
    body = publisher(db, tmp_path).feed(output(db), "rss", NOON).content.decode()

    assert '<source url="https://h.example/sources/news.rss">News</source>' in body
    assert "file:" not in body


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_credentials_are_never_republished(db: Database, tmp_path: Path, form: str) -> None:
    """X-33: a password in a source's address is in no feed and no OPML."""
    declare(db, make_source(url="https://me:secret@news.example/feed"))
    take(db, [make_entry()])
    publishing = publisher(db, tmp_path)

    assert b"secret" not in publishing.feed(output(db), form, NOON).content
    assert b"secret" not in lists.followed(publishing).content


def test_one_entry_an_id_in_a_document(db: Database, tmp_path: Path) -> None:
    """V-03, V-06: where two sources hold the same id, a document shows the first seen one."""
    declare(db, make_source(slug="a", url="https://a.example/"), make_source(slug="b", url="https://b.example/"))
    take(db, [make_entry(id="urn:x:1", title="First")], slug="a")
    take(db, [make_entry(id="urn:x:1", title="Second")], slug="b")

    assert [one.entry.title for one in unique(reading.page(db, "all", "", limit=9))] == ["First"]
    assert publisher(db, tmp_path).feed(output(db), "atom", NOON).content.count(b"<entry") == 1


def test_a_feed_holds_the_newest_arrivals(db: Database, tmp_path: Path) -> None:
    """A subscription document is bounded, in order of arrival: a late arrival with an old date is not hidden."""
    declare(db, make_source())
    take(db, [make_entry(id=str(number), published=NOON) for number in range(ENTRIES + 20)])
    take(db, [make_entry(id="late", title="Late", published=NOON - timedelta(days=300))], now=NOON + timedelta(hours=1))
    read = parse(publisher(db, tmp_path).feed(output(db), "json", NOON).content)

    assert isinstance(read, Document)
    assert len(read.entries) == ENTRIES
    assert read.entries[0].title == "Late"


def test_the_sources_own_words_about_itself_travel_along(db: Database, tmp_path: Path) -> None:
    """A-03: atom:source has the source's id, title, links and rights."""
    declare(db, make_source())
    head = Head(
        title="Theirs", id="urn:x:feed", site_url="https://news.example/", rights="© News", subtitle="All of it"
    )
    take(db, [make_entry()], head=head)
    source = feedparser.parse(publisher(db, tmp_path).feed(output(db), "atom", NOON).content).entries[0].source

    assert (source.id, source.title, source.rights, source.subtitle) == ("urn:x:feed", "News", "© News", "All of it")
    assert {link.href for link in source.links} == {"https://news.example/feed", "https://news.example/"}


def test_a_source_that_renames_itself_renews_the_feeds_that_name_it(db: Database, tmp_path: Path) -> None:
    """V-12: when what a source says of itself changes, every feed that names it has a new revision."""
    topics = declare(db, make_source(name=""), topics={"all-titles": "title"})
    take(db, [make_entry(authors=["Ada Ore"])], topics=topics, head=Head(title="Old name"))
    kinds: list[tuple[OutputKind, str]] = [
        ("topics", "all-titles"),
        ("authors", "ada-ore"),
        ("sources", "news"),
        ("all", ""),
    ]
    before = [output(db, *one).revision for one in kinds]
    take(db, [], head=Head(title="New name"), now=NOON + timedelta(hours=1))

    assert all(output(db, *one).revision > old for one, old in zip(kinds, before, strict=True))
    assert b"New name" in publisher(db, tmp_path).feed(output(db, "topics", "all-titles"), "atom", NOON).content


def test_a_feed_that_only_says_another_time_renews_nothing(db: Database) -> None:
    """V-12: a lastBuildDate that moves with every poll is not a change (F23)."""
    declare(db, make_source())
    take(db, [make_entry()], head=Head(title="News", updated=NOON))
    before = output(db, "sources", "news")
    take(db, [make_entry()], head=Head(title="News", updated=NOON + timedelta(hours=1)), now=NOON + timedelta(hours=1))

    assert output(db, "sources", "news") == before


def test_opml_lists_what_we_publish_and_what_we_follow(db: Database, tmp_path: Path) -> None:
    """O-01: both lists are OPML 2.0 with a type, a text and an address for every feed; files are not listed."""
    declare(
        db, make_source(region="central-asia"), make_source(slug="own", url="file:a.xml"), topics={"air": "helicopter*"}
    )
    publishing = publisher(db, tmp_path)
    followed = ElementTree.fromstring(lists.followed(publishing).content)
    published = ElementTree.fromstring(lists.published(publishing).content)

    assert followed.get("version") == "2.0"
    assert [one.get("xmlUrl") for one in followed.iter("outline") if one.get("type") == "rss"] == [
        "https://news.example/feed"
    ]
    assert [one.get("text") for one in followed.findall("body/outline")] == ["Central asia"]
    addresses = [one.get("xmlUrl") for one in published.iter("outline") if one.get("type") == "rss"]
    assert addresses == ["https://h.example/all.atom", "https://h.example/topics/air.atom"]
    assert lists.followed(publishing) == lists.followed(publishing)


def test_an_entry_keeps_the_source_it_brought(db: Database, tmp_path: Path) -> None:
    """A-10: an entry from an aggregate names its first source, not the aggregate."""
    declare(db, make_source())
    inner = Head(title="First hand", url="https://first.example/feed", id="urn:x:first")
    take(db, [replace(make_entry(), source=inner)])
    entry = feedparser.parse(publisher(db, tmp_path).feed(output(db), "rss", NOON).content).entries[0]

    assert (entry.source.title, entry.source.href) == ("First hand", "https://first.example/feed")


def test_where_a_file_lies_is_nobodys_business(db: Database, tmp_path: Path) -> None:
    """X-33, A-03: the source of entries from a file is named by our own feed of it, never by its path."""
    declare(db, make_source(url="file:desk/secret-plans.xml"))
    take(db, [make_entry(id="1", title="Quay")])
    publisher = Publisher(db, write_config(tmp_path, "settings: {base_url: 'https://h.example'}"))
    output = reading.output(db, "all", "")
    assert output is not None
    for form in ("atom", "rss", "json"):
        body = publisher.feed(output, form, NOON).content
        assert b"secret-plans" not in body
        assert b"https://h.example/sources/news.rss" in body
