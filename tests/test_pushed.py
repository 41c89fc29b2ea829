"""From a hub's POST to our own feeds, and how far a hub is trusted: real servers on both sides."""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from aggregator.cli import main
from feeds.model import Document, Failed, Offer
from storage import intake, push, reading
from storage.database import Database, open_database
from storage.schema import sources
from storage.work import waiting
from tests.fakes import item, parse_here, rss
from tests.hub import FEED, HUB, Answer, Desk, desk
from tests.live import free_port
from tests.test_daemon import program, reachable, wait_for

HOUR = timedelta(hours=1)
LINKS = f'<{HUB}>; rel="hub", <{FEED}>; rel="self"'


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A store of our own."""
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose hub has confirmed the subscription to a feed with one entry."""
    with desk(db, tmp_path, topics={"air": "helicopter*"}) as made:
        publish(made, item(1))
        assert made.subscribe().state == "active"
        yield made


def publish(here: Desk, *items: str) -> None:
    """What the publisher's feed says from now on."""
    here.hub.pages["/feed"] = Answer(rss(*items), headers=[("Link", LINKS)])


def bring(here: Desk, body: bytes) -> None:
    """The hub brings a body, and it is read."""
    assert here.hub.distribute(body).status_code == 202
    assert here.read() == 1


def titles(db: Database) -> list[str]:
    """What is published, oldest first."""
    return [one.entry.title for one in reversed(reading.page(db, "all", "", limit=99))]


def row(db: Database, *names: str) -> tuple[object, ...]:
    """Columns of the one source."""
    with db.read() as connection:
        return tuple(connection.execute(select(*(sources.c[name] for name in names))).one())


def test_a_push_goes_the_way_of_a_poll(here: Desk, db: Database) -> None:
    """W-09: what is pushed is cleaned, identified, filed under topics and journalled as if it had been asked for."""
    bring(
        here,
        rss(
            item(
                2, title="Helicopters", body="&lt;p onclick='x()'&gt;Words&lt;script&gt;evil()&lt;/script&gt;&lt;/p&gt;"
            )
        ),
    )

    (kept,) = reading.page(db, "topics", "air", limit=9, announced=True)
    assert (kept.entry.id, kept.source_slug) == ("id-2", "news")
    assert "script" not in kept.entry.summary + kept.entry.content
    assert "onclick" not in kept.entry.summary + kept.entry.content
    line = reading.journal_of(db, "news")[0]
    assert (line.outcome, line.detail, line.new) == ("pushed", "by hub.example", 1)


def test_what_a_push_leaves_out_stays(here: Desk, db: Database) -> None:
    """W-09, I-12: entries that are not in a pushed document are not deleted, nor new again when they return."""
    bring(here, rss(item(2)))
    bring(here, rss(item(1), item(2)))

    assert titles(db) == ["Entry 1", "Entry 2"]


def test_a_pushed_edit_is_an_edit(here: Desk, db: Database) -> None:
    """W-09, I-07: a pushed entry that is known and says something else is an edit."""
    bring(here, rss(item(1, title="Corrected")))
    (kept,) = reading.page(db, "all", "", limit=9)

    assert (kept.entry.title, kept.revisions) == ("Corrected", 1)


def test_a_packed_push_is_unpacked(here: Desk, db: Database) -> None:
    """W-09: a body with Content-Encoding gzip is signed as it came and read unpacked."""
    answer = here.hub.distribute(gzip.compress(rss(item(2))), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, here.read()) == (202, 1)
    assert titles(db) == ["Entry 1", "Entry 2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            rss(item(2), extra='<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://evil.example/f"/>'),
            "topic mismatch: it says that it is https://evil.example/f",
        ),
        (rss(item(2)).replace(b"<link>https://news.example/</link>", b"<link>https://evil.example/</link>"), "topic mismatch"),
        (b"<!doctype html><title>Log in</title>", "a web page"),
        (b"", "empty"),
    ],
)  # fmt: skip
def test_what_is_not_this_feed_is_not_taken(here: Desk, db: Database, body: bytes, reason: str) -> None:
    """W-09: a document of another feed, or none at all, changes nothing, wins no trust, and is counted with its reason."""
    bring(here, body)
    found = here.subscription()

    assert titles(db) == ["Entry 1"]
    assert (found.refused, found.pushes, row(db, "pushed", "lease_owner")) == (1, 0, ("", None))
    assert reason in found.reason
    assert waiting(db) == {}


