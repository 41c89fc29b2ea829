"""How well and how fast entries are joined into stories, beside MinHash-LSH over word shingles.

In: benchmarks/labelled, made-up entries, the corpus where it is there. Out: figures. Never: a look at the held half
before all is chosen on the open one, the peer's threshold, shingles, cleaning and grouping too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from statistics import fmean

from aggregator.stories import Stories
from aggregator.telling import Telling, telling
from benchmarks.figures import Figure, figure
from benchmarks.labels import Item, Labels, bcubed, labels, pair_f1
from benchmarks.parsing import CORPUS, real_feeds
from benchmarks.shingles import Baseline, Shape, best_shape
from feeds.model import Document
from feeds.parse import parse

NAMES = (
    "stories_f1", "stories_f1_held", "stories_f1_minhash", "stories_b3", "stories_order_agreement", "stories_per_s",
)  # fmt: skip
_ORDERS = 5
_HELD = 20_000
_MEASURED = 3_000
_USUAL = Shape(size=3, threshold=0.5, cleaned=False, chained=True)
"""How LSH is usually set: at the threshold that finds most here, all entries of a large window are candidates."""
_START = datetime(2026, 11, 1, tzinfo=UTC)


def steps() -> int:
    """How many steps `measure` takes."""
    return 4


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figures; `step` hears of each part."""
    opened = labels(half="open")
    shape = best_shape(opened)
    step()
    every = labels()
    yield from _quality(opened, every, shape)
    step()
    yield _agreement(every)
    step()
    yield _speed("generated", [*_made(_HELD + _MEASURED)], _MEASURED)
    if CORPUS.is_dir():
        entries = [*_real()]
        yield _speed("corpus", entries, len(entries) // 2)
    step()


def _quality(opened: Labels, every: Labels, shape: Shape) -> Iterator[Figure]:
    ours, theirs = joined(every.items), Baseline(shape)
    for item in every.items:
        theirs.add(item)
    held = [pair for pair in every.pairs if pair.half == "held"]
    told = f"{len(every.pairs)} labelled pairs of {len(every.items)} entries"
    all_ours, all_theirs = pair_f1(ours, every.pairs), theirs.f1(every.pairs)
    of_open = pair_f1(joined(opened.items), opened.pairs)
    yield figure(
        "stories_f1", all_ours, "F1", "datasketch", all_theirs, rounds=1, source="labelled", material=told,
        note=f"all was chosen on the open half, where it is {of_open:.3f} with the entries of that half alone",
    )  # fmt: skip
    yield figure(
        "stories_f1_held", pair_f1(ours, held), "F1", "datasketch", theirs.f1(held), rounds=1, source="labelled",
        material=f"the {len(held)} of these pairs that nothing was chosen by",
    )  # fmt: skip
    yield figure(
        "stories_f1_minhash", all_theirs, "F1", "heliograph", all_ours, rounds=1, source="labelled", material=told,
        note=f"MinHash-LSH, with Heliograph in the place of the peer: {shape.told}: the best of all on the open half",
    )  # fmt: skip
    grouping = best_shape(opened, chained=[True])
    groups = Baseline(grouping)
    for item in every.items:
        groups.add(item)
    yield figure(
        "stories_b3", bcubed(ours, every), "B-cubed F1", "datasketch", bcubed(groups.groups(), every), rounds=1,
        source="labelled", material=f"{len(every.items)} entries; a story in two languages counts as two",
        note=f"the peer with {grouping.told}: the best that makes groups on the open half",
    )  # fmt: skip


def _agreement(every: Labels) -> Figure:
    """How like each other the groups of several orders are: the mean pairwise F1 between them."""
    orders = [every.items, *(random.Random(seed).sample(every.items, len(every.items)) for seed in range(_ORDERS))]
    found = [_pairs(joined(order)) for order in orders]
    alike = [2 * len(one & other) / (len(one) + len(other)) for one, other in combinations(found, 2)]
    return figure(
        "stories_order_agreement", fmean(alike), "F1 between orders", "the same order", 1, rounds=_ORDERS,
        source="labelled", material=f"{len(every.items)} entries by date and in {_ORDERS} shuffled orders",
        note=f"the two orders that differ most agree to {min(alike):.3f}",
    )  # fmt: skip


def _pairs(groups: dict[str, object]) -> set[frozenset[str]]:
    by: dict[object, list[str]] = {}
    for key, group in groups.items():
        by.setdefault(group, []).append(key)
    return {frozenset(pair) for keys in by.values() for pair in combinations(keys, 2)}


def joined(items: Sequence[Item]) -> dict[str, object]:
    """The story of each entry, by our index, which hears of them in this order."""
    index = Stories()
    last = max(item.at for item in items)
    tellings = {item.id: item_told(item, number, last) for number, item in enumerate(items)}
    for one in tellings.values():
        index.add(one)
    return {key: index.story_of(one.key) for key, one in tellings.items()}


def item_told(item: Item, key: int, seen: datetime) -> Telling:
    """An entry as stories are compared by."""
    return telling(key=key, source=item.source, at=item.at, seen=seen, title=item.title, text=item.text)


def _speed(source: str, items: Sequence[Item], measured: int) -> Figure:
    """Entries a second in processor time, once the others are held: from words to story."""
    index, before = Stories(), len(items) - measured
    for number, item in enumerate(items[:before]):
        index.add(item_told(item, number, item.at))
    start = time.thread_time()
    for number, item in enumerate(items[before:], before):
        index.add(item_told(item, number, item.at))
    own = time.thread_time() - start
    theirs = Baseline(_USUAL)
    for item in items[:before]:
        theirs.add(item)
    start = time.thread_time()
    for item in items[before:]:
        theirs.add(item)
    peer = time.thread_time() - start
    return figure(
        "stories_per_s", measured / own, "entries/s", "datasketch", measured / peer, rounds=1, source=source,
        material=f"{measured} entries into a window of {before}, {fmean(len(one.text) for one in items):.0f} characters each",
        note=f"the peer with {_USUAL.told}: quicker, and worse, than the one that stories_f1_minhash is about",
    )  # fmt: skip


def _made(count: int) -> Iterator[Item]:
    """Made-up news of 72 hours: words as rare as Zipf has them, a quarter of it copies that were cut or lengthened."""
    chance = random.Random(20261124)
    letters = "bcdfghklmnprstvz"
    vocabulary = [
        "".join(chance.choice(letters) + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))
        for _ in range(40_000)
    ]
    weights = [1 / (rank + 20) for rank in range(len(vocabulary))]
    words = chance.choices(vocabulary, weights, k=count * 160)
    bodies: list[list[str]] = []
    for number in range(count):
        if number > 100 and chance.random() < 0.25:
            body = list(chance.choice(bodies[-2000:]))
            body = body[: chance.randint(2, len(body))] if chance.random() < 0.5 else [*body, *body[:3]]
        else:
            at = chance.randrange(len(words) - 240)
            body = [
                _sentence(words[at + step : at + step + 12], chance) for step in range(0, chance.randint(36, 240), 12)
            ]
        bodies.append(body)
        yield Item(
            id=str(number), source=f"source-{chance.randrange(140)}", lang="en", at=_START + timedelta(hours=72) * number / count,
            title=" ".join(body[0].split()[:8]), text=" ".join(body),
        )  # fmt: skip


def _sentence(words: Sequence[str], chance: random.Random) -> str:
    told = [word.capitalize() if chance.random() < 0.2 else word for word in words]
    return " ".join([*told, str(chance.randint(2, 900))]).capitalize() + "."


def _real() -> Iterator[Item]:
    """The entries of the corpus, as if they had come within 72 hours, in a mixed order."""
    found = []
    for number, body in enumerate(real_feeds()):
        read = parse(body, "https://feed.example/")
        if isinstance(read, Document):
            found += [(f"feed-{number}", entry) for entry in read.entries]
    random.Random(1).shuffle(found)
    for at, (source, entry) in enumerate(found):
        when = _START + timedelta(hours=72) * at / len(found)
        yield Item(id=str(at), source=source, lang="", at=when, title=entry.title, text=entry.text)
