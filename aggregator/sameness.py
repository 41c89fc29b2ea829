"""Whether two entries tell the same story: how much each says of what the other begins with, and in what they differ.

In: two tellings, how rare each term is. Out: a score, above 0 where an editor would show one and name the other.
Never: symmetric likeness: a snippet and its full text are the same story (N-02).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from math import log
from typing import NamedTuple

from aggregator.telling import Telling

WINDOW = timedelta(hours=72)
"""Two entries whose dates lie further apart tell the same story only where they are exact copies (N-02)."""
_PRIOR = 300
"""So many made-up stories are known from the start: a term is never rarer than this allows, however few were read."""
_MOST_STORIES = 60_000
_LOGS = [log(number) for number in range(1, 4097)]


class Rarity:
    """How rare each term is, learned from the stories that were told: a bounded inverse document frequency.

    Stories count, not entries: forty copies of one do not make its words common. After many stories all counts are
    halved, so that words of last year's news fade and memory stays bounded. A weight is the logarithm of how many stories
    there are to one that has the term, which is never below 0.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._logs = _Logs()
        self._stories = 0
        self.most = log(_PRIOR)
        """The weight of a term that was never met."""

    def learn(self, terms: Iterable[str]) -> None:
        """Count a story, or what another entry adds to one."""
        counts, logs = self._counts, self._logs
        for term in terms:
            counts[term] = count = counts.get(term, 0) + 1
            logs[term] = _LOGS[count] if count < len(_LOGS) else log(count + 1)

    def told(self) -> None:
        """One more story was told."""
        self._stories += 1
        if self._stories >= _MOST_STORIES:
            self._stories //= 2
            self._counts = {term: count // 2 for term, count in self._counts.items() if count > 1}
            self._logs = _Logs({term: log(count + 1) for term, count in self._counts.items()})
        self.most = log(self._stories + _PRIOR)

    def of(self, term: str) -> float:
        """The weight of a term."""
        return self.most - self._logs[term]

    def sum(self, terms: Collection[str]) -> float:
        """The weight of terms together."""
        return self.most * len(terms) - sum(map(self._logs.__getitem__, terms))


class _Logs(dict[str, float]):
    """Logarithms of counts; 0 for what was not counted, and nothing is kept of it."""

    def __missing__(self, term: str) -> float:
        return 0.0


class Alike(NamedTuple):
    """What is compared of two entries, each between 0 and 1.

    `contained`: how much of the shorter one stands in the other. `leads`: how much their beginnings share. `numbers` and
    `names`: how much agrees; `no_numbers` is 1 where one of them has none. `numbers_apart` and `names_apart`: how much
    stands in the beginning of each and nowhere in the other. `new_lead`: how much was copied behind a beginning of its
    own, as follow-ups do. `slots`: how much was copied around words that differ on both sides, as templates do. `apart`:
    the time between them, as a part of the window.
    """

    contained: float
    leads: float
    numbers: float
    no_numbers: float
    numbers_apart: float
    names_apart: float
    new_lead: float
    slots: float
    apart: float


# Fitted by logistic regression on the open half of benchmarks/labelled, whose held half judges it; docs/decisions/0019.
_WEIGHTS = Alike(
    contained=1.7, leads=3.6, numbers=3.4, no_numbers=1.4, numbers_apart=-1.4, names_apart=-0.6, new_lead=-2.6,
    slots=-2.1, apart=-5.2,
)  # fmt: skip
_BIAS = -2.4
_FEW = 2.0
"""Shares are taken of so many rare terms more than there are: of three words in common, little is proved."""
_LEAST_LEAD = 3.0
"""So many rare terms, or more that are less rare, both beginnings have in common."""
_APART = -1.0
_COPY = 0.75
_AGAIN = 0.25
"""A source that tells a story again repeats at least so much of it: else it is the next issue of a serial (N-03)."""


class Looked(NamedTuple):
    """A telling made ready to be compared with many."""

    telling: Telling
    terms: frozenset[str]
    lead: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    pairs: frozenset[int]
    weight: float
    lead_weight: float


def look(telling: Telling, rarity: Rarity) -> Looked:
    """Make a telling ready."""
    lead = frozenset(telling.lead)
    return Looked(
        telling=telling, terms=frozenset(telling.terms), lead=lead, names=lead.intersection(telling.names),
        numbers=frozenset(telling.numbers), pairs=frozenset(telling.pairs), weight=rarity.sum(telling.terms),
        lead_weight=rarity.sum(lead),
    )  # fmt: skip


def score(one: Looked, telling: Telling, rarity: Rarity) -> float:
    """How surely another entry tells the same story; above 0 it does."""
    if abs(one.telling.at - telling.at) > WINDOW:
        return _APART
    if rarity.sum(one.lead.intersection(telling.lead)) < _LEAST_LEAD * rarity.most:
        return _APART
    alike = compare(one, look(telling, rarity), rarity)
    if one.telling.source == telling.source and not (_repeated(alike) and alike.apart < _AGAIN):
        return _APART
    return _BIAS + sum(weight * part for weight, part in zip(_WEIGHTS, alike, strict=True))


def _repeated(alike: Alike) -> bool:
    return alike.contained >= _COPY and alike.leads >= _COPY and not alike.numbers_apart and not alike.names_apart


def compare(one: Looked, other: Looked, rarity: Rarity) -> Alike:
    """Hold two entries beside each other."""
    both, few = rarity.sum(one.terms & other.terms), _FEW * rarity.most
    new_of_one = rarity.sum(one.lead - other.terms) / one.lead_weight
    new_of_other = rarity.sum(other.lead - one.terms) / other.lead_weight
    copied = len(one.pairs & other.pairs) / (min(len(one.pairs), len(other.pairs)) + 1)
    fewest = min(rarity.sum(one.numbers), rarity.sum(other.numbers))
    return Alike(
        contained=both / (min(one.weight, other.weight) + few),
        leads=rarity.sum(one.lead & other.lead) / (min(one.lead_weight, other.lead_weight) + few),
        numbers=rarity.sum(one.numbers & other.numbers) / (fewest + 0.67 * rarity.most),
        no_numbers=0.0 if fewest else 1.0,
        numbers_apart=_apart(one.numbers & one.lead, other.numbers & other.lead, one.numbers, other.numbers, rarity),
        names_apart=_apart(one.names, other.names, one.terms, other.terms, rarity),
        new_lead=copied * max(new_of_one, new_of_other),
        slots=copied * min(new_of_one, new_of_other),
        apart=abs(one.telling.at - other.telling.at) / WINDOW,
    )


def _apart(
    of_one: frozenset[str], of_other: frozenset[str], all_one: frozenset[str], all_other: frozenset[str], rarity: Rarity
) -> float:
    """How much each has for itself, of what it has: nothing where one only says more than the other."""
    alone = min(rarity.sum(of_one - all_other), rarity.sum(of_other - all_one))
    return alone / (min(rarity.sum(of_one), rarity.sum(of_other)) + 0.33 * rarity.most) if alone else 0.0
