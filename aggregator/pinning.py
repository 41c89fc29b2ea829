"""A person's last word: an entry pinned into a topic, or out of it, and left to the rule again.

In: a store, compiled topics, what was said. Out: pins, and the entry filed accordingly at once. Never: a pin on an entry
or topic that is not there, or on one of several that go by the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from aggregator.refiling import judged
from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules
from feeds.model import Pinned
from storage import pinning, reading
from storage.database import Database
from storage.filing_model import Pin
from storage.model import Filing, Kept

_ATTEMPTS = 5
_LONGEST = 500
"""Characters of what a person says: feeds carry it."""


class NotPinnedError(Exception):
    """What was asked cannot be done; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of an entry in a topic: the pin as it stands now, whether the entry is in it, was before, by its rule is."""

    entry: Kept
    topic: str
    pin: Pin | None
    was_in: bool
    is_in: bool
    by_rule: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asks for. `entry` is a link, an id or a number. `announced`: as news, in the topic's feeds too."""

    entry: str
    topic: str
    is_in: bool = True
    by: str = ""
    because: str = ""
    announced: bool = False


def pin(db: Database, topics: Sequence[Topic], wish: Wish, now: datetime) -> Done:
    """Pin an entry into a topic or out of it. Raises NotPinnedError."""
    said = Pinned(at=now, by=_one_line(wish.by), because=_one_line(wish.because))

    def put(entry: Kept, topic: Topic, ruled: Filing | None) -> None:
        made = Pin(topic=topic.slug, entry=entry.key, is_in=wish.is_in, said=said)
        pinning.put_pin(db, made, entry.fingerprint, ruled, announced=wish.announced and wish.is_in)

    return _settle(db, topics, wish.entry, wish.topic, put)


def unpin(db: Database, topics: Sequence[Topic], entry: str, topic: str, now: datetime) -> Done:
    """Leave an entry to the topic's rule again. Raises NotPinnedError."""

    def drop(entry: Kept, topic: Topic, ruled: Filing | None) -> None:
        if not pinning.drop_pin(db, topic.slug, entry.key, entry.fingerprint, ruled, now):
            raise NotPinnedError(
                f"entry {entry.key} is not pinned in {topic.slug}; `heliograph topics pins` lists what is"
            )

    return _settle(db, topics, entry, topic, drop)


def _settle(
    db: Database, topics: Sequence[Topic], entry: str, topic: str, do: Callable[[Kept, Topic, Filing | None], None]
) -> Done:
    rule = topic_named(db, topics, topic, entry)
    for _ in range(_ATTEMPTS):
        before = entry_named(db, entry)
        ((_, _, filings),) = judged(db, Rules([rule]), [before])
        try:
            do(before, rule, next(iter(filings), None))
        except pinning.EditedError:
            continue
        after = reading.entry(db, before.key) or before
        pins = [one for one in after.pins if one.topic == rule.slug]
        return Done(
            entry=after, topic=rule.slug, pin=next(iter(pins), None), was_in=_is_in(before, rule),
            is_in=_is_in(after, rule), by_rule=bool(filings),
        )  # fmt: skip
    raise NotPinnedError("the entry is being edited, or its topic is: try again")


def _is_in(entry: Kept, topic: Topic) -> bool:
    return any(why.topic == topic.slug for why in entry.filings)


def entry_named(db: Database, named: str) -> Kept:
    """The one entry with this link, id or number; a number that is some entry's id too is a number. Raises NotPinnedError."""
    found = reading.find_entry(db, named)
    numbered = [one for one in found if str(one.key) == named]
    if not found:
        raise NotPinnedError(
            f"no entry has the link, id or number {named}; on pages, the date leads to an entry, with its number"
        )
    if numbered:
        return numbered[0]
    if len(found) > 1:
        which = ", ".join(f"{one.key} ({one.source_name})" for one in found)
        raise NotPinnedError(f"{len(found)} entries go by {named}: name one by its number: {which}")
    return found[0]


def topic_named(db: Database, topics: Sequence[Topic], slug: str, entry: str = "") -> Topic:
    """The topic with this slug, or that had it. Raises NotPinnedError, with the nearest that there is."""
    known = {one.slug: one for one in topics}
    if slug not in known and (held := reading.output(db, "topics", slug)) is not None and held.moved_to in known:
        slug = held.moved_to
    if slug in known:
        return known[slug]
    if entry in known:
        raise NotPinnedError(f"the entry comes first, then the topic: {slug} {entry}")
    near = get_close_matches(slug, known, 1)
    hint = f"did you mean {near[0]}?" if near else "`heliograph topics list` has them all"
    raise NotPinnedError(f"there is no topic {slug}; {hint}")


def _one_line(text: str) -> str:
    told = "".join(filter(str.isprintable, " ".join(text.split())))
    if len(told) > _LONGEST:
        raise NotPinnedError(f"what is said has {len(told)} characters, more than {_LONGEST}: say it shorter")
    return told
