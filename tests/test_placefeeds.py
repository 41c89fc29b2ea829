"""Feeds of countries and regions, and the places that topics ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from aggregator import placefeeds
from aggregator.decide import decide
from aggregator.publish import Publisher
from aggregator.rejudging import rejudge_waiting
from aggregator.topics.language import read_query
from aggregator.topics.tree import QueryError
from aggregator.web.app import make_app
from feeds.model import Answer, Deleted, Document, Fetched, Head, Validators
from storage import intake, reading, upkeep
from storage.database import Database, open_database
from storage.meaning import languages, remember
from storage.model import Meaning, SourceRow
from storage.upkeep import Declared
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take, write_config
from tests.live import served

ATOM = "{http://www.w3.org/2005/Atom}"
BISHKEK = make_entry(
    id="1",
    title="Kyrgyzstan buys helicopters",
    text="The ministry in Bishkek signed on Tuesday.",
    link="https://n.example/1",
)
ASTANA = make_entry(
    id="2", title="Kazakhstan and Kyrgyzstan hold an exercise", text="Kazakh and Kyrgyz units took part.",
    link="https://n.example/2",
)  # fmt: skip
LISBON = make_entry(id="3", title="Portugal names a new admiral", text="Lisbon said so.", link="https://n.example/3")


def brought(db: Database, *entries: object) -> None:
    """A store to which a source brought these, one poll each, an hour apart."""
    declare(db, make_source())
    for hour, entry in enumerate(entries):
        take(db, [entry], now=NOON + timedelta(hours=hour))  # type: ignore[list-item]  # the constants above are entries


def ids(db: Database, slug: str, limit: int = 9) -> list[str]:
    """The entries of a place's feed, in its order."""
    return [one.entry.id for one in placefeeds.page(db, slug, limit=limit)]


def test_a_country_has_its_entries_and_a_region_those_of_its_countries(db: Database) -> None:
    """The newest arrival first; one that names two countries of a region stands in it once."""
    brought(db, BISHKEK, ASTANA, LISBON)

    assert ids(db, "kyrgyzstan") == ["2", "1"]
    assert ids(db, "kazakhstan") == ["2"]
    assert ids(db, "central-asia") == ["2", "1"]
    assert ids(db, "central-asia", limit=1) == ["2"]
    assert ids(db, "portugal") == ["3"]
    assert ids(db, "armenia") == ids(db, "nowhere") == []


def test_a_place_keeps_the_words_that_named_it(db: Database) -> None:
    """Each place of an entry says how often it is named, whether in the title, and where."""
    brought(db, BISHKEK)
    (kept,) = reading.page(db, "all", "", limit=9)
    (tag,) = kept.places

    assert (tag.code, tag.in_title) == ("KG", True)
    texts = {"title": kept.entry.title, "text": kept.entry.text}
    assert [texts[span.field][span.start : span.end] for span in tag.spans] == ["Kyrgyzstan", "Bishkek"]


def test_an_edit_changes_the_places_and_a_place_named_before_keeps_its_turn(db: Database) -> None:
    """P-06: what an edit no longer names is left; what it names now arrives now; the rest stays where it was, and so does the
    entry in a region that it stood in before."""
    brought(db, BISHKEK, ASTANA)
    edited = make_entry(
        id="1", title="Kyrgyzstan and Turkmenistan buy helicopters", text="So it is said.", link="https://n.example/1"
    )
    take(db, [edited], now=NOON + timedelta(hours=5))

    assert ids(db, "kyrgyzstan") == ["2", "1"]
    assert ids(db, "turkmenistan") == ["1"]
    assert ids(db, "central-asia") == ["2", "1"]


def test_hidden_entries_are_in_no_place(db: Database) -> None:
    """A place shows and counts what may be shown."""
    brought(db, BISHKEK, ASTANA, LISBON)
    (claim,) = intake.claim(db, NOON + timedelta(hours=9), owner="test", limit=1, slugs=["news"], explicit=True)
    document = Document(
        head=Head(title="News"), deleted=(Deleted(id="2", at=NOON + timedelta(hours=8)),), format="atom10"
    )
    answer = Answer(status=200, url=claim.source.url)
    outcome = Fetched(answer=answer, body=b"x", validators=Validators(url=claim.source.url))
    known = intake.known(db, claim.source_id, ["2"])
    assert intake.record(db, claim, decide(claim, outcome, document, known, [], NOON + timedelta(hours=9)))

    assert ids(db, "central-asia") == ["1"]
    countries, regions = placefeeds.list_places(db)

    assert {one.slug: one.entries for one in countries} == {"kyrgyzstan": 1, "portugal": 1}
    assert next(one for one in regions if one.slug == "central-asia").entries == 1


