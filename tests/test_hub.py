"""Our hub with subscribers on real sockets, the hostile ones among them; the store on both engines where it matters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from aggregator.hub import Distributor
from aggregator.hub_errands import BACK_OFF
from feeds.callbacks import Caller
from storage import hub, hub_work
from storage.database import Database, open_database
from storage.hub_model import Ended
from storage.hub_work import DELIVER, Lane, claim_errands, settle
from storage.schema import work
from storage.schema_out import subscribers
from storage.work import release_lost_work, waiting
from tests.fakes import declare, make_source, write_config
from tests.subscribers import (
    BASE,
    TOPIC,
    Answer,
    HubDesk,
    Inbox,
    Way,
    dripping,
    endless,
    hub_desk,
    inbox,
    silent,
)

ANY = Lane(doing=DELIVER, is_proved=None, at_a_time=9, of_a_host=9)


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Iterator[HubDesk]:
    """Our hub, on each engine in turn."""
    with hub_desk(db, tmp_path) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HubDesk]:
    """Our hub on SQLite, for what has nothing to do with the store."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with hub_desk(db, tmp_path) as found:
        yield found
    db.close()


@pytest.fixture
def there() -> Iterator[Inbox]:
    """A subscriber's server."""
    with inbox() as found:
        yield found


def in_queue(db: Database) -> list[tuple[str, int, int]]:
    """What waits of our hub's work: kind, attempts, how often it was asked for again."""
    with db.read() as connection:
        return in_queue_of(connection)


def in_queue_of(connection: Connection) -> list[tuple[str, int, int]]:
    """The same, as a transaction sees it."""
    rows = select(work.c.kind, work.c.attempts, work.c.serial).where(work.c.kind.in_(["verify", "deliver"]))
    return [(row[0], row[1], row[2]) for row in connection.execute(rows.order_by(work.c.id))]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"hub.mode": "follow"}, "hub.mode"),
        ({"hub.topic": ""}, "hub.topic"),
        ({"hub.callback": ""}, "hub.callback"),
        ({"hub.callback": "ftp://127.0.0.1/"}, "http and https"),
        ({"hub.callback": "http://127.0.0.1:25/"}, "port 25"),
        ({"hub.callback": "http://user:word@127.0.0.1/"}, "password"),
        ({"hub.callback": "http://127.0.0.1/#here"}, "fragment"),
        ({"hub.callback": "http://127.0.0.1/a b"}, "spaces"),
        ({"hub.callback": "http://127.0.0.1/" + "x" * 2000}, "2000"),
        ({"hub.callback": "http://10.0.0.1/cb"}, "private"),
        ({"hub.callback": "http://[::ffff:169.254.169.254]/cb"}, "private"),
        ({"hub.lease_seconds": "for ever"}, "hub.lease_seconds"),
        ({"hub.lease_seconds": "-1"}, "hub.lease_seconds"),
        ({"hub.secret": "x" * 200}, "200 bytes"),
        ({"hub.secret": "ё" * 100}, "200 bytes"),
        ({"hub.topic": f"{TOPIC}?view=pictures"}, "view"),
        ({"hub.topic": f"{TOPIC}?view=entries"}, TOPIC),
        ({"hub.topic": f"{TOPIC}?utm_source=x"}, TOPIC),
    ],
)
def test_bad_parameters_are_told(desk: HubDesk, said: dict[str, str], reason: str) -> None:
    """W-20: what is wrong with a request is answered with 400 and said in plain text."""
    good = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": "http://127.0.0.1/cb"}
    answer = desk.client.post("/hub", data=good | said)

    assert answer.status_code == 400
    assert reason in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert desk.subscribers() == []


@pytest.mark.parametrize(
    "topic",
    [
        "https://other.example/feed",
        f"{BASE}.other.example/topics/ships.atom",
        f"{BASE}/topics/ships",
        f"{BASE}/topics/nothing.atom",
        f"{BASE}/topics/ships/archive/1-x.atom",
        f"{BASE}/search.atom?q=ships",
        f"{BASE}/private/ships.atom?key=x",
        f"{BASE}/all/ships.atom",
        f"{BASE}/hub",
        "topics/ships.atom",
    ],
)
def test_topics_that_are_not_ours_are_refused(desk: HubDesk, topic: str) -> None:
    """W-20: only the explicit addresses of our public feeds can be followed."""
    answer = desk.ask("http://127.0.0.1/cb", topic)

    assert answer.status_code == 404
    assert answer.text.startswith("hub.topic: ")


