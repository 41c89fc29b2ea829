"""What is asked of hubs, and when."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.config import ConfigError
from aggregator.subscribing import Steps, back_off, push_base, renew_at, steps
from feeds.fetch import Fetcher
from feeds.model import Failed, FailureKind
from storage import push
from storage.database import Database, open_database
from storage.push_model import Standing, Subscription
from tests.fakes import NOON, item, make_source, rss, write_config
from tests.hub import FEED, HUB, Answer, Desk, desk
from tests.servers import Server
from tests.servers import page as served_page

BASE = "https://h.example"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER = "https://other.example/hub"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A store of our own."""
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()


def held(**said: Any) -> Subscription:
    """A subscription that holds since noon, for ten days."""
    blank = Subscription(
        id=1, base=BASE, hub=HUB, topic=FEED, state="active", reason="", asked_at=NOON, attempts=0, retry_at=None,
        verified_at=NOON, lease_seconds=864000, lease_until=NOON + 10 * DAY, last_push_at=None, pushes=0, refused=0,
    )  # fmt: skip
    return replace(blank, **said)


def offering(*known: Subscription, **said: Any) -> Standing:
    """A source that offers push."""
    blank = Standing(source_id=1, source=make_source(), found_at=FEED, hubs=(HUB,), topic=FEED, followed=True)
    return replace(blank, subscriptions=known, **said)


def feed(*links: tuple[str, str], number: int = 1) -> Answer:
    """A feed that offers push by these links."""
    return Answer(rss(item(number)), headers=[("Link", ", ".join(f'<{href}>; rel="{rel}"' for rel, href in links))])


OFFER = feed(("hub", HUB), ("self", FEED))


@pytest.mark.parametrize(
    ("known", "after", "ask"),
    [
        ((), timedelta(), True),
        ((held(),), timedelta(), False),
        ((held(),), 9 * DAY - HOUR, False),
        ((held(),), 9 * DAY + HOUR, True),
        ((held(state="failing"),), timedelta(), False),
        ((held(hub=OTHER),), timedelta(), True),
        ((held(topic=OTHER),), timedelta(), True),
        ((held(base="https://old.example"),), timedelta(), True),
        ((held(state="pending", lease_until=None),), timedelta(minutes=59), False),
        ((held(state="denied", retry_at=NOON + DAY),), HOUR, False),
        ((held(state="denied", retry_at=NOON + DAY),), DAY, True),
        ((held(state="off", retry_at=NOON + DAY, topic=OTHER),), HOUR, True),
        ((held(id=2, state="off", retry_at=NOON + 10 * DAY), held()), 9 * DAY + HOUR, False),
        ((held(state="leaving"),), timedelta(), True),
    ],
)
def test_when_a_hub_is_asked(known: tuple[Subscription, ...], after: timedelta, ask: bool) -> None:
    """W-10: for what nobody pushes, for what is about to end or has changed; not twice, and not soon after a refusal."""
    assert steps(offering(*known), BASE, NOON + after).ask is ask


@pytest.mark.parametrize(
    ("standing", "base"),
    [
        (offering(held(), hubs=(), topic=""), BASE),
        (offering(held(), followed=False), BASE),
        (offering(held()), ""),
    ],
)
def test_what_is_no_longer_wanted_is_taken_back(standing: Standing, base: str) -> None:
    """W-10: a subscription ends with its offer, with its source, and where push is turned off."""
    assert steps(standing, base, NOON) == Steps(leave=(1,))


def test_what_ran_out_is_settled() -> None:
    """W-10: leases end, requests that nobody verified end, and what ended long ago is forgotten."""
    known = (
        held(id=5), held(id=4, lease_until=NOON), held(id=3, state="pending", asked_at=NOON - HOUR),
        held(id=2, state="leaving", retry_at=NOON), held(id=1, state="off", asked_at=NOON - 31 * DAY),
    )  # fmt: skip
    found = steps(offering(*known), BASE, NOON)

    assert (found.ask, found.lapsed, found.old) == (False, (2, 4), (1,))
    assert [one.id for one in found.unverified] == [3]


@pytest.mark.parametrize(
    ("lease", "left"),
    [(10 * DAY, DAY), (14 * DAY, 1.4 * DAY), (5 * DAY, timedelta(hours=23)), (DAY, 12 * HOUR), (2 * HOUR, HOUR)],
)
def test_when_a_lease_is_renewed(lease: timedelta, left: timedelta) -> None:
    """W-10: with less than 23 hours or a tenth left; of short leases at half, or they would be renewed without end."""
    short = held(lease_seconds=int(lease.total_seconds()), lease_until=NOON + lease)

    assert NOON + lease - renew_at(short) == left


