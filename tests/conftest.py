"""Fixtures that many files share: a fresh store, on each engine in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.sandbox import Sandbox
from storage import search_index
from storage.database import Database, open_database
from storage.schema import metadata
from tests.faultserver import FaultServer
from tests.postgres import Server, postgres
from tests.stage import Stage, Workshop

ENGINES = ("sqlite", "postgresql")


@settings(max_examples=1, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1))
def _learn_letters(_: str) -> None:
    """Have hypothesis make its table of all characters, which takes it seconds on a fresh machine."""


@pytest.fixture(scope="session", autouse=True)
def letters() -> None:
    """The first test that draws a text is not to be called slow for what is done once."""
    _learn_letters()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for the whole run, with a prepared store to copy."""
    with postgres() as server:
        server.say("CREATE DATABASE prepared")
        open_database(server.url("prepared")).close()
        yield server


@pytest.fixture(params=ENGINES)
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh store, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    yield server.url("prepared")
    emptied(server.url("prepared"))


def emptied(url: str) -> None:
    """Leave a store as if it had just been made: quicker than to make another."""
    database = open_database(url)
    with database.write() as connection:
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        connection.exec_driver_sql(f"TRUNCATE {tables}, {search_index.TABLE} RESTART IDENTITY")
    database.close()


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A fresh, empty store."""
    database = open_database(db_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """An event loop and a parser process, which the tests of a file share."""
    with asyncio.Runner() as runner:
        sandbox = Sandbox(1)
        yield Workshop(runner=runner, sandbox=sandbox)
        runner.run(sandbox.close())


@pytest.fixture
def stage(workshop: Workshop, tmp_path: Path) -> Iterator[Stage]:
    """A fault server, a store, and a source that was polled once and brought three entries."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    try:
        with FaultServer() as server:
            yield Stage(workshop, db, server, tmp_path)
    finally:
        db.close()
