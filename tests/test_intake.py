from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, delete, insert, select, update

from feeds.model import Author, Enclosure, Head, Source
from storage import intake, reading, upkeep
from storage.database import Database
from storage.model import Claim, OutputKind, SourceRow
from storage.schema import entries, filings, journal, revisions, seen, sources
from storage.upkeep import Declared
from tests.fakes import NOON, declare, make_entry, make_source, take


def claim_all(db: Database, **said: object) -> list[Claim]:
    """Claim up to fifty for an owner."""
    return intake.claim(db, **{"now": NOON, "owner": "a", "limit": 50, **said})  # type: ignore[arg-type]


def test_due_sources_are_leased_once(db: Database) -> None:
    """A source that one poller has is not given to another until it is given back."""
    declare(db, make_source(slug="a", url="https://a.example/"), make_source(slug="b", url="https://b.example/"))

    first = claim_all(db, limit=1)
    second = claim_all(db, owner="b")
    assert [one.source.slug for one in first] == ["a"]
    assert [one.source.slug for one in second] == ["b"]
    assert claim_all(db, owner="c") == []
    intake.release(db, first)
    assert [one.source.slug for one in claim_all(db, owner="c")] == ["a"]


def test_a_lost_lease_runs_out(db: Database) -> None:
    """A poller that never comes back loses its lease, and what it records then is not written."""
    declare(db, make_source())
    (lost,) = claim_all(db)
    later = NOON + timedelta(minutes=11)
    (taken,) = claim_all(db, now=later, owner="b")

    assert taken.source_id == lost.source_id
    assert not intake.record(db, lost, take_decision(lost))
    assert intake.record(db, taken, take_decision(taken))


def take_decision(claim: Claim):  # type: ignore[no-untyped-def]
    """A decision that only says that nothing changed."""
    from aggregator.decide import decide
    from feeds.model import Answer, Unchanged, Validators
    from storage.model import Known

    outcome = Unchanged(answer=Answer(status=304, url=claim.source.url), validators=Validators())
    return decide(claim, outcome, None, Known(), [], NOON)


def test_the_schedule_holds_unless_a_poll_is_explicit(db: Database) -> None:
    """A source that is not due is claimed by an explicit poll only."""
    declare(db, make_source())
    take(db, [make_entry()])

    assert claim_all(db) == []
    assert len(claim_all(db, explicit=True)) == 1


def test_a_publishers_floor_holds_for_everybody(db: Database) -> None:
    """F-12, F-20: neither the schedule nor an explicit poll asks before the time that the publisher gave."""
    declare(db, make_source())
    with db.write() as connection:
        connection.execute(update(sources).values(floor_until=NOON + timedelta(hours=1)))

    assert claim_all(db) == []
    assert claim_all(db, explicit=True) == []
    assert len(claim_all(db, now=NOON + timedelta(hours=1), explicit=True)) == 1


def test_dead_owners_leases_come_back_at_once(db: Database) -> None:
    """Leases of owners that are known to be dead need not run out."""
    declare(db, make_source())
    claim_all(db, owner="host:1:dead")

    assert intake.release_lost(db, lambda owner: False) == 0
    assert intake.release_lost(db, lambda owner: owner.endswith("dead")) == 1
    assert len(claim_all(db)) == 1


def many_of(host: str, count: int) -> list[Source]:
    """So many sources of one host."""
    name = host.split(".")[0]
    return [make_source(slug=f"{name}-{n}", url=f"https://{host}/{n}") for n in range(count)]


def test_one_source_of_a_host_at_a_time(db: Database) -> None:
    """F-43: of a public host one source is claimed at a time, so that a host that hangs holds up one worker, not all."""
    declare(
        db,
        *many_of("slow.example", 20),
        *many_of("quick.example", 1),
        make_source(slug="www", url="https://SLOW.example.:443/x"),
    )

    first = claim_all(db)
    assert sorted(one.host for one in first) == ["quick.example", "slow.example"]
    assert claim_all(db, owner="b") == []
    assert claim_all(db, owner="b", explicit=True) == []
    intake.release(db, first)
    assert len(claim_all(db, owner="b", limit=1)) == 1