def test_waits_grow_to_a_day() -> None:
    """W-10: a hub that does not answer is asked less and less, and never given up."""
    assert [back_off(n) / HOUR for n in (0, 1, 2, 3, 4, 5, 99)] == [1, 2, 4, 8, 16, 24, 24]


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        ("{}", ""),
        ("{base_url: 'https://h.example'}", BASE),
        ("{base_url: 'https://h.example', push: auto}", BASE),
        ("{base_url: 'https://h.example', push: false}", ""),
        ("{base_url: 'http://10.1.2.3:8400'}", ""),
        ("{base_url: 'http://93.184.216.34:8400'}", "http://93.184.216.34:8400"),
        ("{base_url: 'http://[::1]:8400'}", ""),
        ("{base_url: 'http://desk.local'}", ""),
        ("{base_url: 'http://desk'}", ""),
        ("{base_url: 'http://desk', push: true}", "http://desk"),
    ],
)
def test_hubs_are_asked_where_they_can_reach_us(tmp_path: Path, settings: str, base: str) -> None:
    """W-04: with `auto` only a public base_url gets callbacks; true and false decide by themselves."""
    assert push_base(write_config(tmp_path, f"settings: {settings}\n")) == base


def test_a_wrong_switch_is_told(tmp_path: Path) -> None:
    """A value that is no switch is refused with what was expected."""
    with pytest.raises(ConfigError, match=r"settings\.push: expected true, false or auto, not 'maybe'"):
        write_config(tmp_path, "settings: {push: maybe}\n")


def test_a_renewal_has_a_new_address_and_a_new_secret(db: Database, tmp_path: Path) -> None:
    """W-03, W-04: each request has a callback and a secret of its own, and the old callback is taken back once the new holds."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = OFFER
        here.subscribe()
        here.clock.forward(days=9.5)
        here.ask()
        here.ask()
        first, second, end = here.hub.forms

        assert (
            len({first["hub.callback"], second["hub.callback"]})
            == len({first["hub.secret"], second["hub.secret"]})
            == 2
        )
        assert all(40 <= len(form["hub.secret"].encode()) < 200 for form in (first, second))
        assert (end["hub.mode"], end["hub.callback"]) == ("unsubscribe", first["hub.callback"])
        assert [one.agreed for one in here.hub.verified] == [True, True, True]
        assert [one.state for one in push.standing(db)[0].subscriptions] == ["active", "off"]
        assert first["hub.lease_seconds"] == "864000"


def test_a_hub_without_tls_gets_no_secret(db: Database, tmp_path: Path) -> None:
    """W-03: a secret would be read on the way; such a hub's pushes are known by their address alone."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = feed(("hub", HUB.replace("https", "http")), ("self", FEED))
        assert here.subscribe().state == "active"
        assert "hub.secret" not in here.hub.forms[0]
        assert here.hub.distribute(rss(item(2, title="Pushed"))).status_code == 202
        assert here.read() == 1


def test_a_secret_is_not_carried_from_https_to_http(db: Database, tmp_path: Path) -> None:
    """W-03: a hub that redirects its requests to a place without TLS is not followed."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/moved"] = Answer(status=307, headers=[("Location", "http://hub.example/hub")])
        here.hub.pages["/feed"] = feed(("hub", "https://hub.example/moved"), ("self", FEED))
        found = here.subscribe()
        assert (found.state, here.hub.forms) == ("off", [])
        assert "from https to http" in found.reason


@pytest.mark.parametrize(("status", "words", "again"), [(400, "no such topic", DAY), (503, "too busy", HOUR)])
def test_a_hub_that_refuses_is_told_with_its_words(
    db: Database, tmp_path: Path, status: int, words: str, again: timedelta
) -> None:
    """W-07: a hub's own reason is kept, and it is asked again later: after a refusal a day, after trouble an hour."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = OFFER
        here.hub.answer = Answer(words.encode(), status=status)
        found = here.subscribe()
        assert (found.state, found.reason) == ("off", f"the hub answered: {status} {words}")
        assert found.retry_at == NOON + again

        here.clock.now = NOON + again - timedelta(minutes=1)
        here.ask()
        assert len(here.hub.forms) == 1
        here.clock.forward(minutes=2)
        here.hub.answer = Answer(status=202)
        here.ask()
        assert here.subscription().state == "active"


