"""Why an entry is in a topic, as every output tells it: feeds, pages, `heliograph why`. PURE.

In: a kept entry and a filing of it. Out: the reason with the words that stand where the rule matched.
Never: more of an entry's text than the rule names.
"""

from __future__ import annotations

from aggregator.topics.words import BETWEEN
from feeds.model import Entry, Matched, Reason
from storage.model import Kept, Why


def reason_of(kept: Kept, why: Why) -> Reason:
    """The reason of a filing. Offsets are those of the entry's texts; several of a field are joined by " | "."""
    texts = texts_of(kept.entry)
    return Reason(
        topic=why.topic, title=why.title, rule_version=why.rule_version, pinned=why.pinned,
        spans=tuple(
            Matched(
                field=span.field, start=span.start, end=span.end, term=span.term,
                words=texts.get(span.field, "")[span.start : span.end],
            )
            for span in why.spans
        ),
    )  # fmt: skip


def texts_of(entry: Entry) -> dict[str, str]:
    """The fields whose words a span points at, by name; of the others a span means the whole."""
    return {
        "title": entry.title, "text": entry.text, "author": BETWEEN.join(author.name for author in entry.authors),
        "category": BETWEEN.join(entry.categories), "url": entry.link,
    }  # fmt: skip


def reasons_for(kept: Kept, topic: str) -> tuple[Reason, ...]:
    """Why a topic has the entry, for the topic's own output: one reason, or none."""
    return tuple(reason_of(kept, why) for why in kept.filings if why.topic == topic)
