"""The pipeline's side of the store: claim due sources, what do we know, record a decision.

In: now, owners, decisions. Out: claims and what is known. Never: a half of a decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from storage import rows
from storage.authors import author_ids
from storage.database import Database
from storage.model import Claim, Decision, Judged, Known, KnownEntry
from storage.outputs import allot, bump
from storage.schema import bylines, entries, filings, journal, revisions, seen, sources, topics

_CHUNK = 500
# A permanent redirect is believed when it was seen this often, over this long (F-33).
_MOVES_SEEN = 2
_MOVES_OVER = timedelta(hours=24)


def claim(
    db: Database,
    now: datetime,
    *,
    owner: str,
    limit: int,
    lease: timedelta = timedelta(minutes=10),
    slugs: Sequence[str] | None = None,
    explicit: bool = False,
) -> list[Claim]:
    """Lease up to `limit` sources that are due, in one statement.

    `explicit` ignores our own schedule, never the publisher's floor. `slugs` narrows to those sources.
    """
    due: list[ColumnElement[bool]] = [
        sources.c.retired_at.is_(None),
        or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now),
        or_(sources.c.floor_until.is_(None), sources.c.floor_until <= now),
    ]
    due.append(sources.c.next_poll_at.is_not(None) if explicit else sources.c.next_poll_at <= now)
    if slugs is not None:
        due.append(sources.c.slug.in_(list(slugs)))
    chosen = (
        select(sources.c.id)
        .where(and_(*due))
        .order_by(sources.c.next_poll_at, sources.c.position, sources.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(sources)
        .where(sources.c.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=owner, lease_until=now + lease)
        .returning(sources)
    )
    with db.write() as connection:
        found = connection.execute(statement).mappings().all()
    found = sorted(found, key=lambda row: (row["next_poll_at"], row["position"], row["id"]))
    return [
        Claim(
            source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"],
            state=rows.state_of(row), owner=owner,
        )
        for row in found
    ]  # fmt: skip


def release(db: Database, claims: Iterable[Claim]) -> None:
    """Give leases back unused: a poller that stops leaves nothing waiting."""
    with db.write() as connection:
        for one in claims:
            mine = and_(sources.c.id == one.source_id, sources.c.lease_owner == one.owner)
            connection.execute(update(sources).where(mine).values(lease_owner=None, lease_until=None))


def release_lost(db: Database, is_lost: Callable[[str], bool]) -> int:
    """Give back the leases of owners that are known to be dead, without waiting for them to run out. How many."""
    with db.write() as connection:
        held = connection.execute(select(sources.c.lease_owner).where(sources.c.lease_owner.is_not(None)).distinct())
        lost = [owner for owner in held.scalars() if is_lost(owner)]
        free = update(sources).where(sources.c.lease_owner.in_(lost)).values(lease_owner=None, lease_until=None)
        return connection.execute(free).rowcount if lost else 0


def known(db: Database, source_id: int, ids: Sequence[str]) -> Known:
    """What the store holds of the entries with these ids of a source."""
    found: dict[str, KnownEntry] = {}
    gone: set[str] = set()
    columns = [
        entries.c.id, entries.c.entry_id, entries.c.fingerprint, entries.c.published, entries.c.published_note,
        entries.c.published_claimed, entries.c.updated, entries.c.updated_claimed,
    ]  # fmt: skip
    with db.read() as connection:
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            held = select(*columns).where(entries.c.source_id == source_id, entries.c.entry_id.in_(part))
            for row in connection.execute(held).mappings():
                found[row["entry_id"]] = rows.known_of(row)
            keys = {rows.seen_key(one): one for one in part if one not in found}
            shown = select(seen.c.key).where(seen.c.source_id == source_id, seen.c.key.in_(list(keys)))
            gone |= {keys[key] for key in connection.execute(shown).scalars()}
    return Known(entries=found, seen=frozenset(gone))


def record(db: Database, claim: Claim, decision: Decision) -> bool:
    """Write all that a poll changes, and give the lease back, in one transaction.

    False, and nothing is written, where the lease was lost to another poller in the meantime.
    """
    now = decision.journal.at
    with db.write() as connection:
        touched = _settle(connection, claim, decision)
        if touched is None:
            return False
        if decision.new or decision.changed:
            topic_ids = _topic_ids(connection, [*decision.new, *decision.changed])
            people = author_ids(connection, (b for j in (*decision.new, *decision.changed) for b in j.bylines), now)
            keys = _insert(connection, claim, decision.new, now)
            for key, judged in sorted(zip(keys, decision.new, strict=True), key=lambda pair: pair[0]):
                touched += _file(connection, key, judged, topic_ids, now)
                touched += _sign(connection, key, judged, people)
            for judged in decision.changed:
                touched += _edit(connection, judged, topic_ids, people, now)
            touched += Counter({("sources", claim.source_id): 1, ("all", 0): 1})
        _bump(connection, touched, now)
        line = decision.journal
        connection.execute(
            insert(journal).values(
                source_id=claim.source_id, at=line.at, outcome=line.outcome, kind=line.kind, detail=line.detail,
                status=line.status, size=line.size, milliseconds=line.milliseconds, entries=line.entries, new=line.new,
                changed=line.changed, next_poll_at=line.next_poll_at, reason=line.reason,
            )
        )  # fmt: skip
    return True


def _settle(connection: Connection, claim: Claim, decision: Decision) -> Counter[tuple[str, int]] | None:
    """The source's own row: state, lease, head, redirects. The feeds that a new head touches; None: the lease is lost."""
    line = decision.journal
    held = (
        select(sources).where(sources.c.id == claim.source_id, sources.c.lease_owner == claim.owner).with_for_update()
    )
    row = connection.execute(held).mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = {
        **rows.state_row(decision.state), "lease_owner": None, "lease_until": None,
        "last_poll_at": line.at, "last_outcome": line.outcome, "last_detail": line.detail,
    }  # fmt: skip
    if row["declared_url"] != claim.declared_url:
        # The address was edited while we asked the old one: its validators are not for the new one (F-07).
        values |= rows.state_row(decision.state) | {
            "validators_url": "",
            "etag": "",
            "last_modified": "",
            "body_hash": "",
        }
        values |= {"next_poll_at": line.at, "next_reason": "the address was edited", "floor_until": None}
    if line.outcome != "failed":
        values["last_ok_at"] = line.at
        values |= _moves(dict(row), claim, decision)
    if decision.new:
        values["last_new_at"] = line.at
    head = rows.head_row(decision.head and replace(decision.head, updated=None))
    told = head is not None and head != row["head"]
    if told:
        values |= {"head": head}
    connection.execute(update(sources).where(sources.c.id == claim.source_id).values(values))
    return feeds_naming(connection, claim.source_id) if told else Counter()


