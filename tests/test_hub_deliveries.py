"""What our hub brings, to whom, when, and what it survives: subscribers on real sockets, the store on both engines."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

import pytest

from aggregator.hub import Distributor
from aggregator.hub_errands import BACK_OFF
from feeds.callbacks import Caller
from storage import hub_work
from storage.database import Database, open_database
from storage.hub_model import Ended
from storage.hub_work import DELIVER, Lane, claim_errands, settle
from storage.work import release_lost_work, waiting
from tests.fakes import declare, make_source, write_config
from tests.hubdesk import ANY, desk, here, in_queue, in_queue_of, there
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

__all__ = ["desk", "here", "there"]


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
