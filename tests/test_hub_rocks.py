"""The hub's tests of websub.rocks, each under its number, and those of publishers, against our own hub on real sockets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.model import Link
from feeds.websub import header_links, offer_of
from storage import reading
from storage.database import Database, open_database
from tests.subscribers import BASE, TOPIC, Answer, HubDesk, Inbox, hub_desk, inbox

LINK = f'<{BASE}/hub>; rel="hub", <{TOPIC}>; rel="self"'


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A store of our own."""
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Iterator[HubDesk]:
    """Our hub."""
    with hub_desk(db, tmp_path) as desk:
        yield desk


@pytest.fixture
def there() -> Iterator[Inbox]:
    """A subscriber's server."""
    with inbox() as found:
        yield found


def test_100_typical_subscription(here: HubDesk, there: Inbox) -> None:
    """W-24: 100: a subscription is verified, and the next change is brought as the topic's address serves it."""
    here.subscribe(there.url())
    (asked,) = there.asked
    assert there.brought == []
    here.update(1)
    served = here.get()

    assert asked.words["hub.mode"] == "subscribe"
    assert asked.words["hub.topic"] == TOPIC
    assert asked.words["hub.lease_seconds"] == "864000"
    (brought,) = there.brought
    assert brought.body == served.content
    assert b"Ships 1" in brought.body
    assert brought.headers["Content-Type"] == served.headers["Content-Type"]
    assert brought.headers.get_all("Link") == [LINK]
    assert brought.headers["X-Hub-Signature"] is None


def test_101_subscription_with_a_secret(here: HubDesk, there: Inbox) -> None:
    """W-24: 101: where a secret was agreed on, the body is signed with it."""
    here.subscribe(there.url(), secret="a secret of ours: ключ")
    here.update(1)

    (brought,) = there.brought
    expected = hmac.new("a secret of ours: ключ".encode(), brought.body, hashlib.sha256).hexdigest()
    assert brought.headers["X-Hub-Signature"] == f"sha256={expected}"


def test_102_unknown_parameters_are_ignored(here: HubDesk, there: Inbox) -> None:
    """W-20: 102: words that a hub does not know do no harm."""
    here.subscribe(there.url(), foo="bar", verify="sync", verify_token="x")
    here.update(1)

    assert len(there.bodies()) == 1


def test_103_subscribing_again(here: HubDesk, there: Inbox) -> None:
    """W-22: 103: a second subscription takes the first one's place, its secret too, and content comes once."""
    here.subscribe(there.url(), secret="old")
    here.subscribe(there.url(), secret="new")
    here.update(1)

    assert len(there.asked) == 2
    (brought,) = there.brought
    assert brought.headers["X-Hub-Signature"] == f"sha256={hmac.new(b'new', brought.body, hashlib.sha256).hexdigest()}"


def test_104_unsubscribing(here: HubDesk, there: Inbox) -> None:
    """W-22: 104: a subscription that is ended, and was verified to be, is brought nothing more."""
    here.subscribe(there.url())
    assert here.ask(there.url(), mode="unsubscribe").status_code == 202
    here.work()
    here.update(1)

    assert there.asked[-1].words["hub.mode"] == "unsubscribe"
    assert there.brought == []
    assert here.subscribers() == []


@pytest.mark.parametrize("form", ["rss", "json"])
def test_105_106_other_types_of_content(here: HubDesk, there: Inbox, form: str) -> None:
    """W-24: 105 and 106: content that is no Atom is brought the same way, with its own type."""
    topic = f"{BASE}/topics/ships.{form}"
    here.subscribe(there.url(), topic)
    here.update(1)
    served = here.get(topic)

    (brought,) = there.brought
    assert brought.body == served.content
    assert brought.headers["Content-Type"] == served.headers["Content-Type"]
    assert brought.headers["Link"] == f'<{BASE}/hub>; rel="hub", <{topic}>; rel="self"'


@pytest.mark.parametrize("path", ["topics/ships", "sources/news", "places/kazakhstan", "all"])
@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_publisher_names_hub_and_itself(here: HubDesk, path: str, form: str) -> None:
    """W-29: publisher: every public feed names exactly one address of its own, which can be followed, and our hub."""
    kind, _, slug = path.partition("/")
    output = here.publisher.output(kind, slug)  # type: ignore[arg-type]  # one of the kinds above
    assert output is not None
    body = here.publisher.feed(output, form, here.clock())
    topic = f"{BASE}/{path}.{form}"

    assert sorted(body.links, key=lambda one: one.rel) == [
        Link(rel="hub", href=f"{BASE}/hub"),
        Link(rel="self", href=topic),
    ]
    with inbox() as there:
        assert here.ask(there.url(), topic).status_code == 202


def test_what_is_delivered_offers_what_was_subscribed_to(here: HubDesk, there: Inbox) -> None:
    """W-24: from the one Link header of a delivery a subscriber finds the hub and the topic that it knows."""
    here.subscribe(there.url())
    here.update(1)
    (brought,) = there.brought

    assert len(list(header_links(brought.headers["Link"], ""))) == 2
    assert offer_of("https://elsewhere.example/", brought.headers["Link"], ()).topic == TOPIC


def test_a_refused_verification_is_no_subscription(here: HubDesk, there: Inbox) -> None:
    """W-21: a callback that answers 404 was not meant."""
    there.answers["GET", "/cb"] = Answer(status=404)
    here.subscribe(there.url())
    here.update(1)

    assert there.brought == []
    assert here.subscribers() == []
    assert reading.counts(here.db)["entries"] == 2
