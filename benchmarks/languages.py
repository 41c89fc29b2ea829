"""How often the language of a text is told right, and how fast, beside the model alone.

In: the labelled texts. Out: figures. Never: a rule tuned on the held half; a declared language, which would help.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aggregator.language import UNKNOWN, language_of
from benchmarks.figures import Figure, figure

NAMES = ("language_accuracy", "language_accuracy_held", "language_texts_per_s")
ROUNDS = 5
LABELLED = Path(__file__).parent / "labelled" / "languages.jsonl"
ENTRIES = LABELLED.with_name("places.jsonl")
_NOTE = (
    "share of labelled texts told right, texts that nobody could tell included, with nothing declared; "
    "the peer is the model that Heliograph asks too, in all its languages, with its documented threshold for abstaining"
)
Tell = Callable[[str], str]


def steps() -> int:
    """How many steps `measure` takes."""
    return len(NAMES) + 1


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figures; `step` hears of each."""
    texts = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
    alone = model_alone()
    for name, half in (("language_accuracy", ""), ("language_accuracy_held", "held")):
        chosen = [(one["text"], one["lang"]) for one in texts if half in ("", one["half"])]
        languages = len({language for _, language in chosen} - {UNKNOWN})
        yield figure(
            name, accuracy(ours, chosen), "of all", "py3langid", accuracy(alone, chosen), rounds=1, source="labelled",
            material=f"{len(chosen)} texts in {languages} languages", note=_NOTE,
        )  # fmt: skip
        step()
    entries = [json.loads(line) for line in ENTRIES.read_text("utf-8").splitlines()]
    for source, plain in (
        ("labelled", [one["text"] for one in texts]),
        ("whole entries", [f"{one['title']}\n{one['text']}" for one in entries]),
    ):
        material = f"{len(plain)} texts, {sum(map(len, plain)) // len(plain)} characters each on average"
        yield figure(
            "language_texts_per_s", speed(ours, plain), "texts/s", "py3langid", speed(alone, plain), rounds=ROUNDS,
            source=source, material=material,
        )  # fmt: skip
        step()


def ours(text: str) -> str:
    """What Heliograph says of a text of which a feed says nothing."""
    return language_of("", text, "")[0]


def model_alone() -> Tell:
    """The peer as its own documentation uses it where it may abstain."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=0.2)

    def tell(text: str) -> str:
        language = identifier.classify(text)[0]
        return UNKNOWN if language == "und" else str(language)

    return tell


def accuracy(tell: Tell, texts: Sequence[tuple[str, str]]) -> float:
    """The share of texts told right."""
    return sum(tell(text) == language for text, language in texts) / len(texts)


def speed(tell: Tell, texts: Sequence[str]) -> float:
    """Texts a second, in processor time: the median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        for text in texts:
            tell(text)
        rounds.append(len(texts) / (time.thread_time() - start))
    return statistics.median_low(rounds)
