"""Real feeds, and the test suites of other readers: nothing stops us, and what an independent reading found is found."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from feeds.clean import plain_text, title_text
from feeds.decode import legal, undoubled
from feeds.identity import is_web_url
from feeds.model import Document, Failed
from feeds.parse import parse, read_raw
from feeds.raw import Raw

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
REAL = CORPUS / "real"
SUITES = CORPUS / "suites"
ORACLE = REAL / "oracle.jsonl"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not ORACLE.is_file(), reason="the shared corpus of real feeds is not here"),
]

RUNS = re.compile(r"<(?:script|style|iframe|object|form|svg)\b|<[^>]*(?:\son\w+=|=\"(?:javascript|data:|/|\.\.))")
# Where we find other numbers of entries than are written down, and why.
EXPLAINED = {
    "fr-lefigaro.rss": (49, "an item is there twice"),
    "news-wapo-world-2017.rss": (24, "an item is there twice"),
    "podcast-transistor.rss": (62, "two items are there twice"),
    "sick-illegally-nested.rss": (10, "items inside items that say nothing are no items"),
    "osm-pl.rss": (7, "the body breaks off within the eighth"),
}
# Fields in which feedparser alone is wrong, as docs/reading.md has it: it gives the id behind an empty item to the feed.
WRONGLY_READ = {"sick-illegally-nested.rss": {"id", "link"}}
# Their last item is the half one.
CUT = {"osm-pl.rss"}


def oracle() -> list[dict[str, Any]]:
    """What was read without our parser, a record a file."""
    return [json.loads(line) for line in ORACLE.read_text().splitlines()] if ORACLE.is_file() else []


@cache
def read(name: str) -> Document:
    """One real feed."""
    document = parse((REAL / name).read_bytes(), f"https://feed.example/{name}")
    assert isinstance(document, Document), (name, document)
    return document


def each() -> Iterator[tuple[str, dict[str, Any], Document]]:
    """Every real feed with its record."""
    for record in oracle():
        yield record["file"], record, read(record["file"])


def words(text: str) -> str:
    """Letters and digits alone: how a title was escaped is not what is compared here, nor which spaces are in it."""
    once = undoubled(re.sub("([ÂÃ]) ", "\\1\u00a0", text))
    return "".join(re.findall(r"\w+", title_text(title_text(once, is_html=True), is_html=True)))


def test_every_real_feed_has_the_entries_that_were_counted() -> None:
    """Every real feed is read, and holds as many entries as an independent reading counted, but for what is explained."""
    counted = {name: record["entries"] for name, record, _ in each()}
    expected = counted | {name: number for name, (number, _) in EXPLAINED.items()}

    assert len(counted) > 150
    assert {name: len(document.entries) for name, _, document in each()} == expected


SAID = (
    "id",
    "link",
    "title",
    "authors",
    "published",
    "updated",
    "summary",
    "content",
    "text",
    "categories",
    "enclosures",
)


def test_both_readers_say_the_same_of_real_entries() -> None:
    """X-14: what the fast reader says of a real entry is what feedparser says of it, in every field that a reader sees."""
    entries = fast = 0
    for name, record, document in each():
        raw = read_raw((REAL / name).read_bytes())
        entries += record["entries"]
        if not isinstance(raw, Raw) or raw.reader != "wellformed":
            continue
        fast += len(raw.entries)
        other = parse((REAL / name).read_bytes(), f"https://feed.example/{name}", fast=False)
        assert isinstance(other, Document)
        assert len(document.entries) == len(other.entries), name
        for ours, theirs in zip(document.entries, other.entries, strict=True):
            differing = {key for key in SAID if getattr(ours, key) != getattr(theirs, key)}
            assert differing == WRONGLY_READ.get(name, set()), name
            assert name not in WRONGLY_READ or ours.id.encode() in (REAL / name).read_bytes(), name

    assert fast > 0.9 * entries


def test_the_ids_of_real_entries_are_found() -> None:
    """I-04: every id that was written down is the id of an entry, byte for byte."""
    for name, record, document in each():
        ids = {entry.id for entry in document.entries}
        written = {one["id"].strip() for one in record["sample"] if one["id"]}

        assert len(written - ids) <= (name in CUT), name


def test_the_titles_of_real_entries_are_found() -> None:
    """F25, F46: every title that was written down is the title of an entry, however it was escaped or encoded."""
    for name, record, document in each():
        titles = {words(entry.title) for entry in document.entries}
        written = {words(one["title"]) for one in record["sample"] if one["title"]}

        assert len(written - titles) <= (name in CUT), (name, written - titles)


def test_the_names_of_real_feeds_are_found() -> None:
    """The title of every real feed is the one that was written down."""
    for name, record, document in each():
        assert words(document.head.title) == words(record["feed_title"] or ""), name


def test_real_entries_are_fit_to_be_republished() -> None:
    """X-20, X-27, V-07, V-09: all words are legal, titles hold no tags, links are absolute, nothing that runs is left."""
    for name, _, document in each():
        for entry in document.entries:
            said = entry.summary + entry.content
            assert legal(said + entry.title + entry.id) == said + entry.title + entry.id, name
            assert not entry.link or is_web_url(entry.link), name
            assert not RUNS.search(said), name
            assert plain_text(entry.content) in entry.text, name


def test_ids_of_real_entries_are_unique() -> None:
    """I-06: no real feed gives two entries of one id."""
    doubles = {
        name: max(Counter(entry.id for entry in document.entries).values(), default=1) for name, _, document in each()
    }

    assert set(doubles.values()) == {1}


def test_real_dates_are_read() -> None:
    """I-15, F21: wherever a date was written down, the entry has one."""
    for name, record, document in each():
        dated = {entry.id for entry in document.entries if entry.published or entry.updated}
        written = {
            one["id"].strip() for one in record["sample"] if one["id"] and (one.get("published") or one.get("updated"))
        }

        assert len(written - dated) <= (name in CUT), (name, written - dated)


@pytest.mark.parametrize(
    "suite",
    [
        "feedparser/tests/encoding",
        "feedparser/tests/entities",
        "feedparser/tests/wellformed",
        "gofeed",
        "feed-rs",
        "listparser",
    ],
)
def test_no_file_of_other_suites_stops_us(suite: str) -> None:
    """X-14: every file of every suite, broken on purpose or not, is a document or a reason, never an exception."""
    files = [file for file in sorted((SUITES / suite).rglob("*")) if file.is_file()]
    outcomes = Counter(type(parse(file.read_bytes(), "https://feed.example/")) for file in files)

    assert outcomes.keys() <= {Document, Failed}
    assert outcomes.total() == len(files) > 50


@pytest.mark.parametrize(
    ("name", "charset", "title"),
    [
        ("http_i18n.xml", "utf-8", "Iñtërnâtiônàlizætiøn"),
        ("euc-kr.xml", "", "년"),
        ("bozo_http_i18n.xml", "iso-8859-1", "Iñtërnâtiônàlizætiøn"),
    ],
)
def test_encodings_of_another_suite(name: str, charset: str, title: str) -> None:
    """X-14, F08: titles in foreign encodings come out as that suite says they should."""
    body = (SUITES / "feedparser/tests/encoding" / name).read_bytes()
    document = parse(body, "https://feed.example/", f"text/xml; charset={charset}")

    assert isinstance(document, Document)
    assert document.head.title == title


def test_feeds_of_another_suite_are_feeds() -> None:
    """Nearly every file that another reader takes for a feed is one for us; what is not is a channel of another kind, or cut."""
    files = sorted((SUITES / "feedparser/tests/wellformed").rglob("*.xml"))
    refused = {
        file.parent.name for file in files if isinstance(parse(file.read_bytes(), "https://feed.example/"), Failed)
    }

    assert refused <= {"cdf"}
