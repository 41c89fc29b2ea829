"""Open a store, and the few places where SQLite and PostgreSQL differ.

In: a database URL. Out: a `Database` with read and write transactions, brought to today's schema.
Never: a statement about sources or entries: those live beside their purpose.

StorageError
 +-- CannotOpenError     the URL, the file or the server
 +-- UnavailableError    it was open, and now cannot be read or written: a server that went, a full disk
 +-- FromTheFutureError  a schema that a newer Heliograph wrote
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# The numbers of our locks among the advisory locks of a PostgreSQL database.
_DRIVERS = ("sqlite", "postgresql", "postgresql+psycopg")
_ALONE = 8400_2026
_CLAIMS = 8401_2026
_ONE_CLAIMS = select(func.pg_advisory_xact_lock(_CLAIMS))
_MIGRATIONS = Path(__file__).parent / "migrations"


class StorageError(Exception):
    """The store cannot do its work; the message says what to do."""


class CannotOpenError(StorageError):
    """The database cannot be opened: its URL, its file or its server."""


class UnavailableError(StorageError):
    """The store cannot be read or written just now; what was to be written was not. It may recover by itself."""


class FromTheFutureError(StorageError):
    """The schema was written by a newer Heliograph; nothing was touched."""


class Database:
    """A store. `read` and `write` give transactions; a write is whole or it is not.

    SQLite has one writer: within the process a lock makes writers queue, between processes the file's own lock does.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite's readers see one state by nature; PostgreSQL's only where they ask for it.
        is_sqlite = engine.dialect.name == "sqlite"
        self._reader = engine if is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer: threading.Lock | None = threading.Lock() if is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store."""
        with _told(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back with the exception that ended it."""
        if self._writer is None:
            with _told(), self.engine.begin() as connection:
                yield connection
            return
        with (
            _told(),
            self._writer,
            self.engine.connect().execution_options(heliograph_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, which both engines have and SQLAlchemy spells once for each."""
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    def close(self) -> None:
        """Let every connection go."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the store at `url` (SQLAlchemy's form), create its file where there is none, bring its schema up to date.

    Raises CannotOpenError or FromTheFutureError, with a message for the operator.
    """
    try:
        engine = _engine(url)
    except (ArgumentError, NoSuchModuleError, OSError) as error:
        raise CannotOpenError(f"the database URL {_shown(url)} cannot be used: {error}") from error
    try:
        _upgrade(engine)
    except (DatabaseError, sqlite3.DatabaseError, OSError) as error:
        engine.dispose()
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise CannotOpenError(f"the database {_shown(url)} cannot be opened: {cause}") from error
    except StorageError:
        engine.dispose()
        raise
    return Database(engine)


@contextmanager
def _told() -> Iterator[None]:
    """Trouble of the engine as ours: what to do is for those who wait or who read the message. Bugs stay bugs."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DatabaseError, InterfaceError, PoolTimeoutError) as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise UnavailableError(f"the store cannot be used just now: {cause}") from error


def alone(connection: Connection) -> None:
    """Be the only one, until the commit, of those who change what is declared or how it lies: several processes start
    at once. SQLite's writer is alone by nature.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ALONE)))


def one_claims(connection: Connection) -> None:
    """Be the only one, until the commit, that leases sources: two could take a host at the same moment."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_CLAIMS)


def current_schema(connection: Connection) -> str | None:
    """The revision that the store's schema is at, None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername not in _DRIVERS:
        raise ArgumentError("expected sqlite:///FILE or postgresql://USER@HOST/NAME")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": 30}, **_JSON)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, pool_pre_ping=True, **_JSON)


def _written(value: Any) -> str:
    return orjson.dumps(value).decode()


_JSON: Mapping[str, Any] = {"json_serializer": _written, "json_deserializer": orjson.loads}
"""A twentieth of an unchanged poll went into reading and writing three columns with the standard library's json."""


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # We begin transactions ourselves: the driver would begin them late, and never as writers.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("heliograph_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = ScriptDirectory.from_config(config)
    with engine.connect() as connection, connection.begin():
        at = current_schema(connection)
    if at == known.get_current_head():
        return
    if at is not None and at not in {script.revision for script in known.walk_revisions()}:
        raise FromTheFutureError(
            f"the store's schema ({at}) was written by a newer Heliograph than this one; "
            "install that version again, or restore a backup. Nothing was touched"
        )
    with engine.connect().execution_options(heliograph_write=True) as connection, connection.begin():
        alone(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "given"
