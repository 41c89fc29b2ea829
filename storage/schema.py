"""The tables, as SQLAlchemy Core (architecture: what the store must be able to say).

In: nothing. Out: `metadata` and its tables, which the migrations must arrive at (a test compares them).
Never: a type or a default that only one engine knows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
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
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


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


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str, start: str = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=start)


def _moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _yes(name: str, *, start: bool) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=true() if start else false())


def _to(target: str, *, primary_key: bool = False) -> Column[int]:
    return Column(f"{target}_id", Key, ForeignKey(f"{_PLURAL[target]}.id"), primary_key=primary_key, nullable=False)


_PLURAL = {
    "source": "sources", "entry": "entries", "topic": "topics", "author": "authors", "subscription": "subscriptions",
}  # fmt: skip

meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))

# A source is its slug. The declared address and the learned one are two columns, so that a reload of feeds.yaml never
# undoes a redirect.
sources = Table(
    "sources",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    _text("declared_url"),
    _text("learned_url"),
    # The public host of the address to be asked now; "" for files and for the operator's own hosts.
    _text("host"),
    _text("moved_to"),
    _moment("moved_since"),
    _number("moved_seen"),
    _text("name"),
    _text("kind"),
    _text("lang"),
    _text("country"),
    _text("region"),
    Column("tags", JSON, nullable=False),
    _number("every_seconds", "3600"),
    _text("hours"),
    Column("weight", Float, nullable=False, server_default="1"),
    Column("republish", Text),
    _number("position"),
    _text("origin"),
    _moment("retired_at"),
    # What the feed says of itself.
    Column("head", JSON),
    # What to show the publisher, byte for byte as Latin-1.
    _text("validators_url"),
    _text("etag"),
    _text("last_modified"),
    _text("body_hash"),
    # The schedule is a column.
    _moment("next_poll_at"),
    _text("next_reason"),
    _moment("floor_until"),
    _text("floor_reason"),
    _number("failures"),
    _moment("gone_since"),
    # What the last whole answer asked for, so that its floors outlive a 304 and a restart; what answers were like.
    Column("hints", JSON),
    Column("facts", JSON),
    Column("habit", JSON),
    Column("lease_owner", Text),
    _moment("lease_until"),
    _moment("last_poll_at"),
    _moment("last_ok_at"),
    _moment("last_new_at"),
    _text("last_outcome"),
    _text("last_kind"),
    _text("last_detail"),
    # The push that the feed offers: its hubs, best first, and its own address. `pushed` is the host of the hub whose
    # pushes have proved themselves, "" where none has (W-11).
    Column("hubs", JSON),
    _text("hub_topic"),
    _text("pushed"),
    # The order in which due sources are claimed: read from its beginning, however many sources there are.
    Index(None, "next_poll_at", "position", "id"),
    # Polls from the future tell that the clock jumped back.
    Index(None, "last_poll_at"),
    Index(None, "host"),
)
# The few that are leased just now.
_leased = sources.c.lease_until.is_not(None)
Index(None, sources.c.lease_until, sqlite_where=_leased, postgresql_where=_leased)

# What we asked of hubs, a row a callback: a renewal is a new row (W-04). The secret is ours, shown to the hub alone.
subscriptions = Table(
    "subscriptions", metadata, Column("id", Key, primary_key=True), _to("source"),
    Column("token", Text, nullable=False, unique=True), _text("callback"), _text("secret"), _text("hub"), _text("topic"),
    # pending, active, failing, denied, leaving, off.
    _text("state"), _text("reason"), _moment("asked_at", nullable=False), _number("attempts"), _moment("retry_at"),
    _moment("verified_at"), _number("lease_seconds"), _moment("lease_until"), _moment("last_push_at"),
    _number("pushes"), _number("refused"), Index(None, "source_id"),
)  # fmt: skip

# Bodies that hubs brought, until they are read.
pushes = Table(
    "pushes", metadata, Column("id", Key, primary_key=True), _to("source"), _to("subscription"),
    _moment("received_at", nullable=False), _text("content_type"), Column("body", LargeBinary, nullable=False),
    Index(None, "source_id", "id"),
)  # fmt: skip

entries = Table(
    "entries",
    metadata,
    # Also the order of arrival in the whole store: allotted under the lock of the output "all".
    Column("id", Key, primary_key=True, autoincrement=False),
    _to("source"),
    Column("entry_id", Text, nullable=False),
    _text("id_origin"),
    _yes("is_permalink", start=False),
    Column("public_id", Text, nullable=False),
    _text("link"),
    _text("external_link"),
    _text("title"),
    _text("summary"),
    _text("content"),
    _text("text"),
    _moment("published", nullable=False),
    _text("published_note"),
    _moment("published_claimed"),
    _moment("updated", nullable=False),
    _moment("updated_claimed"),
    _moment("first_seen", nullable=False),
    _moment("modified_at"),
    _text("lang"),
    _text("rights"),
    Column("categories", JSON, nullable=False),
    Column("enclosures", JSON, nullable=False),
    Column("inner_source", JSON),
    Column("fingerprint", Text, nullable=False),
    _number("revisions"),
    _moment("hidden_at"),
    _text("hidden_why"),
    # False for what came from a feed's archives, long after it was news: on pages, never in a feed.
    _yes("announced", start=True),
    UniqueConstraint("source_id", "entry_id"),
    Index(None, "source_id", "id"),
    Index(None, "public_id"),
    Index(None, "link"),
)

# What an entry said before an edit.
revisions = Table(
    "revisions",
    metadata,
    Column("id", Key, primary_key=True),
    _to("entry"),
    Column("number", BigInteger, nullable=False),
    _moment("until", nullable=False),
    Column("said", JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    UniqueConstraint("entry_id", "number"),
)

# Ids that a source has shown once, apart from entries, so that what retention removed does not return as new.
seen = Table(
    "seen",
    metadata,
    _to("source", primary_key=True),
    Column("key", Text, primary_key=True),
    _moment("first_seen", nullable=False),
)

authors = Table(
    "authors",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    _text("name"),
    _text("bio"),
    _text("url"),
    _text("origin"),
    _moment("retired_at"),
)

# Every folded name that means an author; its own name among them.
author_keys = Table(
    "author_keys",
    metadata,
    Column("key", Text, primary_key=True),
    _to("author"),
    _text("origin"),
    Index(None, "author_id"),
)

bylines = Table(
    "bylines",
    metadata,
    _to("entry", primary_key=True),
    Column("position", BigInteger, primary_key=True),
    _to("author"),
    Column("key", Text, nullable=False),
    _text("name"),
    _text("url"),
    # Order of arrival in the author's feed.
    _number("arrival"),
    Index(None, "author_id", "arrival"),
    Index(None, "key"),
)

topics = Table(
    "topics",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    _text("title"),
    _text("query"),
    # The version that filings in the store were made by; "" until the first filing is complete.
    _text("filed_version"),
    _text("rule_version"),
    _number("position"),
    _text("origin"),
    _moment("retired_at"),
)

# Opened and closed, never deleted.
filings = Table(
    "filings",
    metadata,
    Column("id", Key, primary_key=True),
    _to("topic"),
    _to("entry"),
    _text("rule_version"),
    Column("spans", JSON, nullable=False),
    # False where a rule was re-run over history: on pages and in archives, never news in a feed.
    _yes("announced", start=True),
    _moment("opened_at", nullable=False),
    _moment("closed_at"),
    # Order of arrival in the topic's feed.
    Column("arrival", BigInteger, nullable=False),
    Index(None, "topic_id", "arrival"),
    Index(None, "entry_id"),
)

# This entry is, or is not, in this topic, whatever the rule says.
pins = Table(
    "pins",
    metadata,
    _to("topic", primary_key=True),
    _to("entry", primary_key=True),
    Column("is_in", Boolean, nullable=False),
    _text("why"),
    _text("who"),
    _moment("at", nullable=False),
)

# One row a feed that we publish: its lasting id, its revision, its counter of arrivals.
outputs = Table(
    "outputs",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("ref", Key, primary_key=True, autoincrement=False),
    Column("public_id", Text, nullable=False),
    _number("revision"),
    _number("arrivals"),
    _moment("changed_at", nullable=False),
)

# Addresses that were, so that they go on working.
former_slugs = Table(
    "former_slugs",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("slug", Text, primary_key=True),
    _text("now"),
)

# One queue for all later work, leased like sources.
work = Table(
    "work",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    _moment("due_at", nullable=False),
    _number("attempts"),
    Column("lease_owner", Text),
    _moment("lease_until"),
    _text("last_error"),
    _moment("dead_at"),
    UniqueConstraint("kind", "subject"),
    Index(None, "due_at"),
)

# One row a poll.
journal = Table(
    "journal",
    metadata,
    Column("id", Key, primary_key=True),
    _to("source"),
    _moment("at", nullable=False),
    _text("outcome"),
    _text("kind"),
    _text("detail"),
    Column("status", BigInteger),
    _number("size"),
    _number("milliseconds"),
    _number("entries"),
    _number("new"),
    _number("changed"),
    _moment("next_poll_at"),
    _text("reason"),
    # Why the request was unconditional.
    _text("whole"),
    Index(None, "source_id", "id"),
)
