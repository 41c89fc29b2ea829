"""What every table is made of: the metadata, moments, and columns with their defaults.

In: nothing. Out: columns that both engines know. Never: a table.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    false,
    true,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970 UTC: one representation on both engines, and it sorts."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the store."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """From the store."""
        return None if value is None else _EPOCH + timedelta(0, 0, value)


# SQLite numbers rows by itself only where the column is exactly INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text_column(name: str) -> Column[str]:
    """A text that is never null."""
    return Column(name, Text, nullable=False, server_default="")


def number(name: str, start: str = "0") -> Column[int]:
    """A whole number that is never null."""
    return Column(name, BigInteger, nullable=False, server_default=start)


def moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    """A moment in UTC."""
    return Column(name, Moment, nullable=nullable)


def yes(name: str, *, start: bool) -> Column[bool]:
    """Yes or no, with what holds where nothing is said."""
    return Column(name, Boolean, nullable=False, server_default=true() if start else false())


def to(target: str, *, primary_key: bool = False) -> Column[int]:
    """The number of a row of another table, by that table's singular."""
    return Column(f"{target}_id", Key, ForeignKey(f"{_PLURAL[target]}.id"), primary_key=primary_key, nullable=False)


_PLURAL = {
    "source": "sources", "entry": "entries", "topic": "topics", "author": "authors", "subscription": "subscriptions",
}  # fmt: skip
