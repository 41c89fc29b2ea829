"""A topic, an author, a source or everything -> the bytes of its feed.

In: the kind, slug and form of a feed. Out: bytes with what HTTP needs to say of them; kept by revision.
Never: a body that differs while its feed's revision and the configuration do not (V-12).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from aggregator import placefeeds
from aggregator.asking import Asked, View
from aggregator.config import Config
from aggregator.marks import Watch
from aggregator.reasons import reasons_for
from aggregator.sharing import LOOKED_THROUGH, one_a_story, shared
from aggregator.visible import Viewer, visible
from feeds.identity import is_web_url, without_credentials
from feeds.model import Document, Entry, Head, Link
from feeds.write import MEDIA_TYPES, write
from storage import reading
from storage.database import Database
from storage.model import Kept, Output, OutputKind

ENTRIES = 50
"""How many entries a subscription document holds."""
KINDS: tuple[OutputKind, ...] = ("topics", "authors", "sources", "places")
FORMS = tuple(MEDIA_TYPES)
NOTHING = Asked()
"""What is asked of a feed where nothing is: the feed itself."""
_TOLD = ("hub", "self")
_MOST_BODIES = 2000


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

    def __init__(self, db: Database, config: Config) -> None:
        self.db = db
        self.config = config
        self.watch = Watch(db)
        self.viewer = Viewer(policy=config.settings.republish)
        self._bodies: OrderedDict[tuple[str, str, str, Asked], tuple[int, Body]] = OrderedDict()
        self._lock = Lock()

    def adopt(self, config: Config) -> None:
        """Go on by another configuration. Bytes are kept while nothing changed that stands in them."""
        with self._lock:
            if config.generation != self.config.generation:
                self._bodies.clear()
            self.config = config
            self.viewer = Viewer(policy=config.settings.republish)

    def view_of(self, output: Output) -> View:
        """The view of an output where nobody asks for another."""
        return "stories" if output.kind == "topics" and output.slug in self.config.by_story else "entries"

    def feed(self, output: Output, form: str, now: datetime, asked: Asked = NOTHING) -> Body:
        """The feed of an output as "atom", "rss" or "json": the feed itself, or what is asked of it."""
        key = (output.kind, output.slug, form, asked)
        with self._lock:
            held = self._bodies.get(key)
            if held and held[0] == output.revision:
                self._bodies.move_to_end(key)
                return held[1]
        document = self.document(output, form, now, asked)
        content = write(document, form, base=self.config.base_url)
        links = tuple(link for link in document.links if link.rel in _TOLD)
        body = made(content, MEDIA_TYPES[form], output.changed_at, links=links, is_public=not asked.key)
        with self._lock:
            self._bodies[key] = (output.revision, body)
            while len(self._bodies) > _MOST_BODIES:
                self._bodies.popitem(last=False)
        return body

    def document(self, output: Output, form: str, now: datetime, asked: Asked = NOTHING) -> Document:
        """The newest entries of an output that may be shown, as a document to write."""
        view = asked.view or self.view_of(output)
        kept = self.page(output, ENTRIES, view, announced=True)
        # Only JSON Feed has a place for who else tells a story; elsewhere it is said where one entry stands for all.
        told = shared(self.db, kept, self.viewer, now) if view == "stories" or form == "json" else {}
        shown = [(one.key, entry) for one in kept if (entry := self.entry(one, now)) is not None]
        if output.kind == "topics":
            # Why by the other topics of an entry is for them to say: their rules move without this feed's revision.
            because = {one.key: reasons_for(one, output.slug) for one in kept}
            shown = [(key, replace(entry, reasons=because[key])) for key, entry in shown]
        stamps = [entry.updated for _, entry in shown if entry.updated]
        head = self._head(output, form, max(stamps, default=output.changed_at), view)
        return Document(
            head=head, links=self._links(head, asked),
            entries=tuple(entry for _, entry in shown), by_story=view == "stories",
            shared={entry.public_id: told[key] for key, entry in shown if key in told},
        )  # fmt: skip

    def page(self, output: Output, limit: int, view: View, *, announced: bool = False) -> list[Kept]:
        """The newest entries of an output, each once, or one a story. `announced` leaves out history: news only."""
        read = limit * LOOKED_THROUGH if view == "stories" else limit
        if output.kind == "places":
            kept = unique(placefeeds.page(self.db, output.slug, limit=read, announced=announced))
        else:
            kept = unique(reading.page(self.db, output.kind, output.slug, limit=read, announced=announced))
        return one_a_story(kept, limit) if view == "stories" else kept

    def output(self, kind: OutputKind, slug: str) -> Output | None:
        """A feed that we publish, by its address; under another name of it `moved_to` tells the right one."""
        return placefeeds.place_output(self.db, slug) if kind == "places" else reading.output(self.db, kind, slug)

    def address(self, output: Output, form: str = "", view: View | None = None) -> str:
        """The public address of an output's page, or of its feed in a form; the view stands in it where it is another."""
        path = "all" if output.kind == "all" else f"{output.kind}/{output.slug}"
        query = f"?view={view}" if view and view != self.view_of(output) else ""
        return f"{self.config.base_url}/{path}{'.' + form if form else ''}{query}"

    def title(self, output: Output) -> str:
        """What an output is called where it stands alone, as in a feed reader."""
        name = self.config.settings.title
        return f"{name}: everything" if output.kind == "all" else f"{output.title} · {name}"

    def _head(self, output: Output, form: str, updated: datetime, view: View) -> Head:
        about = {
            "topics": f"Entries from many sources on {output.title}, chosen by a rule that anyone may read.",
            "authors": f"Entries by {output.title}, wherever they were published.",
            "sources": f"Entries of {output.title}, as they came.",
            "places": f"Entries from many sources that name {output.title}.",
            "all": "Every entry of every source, as it came.",
        }[output.kind]
        own = view == self.view_of(output)
        return Head(
            title=self.title(output), id=output.public_id if own else f"{output.public_id}#{view}",
            url=self.address(output, form, view), site_url=self.address(output, view=view), subtitle=about,
            updated=updated,
        )  # fmt: skip

    def _links(self, head: Head, asked: Asked) -> tuple[Link, ...]:
        """Where a public feed is pushed from (W-29), and its address; no hub knows a private one."""
        here = Link(rel="self", href=head.url)
        return (here,) if asked.key else (Link(rel="hub", href=f"{self.config.base_url}/hub"), here)

    def entry(self, kept: Kept, now: datetime) -> Entry | None:
        """An entry as our feeds name it and as far as it may be shown; None where it may not."""
        entry = visible(kept, self.viewer, now)
        if entry is None:
            return None
        source = entry.source or Head(title=kept.source_name)
        # A file has no address in the world; our own feed of that source has one.
        url = source.url if is_web_url(source.url) else f"{self.config.base_url}/sources/{kept.source_slug}.rss"
        named = replace(
            source, url=without_credentials(url), id=without_credentials(source.id), updated=kept.updated,
            title=source.title or kept.source_name,
        )  # fmt: skip
        language = entry.lang or kept.language  # the publisher's word before ours; the writer leaves "unknown" out
        places = tuple(placefeeds.placed(tag) for tag in kept.places)
        return replace(entry, source=named, lang=language, labels=kept.labels, places=places)


def made(
    content: bytes, media_type: str, changed_at: datetime, *, links: tuple[Link, ...] = (), is_public: bool = True
) -> Body:
    """A body with its strong validator."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(
        content=content, media_type=media_type, etag=etag, changed_at=changed_at, links=links, is_public=is_public
    )


def unique(kept: list[Kept]) -> list[Kept]:
    """One entry a public id: where two sources hold the same id, a document shows the first seen (V-03, V-06)."""
    first: dict[str, int] = {}
    for one in kept:
        first[one.entry.public_id] = min(one.key, first.get(one.entry.public_id, one.key))
    return [one for one in kept if first[one.entry.public_id] == one.key]