def test_a_host_is_free_again_when_its_lease_ran_out(db: Database) -> None:
    """F-43: a poller that died holds a host no longer than its lease, nor one whose clock was far ahead of ours."""
    declare(db, *many_of("slow.example", 2))
    (first,) = claim_all(db)
    (second,) = claim_all(db, owner="b", now=NOON + timedelta(minutes=11))

    assert second.source.slug in (first.source.slug, "slow-1")
    assert len(claim_all(db, owner="c", now=NOON - timedelta(days=30), explicit=True)) == 1


def test_hosts_of_our_own_have_no_limit(db: Database) -> None:
    """F-43: files and hosts of the operator's own are claimed as many at a time as there are."""
    files = [make_source(slug=f"file-{n}", url=f"file:samples/{n}.xml") for n in range(3)]
    own = [SourceRow(source=one, own_host=True) for one in many_of("bridge.example", 5)]
    upkeep.reconcile(db, Declared(sources=[*(SourceRow(source=one) for one in files), *own]), NOON)

    assert len(claim_all(db)) == 8


def test_pollers_at_the_same_moment_share_no_host(db: Database) -> None:
    """F-43: eight pollers that claim at once get one source of a host between them, on both engines."""
    declare(db, *many_of("slow.example", 16), *many_of("quick.example", 16))
    with ThreadPoolExecutor(8) as pollers:
        found = [
            one for claims in pollers.map(lambda n: claim_all(db, owner=f"p{n}", limit=8), range(8)) for one in claims
        ]

    assert sorted(one.host for one in found) == ["quick.example", "slow.example"]


def test_every_source_is_reached_in_rounds(db: Database) -> None:
    """F-43: an explicit poll of everything reaches every source, a round for each that shares a host, each source once."""
    declare(db, *many_of("slow.example", 7), *many_of("quick.example", 3))
    later = NOON + timedelta(minutes=1)
    rounds = []
    while claims := claim_all(db, now=NOON, explicit=True, since=NOON):
        rounds.append(len(claims))
        assert intake.record_many(db, [(one, take_decision(one)) for one in claims]) == [True] * len(claims)

    assert rounds == [2, 2, 2, 1, 1, 1, 1]
    assert len(claim_all(db, now=later, explicit=True, since=later)) == 2


def test_a_crowd_in_front_hides_nobody(db: Database) -> None:
    """F-43: a source behind a thousand of a host that is busy gets its turn at once."""
    declare(db, *many_of("slow.example", 1000), make_source(slug="last", url="https://last.example/"))
    claim_all(db, slugs=["slow-0"])

    assert [one.source.slug for one in claim_all(db, owner="b", limit=1)] == ["last"]


def test_due_work_is_found_by_an_index(db: Database) -> None:
    """G-07: what is due, what is leased, and polls from the future are read from indexes: no look at every source."""
    many = [
        {"slug": f"s{n}", "tags": [], "next_poll_at": NOON + timedelta(seconds=n), "position": n, "host": f"h{n}.example",
         "last_poll_at": NOON - timedelta(hours=1)}
        for n in range(3000)
    ]  # fmt: skip
    with db.write() as connection:
        connection.execute(insert(sources), many)
    with db.write() as connection:
        connection.exec_driver_sql("ANALYZE")
        plans = [explained(connection, one) for one in (intake._DUE[False], intake._JUMPED[False], intake._BUSY)]

    wanted = ("ix_sources_next_poll_at_position_id", "ix_sources_last_poll_at", "ix_sources_lease_until")
    for plan, index in zip(plans, wanted, strict=True):
        assert index in plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan
        assert "Seq Scan" not in plan


