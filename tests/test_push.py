"""Subscriptions and pushed bodies in the store, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import select, update

from aggregator.budgeting import share_out
from feeds.model import Offer
from storage import intake, push, reading, transfer
from storage.database import Database, open_database
from storage.push_model import Callback, Subscription
from storage.schema import pushes, sources, subscriptions
from storage.state_model import State
from storage.work import PUSH, SUBSCRIBE, UNSUBSCRIBE, claim_work, waiting
from tests.fakes import NOON, declare, make_entry, make_source, take
from tests.test_transfer import empty

__all__ = ["empty"]

URL = "https://news.example/feed"
OFFER = Offer(hubs=("https://hub.example/",), topic=URL)
LONGEST = timedelta(days=14)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = "not to be seen anywhere"


def source_id(db: Database) -> int:
    """The number of the one source."""
    with db.read() as connection:
        return int(connection.execute(select(sources.c.id)).scalar_one())


def column(db: Database, name: str) -> object:
    """What the one source's row says."""
    with db.read() as connection:
        return connection.execute(select(sources.c[name])).scalar_one()


def asked(db: Database, token: str = "t", now: datetime = NOON, hub: str = OFFER.hubs[0]) -> int:
    """A request that waits for its hub."""
    return push.ask(
        db, source_id(db), Offer(hubs=(hub,), topic=URL), token=token, base="https://h.example", secret=SECRET,
        lease=864000, attempts=1, now=now,
    )  # fmt: skip


def active(db: Database, token: str = "t", now: datetime = NOON) -> Callback:
    """A subscription that its hub confirmed."""
    made = asked(db, token, now)
    assert push.confirm(db, made, None, LONGEST, now)
    found = push.callback(db, token)
    assert found is not None
    return found


def held(db: Database) -> Subscription:
    """The subscription that is shown."""
    found = push.subscription_of(db, "news")
    assert found is not None
    return found


def states(db: Database) -> list[str]:
    """The states of all subscriptions, in their order."""
    with db.read() as connection:
        return list(connection.execute(select(subscriptions.c.state).order_by(subscriptions.c.id)).scalars())


def trusted(db: Database) -> Callback:
    """A subscription whose first push was good, of a source that was polled and is due in a day."""
    declare(db, make_source())
    take(db, [make_entry()])
    found = active(db)
    assert push.take(db, found, "", b"<rss/>", NOON)
    body = push.first_push(db, found.source_id)
    assert body is not None
    push.read(db, body, found.source_id, "hub.example", "")
    with db.write() as connection:
        connection.execute(update(sources).values(next_poll_at=NOON + DAY, next_reason="once a day"))
    return found


def test_a_callback_is_known_by_its_token_alone(db: Database) -> None:
    """W-04: the token of a callback leads to its subscription; another leads nowhere."""
    declare(db, make_source())
    found = active(db, "right")

    assert (found.topic, found.state, found.secret) == (URL, "active", SECRET)
    assert push.callback(db, "wrong") is None
    assert push.callback(db, "") is None


def test_a_secret_is_in_no_record_that_is_shown(db: Database) -> None:
    """X-33: neither secret nor callback stands in what status shows, or in what a record prints of itself."""
    declare(db, make_source())
    found = active(db, "token-of-the-callback")
    shown = repr((held(db), push.standing(db), found))

    assert SECRET not in shown
    assert "token-of-the-callback" not in shown


def test_only_a_pending_request_is_confirmed(db: Database) -> None:
    """W-05: a request is confirmed once; its lease is the hub's, ours where it names none, 14 days at most."""
    declare(db, make_source())
    made = asked(db)

    assert push.confirm(db, made, 10**9, LONGEST, NOON)
    assert held(db).lease_until == NOON + LONGEST
    assert not push.confirm(db, made, 10, LONGEST, NOON + HOUR)
    assert held(db).lease_until == NOON + LONGEST


def test_a_renewal_takes_over(db: Database) -> None:
    """W-04, W-10: a renewal that is confirmed follows the old subscription, which the hub is to be told to end."""
    found = trusted(db)
    active(db, "second", NOON + HOUR)

    assert states(db) == ["leaving", "active"]
    assert (held(db).pushes, held(db).last_push_at) == (1, NOON)
    assert column(db, "pushed") == "hub.example"
    (piece,) = claim_work(db, NOON + HOUR, owner="test", kinds=[UNSUBSCRIBE])
    assert piece.subject == str(found.id)
    assert push.to_leave(db, found.id) == (OFFER.hubs[0], URL, "https://h.example/push/t")


