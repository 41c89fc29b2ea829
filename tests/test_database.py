from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from storage import search_index, search_queue
from storage.database import CannotOpenError, Database, FromTheFutureError, current_schema, open_database
from storage.schema import meta, metadata
from storage.search import candidates
from storage.search_model import Word

MIGRATIONS = Path(__file__).parent.parent / "storage" / "migrations"


def test_migrations_arrive_at_the_tables(db: Database) -> None:
    """What the migrations build is what the schema describes, but for the index of each engine's own kind."""

    def is_described(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or not (name or "").startswith(search_index.TABLE)

    with db.read() as connection:
        opts = {"compare_type": False, "include_name": is_described}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, metadata) == []


def test_an_older_store_learns_its_hosts(tmp_path: Path) -> None:
    """F-43: sources that were stored before hosts were known have one after the upgrade, and keep everything else."""
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for slug, declared, learned in (
            ("a", "https://News.Example.:443/feed", ""), ("b", "http://old.example/", "https://new.example/"),
            ("c", "file:samples/a.xml", ""), ("d", "https://bücher.example/feed", ""), ("e", "http://[broken/", ""),
        ):  # fmt: skip
            row = {"slug": slug, "declared": declared, "learned": learned, "tags": "[]"}
            columns = "slug, declared_url, learned_url, tags, next_poll_at"
            connection.execute(
                text(f"INSERT INTO sources ({columns}) VALUES (:slug, :declared, :learned, :tags, 7)"), row
            )
    engine.dispose()
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.read() as connection:
        found = connection.execute(text("SELECT host FROM sources ORDER BY slug")).scalars().all()
        assert found == ["news.example", "new.example", "", "xn--bcher-kva.example", ""]
        assert connection.execute(text("SELECT min(next_poll_at), max(next_poll_at) FROM sources")).one() == (7, 7)
    database.close()


def test_an_older_store_is_searched_after_the_upgrade(tmp_path: Path) -> None:
    """Entries that were stored before there was an index wait for it, and every search looks at them meanwhile."""
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.execute(text("INSERT INTO sources (id, slug, tags) VALUES (1, 'a', '[]')"))
        columns = (
            "id, source_id, entry_id, public_id, published, updated, first_seen, categories, enclosures, fingerprint"
        )
        connection.execute(
            text(f"INSERT INTO entries ({columns}) VALUES (7, 1, 'x', 'urn:x', 1, 1, 1, '[]', '[]', 'f')")
        )
    engine.dispose()
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    assert search_queue.waiting(database) == 1
    with database.read() as connection:
        assert candidates(connection, Word("wanything"), most=9) == [7]
    database.close()


def test_opening_twice_changes_nothing(db: Database, db_url: str) -> None:
    """A store that is up to date is opened as it is."""
    with db.write() as connection:
        connection.execute(insert(meta).values(key="a", value="b"))
    again = open_database(db_url)
    with again.read() as connection:
        assert connection.execute(select(meta.c.value)).scalar_one() == "b"
    again.close()


def test_a_schema_from_the_future_is_refused(db: Database, db_url: str) -> None:
    """A store that a newer version wrote is not touched, and the message says what to do."""
    with db.write() as connection:
        today = current_schema(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(FromTheFutureError, match="newer Heliograph"):
            open_database(db_url)
        with db.read() as connection:
            assert current_schema(connection) == "9999"
    finally:
        with db.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :today"), {"today": today})


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite:////proc/none/x.db"])
def test_a_database_that_cannot_be_opened_says_so(url: str) -> None:
    """A bad URL or folder is an error for the operator, not a traceback."""
    with pytest.raises(CannotOpenError):
        open_database(url)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """A file that SQLite did not write is refused and keeps its bytes."""
    path = tmp_path / "letter.db"
    path.write_text("Dear reader, " * 500)

    with pytest.raises(CannotOpenError, match="not a database"):
        open_database(f"sqlite:///{path}")
    assert path.read_text() == "Dear reader, " * 500


def test_a_write_is_whole_or_not(db: Database) -> None:
    """An error inside a write leaves no half of it."""
    row = insert(meta).values(key="a", value="1")

    def twice() -> None:
        with db.write() as connection:
            connection.execute(row)
            connection.execute(row)

    with pytest.raises(IntegrityError):
        twice()
    with db.read() as connection:
        assert connection.execute(select(meta)).all() == []


def test_a_reader_sees_one_state_while_a_writer_works(db: Database) -> None:
    """A read transaction does not see what is committed after it began, and holds no writer up."""
    with db.read() as before:
        assert before.execute(select(meta)).all() == []
        with db.write() as writer:
            writer.execute(insert(meta).values(key="a", value="1"))
        assert before.execute(select(meta)).all() == []
    with db.read() as after:
        assert len(after.execute(select(meta)).all()) == 1


def test_writers_queue(db: Database) -> None:
    """Many threads that write at once all succeed."""

    def put(number: int) -> None:
        with db.write() as connection:
            connection.execute(insert(meta).values(key=str(number), value=""))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as connection:
        assert len(connection.execute(select(meta)).all()) == 20


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    """A committed transaction outlives a power cut: write-ahead log, synced at every commit; references are checked."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with db.read() as connection:
        asked = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    db.close()
