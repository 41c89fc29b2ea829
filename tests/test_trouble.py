"""What goes wrong around the store: clear, safe, and over by itself where it can be."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage import intake, reading, transfer
from storage.database import CannotOpenError, Database, UnavailableError, open_database
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import files, served
from tests.postgres import Server
from tests.test_daemon import SOURCES, program, stored, wait_for, write_sources


def test_readers_are_told_to_come_again(postgresql: Server, tmp_path: Path) -> None:
    """PostgreSQL gone for a while: pages and feeds answer 503 with Retry-After, feeds that are held as they were."""
    url = postgresql.new_database("prepared")
    db = open_database(url)
    declare(db, make_source())
    take(db, [make_entry()])
    with served(make_app(Publisher(db, write_config(tmp_path)))) as client:
        held = client.get("/all.atom").content
        postgresql.stop("immediate")
        try:
            answers = [client.get(path) for path in ("/", "/all.rss")]
            last = client.get("/all.atom")
        finally:
            postgresql.start()
        assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "60"), (503, "60")]
        assert (last.status_code, last.content) == (200, held)
        assert client.get("/all.rss").status_code == 200
    db.close()
    postgresql.drop(url)


def test_a_refused_login_is_told_without_the_password(postgresql: Server) -> None:
    """A user whom the server does not know is an error for the operator, in which no password stands."""
    url = postgresql.url("prepared").replace("heliograph@", "stranger:secret@")

    with pytest.raises(CannotOpenError) as refused:
        open_database(url)
    assert "stranger" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_told() -> None:
    """A database server that does not answer is an error that names it."""
    with pytest.raises(CannotOpenError, match=r"127\.0\.0\.1"):
        open_database("postgresql://heliograph@127.0.0.1:1/none")


@pytest.mark.parametrize(
    "url", ["mysql://u:s3cret@h/x", "postgres://u:s3cret@h/x", "postgresql+asyncpg://u:s3cret@h/x"]
)
def test_an_engine_that_we_do_not_know_is_told(url: str) -> None:
    """A database of another kind, or a driver of another, is an error that says what is expected, without the password."""
    with pytest.raises(CannotOpenError, match="expected sqlite:///FILE or postgresql://") as refused:
        open_database(url)
    assert "s3cret" not in str(refused.value)


def test_a_full_disk_loses_nothing_and_recovers(tmp_path: Path) -> None:
    """SQLite out of room: the poll is not recorded, what was there stays sound, and with room it is recorded."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    db = open_database(url)
    declare(db, make_source())
    take(db, [make_entry(id="before")])
    db.close()
    full = open_database(url)
    full.engine.dispose()
    room = [40]
    event.listen(full.engine, "connect", lambda made, _: made.execute(f"PRAGMA max_page_count = {room[0]}").close())
    many = [make_entry(id=str(number), content="words " * 2000) for number in range(100)]

    with pytest.raises(UnavailableError, match="full"):
        take(full, many, now=NOON + timedelta(hours=2))
    assert (reading.counts(full)["entries"], transfer.check(full)) == (1, [])
    room[0] = 1_000_000
    full.engine.dispose()
    later = NOON + timedelta(hours=3)
    assert len(take(full, many, now=later).new) == 100
    assert transfer.check(full) == []
    full.close()


def test_two_daemons_on_one_file_share_the_work(tmp_path: Path) -> None:
    """Two processes on one SQLite file: each source is polled by one of them, once."""
    with files(tmp_path) as address:
        config = str(write_sources(tmp_path, address))
        with (
            program(tmp_path, "run", "--only", "poll", "--config", config) as one,
            program(tmp_path, "run", "--only", "poll", "--config", config) as two,
        ):
            counted = (
                f"SELECT count(*), count(DISTINCT source_id) FROM journal HAVING count(DISTINCT source_id) = {SOURCES}"
            )
            wait_for((tmp_path / "data" / "heliograph.db").exists, one)
            wait_for(lambda: has_tables(tmp_path) and stored(tmp_path, counted) != [], one)
            for process in (one, two):
                process.send_signal(signal.SIGTERM)
            assert (one.wait(30), two.wait(30)) == (0, 0)

    assert stored(tmp_path, "SELECT count(*), count(DISTINCT source_id) FROM journal") == [(SOURCES, SOURCES)]


def has_tables(folder: Path) -> bool:
    """Whether the schema has been made."""
    return stored(folder, "SELECT count(*) FROM sqlite_master WHERE name = 'journal'") == [(1,)]


def test_a_clock_that_jumps_back_stops_nothing(db: Database) -> None:
    """Sources polled while the clock was a year ahead are due again once it is right; so are leases of then."""
    declare(db, make_source(slug="a", url="https://a.example/"), make_source(slug="b", url="https://b.example/"))
    ahead = NOON + timedelta(days=365)
    take(db, [make_entry()], slug="a", now=ahead)
    intake.claim(db, ahead, owner="then", limit=1, slugs=["b"])

    assert {one.source.slug for one in intake.claim(db, NOON, owner="now", limit=9)} == {"a", "b"}


def test_a_claim_nobody_heard_of_comes_back(db: Database) -> None:
    """A lease of ours that nobody works on is given back; those that somebody works on, or that are fresh, stay."""
    declare(db, *(make_source(slug=name, url=f"https://{name}.example/") for name in "abc"))
    held = {one.source.slug: one for one in intake.claim(db, NOON, owner="me", limit=2)}
    later = NOON + timedelta(minutes=5)
    intake.claim(db, later, owner="me", limit=1)
    before = later + intake.LEASE - timedelta(minutes=1)

    assert intake.release_idle(db, "me", [held["a"].source_id], before) == 1
    assert [one.source.slug for one in intake.claim(db, later, owner="other", limit=9)] == ["b"]


def test_the_web_says_nothing_of_what_is_wrong(tmp_path: Path) -> None:
    """What is wrong with the store stands in the log, not on a page."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source())
    with served(make_app(Publisher(db, write_config(tmp_path)))) as client:
        with db.write() as connection:
            connection.exec_driver_sql("ALTER TABLE outputs RENAME TO elsewhere")
        answer: httpx.Response = client.get("/all.atom")
        with db.write() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO outputs")
    db.close()

    assert answer.status_code == 503
    assert "outputs" not in answer.text
