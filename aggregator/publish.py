"""A topic, an author, a source or everything -> the bytes of its feed.

In: the kind, slug and form of a feed, and what is asked of it. Out: bytes with what HTTP needs to say of them; kept by
revision. Never: a body that differs while its feed's revision and the configuration do not (V-12).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock

from aggregator import archiving, combined, documents, placefeeds
from aggregator.asking import ENTRIES, Asked, AskedError, View, said_moment
from aggregator.config import Config
from aggregator.documents import unique
from aggregator.marks import Watch
from aggregator.paging import Page, page_of, readers_of, stories_of
from aggregator.sharing import LOOKED_THROUGH, one_a_story, shared
from aggregator.visible import Viewer, visible
from feeds.identity import is_web_url, without_credentials
from feeds.model import Deleted, Document, Entry, Head, Link, Pace, Reason
from feeds.write import MEDIA_TYPES, write
from storage import archives, combining, reading
from storage.database import Database
from storage.graves import graves_since
from storage.model import Kept, Output, OutputKind
from storage.revisions import words_at
from storage.stretch import Stretch, Teller

__all__ = ["ENTRIES", "FORMS", "KINDS", "NOTHING", "Body", "Publisher", "made", "unique"]
KINDS: tuple[OutputKind, ...] = ("topics", "authors", "sources", "places", "feeds")
FORMS = tuple(MEDIA_TYPES)
NOTHING = Asked()
"""What is asked of a feed where nothing is: the feed itself."""
_TOLD = ("hub", "self")
_MOST_BYTES = 96_000_000
_MOST_GRAVES = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When an archive was last changed in which nothing may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A representation, ready to be sent: its ETag is a hash of its bytes (S-02).

    `links` are told in a header too: the hub and the address itself, where there is one (W-29). `max_age` is for how many
    seconds it may be kept without asking again, `is_lasting` that it never changes under its address; `is_public` says that
    anyone may keep it.
    """

    content: bytes
    media_type: str
    etag: str
    changed_at: datetime
    links: tuple[Link, ...] = ()
    max_age: int = 300
    is_lasting: bool = False
    is_public: bool = True


