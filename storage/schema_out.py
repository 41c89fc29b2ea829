"""The tables of what is published beside the feeds themselves: archives, graves, the hub's subscribers, keys.

In: nothing. Out: tables on the `metadata` that `storage.schema` shows. Never: a word of an entry.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Table, Text, UniqueConstraint

from storage.columns import Key, metadata, moment, number, text_column

# Archive documents of a feed (RFC 5005 section 4): number N holds what stands at the places 50(N-1)+1 to 50N of its order of
# arrival. A row says how often what stands in one was changed after it was complete. The address of a document names the
# changes in it and in all before it, since it links to the one before: what changes gets another address.
archives = Table(
    "archives",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("ref", Key, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    number("changes"),
)

# Entries that were taken out of a feed: what its tombstones say (RFC 6721), with a place in its order of arrival (`arrival`)
# and in that of everything (`turn`). `code` is that of a place, whose feed has no number of its own.
graves = Table(
    "graves",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("ref", Key, nullable=False),
    Column("public_id", Text, nullable=False),
    moment("at", nullable=False),
    text_column("code"),
    text_column("comment"),
    Column("arrival", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Index(None, "kind", "ref", "arrival"),
    Index(None, "public_id"),
)

# Who subscribed at our hub, a row a callback and topic. `asked` is a request that was not verified yet: until it is, what
# was agreed on before stands (W-22). `etag` is of the content that was delivered last.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("callback", Text, nullable=False),
    Column("topic", Text, nullable=False),
    # The feed that the topic is of; its ref is 0 where it has no row of its own.
    Column("kind", Text, nullable=False),
    Column("ref", Key, nullable=False),
    text_column("host"),
    text_column("secret"),
    moment("verified_at"),
    number("lease_seconds"),
    moment("lease_until"),
    Column("asked", JSON),
    moment("asked_at"),
    text_column("etag"),
    number("failures"),
    moment("delivered_at"),
    text_column("last_error"),
    UniqueConstraint("callback", "topic"),
    Index(None, "kind", "ref"),
    Index(None, "host"),
    Index(None, "lease_until"),
)

# Keys to one private feed each; the key itself is shown once and kept nowhere.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    text_column("slug"),
    text_column("holder"),
    moment("made_at", nullable=False),
    moment("revoked_at"),
)
