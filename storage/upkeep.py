"""Reconcile the store with what feeds.yaml declares, and file history again where a rule changed.

In: declared sources, topics, authors. Out: rows that say the same, former addresses kept, nothing deleted.
Never: an entry removed because its source was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from feeds.model import FailureKind
from storage import archives, rows
from storage.authors import put_authors
from storage.database import Database, alone
from storage.embargo import renew_embargoes
from storage.model import AuthorRow, Filing, Origin, SourceRow, TopicRow
from storage.outputs import ALL, Ledger, new_output, renew
from storage.pins import pinned_topics, with_pins
from storage.recording import refile_entry
from storage.schema import entries, filings, outputs, sources, topics
from storage.search_queue import put_all_due, put_source_due
from storage.settling import feeds_naming, follower_of
from storage.slugs import rename, retire
from storage.work import MEANING, REFILE, put_work, rules_name, set_rules, swap_note

_TAKEN_OVER = timedelta(seconds=5)
_SAID = ("name", "kind", "lang", "tags", "labels", "full_text")
"""What is declared of a source and is searched, or tells how its entries are read."""
_RHYTHM = ("every_seconds", "hours", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All that a configuration declares, and how we judge.

    `reach` names the private networks that sources may live in, `meaning` the version of what tells languages and places,
    `search` that of the tokens that entries are indexed under.
    """

    sources: Sequence[SourceRow] = ()
    topics: Sequence[TopicRow] = ()
    authors: Sequence[AuthorRow] = ()
    reach: str = ""
    meaning: str = ""
    search: str = ""


def reconcile(db: Database, declared: Declared, now: datetime) -> list[str]:
    """Make the store say what the configuration declares; topics whose rule changed wait in the work queue.

    The slugs of those topics.
    """
    with db.write() as connection:
        return reconcile_in(connection, declared, now)


def reconcile_in(connection: Connection, declared: Declared, now: datetime) -> list[str]:
    """The same inside a transaction of the caller's: who rolls it back has seen what would happen."""
    alone(connection)
    if connection.execute(select(outputs.c.ref).where(outputs.c.kind == "all")).first() is None:
        new_output(connection, *ALL, now)
    Ledger(connection, now).lock([ALL])
    for position, source in enumerate(declared.sources):
        renamed = rename(connection, sources, "sources", source.source.slug, source.formerly)
        number = put_source(connection, source, "file", position, now)
        if renamed:
            put_source_due(connection, number)
            # Of a file the address is that of our own feed of it.
            naming = feeds_naming(connection, number)
            renew(connection, naming, now)
            archives.disturb_feeds(connection, naming)
    retire(connection, sources, [one.source.slug for one in declared.sources], now)
    _wake_merged(connection, now)
    _wake_refused(connection, declared.reach, now)
    for position, topic in enumerate(declared.topics):
        renamed = rename(connection, topics, "topics", topic.slug, topic.formerly)
        renew(connection, [("topics", one) for one in renamed], now)
        _put_topic(connection, topic, position, now)
    retire(connection, topics, [one.slug for one in declared.topics], now)
    put_authors(connection, declared.authors, now)
    if declared.meaning and swap_note(connection, "meaning", declared.meaning):
        put_work(connection, MEANING, "entries", {"after": 0}, now)
    if declared.search and swap_note(connection, "search", declared.search):
        put_all_due(connection)
    set_rules(connection, rules_name(declared.topics))
    stale = select(topics.c.slug).where(topics.c.retired_at.is_(None), topics.c.filed_version != topics.c.rule_version)
    slugs = list(connection.execute(stale.order_by(topics.c.position)).scalars())
    if slugs:
        put_work(connection, REFILE, "topics", {"slugs": slugs, "after": 0}, now)
    return slugs


def put_source(connection: Connection, row: SourceRow, origin: Origin, position: int, now: datetime) -> int:
    """Make the store say what is declared of a source; a new one is due at once. The number of its row."""
    source = row.source
    host = "" if row.own_host else rows.host_of(source.url)
    declared = {
        "declared_url": source.url, "name": source.name, "kind": source.kind, "lang": source.lang,
        "country": source.country, "region": source.region, "tags": list(source.tags), "labels": list(source.labels) or None,
        "rank": source.rank, "full_text": "" if source.full_text == "feed" else source.full_text, "republish": source.republish,
        "every_seconds": int(source.every.total_seconds()), "hours": source.hours, "weight": source.weight,
        "embargo_seconds": int(source.embargo.total_seconds()),
        "origin": origin, "position": position, "retired_at": None,
    }  # fmt: skip
    held = connection.execute(select(sources).where(sources.c.slug == source.slug)).mappings().one_or_none()
    if held is None:
        fresh = {"slug": source.slug, "next_poll_at": now, "next_reason": "new", "host": host, **declared}
        made: int = connection.execute(insert(sources).values(fresh).returning(sources.c.id)).scalar_one()
        new_output(connection, "sources", made, now)
        return made
    number: int = held["id"]
    # Where the file now says what we had learned, all that we know is of that address.
    caught_up = held["learned_url"] == source.url
    edited = held["declared_url"] != source.url and not caught_up
    if held["declared_url"] == source.url and held["learned_url"]:
        host = held["host"]
    if all(held[name] == value for name, value in (declared | {"host": host}).items()):
        return number
    values: dict[str, Any] = {**({**rows.FORGOTTEN, **rows.NO_PUSH} if edited else {}), **declared, "host": host}
    if caught_up:
        values["learned_url"] = ""
    if edited or held["retired_at"] is not None:
        values |= {
            "next_poll_at": now,
            "next_reason": "the address is new" if held["retired_at"] is None else "back again",
        }
    elif held["next_poll_at"] is not None and any(held[name] != declared[name] for name in _RHYTHM):
        values |= {"next_poll_at": min(held["next_poll_at"], now + source.every)}
    connection.execute(update(sources).where(sources.c.id == number).values(values))
    if held["embargo_seconds"] != declared["embargo_seconds"]:
        renew_embargoes(connection, number, timedelta(seconds=held["embargo_seconds"]), source.embargo)
    if any(held[name] != declared[name] for name in _SAID):
        put_source_due(connection, number)
    naming = feeds_naming(connection, number)
    renew(connection, naming, now)
    archives.disturb_feeds(connection, naming)
    return number