def test_stored_entries_are_judged_by_todays_gazetteer(db: Database) -> None:
    """A store of before, or another version of the gazetteer, is judged anew in the background, without becoming news."""
    brought(db, BISHKEK, ASTANA)
    held = reading.page(db, "all", "", limit=9)
    remember(db, [(one.key, one.fingerprint, Meaning(language="")) for one in held], NOON)
    assert ids(db, "kyrgyzstan") == []
    assert languages(db) == {"": 2}

    rows = [SourceRow(source=make_source())]
    upkeep.reconcile(db, Declared(sources=rows, meaning="another"), NOON)
    before = reading.output(db, "all", "")
    assert rejudge_waiting(db, Clock(), owner="test") == 2
    after = reading.output(db, "all", "")

    assert ids(db, "kyrgyzstan") == ["2", "1"]
    assert languages(db) == {"en": 2}
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    upkeep.reconcile(db, Declared(sources=rows, meaning="another"), NOON)
    assert rejudge_waiting(db, Clock(), owner="test") == 0


def test_what_was_edited_meanwhile_is_not_judged_by_old_words(db: Database) -> None:
    """A judgement of words that an edit has replaced is not written down."""
    brought(db, BISHKEK)
    (kept,) = reading.page(db, "all", "", limit=9)

    assert remember(db, [(kept.key, "other words", Meaning(language="xx"))], NOON) == 0
    assert languages(db) == {"en": 1}


def test_topics_ask_for_places_and_say_which_words_named_them(db: Database) -> None:
    """place: finds a country by code, name or region; its words are the reason."""
    topics = declare(
        db, make_source(),
        topics={"ca": "place:central-asia helicopter*", "kz": "place:KZ", "m49": "place:143", "pt": 'place:"Portugal"'},
    )  # fmt: skip
    take(db, [BISHKEK, ASTANA, LISBON], topics=topics)
    filed = {
        one.entry.id: {why.topic: why.terms for why in one.filings} for one in reading.page(db, "all", "", limit=9)
    }

    assert filed["1"].keys() == {"ca", "m49"}
    assert filed["2"].keys() == {"kz", "m49"}
    assert filed["3"].keys() == {"pt"}
    assert filed["1"]["ca"] == ("place:central-asia", "helicopter*")


def test_an_unknown_place_is_an_error_with_a_hint() -> None:
    """A place that nobody knows is told with what is expected, and what may have been meant."""
    with pytest.raises(QueryError, match=r"no place kazakstann.*did you mean kazakhstan\?.*column 10"):
        read_query("military place:kazakstann")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """A server with two entries about places."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    brought(db, BISHKEK, ASTANA)
    config = write_config(tmp_path, "settings: {base_url: 'https://h.example', title: Desk}")
    with served(make_app(Publisher(db, config))) as made:
        yield made
    db.close()


def test_places_are_served_as_pages_and_feeds(client: httpx.Client) -> None:
    """A list of places, a page each, and feeds that a reader can subscribe to; other names of a place lead to it."""
    listed = client.get("/places")
    assert listed.status_code == 200
    assert '<a href="/places/kyrgyzstan">' in listed.text
    assert '<a href="/places/central-asia">' in listed.text
    page = client.get("/places/central-asia")
    assert "Kyrgyzstan buys helicopters" in page.text
    assert "Tajikistan" in page.text

    feed = client.get("/places/kyrgyzstan.atom")
    tree = ElementTree.fromstring(feed.content)
    assert [one.findtext(f"{ATOM}title") for one in tree.iter(f"{ATOM}entry")] == [ASTANA.title, BISHKEK.title]
    assert client.get("/places/kyrgyzstan.atom", headers={"If-None-Match": feed.headers["ETag"]}).status_code == 304
    other = tree.findtext(f"{ATOM}id")
    assert ElementTree.fromstring(client.get("/places/kazakhstan.atom").content).findtext(f"{ATOM}id") != other
    assert client.get("/places/KG.rss").headers["Location"] == "/places/kyrgyzstan.rss"
    assert client.get("/places/143").headers["Location"] == "/places/central-asia"
    assert client.get("/places/atlantis").status_code == 404