def test_another_hub_has_to_prove_itself(db: Database) -> None:
    """W-11: trust in a hub is not passed on to the next."""
    trusted(db)
    made = asked(db, "second", hub="https://next.example/")
    assert push.confirm(db, made, None, LONGEST, NOON)

    assert column(db, "pushed") == ""


def test_a_first_confirmation_brings_one_more_poll_within_the_hour(db: Database) -> None:
    """W-10: what came between the last poll and the confirmation is asked for, an hour after that poll at the earliest."""
    declare(db, make_source(every=DAY))
    take(db, [make_entry()])
    active(db, now=NOON + timedelta(minutes=1))
    assert column(db, "next_poll_at") == NOON + HOUR

    active(db, "renewal", NOON + HOUR * 2)
    assert column(db, "next_poll_at") == NOON + HOUR


def test_a_denial_brings_the_polls_back(db: Database) -> None:
    """W-07: a source that is no longer pushed is polled at its usual interval again."""
    found = trusted(db)
    push.turn(db, [found.id], "denied", "the hub refuses", NOON + HOUR, retry_at=NOON + DAY)

    assert (column(db, "pushed"), column(db, "next_poll_at")) == ("", NOON + 2 * HOUR)
    assert (held(db).state, held(db).reason) == ("denied", "the hub refuses")


def test_an_end_of_one_of_two_changes_no_polls(db: Database) -> None:
    """W-10: the old subscription's end says nothing about the one that followed it."""
    found = trusted(db)
    active(db, "second")
    push.turn(db, [found.id], "off", "ended", NOON, only=["leaving"])

    assert (column(db, "pushed"), column(db, "next_poll_at")) == ("hub.example", NOON + DAY)


def test_bodies_are_kept_in_order_until_they_are_read(db: Database, db_url: str) -> None:
    """W-08: a body that was answered with 202 outlives the process; bodies of a source are read in order of arrival."""
    declare(db, make_source())
    found = active(db)
    for number in range(3):
        assert push.take(db, found, "text/xml", b"\x00\xff%d" % number, NOON)
    again = open_database(db_url)
    read = []
    while (one := push.first_push(again, found.source_id)) is not None:
        read.append(one.body)
        push.read(again, one, found.source_id, "hub.example", "")
    again.close()

    assert read == [b"\x00\xff0", b"\x00\xff1", b"\x00\xff2"]
    assert waiting(db) == {PUSH: 1}
    assert held(db).pushes == 3


def test_a_flood_is_told_to_come_later(db: Database) -> None:
    """X-36: no more than fifty bodies of a source wait at a time."""
    declare(db, make_source())
    found = active(db)

    assert [push.take(db, found, "", b"x", NOON) for _ in range(52)] == [True] * 50 + [False] * 2


def test_many_hubs_and_readers_at_once(db: Database) -> None:
    """X-36, W-08: bodies that come by two callbacks while others are read and a renewal is confirmed: none is lost."""
    declare(db, make_source())
    found = [active(db, "first"), active(db, "second")]
    third = asked(db, "third")

    def bring(number: int) -> None:
        assert push.take(db, found[number % 2], "", b"%d" % number, NOON)

    def read() -> list[bytes]:
        bodies = []
        for _ in range(10):
            if (one := push.first_push(db, found[0].source_id)) is not None:
                push.read(db, one, found[0].source_id, "hub.example", "")
                bodies.append(one.body)
        return bodies

    with ThreadPoolExecutor(8) as threads:
        brought = [threads.submit(bring, number) for number in range(20)]
        reading_them = threads.submit(read)
        confirmed = threads.submit(push.confirm, db, third, None, LONGEST, NOON)
        for one in brought:
            one.result()
        bodies = reading_them.result()
        assert confirmed.result()
    while (rest := push.first_push(db, found[0].source_id)) is not None:
        push.read(db, rest, found[0].source_id, "hub.example", "")
        bodies.append(rest.body)

    assert sorted(map(int, bodies)) == list(range(20))
    assert states(db) == ["leaving", "leaving", "active"]


def test_a_push_that_was_not_taken_proves_nothing(db: Database) -> None:
    """W-11: only a good push wins trust; others are counted with the reason."""
    declare(db, make_source())
    found = active(db)
    push.take(db, found, "", b"x", NOON)
    body = push.first_push(db, found.source_id)
    assert body is not None
    push.read(db, body, found.source_id, "hub.example", "topic mismatch")

    assert column(db, "pushed") == ""
    assert (held(db).pushes, held(db).refused, held(db).reason) == (0, 1, "topic mismatch")