def test_a_hub_that_tells_secrets_does_not_tell_them_through_us(db: Database, tmp_path: Path) -> None:
    """X-33: a hub's reason is shown without the callback's token and the secret, which some say back."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = OFFER
        here.hub.answer = Answer(status=400, echo=True)
        reason = here.subscribe().reason
        (form,) = here.hub.forms
        assert reason.startswith("the hub answered: 400 ")
        assert form["hub.secret"] not in reason
        assert form["hub.callback"].rpartition("/")[2] not in reason


def test_a_hub_that_never_verifies_is_followed_by_the_next(db: Database, tmp_path: Path) -> None:
    """W-10: a request that nobody verified within an hour has ended; of several hubs the next one is asked."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = feed(("hub", "https://hub.example/dead"), ("hub", HUB), ("self", FEED))
        here.hub.pages["/dead"] = Answer(status=202)
        assert here.subscribe().state == "pending"
        here.clock.forward(minutes=61)
        here.ask()
        assert (here.subscription().state, here.subscription().reason) == ("off", "the hub did not verify within 1 h")
        here.clock.forward(hours=2)
        here.ask()
        assert (here.subscription().state, here.subscription().hub) == ("active", HUB)


@pytest.mark.parametrize(("number", "state"), [(1, "active"), (7, "off")])
def test_a_topic_on_another_site_must_be_this_feed(db: Database, tmp_path: Path, number: int, state: str) -> None:
    """W-02: an address of its own on another site is believed where an entry of this feed is there."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = feed(("hub", HUB), ("self", "https://other.example/there"))
        here.hub.pages["/there"] = Answer(rss(item(number)))
        found = here.subscribe()
        assert found.state == state
        assert ("another feed" in found.reason) is (state == "off")


def test_push_that_is_no_longer_offered_ends(db: Database, tmp_path: Path) -> None:
    """W-10: when a feed stops naming its hub, the hub is told, and the source is polled as others are."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = OFFER
        here.subscribe()
        here.hub.distribute(rss(item(2)))
        here.read()
        here.hub.pages["/feed"] = Answer(rss(item(2), item(1)))
        here.clock.forward(hours=20)
        here.poll(explicit=True)
        here.ask()
        assert [form["hub.mode"] for form in here.hub.forms] == ["subscribe", "unsubscribe"]
        assert here.subscription().state == "off"
        assert here.hub.distribute(rss(item(3)), secret="x").status_code == 410


def test_asking_twice_at_once_asks_once(db: Database, tmp_path: Path) -> None:
    """W-10: two daemons that look at the same moment ask a hub once."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = OFFER
        here.hub.verifies = False
        here.poll()
        twin = Desk(db, here.clock, here.hub, here.address)
        here.ask()
        twin.ask()
        assert len(here.hub.forms) == 1


def test_a_hub_at_a_private_address_is_never_asked() -> None:
    """X-01, X-04: hubs are public: the allow-list for private sources does not open loopback to a hub."""
    network = ipaddress.ip_network("127.0.0.0/8")

    async def posted(url: str) -> object:
        fetcher = Fetcher(user_agent="Heliograph/test", folder=Path(), allow_private=[network])
        try:
            return await fetcher.post(url, {"hub.mode": "subscribe"})
        finally:
            await fetcher.close()

    with Server({"/hub": served_page(b"")}) as server:
        for url in (
            server.url("/hub"),
            f"http://localhost:{server.port}/hub",
            "file:///etc/hosts",
            "http://h.example:25/",
        ):
            answer = asyncio.run(posted(url))
            assert isinstance(answer, Failed)
            assert answer.kind in (FailureKind.FORBIDDEN_ADDRESS, FailureKind.DNS)
        assert server.exchanges == []


@pytest.mark.parametrize(("state", "asked"), [("active", False), ("off", False), ("leaving", True)])
def test_short_leases_are_not_renewed_without_end(state: Any, asked: bool) -> None:
    """W-10: a hub that grants a second is asked again half an hour after the last request, not every few seconds."""
    short = held(state=state, lease_seconds=1, lease_until=NOON + timedelta(seconds=1))

    assert steps(offering(short), BASE, NOON + timedelta(seconds=9)).ask is asked
    assert steps(offering(short), BASE, NOON + timedelta(minutes=30)).ask
