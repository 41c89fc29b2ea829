"""Rows <-> records: the one place that knows how a record lies in its columns.

In: records, or rows. Out: the other. Never: a statement.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import RowMapping

from feeds.model import Author, Enclosure, Entry, Head, Source, Validators
from storage.model import Judged, KnownEntry, Meaning, PlaceTag, Span
from storage.state_model import Facts, Habit, Hints, State


def head_row(head: Head | None) -> dict[str, Any] | None:
    """A feed's description as JSON; empty fields are left out."""
    if head is None:
        return None
    row = {field.name: getattr(head, field.name) for field in dataclasses.fields(head)}
    row["updated"] = head.updated.isoformat() if head.updated else None
    row["authors"] = [dataclasses.asdict(author) for author in head.authors]
    row["categories"] = list(head.categories)
    return {name: value for name, value in row.items() if value}


def head_of(row: Mapping[str, Any] | None) -> Head:
    """The description again."""
    if not row:
        return Head()
    fields = dict(row)
    fields["updated"] = datetime.fromisoformat(fields["updated"]) if fields.get("updated") else None
    fields["authors"] = tuple(Author(**author) for author in fields.get("authors", ()))
    fields["categories"] = tuple(fields.get("categories", ()))
    return Head(**fields)


def source_head(row: Mapping[Any, Any]) -> Head:
    """The source to name: what the feed says of itself, under the name and address that its operator gave."""
    said = head_of(row["head"])
    url = row["learned_url"] or row["declared_url"]
    return Head(
        title=row["name"] or said.title or row["slug"],
        id=said.id or url,
        url=url if is_web_url(url) else said.url,
        site_url=said.site_url,
        subtitle=said.subtitle,
        lang=row["source_lang"] or said.lang,
        rights=said.rights,
        icon=said.icon,
        logo=said.logo,
        authors=said.authors,
        categories=said.categories,
    )


def source_of(row: RowMapping) -> Source:
    """A source as it is to be asked now: the learned address where there is one."""
    return Source(
        slug=row["slug"],
        url=row["learned_url"] or row["declared_url"],
        name=row["name"],
        kind=row["kind"],
        lang=row["lang"],
        country=row["country"],
        region=row["region"],
        tags=tuple(row["tags"]),
        labels=tuple(row["labels"] or ()),
        rank=row["rank"],
        full_text=row["full_text"] or "feed",
        every=timedelta(seconds=row["every_seconds"]),
        hours=row["hours"],
        weight=row["weight"],
        republish=row["republish"],
        embargo=timedelta(seconds=row["embargo_seconds"]),
        may_be_private=row["origin"] == "file" and not row["learned_url"],
    )


def state_of(row: RowMapping) -> State:
    """What a source's row remembers between polls."""
    return State(
        next_poll_at=row["next_poll_at"],
        reason=row["next_reason"],
        floor_until=row["floor_until"],
        floor_reason=row["floor_reason"],
        failures=row["failures"],
        gone_since=row["gone_since"],
        validators=Validators(
            url=row["validators_url"], etag=row["etag"], last_modified=row["last_modified"], body_hash=row["body_hash"]
        ),
        hints=hints_of(row["hints"]),
        facts=facts_of(row["facts"]),
        habit=habit_of(row["habit"]),
        pushed=row["pushed"],
    )


def state_row(state: State) -> dict[str, Any]:
    """The columns of a state that a poll writes; `pushed` is not among them, which the web's callbacks change too."""
    return {
        "next_poll_at": state.next_poll_at,
        "next_reason": state.reason,
        "floor_until": state.floor_until,
        "floor_reason": state.floor_reason,
        "failures": state.failures,
        "gone_since": state.gone_since,
        "validators_url": state.validators.url,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_hash": state.validators.body_hash,
        "hints": told_row(state.hints),
        "facts": told_row(state.facts),
        "habit": habit_row(state.habit),
    }


_NAMES: Mapping[type, tuple[str, ...]] = {
    record: tuple(field.name for field in dataclasses.fields(record)) for record in (Hints, Facts, Habit)
}


def told_row(record: Hints | Facts) -> dict[str, Any] | None:
    """Hints or facts as JSON; what is not told is left out."""
    row = {name: getattr(record, name) for name in _NAMES[type(record)]}
    told = {name: value for name, value in row.items() if value not in (None, "", (), False)}
    if "newest" in told:
        told["newest"] = told["newest"].isoformat()
    return told or None


def hints_of(row: Mapping[str, Any] | None) -> Hints:
    """Hints again."""
    told: dict[str, Any] = dict(row or {})
    for name in ("skip_hours", "skip_days"):
        told[name] = tuple(told.get(name, ()))
    return Hints(**told)


def facts_of(row: Mapping[str, Any] | None) -> Facts:
    """Facts again."""
    told = dict(row or {})
    if "newest" in told:
        told["newest"] = datetime.fromisoformat(told["newest"])
    return Facts(**told)


def habit_row(habit: Habit) -> dict[str, Any] | None:
    """A habit as JSON; what is not known is left out."""
    row = {name: getattr(habit, name) for name in _NAMES[Habit]}
    known = {name: value for name, value in row.items() if value not in (None, (), 0)}
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in known.items()} or None