def test_a_poll_and_a_push_never_hold_a_source_at_once(db: Database) -> None:
    """W-09: a pushed body is read under the source's lease, which a poll may have, and the other way round."""
    declare(db, make_source())
    found = active(db)
    (claim,) = intake.claim(db, NOON, owner="poller", limit=1)
    assert push.hold(db, found.source_id, "reader", NOON) is None

    intake.release(db, [claim])
    assert push.hold(db, found.source_id, "reader", NOON) is not None
    assert intake.claim(db, NOON, owner="poller", limit=1, explicit=True) == []


def test_a_failing_hub_wins_trust_again_by_its_renewal_only(db: Database) -> None:
    """W-11: a hub that was caught missing entries is not trusted for its next push, but for one after its renewal."""
    found = trusted(db)
    with db.write() as connection:
        connection.execute(update(subscriptions).values(state="failing"))
        connection.execute(update(sources).values(pushed=""))

    def pushed(one: Callback) -> object:
        push.take(db, one, "", b"x", NOON)
        body = push.first_push(db, one.source_id)
        assert body is not None
        push.read(db, body, one.source_id, "hub.example", "")
        return column(db, "pushed")

    assert pushed(found) == ""
    assert pushed(active(db, "renewal")) == "hub.example"


def test_work_is_queued_once(db: Database) -> None:
    """W-10: looking twice asks once."""
    declare(db, make_source())
    push.queue(db, SUBSCRIBE, [source_id(db)], NOON)
    (piece,) = claim_work(db, NOON, owner="test", kinds=[SUBSCRIBE])
    push.queue(db, SUBSCRIBE, [source_id(db)], NOON)

    assert waiting(db) == {SUBSCRIBE: 1}
    assert claim_work(db, NOON, owner="other", kinds=[SUBSCRIBE]) == []
    assert piece.subject == str(source_id(db))


def test_an_edited_address_has_no_push(db: Database) -> None:
    """F-07: what another address offered is forgotten with it, and its trust."""
    trusted(db)
    with db.write() as connection:
        connection.execute(update(sources).values(hubs=list(OFFER.hubs), hub_topic=URL))
    declare(db, make_source(url="https://news.example/new"))

    assert (column(db, "hub_topic"), column(db, "pushed")) == ("", "")
    assert [one.hubs for one in push.standing(db)] == [()]


def test_old_ends_are_forgotten_but_not_their_unread_bodies(db: Database) -> None:
    """X-36: rows of subscriptions that ended are let go, once nothing of theirs waits."""
    declare(db, make_source())
    found = active(db)
    push.take(db, found, "", b"x", NOON)
    push.forget(db, [found.id])
    assert states(db) == ["active"]

    body = push.first_push(db, found.source_id)
    assert body is not None
    push.read(db, body, found.source_id, "hub.example", "")
    push.forget(db, [found.id])
    assert states(db) == []


def test_subscriptions_are_copied(db: Database, empty: dict[str, Database]) -> None:
    """A copied store knows its subscriptions, their secrets and the bodies that wait, equal row by row."""
    declare(db, make_source())
    push.take(db, active(db), "text/xml", bytes(range(256)), NOON)
    other = empty["sqlite" if db.engine.dialect.name == "postgresql" else "postgresql"]
    copied = transfer.copy(db, other)

    assert (copied["subscriptions"], copied["pushes"]) == (1, 1)
    found = push.callback(other, "t")
    assert found is not None
    assert found.secret == SECRET
    with other.read() as connection:
        assert connection.execute(select(pushes.c.body)).scalar_one() == bytes(range(256))
    assert active(other, "next").id > found.id


def test_a_pushed_source_takes_one_request_a_day_of_a_budget(db: Database) -> None:
    """G-06: what a hub pushes is asked for once a day, and leaves the rest of the budget to the others."""
    trusted(db)
    assert share_out(db, 0.5, "UTC", NOON) is not None
    declare(db, make_source(), make_source(slug="polled", url="https://polled.example/feed"))
    take(db, [make_entry(id=str(at), published=NOON - HOUR * 5 * at) for at in range(1, 30)], slug="polled")
    beside = share_out(db, 0.5, "UTC", NOON)
    with db.write() as connection:
        connection.execute(update(sources).where(sources.c.slug == "news").values(pushed=""))
    shared = share_out(db, 0.5, "UTC", NOON)

    assert beside is not None
    assert shared is not None
    assert beside < shared


def test_the_state_says_who_pushes(db: Database) -> None:
    """W-11: a claim and a list of sources say whose pushes have proved themselves."""
    trusted(db)
    (claim,) = intake.claim(db, NOON + DAY, owner="test", limit=1)

    assert claim.state.pushed == "hub.example"
    assert [one.state.pushed for one in reading.followed(db)] == ["hub.example"]
    assert State(next_poll_at=None).pushed == ""
