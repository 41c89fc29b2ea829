"""Our hub with subscribers on real sockets, the hostile ones among them; the store on both engines where it matters."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import hub
from storage.database import open_database
from storage.schema_out import subscribers
from tests.hubdesk import desk, here, in_queue, there
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