@pytest.mark.parametrize(
    "path",
    ["topics/ships.rss", "topics/ships.atom?view=stories", "sources/news.json", "places/kazakhstan.atom", "all.json"],
)
def test_every_public_feed_can_be_followed(here: HubDesk, there: Inbox, path: str) -> None:
    """W-24: topics, sources, places and everything, in any form and view, are brought as their addresses serve them."""
    here.subscribe(there.url(), f"{BASE}/{path}")
    here.publish(1, title="Ships of Kazakhstan")
    here.work()

    assert there.bodies() == [here.get(f"{BASE}/{path}").content]


def test_a_form_and_nothing_else(desk: HubDesk) -> None:
    """X-36: another type of content, another method, a large body: refused before anything is read of it."""
    assert desk.client.post("/hub", json={"hub.mode": "subscribe"}).status_code == 415
    put = desk.client.put("/hub")
    assert (put.status_code, put.headers["allow"]) == (405, "GET, HEAD, POST")
    assert desk.client.post("/hub", data={"hub.mode": "x" * 20_000}).status_code == 413
    assert desk.client.post("/hub", data={str(n): "x" for n in range(200)}).status_code == 400
    welcome = desk.client.get("/hub")
    assert welcome.status_code == 200
    assert BASE in welcome.text
    assert desk.client.head("/hub").content == b""


def test_a_publish_ping_does_no_harm(desk: HubDesk, there: Inbox) -> None:
    """W-27: pings for our own feeds are taken, by either word and several at a time; foreign ones are refused."""
    desk.subscribe(there.url())
    for name in ("hub.topic", "hub.url", "hub.url[]"):
        said = {"hub.mode": "publish", name: [TOPIC, f"{BASE}/all.rss"]}
        assert desk.client.post("/hub", data=said).status_code == 202
    foreign = desk.client.post("/hub", data={"hub.mode": "publish", "hub.url": "https://other.example/feed"})
    desk.work()

    assert foreign.status_code == 404
    assert desk.client.post("/hub", data={"hub.mode": "publish"}).status_code == 400
    assert there.brought == []


def test_a_client_that_asks_too_often_waits(tmp_path: Path) -> None:
    """X-36: a client that is not in the operator's own network has so many requests, then a few a minute."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with hub_desk(db, tmp_path, settings="title: x") as desk:
        answers = [desk.ask("https://there.example/cb", mode="nothing").status_code for _ in range(61)]
        desk.clock.forward(minutes=1)
        assert desk.ask("https://there.example/cb", mode="nothing").status_code == 400
    db.close()

    assert answers == [400] * 60 + [429]


def test_a_host_has_so_many_subscriptions(tmp_path: Path) -> None:
    """W-28: callbacks at one public host are limited in number, whoever asks; its own subscriptions can be renewed."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with hub_desk(db, tmp_path, settings="title: x") as desk:

        def ask(number: int) -> int:
            desk.clock.forward(seconds=3)
            return desk.ask(f"https://there.example/{number}").status_code

        assert {ask(number) for number in range(hub.MOST_OF_A_HOST)} == {202}
        assert ask(hub.MOST_OF_A_HOST) == 429
        assert ask(7) == 202
        assert desk.ask("https://elsewhere.example/1").status_code == 202
    db.close()


@pytest.mark.parametrize(("asked", "granted"), [("1", 300), ("3600", 3600), ("99999999999", 2_592_000), ("0", 864_000)])
def test_leases_are_bounded(desk: HubDesk, there: Inbox, asked: str, granted: int) -> None:
    """W-23: a lease is between five minutes and thirty days, whatever is asked for, and the callback is told."""
    desk.subscribe(there.url(), lease_seconds=asked)

    assert there.asked[0].words["hub.lease_seconds"] == str(granted)
    (one,) = desk.subscribers()
    assert one.verified_at is not None
    assert one.lease_until == one.verified_at + timedelta(seconds=granted)


