from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from aggregator.publish import Publisher
from feeds.model import Document
from feeds.parse import parse
from storage import reading, search_queue, transfer
from storage.database import Database, open_database
from storage.schema import entries, metadata, outputs, seen, topics
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.postgres import Server

REAL = Path(__file__).parent.parent.parent / "shared" / "corpus" / "real"


@pytest.fixture
def empty(postgresql: Server, tmp_path: Path) -> Iterator[dict[str, Database]]:
    """Two new stores to copy into, one of each engine."""
    url = postgresql.new_database("template0")
    made = {"postgresql": open_database(url), "sqlite": open_database(f"sqlite:///{tmp_path / 'copy.db'}")}
    yield made
    for database in made.values():
        database.close()
    postgresql.drop(url)


def fill(db: Database) -> None:
    """A store with a little of everything."""
    rules = declare(db, make_source(), topics={"air": "helicopter*", "sea": "frigate*"})
    take(db, [make_entry(id=str(n), title=f"Helicopter {n}", authors=["Ada Ore"]) for n in range(700)], topics=rules)
    take(
        db,
        [make_entry(id="1", title="Frigate, қайық, 船 \u0001"[:-1])],
        topics=rules,
        now=NOON.replace(microsecond=123456),
    )


def bytes_of(db: Database, folder: Path) -> dict[str, bytes]:
    """Every feed of a store in every form."""
    publisher = Publisher(db, write_config(folder))
    found: dict[str, bytes] = {}
    for kind, slug in (("all", ""), ("topics", "air"), ("authors", "ada-ore"), ("sources", "news")):
        output = reading.output(db, kind, slug)  # type: ignore[arg-type]
        assert output is not None
        found |= {f"{kind}.{form}": publisher.feed(output, form, NOON).content for form in ("atom", "rss", "json")}
    return found


def test_a_copy_there_and_back_is_equal(empty: dict[str, Database], tmp_path: Path) -> None:
    """SQLite to PostgreSQL and back: every table is equal row by row, and every feed to the byte."""
    source = open_database(f"sqlite:///{tmp_path / 'source.db'}")
    fill(source)
    told: list[tuple[str, int, int]] = []
    there = transfer.copy(source, empty["postgresql"], lambda *step: told.append(step))
    back = transfer.copy(empty["postgresql"], empty["sqlite"])

    assert there == back
    assert there["entries"] == 700
    assert ("entries", 700, 700) in told
    assert [search_queue.waiting(one) for one in empty.values()] == [700, 700], "the index is made anew"
    assert bytes_of(source, tmp_path) == bytes_of(empty["postgresql"], tmp_path) == bytes_of(empty["sqlite"], tmp_path)
    source.close()


def test_a_copied_store_goes_on(empty: dict[str, Database], tmp_path: Path) -> None:
    """The copy counts on from where the original was: new rows get new numbers."""
    source = open_database(f"sqlite:///{tmp_path / 'source.db'}")
    fill(source)
    transfer.copy(source, empty["postgresql"])
    source.close()
    take(empty["postgresql"], [make_entry(id="new", authors=["Somebody Else"])], now=NOON.replace(day=25))

    assert reading.counts(empty["postgresql"])["entries"] == 701
    assert transfer.check(empty["postgresql"]) == []


def test_a_copy_goes_into_an_empty_store_only(empty: dict[str, Database], tmp_path: Path) -> None:
    """A store that holds anything is refused, and stays as it is."""
    source = open_database(f"sqlite:///{tmp_path / 'source.db'}")
    fill(source)
    declare(empty["postgresql"], make_source(slug="other"))

    with pytest.raises(transfer.CopyError, match="not empty"):
        transfer.copy(source, empty["postgresql"])
    assert [one.source.slug for one in reading.followed(empty["postgresql"])] == ["other"]
    source.close()


@pytest.mark.corpus
def test_the_corpus_copied_is_equal(empty: dict[str, Database], tmp_path: Path) -> None:
    """A store made from real feeds is the same on both engines, table by table."""
    if not REAL.is_dir():
        pytest.skip("the corpus of real feeds is not beside this checkout")
    source = open_database(f"sqlite:///{tmp_path / 'source.db'}")
    files = sorted(REAL.glob("*.rss"))[::6]
    declare(source, *(make_source(slug=f"s{n}", url=f"https://s{n}.example/feed") for n in range(len(files))))
    for number, file in enumerate(files):
        read = parse(file.read_bytes(), f"https://s{number}.example/feed")
        if isinstance(read, Document):
            take(source, read.entries, slug=f"s{number}", head=read.head)
    rows = transfer.copy(source, empty["postgresql"])

    assert rows == transfer.copy(empty["postgresql"], empty["sqlite"])
    assert rows["entries"] > 300
    source.close()


def test_a_sound_store_has_no_complaints(db: Database) -> None:
    """What the pipeline wrote is sound."""
    fill(db)

    assert transfer.check(db) == []


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (delete(seen), "not remembered as seen"),
        (update(outputs).values(arrivals=0), "beyond the last"),
        (update(topics).values(filed_version="old"), "the topic air is not filed by today's rule"),
        (update(metadata.tables["filings"]).values(arrival=1), "the same place"),
    ],
)
def test_damage_is_found(db: Database, damage: object, complaint: str) -> None:
    """Each thing that must hold in a store is looked at."""
    fill(db)
    with db.write() as connection:
        connection.execute(damage)  # type: ignore[call-overload]

    assert any(complaint in one for one in transfer.check(db))


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    """Overwritten pages of a SQLite file are reported, not overlooked."""
    path = tmp_path / "store.db"
    db = open_database(f"sqlite:///{path}")
    fill(db)
    db.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    broken = open_database(f"sqlite:///{path}")
    try:
        complaints = transfer.check(broken)
    except Exception as error:
        complaints = [str(error)]
    broken.close()

    assert complaints
    assert any("damaged" in one or "malformed" in one for one in complaints)


def test_entries_are_the_same_rows(db: Database) -> None:
    """The hash of a table changes when any value in it does."""
    fill(db)
    with db.read() as connection:
        before = transfer.digest(connection, entries)
    with db.write() as connection:
        connection.execute(update(entries).where(entries.c.id == 1).values(title="Another"))
    with db.read() as connection:
        after = transfer.digest(connection, entries)

    assert before[0] == after[0]
    assert before[1] != after[1]
