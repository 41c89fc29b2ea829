"""The nouns of the memory: what is due, what we know, what one poll changes, what we kept.

In: the wire's records. Out: frozen records between the store and those who decide and publish.
Never: SQL, and never a publisher's words and ours in one record: `Kept` holds an `Entry`, it does not extend it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from feeds.model import Article, Deleted, Entry, Head, Offer, Republish, Source
from storage.filing_model import Filing as Filing
from storage.filing_model import Pin as Pin
from storage.filing_model import Span as Span
from storage.filing_model import Why as Why
from storage.state_model import Aim, State

OutputKind = Literal["topics", "authors", "sources", "places", "feeds", "all"]
"""The families of feeds that we publish; also the first part of their addresses."""

Origin = Literal["file", "command", "learned"]
"""Who made a row: feeds.yaml, a command or the console, or our own reading of entries."""

AuthorKind = Literal["person", "desk", "organisation"]
"""Who signs: somebody, an outlet's desk, an agency or another body."""

BylineOrigin = Literal["feed", "page", "text", "dateline", "box", "bio"]
"""Where a byline stood: in the feed's own field, on the page, in the first paragraph, before the dateline's dash, in the
box about the author, in the last paragraph."""

LanguageOrigin = Literal["", "text", "feed"]
"""What an entry's language was told by: its own text, or its feed's word; "" where nothing tells."""

WITHDRAWN = "deleted by the publisher"
"""How the reason begins for which an entry is hidden that its publisher has withdrawn (I-14)."""

