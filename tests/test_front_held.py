"""What the front holds of feeds: one answer a question, a store in trouble left in peace, threads that are its own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import httpx
from starlette.types import Receive, Scope, Send

from aggregator.publish import Publisher
from aggregator.web.app import routed
from aggregator.web.front import Front
from storage.database import Database, StorageError, open_database
from tests.fakes import NOON, declare, make_source, write_config
from tests.live import served
from tests.test_front import CONFIG, TOPICS


def test_what_is_tacked_on_fills_no_memory(db: Database, tmp_path: Path) -> None:
    """S-08, S-10: however a question is put, it is one question: looked up once, held once."""
    declare(db, make_source(), topics=TOPICS)
    asked: list[str] = []

    class Watched(Publisher):
        """Notes what is looked up."""

        def output(self, kind, slug, **more):  # type: ignore[no-untyped-def] # as in Publisher
            asked.append(slug)
            return super().output(kind, slug, **more)

    publisher = Watched(db, write_config(tmp_path, CONFIG))
    app = Front(routed(publisher), publisher=publisher, clock=lambda: NOON, seconds=lambda: 100.0)
    with served(app) as client:
        tags = {client.get(f"/topics/air.atom?x={n}&view=stories&utm=%FF{n}").headers["etag"] for n in range(20)}
        tags |= {client.get("/topics/air.atom?view=stories").headers["etag"]}
    assert len(tags) == 1
    assert asked == ["air"]


def test_a_store_in_trouble_is_left_in_peace(tmp_path: Path) -> None:
    """S-10: while the store is away what is held is said, and the store is asked once a second; what is not held is 503."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source(), topics=TOPICS)
    asked: list[str] = []

    class Away(Publisher):
        """Its store goes away after the first look."""

        def output(self, kind, slug, **more):  # type: ignore[no-untyped-def] # as in Publisher
            asked.append(slug)
            if len(asked) > 1:
                raise StorageError("the disk is gone")
            return super().output(kind, slug, **more)

    now = [100.0]
    publisher = Away(db, write_config(tmp_path, CONFIG))
    app = Front(routed(publisher), publisher=publisher, clock=lambda: NOON, seconds=lambda: now[0])
    with served(app) as client:
        first = client.get("/topics/air.atom")
        now[0] += 2
        later = [client.get("/topics/air.atom") for _ in range(5)]
        assert {(one.status_code, one.content) for one in later} == {(200, first.content)}
        assert asked == ["air", "air"]
        absent = client.get("/topics/sea.atom")
        assert (absent.status_code, absent.headers["retry-after"]) == (503, "60")
    db.close()


def test_readers_take_no_threads_of_the_daemon(tmp_path: Path) -> None:
    """S-10: while feeds take long to make, the loop's own threads, by which sources are polled, are free."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source(), topics={f"t{n}": "helicopter*" for n in range(20)})
    gate, begun = threading.Event(), threading.Semaphore(0)

    class Slow(Publisher):
        """Takes until the gate opens."""

        def output(self, kind, slug, **more):  # type: ignore[no-untyped-def] # as in Publisher
            begun.release()
            assert gate.wait(30)
            return super().output(kind, slug, **more)

    publisher = Slow(db, write_config(tmp_path, CONFIG))
    front = Front(routed(publisher), publisher=publisher, clock=lambda: NOON)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/daemon":
            await front(scope, receive, send)
            return
        await asyncio.to_thread(gate.set)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    statuses: list[int] = []

    def read(address: str) -> None:
        statuses.append(httpx.get(address, trust_env=False, timeout=60).status_code)

    with served(app) as client:
        readers = [threading.Thread(target=read, args=(f"{client.base_url}/topics/t{n}.atom",)) for n in range(20)]
        for one in readers:
            one.start()
        for _ in range(20):
            assert begun.acquire(timeout=20)
        assert client.get("/daemon").status_code == 200
        for one in readers:
            one.join()
    assert statuses == [200] * 20
    db.close()