def feeds_naming(connection: Connection, source_id: int) -> Counter[tuple[str, int]]:
    """Every feed of ours in which this source is named."""
    mine = entries.c.source_id == source_id
    filed = select(filings.c.topic_id).join(entries, entries.c.id == filings.c.entry_id).where(mine).distinct()
    signed = select(bylines.c.author_id).join(entries, entries.c.id == bylines.c.entry_id).where(mine).distinct()
    named: Counter[tuple[str, int]] = Counter({("sources", source_id): 1, ("all", 0): 1})
    named += Counter(("topics", ref) for ref in connection.execute(filed).scalars())
    return named + Counter(("authors", ref) for ref in connection.execute(signed).scalars())


def _moves(row: dict[str, Any], claim: Claim, decision: Decision) -> dict[str, Any]:
    """What a permanent redirect teaches, once it was seen often and long enough (F-33)."""
    if not decision.moved_to:
        return {"moved_to": "", "moved_since": None, "moved_seen": 0}
    at = decision.journal.at
    again = row["moved_to"] == decision.moved_to
    since, times = (row["moved_since"], row["moved_seen"] + 1) if again else (at, 1)
    if times >= _MOVES_SEEN and at - since >= _MOVES_OVER:
        return {"learned_url": decision.moved_to, "moved_to": "", "moved_since": None, "moved_seen": 0}
    return {"moved_to": decision.moved_to, "moved_since": since, "moved_seen": times}


def _topic_ids(connection: Connection, judged: Iterable[Judged]) -> dict[str, int]:
    slugs = {filing.topic for one in judged for filing in one.filings}
    found = select(topics.c.slug, topics.c.id).where(topics.c.slug.in_(sorted(slugs)))
    return dict(connection.execute(found).all())


def _insert(connection: Connection, claim: Claim, new: Sequence[Judged], now: datetime) -> list[int]:
    """The new entries and their seen ids. Oldest first, so that the newest arrives last. Their keys, in order given."""
    if not new:
        return []
    order = sorted(range(len(new)), key=lambda at: (new[at].published, -at))
    last = allot(connection, "all", 0, len(new))
    keys = [0] * len(new)
    for number, at in enumerate(order, start=last - len(new) + 1):
        keys[at] = number
    connection.execute(
        insert(entries),
        [
            {
                **rows.words_row(one), "id": key, "source_id": claim.source_id, "entry_id": one.entry.id,
                "id_origin": one.entry.id_origin, "is_permalink": one.entry.is_permalink,
                "public_id": one.entry.public_id, "first_seen": now,
            }
            for key, one in zip(keys, new, strict=True)
        ],
    )  # fmt: skip
    first = [{"source_id": claim.source_id, "key": rows.seen_key(one.entry.id), "first_seen": now} for one in new]
    connection.execute(insert(seen), first)
    return keys


