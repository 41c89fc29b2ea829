"""Searching what is stored: nothing is missed, whatever is indexed and whatever waits."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from aggregator.config import Config
from aggregator.indexing import index_waiting
from aggregator.joining import Joiner
from aggregator.searching import Page, compile_search, find, since_of
from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules
from aggregator.topics.subject import Told
from aggregator.topics.tree import QueryError
from feeds.model import Article, Entry
from storage import reading, search_index, search_queue, upkeep
from storage.articles import put_page
from storage.database import Database
from storage.model import SourceRow
from storage.search import candidates
from storage.search_model import AllOf, AnyOf, Narrowing, Word
from storage.upkeep import Declared
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config

SCRIPTS = (
    (
        "frigate",
        "Drone",
        "air",
        "defence",
        "counter-UAV",
        "S-300",
        "armour",
        "Mi-8",
        "Kazakhstan",
        "helicopters",
        "organised",
        "naïve",
        "crew's",
    ),
    ("фрегат", "беспилотник", "ПВО", "С-300", "оборона", "учения", "ёлка", "ракеты", "Казахстан", "вертолётов"),
    ("مروحية", "دفاع", "طائرة", "الجوي", "صواريخ", "تدريب"),
    ("護衛艦", "無人機", "防空", "訓練", "ミサイル"),
    ("रक्षा", "मिसाइल", "नौसेना", "ड्रोन", "अभ्यास"),
)
NAMES = ("Ada Ore", "Тихон Озерков", "مهتاب", "山田")
VALUES = (
    "author:ore", "source:wire", "lang:ru", "author:Тихон", "place:KZ", "place:central-asia", "category:air", "helicopter",
    "вертолет", '="Drone"', "words>6", "published>=2026-11-24", "age<1d", "sources>=1", "sources>=2", "places>=1", "url:news",
    "kind:wire", "@uav", "topic:sea",
)  # fmt: skip
QUERIES = 30


def sentence(chance: Random, words: int) -> str:
    """Words of one script, now and then of another."""
    script = chance.choice(SCRIPTS)
    return " ".join(chance.choice(script if chance.random() < 0.9 else chance.choice(SCRIPTS)) for _ in range(words))


def made(chance: Random, number: int) -> Entry:
    """An entry of a few words in one of five scripts."""
    return make_entry(
        id=str(number), title=sentence(chance, 3), text=sentence(chance, chance.randrange(12)),
        link=f"https://news.example/{number}", authors=[chance.choice(NAMES)], lang=chance.choice(["en", "ru", ""]),
        categories=tuple(chance.sample(["Air power", "Флот"], chance.randrange(2))),
    )  # fmt: skip


def query(chance: Random, depth: int = 0) -> str:
    """A query of words from the same scripts."""
    kind = chance.randrange(10 if depth < 3 else 4)
    word = chance.choice(chance.choice(SCRIPTS))
    if kind == 0:
        return f"{word[: chance.randint(2, 4)].rstrip('-')}*" if len(word.partition("-")[0]) > 1 else word
    if kind == 1:
        return f'"{sentence(chance, 2)}"'
    if kind == 2:
        return chance.choice(["title:", "text:"]) + word
    if kind in (3, 4):
        return chance.choice([word, *VALUES])
    if kind == 8:
        return f"{word} NEAR/{chance.randrange(4)} ({chance.choice(chance.choice(SCRIPTS))} OR {word})"
    one, other = query(chance, depth + 1), query(chance, depth + 1)
    return {5: f"({one} OR {other})", 6: f"({one} AND {other})", 7: f"({one} OR {other})"}.get(
        kind, f"({one} AND NOT {other})"
    )


def fill(db: Database, count: int = 300) -> None:
    """Two sources that brought entries in five scripts."""
    chance = Random("entries")
    declare(db, make_source(), make_source(slug="wire", url="https://wire.example/feed", name="Wire"))
    entries = [made(chance, number) for number in range(count)]
    for hour, start in enumerate(range(0, count, 50)):
        slug = "wire" if hour % 2 else "news"
        take(db, entries[start : start + 50], slug=slug, now=NOON + timedelta(hours=hour))


CONFIG = """
terms: {uav: [drone*, беспилотн*, 無人機]}
topics:
  sea: {title: Sea, query: "frigate* OR фрегат*"}
