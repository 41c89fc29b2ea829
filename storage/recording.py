"""New and edited entries into their tables: words, revisions, bylines, filings.

In: what was decided of entries, inside a write transaction with its ledger. Out: rows. Never: a lease or a schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage import archives, embargo, rows, withdrawing
from storage.authors import author_ids
from storage.model import Decision, Filing, Judged, PlaceTag
from storage.outputs import ALL, Ledger, Ref
from storage.pins import pinned_topics, with_pins
from storage.revisions import keep
from storage.schema import bylines, entries, entry_places, filings, seen, topics
from storage.search_queue import put_due
from storage.work import PAGE, put_new_work

_TOPICS = select(topics.c.slug, topics.c.id).where(topics.c.slug.in_(bindparam("slugs", expanding=True)))
_ADD, _SEE, _OPEN, _SIGN, _PLACE = map(insert, (entries, seen, filings, bylines, entry_places))


_NO_PLACES: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one poll brought: the source's number, the decision."""

    source_id: int
    decision: Decision

    @property
    def at(self) -> datetime:
        """When it was decided."""
        return self.decision.journal.at


def write_entries(
    connection: Connection, ledger: Ledger, brought: Sequence[Brought], *, announced: bool = True
) -> None:
    """All that some polls brought. Every feed that they touch is locked before any place in one is taken.

    `announced` is false for entries from a feed's archives: they are on pages, never news in a feed.
    """
    judged = [one for poll in brought for one in (*poll.decision.new, *poll.decision.changed)]
    topic_ids = _topic_ids(connection, judged)
    people = author_ids(connection, [byline for one in judged for byline in one.bylines], brought[0].at)
    held = [one for poll in brought for one in _keys_of(connection, poll)]
    before = filed_and_signed(connection, held)
    touched: set[Ref] = {ALL, *(("sources", poll.source_id) for poll in brought), *before}
    touched |= {("topics", ref) for ref in topic_ids.values()} | {("authors", ref) for ref in people.values()}
    ledger.lock(touched)
    ledger.touch(touched)
    archives.disturb(connection, held)
    opened: list[dict[str, Any]] = []
    signed: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    new = _insert(connection, ledger, brought, announced)
    if announced:
        pages = [(str(key), {"url": one.page, "host": rows.host_of(one.page)}) for key, one, _ in new if one.page]
        put_new_work(connection, PAGE, pages, brought[0].at)
    embargo.put_embargoes(connection, [(key, one.embargo_until) for key, one, _ in new if one.embargo_until])
    for key, one, at in new:
        opened += (
            filing_row(ledger, topic_ids[filing.topic], key, filing, at, announced=announced)
            for filing in one.filings
            if filing.topic in topic_ids
        )
        signed += _byline_rows(ledger, key, one, people)
        named += (rows.place_row(tag, key, key) for tag in one.meaning.places)
    for poll in brought:
        for one in poll.decision.changed:
            opened += _edit(connection, ledger, one, topic_ids, poll.at, announced)
            signed += _sign_again(connection, ledger, one, people)
            named += place_again(connection, one.key, one.meaning.places, lambda: ledger.place(ALL))
        withdrawing.hide_and_show(connection, ledger, poll.source_id, poll.decision, poll.at)
    if opened:
        connection.execute(_OPEN, opened)
    if signed:
        connection.execute(_SIGN, signed)
    if named:
        connection.execute(_PLACE, named)
    edited = (one.key for poll in brought for one in poll.decision.changed if one.key is not None)
    put_due(connection, [*(key for key, _, _ in new), *edited])


