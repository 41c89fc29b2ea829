"""The tables, as SQLAlchemy Core (architecture: what the store must be able to say).

In: nothing. Out: `metadata` and its tables, which the migrations must arrive at (a test compares them).
Never: a type or a default that only one engine knows.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, LargeBinary, Table, Text, UniqueConstraint

from storage.columns import Key, moment, number, text_column, to, yes
from storage.columns import metadata as metadata
from storage.schema_out import archives as archives
from storage.schema_out import graves as graves
from storage.schema_out import subscribers as subscribers
from storage.schema_out import tokens as tokens

meta = Table("meta", metadata, Column("key", Text, primary_key=True), text_column("value"))

# A source is its slug. The declared address and the learned one are two columns, so that a reload of feeds.yaml never
# undoes a redirect.
sources = Table(
    "sources",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    text_column("declared_url"),
    text_column("learned_url"),
    # The public host of the address to be asked now; "" for files and for the operator's own hosts.
    text_column("host"),
    text_column("moved_to"),
    moment("moved_since"),
    number("moved_seen"),
    text_column("name"),
    text_column("kind"),
    text_column("lang"),
    text_column("country"),
    text_column("region"),
    Column("tags", JSON, nullable=False),
    Column("labels", JSON),
    number("rank", "50"),
    text_column("full_text"),
    number("every_seconds", "3600"),
    text_column("hours"),
    Column("weight", Float, nullable=False, server_default="1"),
    Column("republish", Text),
    # How long its entries are kept back from our feeds.
    number("embargo_seconds"),
    number("position"),
    text_column("origin"),
    moment("retired_at"),
    # What the feed says of itself.
    Column("head", JSON),
    # What to show the publisher, byte for byte as Latin-1.
    text_column("validators_url"),
    text_column("etag"),
    text_column("last_modified"),
    text_column("body_hash"),
    # The schedule is a column.
    moment("next_poll_at"),
    text_column("next_reason"),
    moment("floor_until"),
    text_column("floor_reason"),
    number("failures"),
    moment("gone_since"),
    # What the last whole answer asked for, so that its floors outlive a 304 and a restart; what answers were like.
    Column("hints", JSON),
    Column("facts", JSON),
    Column("habit", JSON),
    Column("lease_owner", Text),
    moment("lease_until"),
    moment("last_poll_at"),
    moment("last_ok_at"),
    moment("last_new_at"),
    text_column("last_outcome"),
    text_column("last_kind"),
    text_column("last_detail"),
    # The push that the feed offers: its hubs, best first, and its own address. `pushed` is the host of the hub whose
    # pushes have proved themselves, "" where none has (W-11).
    Column("hubs", JSON),
    text_column("hub_topic"),
    text_column("pushed"),
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
    "subscriptions", metadata, Column("id", Key, primary_key=True), to("source"),
    Column("token", Text, nullable=False, unique=True), text_column("callback"), text_column("secret"),
    text_column("hub"), text_column("topic"),
    # pending, active, failing, denied, leaving, off.
    text_column("state"), text_column("reason"), moment("asked_at", nullable=False), number("attempts"), moment("retry_at"),
    moment("verified_at"), number("lease_seconds"), moment("lease_until"), moment("last_push_at"),
    number("pushes"), number("refused"), Index(None, "source_id"),
)  # fmt: skip

# Bodies that hubs brought, until they are read.
pushes = Table(
    "pushes", metadata, Column("id", Key, primary_key=True), to("source"), to("subscription"),
    moment("received_at", nullable=False), text_column("content_type"), Column("body", LargeBinary, nullable=False),
    Index(None, "source_id", "id"),
)  # fmt: skip

entries = Table(
    "entries",
    metadata,
    # Allotted under the lock of the output "all", in the order in which entries came into the store.
    Column("id", Key, primary_key=True, autoincrement=False),
    to("source"),
    Column("entry_id", Text, nullable=False),
    text_column("id_origin"),
    yes("is_permalink", start=False),
    Column("public_id", Text, nullable=False),
    text_column("link"),
    text_column("external_link"),
    text_column("title"),
    text_column("summary"),
    text_column("content"),
    text_column("text"),
    moment("published", nullable=False),
    text_column("published_note"),
    moment("published_claimed"),
    moment("updated", nullable=False),
    moment("updated_claimed"),
    moment("first_seen", nullable=False),
    moment("modified_at"),
    text_column("lang"),
    text_column("rights"),
    Column("categories", JSON, nullable=False),
    Column("enclosures", JSON, nullable=False),
    Column("inner_source", JSON),
    Column("fingerprint", Text, nullable=False),
    number("revisions"),
    moment("hidden_at"),
    text_column("hidden_why"),
    # False for what came from a feed's archives, long after it was news: on pages, never in a feed.
    yes("announced", start=True),
    # Order of arrival in the feeds of its source and of everything: the id, or a later place where an embargo ended.
    number("arrival"),
    # Shown nowhere while this is set; who ends the embargo sets it to null and gives the entry new places.
    moment("embargo_until"),
    # What we make of the words. A language is "" until it was judged.
    text_column("language"),
    text_column("language_by"),
    text_column("canonical"),
    text_column("wire"),
    Column("story_id", Key),
    UniqueConstraint("source_id", "entry_id"),
    Index(None, "source_id", "id"),
    Index(None, "arrival"),
    Index(None, "source_id", "arrival"),
    Index(None, "public_id"),
    Index(None, "link"),
    Index(None, "canonical"),
    Index(None, "story_id"),
    # All that counting what came when asks for: a row with a whole text in it is slow to read.
    Index(None, "first_seen", "source_id", "published", "announced", "id"),
)
# The few whose place is later than their number: an embargo kept them back.
_late = entries.c.arrival > entries.c.id
Index("ix_entries_late", entries.c.arrival, sqlite_where=_late, postgresql_where=_late)

# Entries that the full-text index lacks, or holds as they were. `turn` is another number each time that one is put here,
# so that only what was indexed is taken out; 0 where an entry is too large for the index: it stays, and is always looked at.
# No reference: an entry may go without asking whether it waits.
search_due = Table(
    "search_due", metadata, Column("entry_id", Key, primary_key=True, autoincrement=False),
    Column("turn", BigInteger, nullable=False),
)  # fmt: skip

# The places that an entry names; `code` is a country's, or the slug of a region that was itself named.
entry_places = Table(
    "entry_places",
    metadata,
    to("entry", primary_key=True),
    Column("code", Text, primary_key=True),
    number("count"),
    yes("in_title", start=False),
    Column("spans", JSON, nullable=False),
    # Order of arrival in a place's feed: that of the whole store.
    Column("arrival", BigInteger, nullable=False),
    Index(None, "code", "arrival"),
    # What has it, in the whole store's order of arrival: for feeds that are combined of several.
    Index(None, "code", "entry_id"),
)

# What the page of an entry said, where its feed holds a summary only: fetched, refused or failed.
articles = Table(
    "articles", metadata, to("entry", primary_key=True), text_column("url"), text_column("state"), text_column("reason"),
    moment("fetched_at"), text_column("title"), text_column("content"), text_column("text"), Column("authors", JSON),
    moment("published"), text_column("lang"),
)  # fmt: skip

# What several entries tell; one that was joined to an older story leads there.
stories = Table(
    "stories", metadata, Column("id", Key, primary_key=True), Column("public_id", Text, nullable=False),
    moment("made_at", nullable=False), moment("changed_at", nullable=False), Column("merged_into", Key),
    Index(None, "merged_into"),
)  # fmt: skip

# What an entry said before an edit.
revisions = Table(
    "revisions",
    metadata,
    Column("id", Key, primary_key=True),
    to("entry"),
    Column("number", BigInteger, nullable=False),
    moment("until", nullable=False),
    Column("said", JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    UniqueConstraint("entry_id", "number"),
)

# Ids that a source has shown once, apart from entries, so that what retention removed does not return as new.
seen = Table(
    "seen",
    metadata,
    to("source", primary_key=True),
    Column("key", Text, primary_key=True),
    moment("first_seen", nullable=False),
)

authors = Table(
    "authors",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    text_column("name"),
    text_column("bio"),
    text_column("url"),
    text_column("origin"),
    moment("retired_at"),
    # person, desk or organisation.
    Column("kind", Text, nullable=False, server_default="person"),
)

# Names that an operator has said to be two people: not to be suggested as one again.
authors_apart = Table(
    "authors_apart", metadata, Column("key_a", Text, primary_key=True), Column("key_b", Text, primary_key=True),
    moment("at", nullable=False),
)  # fmt: skip

# Every folded name that means an author; its own name among them.
author_keys = Table(
    "author_keys",
    metadata,
    Column("key", Text, primary_key=True),
    to("author"),
    text_column("origin"),
    Index(None, "author_id"),
)

bylines = Table(
    "bylines",
    metadata,
    to("entry", primary_key=True),
    Column("position", BigInteger, primary_key=True),
    to("author"),
    Column("key", Text, nullable=False),
    text_column("name"),
    text_column("url"),
    Column("kind", Text, nullable=False, server_default="person"),
    text_column("role"),
    text_column("affiliation"),
    text_column("raw"),
    # feed, page, text, dateline, box or bio.
    Column("origin", Text, nullable=False, server_default="feed"),
    # Order of arrival in the author's feed.
    number("arrival"),
    Index(None, "author_id", "arrival"),
    Index(None, "author_id", "entry_id"),
    Index(None, "key"),
)

topics = Table(
    "topics",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    text_column("title"),
    text_column("query"),
    # The version that filings in the store were made by; "" until the first filing is complete.
    text_column("filed_version"),
    text_column("rule_version"),
    number("position"),
    text_column("origin"),
    moment("retired_at"),
)

# Opened and closed, never deleted.
filings = Table(
    "filings",
    metadata,
    Column("id", Key, primary_key=True),
    to("topic"),
    to("entry"),
    text_column("rule_version"),
    Column("spans", JSON, nullable=False),
    # False where a rule was re-run over history: on pages and in archives, never news in a feed.
    yes("announced", start=True),
    moment("opened_at", nullable=False),
    moment("closed_at"),
    # Order of arrival in the topic's feed.
    Column("arrival", BigInteger, nullable=False),
    Index(None, "topic_id", "arrival"),
    Index(None, "topic_id", "entry_id"),
    Index(None, "entry_id"),
)

# This entry is, or is not, in this topic, whatever the rule says.
pins = Table(
    "pins",
    metadata,
    to("topic", primary_key=True),
    to("entry", primary_key=True),
    Column("is_in", Boolean, nullable=False),
    text_column("why"),
    text_column("who"),
    moment("at", nullable=False),
)

# One row a feed that we publish: its lasting id, its revision, its counter of arrivals.
outputs = Table(
    "outputs",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("ref", Key, primary_key=True, autoincrement=False),
    Column("public_id", Text, nullable=False),
    number("revision"),
    number("arrivals"),
    moment("changed_at", nullable=False),
)

# Addresses that were, so that they go on working.
former_slugs = Table(
    "former_slugs",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("slug", Text, primary_key=True),
    text_column("now"),
)

# One queue for all later work, leased like sources.
work = Table(
    "work",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    moment("due_at", nullable=False),
    number("attempts"),
    # Counts up where the same is asked again while somebody may be doing it.
    number("serial"),
    Column("lease_owner", Text),
    moment("lease_until"),
    text_column("last_error"),
    moment("dead_at"),
    UniqueConstraint("kind", "subject"),
    Index(None, "due_at"),
)

# One row a poll.
journal = Table(
    "journal",
    metadata,
    Column("id", Key, primary_key=True),
    to("source"),
    moment("at", nullable=False),
    text_column("outcome"),
    text_column("kind"),
    text_column("detail"),
    Column("status", BigInteger),
    number("size"),
    number("milliseconds"),
    number("entries"),
    number("new"),
    number("changed"),
    moment("next_poll_at"),
    text_column("reason"),
    # Why the request was unconditional.
    text_column("whole"),
    Index(None, "source_id", "id"),
)