"""


@cache
def configured(folder: Path) -> Config:
    """A configuration with a list and a topic."""
    return write_config(folder, CONFIG)


def asked(folder: Path, text: str) -> Topic:
    """A query, compiled as a search compiles it."""
    return compile_search(text, configured(folder))


def scanned(db: Database, topic: Topic) -> list[int]:
    """Every entry that the evaluator finds, looking at each, the newest first."""
    kept = reading.entries_after(db, 0, 10_000)
    sources = reading.sources_of(db, kept)
    rules = Rules([topic])
    return [
        one.key
        for one in reversed(kept)
        if one.hidden_at is None
        and rules.judge(
            one.entry, sources[one.source_slug], one.meaning, Told(published=one.published, now=NOON, sources=1)
        )
    ]


def every(db: Database, topic: Topic, *, limit: int = 50) -> list[int]:
    """All pages of a search, one after the other."""
    found: list[int] = []
    before = None
    while True:
        page = find(db, topic, NOON, limit=limit, before=before)
        found += keys(page)
        if page.before is None:
            return found
        before = page.before


def keys(page: Page) -> list[int]:
    """The entries of a page."""
    return [one.kept.key for one in page.found]


def test_a_search_finds_what_a_look_at_everything_finds(db: Database, tmp_path: Path) -> None:
    """Random queries in five scripts: with nothing, half and all indexed, a search misses nothing and adds nothing."""
    fill(db, 200)
    chance = Random("queries")
    hits = 0
    for share in (0, 100, None):
        index_waiting(db, most=share)
        for _ in range(QUERIES):
            text = query(chance)
            try:
                topic = asked(tmp_path, text)
            except QueryError:
                continue
            expected = scanned(db, topic)
            hits += bool(expected)
            assert every(db, topic) == expected, text

    assert search_queue.waiting(db) == 0
    assert hits > QUERIES


def test_the_index_narrows(db: Database, tmp_path: Path) -> None:
    """Once all is indexed, a search looks at few entries: those that have the words."""
    fill(db)
    index_waiting(db)
    page = find(db, asked(tmp_path, "фрегат AND ракеты"), NOON)

    assert 0 < page.looked < 100
    assert find(db, asked(tmp_path, "nowhere"), NOON).looked == 0


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_pages_give_every_match_once(db: Database, tmp_path: Path, limit: int) -> None:
    """Whatever the size of a page, the pages together are all matches, the newest arrival first, each once."""
    fill(db)
    index_waiting(db, most=100)
    topic = asked(tmp_path, "фрегат OR frigate OR title:防空")
    found = every(db, topic, limit=limit)

    assert found == scanned(db, topic)
    assert all(one > other for one, other in pairwise(found))
    assert len(found) > 50


def test_a_page_ends_where_it_has_looked_at_enough(db: Database, tmp_path: Path) -> None:
    """What the index cannot narrow is looked at in portions: a page that found little says how far it came."""
    fill(db)
    topic = asked(tmp_path, "lang:ru AND title:frigate")
    page = find(db, asked(tmp_path, "lang:xx OR lang:yy"), NOON, limit=10, most=40)
    assert (page.is_cut, page.found, page.looked < 300, page.before is not None) == (True, (), True, True)
    assert page.reached is not None

    found, before = [], None
    while True:
        page = find(db, topic, NOON, limit=10, before=before, most=40)
        found += keys(page)
        before = page.before
        if before is None:
            break
    assert found == scanned(db, topic)


def test_days_bound_the_search_by_arrival(db: Database, tmp_path: Path) -> None:
    """Entries that arrived in the last days only; where nothing did, nothing is found."""
    fill(db)
    index_waiting(db)
    topic = asked(tmp_path, "frigate OR фрегат")
    later = NOON + timedelta(days=2, hours=3)
    recent = find(db, topic, later, limit=500, since=since_of(2, later))
    kept = {one.key: one for one in reading.entries_after(db, 0, 1000)}

    assert (
        keys(recent) == [key for key in scanned(db, topic) if kept[key].first_seen >= NOON + timedelta(hours=3)] != []
    )
    assert find(db, topic, NOON + timedelta(days=99), since=since_of(1, NOON + timedelta(days=99))).found == ()


def test_an_edit_is_found_at_once_and_what_it_said_is_not(db: Database, tmp_path: Path) -> None:
    """An edited entry is found by its new words, before and after it is indexed again, and not by its old ones."""
    declare(db, make_source())
    take(db, [make_entry(title="Frigate launched")])
    index_waiting(db)
    take(db, [make_entry(title="Corvette launched")], now=NOON + timedelta(hours=1))
    for _ in range(2):
        assert len(every(db, asked(tmp_path, "corvette"))) == 1
        assert every(db, asked(tmp_path, "frigate")) == []
        index_waiting(db)


def test_an_entry_that_changes_while_it_is_indexed_goes_on_waiting(db: Database, tmp_path: Path) -> None:
    """Tokens of old words do not take the place of new ones: the entry waits until its new words are indexed."""
    declare(db, make_source())
    take(db, [make_entry(title="Frigate")])
    taken = search_queue.due(db, 10)
    take(db, [make_entry(title="Corvette")], now=NOON + timedelta(hours=1))
    search_queue.index(db, [(key, turn, ["wfrigate"]) for key, turn in taken])

    assert search_queue.waiting(db) == 1
    assert len(every(db, asked(tmp_path, "corvette"))) == 1
    index_waiting(db)
    assert search_queue.waiting(db) == 0
    assert len(every(db, asked(tmp_path, "corvette"))) == 1


def test_the_text_of_a_page_is_searched(db: Database, tmp_path: Path) -> None:
    """Where a source's pages are read, their words are found as soon as they are stored."""
    declare(db, make_source(full_text="page"))
    take(db, [make_entry(title="Launch", text="A ship")])
    index_waiting(db)
    (kept,) = reading.entries_after(db, 0, 10)
    article = Article(url="https://news.example/1", text="A ship was launched; the corvette is new.")
    assert put_page(db, kept.key, article.url, article, NOON, state="fetched")

    assert every(db, asked(tmp_path, "corvette")) == [kept.key]
    index_waiting(db)
    assert every(db, asked(tmp_path, "corvette")) == [kept.key]


