"""Why an entry is where it is, as `heliograph why` prints it: the same as the feeds of its topics say.

In: a kept entry. Out: lines on a console, or a dictionary. Never: a query or a decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from aggregator.reasons import reason_of
from aggregator.show import stamp
from feeds.meaning import told_reason
from feeds.model import Reason
from storage.model import Kept


def why_row(one: Kept, page: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An entry with its reasons, for `why --json`; each topic with what its JSON Feed says."""
    entry = one.entry
    return {
        "number": one.key, "id": entry.id, "public_id": entry.public_id, "title": entry.title, "link": entry.link,
        "source": one.source_slug, "first_seen": one.first_seen, "published": one.published,
        "published_note": one.published_note, "updated": one.updated, "revisions": one.revisions,
        "hidden_at": one.hidden_at, "hidden_why": one.hidden_why, "language": one.language, "wire": one.wire,
        "labels": list(one.labels), "places": [tag.code for tag in one.places],
        "authors": [
            {"slug": slug, "name": author.name, "bio": author.bio}
            for author, slug in zip(entry.authors, one.author_slugs, strict=True)
        ],
        "page": page,
        "topics": [
            {**told_reason(reason_of(one, why)), "announced": why.announced, "opened_at": why.opened_at}
            for why in one.filings
        ],
        "kept_out": [
            {"topic": pin.topic, "at": pin.said.at, "by": pin.said.by, "because": pin.said.because}
            for pin in one.pins if not pin.is_in
        ],
    }  # fmt: skip


def why_page(console: Console, one: Kept, page: str = "") -> None:
    """An entry with its reasons, for people: the words that matched, as they stand in it."""
    entry = one.entry
    guessed = f" ({one.published_note}: first seen instead)" if one.published_note else ""
    names = ", ".join(f"{author.name} ({slug})" for author, slug in zip(entry.authors, one.author_slugs, strict=True))
    facts = {
        "Entry": f"{one.key}  {entry.title}",
        "Link": entry.link,
        "Source": f"{one.source_name} ({one.source_slug})",
        "Id": entry.id,
        "Published": f"{stamp(one.published)}{guessed}",
        "First seen": stamp(one.first_seen),
        "Edits kept": str(one.revisions),
        "Authors": names or "none named",
        **({"Page": page} if page else {}),
    }
    if one.hidden_at:
        facts["Hidden"] = f"{stamp(one.hidden_at)}: {one.hidden_why or 'no reason was given'}"
    for name, value in facts.items():
        _line(console, f"{name}: {value}")
    if not one.filings:
        _line(console, "Topics: none has it.")
    for why in one.filings:
        _reason(console, reason_of(one, why))
    for pin in one.pins:
        if not pin.is_in:
            _line(console, f"\nNot in topic {pin.topic}: {pin.told}")


def _reason(console: Console, reason: Reason) -> None:
    rule = f"rule {reason.rule_version}" if reason.rule_version else "not by its rule"
    _line(console, f"\nTopic {reason.topic}: {reason.title} ({rule})")
    if reason.pinned:
        _line(console, f"  pinned {reason.pinned.told}")
    if reason.terms:
        _line(console, f"  because: {reason.trigger}")
    for span in reason.spans:
        _line(console, f"  {span.term} in {span.field}: {span.words or 'the whole field'}")


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
