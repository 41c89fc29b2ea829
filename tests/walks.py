"""A store in which all sorts of things happen to entries, in an order that a seed tells: for walks and archives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator.decide import decide
from aggregator.refiling import judged
from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules
from feeds.model import Answer, Deleted, Document, Entry, Fetched, Head, Pinned, Republish, Validators
from storage import history, intake, namesakes, pinning, reading, retracting, upkeep
from storage.database import Database
from storage.filing_model import Pin
from storage.meaning import remember
from storage.model import Filing, Meaning
from tests.fakes import NOON, declare, make_entry, make_source, rules_of

PEOPLE = ("Ada Ore", "Bo Linde", "Cy Marsh")
WORDS = ("helicopter", "quay", "ballet")
RULES = ("helicopter*", "helicopter* OR quay")
LANDS = ("Kazakhstan", "Uzbekistan", "Norway")
FIRST, SECOND = "news", "wire"


class World:
    """Sources, topics and entries; every method is something that happens, at a later moment than all before."""

    def __init__(self, db: Database, seed: int) -> None:
        self.db, self.by_chance, self.now = db, random.Random(seed), NOON
        self.sources = [make_source(), make_source(slug=SECOND, url="https://wire.example/feed", name="Wire")]
        self.rule, self.title = RULES[0], "Air"
        self.entries: dict[tuple[str, str], Entry] = {}
        self.withdrawn: set[tuple[str, str]] = set()
        self.topics = self._declare()

    def _declare(self) -> list[Topic]:
        return declare(self.db, *self.sources, topics={"air": self.rule, "sea": "quay"}, now=self.now)

    def arrive(self, count: int = 1, *, as_history: bool = False, slug: str = "") -> None:
        """New entries of a source, of any words and authors; back-filled where `as_history`."""
        slug = slug or self.by_chance.choice([FIRST, SECOND])
        new = [self._entry(slug, str(len(self.entries))) for _ in range(count)]
        self._bring(slug, new, as_history=as_history)

    def edit(self) -> None:
        """An entry says something else: another title, other words, other authors, another place."""
        slug, entry_id = self._any()
        self._bring(slug, [self._entry(slug, entry_id)])

    def withdraw(self) -> None:
        """A publisher withdraws an entry."""
        slug, entry_id = self._any()
        self.withdrawn.add((slug, entry_id))
        self._bring(slug, [], deleted=[Deleted(id=entry_id, comment="An error")])

    def bring_back(self) -> None:
        """He lists an entry again that he had withdrawn."""
        if self.withdrawn:
            slug, entry_id = self.withdrawn.pop()
            self._bring(slug, [self.entries[slug, entry_id]])

    def retract(self) -> None:
        """The operator takes an entry out."""
        self._pass()
        retracting.retract(self.db, [self._key()], "Asked to", self.now)

    def restore(self) -> None:
        """And puts one back."""
        self._pass()
        retracting.restore(self.db, range(1, 2000), self.now)

    def erase(self) -> None:
        """The operator has an entry forgotten."""
        self._pass()
        retracting.erase(self.db, [self._key()], "Ordered to", self.now)

    def pin(self) -> None:
        """Somebody says that an entry is in a topic, or is not; sometimes as news."""
        self._pass()
        kept = reading.entry(self.db, self._key())
        if kept is None:
            return
        said = Pinned(at=self.now, by="ada", because="so")
        pin = Pin(topic="air", entry=kept.key, is_in=self.by_chance.random() < 0.5, said=said)
        ruled = self._ruled(kept.key, "air")
        pinning.put_pin(self.db, pin, kept.fingerprint, ruled, announced=self.by_chance.random() < 0.3 and pin.is_in)

    def unpin(self) -> None:
        """What the rule says holds again."""
        self._pass()
        kept = reading.entry(self.db, self._key())
        if kept is not None:
            ruled = self._ruled(kept.key, "air")
            pinning.drop_pin(self.db, "air", kept.key, kept.fingerprint, ruled, self.now)

    def change_the_rule(self) -> None:
        """A topic has another rule, and history is filed again by it."""
        self._pass()
        self.rule = RULES[1] if self.rule == RULES[0] else RULES[0]
        self.topics = self._declare()
        for start in range(0, 2000, 100):
            batch = reading.entries_after(self.db, start, 100)
            batch = [one for one in batch if one.key <= start + 100]
            upkeep.refile(self.db, judged(self.db, Rules(self.topics[:1]), batch), ["air"], self.now)

    def merge_or_split(self) -> None:
        """Two authors turn out to be one, or one to be two."""
        self._pass()
        listed = [one.slug for one in reading.list_authors(self.db)]
        try:
            if len(listed) > 2:
                namesakes.merge(self.db, listed[-1], listed[0], self.now)
            else:
                name = self.by_chance.choice(PEOPLE)
                namesakes.split(self.db, name.lower(), name, name.lower().replace(" ", "-"), self.now)
        except namesakes.NotMergedError:
            pass  # nothing to do then

    def rename_a_source(self) -> None:
        """A source says something else of itself."""
        self._pass()
        slug = self.by_chance.choice([FIRST, SECOND])
        self._bring(
            slug, [], head=Head(title=slug, rights=f"Held since {self.now:%H:%M}", site_url="https://h.example/")
        )

    def redeclare_a_source(self) -> None:
        """The configuration gives a source another name and policy."""
        self._pass()
        policies: tuple[Republish, ...] = ("full", "summary", "headline", "none")
        policy = self.by_chance.choice(policies)
        self.sources[0] = replace(self.sources[0], name=f"News {self.now:%H%M}", republish=policy)
        self.topics = self._declare()

    def judge_again(self) -> None:
        """Another gazetteer or language model says something else of an entry."""
        self._pass()
        kept = reading.entry(self.db, self._key())
        if kept is not None:
            told = Meaning(
                language=self.by_chance.choice(["en", "de", "kk"]), language_by="text", places=kept.places[1:]
            )
            remember(self.db, [(kept.key, kept.fingerprint, told)], self.now)

    def _entry(self, slug: str, entry_id: str) -> Entry:
        chance = self.by_chance
        words = " ".join(chance.sample(WORDS, chance.choice([1, 1, 2])))
        entry = make_entry(
            id=entry_id, link=f"https://{slug}.example/{entry_id}",
            title=f"A {words} near {chance.choice(LANDS)}, {chance.randrange(10**6)}", text=f"Of a {words}.",
            summary=f"Of a {words}.", authors=chance.sample(PEOPLE, chance.choice([0, 1, 2])), published=self.now,
        )  # fmt: skip
        self.entries[slug, entry_id] = entry
        return entry

    def _bring(
        self, slug: str, entries: Sequence[Entry], *, as_history: bool = False, deleted: Sequence[Deleted] = (),
        head: Head | None = None,
    ) -> None:  # fmt: skip
        self._pass()
        (claim,) = intake.claim(self.db, self.now, owner="test", limit=1, slugs=[slug], explicit=True)
        document = Document(
            head=head or Head(title=slug), entries=tuple(entries), deleted=tuple(deleted), format="atom10"
        )
        outcome = Fetched(
            answer=Answer(status=200, url=claim.source.url), body=b"x", validators=Validators(url=claim.source.url)
        )
        ids = [*(entry.id for entry in entries), *(one.id for one in deleted)]
        known = intake.known(self.db, claim.source_id, ids)
        decision = decide(claim, outcome, document, known, self.topics, self.now, rules=rules_of(self.topics))
        if as_history:
            assert history.record_archive(self.db, claim, replace(decision, head=None))
            intake.release(self.db, [claim])
        else:
            assert intake.record(self.db, claim, decision)

    def _pass(self) -> None:
        self.now += timedelta(minutes=1)

    def _any(self) -> tuple[str, str]:
        return self.by_chance.choice(sorted(self.entries))

    def _key(self) -> int:
        return self.by_chance.randint(1, max(1, reading.newest_entry(self.db)))

    def _ruled(self, key: int, topic: str) -> Filing | None:
        kept = reading.entries_of(self.db, [key])
        found = judged(self.db, Rules([one for one in self.topics if one.slug == topic]), kept)[0][2]
        return next(iter(found), None)