def test_a_lease_ends(here: HubDesk, there: Inbox) -> None:
    """W-23: after its lease a callback is brought nothing, and is forgotten; one that was renewed goes on."""
    here.subscribe(there.url("/one"), lease_seconds="600")
    here.subscribe(there.url("/two"), lease_seconds="600")
    here.clock.forward(minutes=9)
    here.subscribe(there.url("/two"), lease_seconds="600")
    here.update(1)
    hub.tidy(here.db, here.clock())

    assert there.bodies("/one") == []
    assert len(there.bodies("/two")) == 1
    assert [one.host for one in here.subscribers()] == ["127.0.0.1"]


def test_the_callbacks_own_query_is_kept(desk: HubDesk, there: Inbox) -> None:
    """W-21: our words stand behind those of the callback; each verification has a challenge of its own."""
    desk.subscribe(there.url("/cb?user=%C3%A9&x=1"))
    desk.subscribe(there.url("/cb?user=%C3%A9&x=1"))
    desk.update(1)

    first, second = there.asked
    assert list(first.words)[:2] == ["user", "x"]
    assert first.words["user"] == "é"
    assert first.words["hub.challenge"] != second.words["hub.challenge"]
    assert len(first.words["hub.challenge"]) >= 32
    assert there.brought[0].words == {"user": "é", "x": "1"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=302, location="http://127.0.0.1/elsewhere"),
        Answer(status=308, location="/cb2"),
        Answer(echo=False, body=b"something else"),
        Answer(body=b" and more"),
        Answer(echo=False),
        Answer(status=500),
        silent,
        endless,
        dripping,
    ],
)
def test_hostile_verifications_fail(desk: HubDesk, there: Inbox, answer: Answer | Way) -> None:
    """W-21: a redirect, another challenge, an error, silence or a body without an end is no consent."""
    desk.seconds = 0.3
    there.answers["GET", "/cb"] = answer
    assert desk.ask(there.url()).status_code == 202
    desk.work()
    desk.update(1)

    assert [one.path for one in there.asked] == ["/cb"]
    assert there.brought == []
    assert desk.subscribers() == []
    assert in_queue(desk.db) == []


def test_a_callback_that_is_away_is_asked_again(here: HubDesk) -> None:
    """W-21: only where nobody was reached is a verification tried again, three times."""
    with inbox() as gone:
        address = gone.url()
    assert here.ask(address).status_code == 202
    tries = 0
    while in_queue(here.db):
        here.work()
        here.clock.forward(minutes=6)
        tries += 1

    assert tries == 4
    assert here.subscribers() == []


def test_a_wrong_wish_touches_nothing(here: HubDesk, there: Inbox) -> None:
    """W-22: a request that its callback does not confirm leaves the subscription as it was, secret and lease too."""
    here.subscribe(there.url(), secret="ours")
    (before,) = here.subscribers()
    there.answers["GET", "/cb"] = Answer(status=404)
    assert here.ask(there.url(), secret="theirs", lease_seconds="300").status_code == 202
    here.work()
    assert here.ask(there.url(), mode="unsubscribe").status_code == 202
    here.work()
    here.update(1)

    (after,) = here.subscribers()
    assert after.lease_until == before.lease_until
    assert len(there.bodies()) == 1
    with here.db.read() as connection:
        assert connection.execute(select(subscribers.c.secret)).scalar_one() == "ours"


def test_ending_what_never_was_asks_nobody(desk: HubDesk, there: Inbox) -> None:
    """W-22: nobody learns by unsubscribing who subscribed, and nobody is asked in vain."""
    assert desk.ask(there.url(), mode="unsubscribe").status_code == 202
    desk.work()

    assert there.asked == []


def test_what_came_during_the_verification_is_brought(here: HubDesk, there: Inbox) -> None:
    """W-24: a change after the request was made and before it was verified is not lost."""
    assert here.ask(there.url()).status_code == 202
    here.publish(1)
    here.work()
    here.clock.forward(seconds=3)
    here.work()

    assert there.bodies() == [here.get().content]


