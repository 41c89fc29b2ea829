"""What a document says of its dates, its languages, its head and its pace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feeds.model import Author, Head, Pace
from tests.fakes import NOON, item, rss
from tests.test_parse import atom, entry, first, read

EARLY = datetime(2026, 11, 24, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "published", "updated"),
    [
        ("<pubDate>Tue, 24 Nov 2026 05:01:00 +0300</pubDate>", EARLY, None),
        ("<dc:date>2026-11-24T02:01:00Z</dc:date>", None, EARLY),
        ("<pubDate>yesterday</pubDate>", None, None),
        ("<pubDate>2026-W48-2</pubDate>", None, None),
        ("", None, None),
        ("<pubDate>24 ноября 2026, 05:01 MSK</pubDate>", EARLY, None),
    ],
)
def test_dates_of_items(said: str, published: datetime | None, updated: datetime | None) -> None:
    """I-10, I-15, F21, F22: the publisher's dates in UTC; one that is missing or cannot be read is None, never "now"."""
    found = first(rss(f"<item><guid>1</guid>{said}</item>"))

    assert (found.published, found.updated) == (published, updated)


def test_dates_of_atom_entries() -> None:
    """I-15: published and updated of Atom stay apart."""
    found = first(atom(entry(1, extra="<published>2026-11-24T00:00:00+02:00</published>")))

    assert found.published == NOON - timedelta(hours=14)
    assert found.updated == NOON - timedelta(hours=11)


def test_languages() -> None:
    """V-08: the language of the content, else of the entry's feed."""
    french = '<content type="html" xml:lang="fr">&lt;p&gt;Le pont&lt;/p&gt;</content>'
    document = read(atom(entry(1, extra=french), entry(2), attributes='xml:lang="tr"'))

    assert [one.lang for one in document.entries] == ["fr", "tr"]
    assert document.head.lang == "tr"


def test_the_head_of_a_feed() -> None:
    """A-03: all that a feed says of itself is read, with absolute addresses."""
    said = (
        '<author><name>Desk</name></author><link rel="self" href="/atom.xml"/><link href="/"/><icon>/i.png</icon>'
        '<logo>javascript:x</logo><rights>CC</rights><subtitle type="html">A &lt;b&gt;b&lt;/b&gt;</subtitle>'
        '<category term="Rivers"/>'
    )

    assert read(atom(extra=said)).head == Head(
        title="News", id="tag:news.example,2026:feed", url="https://news.example/atom.xml", site_url="https://news.example/",
        subtitle="A b", updated=NOON, rights="CC", icon="https://news.example/i.png", authors=(Author(name="Desk"),),
        categories=("Rivers",),
    )  # fmt: skip


def test_the_pace_that_a_feed_asks_for() -> None:
    """F-24, F-25: ttl, skipHours, skipDays and sy: hints are read as they stand, behind a Turkish title too."""
    sy = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    said = (
        "<ttl>90</ttl><skipHours><hour>1</hour><hour> 24 </hour></skipHours><skipDays><day>Sunday</day></skipDays>"
        f"<sy:updatePeriod {sy}>daily</sy:updatePeriod><sy:updateFrequency {sy}>4</sy:updateFrequency>"
    )
    asked = Pace(ttl=90, skip_hours=(1, 24), skip_days=("Sunday",), update_period="daily", update_frequency=4)

    assert read(rss(extra=said)).pace == read(rss(title="İ" * 300, extra=said)).pace == asked
    assert read(rss(extra="<ttl>soon</ttl><skipHours><hour>x</hour></skipHours>")).pace == Pace()


def test_no_crowd_signs() -> None:
    """X-11: of an entry a hundred authors, categories and fifty files are read; of a document five thousand names."""
    people = "".join(f"<dc:creator>Nora Quill {number}</dc:creator>" for number in range(200))
    tags = "".join(f'<category>{number}</category><enclosure url="/{number}.mp3"/>' for number in range(200))
    found = first(rss(item(extra=people + tags)))
    assert (len(found.authors), len(found.categories), len(found.enclosures)) == (100, 100, 50)

    def signed(start: int) -> str:
        return "".join(f"<dc:creator>Nora Quill {start + number}</dc:creator>" for number in range(90))

    many = read(
        rss(*(item(number, extra=signed(number * 90)) for number in range(60)), item(99, extra=signed(0)))
    ).entries
    assert len({author.name for one in many for author in one.authors}) == 5000
    assert len(many[-1].authors) == 90