def habit_of(row: Mapping[str, Any] | None) -> Habit:
    """A habit again."""
    known = dict(row or {})
    for name, value in known.items():
        if isinstance(value, str):
            known[name] = datetime.fromisoformat(value)
        elif isinstance(value, list):
            known[name] = tuple(value)
    return Habit(**known)


FORGOTTEN: Mapping[str, Any] = {
    **state_row(State(next_poll_at=None)), "learned_url": "", "moved_to": "", "moved_since": None, "moved_seen": 0,
}  # fmt: skip
"""The columns of a source whose address is new: what we knew of another says nothing about it (F-07)."""

NO_PUSH: Mapping[str, Any] = {"hubs": None, "hub_topic": "", "pushed": ""}
"""The columns of a source that offers no push, as far as we know yet."""


def known_of(row: RowMapping) -> KnownEntry:
    """What a later document is compared with."""
    return KnownEntry(
        key=row["id"],
        fingerprint=row["fingerprint"],
        published=row["published"],
        published_note=row["published_note"],
        published_claimed=row["published_claimed"],
        updated=row["updated"],
        updated_claimed=row["updated_claimed"],
        hidden_why=row["hidden_why"] if row["hidden_at"] is not None else None,
    )


def words_row(judged: Judged) -> dict[str, Any]:
    """The columns that an edit may change: the publisher's words and the dates that we made of them."""
    entry = judged.entry
    return {
        "link": entry.link,
        "external_link": entry.external_link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "text": entry.text,
        "published": judged.published,
        "published_note": judged.published_note,
        "published_claimed": entry.published,
        "updated": judged.updated,
        "updated_claimed": entry.updated,
        "lang": entry.lang,
        "rights": entry.rights,
        "categories": list(entry.categories),
        "enclosures": [dataclasses.asdict(enclosure) for enclosure in entry.enclosures],
        "inner_source": head_row(entry.source),
        "fingerprint": judged.fingerprint,
        **meaning_row(judged.meaning),
    }


def meaning_row(meaning: Meaning) -> dict[str, Any]:
    """The columns of what an entry is; its places have rows of their own."""
    return {
        "language": meaning.language, "language_by": meaning.language_by, "canonical": meaning.canonical,
        "wire": meaning.wire,
    }  # fmt: skip


def said(row: RowMapping, names: Sequence[str]) -> dict[str, Any]:
    """What an entry said before an edit, for its revisions: words as they were, times as ISO strings."""
    kept = ("link", "title", "summary", "content", "categories", "enclosures", "lang", "rights")
    earlier: dict[str, Any] = {name: row[name] for name in kept if row[name]}
    earlier["published"] = row["published"].isoformat()
    earlier["updated"] = row["updated"].isoformat()
    earlier["authors"] = list(names)
    return earlier


def seen_key(entry_id: str) -> str:
    """The key under which an id is remembered as seen: of one length, however long publishers make their ids."""
    return digest_of(entry_id)


def digest_of(text: str) -> str:
    """A SHA-256 as 32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_web_url(url: str) -> bool:
    """Whether an address can be asked over the web, as a file: source cannot."""
    return url.lower().startswith(("http://", "https://"))


def host_of(url: str) -> str:
    """The host that an address asks, as name servers know it; "" for a file."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".") if is_web_url(url) else ""
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return ""


def same_place(url: str, other: str) -> bool:
    """Whether two addresses differ at most in http or https, "www." and a slash at the end."""
    return _bare(url) == _bare(other)


def _bare(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.").rstrip("/")


def entry_of(row: Mapping[Any, Any], authors: tuple[Author, ...], source: Head) -> Entry:
    """The publisher's words again. `source` is the feed it came from, where it brought no source of its own."""
    return Entry(
        id=row["entry_id"],
        id_origin=row["id_origin"],
        is_permalink=row["is_permalink"],
        public_id=row["public_id"],
        link=row["link"],
        external_link=row["external_link"],
        title=row["title"],
        summary=row["summary"],
        content=row["content"],
        text=row["text"],
        published=row["published_claimed"],
        updated=row["updated_claimed"],
        lang=row["lang"],
        rights=row["rights"],
        authors=authors,
        categories=tuple(row["categories"]),
        enclosures=tuple(Enclosure(**one) for one in row["enclosures"]),
        source=head_of(row["inner_source"]) if row["inner_source"] else source,
    )


def place_row(tag: PlaceTag, entry: int, arrival: int) -> dict[str, Any]:
    """A place that an entry names, with its turn in the place's feed."""
    return {
        "entry_id": entry, "code": tag.code, "count": tag.count, "in_title": tag.in_title,
        "spans": spans_row(tag.spans), "arrival": arrival,
    }  # fmt: skip


def place_of(row: RowMapping) -> PlaceTag:
    """The place again."""
    return PlaceTag(code=row["code"], count=row["count"], in_title=row["in_title"], spans=spans_of(row["spans"]))


def spans_row(spans: Sequence[Span]) -> list[list[Any]]:
    """Spans as compact JSON: [field, start, end, term]."""
    return [[span.field, span.start, span.end, span.term] for span in spans]


def spans_of(row: Sequence[Sequence[Any]]) -> tuple[Span, ...]:
    """The spans again."""
    return tuple(map(Span._make, row))