def test_private_callbacks_are_refused_at_connecting(tmp_path: Path, there: Inbox) -> None:
    """W-28: X-01: a name that leads to a private address is refused when it is connected to, also at each delivery."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    address = f"http://localhost:{there.port}/cb"
    with hub_desk(db, tmp_path, settings="allow_private: [127.0.0.0/8]") as desk:
        assert desk.ask(there.url()).status_code == 400
        assert desk.ask(address).status_code == 202
        desk.work()
        assert desk.subscribers() == []
    with hub_desk(db, tmp_path, settings="hub_allow_private: [127.0.0.0/8, '::1/128']") as desk:
        desk.subscribe(address)
        assert len(there.asked) == 1
    with hub_desk(db, tmp_path, settings="title: x") as desk:
        desk.clock.forward(minutes=5)
        desk.update(5)
        (one,) = desk.subscribers()
    db.close()

    assert there.brought == []
    assert "private or reserved" in one.last_error


@pytest.mark.parametrize(
    "answer", [Answer(status=500), Answer(status=307, location="/cb2"), Answer(status=404), silent, dripping]
)
def test_failed_deliveries_are_tried_again_with_the_latest(here: HubDesk, there: Inbox, answer: Answer | Way) -> None:
    """W-25, W-26: a callback that fails is tried again, later each time, with what the topic holds by then, in order."""
    here.seconds = 0.5
    here.subscribe(there.url())
    there.answers["POST", "/cb"] = answer
    here.update(1)
    for number, wait in enumerate(BACK_OFF[:3], start=1):
        assert here.subscribers()[0].failures == number
        here.work()
        assert len(there.brought) == number  # not before its time
        here.clock.now += wait
        if number == 2:
            here.publish(2)
        here.work()
    del there.answers["POST", "/cb"]
    here.clock.now += BACK_OFF[3]
    here.work()

    assert [one.path for one in there.brought] == ["/cb"] * 5
    assert there.bodies()[-1] == here.get().content
    assert b"Ships 2" in there.bodies()[-1]
    assert here.subscribers()[0].failures == 0
    assert in_queue(here.db) == []


def test_a_delivery_is_given_up_and_the_subscription_kept(here: HubDesk, there: Inbox) -> None:
    """W-25: after the last attempt the subscription stays until its lease ends, and the next change is brought."""
    here.subscribe(there.url())
    there.answers["POST", "/cb"] = Answer(status=503)
    here.update(1)
    for wait in BACK_OFF:
        here.clock.now += wait
        here.work()
    assert in_queue(here.db) == []
    assert len(there.brought) == 1 + len(BACK_OFF)
    del there.answers["POST", "/cb"]
    here.update(2)

    assert b"Ships 2" in there.bodies()[-1]
    assert here.subscribers()[0].last_error == ""


def test_what_a_callback_says_to_a_delivery_is_not_read(desk: HubDesk, there: Inbox) -> None:
    """W-25: 2xx is all that counts: a body without an end behind it costs nothing."""
    desk.subscribe(there.url())
    there.answers["POST", "/cb"] = endless
    desk.update(1)

    (one,) = desk.subscribers()
    assert (one.failures, one.delivered_at) == (0, desk.clock())


def test_410_ends_a_subscription(desk: HubDesk, there: Inbox) -> None:
    """W-25: a callback that says that it is gone is believed."""
    desk.subscribe(there.url())
    there.answers["POST", "/cb"] = Answer(status=410)
    desk.update(1)
    desk.update(2)

    assert len(there.brought) == 1
    assert desk.subscribers() == []


def test_a_topic_that_is_gone_is_denied(here: HubDesk, there: Inbox) -> None:
    """W-20: subscribers of a topic that was removed are told so, and forgotten."""
    here.subscribe(there.url())
    declare(here.db, make_source(), topics={}, now=here.clock())

    async def tidied() -> None:
        distributor = Distributor(here.publisher, Caller("x"), owner="test", clock=here.clock)
        await asyncio.to_thread(distributor.tidy)
        await distributor.stop()

    asyncio.run(tidied())
    here.work()

    assert there.asked[-1].words["hub.mode"] == "denied"
    assert there.asked[-1].words["hub.topic"] == TOPIC
    assert here.subscribers() == []
    assert there.brought == []


def test_what_did_not_change_is_not_brought(here: HubDesk, there: Inbox) -> None:
    """W-24: a new revision with the same bytes is nothing to send: a place that nothing new names, for one."""
    here.publish(7, title="Ships of Kazakhstan")
    here.subscribe(there.url(), f"{BASE}/places/kazakhstan.atom")
    here.subscribe(there.url("/ships"))
    here.update(1)
    here.update(2)

    assert there.bodies() == []
    assert len(there.bodies("/ships")) == 2


def test_hanging_callbacks_hold_up_nobody(desk: HubDesk) -> None:
    """W-26: an update reaches those who answer while others say nothing, at their host and elsewhere."""
    names = [f"/{number}" for number in range(12)]
    with inbox("127.0.0.2") as quick, inbox("127.0.0.3") as slow:
        for name in names:
            desk.subscribe(quick.url(name))
            desk.subscribe(slow.url(name))
        desk.update(1)
        desk.seconds = 3.0
        for name in names[:3]:
            slow.answers["POST", name] = silent
        desk.publish(2)
        answered: dict[str, int] = {}

        async def distributed() -> None:
            allowed = desk.publisher.config.settings.hub_allow_private
            caller = Caller("x", allowed, seconds=3.0)
            distributor = Distributor(desk.publisher, caller, owner="test", clock=desk.clock)
            done = asyncio.create_task(distributor.do_all())
            while len(quick.brought) < 24 or len(slow.brought) < 24:
                assert not done.done() or len(slow.brought) >= 24
                await asyncio.sleep(0.01)
            answered["failed"] = sum(one.failures for one in desk.subscribers())
            await done
            await distributor.stop()

        asyncio.run(distributed())

    assert answered["failed"] == 0  # the hanging ones had not even been given up
    assert sum(one.failures for one in desk.subscribers()) == 3
    assert {path: len(quick.bodies(path)) for path in names} == dict.fromkeys(names, 2)
    assert {path: len(slow.bodies(path)) for path in names} == dict.fromkeys(names, 2)


def test_secrets_are_neither_shown_nor_logged(desk: HubDesk, there: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    """W-28: X-33: a secret stands in no record that is shown and in no line of the log."""
    caplog.set_level(logging.DEBUG)
    there.answers["POST", "/cb"] = Answer(status=500, body=b"sesame", echo=False)
    desk.subscribe(there.url(), secret="sesame")
    desk.update(1)
    assert desk.ask(there.url(), secret="sesame", lease_seconds="x").status_code == 400

    assert there.brought[0].headers["X-Hub-Signature"]
    assert "sesame" not in caplog.text + repr(desk.subscribers())
    (errand,) = claim_errands(desk.db, desk.clock.forward(minutes=1), ANY, owner="x", free=1, busy={})
    assert "sesame" not in repr(errand)


def test_a_change_during_a_delivery_is_not_lost(here: HubDesk, there: Inbox) -> None:
    """W-26: what changes while a delivery is under way is brought next, also where both have the same moment."""
    here.subscribe(there.url())
    here.publish(1)
    (errand,) = claim_errands(here.db, here.clock(), ANY, owner="one", free=9, busy={})
    here.publish(2, seconds=0)
    assert claim_errands(here.db, here.clock(), ANY, owner="two", free=9, busy={}) == []
    settle(here.db, [Ended(errand=errand, result="delivered", etag='"of before"')], here.clock())
    here.work()

    assert [b"Ships 2" in body for body in there.bodies()] == [True]
    assert in_queue(here.db) == []


def test_a_lost_worker_settles_nothing(here: HubDesk, there: Inbox) -> None:
    """W-26: a worker whose lease ran out while it hung has no word in how the delivery went."""
    here.subscribe(there.url())
    here.publish(1)
    (old,) = claim_errands(here.db, here.clock(), ANY, owner="one", free=9, busy={})
    here.clock.forward(minutes=2)
    here.work()
    settle(here.db, [Ended(errand=old, result="failed", reason="late", due_at=here.clock())], here.clock())

    (one,) = here.subscribers()
    assert (one.failures, one.last_error) == (0, "")
    assert len(there.bodies()) == 1


def test_the_dead_leave_nothing_behind(here: HubDesk, there: Inbox) -> None:
    """W-26: what a worker that died had leased is free as soon as its death is known."""
    here.subscribe(there.url())
    here.publish(1)
    assert len(claim_errands(here.db, here.clock(), ANY, owner="dead", free=9, busy={})) == 1
    here.work()
    assert there.bodies() == []
    assert release_lost_work(here.db, lambda owner: owner == "dead") == 1
    here.work()

    assert len(there.bodies()) == 1


def test_an_update_and_its_deliveries_are_one(db: Database, tmp_path: Path, there: Inbox) -> None:
    """W-26: what is recorded is to be delivered by the same transaction; where nobody subscribed nothing is put."""
    with hub_desk(db, tmp_path) as here:
        here.publish(1)
        assert waiting(db).get("deliver", 0) == 0
        here.subscribe(there.url())
        here.publish(2)
        assert waiting(db)["deliver"] == 1
        with suppress(RuntimeError), db.write() as connection:
            hub_work.put_deliveries(connection, {("all", 0), ("topics", 1)}, here.clock())
            assert [serial for _, _, serial in in_queue_of(connection)] == [1]
            raise RuntimeError("the record is rolled back")
        assert [serial for _, _, serial in in_queue(db)] == [0]


def test_hosts_and_newcomers_have_places_of_their_own(here: HubDesk, there: Inbox) -> None:
    """W-28: a host has so many deliveries at a time; callbacks without a good delivery are not among those with one."""
    for number in range(4):
        here.subscribe(there.url(f"/{number}"))
    proved = Lane(doing=DELIVER, is_proved=True, at_a_time=9, of_a_host=2)
    fresh = Lane(doing=DELIVER, is_proved=False, at_a_time=9, of_a_host=3)
    here.publish(1)
    now = here.clock()

    assert claim_errands(here.db, now, proved, owner="x", free=9, busy={}) == []
    assert len(claim_errands(here.db, now, fresh, owner="x", free=9, busy={"127.0.0.1": 1})) == 2
    here.clock.forward(minutes=2)
    here.work()
    here.publish(2)
    assert len(claim_errands(here.db, here.clock(), proved, owner="x", free=1, busy={})) == 1
    assert len(claim_errands(here.db, here.clock(), proved, owner="x", free=9, busy={"127.0.0.1": 1})) == 1


def test_a_changed_configuration_holds_for_the_hub(desk: HubDesk, there: Inbox, tmp_path: Path) -> None:
    """W-28: networks that are closed while it runs are closed to the next delivery; a hub that is switched off rests."""
    desk.subscribe(there.url())
    caller = Caller("x", desk.publisher.config.settings.hub_allow_private)

    async def reloaded(settings: str) -> None:
        distributor = Distributor(desk.publisher, caller, owner="test", clock=desk.clock)
        config = write_config(tmp_path, f"settings: {{base_url: '{BASE}', {settings}}}\n")
        desk.publisher.adopt(config)
        distributor.adopt(config)
        await distributor.do_all()

    desk.publish(1)
    asyncio.run(reloaded("hub: false, hub_allow_private: [127.0.0.0/8]"))
    assert (there.brought, desk.client.get("/hub").status_code) == ([], 404)
    asyncio.run(reloaded("hub: true"))
    assert there.brought == []
    assert desk.subscribers()[0].failures == 1


def test_without_a_hub_nothing_offers_one(tmp_path: Path) -> None:
    """W-29: with settings.hub false there is no hub, and no feed names one."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with hub_desk(db, tmp_path, settings="hub: false") as desk:
        output = desk.publisher.output("topics", "ships")
        assert output is not None
        body = desk.publisher.feed(output, "atom", desk.clock())
        assert [link.rel for link in body.links] == ["self"]
        assert desk.client.get("/hub").status_code == 404
        assert desk.ask("https://there.example/cb").status_code in (404, 405)
        assert desk.subscribers() == []
    db.close()
