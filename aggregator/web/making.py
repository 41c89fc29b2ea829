"""The pages, made from what the store holds: for whoever asks a server, and for files that any server may send.

In: a publisher, what the site is. Out: pages, ready to be rendered. Never: a request: who asked makes no difference here.

Files (`Site.is_static`) are written once and read for days: their pages have nothing that needs a server, nothing that
changes with each poll, and no time that is told from now. The bytes depend on what was published, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aggregator import combined, placefeeds
from aggregator.asking import View
from aggregator.marks import marked
from aggregator.publish import Publisher, unique
from aggregator.sharing import shared
from aggregator.web import pages
from aggregator.web.bars import Chart, chart, day_chart, first_day
from storage import reading
from storage.author_pages import author_facts
from storage.model import Kept, Output

PAGE_ENTRIES = 50
_FRONT_ENTRIES = 20
_FRONT_AUTHORS = 24
_CHART_DAYS = 28


def front(publisher: Publisher, site: pages.Site) -> pages.Front:
    """Topics, the latest entries, how to subscribe."""
    # What was read from archives yesterday is not what is new today; /all has it.
    latest = reading.page(publisher.db, "all", "", limit=_FRONT_ENTRIES * 2, announced=True)
    return pages.Front(
        site=site,
        topics=reading.list_topics(publisher.db),
        authors=reading.list_authors(publisher.db, limit=_FRONT_AUTHORS),
        items=items_of(publisher, unique(latest)[:_FRONT_ENTRIES], site),
        feeds=combined.list_combined(publisher.db, publisher.config.feeds),
        counts=reading.counts(publisher.db),
    )


def topics(publisher: Publisher, site: pages.Site) -> pages.Directory:
    """Every topic."""
    listed = reading.list_topics(publisher.db)
    marks = {} if site.is_static else marked(publisher.watch.marks(site.now).topics)
    return pages.Directory(site=site, kind="topics", title="Topics", listed=listed, marks=marks)


def authors(publisher: Publisher, site: pages.Site) -> pages.Directory:
    """Every author."""
    listed = reading.list_authors(publisher.db)
    rooms = reading.list_authors(publisher.db, kinds=("desk", "organisation"))
    return pages.Directory(
        site=site, kind="authors", title="Authors", listed=listed, more="Desks and agencies",
        note="They sign as a house, not as a person.", others=rooms,
    )  # fmt: skip


def places(publisher: Publisher, site: pages.Site) -> pages.Directory:
    """Every place that is named."""
    countries, regions = placefeeds.list_places(publisher.db)
    return pages.Directory(site=site, kind="places", title="Places", listed=regions, more="Countries", others=countries)


def feeds(publisher: Publisher, site: pages.Site) -> pages.Directory:
    """Every combined feed that anybody may read."""
    listed = combined.list_combined(publisher.db, publisher.config.feeds)
    return pages.Directory(site=site, kind="feeds", title="Combined feeds", listed=listed)


def sources(publisher: Publisher, site: pages.Site) -> pages.Sources:
    """Every source, with its state."""
    marks = {} if site.is_static else marked(publisher.watch.marks(site.now).sources)
    return pages.Sources(site=site, followed=reading.followed(publisher.db), marks=marks)


LISTS: Mapping[str, Callable[[Publisher, pages.Site], pages.Page]] = {
    "topics": topics,
    "authors": authors,
    "places": places,
    "feeds": feeds,
    "sources": sources,
}
"""The page of each list, by its address."""


def feed_page(publisher: Publisher, output: Output, view: View, site: pages.Site) -> pages.Feed:
    """The page of a topic, an author, a place, a source or everything."""
    kept = publisher.page(output, PAGE_ENTRIES, view)
    is_source = output.kind == "sources"
    state = reading.followed(publisher.db, output.slug) if is_source else []
    # A file's chart ends with the month in which its feed changed last.
    until = output.changed_at if site.is_static else site.now
    facts = author_facts(publisher.db, output.slug, first_day(until)) if output.kind == "authors" else None
    mark = None if site.is_static else publisher.watch.mark(output.kind, output.slug, site.now)
    drawn: Chart | None = None
    if facts:
        drawn = chart(facts.published, until)
    elif mark:
        drawn = day_chart(mark.counted.daily[:_CHART_DAYS], site.now)
    return pages.Feed(
        site=site, kind=output.kind, title="Everything" if output.kind == "all" else output.title,
        about=_about(output), query=output.detail if output.kind == "topics" else "",
        bio=output.detail if output.kind == "authors" else "", link=output.url, address=publisher.address(output),
        path="all" if output.kind == "all" else f"{output.kind}/{output.slug}",
        view=view, query_part="" if view == publisher.view_of(output) else f"?view={view}",
        items=items_of(publisher, kept, site, output.slug if output.kind == "topics" else ""),
        author=facts, chart=drawn, state=state[0] if state else None,
        journal=reading.journal_of(publisher.db, output.slug, limit=10) if is_source and not site.is_static else [],
        rhythm=mark.verdict if mark else None,
    )  # fmt: skip


def _about(output: Output) -> str:
    if output.kind == "all":
        return "Every entry of every source, as it came."
    return "" if output.kind in ("topics", "authors") else output.detail


def items_of(publisher: Publisher, kept: Sequence[Kept], site: pages.Site, topic: str = "") -> list[pages.Item]:
    """Entries for a page, with who else tells their stories."""
    told = shared(publisher.db, kept, publisher.viewer, site.now)
    return pages.items(kept, publisher.viewer, site.now, told, topic)
