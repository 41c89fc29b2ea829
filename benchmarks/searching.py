"""How long a search of stored entries takes, and a preview of a draft, beside plain scans of the same store.

In: a store of made-up history on SQLite, a smaller one on PostgreSQL. Out: figures. Never: a cold start: the process is warm,
and the store's pages are in memory, as they are where somebody searches.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations_with_replacement
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select

from aggregator.config import Config
from aggregator.previewing import preview
from aggregator.searching import PAGE, compile_search, find
from aggregator.topics.match import Rules
from benchmarks.figures import Figure, figure
from benchmarks.history import DAYS, NEWEST, WORDS, build, vocabulary
from benchmarks.ours import config_for
from feeds.model import Source
from storage import search
from storage.database import Database
from storage.schema import entries
from tests.postgres import postgres

NAMES = ("search_p95_ms", "preview_s")
_ENTRIES, _ENTRIES_POSTGRESQL = 200_000, 25_000
_BANDS = ((0, 10), (30, 60), (300, 400), (2000, 2500), (15_000, 20_000))
"""Ranks of words, from such as stand in every second entry to such as stand in one of ten thousand."""
_EACH = 2
_ROUNDS = 5
_WINDOW = 30


class Query(NamedTuple):
    """Two words, and whether both are wanted."""

    one: str
    other: str
    both: bool

    def __str__(self) -> str:
        return f"{self.one} {'AND' if self.both else 'OR'} {self.other}"


def steps() -> int:
    """How many steps `measure` takes."""
    return 6


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Both figures on SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        config = config_for([], Path(folder))
        db = build(f"sqlite:///{folder}/history.db", _ENTRIES)
        step()
        try:
            yield from _figures(db, config, _ENTRIES, "generated", step)
        finally:
            db.close()
        with postgres(durable=True) as server:
            db = build(server.new_database(), _ENTRIES_POSTGRESQL)
            step()
            try:
                yield from _figures(db, config, _ENTRIES_POSTGRESQL, "generated, postgresql", step)
            finally:
                db.close()


def _figures(db: Database, config: Config, count: int, source: str, step: Callable[[], None]) -> Iterator[Figure]:
    told = f"{count:,} entries of {sum(WORDS)} words, spread over {DAYS} days"
    yield _searches(db, config, told, source)
    step()
    yield _preview(db, config, told, source)
    step()


def _searches(db: Database, config: Config, told: str, source: str) -> Figure:
    asked = queries()
    topics = [compile_search(str(one), config) for one in asked]
    # The first round is not counted: statements are compiled, pages are read.
    rounds = [[_timed(partial(find, db, one, NEWEST)) for one in topics] for _ in range(_ROUNDS + 1)][1:]
    medians = [statistics.median(times) for times in zip(*rounds, strict=True)]
    scans = [_timed(partial(_scan, db, one)) for one in asked[::_EACH]]
    note = (
        f"the newest {PAGE} of {len(asked)} queries of two words, rare to common, with AND and with OR: the 95th percentile of "
        f"their medians, in a warm process, with the entries loaded and what matched; the median query takes "
        f"{statistics.median(medians) * 1000:.0f} ms, the slowest run of all {max(map(max, rounds)) * 1000:.0f} ms. The peer "
        "finds letters, not words, and loads numbers only"
    )
    return _less_is_better(
        figure("search_p95_ms", _p95(medians) * 1000, "ms", "LIKE scan", _p95(scans) * 1000, rounds=_ROUNDS,
               source=source, material=told, note=note)
    )  # fmt: skip


def _preview(db: Database, config: Config, told: str, source: str) -> Figure:
    words = vocabulary()
    draft = compile_search(str(Query(words[5], words[40], both=True)), config)
    look = partial(preview, db, draft, NEWEST, days=_WINDOW, zone=ZoneInfo("UTC"))
    made = look()
    times = [_timed(look) for _ in range(_ROUNDS)]
    scan = _timed(partial(_judge_newest, db, Rules([draft]), made.stored))
    note = f"{_WINDOW} days of {made.stored:,} entries, of which {made.entries:,} match two words; counts and five examples"
    return _less_is_better(
        figure("preview_s", statistics.median(times), "s", "every entry judged", scan, rounds=_ROUNDS, source=source,
               material=told, note=note)
    )  # fmt: skip


def _less_is_better(made: Figure) -> Figure:
    return replace(made, ratio=round(made.peer_value / made.value, 2))


def queries() -> list[Query]:
    """Pairs of words of every two bands, with AND and with OR."""
    chance, words = random.Random("queries"), vocabulary()
    return [
        Query(chance.choice(words[slice(*one)]), chance.choice(words[slice(*other)]), both)
        for one, other in combinations_with_replacement(_BANDS, 2)
        for both in (True, False)
        for _ in range(_EACH)
    ]


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _scan(db: Database, query: Query) -> list[int]:
    """The peer: the newest whose title or text holds the letters, by reading one after the other."""
    held = [_holds(query.one), _holds(query.other)]
    which = and_(*held) if query.both else or_(*held)
    statement = select(entries.c.id).where(which, entries.c.hidden_at.is_(None))
    with db.read() as connection:
        return list(connection.execute(statement.order_by(entries.c.id.desc()).limit(PAGE)).scalars())


def _holds(word: str) -> ColumnElement[bool]:
    return or_(entries.c.title.ilike(f"%{word}%"), entries.c.text.ilike(f"%{word}%"))


def _judge_newest(db: Database, rules: Rules, newest: int) -> int:
    """The peer of a preview: the same evaluator, asked about each of the newest entries."""
    known: dict[int, Source] = {}
    end, left, found = search.NO_END, newest, 0
    while left > 0:
        with db.read() as connection:
            keys = search.candidates(connection, None, before=end, most=min(512, left))
            held = search.load(connection, keys, known)
        found += sum(1 for one in held if rules.judge(one.entry, one.source, one.meaning))
        end, left = keys[-1], left - len(keys)
    return found
