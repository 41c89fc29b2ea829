"""What each page shows, as a dataclass, and how it becomes HTML.

In: records of the store, cut by `visible`. Out: HTML. Never: a publisher's markup that `feeds.clean` did not make.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from aggregator.differences import shortened
from aggregator.edits import Edit
from aggregator.excerpts import Run
from aggregator.health import health
from aggregator.hints import spoken
from aggregator.reasons import reason_of, reasons_for
from aggregator.surges import Verdict
from aggregator.visible import Viewer, visible
from aggregator.web.bars import Chart
from aggregator.web.marking import marked_body, marked_title
from feeds.identity import without_credentials
from feeds.model import Outlet, Shared
from feeds.model import Reason as Because
from storage.author_model import AuthorFacts
from storage.model import Followed, JournalLine, Kept, Listed

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_LATE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page needs to know of the server.

    `is_static` says that the page becomes a file: it is read long after it was written, and no program answers behind it.
    `published` are then the addresses of the pages that there are; None where a server knows better.
    """

    title: str
    base_url: str
    now: datetime
    is_static: bool = False
    published: Collection[str] | None = None

    def leads(self, kind: str, slug: str) -> bool:
        """Whether there is a page to link to."""
        return self.published is None or f"{kind}/{slug}" in self.published


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """A name with its author page."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A topic that an entry is in: the terms that put it there, how often each; the rule's version; a person's word."""

    topic: str
    title: str
    terms: tuple[tuple[str, int], ...]
    rule: str = ""
    pinned: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry as a page shows it. `body` is safe HTML; in it and in `marked`, the title, matched words may be marked."""

    key: int
    title: str
    marked: Markup
    link: str
    lang: str
    body: Markup
    published: datetime
    first_seen: datetime
    guessed: str
    source: str
    source_slug: str
    via: str
    bylines: tuple[Byline, ...]
    reasons: tuple[Reason, ...]
    edited: int
    also: tuple[Outlet, ...] = ()

    @property
    def late(self) -> bool:
        """Whether it came here so long after it was published that its place among others needs a word."""
        return self.first_seen - self.published > _LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that an entry names: its name, its page's slug ("" where it has none), and how often it is named."""

    name: str
    slug: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """Another entry that tells the same story."""

    title: str
    source: str
    link: str
    key: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Words of an entry that a topic's rule asked for: the term, the field, the words as they stand there."""

    term: str
    field: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The page of an entry: all that we know of it, and what its publisher changed.

    `item` holds the entry as lists show it, with its whole body where that may be shown. `matches` are by topic.
    `kept_out` are the topics that a person keeps it out of, with what was said. `edits` are the last ones, of `edited` in
    all.
    """

    site: Site
    item: Item
    updated: datetime
    language: str
    language_by: str
    wire: str
    labels: Sequence[str]
    categories: Sequence[str]
    places: Sequence[Place]
    also: Sequence[Also]
    matches: Mapping[str, Sequence[Match]]
    kept_out: Sequence[tuple[str, str]]
    edits: Sequence[Edit]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The front page."""

    site: Site
    topics: Sequence[Listed]
    authors: Sequence[Listed]
    items: Sequence[Item]
    counts: dict[str, int]
    feeds: Sequence[Listed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The page of a topic, an author, a source, a combined feed or everything: its entries and how to subscribe."""

    site: Site
    kind: str
    title: str
    about: str
    query: str
    bio: str
    link: str
    address: str
    path: str
    view: str
    query_part: str
    items: Sequence[Item]
    author: AuthorFacts | None
    chart: Chart | None
    state: Followed | None
    journal: Sequence[JournalLine]
    rhythm: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A list of topics, authors, places or combined feeds; `others` stand below it under a heading of their own, with a note.

    `marks` are of topics that surge or are quiet, by slug.
    """

    site: Site
    kind: str
    title: str
    listed: Sequence[Listed]
    more: str = ""
    note: str = ""
    others: Sequence[Listed] = ()
    marks: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Every source with its state; `marks` are of those that surge or are quiet, by slug."""

    site: Site
    followed: Sequence[Followed]
    marks: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that a search found: its title and what may be shown of its text, with the words that matched marked."""

    item: Item
    title: Sequence[Run]
    body: Sequence[Run]
    terms: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search: the form, what is wrong with the query ("" where nothing is), what was found, and where it goes on.

    `following` is the address of the next page, "" where there is none. `reached` says how far back was looked where a
    page was ended by the work that it took.
    """

    site: Site
    query: str
    days: int | None
    error: str
    hits: Sequence[Hit]
    address: str
    query_part: str
    following: str
    reached: datetime | None
    looked: int
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error that helps."""

    site: Site
    status: int
    message: str
    near: Sequence[tuple[str, str]]


Page = Entry | Front | Feed | Directory | Search | Sources | Trouble


def render(page: Page) -> str:
    """The page as HTML, by the template of its name."""
    template = _ENVIRONMENT.get_template(f"{type(page).__name__.lower()}.html")
    return template.render({one.name: getattr(page, one.name) for one in fields(page)})


def items(
    kept: Sequence[Kept], viewer: Viewer, now: datetime, told: Mapping[int, Shared], topic: str = ""
) -> list[Item]:
    """Entries for a page: those that may be shown, as far as they may. `told` says who else tells their stories.

    The words that matched are marked where the page is that of a `topic`.
    """
    shown = ((one, visible(one, viewer, now)) for one in kept)
    return [
        Item(
            key=one.key,
            title=entry.title,
            marked=marked_title(entry.title, reasons_for(one, topic)),
            link=entry.link,
            lang=entry.lang,
            body=marked_body(
                Markup(entry.summary or entry.content),  # noqa: S704 - the sanitiser made it
                one.entry.text,
                reasons_for(one, topic),
            ),
            published=one.published,
            first_seen=one.first_seen,
            guessed=_GUESSED[one.published_note],
            source=one.source_name,
            source_slug=one.source_slug,
            via=_inner_source(one),
            bylines=tuple(
                Byline(name=author.name, slug=slug)
                for author, slug in zip(entry.authors, one.author_slugs, strict=True)
            ),
            reasons=tuple(_reason(reason_of(one, why)) for why in one.filings),
            edited=one.revisions,
            also=told[one.key].also if one.key in told else (),
        )
        for one, entry in shown
        if entry is not None
    ]


def _reason(one: Because) -> Reason:
    pinned = f"pinned {one.pinned.told}" if one.pinned else ""
    return Reason(topic=one.topic, title=one.title, terms=one.terms, rule=one.rule_version, pinned=pinned)


def with_words(item: Item, marked: Markup, body: Markup) -> Item:
    """The item with another form of its title and another body: safe HTML."""
    return replace(item, marked=marked, body=body)


_GUESSED = {
    "": "",
    "missing": "the publisher gives no date: when we first saw it",
    "future": "the publisher's date lies in the future: when we first saw it",
    "implausible": "the publisher's date cannot be: when we first saw it",
}


def _inner_source(one: Kept) -> str:
    """The source that the entry names itself, where that is another than the feed we found it in."""
    title = one.entry.source.title if one.entry.source else ""
    return "" if title == one.source_name else title


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    return f"in {spoken(moment - now)}" if moment > now else f"{spoken(now - moment)} ago"


def _told(moment: datetime | None, site: Site) -> str:
    """A moment for readers: as long ago, or by the clock where the page is read later than it was made."""
    return _stamp(moment) if site.is_static and moment is not None else _ago(moment, site.now)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


_ENVIRONMENT.filters["ago"] = _ago
_ENVIRONMENT.filters["told"] = _told
_ENVIRONMENT.filters["shortened"] = shortened
_ENVIRONMENT.filters["health"] = health
_ENVIRONMENT.filters["stamp"] = _stamp
_ENVIRONMENT.filters["iso"] = datetime.isoformat
_ENVIRONMENT.filters["public_url"] = without_credentials