def explained(connection: Connection, statement: Select[Any]) -> str:
    """How the engine means to answer a statement of a claim."""
    far = NOON + timedelta(hours=1)
    asked = statement.params(now=NOON, never=far, ahead=far, since=far, window=100, taken=[])
    words = asked.compile(connection, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{explain} {words}"))


@pytest.mark.parametrize(
    ("kind", "slug"), [("all", ""), ("sources", "news"), ("topics", "any"), ("authors", "ada-ore")]
)
def test_new_entries_arrive_oldest_first(db: Database, kind: OutputKind, slug: str) -> None:
    """The newest entry of a document arrives last, so that it stands first in every feed, whatever the document's order."""
    topics = declare(db, make_source(), topics={"any": "title"})
    old, new = NOON - timedelta(days=2), NOON - timedelta(days=1)
    signed = {"authors": ["Ada Ore"]}
    entries_ = [make_entry(id="new", published=new, **signed), make_entry(id="old", published=old, **signed)]
    take(db, entries_, topics=topics)

    assert [one.entry.id for one in reading.page(db, kind, slug, limit=9)] == ["new", "old"]


def test_an_entry_survives_the_store_whole(db: Database) -> None:
    """Every field of an entry comes back as it was given."""
    declare(db, make_source())
    entry = make_entry(
        external_link="https://other.example/", summary="<p>s</p>", content="<p>c</p>", text="c", lang="ky", rights="©",
        categories=("a", "b"), enclosures=(Enclosure(url="https://news.example/a.mp3", type="audio/mpeg", length=7),),
        authors=(Author(name="Ada Ore", url="https://news.example/ada", bio="Writes."), "Бо Берг"), is_permalink=True,
        source=Head(title="Inner", url="https://inner.example/feed", id="urn:x:inner"), published=NOON, updated=NOON,
    )  # fmt: skip
    take(db, [entry])
    (kept,) = reading.page(db, "all", "", limit=1)

    assert kept.entry.public_id.startswith("urn:uuid:")
    assert kept.entry == type(entry)(
        **{name: getattr(entry, name) for name in entry.__slots__} | {"public_id": kept.entry.public_id}
    )
    assert (kept.published, kept.updated, kept.first_seen) == (NOON, NOON, NOON)
    assert kept.author_slugs == ("ada-ore", "bo-berg")


def test_the_same_id_in_two_sources_is_two_entries(db: Database) -> None:
    """I-01: another feed that shows a known id does not touch the entry that has it."""
    declare(db, make_source(slug="a", url="https://a.example/"), make_source(slug="b", url="https://b.example/"))
    take(db, [make_entry(id="urn:x:1", title="Mine")], slug="a")
    take(db, [make_entry(id="urn:x:1", title="Stolen")], slug="b")

    assert [one.entry.title for one in reading.page(db, "sources", "a", limit=9)] == ["Mine"]
    assert len(reading.page(db, "all", "", limit=9)) == 2


def test_an_edit_keeps_what_was_there(db: Database) -> None:
    """I-07: an edit updates in place; id, first seen and published stay, and the earlier words are a revision."""
    declare(db, make_source())
    take(db, [make_entry(title="Before", authors=["Ada Ore"], published=NOON)])
    later = NOON + timedelta(hours=2)
    take(db, [make_entry(title="After", authors=["Bo Berg"], published=NOON)], now=later)

    (kept,) = reading.page(db, "all", "", limit=9)
    assert (kept.entry.title, kept.revisions, kept.first_seen, kept.published) == ("After", 1, NOON, NOON)
    assert kept.updated == later
    assert [author.name for author in kept.entry.authors] == ["Bo Berg"]
    with db.read() as connection:
        (before,) = connection.execute(select(revisions)).mappings().all()
    assert (before["said"]["title"], before["said"]["authors"], before["until"]) == ("Before", ["Ada Ore"], later)
    assert reading.page(db, "authors", "ada-ore", limit=9) == []


def test_an_unchanged_entry_is_left_alone(db: Database) -> None:
    """I-08: the same words again change neither the entry nor any feed's revision."""
    declare(db, make_source(), topics={"t": "title"})
    take(db, [make_entry()])
    before = reading.output(db, "all", "")
    take(db, [make_entry()], now=NOON + timedelta(hours=1))

    assert reading.output(db, "all", "") == before


def test_vanishing_is_not_deletion(db: Database) -> None:
    """I-12: an entry that its feed no longer shows stays."""
    declare(db, make_source())
    take(db, [make_entry(id="1"), make_entry(id="2")])
    take(db, [make_entry(id="2")], now=NOON + timedelta(hours=1))

    assert len(reading.page(db, "all", "", limit=9)) == 2


def test_a_removed_entry_does_not_return(db: Database) -> None:
    """I-12: an id that was seen and whose entry is gone is not new when the feed shows it again (F42)."""
    declare(db, make_source())
    take(db, [make_entry()])
    with db.write() as connection:
        connection.execute(delete(entries))
    decision = take(db, [make_entry()], now=NOON + timedelta(hours=1))

    assert decision.new == ()
    assert reading.counts(db)["entries"] == 0


def test_filings_open_close_and_are_never_deleted(db: Database) -> None:
    """An edit that ends a match closes the filing; one that begins a match opens another; the words are kept."""
    declared = declare(db, make_source(), topics={"air": "helicopter*", "sea": "frigate*"})
    take(db, [make_entry(title="New helicopters")], topics=declared)
    (kept,) = reading.page(db, "topics", "air", limit=9)
    assert kept.filings[0].terms == ("helicopter*",)

    take(db, [make_entry(title="New frigates")], topics=declared, now=NOON + timedelta(hours=1))
    assert reading.page(db, "topics", "air", limit=9) == []
    assert len(reading.page(db, "topics", "sea", limit=9)) == 1
    with db.read() as connection:
        rows = connection.execute(select(filings.c.closed_at).order_by(filings.c.id)).scalars().all()
    assert rows == [NOON + timedelta(hours=1), None]


def test_an_edit_that_still_matches_keeps_its_place(db: Database) -> None:
    """An edited entry stays where it arrived in a topic's feed, and its spans are those of today's words."""
    declared = declare(db, make_source(), topics={"air": "helicopter*"})
    take(db, [make_entry(id="1", title="A helicopter")], topics=declared)
    take(db, [make_entry(id="2", title="Helicopters")], topics=declared, now=NOON + timedelta(hours=1))
    take(db, [make_entry(id="1", title="Another helicopter")], topics=declared, now=NOON + timedelta(hours=2))

    kept = reading.page(db, "topics", "air", limit=9)
    assert [one.entry.id for one in kept] == ["2", "1"]
    assert kept[1].filings[0].spans[0].start == 8


def test_every_feed_that_changed_gets_a_revision(db: Database) -> None:
    """A new entry renews its topics, its authors, its source and everything; other feeds stay."""
    declared = declare(db, make_source(), topics={"air": "helicopter*", "sea": "frigate*"})
    take(db, [make_entry(title="Helicopters", authors=["Ada Ore"])], topics=declared)
    revision = {
        (kind, slug): found.revision
        for kind, slug in (
            ("topics", "air"),
            ("topics", "sea"),
            ("authors", "ada-ore"),
            ("sources", "news"),
            ("all", ""),
        )
        if (found := reading.output(db, kind, slug))  # type: ignore[arg-type]
    }

    assert revision.pop(("topics", "sea")) == 0
    assert len(revision) == 4
    assert all(number >= 1 for number in revision.values())


def test_every_poll_leaves_a_line(db: Database) -> None:
    """The journal holds one row a poll, with what came of it."""
    declare(db, make_source())
    take(db, [make_entry()])
    take(db, [make_entry()], now=NOON + timedelta(hours=1))

    lines = reading.journal_of(db, "news")
    assert [(line.new, line.entries) for line in lines] == [(0, 1), (1, 1)]
    with db.read() as connection:
        assert len(connection.execute(select(journal)).all()) == 2
        assert len(connection.execute(select(seen)).all()) == 1


@pytest.mark.parametrize(("polls", "hours", "learned"), [(1, 0, False), (2, 1, False), (2, 25, True)])
def test_a_permanent_redirect_is_believed_slowly(db: Database, polls: int, hours: int, learned: bool) -> None:
    """F-33: a new address is learned after two polls a day apart, and the declared one is kept beside it."""
    from aggregator.decide import decide
    from feeds.model import Answer, Document, Fetched, Validators

    declare(db, make_source())
    for number in range(polls):
        now = NOON + timedelta(hours=hours * number)
        (claim,) = intake.claim(db, now, owner="a", limit=1, explicit=True)
        answer = Answer(status=200, url="https://new.example/feed", permanent_url="https://new.example/feed")
        outcome = Fetched(answer=answer, body=b"x", validators=Validators(url=answer.url))
        known = intake.known(db, claim.source_id, [make_entry().id])
        document = Document(head=Head(title="N"), entries=(make_entry(),))
        assert intake.record(db, claim, decide(claim, outcome, document, known, [], now))

    (followed,) = reading.followed(db)
    assert followed.declared_url == "https://news.example/feed"
    assert followed.source.url == ("https://new.example/feed" if learned else "https://news.example/feed")


def test_long_ids_and_many_entries_are_kept(db: Database) -> None:
    """Ids of any length, and more entries than one statement's parameters, are stored and known again."""
    declare(db, make_source())
    many = [make_entry(id=f"{number}-" + "x" * 5000 * (number == 0)) for number in range(1200)]
    take(db, many)
    again = take(db, many, now=NOON + timedelta(hours=1))

    assert (again.new, again.changed) == ((), ())
    assert reading.counts(db)["entries"] == 1200