def test_the_head_of_a_push_is_not_believed(here: Desk, db: Database) -> None:
    """W-09: what a feed is called is learnt from the feed, not from who pushes."""
    before = row(db, "head", "validators_url", "etag", "body_hash", "last_poll_at", "last_outcome")
    bring(here, rss(item(2), title="Renamed"))

    assert row(db, "head", "validators_url", "etag", "body_hash", "last_poll_at", "last_outcome") == before


def test_polling_goes_on_until_a_push_proves_the_hub(here: Desk, db: Database) -> None:
    """W-11, G-06: a confirmed subscription alone changes no poll; after the first good push the next is within a day."""
    here.clock.forward(hours=2)
    here.poll()
    (due, why) = row(db, "next_poll_at", "next_reason")
    assert isinstance(due, datetime)
    assert due - here.clock() <= 3 * HOUR, why
    assert "pushed" not in str(why)

    publish(here, item(2), item(1))
    bring(here, rss(item(2)))
    here.clock.forward(hours=2)
    here.poll()
    (due, why) = row(db, "next_poll_at", "next_reason")
    assert isinstance(due, datetime)
    assert 19 * HOUR <= due - here.clock() <= 24 * HOUR
    assert why == "pushed by hub.example; asked once a day to check"


def test_a_push_postpones_no_poll(here: Desk, db: Database) -> None:
    """W-11: the daily check stands, however much is pushed meanwhile."""
    before = row(db, "next_poll_at", "next_reason", "floor_until")
    for number in range(2, 6):
        here.clock.forward(minutes=5)
        bring(here, rss(item(number)))

    assert row(db, "next_poll_at", "next_reason", "floor_until") == before
    assert here.subscription().pushes == 4


def test_pushes_teach_how_a_source_posts(here: Desk, db: Database) -> None:
    """G-03, G-06: what is pushed counts into the habit, so that polls are right at once where a hub fails; a pushed
    document without a known entry is no overflow, and says nothing of the document's length."""
    before = reading.followed(db)[0].state.habit
    for number in range(2, 8):
        here.clock.forward(minutes=20)
        bring(here, rss(item(number)))

    after = reading.followed(db)[0].state.habit
    assert before.until is not None
    assert after.until == here.clock()
    assert after.posts[0] > 4
    assert (after.window, after.overflow_at) == (before.window, None)


def proved(here: Desk) -> None:
    """The hub has pushed an entry, and a poll found no other."""
    publish(here, item(2), item(1))
    bring(here, rss(item(2)))
    here.clock.forward(hours=2)
    here.poll()


def test_an_entry_that_was_not_pushed_marks_the_hub_failing(here: Desk, db: Database) -> None:
    """W-11: a check that finds what should have been pushed brings the usual polls back at once."""
    proved(here)
    publish(here, item(3), item(2), item(1))
    here.clock.forward(hours=24)
    here.poll()

    found = here.subscription()
    assert (found.state, found.reason) == ("failing", "1 entries came that were not pushed")
    due, why, pushed = row(db, "next_poll_at", "next_reason", "pushed")
    assert isinstance(due, datetime)
    assert due - here.clock() <= 3 * HOUR, why
    assert ("pushed" in str(why), pushed) == (False, "")

    bring(here, rss(item(4)))
    assert titles(db)[-1] == "Entry 4"
    assert row(db, "pushed") == ("",)


def test_an_entry_that_is_on_its_way_is_not_missed(here: Desk) -> None:
    """W-11: an entry that is a few minutes old may be found by the check before its push arrives."""
    proved(here)
    here.clock.now = datetime(2026, 11, 25, 14, 10, tzinfo=UTC)
    young = item(3).replace("24 Nov 2026 03:00:00", "25 Nov 2026 14:05:00")
    publish(here, young, item(2), item(1))
    here.poll()

    assert here.subscription().state == "active"


def test_a_denial_while_a_poll_is_under_way_is_not_forgotten(here: Desk, db: Database) -> None:
    """W-07: a poll that was planned by a trust that went meanwhile plans the usual interval."""
    proved(here)
    here.clock.forward(hours=24)
    claims = intake.claim(db, here.clock(), owner="slow", limit=9)
    here.hub.verify(here.hub.forms[0], mode="denied")
    assert claims[0].state.pushed == "hub.example"
    here.poll(claims)
    due, pushed = row(db, "next_poll_at", "pushed")
    assert isinstance(due, datetime)
    assert (due - here.clock() <= 1.25 * HOUR, pushed) == (True, "")


