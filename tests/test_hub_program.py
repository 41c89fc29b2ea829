"""Our hub as it runs: a process of its own that dies in the middle of deliveries, a second Heliograph, the command."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import httpx
from sqlalchemy import update

from aggregator.inbox import read_pushes
from aggregator.poll import Hands
from aggregator.publish import Publisher
from aggregator.recorder import Recorder
from aggregator.subscribing import ask_hubs, survey
from aggregator.topics.compiling import compile_topic
from aggregator.web.app import make_app
from feeds.fetch import Fetcher, Limits
from feeds.model import Source
from storage import push, reading
from storage.database import open_database
from storage.schema import sources
from tests.fakes import Clock, declare, make_entry, parse_here, rss, rules_of, take, write_config
from tests.hub import Road
from tests.live import free_port, served
from tests.subscribers import BASE, TOPIC, Inbox, hub_desk, inbox
from tests.test_cli import Run
from tests.test_cli_pins import run as run
from tests.test_daemon import program, reachable, stored, wait_for

SUBSCRIBERS = 30


def publish(folder: Path, number: int) -> None:
    """Record a new entry in a running program's store, as one of several pollers would."""
    db = open_database(f"sqlite:///{folder / 'data' / 'heliograph.db'}")
    ships = compile_topic("ships", "Ships", "ships")
    now = Clock().forward(minutes=number)
    take(db, [make_entry(id=str(number), title=f"Ships {number}")], topics=[ships], slug="news", now=now)
    db.close()


def have(there: Inbox, number: int) -> int:
    """How many callbacks were brought an entry."""
    words = f"Ships {number}<".encode()
    return len({one.path for one in there.brought if words in one.body})


def test_sudden_deaths_lose_no_delivery(tmp_path: Path) -> None:
    """W-26: killed with -9 in the middle of its deliveries and started again, the hub brings everybody the latest."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    (tmp_path / "feed.xml").write_bytes(rss())
    config = tmp_path / "feeds.yaml"
    config.write_text(
        f"settings: {{base_url: '{base}', hub_allow_private: [127.0.0.0/8]}}\n"
        "sources: [{url: 'file:feed.xml', slug: news, every: 30d}]\ntopics: {ships: {query: ships}}\n"
    )
    arguments = ("run", "--config", str(config), "--port", str(port))
    verified = "SELECT count(*) FROM subscribers WHERE verified_at IS NOT NULL"
    idle = "SELECT count(*) FROM work WHERE kind IN ('verify', 'deliver')"
    with inbox() as there:

        def taken(number: int, least: int, process: subprocess.Popen[bytes]) -> None:
            wait_for(lambda: have(there, number) >= least, process)

        with program(tmp_path, *arguments) as process:
            wait_for(lambda: reachable(base), process)
            for number in range(SUBSCRIBERS):
                form = {"hub.mode": "subscribe", "hub.topic": f"{base}/topics/ships.atom"}
                form["hub.callback"] = there.url(f"/{number}")
                assert httpx.post(f"{base}/hub", data=form, trust_env=False).status_code == 202
            wait_for(lambda: stored(tmp_path, verified) == [(SUBSCRIBERS,)], process)
            wait_for(lambda: stored(tmp_path, idle) == [(0,)], process)
            there.pause = 0.05
            publish(tmp_path, 1)
            taken(1, 3, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        before = have(there, 1)
        for number in (2, 3):
            with program(tmp_path, *arguments) as process:
                taken(number - 1, SUBSCRIBERS, process)
                publish(tmp_path, number)
                taken(number, 3, process)
                process.send_signal(signal.SIGKILL)
                process.wait()
        with program(tmp_path, *arguments) as process:
            taken(3, SUBSCRIBERS, process)
            wait_for(lambda: stored(tmp_path, idle) == [(0,)], process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0

    assert before < SUBSCRIBERS
    for number in range(SUBSCRIBERS):
        newest = [max(n for n in (1, 2, 3) if f"Ships {n}<".encode() in body) for body in there.bodies(f"/{number}")]
        assert newest == sorted(newest)  # never an old content after a newer one
        assert newest[-1] == 3


def test_a_second_heliograph_follows_us(tmp_path: Path) -> None:
    """W-24: A-10: another Heliograph subscribes at our hub, verifies our signature and has the entry, its author and source."""
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    ours = open_database(f"sqlite:///{tmp_path / 'ours' / 'store.db'}")
    theirs = open_database(f"sqlite:///{tmp_path / 'theirs' / 'store.db'}")
    declare(theirs, Source(slug="ships", url=TOPIC, name="Ships from elsewhere"))
    with hub_desk(ours, tmp_path / "ours") as desk:
        app = make_app(Publisher(theirs, write_config(tmp_path / "theirs")), desk.clock)
        with served(app) as client:
            base = str(client.base_url).rstrip("/")
            road = int(desk.client.base_url.port or 0)

            async def follow() -> None:
                fetcher = Fetcher(
                    user_agent="x", folder=tmp_path, transport=Road(road), limits=Limits(spacing=0)
                )  # fmt: skip
                hands = Hands(
                    fetcher=fetcher, parse=parse_here, db=theirs, record=Recorder(theirs).record, topics=(),
                    rules=rules_of([]), clock=desk.clock, push_base=base,
                )  # fmt: skip
                survey(hands, desk.clock())
                while await ask_hubs(hands, owner="test"):
                    pass
                await read_pushes(hands, owner="test")
                await fetcher.close()

            with theirs.write() as connection:
                connection.execute(update(sources).values(hubs=[f"{BASE}/hub"], hub_topic=TOPIC))
            asyncio.run(follow())
            desk.work()
            held = push.subscription_of(theirs, "ships")
            assert held is not None
            assert held.state == "active"
            desk.clock.forward(minutes=1)
            entry = make_entry(id="https://news.example/9", title="Ships 9", authors=["Ada Ore"])
            take(desk.db, [entry], topics=desk.topics, now=desk.clock())
            desk.work()
            asyncio.run(follow())
            (one,) = desk.subscribers()
            brought = {kept.entry.title: kept for kept in reading.page(theirs, "sources", "ships", limit=9)}
    ours.close()
    theirs.close()

    assert one.has_secret
    assert one.failures == 0
    assert one.delivered_at == desk.clock()
    kept = brought["Ships 9"]
    assert kept.entry.public_id == "https://news.example/9"
    assert [author.name for author in kept.entry.authors] == ["Ada Ore"]
    assert kept.entry.source is not None
    assert kept.entry.source.title == "News"


def test_the_command_shows_who_subscribed(tmp_path: Path, run: Run) -> None:
    """`heliograph hub` has a line a subscription, without secrets or callbacks' paths, for people and for machines."""
    status, said, _ = run("hub")
    assert (status, said) == (0, "0 subscriptions.\n")
    (tmp_path / "other").mkdir()
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}")
    with hub_desk(db, tmp_path / "other") as desk, inbox() as there:
        desk.subscribe(there.url("/a-path"), secret="sesame")
    db.close()
    status, said, _ = run("hub")
    assert status == 0
    assert "127.0.0.1" in said
    assert "/topics/ships.atom" in said
    assert "1 subscription: 1 " in said
    status, told, _ = run("hub", "--json")
    (row,) = json.loads(told)
    assert row["has_secret"] is True
    assert row["topic"] == TOPIC
    assert "sesame" not in said + told
    assert "a-path" not in said + told
