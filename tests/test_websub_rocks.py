"""The subscriber's tests of websub.rocks, each under its number, against a hub and a publisher of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.fetch import Fetcher
from feeds.model import Fetched, Source, Validators
from feeds.websub import offer_of, page_links
from storage import reading
from storage.database import Database, open_database
from tests.fakes import item, rss
from tests.hub import FEED, HUB, Answer, Desk, Road, desk, hub

LINKS = f'<{HUB}>; rel="hub", <{FEED}>; rel="self"'


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A store of our own."""
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()


def rss_with(*links: tuple[str, str]) -> bytes:
    """An RSS feed with these links of its own."""
    said = "".join(
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{href}"/>' for rel, href in links
    )
    return rss(item(1), extra=said)


def atom_with(*links: tuple[str, str]) -> bytes:
    """An Atom feed with these links of its own."""
    said = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:feed</id><title>News</title>{said}'
        "<updated>2026-11-24T01:00:00Z</updated><entry><id>urn:x:1</id><title>One</title>"
        '<link href="https://news.example/1"/><updated>2026-11-24T01:00:00Z</updated></entry></feed>'
    ).encode()


def subscribed(here: Desk, topic: str = FEED) -> bool:
    """Whether the hub was asked for this topic and our answer to its verification was the challenge."""
    found = here.subscribe()
    (form,) = here.hub.forms
    (verified,) = here.hub.verified
    return form["hub.topic"] == topic and verified.agreed and found.state == "active"


def pushes(here: Desk, body: bytes, **how: str) -> int:
    """Subscribe, let the hub bring a body, and read it. The status that the hub got."""
    here.hub.pages["/feed"] = Answer(rss_with(("hub", HUB), ("self", FEED)))
    assert subscribed(here)
    status = here.hub.distribute(body, **how).status_code
    here.read()
    return status


def titles(here: Desk) -> set[str]:
    """What the store holds."""
    return {one.entry.title for one in reading.page(here.db, "all", "", limit=99)}


def test_100_http_header(db: Database, tmp_path: Path) -> None:
    """W-01: 100: hub and topic are found in HTTP Link headers."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = Answer(rss(item(1)), headers=[("Link", LINKS)])
        assert subscribed(here)


def test_100_http_header_in_two_fields(db: Database, tmp_path: Path) -> None:
    """W-01: 100: the same in two fields, names in any case, without quotes."""
    with desk(db, tmp_path) as here:
        fields = [("link", f"<{HUB}>;REL=hub"), ("LINK", f'<{FEED}>; title="a, b"; rel="x self"')]
        here.hub.pages["/feed"] = Answer(rss(item(1)), headers=fields)
        assert subscribed(here)


def test_101_html_tag(db: Database) -> None:
    """W-01: 101: in a web page the links in its head count, and none in its body, where visitors write."""
    page = (
        f'<!doctype html><html><head><title>x</title><link rel="hub" href="{HUB}"><link rel="self" href="/page">'
        '</head><body><p>A comment: <link rel="hub" href="https://evil.example/"></p></body></html>'
    )

    async def asked(port: int) -> str:
        fetcher = Fetcher(user_agent="Heliograph/test", folder=Path(), transport=Road(port))
        outcome = await fetcher.fetch(Source(slug="page", url="https://news.example/page"), Validators())
        await fetcher.close()
        assert isinstance(outcome, Fetched)
        return outcome.body.decode()

    with hub() as there:
        there.pages["/page"] = Answer(page.encode(), headers=[("Content-Type", "text/html")])
        html = asyncio.run(asked(there.port))
    offer = offer_of("https://news.example/page", "", page_links(html, "https://news.example/page"))
    assert (offer.hubs, offer.topic) == ((HUB,), "https://news.example/page")


def test_102_atom(db: Database, tmp_path: Path) -> None:
    """W-01: 102: hub and topic are found in an Atom feed."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = Answer(atom_with(("hub", HUB), ("self", FEED)))
        assert subscribed(here)


