"""Which entries tell the same story: an index that takes entries one by one (N-01 to N-06).

In: tellings, in whatever order they come. Out: for each the story that it tells, and stories that turn out to be one.
Never: a walk over all that is held: an entry is compared with the few that share its rarest terms.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest, nsmallest

from aggregator.sameness import WINDOW, Rarity, look, score
from aggregator.telling import Telling

KEPT = WINDOW + timedelta(hours=24)
"""How long an entry is held to be compared with others, from when it came: some come late."""
KEPT_EXACT = timedelta(days=7)
"""How long an entry is known by what makes an exact copy of it."""
_MOST_HELD = 100_000
_MOST_EXACT = 1_000_000
_ASKED = 20
_INDEXED = 64
_MOST_POSTINGS = 32
_COMPARED = 16
_OF_A_STORY = 5
_LEAST_SHARED = 0.12
_LEAST_MEAN = -0.5
"""An entry that is like one of a story and unlike the others of it tells another: else stories grow into chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The story that an entry tells. `merged` are stories that are this one too, as the entry shows."""

    story: int
    merged: tuple[int, ...] = ()


class Stories:
    """The stories of the last days. A story's number is the key of the entry that told it first (N-05)."""

    def __init__(self) -> None:
        self.rarity = Rarity()
        self._held: dict[int, Telling] = {}
        self._story: dict[int, int] = {}
        self._arrivals: deque[tuple[datetime, int]] = deque()
        self._indexed: dict[int, tuple[str, ...]] = {}
        self._postings: dict[str, list[int]] = {}
        self._teller: dict[int, int] = {}
        self._exact: dict[str, tuple[int, str]] = {}
        self._exact_arrivals: deque[tuple[datetime, str]] = deque()
        self._merged: dict[int, int] = {}

    def __len__(self) -> int:
        """How many entries are held to be compared."""
        return len(self._held)

    def add(self, telling: Telling) -> Told:
        """Take an entry in and say which story it tells: one that was told, or a new one of its own number."""
        if telling.key in self._story:
            return Told(story=self.story_of(telling.key))
        self._forget(telling.seen)
        same = self._copied(telling) | self._near(telling)
        story = min(same, default=telling.key)
        merged = tuple(sorted(same - {story}))
        self._merged.update(dict.fromkeys(merged, story))
        self.hold(telling, story)
        return Told(story=story, merged=merged)

    def hold(self, telling: Telling, story: int) -> None:
        """Hold an entry whose story is known, as after a restart."""
        self.know(telling.exact, telling.source, telling.seen, story)
        if telling.key in self._story:
            return
        first = self._held.get(self._teller.setdefault(story, telling.key))
        # Of a story told before, only what is new in this telling: forty copies do not make its words common.
        self.rarity.learn(set(telling.terms).difference(first.terms) if first else telling.terms)
        if first is None:
            self.rarity.told()
        self._held[telling.key] = telling
        self._story[telling.key] = story
        self._arrivals.append((telling.seen, telling.key))
        self._post(telling)

    def know(self, exact: tuple[str, ...], source: str, seen: datetime, story: int) -> None:
        """Know what makes an exact copy of an entry of this story (N-01)."""
        for key in exact:
            if key not in self._exact:
                self._exact[key] = (story, source)
                self._exact_arrivals.append((seen, key))

    def _copied(self, telling: Telling) -> set[int]:
        """The stories of which this entry is an exact copy. Of one source, entries of one address may be many things."""
        found = ((key, self._exact[key]) for key in telling.exact if key in self._exact)
        return {
            self._root(story) for key, (story, source) in found if source != telling.source or key.startswith("text:")
        }

    def story_of(self, key: int) -> int:
        """The story that a held entry tells today. Raises KeyError."""
        return self._root(self._story[key])

    def _root(self, story: int) -> int:
        while (above := self._merged.get(story)) is not None:
            story = above
        return story

    def _near(self, telling: Telling) -> set[int]:
        """The stories that this entry tells as well, by the likeliest of those that share its rarest terms (N-02)."""
        candidates = self._candidates(telling)
        if not candidates:
            return set()
        looked = look(telling, self.rarity)
        sure: dict[int, list[float]] = {}
        for key in candidates:
            of_story = sure.setdefault(self.story_of(key), [])
            if len(of_story) < _OF_A_STORY:
                of_story.append(score(looked, self._held[key], self.rarity))
        return {one for one, scores in sure.items() if max(scores) > 0 and sum(scores) / len(scores) > _LEAST_MEAN}

    def _candidates(self, telling: Telling) -> list[int]:
        """The entries that share most of the rarest terms of this one's beginning, the likeliest first."""
        weights = {term: self.rarity.of(term) for term in telling.lead}
        shared: dict[int, float] = {}
        least = 0.0
        for term in nlargest(_ASKED, weights, key=weights.__getitem__):
            weight = weights[term]
            least += _LEAST_SHARED * weight
            for key in self._postings.get(term, ()):
                shared[key] = shared.get(key, 0.0) + weight
        likely = [(-weight, key) for key, weight in shared.items() if weight > least]
        return [key for _, key in nsmallest(_COMPARED, likely)]

    def _post(self, telling: Telling) -> None:
        """Make an entry be found by its rarest terms. A common term finds only the last that have it."""
        indexed = telling.terms
        if len(indexed) > _INDEXED:
            indexed = tuple(nlargest(_INDEXED, indexed, key=self.rarity.of))
        self._indexed[telling.key] = indexed
        for term in indexed:
            posted = self._postings.setdefault(term, [])
            posted.append(telling.key)
            if len(posted) > _MOST_POSTINGS:
                del posted[0]

    def _forget(self, now: datetime) -> None:
        """Let go of what is too old, and of the oldest where there is too much."""
        while self._arrivals and (self._arrivals[0][0] < now - KEPT or len(self._arrivals) > _MOST_HELD):
            _, key = self._arrivals.popleft()
            del self._held[key]
            story = self._story.pop(key)
            if self._teller.get(story) == key:
                del self._teller[story]
            for term in self._indexed.pop(key):
                posted = self._postings.get(term, [])
                if posted and posted[0] == key:
                    del posted[0]
                if not posted:
                    self._postings.pop(term, None)
        old = now - KEPT_EXACT
        while self._exact_arrivals and (self._exact_arrivals[0][0] < old or len(self._exact_arrivals) > _MOST_EXACT):
            del self._exact[self._exact_arrivals.popleft()[1]]
        if not self._exact:
            self._merged.clear()