DateNote = Literal["", "missing", "future", "implausible"]
"""Why a published date is a guess of ours (I-10, I-11); "" where it is the publisher's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A due source, leased to one poller until it records a decision or the lease runs out.

    `declared_url` is the address that the operator gave; `source.url` the one to ask now. `host` is the public host
    that is asked, "" where the host is the operator's own or the source a file: nothing is shared there. `aim` is what
    else the schedule goes by.
    """

    source_id: int
    source: Source
    declared_url: str
    state: State
    owner: str
    host: str = ""
    aim: Aim = field(default_factory=Aim)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What the store holds of an entry that a document brings again. `hidden_why` is None where it is shown."""

    key: int
    fingerprint: str
    published: datetime
    published_note: DateNote
    published_claimed: datetime | None
    updated: datetime
    updated_claimed: datetime | None
    hidden_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Entries held, by their source's id, and ids that were seen once and whose entries are gone (I-12).

    `pages` are what the pages of entries said that the document changes.
    """

    entries: Mapping[str, KnownEntry] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    pages: Mapping[str, Article] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTag:
    """A place that an entry names, and the words that name it.

    `code` is a country or territory (ISO 3166-1 alpha-2, XK for Kosovo), or the slug of a region that was itself named.
    `count` is how often it is named, `spans` where, as far as they are kept.
    """

    code: str
    count: int
    in_title: bool = False
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """One author of an entry: `key` is the identity (folded name), `name` the spelling of the publisher.

    `slug` is the address to give the author where nobody has it. `raw` is what stood there, `origin` where it stood.
    """

    key: str
    name: str
    slug: str
    url: str = ""
    bio: str = ""
    kind: AuthorKind = "person"
    role: str = ""
    affiliation: str = ""
    raw: str = ""
    origin: BylineOrigin = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an entry is, by its words.

    `language` is a tag of BCP 47 or "unknown"; `canonical` the link without what does not change what is read; `wire` the
    slug of the agency whose copy it is, "" where it is nobody's.
    """

    language: str = "unknown"
    language_by: LanguageOrigin = ""
    places: tuple[PlaceTag, ...] = ()
    canonical: str = ""
    wire: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An entry with what we decided about it: new to the store, or an edit of the entry `key`.

    `entry.public_id` is minted; `published` and `updated` are what we publish; the publisher's own claims stand in `entry`.
    `page` is the address of the page to read for its text, "" where none is. `embargo_until` is until when a new entry is
    kept back, None where it is not.
    """

    entry: Entry
    fingerprint: str
    published: datetime
    published_note: DateNote
    updated: datetime
    filings: tuple[Filing, ...]
    bylines: tuple[Byline, ...]
    key: int | None = None
    meaning: Meaning = Meaning()
    page: str = ""
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One poll, as a person wants to read it: what came, what it changed, when we ask again and why.

    `whole` says why the request was unconditional, "" where it was not (F-01).
    """

    at: datetime
    outcome: Literal["fetched", "unchanged", "failed", "pushed"]
    kind: str = ""
    detail: str = ""
    status: int | None = None
    size: int = 0
    milliseconds: int = 0
    entries: int = 0
    new: int = 0
    changed: int = 0
    next_poll_at: datetime | None = None
    reason: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that one poll changes, recorded in one transaction.

    `head` is None where the feed's own description did not come. `moved_to` is where permanent redirects led this time
    (F-33), "" where none did. `host_until` is until when every source of the claim's host is to be left alone, for the
    reason of the state's floor (F-32). `rules` names the set of rules that entries were held against. `offer` is
    the push that the feed offers, None where its document did not come. `deleted` are entries of the store that their
    publisher has withdrawn, `returned` the ids of such that it lists again (I-14).
    """

    state: State
    journal: JournalLine
    head: Head | None = None
    moved_to: str = ""
    host_until: datetime | None = None
    rules: str = ""
    offer: Offer | None = None
    new: tuple[Judged, ...] = ()
    changed: tuple[Judged, ...] = ()
    deleted: tuple[Deleted, ...] = ()
    returned: tuple[str, ...] = ()

    @property
    def has_entries(self) -> bool:
        """Whether it changes anything about entries."""
        return bool(self.new or self.changed or self.deleted or self.returned)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """A topic as configured: its query and the version of its rule."""

    slug: str
    title: str
    query: str
    rule_version: str
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorRow:
    """An author as configured: `keys` are the folded forms of the name and its aliases."""

    slug: str
    name: str
    keys: tuple[str, ...]
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as configured, with the slugs it had before.

    `own_host` says that its host is the operator's own: asked by many at a time, and left alone by none for another's sake.
    """

    source: Source
    formerly: tuple[str, ...] = ()
    own_host: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an entry said until it was edited at `until`; `number` counts from 1, the oldest. Summary and content are HTML."""

    number: int
    until: datetime
    published: datetime
    updated: datetime
    title: str = ""
    link: str = ""
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry plus what we added: key, times, topics, revisions, policy, language, places, story.

    `entry.source` is the source to name: the one that the entry brought along (A-10), else the feed it came from.
    `arrival` is its place in the order of arrival of the feed that was asked for, or else of everything, and `is_news` tells
    whether it is news there or history, filed again or read from archives. It is shown nowhere
    while `embargo_until` is set. `author_slugs` stand beside `entry.authors`, in the same order. `language` is "" where it
    was not judged yet. `story` is the number of the story that it tells, None where it was not joined yet. `labels` and
    `rank` are its source's. `pins` are what persons said of it and topics.
    """

    key: int
    entry: Entry
    source_slug: str
    source_name: str
    republish: Republish | None
    published: datetime
    published_note: DateNote
    updated: datetime
    first_seen: datetime
    revisions: int
    fingerprint: str = ""
    hidden_at: datetime | None = None
    hidden_why: str = ""
    embargo_until: datetime | None = None
    arrival: int = 0
    is_news: bool = True
    author_slugs: tuple[str, ...] = ()
    filings: tuple[Why, ...] = ()
    language: str = ""
    language_by: LanguageOrigin = ""
    places: tuple[PlaceTag, ...] = ()
    wire: str = ""
    story: int | None = None
    labels: tuple[str, ...] = ()
    rank: int = 50
    pins: tuple[Pin, ...] = ()

    @property
    def meaning(self) -> Meaning:
        """What the entry was found to be."""
        return Meaning(
            language=self.language, language_by=self.language_by, places=self.places, wire=self.wire,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of later work, leased like a source. `payload` holds how far it has come."""

    id: int
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A feed that we publish: its lasting id, its revision, when it last changed, how many places its order of arrival has."""

    kind: OutputKind
    slug: str
    title: str
    public_id: str
    revision: int
    changed_at: datetime
    detail: str = ""
    url: str = ""
    moved_to: str = ""
    arrivals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A line in a list of outputs: how many entries, and the newest."""

    slug: str
    title: str
    detail: str
    entries: int
    latest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A source with its state, for lists and `heliograph status`.

    `last_kind` is the kind of the last poll's failure, "" where it did not fail. `moved_to` is an address that permanent
    redirects lead to and that is not believed yet, or that another source has (F-33, F-34). `title` and `description` are
    the feed's own.
    """

    source: Source
    declared_url: str
    site_url: str
    origin: Origin
    state: State
    entries: int
    last_poll_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    last_outcome: str
    last_detail: str
    last_kind: str = ""
    host: str = ""
    moved_to: str = ""
    moved_since: datetime | None = None
    moved_seen: int = 0
    title: str = ""
    description: str = ""

    @property
    def called(self) -> str:
        """The name that the configuration gives it, else the feed's own title; "" where there is neither yet."""
        return self.source.name or self.title
