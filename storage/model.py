"""The nouns of the memory: what is due, what we know, what one poll changes, what we kept.

In: the wire's records. Out: frozen records between the store and those who decide and publish.
Never: SQL, and never a publisher's words and ours in one record: `Kept` holds an `Entry`, it does not extend it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from feeds.model import Entry, Head, Offer, Republish, Source, Validators

OutputKind = Literal["topics", "authors", "sources", "all"]
"""The families of feeds that we publish; also the first part of their addresses."""

Origin = Literal["file", "command", "learned"]
"""Who made a row: feeds.yaml, a command or the console, or our own reading of entries."""

DateNote = Literal["", "missing", "future", "implausible"]
"""Why a published date is a guess of ours (I-10, I-11); "" where it is the publisher's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the publisher's last whole answer asks for between polls; a 304 without a word of its own leaves it standing.

    `fresh` is a lifetime in seconds, by the header `fresh_by` ("max-age", "Expires"); `ttl` is in minutes; `skip_hours`
    are hours in GMT, `skip_days` days from Monday 0; `soft` is the period of sy:updatePeriod in seconds. `ended` says
    that the feed calls itself expired (J-03).
    """

    fresh: int | None = None
    fresh_by: str = ""
    ttl: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    soft: int | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source's answers were like, for its health.

    `status` and `content_type` are of the last answer. `size` and `packed` (bytes, decoded and as they came), `items`,
    `newest` (the latest date of an entry) and `gap` (the usual seconds between two entries) are of the last document
    that could be read. `received` and
    `saved` are bytes since the source was first asked: bodies as they came, packed, and bodies that a 304 spared.
    """

    status: int | None = None
    content_type: str = ""
    size: int = 0
    packed: int = 0
    items: int | None = None
    newest: datetime | None = None
    gap: int | None = None
    received: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a source posts, as far as its polls have shown.

    Posts are counted from `since` to `until`, the last poll that was answered. `posts` are counts at `until` that fade,
    some sooner, some later; `hours` and `weekdays` say when posts come (UTC, Monday first); all three are empty while no
    post was counted. `window` is how many entries the last document held, `rush` the posts a day between the last two
    polls. `last_new` is the last poll that brought something; `overflow_at` the last one whose document shared no entry
    with those before, so that some may have been missed (G-04).
    """

    since: datetime | None = None
    until: datetime | None = None
    last_new: datetime | None = None
    posts: tuple[float, ...] = ()
    hours: tuple[float, ...] = ()
    weekdays: tuple[float, ...] = ()
    window: int = 0
    rush: float = 0.0
    overflow_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a schedule goes by beside the source itself.

    `pace` is how long a budget lets pass between two polls of a source that posts once a day, None where there is no
    budget (G-05); `turn` the next moment that the hours of the source name, None where it has none.
    """

    pace: timedelta | None = None
    turn: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What we remember of a source between two polls.

    `next_poll_at` is our own schedule, None once a source is gone. `floor_until` is the publisher's: no request before
    it, explicit or not. `failures` counts failed polls in a row; `gone_since` is the first 410 of an unbroken row.
    `hints`, `facts` and `habit` are what its answers have taught: what it asks for, how it is, how it posts.
    `pushed` is the host of the hub whose pushes have proved themselves, "" where none has (W-11).
    """

    next_poll_at: datetime | None
    reason: str = ""
    floor_until: datetime | None = None
    floor_reason: str = ""
    failures: int = 0
    gone_since: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    hints: Hints = Hints()
    facts: Facts = Facts()
    habit: Habit = Habit()
    pushed: str = ""


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
    aim: Aim = Aim()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What the store holds of an entry that a document brings again."""

    key: int
    fingerprint: str
    published: datetime
    published_note: DateNote
    published_claimed: datetime | None
    updated: datetime
    updated_claimed: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Entries held, by their source's id, and ids that were seen once and whose entries are gone (I-12)."""

    entries: Mapping[str, KnownEntry] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a term matched: characters `start` to `end` of a field, as stored."""

    field: str
    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """This entry belongs to this topic, because of these words, by this version of the topic's rule."""

    topic: str
    rule_version: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """One author of an entry: `key` is the identity (folded name), `name` the spelling of the publisher.

    `slug` is the address to give the author where nobody has it.
    """

    key: str
    name: str
    slug: str
    url: str = ""
    bio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An entry with what we decided about it: new to the store, or an edit of the entry `key`.

    `entry.public_id` is minted; `published` and `updated` are what we publish; the publisher's own claims stand in `entry`.
    """

    entry: Entry
    fingerprint: str
    published: datetime
    published_note: DateNote
    updated: datetime
    filings: tuple[Filing, ...]
    bylines: tuple[Byline, ...]
    key: int | None = None


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
    the push that the feed offers, None where its document did not come.
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
class Why:
    """A filing as an output shows it: the topic's slug and title, and the words that matched."""

    topic: str
    title: str
    rule_version: str
    opened_at: datetime
    announced: bool
    spans: tuple[Span, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of the rule that matched, each once, in order of appearance."""
        return tuple(dict.fromkeys(span.term for span in self.spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry plus what we added: key, times, topics, revisions, policy.

    `entry.source` is the source to name: the one that the entry brought along (A-10), else the feed it came from.
    `author_slugs` stand beside `entry.authors`, in the same order.
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
    author_slugs: tuple[str, ...] = ()
    filings: tuple[Why, ...] = ()


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
    """A feed that we publish: its lasting id, its revision, and when it last changed."""

    kind: OutputKind
    slug: str
    title: str
    public_id: str
    revision: int
    changed_at: datetime
    detail: str = ""
    url: str = ""
    moved_to: str = ""


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
    redirects lead to and that is not believed yet, or that another source has (F-33, F-34). `title` is the feed's own.
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

    @property
    def called(self) -> str:
        """The name that the configuration gives it, else the feed's own title; "" where there is neither yet."""
        return self.source.name or self.title
