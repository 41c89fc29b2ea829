"""How long `heliograph publish` takes where nothing changed, beside writing everything.

In: a store of made-up history with many topics. Out: a figure. Never: a run that wrote a file where nothing had changed.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import insert, update

from aggregator.cli_common import VERSION
from aggregator.config import Config, load_config
from aggregator.prepare import declared, open_store, prepare
from aggregator.publish import Publisher
from aggregator.static_folder import opened_folder
from aggregator.static_site import Published, publish
from benchmarks.figures import Figure, figure
from benchmarks.history import NEWEST, SOURCES, build, vocabulary
from storage import upkeep
from storage.database import Database
from storage.schema import entries, filings, outputs, topics

NAMES = ("publish_unchanged_s",)
_TOPICS, _ENTRIES, _EACH = 1000, 5000, 60
_ROUNDS = 5


class Timed(NamedTuple):
    """A run and its seconds."""

    seconds: float
    made: Published


def steps() -> int:
    """How many steps `measure` takes."""
    return 3


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Everything once, then the same again with nothing changed."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        config = _home(home)
        db = _filled(config)
        step()
        try:
            first = _timed(db, config, home / "site")
            step()
            again = [_timed(db, config, home / "site") for _ in range(_ROUNDS)]
            if any(one.made != Published(unchanged=first.made.written) for one in again):
                raise RuntimeError(f"a run without a change was not without work: {again[0].made}")
            one_more = _one_entry(db, config, home / "site")
        finally:
            db.close()
        commands = [_command(home) for _ in range(_ROUNDS)]
        step()
        seconds = statistics.median(one.seconds for one in again)
        note = (
            "the function, in a warm process, with the folder's manifest read and every file looked for; the command as a "
            f"user runs it, with the start of the program and the reading of {_TOPICS:,} topics' rules, takes "
            f"{statistics.median(commands):.2f} s. After a change in one topic {one_more.made.written} files are written in "
            f"{one_more.seconds:.2f} s"
        )
        told = f"{_TOPICS:,} topics, {SOURCES} sources, {_ENTRIES:,} entries: {first.made.written:,} files"
        made = figure(
            "publish_unchanged_s", seconds, "s", "everything written", first.seconds, rounds=_ROUNDS, source="generated",
            material=told, note=note,
        )  # fmt: skip
        yield replace(made, ratio=round(made.peer_value / made.value, 1))


def _home(home: Path) -> Config:
    """A configuration with many topics, as a user has one."""
    words, chance = vocabulary()[200:4000], random.Random("topics")
    rules = "".join(f"  topic-{n}: {{query: '{' OR '.join(chance.sample(words, 6))}'}}\n" for n in range(_TOPICS))
    sources = "".join(
        f"  - {{url: 'https://outlet-{n}.example/feed', slug: outlet-{n}, name: outlet-{n}, lang: en}}\n"
        for n in range(SOURCES)
    )
    settings = "settings: {title: Desk, base_url: 'https://h.example'}\n"
    (home / "feeds.yaml").write_text(f"{settings}sources:\n{sources}topics:\n{rules}")
    return load_config(home / "feeds.yaml", environment={})


def _filled(config: Config) -> Database:
    """A store in which each topic has its entries: filed in bulk, since matching is measured elsewhere."""
    build(config.database, _ENTRIES).close()
    db = open_store(config)
    prepare(config, db, NEWEST)
    upkeep.mark_filed(db, {row.slug: row.rule_version for row in declared(config).topics})
    chance = random.Random("filings")
    with db.write() as connection:
        connection.execute(update(entries).values(arrival=entries.c.id))
        for row in connection.execute(topics.select().order_by(topics.c.id)).all():
            chosen = sorted(chance.sample(range(1, _ENTRIES + 1), _EACH))
            filed = {"topic_id": row.id, "rule_version": row.rule_version, "spans": [], "opened_at": NEWEST}
            connection.execute(
                insert(filings), [filed | {"entry_id": key, "arrival": at + 1} for at, key in enumerate(chosen)]
            )
    return db


def _timed(db: Database, config: Config, site: Path) -> Timed:
    start = time.perf_counter()
    with opened_folder(site) as folder:
        made = publish(Publisher(db, config), folder, NEWEST, VERSION)
    return Timed(time.perf_counter() - start, made)


def _one_entry(db: Database, config: Config, site: Path) -> Timed:
    """Publish after something came to one topic."""
    with db.write() as connection:
        changed = outputs.c.kind.in_(("all", "topics")) & outputs.c.ref.in_((0, 1))
        connection.execute(
            update(filings).where(filings.c.topic_id == 1, filings.c.arrival == 1).values(arrival=_EACH + 1)
        )
        connection.execute(update(outputs).where(changed).values(revision=outputs.c.revision + 1))
    return _timed(db, config, site)


def _command(home: Path) -> float:
    """The command as a user runs it, over the same folder."""
    command = [str(Path(sys.executable).parent / "heliograph"), "publish", str(home / "site"), "--json"]
    start = time.perf_counter()
    done = subprocess.run([*command, "--config", str(home / "feeds.yaml")], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    if json.loads(done.stdout)["written"]:
        raise RuntimeError(f"the command wrote where nothing had changed: {done.stdout.decode()}")
    return seconds