def test_another_name_of_a_source_is_searched(db: Database, tmp_path: Path) -> None:
    """A source that gets another name or slug in feeds.yaml is found under it, and no longer under the old one."""
    declare(db, make_source(name="Gazette"))
    take(db, [make_entry(), make_entry(id="2", link="https://news.example/2")])
    index_waiting(db)
    declare(db, make_source(name="Herald"))
    assert len(every(db, asked(tmp_path, "source:herald"))) == 2
    index_waiting(db)
    assert len(every(db, asked(tmp_path, "source:herald"))) == 2
    assert every(db, asked(tmp_path, "source:gazette")) == []

    moved = SourceRow(source=make_source(slug="courier", name="Herald"), formerly=("news",))
    upkeep.reconcile(db, Declared(sources=[moved]), NOON)
    index_waiting(db)
    assert len(every(db, asked(tmp_path, "source:courier"))) == 2


def test_the_number_of_outlets_that_tell_a_story_is_asked_for(db: Database, tmp_path: Path) -> None:
    """sources>=2 finds what two outlets tell, once it was joined into a story; what stands alone counts one."""
    declare(db, make_source(), make_source(slug="wire", url="https://wire.example/feed", name="Wire"))
    told = (
        "The frigate left the northern port on Tuesday after repairs that took the yard eleven months, the navy said."
    )
    for slug in ("news", "wire"):
        entry = make_entry(
            id=slug, title="Frigate leaves port after repairs", text=told, link=f"https://{slug}.example/1"
        )
        take(db, [entry], slug=slug)
    take(db, [make_entry(id="3", title="A frigate is named", text="Alone.", link="https://news.example/3")])
    Joiner().join_waiting(db, lambda: NOON, owner="test")
    index_waiting(db)

    assert len(every(db, asked(tmp_path, "frigate sources>=2"))) == 2
    assert len(every(db, asked(tmp_path, "frigate sources<2"))) == 1


