"""What we add to a publisher's entry on its way out: places on the map, labels of its source, its language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.publish import Publisher
from feeds.meaning import degrees
from feeds.model import Document, Entry, Place
from feeds.parse import parse
from feeds.write import write
from storage import reading
from storage.database import Database
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.test_write import ATOM, DC, HEAD, document, make

FORMS = ("atom", "rss", "json")
BASE = "https://h.example"
GEO = "{http://www.georss.org/georss}"
KZ = Place(code="KZ", name="Kazakhstan", point=(51.1694, 71.4491))
KG = Place(code="KG", name="Kyrgyzstan", point=(42.87, 74.59))
PLACED: dict[str, Any] = {"places": (KZ, KG), "labels": ("state-media", "wire"), "categories": ("defence",)}


def tree(form: str, *entries: Entry) -> etree._Element:
    """The XML of a document from our server."""
    return etree.fromstring(write(document(*entries), form, base=BASE))


def test_places_in_atom() -> None:
    """V-01: a category a place with scheme, term and label, one a label, behind the publisher's own; one point, lat lon."""
    (entry,) = tree("atom", make(**PLACED)).iter(f"{ATOM}entry")

    assert [dict(one.items()) for one in entry.findall(f"{ATOM}category")] == [
        {"term": "defence"},
        {"term": "KZ", "scheme": "https://h.example/places/", "label": "Kazakhstan"},
        {"term": "KG", "scheme": "https://h.example/places/", "label": "Kyrgyzstan"},
        {"term": "state-media", "scheme": "https://h.example/labels/"},
        {"term": "wire", "scheme": "https://h.example/labels/"},
    ]
    assert [one.text for one in entry.findall(f"{GEO}point")] == ["51.1694 71.4491"]
    assert entry.findtext(f"{GEO}featurename") == "Kazakhstan"


def test_places_in_rss() -> None:
    """V-04: the same as categories with a domain, and the point."""
    (item,) = tree("rss", make(**PLACED)).iter("item")

    assert [(one.get("domain"), one.text) for one in item.findall("category")] == [
        (None, "defence"), ("https://h.example/places/", "Kazakhstan"), ("https://h.example/places/", "Kyrgyzstan"),
        ("https://h.example/labels/", "state-media"), ("https://h.example/labels/", "wire"),
    ]  # fmt: skip
    assert item.findtext(f"{GEO}point") == "51.1694 71.4491"


def test_places_in_json() -> None:
    """J-01: places and labels stand in an extension of ours, whose name begins with an underscore; tags are the publisher's."""
    (item,) = json.loads(write(document(make(**PLACED)), "json", base=BASE))["items"]

    assert item["_heliograph"] == {
        "places": [
            {"code": "KZ", "name": "Kazakhstan", "point": [51.1694, 71.4491]},
            {"code": "KG", "name": "Kyrgyzstan", "point": [42.87, 74.59]},
        ],
        "labels": ["state-media", "wire"],
    }
    assert item["tags"] == ["defence"]


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_feedparser_finds_the_point(form: str) -> None:
    """V-13: feedparser reads the point as longitude and latitude, the categories with their schemes, and complains of nothing."""
    read = feedparser.parse(write(document(make(**PLACED)), form, base=BASE))
    (entry,) = read.entries

    assert not read.bozo
    assert entry.where == {"type": "Point", "coordinates": (71.4491, 51.1694)}
    assert [tag.scheme for tag in entry.tags].count("https://h.example/places/") == 2


@pytest.mark.parametrize("form", FORMS)
def test_we_read_it_back(form: str) -> None:
    """V-13: what we add changes nothing else that our own reader finds; of XML the names come back as categories."""
    sent = (make(categories=("defence",)), make(**PLACED))
    plain, added = (parse(write(document(one), form, base=BASE), HEAD.url) for one in sent)
    assert isinstance(plain, Document)
    assert isinstance(added, Document)
    (one,), (other,) = plain.entries, added.entries

    assert (one.title, one.content, one.id, one.link, one.lang) == (
        other.title,
        other.content,
        other.id,
        other.link,
        other.lang,
    )
    names = () if form == "json" else ("Kazakhstan", "Kyrgyzstan", "state-media", "wire")
    assert other.categories == (*one.categories, *names)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_places_are_the_same_bytes(form: str) -> None:
    """V-12: the same entry gives the same bytes; without places and labels there is no trace of either."""
    assert write(document(make(**PLACED)), form, base=BASE) == write(document(make(**PLACED)), form, base=BASE)
    plain = write(document(make()), form, base=BASE)
    assert b"point" not in plain
    assert b"_heliograph" not in plain
    assert b"/places/" not in plain


@pytest.mark.parametrize("form", FORMS)
def test_sick_places_do_no_harm(form: str) -> None:
    """V-01, X-27: no place without a code, none twice, no point off the Earth, no controls, never a crowd."""
    sick = (
        Place(code=""), Place(code="XK"), Place(code="XK", name="again"), Place(code="A", name="\x00\ud800", point=(91.0, 0.0)),
        Place(code="B", point=(float("nan"), 0.0)), Place(code="C", name="<c> & \"c\"", point=(-0.000001, -180.0)),
        *(Place(code=f"P{number}") for number in range(100)),
    )  # fmt: skip
    written = write(document(make(places=sick, labels=("", "\x01", "a", "a"))), form)

    if form == "json":
        told = json.loads(written)["items"][0]["_heliograph"]
        assert [place["code"] for place in told["places"]][:4] == ["XK", "A", "B", "C"]
        assert (len(told["places"]), told["labels"]) == (40, ["a"])
        assert [place.get("point") for place in told["places"]][:4] == [None, None, None, [0.0, -180.0]]
    else:
        entry = next(iter(etree.fromstring(written).iter(f"{ATOM}entry", "item")))
        assert [one.text for one in entry.iter(f"{GEO}point")] == ["0 -180"]
        assert entry.findtext(f"{GEO}featurename") == '<c> & "c"'
        assert len([*entry.findall(f"{ATOM}category"), *entry.findall("category")]) == 41


def test_degrees() -> None:
    """V-01: degrees without an exponent, a sign before nothing, or digits that mean nothing."""
    assert [degrees(one) for one in (51.16947, -1.5, 10.0, 100.0, -0.00001, 1e-9, -180.0)] == [
        "51.1695", "-1.5", "10", "100", "0", "0", "-180",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["unknown", "und", "Unknown", "mul"])
def test_a_language_that_nobody_knows_is_not_told(language: str) -> None:
    """V-08: "unknown" has the form of a tag and is none."""
    told = make(lang=language)

    assert next(tree("atom", told).iter(f"{ATOM}entry")).get("{http://www.w3.org/XML/1998/namespace}lang") is None
    assert next(tree("rss", told).iter("item")).findtext(f"{DC}language") is None
    assert "language" not in json.loads(write(document(told), "json"))["items"][0]


def test_a_source_is_named_with_its_labels(db: Database, tmp_path: Path) -> None:
    """A-03: the labels of a source stand in our feeds of its entries, under our own scheme."""
    declare(db, make_source(labels=("state-media",)))
    take(db, [make_entry(published=NOON)])
    publisher = Publisher(db, write_config(tmp_path, "settings: {base_url: 'https://h.example'}"))
    found = reading.output(db, "all", "")
    assert found is not None

    body = publisher.feed(found, "atom", NOON).content
    assert b'<category term="state-media" scheme="https://h.example/labels/"/>' in body
    (item,) = json.loads(publisher.feed(found, "json", NOON).content)["items"]
    assert item["_heliograph"] == {"labels": ["state-media"]}