def write_again(connection: Connection, one: Judged, now: datetime, *, sign: bool) -> bool:
    """What we make of an entry whose words did not change, made anew: filings, places, language, with `sign` authors.

    False, and nothing is written, where it was edited since: then the edit has said it already. What is filed now is news
    where the entry was.
    """
    assert one.key is not None
    held = connection.execute(select(entries).where(entries.c.id == one.key)).mappings().one_or_none()
    if held is None or held["fingerprint"] != one.fingerprint:
        return False
    ledger = Ledger(connection, now)
    topic_ids = _topic_ids(connection, [one])
    people = author_ids(connection, one.bylines if sign else (), now)
    touched: set[Ref] = {ALL, ("sources", held["source_id"]), *filed_and_signed(connection, [one.key])}
    touched |= {("topics", ref) for ref in topic_ids.values()} | {("authors", ref) for ref in people.values()}
    ledger.lock(touched)
    ledger.touch(touched)
    archives.disturb(connection, [one.key])
    connection.execute(update(entries).where(entries.c.id == one.key).values(rows.meaning_row(one.meaning)))
    opened = _file_again(connection, ledger, one, topic_ids, now, held["announced"])
    for add, made in (
        (_OPEN, opened),
        (_SIGN, _sign_again(connection, ledger, one, people) if sign else []),
        (_PLACE, place_again(connection, one.key, one.meaning.places, lambda: ledger.place(ALL))),
    ):
        if made:
            connection.execute(add, made)
    put_due(connection, [one.key])
    ledger.close()
    return True


def _topic_ids(connection: Connection, judged: Iterable[Judged]) -> dict[str, int]:
    slugs = {filing.topic for one in judged for filing in one.filings}
    return {row.slug: row.id for row in connection.execute(_TOPICS, {"slugs": sorted(slugs)})} if slugs else {}


def _keys_of(connection: Connection, poll: Brought) -> list[int]:
    """The keys of entries that are edited, hidden or shown again."""
    edited = [one.key for one in poll.decision.changed if one.key is not None]
    return [*edited, *withdrawing.keys_of(connection, poll.source_id, poll.decision)]


def filed_and_signed(connection: Connection, keys: Sequence[int]) -> set[Ref]:
    """The topic and author feeds in which these entries stand now."""
    if not keys:
        return set()
    filed = select(filings.c.topic_id).where(filings.c.entry_id.in_(keys), filings.c.closed_at.is_(None)).distinct()
    signed = select(bylines.c.author_id).where(bylines.c.entry_id.in_(keys)).distinct()
    found: set[Ref] = {("topics", ref) for ref in connection.execute(filed).scalars()}
    return found | {("authors", ref) for ref in connection.execute(signed).scalars()}


def _insert(
    connection: Connection, ledger: Ledger, brought: Sequence[Brought], announced: bool
) -> list[tuple[int, Judged, datetime]]:
    """The new entries and their seen ids; each with its key, and when it came, in order of arrival.

    Of one poll the oldest first, so that the newest arrives last.
    """
    new: list[tuple[int, Judged, datetime]] = []
    words, first = [], []
    count = sum(len(poll.decision.new) for poll in brought)
    key = ledger.place(ALL, count) - count
    for poll in brought:
        for _, one in sorted(enumerate(poll.decision.new), key=lambda pair: (pair[1].published, -pair[0])):
            key += 1
            new.append((key, one, poll.at))
            words.append(
                {
                    **rows.words_row(one), "id": key, "arrival": key, "source_id": poll.source_id, "entry_id": one.entry.id,
                    "id_origin": one.entry.id_origin, "is_permalink": one.entry.is_permalink,
                    "public_id": one.entry.public_id, "first_seen": poll.at, "announced": announced,
                    **embargo.kept_back(one.embargo_until, poll.at),
                }
            )  # fmt: skip
            first.append({"source_id": poll.source_id, "key": rows.seen_key(one.entry.id), "first_seen": poll.at})
    if new:
        connection.execute(_ADD, words)
        connection.execute(_SEE, first)
    return new


def filing_row(
    ledger: Ledger, topic: int, entry: int, filing: Filing, now: datetime, *, announced: bool
) -> dict[str, Any]:
    """A filing with its place in the topic's order of arrival."""
    return {
        "topic_id": topic, "entry_id": entry, "rule_version": filing.rule_version,
        "spans": rows.spans_row(filing.spans), "announced": announced, "opened_at": now,
        "arrival": ledger.place(("topics", topic)),
    }  # fmt: skip