def test_103_rss(db: Database, tmp_path: Path) -> None:
    """W-01: 103: hub and topic are found in an RSS feed."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = Answer(rss_with(("hub", HUB), ("self", FEED)))
        assert subscribed(here)


def test_104_discovery_priority(db: Database, tmp_path: Path) -> None:
    """W-01: 104: where headers and document differ, the headers count."""
    with desk(db, tmp_path) as here:
        body = rss_with(("hub", "https://other.example/hub"), ("self", "https://other.example/feed"))
        here.hub.pages["/feed"] = Answer(body, headers=[("Link", LINKS)])
        assert subscribed(here)


def test_200_self_differs(db: Database, tmp_path: Path) -> None:
    """W-02: 200: the topic is what the feed says it is, though it was asked under another address."""
    with desk(db, tmp_path) as here:
        canonical = "https://news.example/canonical?form=rss"
        here.hub.pages["/feed"] = Answer(rss_with(("hub", HUB), ("self", canonical)))
        assert subscribed(here, canonical)


@pytest.mark.parametrize(("number", "status"), [(201, 302), (202, 301)])
def test_201_202_topic_redirects(db: Database, tmp_path: Path, number: int, status: int) -> None:
    """W-02: 201, 202: after a redirect of the feed the topic is what stands at its end."""
    with desk(db, tmp_path) as here:
        moved = f"https://news.example/{number}"
        here.hub.pages["/feed"] = Answer(status=status, headers=[("Location", moved)])
        here.hub.pages[f"/{number}"] = Answer(rss_with(("hub", HUB), ("self", moved)))
        assert subscribed(here, moved)


@pytest.mark.parametrize(("number", "status"), [(203, 307), (204, 308)])
def test_203_204_hub_redirects(db: Database, tmp_path: Path, number: int, status: int) -> None:
    """W-03: 203, 204: a hub that redirects is followed with POST and the whole form."""
    with desk(db, tmp_path) as here:
        first = f"https://hub.example/{number}"
        here.hub.pages[f"/{number}"] = Answer(status=status, headers=[("Location", HUB)])
        here.hub.pages["/feed"] = Answer(rss_with(("hub", first), ("self", FEED)))
        assert subscribed(here)
        assert [asked for asked in here.hub.asked if asked[0] == "POST"] == [("POST", f"/{number}"), ("POST", "/hub")]


def test_205_an_invalid_topic_is_rejected(db: Database, tmp_path: Path) -> None:
    """W-05: 205: a verification for a topic that we never asked for is answered with 404."""
    with desk(db, tmp_path) as here:
        here.hub.pages["/feed"] = Answer(rss_with(("hub", HUB), ("self", FEED)))
        here.hub.verifies = False
        here.subscribe()
        (form,) = here.hub.forms
        assert here.hub.verify(form, topic="https://other.example/feed").status == 404
        assert here.subscription().state == "pending"
        assert here.hub.verify(form).agreed


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_300_a_signed_push_is_taken(db: Database, tmp_path: Path, method: str) -> None:
    """W-08: 300: content with a right signature is answered with 2xx at once, and is in the store a moment later."""
    with desk(db, tmp_path) as here:
        assert pushes(here, rss(item(1), item(2, title="Pushed")), method=method) == 202
        assert titles(here) == {"Entry 1", "Pushed"}


def test_301_an_invalid_signature(db: Database, tmp_path: Path) -> None:
    """W-08: 301: content with a wrong signature is answered with no success and ignored."""
    with desk(db, tmp_path) as here:
        assert pushes(here, rss(item(2, title="Forged")), secret="a guess") == 403
        assert titles(here) == {"Entry 1"}
        assert here.subscription().refused == 1


def test_302_a_missing_signature(db: Database, tmp_path: Path) -> None:
    """W-08: 302: content without the signature that was agreed on is answered with no success and ignored."""
    with desk(db, tmp_path) as here:
        assert pushes(here, rss(item(2, title="Forged")), method="") == 403
        assert titles(here) == {"Entry 1"}
