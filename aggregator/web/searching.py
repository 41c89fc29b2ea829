"""The page and the feeds of a search: what anybody may ask of what is stored (E-07).

In: the parameters of a request, a publisher. Out: a page, or the bytes of a feed. Never: more than may be shown, work without
bounds, or more than a few searches at a time: those who read feeds come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from aggregator.excerpts import Run, excerpt, marked, marked_words, matched_words
from aggregator.publish import Body, Publisher, made, unique
from aggregator.searching import LONGEST_DAYS, Found, compile_search, find, since_of
from aggregator.searching import Page as Results
from aggregator.sharing import shared
from aggregator.topics.tree import QueryError
from aggregator.visible import visible
from aggregator.web import pages
from feeds import clean
from feeds.identity import derived_id
from feeds.model import Document, Head
from feeds.write import MEDIA_TYPES, write
from storage import reading
from storage.search import NO_END

LONGEST_ASKED = 2000
"""Characters of a query over the web; the commands take longer ones."""
_PAGE_ENTRIES = 50
_AT_ONCE = BoundedSemaphore(3)
_PATIENCE_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks: a query, arrivals of how many days, and from which entry on."""

    query: str
    days: int | None = None
    before: int | None = None

    def part(self, *, before: int | None = None) -> str:
        """The same as the query of an address, in one order (S-08); `before` is the cursor of another page."""
        told = {"q": self.query, "days": self.days, "before": before}
        return urlencode({name: value for name, value in told.items() if value is not None})


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """The parameters of a request. Raises HTTPException 400 where one of them cannot be."""
    query = parameters.get("q", "").strip()
    if len(query) > LONGEST_ASKED:
        raise HTTPException(400, f"The query has {len(query):,} characters; here it may have {LONGEST_ASKED:,}.")
    return Asked(
        query=query, days=_number(parameters, "days", LONGEST_DAYS), before=_number(parameters, "before", NO_END)
    )


def _number(parameters: Mapping[str, str], name: str, most: int) -> int | None:
    given = parameters.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 20 and 1 <= int(given) <= most):
        raise HTTPException(400, f"{name}= takes a whole number from 1 to {most:,}.")
    return int(given)


def search_page(publisher: Publisher, parameters: Mapping[str, str], site: pages.Site) -> tuple[pages.Search, int]:
    """The page of a search and its status: 400 where the query cannot be read, with what is wrong with it."""
    asked = read_asked(parameters)
    error, results = "", Results(found=(), before=None, looked=0)
    if asked.query:
        try:
            results = _results(publisher, asked, site.now)
        except QueryError as wrong:
            error = str(wrong)
    following = f"/search?{asked.part(before=results.before)}" if results.before is not None else ""
    page = pages.Search(
        site=site, query=asked.query, days=asked.days, error=error, hits=[*_hits(publisher, results, site.now)],
        address=f"{publisher.config.base_url}/search", query_part=f"?{asked.part()}", following=following,
        reached=results.reached if results.is_cut else None, looked=results.looked, longest=LONGEST_ASKED,
    )  # fmt: skip
    return page, 400 if error else 200


def search_feed(publisher: Publisher, parameters: Mapping[str, str], form: str, now: datetime) -> Body:
    """The newest arrivals that match, as a feed in pages (RFC 5005 section 3). Raises HTTPException 400."""
    asked = read_asked(parameters)
    if not asked.query:
        raise HTTPException(400, f"Say what to look for: /search.{form}?q=…")
    try:
        results = _results(publisher, asked, now)
    except QueryError as wrong:
        raise HTTPException(400, f"The query cannot be read: {wrong}.") from None
    kept = unique([one.kept for one in results.found])
    told = shared(publisher.db, kept, publisher.viewer, now) if form == "json" else {}
    shown = [(one.key, entry) for one in kept if (entry := publisher.entry(one, now)) is not None]
    stamps = [entry.updated for _, entry in shown if entry.updated]
    document = Document(
        head=_head(publisher, asked, results, form, max(stamps, default=None)), entries=tuple(entry for _, entry in shown),
        shared={entry.public_id: told[key] for key, entry in shown if key in told},
    )  # fmt: skip
    # What is found may change without an entry that is new: only the bytes tell whether a reader has it.
    return made(write(document, form, base=publisher.config.base_url), MEDIA_TYPES[form], now)


def _head(publisher: Publisher, asked: Asked, results: Results, form: str, updated: datetime | None) -> Head:
    everything = reading.output(publisher.db, "all", "")
    assert everything is not None, "the store was reconciled before anything is published"
    address = f"{publisher.config.base_url}/search"
    feed = f"{address}.{form}?"
    return Head(
        title=f"{asked.query} · {publisher.config.settings.title}",
        id=derived_id(everything.public_id, f"search?{asked.part()}"),  # one feed, however many pages
        url=feed + asked.part(before=asked.before), site_url=f"{address}?{asked.part()}",
        subtitle=f"Entries from many sources that match {asked.query}, the newest arrival first.",
        updated=updated or everything.changed_at,
        next_page=feed + asked.part(before=results.before) if results.before is not None else "",
    )  # fmt: skip


def _results(publisher: Publisher, asked: Asked, now: datetime) -> Results:
    topic = compile_search(asked.query, publisher.config)
    with _in_turn():
        return find(publisher.db, topic, now, limit=_PAGE_ENTRIES, before=asked.before, since=since_of(asked.days, now))


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
        raise HTTPException(503, "Many are searching just now. Please come again in a moment.", {"Retry-After": "10"})
    try:
        yield
    finally:
        _AT_ONCE.release()


def _hits(publisher: Publisher, results: Results, now: datetime) -> Iterator[pages.Hit]:
    kept = [one.kept for one in results.found]
    told = shared(publisher.db, kept, publisher.viewer, now)
    items = {item.key: item for item in pages.items(kept, publisher.viewer, now, told)}
    for one in results.found:
        if one.kept.key in items:
            terms = tuple(dict.fromkeys(span.term for span in one.spans))
            title = marked(one.kept.entry.title, one.spans, "title")
            yield pages.Hit(item=items[one.kept.key], title=title, body=_body(publisher, one, now), terms=terms)


def _body(publisher: Publisher, one: Found, now: datetime) -> list[Run]:
    """What may be shown of the entry with its marks: around them, or its summary, where the same words are marked."""
    entry = visible(one.kept, publisher.viewer, now)
    if entry is None:
        return []
    if entry.text:
        return excerpt(entry.text, one.spans)
    held = one.kept.entry
    words = [*matched_words(held.title, one.spans, "title"), *matched_words(held.text, one.spans, "text")]
    return marked_words(clean.plain_text(entry.summary), words)