def test_hidden_entries_are_not_found(db: Database, tmp_path: Path) -> None:
    """What its publisher has withdrawn is in no result, though it is indexed."""
    fill(db, 50)
    index_waiting(db)
    topic = asked(tmp_path, "frigate OR фрегат OR 護衛艦")
    before = every(db, topic)
    with db.write() as connection:
        connection.exec_driver_sql(f"UPDATE entries SET hidden_at = 1, hidden_why = 'gone' WHERE id = {before[0]}")

    assert every(db, topic) == before[1:]


def test_another_version_of_the_tokens_indexes_everything_anew(db: Database, tmp_path: Path) -> None:
    """Where tokens mean something else than when they were written, all entries wait, and are found meanwhile."""
    fill(db, 60)
    sources = [SourceRow(source=make_source()), SourceRow(source=make_source(slug="wire", name="Wire"))]
    upkeep.reconcile(db, Declared(sources=sources, search="1"), NOON)
    index_waiting(db)
    upkeep.reconcile(db, Declared(sources=sources, search="1"), NOON)
    assert search_queue.waiting(db) == 0
    upkeep.reconcile(db, Declared(sources=sources, search="2"), NOON)

    assert search_queue.waiting(db) == 60
    topic = asked(tmp_path, "frigate OR ракеты")
    assert every(db, topic) == scanned(db, topic) != []
    index_waiting(db)
    assert every(db, topic) == scanned(db, topic)


def found_by(db: Database, narrowing: Narrowing) -> list[int]:
    """What the index and those that wait answer together."""
    with db.read() as connection:
        return candidates(connection, narrowing, most=100)


def test_an_entry_too_large_for_the_index_is_always_a_candidate(db: Database) -> None:
    """PostgreSQL takes no document of a megabyte of different words: such an entry stays a candidate, and waits no more."""
    declare(db, make_source())
    take(db, [make_entry(), make_entry(id="2", link="https://news.example/2")])
    (two, turn), (one, other) = search_queue.due(db, 10)
    search_queue.index(db, [(one, other, ["wsmall"]), (two, turn, [f"w{'x' * 280}{n}" for n in range(4000)])])

    assert search_queue.waiting(db) == 0
    assert found_by(db, Word("wsmall")) == [two, one]
    assert found_by(db, Word("wother")) == [two]


def test_tokens_of_any_character_are_looked_up(db: Database) -> None:
    """Marks, signs, quotes, spaces and long tokens are carried whole: nothing in them is read as an engine's syntax."""
    declare(db, make_source())
    take(db, [make_entry()])
    tokens = [
        "wरक्षा", "wx\u0301y", "w'quoted\"", "wa b", "w*", "w&|!()", "wb\\c", "nİ", "w-", "w" + "я" * 299, "w🚀", "wA:b"
    ]  # fmt: skip
    ((key, turn),) = search_queue.due(db, 10)
    search_queue.index(db, [(key, turn, tokens)])

    for token in tokens:
        assert found_by(db, Word(token)) == [key], token
        assert found_by(db, Word(token[:2], is_prefix=True)) == [key], token
        assert found_by(db, Word(token + "z")) == [], token
    assert found_by(db, AllOf(tuple(map(Word, tokens)))) == [key]
    assert found_by(db, AllOf((Word("wab"), Word("wरक्षा")))) == []


def test_deep_and_wide_questions_are_bounded(db: Database) -> None:
    """A question of any depth or width is answered, never with a candidate too few."""
    declare(db, make_source())
    take(db, [make_entry()])
    ((key, turn),) = search_queue.due(db, 10)
    search_queue.index(db, [(key, turn, ["wa", "wb"])])
    deep: Narrowing = Word("wa")
    for level in range(200):
        deep = AllOf((Word("wb"), deep)) if level % 2 else AnyOf((Word("wc"), deep))
    wide = AnyOf((*(Word(f"w{n}") for n in range(1500)), Word("wb")))
    too_wide = AllOf(tuple(Word(f"w{n}") for n in range(50_000)))

    assert found_by(db, deep) == [key]
    assert found_by(db, wide) == [key]
    assert found_by(db, too_wide) == [key]
    assert not search_index.is_wieldy(too_wide)
    assert not search_index.is_wieldy(AnyOf(tuple(Word(f"wa{n}", is_prefix=True) for n in range(50))))
    assert search_index.is_wieldy(AnyOf(tuple(Word(f"wabcde{n}", is_prefix=True) for n in range(50))))
