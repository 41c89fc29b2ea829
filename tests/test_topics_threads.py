"""Rules are asked by many threads at once: what they learn meanwhile changes what an entry costs, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from aggregator.topics.compiling import compile_topic
from aggregator.topics.match import Rules
from feeds.model import Entry
from storage.model import Filing
from tests.fakes import make_entry, make_source


def test_many_threads_may_ask_while_the_rules_learn_what_is_rare() -> None:
    """E-05: what threads find in the first hundreds of entries, at once, is what one of them finds alone afterwards."""
    names = [f"word{number}" for number in range(220)]
    topics = [compile_topic(name, name, f"{name} (common OR {name}x)") for name in names]
    entries = [make_entry(title=f"common {names[at % 220]} {names[(at + 7) % 220]}x") for at in range(600)]
    rules = Rules(topics)

    def asked(entry: Entry) -> tuple[Filing, ...]:
        return rules.judge(entry, make_source())

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(asked, entries))

    assert first == [asked(entry) for entry in entries]
    assert all(one and one[0].topic == names[at % 220] for at, one in enumerate(first))