def test_a_source_that_is_being_polled_is_read_a_moment_later(here: Desk, db: Database) -> None:
    """W-12: a push that arrives during a poll of its source waits for it, and is not lost."""
    here.clock.forward(hours=2)
    claims = intake.claim(db, here.clock(), owner="slow", limit=9)
    assert here.hub.distribute(rss(item(2))).status_code == 202
    assert here.read() == 0
    intake.release(db, claims)
    here.clock.forward(seconds=1)
    assert here.read() == 1
    assert titles(db) == ["Entry 1", "Entry 2"]


def test_a_fault_of_ours_costs_one_body(here: Desk, db: Database) -> None:
    """W-09: a body on which our own code fails is let go with a reason; the next one is read as ever."""

    async def faulty(body: bytes, url: str, content_type: str) -> Document | Failed:
        raise RuntimeError("a bug")

    here.parse = faulty
    bring(here, rss(item(2)))
    assert here.subscription().reason == "a push was not taken: a fault of ours: RuntimeError('a bug')"
    here.parse = parse_here
    bring(here, rss(item(3)))

    assert titles(db)[-1] == "Entry 3"
    assert (waiting(db), row(db, "lease_owner")) == ({}, (None,))


def test_a_reader_that_dies_loses_no_body(here: Desk, db: Database) -> None:
    """W-08: a body is let go only after it was recorded; one that was recorded and not let go is read again for nothing."""
    assert here.hub.distribute(rss(item(2))).status_code == 202
    with db.read() as connection:
        source = connection.execute(select(sources.c.id)).scalar_one()
    assert push.hold(db, source, "dead", here.clock()) is not None
    assert here.read() == 0

    here.clock.forward(minutes=3)
    assert here.read() == 1
    assert titles(db) == ["Entry 1", "Entry 2"]


def test_from_post_to_our_feed_within_seconds(tmp_path: Path) -> None:
    """W-12: a running daemon shows what was pushed in its topic feed a few seconds after the hub's POST."""
    port, token = free_port(), "t" * 43
    here = f"http://127.0.0.1:{port}"
    (tmp_path / "feeds.yaml").write_text(
        f"settings: {{base_url: '{here}', push: true}}\n"
        "sources:\n  - {url: 'file:feed.xml', slug: news}\ntopics:\n  air: {query: 'helicopter*'}\n"
    )
    links = "".join(
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{href}"/>'
        for rel, href in (("hub", "http://127.0.0.1:1/"), ("self", FEED))
    )
    (tmp_path / "feed.xml").write_bytes(rss(item(1), extra=links))
    with program(tmp_path, "run", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port)) as process:
        wait_for(lambda: reachable(here) and b"Entry 1" in httpx.get(f"{here}/all.atom").content, process)
        db = open_database(f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}")
        (one,) = push.standing(db)
        offer = Offer(hubs=one.hubs, topic=one.topic)
        now = datetime.now(UTC)
        made = push.ask(db, one.source_id, offer, token=token, base=here, secret="", lease=864000, attempts=1, now=now)
        assert push.confirm(db, made, None, timedelta(days=14), now)
        started = time.monotonic()
        assert httpx.post(f"{here}/push/{token}", content=rss(item(2, title="Helicopters"))).status_code == 202
        wait_for(lambda: b"Helicopters" in httpx.get(f"{here}/topics/air.atom").content, process)
        took = time.monotonic() - started
        db.close()

    logging.getLogger(__name__).info("%.2f s from POST to our feed", took)
    assert took < 30


def test_status_shows_how_push_stands(here: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """X-33: `status SOURCE` shows hub, state, lease and pushes, and neither the secret nor the callback."""
    bring(here, rss(item(2)))
    path = tmp_path / "desk.yaml"
    path.write_text(
        f"settings: {{database: 'sqlite:///store.db'}}\nsources: [{{url: '{FEED}', slug: news, name: News}}]\n"
        "topics: {air: {query: 'helicopter*'}}\n"
    )
    said = []
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["status", "news", "--config", str(path), *more])
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    shown = json.loads(said[1])["push"]

    assert f"Push: active at {HUB}; lease ends in " in said[0]
    assert "pushes: 1, the last" in said[0]
    assert (shown["state"], shown["pushes"], shown["topic"]) == ("active", 1, FEED)
    (form,) = here.hub.forms
    for hidden in (form["hub.secret"], form["hub.callback"].rpartition("/")[2]):
        assert hidden not in "".join(said)