class Publisher:
    """Renders feeds once a revision. Safe to ask from many threads."""

    def __init__(self, db: Database, config: Config, *, most_bytes: int = _MOST_BYTES) -> None:
        self.db = db
        self.config = config
        self.watch = Watch(db)
        self.viewer = Viewer(policy=config.settings.republish)
        self._bodies: OrderedDict[tuple[Hashable, ...], tuple[int, Body]] = OrderedDict()
        self._bytes, self._most_bytes = 0, most_bytes
        self._lock = Lock()

    def adopt(self, config: Config) -> None:
        """Go on by another configuration. Bytes are kept while nothing changed that stands in them."""
        with self._lock:
            if config.generation != self.config.generation:
                self._bodies.clear()
                self._bytes = 0
            self.config = config
            self.viewer = Viewer(policy=config.settings.republish)

    def view_of(self, output: Output) -> View:
        """The view of an output where nobody asks for another."""
        one = self._combined(output)
        if one:
            return "stories" if one.by_story else "entries"
        return "stories" if output.kind == "topics" and output.slug in self.config.by_story else "entries"

    def feed(self, output: Output, form: str, now: datetime, asked: Asked = NOTHING) -> Body:
        """The feed of an output as "atom", "rss" or "json": the feed itself, or what is asked of it. Raises AskedError."""
        asked = documents.without_own(asked, self.view_of(output))
        if asked.as_of and asked.as_of >= now:
            raise AskedError(
                f"as_of={said_moment(asked.as_of)} has not passed yet: ask for a day or a moment that has."
            )
        since = _hour_of(now) - timedelta(hours=asked.hours) if asked.hours else None
        # What is made while another configuration comes is kept for nobody.
        key = (self.config.generation, output.kind, output.slug, form, asked, since)
        with self._lock:
            held = self._bodies.get(key)
            if held and held[0] == output.revision:
                self._bodies.move_to_end(key)
                return held[1]
        document = self.document(output, form, now, asked)
        content = write(document, form, base=self.config.base_url)
        links = tuple(link for link in document.links if link.rel in _TOLD)
        changed_at = max(output.changed_at, _hour_of(now)) if since else output.changed_at
        body = replace(
            made(content, MEDIA_TYPES[form], changed_at, links=links, is_public=not asked.key),
            max_age=(document.pace.ttl or 5) * 60,
        )
        return self._keep(key, output.revision, body)

    def _keep(self, key: tuple[Hashable, ...], revision: int, body: Body) -> Body:
        with self._lock:
            _, before = self._bodies.pop(key, (0, None))
            self._bodies[key] = (revision, body)
            self._bytes += len(body.content) - (len(before.content) if before else 0)
            while self._bytes > self._most_bytes and len(self._bodies) > 1:
                _, (_, gone) = self._bodies.popitem(last=False)
                self._bytes -= len(gone.content)
        return body

    def document(self, output: Output, form: str, now: datetime, asked: Asked = NOTHING) -> Document:
        """The newest entries of an output that may be shown, or the page that is asked for, as a document to write."""
        asked = documents.without_own(asked, self.view_of(output))
        view = asked.view or self.view_of(output)
        page = self.turn(output, asked, now)
        kept = page.kept
        if asked.as_of:
            kept = documents.in_the_words_of(kept, words_at(self.db, [one.key for one in kept], asked.as_of))
        # Only JSON Feed has a place for who else tells a story; elsewhere it is said where one entry stands for all.
        is_told = (view == "stories" or form == "json") and asked.as_of is None
        told = shared(self.db, kept, self.viewer, now) if is_told else {}
        shown = self.shown(output, kept, now, asked)
        stamps = [entry.updated for _, entry in shown if entry.updated]
        head = self.head(output, form, max(stamps, default=asked.as_of or output.changed_at), asked)
        return Document(
            head=head, links=self._links(output, form, asked, page), pace=Pace(ttl=documents.pace_of(kept) // 60),
            entries=tuple(entry for _, entry in shown), by_story=view == "stories",
            shared={entry.public_id: told[key] for key, entry in shown if key in told},
            deleted=self._graves(output, kept, asked),
        )  # fmt: skip

    def shown(
        self, output: Output, kept: Sequence[Kept], now: datetime, asked: Asked = NOTHING
    ) -> list[tuple[int, Entry]]:
        """The entries that may be shown, by their keys, each with why it is in the topic."""
        # Why by the other topics of an entry is for them to say: their rules move without this feed's revision.
        topic = output.slug if output.kind == "topics" else ""
        reasons = {one.key: documents.reasons_then(one, topic, asked.as_of) for one in kept} if topic else {}
        viewer = replace(self.viewer, is_private=bool(asked.key))
        named = ((one.key, self.entry(one, now, viewer, reasons=reasons.get(one.key, ()))) for one in kept)
        return [(key, entry) for key, entry in named if entry is not None]

    def turn(self, output: Output, asked: Asked, now: datetime) -> Page:
        """A page of an output's feed: entries with where the next page begins; the first has the newest of the news."""
        since = _hour_of(now) - timedelta(hours=asked.hours) if asked.hours else None
        stretch, limit = Stretch(since=since, as_of=asked.as_of), asked.limit or ENTRIES
        one = self._combined(output)
        if one and one.cap:
            if asked.before:
                raise AskedError("before= leads nowhere here: a feed with a cap of entries a source has one page.")
            kept = combined.page(self.db, one, limit=limit * LOOKED_THROUGH, announced=True, stretch=stretch)
            is_told = (asked.view or self.view_of(output)) == "stories"
            return Page(kept=(one_a_story(unique(kept), limit) if is_told else unique(kept))[:limit], following=None)
        read, tellers = combined.readers(self.db, one.parts) if one else readers_of(self.db, output)
        if (asked.view or self.view_of(output)) == "entries":
            page = page_of(read, asked, limit, stretch)
        else:
            page = stories_of(read, tellers, asked, limit, output.arrivals, self._may_stand, stretch)
        return replace(page, kept=unique(page.kept))

    def _combined(self, output: Output) -> combined.Combined | None:
        return self.config.feeds.get(output.slug) if output.kind == "feeds" else None

    def _may_stand(self, teller: Teller) -> bool:
        """Whether an entry may stand for its story: one that is never shown may not."""
        return (teller.republish or self.viewer.policy) != "none"

    def _graves(self, output: Output, kept: Sequence[Kept], asked: Asked) -> tuple[Deleted, ...]:
        """What was taken out since the oldest of these entries came: told by the feed itself, not by its pages."""
        if asked.before or asked.as_of:
            return ()
        since, one = kept[-1].arrival if kept else 0, self._combined(output)
        codes = placefeeds.codes_of(output.slug) if output.kind == "places" else one.parts.places if one else ()
        refs = combining.refs(self.db, one.parts) if one else ()
        return tuple(graves_since(self.db, output, since, _MOST_GRAVES, codes=codes, refs=refs))

    def archive(self, output: Output, form: str, part: str, now: datetime) -> Body:
        """An archive document of a feed, by its number and version as they stand in its address (P-03).

        Raises LookupError where there is no such document, OldVersionError where it has changed since.
        """
        archiving.check(self, output, form, part)
        key = (self.config.generation, output.kind, output.slug, form, part)
        with self._lock:
            held = self._bodies.get(key)
        if held:
            return held[1]
        document = archiving.document(self, output, form, part, now)
        content = write(document, form, base=self.config.base_url)
        here = tuple(link for link in document.links if link.rel in _TOLD)
        body = made(content, MEDIA_TYPES[form], document.head.updated or output.changed_at, links=here)
        return self._keep(key, 0, replace(body, max_age=documents.WEEK, is_lasting=True))

    def page(self, output: Output, limit: int, view: View, *, announced: bool = False) -> list[Kept]:
        """The newest entries of an output, each once, or one a story. `announced` leaves out history: news only."""
        read = limit * LOOKED_THROUGH if view == "stories" else limit
        if one := self._combined(output):
            kept = unique(combined.page(self.db, one, limit=read, announced=announced))
        elif output.kind == "places":
            kept = unique(placefeeds.page(self.db, output.slug, limit=read, announced=announced))
        else:
            kept = unique(reading.page(self.db, output.kind, output.slug, limit=read, announced=announced))
        return one_a_story(kept, limit) if view == "stories" else kept

    def output(self, kind: OutputKind, slug: str, *, is_private: bool = False) -> Output | None:
        """A feed that we publish, by its address; under another name of it `moved_to` tells the right one.

        `is_private` asks for what is published under keys only too.
        """
        if kind == "feeds":
            return combined.combined_output(self.db, self.config.feeds, slug, is_private=is_private)
        return placefeeds.place_output(self.db, slug) if kind == "places" else reading.output(self.db, kind, slug)

    def is_hidden(self, output: Output) -> bool:
        """Whether an output is published under keys only, and has no page."""
        one = self._combined(output)
        return one is not None and one.is_private

    def address(self, output: Output, form: str = "", view: View | None = None, key: str = "") -> str:
        """The address of an output's page, or of its feed in a form; the view stands in it where it is another.

        `key` stands in the address of a private feed.
        """
        return self.address_of(output, form, Asked(view=view, key=key))

    def address_of(self, output: Output, form: str, asked: Asked) -> str:
        """The address at which that is to be had which is asked of a feed."""
        path = "all" if output.kind == "all" else f"{output.kind}/{output.slug}"
        told = documents.without_own(asked, self.view_of(output))
        private = f"/private/{asked.key}" if asked.key else ""
        return f"{self.config.base_url}{private}/{path}{'.' + form if form else ''}{told.part}"

    def title(self, output: Output) -> str:
        """What an output is called where it stands alone, as in a feed reader."""
        name = self.config.settings.title
        return f"{name}: everything" if output.kind == "all" else f"{output.title} · {name}"

    def head(self, output: Output, form: str, updated: datetime, asked: Asked, url: str = "") -> Head:
        """What a document of an output says of itself."""
        page = replace(NOTHING, view=asked.view, as_of=asked.as_of)
        site_url = self.config.base_url if self.is_hidden(output) else self.address_of(output, "", page)
        return documents.head_of(
            output, self.title(output), asked, updated,
            url=url or self.address_of(output, form, asked), site_url=site_url,
        )  # fmt: skip

    def _links(self, output: Output, form: str, asked: Asked, page: Page) -> tuple[Link, ...]:
        """Where a public feed is pushed from (W-29), its address, and where it goes on; no hub knows a private one."""
        first, following = replace(asked, before=""), page.following
        found = {
            "hub": f"{self.config.base_url}/hub" if self.config.settings.hub and not asked.key else "",
            "self": self.address_of(output, form, asked),
            "first": self.address_of(output, form, first) if asked.before or following else "",
            "next": self.address_of(output, form, replace(asked, before=str(following))) if following else "",
        }
        is_whole = replace(asked, limit=None) == NOTHING and (asked.limit or ENTRIES) >= ENTRIES
        count = archives.count_of(output)
        if is_whole and self.view_of(output) == "entries" and count:
            found["prev-archive"] = archiving.address(self, output, form, archiving.part_of(self, output, count))
        return documents.links_of(found)

    def entry(
        self, kept: Kept, now: datetime, viewer: Viewer | None = None, *, reasons: tuple[Reason, ...] = ()
    ) -> Entry | None:
        """An entry as our feeds name it and as far as it may be shown, to anybody or to a viewer; None where it may not.

        `reasons` are why it is there.
        """
        said = kept.entry
        named = _named(
            said.source or Head(), kept.source_name, f"{self.config.base_url}/sources/{kept.source_slug}.rss"
        )
        language = said.lang or kept.language  # the publisher's word before ours; the writer leaves "unknown" out
        places = tuple(placefeeds.placed(tag) for tag in kept.places)
        return visible(
            kept, viewer or self.viewer, now, source=named, lang=language, labels=kept.labels, places=places, reasons=reasons
        )  # fmt: skip


@lru_cache(1024)  # a source is the same for all of its entries
def _named(source: Head, name: str, our_feed: str) -> Head:
    """The source as our feeds name it."""
    # A file has no address in the world, and where it lies is nobody's business; our own feed of that source has one.
    url = source.url if is_web_url(source.url) else our_feed
    own_id = url if source.id.startswith("file:") else without_credentials(source.id)
    return replace(source, url=without_credentials(url), id=own_id, title=source.title or name)


def made(
    content: bytes, media_type: str, changed_at: datetime, *, links: tuple[Link, ...] = (), is_public: bool = True
) -> Body:
    """A body with its strong validator."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(
        content=content, media_type=media_type, etag=etag, changed_at=changed_at, links=links, is_public=is_public
    )


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