def _file(
    connection: Connection, key: int, judged: Judged, ids: dict[str, int], now: datetime
) -> Counter[tuple[str, int]]:
    """Open the entry's filings, each with its place in the topic's order of arrival."""
    opened = [filing for filing in judged.filings if filing.topic in ids]
    for filing in sorted(opened, key=lambda one: one.topic):
        topic = ids[filing.topic]
        open_filing(connection, topic, key, filing.rule_version, rows.spans_row(filing.spans), now, announced=True)
    return Counter(("topics", ids[filing.topic]) for filing in opened)


def open_filing(
    connection: Connection,
    topic: int,
    entry: int,
    version: str,
    spans: list[list[Any]],
    now: datetime,
    *,
    announced: bool,
) -> None:
    """File an entry under a topic."""
    arrival = allot(connection, "topics", topic, 1)
    connection.execute(
        insert(filings).values(
            topic_id=topic,
            entry_id=entry,
            rule_version=version,
            spans=spans,
            announced=announced,
            opened_at=now,
            arrival=arrival,
        )
    )


def _sign(connection: Connection, key: int, judged: Judged, people: dict[str, int]) -> Counter[tuple[str, int]]:
    """The entry's bylines; an author named twice signs once."""
    signed: dict[int, dict[str, Any]] = {}
    for position, byline in enumerate(judged.bylines):
        author = people[byline.key]
        if author not in signed:
            signed[author] = {
                "entry_id": key, "position": position, "author_id": author, "key": byline.key, "name": byline.name,
                "url": byline.url, "arrival": allot(connection, "authors", author, 1),
            }  # fmt: skip
    if signed:
        connection.execute(insert(bylines), list(signed.values()))
    return Counter(("authors", author) for author in signed)


def _edit(
    connection: Connection, judged: Judged, topic_ids: dict[str, int], people: dict[str, int], now: datetime
) -> Counter[tuple[str, int]]:
    """An edited entry: what it said goes to its revisions, its words, bylines and filings are those of today (I-07)."""
    assert judged.key is not None
    row = connection.execute(select(entries).where(entries.c.id == judged.key)).mappings().one()
    signed = select(bylines).where(bylines.c.entry_id == judged.key).order_by(bylines.c.position)
    before = connection.execute(signed).mappings().all()
    number = row["revisions"] + 1
    earlier = rows.said(row, [one["name"] for one in before])
    connection.execute(
        insert(revisions).values(
            entry_id=judged.key, number=number, until=now, said=earlier, fingerprint=row["fingerprint"]
        )
    )
    words = rows.words_row(judged) | {"modified_at": now, "revisions": number}
    connection.execute(update(entries).where(entries.c.id == judged.key).values(words))
    touched: Counter[tuple[str, int]] = Counter(("authors", one["author_id"]) for one in before)
    if [one["key"] for one in before] != [byline.key for byline in judged.bylines]:
        connection.execute(delete(bylines).where(bylines.c.entry_id == judged.key))
        touched += _sign(connection, judged.key, judged, people)
    return touched + _refile(connection, judged, topic_ids, now)


def _refile(connection: Connection, judged: Judged, ids: dict[str, int], now: datetime) -> Counter[tuple[str, int]]:
    """Close the filings that no longer hold, open those that do now, renew the words of the rest."""
    assert judged.key is not None
    open_now = select(filings).where(filings.c.entry_id == judged.key, filings.c.closed_at.is_(None))
    held = {row["topic_id"]: row for row in connection.execute(open_now).mappings()}
    wanted = {ids[filing.topic]: filing for filing in judged.filings if filing.topic in ids}
    for topic, row in held.items():
        same = filings.c.id == row["id"]
        if topic in wanted:
            renewed = {"spans": rows.spans_row(wanted[topic].spans), "rule_version": wanted[topic].rule_version}
            connection.execute(update(filings).where(same).values(renewed))
        else:
            connection.execute(update(filings).where(same).values(closed_at=now))
    for topic in sorted(wanted.keys() - held.keys()):
        spans = rows.spans_row(wanted[topic].spans)
        open_filing(connection, topic, judged.key, wanted[topic].rule_version, spans, now, announced=True)
    return Counter(("topics", topic) for topic in held.keys() | wanted.keys())


def _bump(connection: Connection, touched: Counter[tuple[str, int]], now: datetime) -> None:
    """A new revision for every feed that changed."""
    for kind, ref in sorted(touched):
        bump(connection, kind, [ref], now)