def _wake_merged(connection: Connection, now: datetime) -> None:
    """A source that gave way to another at the same address is asked again once that one is followed no more (F-34)."""
    gave_way = and_(
        sources.c.next_poll_at.is_(None), sources.c.gone_since.is_(None), sources.c.retired_at.is_(None),
        sources.c.moved_to != "",
    )  # fmt: skip
    for row in connection.execute(select(sources.c.id, sources.c.moved_to).where(gave_way)).all():
        if not follower_of(connection, row.moved_to, but=row.id):
            again = {"next_poll_at": now, "next_reason": "the source at its new address is followed no more"}
            connection.execute(update(sources).where(sources.c.id == row.id).values(again))


def _wake_refused(connection: Connection, reach: str, now: datetime) -> None:
    """Where other networks are open than last time, sources that were refused for their address are asked again."""
    if not swap_note(connection, "reach", reach):
        return
    refused = and_(sources.c.last_kind == FailureKind.FORBIDDEN_ADDRESS.value, sources.c.next_poll_at.is_not(None))
    # A moment later, when whoever polls has taken the new setting over.
    again = {"next_poll_at": now + _TAKEN_OVER, "next_reason": "settings.allow_private changed"}
    connection.execute(update(sources).where(refused).values(again))


def _put_topic(connection: Connection, topic: TopicRow, position: int, now: datetime) -> None:
    declared = {
        "title": topic.title, "query": topic.query, "rule_version": topic.rule_version, "position": position,
        "origin": "file", "retired_at": None,
    }  # fmt: skip
    held = connection.execute(select(topics).where(topics.c.slug == topic.slug)).mappings().one_or_none()
    if held is None:
        fresh = insert(topics).values({"slug": topic.slug, **declared}).returning(topics.c.id)
        new_output(connection, "topics", connection.execute(fresh).scalar_one(), now)
    elif any(held[name] != value for name, value in declared.items()):
        # While it was retired nothing was filed under it: what arrived meanwhile is held against its rule.
        missed = {"filed_version": ""} if held["retired_at"] is not None else {}
        connection.execute(update(topics).where(topics.c.id == held["id"]).values(declared | missed))
        if (held["title"], held["query"]) != (topic.title, topic.query):
            renew(connection, [("topics", held["id"])], now)
            archives.disturb_feeds(connection, [("topics", held["id"])])


def refile(
    db: Database, judged: Sequence[tuple[int, str, Sequence[Filing]]], slugs: Sequence[str], now: datetime
) -> int:
    """File stored entries anew under the topics `slugs`: close what no longer holds, open what does, unannounced.

    `judged` are entries with the fingerprint of the words that were held against the rules: one that was edited since
    was filed by its edit. How many filings were opened or closed. A filing that still holds keeps its place and learns
    today's words; what is pinned stays as it is pinned.
    """
    with db.write() as connection:
        named = select(topics.c.slug, topics.c.id).where(topics.c.slug.in_(list(slugs)))
        ids = {row.slug: row.id for row in connection.execute(named)}
        ledger = Ledger(connection, now)
        ledger.lock([ALL, *(("topics", ref) for ref in ids.values())])
        keys = [key for key, _, _ in judged]
        held = _open_filings(connection, keys, list(ids.values()))
        pinned = pinned_topics(connection, keys)
        words = select(entries.c.id, entries.c.fingerprint).where(entries.c.id.in_(keys))
        today = {row.id: row.fingerprint for row in connection.execute(words)}
        opened: list[dict[str, Any]] = []
        closed = 0
        touched: set[int] = set()
        for key, fingerprint, found in judged:
            if today.get(key) != fingerprint:
                continue
            ruled = {ids[filing.topic]: filing for filing in found if filing.topic in ids}
            hand = {topic: is_in for topic, is_in in pinned.get(key, {}).items() if topic in ids.values()}
            wanted = with_pins(ruled, hand)
            mine = held.get(key, {})
            opened += refile_entry(connection, ledger, key, mine, wanted, now, announced=False)
            closed += len(mine.keys() - wanted.keys())
            touched |= mine.keys() | wanted.keys()
        if opened:
            connection.execute(insert(filings), opened)
        ledger.touch(("topics", topic) for topic in touched)
        # Every entry of such a topic says by which version of the rule it is there.
        archives.disturb_feeds(connection, [("topics", topic) for topic in sorted(touched)])
        ledger.close()
    return len(opened) + closed


def _open_filings(connection: Connection, keys: Sequence[int], ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Open filings of these entries in these topics: entry -> topic -> filing."""
    which = and_(filings.c.entry_id.in_(keys), filings.c.topic_id.in_(ids), filings.c.closed_at.is_(None))
    found: dict[int, dict[int, int]] = {}
    for row in connection.execute(select(filings.c.entry_id, filings.c.topic_id, filings.c.id).where(which)):
        found.setdefault(row.entry_id, {})[row.topic_id] = row.id
    return found


def mark_filed(db: Database, versions: Mapping[str, str]) -> None:
    """These topics' filings are complete for these versions of their rules."""
    with db.write() as connection:
        for slug, version in sorted(versions.items()):
            connection.execute(update(topics).where(topics.c.slug == slug).values(filed_version=version))
