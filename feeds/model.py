"""The nouns of the wire: what we follow, what came back, what a feed says.

In: nothing. Out: frozen records that every other module speaks in.
Never: behaviour beyond small derived values, or an import from outside the standard library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

Republish = Literal["full", "summary", "headline", "none"]
"""How much of an entry a public output may show; "none" keeps it out of all of them."""

FullText = Literal["feed", "page"]
"""Where an entry's whole text is to be had: in the feed itself, or on the page that it links to."""

IdOrigin = Literal["guid", "link", "hash"]
"""Where an entry's id comes from: the publisher's own id, its link, or a hash of what survives edits (I-02, I-03)."""


class FailureKind(StrEnum):
    """Why a poll brought nothing: a closed list, so that a console can explain each."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    FORBIDDEN_ADDRESS = "forbidden-address"
    CREDENTIALS = "credentials"
    TOO_LARGE = "too-large"
    HTTP = "http"
    BUSY = "busy"
    GONE = "gone"
    OWN = "own-feed"
    FILE = "file"
    EMPTY = "empty"
    HTML = "html"
    NOT_A_FEED = "not-a-feed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed that we follow, as its operator describes it.

    `slug` is its identity; `url` is where to ask now (the declared address, or the one learned from a permanent
    redirect). `every` is the shortest time between two polls that our own schedule aims at: how much longer it waits,
    it learns from the source's habit; `weight` is how much its posts count in that beside those of others. `hours`
    names the times to ask instead, as in a crontab (minute, hour, day, month, weekday), "" where the habit decides.
    `labels` say what the source is ("state-media", "official", "wire"), `rank` which of several that tell one story is
    preferred: 1 is the best, 100 the last. `full_text` is "page" where the feed holds summaries only and the pages that
    it links to are to be read. `republish` is None where the general setting decides; `embargo` is how long its entries are
    kept back from our feeds. `may_be_private` is true for
    sources declared in feeds.yaml, which alone may live at a private address or in a file.
    """

    slug: str
    url: str
    name: str = ""
    kind: str = ""
    lang: str = ""
    country: str = ""
    region: str = ""
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    rank: int = 50
    full_text: FullText = "feed"
    every: timedelta = timedelta(hours=1)
    hours: str = ""
    weight: float = 1.0
    republish: Republish | None = None
    embargo: timedelta = timedelta()
    may_be_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What to show the publisher so that it can say "nothing new" (RFC 9110 section 13.1).

    `etag` and `last_modified` are echoed byte for byte (F-03, F-04) and only to `url`, which issued them (F-07).
    `body_hash` recognises an identical body that came without validators.
    """

    url: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The envelope of one HTTP answer, after redirects.

    `headers` has lower-case names and only those that we read. `permanent_url` is where a chain of permanent redirects
    from the first hop on leads to, or None (F-33). `size` is bytes of decoded body, `wire_bytes` of the body as it came,
    packed (F-46). In every address and header the values of the source's secrets are replaced by their names.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    permanent_url: str | None = None
    size: int = 0
    wire_bytes: int = 0

    @property
    def partial(self) -> bool:
        """Whether the body holds only what is new: nothing is to be concluded from what it lacks (F-39, RFC 3229)."""
        return self.status == 226


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """New bytes arrived."""

    answer: Answer
    body: bytes
    validators: Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The publisher said 304, or sent the same body again; `validators` are the newest it gave (F-06, F-08)."""

    answer: Answer
    validators: Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Expected trouble, as a value: recorded, explained and backed off like any other outcome."""

    kind: FailureKind
    detail: str
    answer: Answer | None = None


Outcome = Fetched | Unchanged | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A byline as the publisher wrote it, with what an author box said beside it.

    `bio` is plain text, `url` the author's page. Neither is ever searched or matched by topics.
    """

    name: str
    url: str = ""
    bio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that comes with an entry. `length` is in bytes, 0 where unknown (V-10)."""

    url: str
    type: str = ""
    length: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a feed says of itself: the head of a document, or an entry's atom:source (RFC 4287 section 4.2.11).

    `archive` is the address of the document with the entries before these (RFC 5005 section 4), `next_page` that of the
    next page of a feed in pages (section 3, JSON Feed's next_url); both for back-filling only.
    """

    title: str = ""
    id: str = ""
    url: str = ""
    site_url: str = ""
    subtitle: str = ""
    updated: datetime | None = None
    lang: str = ""
    rights: str = ""
    icon: str = ""
    logo: str = ""
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    archive: str = ""
    next_page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place as an output names it: `point` is its latitude and longitude in degrees (WGS 84), None where it has none."""

    code: str
    name: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A person's word on an entry in a topic, whatever its rule says: when, whose ("" where nobody is named), and why."""

    at: datetime
    by: str = ""
    because: str = ""

    @property
    def told(self) -> str:
        """By whom and when, and why where that was said."""
        said = f"by {self.by or 'the operator'} on {self.at:%Y-%m-%d}"
        return f"{said}: {self.because}" if self.because else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Where a term of a rule matched: characters `start` to `end` of a field as we keep it, and the words that stand there.

    `words` is "" where the whole field is meant, as with a language or a tag.
    """

    field: str
    start: int
    end: int
    term: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an entry is in a topic: the version of the topic's rule, what matched in reading order, a person's word.

    `rule_version` is "" where a person's word alone is the reason.
    """

    topic: str
    title: str
    rule_version: str = ""
    spans: tuple[Matched, ...] = ()
    pinned: Pinned | None = None

    @property
    def terms(self) -> tuple[tuple[str, int], ...]:
        """The terms of the rule that matched, in order of appearance, and how often each did (E-02)."""
        return tuple(Counter(span.term for span in self.spans).items())

    @property
    def trigger(self) -> str:
        """The same in one line, as EMM writes it: kw[3]; kw2[1]."""
        return "; ".join(f"{term}[{count}]" for term, count in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The publisher's words, never edited by us.

    `id` is unique within its feed (I-02); `public_id` is the IRI under which we republish the entry, empty until it is
    minted. `title` is plain text; `summary` and `content` are HTML that is safe to republish; `text` is the words of
    both without markup, for matching and search: the content's, after the summary's where the content does not hold
    them. What an author box said stands in `authors`, not in `content`. `published` is None where the publisher gave no
    date that can be read. `source` is set when the entry came with a source of its own (A-10). `places`, the most
    prominent first, the `labels` of the source and the `reasons` why a topic has the entry are ours: they stand here only
    on the way out, for the writer.
    """

    id: str
    id_origin: IdOrigin = "guid"
    is_permalink: bool = False
    public_id: str = ""
    link: str = ""
    external_link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    text: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    lang: str = ""
    rights: str = ""
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    source: Head | None = None
    places: tuple[Place, ...] = ()
    labels: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a feed itself asks for between polls, raw (F-24, F-25): `ttl` in minutes, hours in GMT, English days."""

    ttl: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_period: str = ""
    update_frequency: int = 1


LINK_RELS = frozenset({"hub", "self", "prev-archive", "next-archive", "current", "next", "prev", "previous"})
"""The relations of a feed that we read (WebSub section 4, RFC 5005)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a feed as a whole: `rel` in lower case ("hub", "self", "prev-archive", "next"), `href` absolute."""

    rel: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The push that a feed offers (WebSub section 4): its hubs, best first, and its own address, the topic.

    Empty where it offers none.
    """

    hubs: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A publisher's word that an entry is no more (RFC 6721): its id, when, and what was said of it."""

    id: str
    at: datetime | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A source that tells the same story: its name, and the address of its entry ("" where that has none)."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Who else tells the story of an entry: every other outlet, the preferred first; the agency that it came from."""

    also: tuple[Outlet, ...] = ()
    wire: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed, to read or to publish.

    `format` is the dialect it was written in ("rss20", "atom10", "json11", ...). `truncated` says that the body broke
    off; whole entries before the break are kept, and the validators are not (F-38). `links` are those that lead
    machines on: hubs, self, archives (W-01, P-04). `deleted` are entries that the publisher has withdrawn (I-14).
    `expired` says that the publisher has ended the feed (J-03). `notes` are oddities that a person should be able to
    see in the journal. `shared` says of published entries, by public id, who else tells their story, and `by_story` that
    one entry stands for all that tell the same: then its text names the others too. A document to publish carries the links
    to write (hub, self, next, prev-archive and so on; self is that of `head.url`), `pace.ttl`, tombstones in `deleted`, and
    says whether it is an archive of the feed (RFC 5005 section 4) or all that there is of it (section 2).
    """

    head: Head
    entries: tuple[Entry, ...] = ()
    format: str = ""
    pace: Pace = Pace()
    truncated: bool = False
    links: tuple[Link, ...] = ()
    deleted: tuple[Deleted, ...] = ()
    expired: bool = False
    notes: tuple[str, ...] = ()
    shared: Mapping[str, Shared] = field(default_factory=dict)
    by_story: bool = False
    is_archive: bool = False
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a web page says of an entry: the publisher's words too, kept beside those of its feed.

    `url` is where the page was found, after redirects, `canonical` the address that it gives itself, "" where it gives
    none. `content` is HTML that is safe to republish, `text` its words. What author boxes said stands in `authors`.
    """

    url: str
    canonical: str = ""
    title: str = ""
    content: str = ""
    text: str = ""
    authors: tuple[Author, ...] = ()
    published: datetime | None = None
    lang: str = ""