def _byline_rows(
    ledger: Ledger, key: int, judged: Judged, people: dict[str, int], held: Mapping[int, int] = _NO_PLACES
) -> list[dict[str, Any]]:
    """The entry's bylines; an author named twice signs once. `held` are the places of authors that signed it before."""
    signed: dict[int, dict[str, Any]] = {}
    for position, byline in enumerate(judged.bylines):
        author = people[byline.key]
        if author not in signed:
            signed[author] = {
                "entry_id": key, "position": position, "author_id": author, "key": byline.key, "name": byline.name,
                "url": byline.url, "kind": byline.kind, "role": byline.role, "affiliation": byline.affiliation,
                "raw": byline.raw, "origin": byline.origin, "arrival": held.get(author) or ledger.place(("authors", author)),
            }  # fmt: skip
    return list(signed.values())


def _edit(
    connection: Connection, ledger: Ledger, judged: Judged, topic_ids: dict[str, int], now: datetime, announced: bool
) -> list[dict[str, Any]]:
    """An edited entry: what it said goes to its revisions, its words are those of today (I-07). Filings to open."""
    assert judged.key is not None
    row = connection.execute(select(entries).where(entries.c.id == judged.key)).mappings().one()
    signed = select(bylines.c.name).where(bylines.c.entry_id == judged.key).order_by(bylines.c.position)
    kept = keep(connection, row, connection.execute(signed).scalars().all(), judged, now)
    words = rows.words_row(judged) | kept
    connection.execute(update(entries).where(entries.c.id == judged.key).values(words))
    return _file_again(connection, ledger, judged, topic_ids, now, announced)


def _file_again(
    connection: Connection, ledger: Ledger, judged: Judged, topic_ids: dict[str, int], now: datetime, announced: bool
) -> list[dict[str, Any]]:
    """Filings that neither rules nor pins hold are closed; the rows of those to open."""
    assert judged.key is not None
    open_now = select(filings).where(filings.c.entry_id == judged.key, filings.c.closed_at.is_(None))
    held = {one["topic_id"]: one["id"] for one in connection.execute(open_now).mappings()}
    ruled = {topic_ids[filing.topic]: filing for filing in judged.filings if filing.topic in topic_ids}
    wanted = with_pins(ruled, pinned_topics(connection, [judged.key]).get(judged.key, {}))
    return refile_entry(connection, ledger, judged.key, held, wanted, now, announced=announced)


def refile_entry(
    connection: Connection, ledger: Ledger, key: int, held: dict[int, int], wanted: dict[int, Filing], now: datetime,
    *, announced: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """Close the filings that no longer hold, renew the words of those that do; the rows of those to open.

    `held` are open filings by topic, `wanted` what holds now.
    """
    for topic, filing_id in held.items():
        same = update(filings).where(filings.c.id == filing_id)
        if topic in wanted:
            filing = wanted[topic]
            connection.execute(same.values(spans=rows.spans_row(filing.spans), rule_version=filing.rule_version))
        else:
            connection.execute(same.values(closed_at=now))
    return [
        filing_row(ledger, topic, key, wanted[topic], now, announced=announced)
        for topic in sorted(wanted.keys() - held.keys())
    ]


def _sign_again(connection: Connection, ledger: Ledger, judged: Judged, people: dict[str, int]) -> list[dict[str, Any]]:
    """The bylines of an edited entry, where they changed. In the feeds of authors that stay it stands where it stood."""
    assert judged.key is not None
    this = bylines.c.entry_id == judged.key
    signed = connection.execute(select(bylines).where(this).order_by(bylines.c.position)).all()
    if [row.key for row in signed] == [byline.key for byline in judged.bylines]:
        return []
    connection.execute(delete(bylines).where(this))
    return _byline_rows(ledger, judged.key, judged, people, {row.author_id: row.arrival for row in signed})


def place_again(
    connection: Connection, key: int | None, tags: Sequence[PlaceTag], turn: Callable[[], int]
) -> list[dict[str, Any]]:
    """The places of an entry that was judged anew: rows to add. One that it named before keeps its turn, others get `turn`."""
    this = entry_places.c.entry_id == key
    turns = {row.code: row.arrival for row in connection.execute(select(entry_places).where(this))}
    if turns:
        connection.execute(delete(entry_places).where(this))
    assert key is not None
    return [rows.place_row(tag, key, turns.get(tag.code) or turn()) for tag in tags]
