"""The whole public site as files, for any web server or CDN: what `heliograph publish` does.

In: a publisher, a folder, now. Out: pages, feeds and lists as files; only what changed is made and written.
Never: a byte that depends on the moment of publishing (V-12), a link in a page that leads to no file, or anything that a
reader without a key may not see (A-08: what was retracted, erased or is no longer published is gone with the next run).

What a page shows depends on its feed's revision and on what is known of the entries that it lists: their other topics,
authors, who else tells their stories. The manifest remembers which entries each page lists, and a mark of each tells
whether it is to be made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from aggregator import gazetteer, lists
from aggregator.publish import ENTRIES, FORMS, Publisher
from aggregator.static_folder import Folder, Piece
from aggregator.web import making, pages
from aggregator.web.entries import entry_page
from feeds.identity import digest
from storage import reading
from storage.model import Followed, Output
from storage.standing import Standing, entry_marks, standing

More = Callable[[Publisher, Standing, datetime], Iterable[Piece]]
"""Further documents, such as archives: each with a path of its own, and the key of what its bytes depend on."""
Told = Callable[[int, int], None]
_BATCH = 20
_STATIC = Path(__file__).parent / "web" / "static"
_TEMPLATES = Path(__file__).parent / "web" / "templates"
_NOT_FOUND = "There is nothing at this address."


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a run did, in files; `size` is how many bytes were written."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Group:
    """A feed of ours in all its forms: its page, and what they depend on beside the entries that they list."""

    output: Output
    key: str

    @property
    def name(self) -> str:
        return "all" if self.output.kind == "all" else f"{self.output.kind}/{self.output.slug}"

    @property
    def paths(self) -> list[str]:
        return [f"{self.name}.{form}" for form in ("html", *FORMS)]


def publish(
    publisher: Publisher, folder: Folder, now: datetime, version: str, *, more: Sequence[More] = (),
    told: Told = lambda done, total: None,
) -> Published:  # fmt: skip
    """Make the folder hold what is published now. Raises NotOursError, OSError."""
    stand = standing(publisher.db)
    generation = _generation(publisher, version, zipped=folder.zipped)
    whole = digest(generation, stand.mark)
    if folder.site == whole and folder.is_whole():
        return Published(unchanged=len(folder.files))
    _Run(publisher, folder, now, stand, generation).all(more, told)
    folder.finish(whole)
    unchanged = len(folder.files) - folder.written
    return Published(written=folder.written, unchanged=unchanged, removed=folder.removed, size=folder.size)


def _generation(publisher: Publisher, version: str, *, zipped: bool) -> str:
    """What every document depends on: the program, how it draws pages, the settings that show."""
    drawn = [*sorted(_TEMPLATES.iterdir()), *sorted(_STATIC.iterdir())]
    config = publisher.config
    told = (config.generation, config.settings.contact, str(zipped), version)
    return digest(*told, *(path.name + path.read_text("utf-8") for path in drawn))


class _Run:
    """One run over everything."""

    def __init__(self, publisher: Publisher, folder: Folder, now: datetime, stand: Standing, generation: str) -> None:
        self._publisher = publisher
        self._folder = folder
        self._now = now
        self._stand = stand
        self._generation = generation
        self._groups = [*self._of_rows(), *self._of_places(), *self._of_combined()]
        config = publisher.config
        self._site = pages.Site(
            title=config.settings.title, base_url=config.base_url, now=now, is_static=True,
            published=frozenset(one.name for one in self._groups),
        )  # fmt: skip
        self._marks: dict[int, str] = {}
        self._followed: dict[str, Followed] | None = None

    def all(self, more: Sequence[More], told: Told) -> None:
        """Make what is to be made; the folder is then to be finished."""
        self._look_at(key for keys in self._folder.groups.values() for key in keys)
        stale = [one for one in self._groups if not self._kept(one)]
        total, done = len(self._groups) + 1, len(self._groups) - len(stale)
        told(done, total)
        for start in range(0, len(stale), _BATCH):
            batch = stale[start : start + _BATCH]
            self._make(batch)
            done += len(batch)
            told(done, total)
        names = {one.name for one in self._groups}
        self._folder.groups = {name: keys for name, keys in self._folder.groups.items() if name in names}
        listed = sorted({key for keys in self._folder.groups.values() for key in keys})
        total += len(listed)
        self._put_all([*self._lists(), *self._drawn()])
        self._put_all(piece for hook in more for piece in hook(self._publisher, self._stand, self._now))
        for start in range(0, len(listed), _BATCH):
            self._put_all(self._entry_pages(listed[start : start + _BATCH]))
            told(done + min(start + _BATCH, len(listed)), total)
        told(total, total)

    def _of_rows(self) -> Iterator[_Group]:
        for one in self._stand.outputs:
            mark = self._stand.marks.get(f"{one.kind}/{one.slug}", "")
            yield _Group(one, digest(self._generation, str(one), mark))

    def _of_places(self) -> Iterator[_Group]:
        """Every place that is named. What is not about it does not change it: its key is of its own entries."""
        named = {code for code in self._stand.marks if gazetteer.slug_of(code)}
        regions = {region for region in gazetteer.regions() if gazetteer.members(region) & named}
        for code in sorted(named | regions):
            output = self._publisher.output("places", gazetteer.slug_of(code))
            if output is not None:
                marks = (self._stand.marks.get(one, "") for one in sorted({code, *gazetteer.members(code)}))
                yield _Group(output, digest(self._generation, output.public_id, output.title, *marks))

    def _of_combined(self) -> Iterator[_Group]:
        """Every combined feed that anybody may read."""
        for slug in self._publisher.config.feeds:
            output = self._publisher.output("feeds", slug)
            if output is not None:
                yield _Group(output, digest(self._generation, str(output)))

    def _look_at(self, keys: Iterable[int]) -> None:
        """Know the marks of these entries. They are read before what they are marks of: a change in between is made good
        by the next run."""
        wanted = set(keys) - self._marks.keys()
        self._marks |= dict.fromkeys(wanted, "") | entry_marks(self._publisher.db, [*wanted])

    def _key(self, group: _Group) -> str:
        return digest(group.key, *(self._marks[key] for key in self._folder.groups.get(group.name, ())))

    def _kept(self, group: _Group) -> bool:
        if group.name not in self._folder.groups:
            return False
        key = self._key(group)
        wanted = [(path, key) for path in group.paths] + [(one.path, one.key) for one in self._extras(group)]
        return all(self._folder.keep(path, key) for path, key in wanted)

    def _make(self, groups: Sequence[_Group]) -> None:
        for one in groups:
            self._folder.groups[one.name] = self._listed(one.output)
        self._look_at(key for one in groups for key in self._folder.groups[one.name])
        for one in groups:
            key = self._key(one)
            render = {form: partial(self._feed, one.output, form) for form in FORMS}
            made = [Piece(path=f"{one.name}.{form}", key=key, render=call) for form, call in render.items()]
            page = Piece(path=f"{one.name}.html", key=key, render=partial(self._page, one.output))
            self._folder.put([page, *made, *self._extras(one)])

    def _listed(self, output: Output) -> list[int]:
        """The entries that its page or its feeds show."""
        view = self._publisher.view_of(output)
        on_page = self._publisher.page(output, making.PAGE_ENTRIES, view)
        in_feeds = self._publisher.page(output, ENTRIES, view, announced=True)
        return sorted({one.key for one in (*on_page, *in_feeds)})

    def _extras(self, group: _Group) -> list[Piece]:
        """The sources of a topic, as OPML (O-01)."""
        if group.output.kind != "topics":
            return []
        marks = sorted(f"{name}={mark}" for name, mark in self._stand.marks.items() if name.startswith("sources/"))
        render = partial(self._sources_of, group.output)
        return [Piece(path=f"{group.name}.opml", key=digest(group.key, *marks), render=render)]

    def _lists(self) -> Iterator[Piece]:
        """The front page and the lists, which tell a little of everything."""
        key = digest(self._generation, self._stand.mark)
        publisher, site = self._publisher, self._site
        yield Piece(path="index.html", key=key, render=lambda: _html(making.front(publisher, site)))
        combined = any(not one.is_private for one in publisher.config.feeds.values())
        for name, make in making.LISTS.items():
            if name == "feeds" and not combined:
                continue  # nothing leads to a list of nothing
            yield Piece(path=f"{name}.html", key=key, render=lambda make=make: _html(make(publisher, site)))  # type: ignore[misc]  # mypy knows no default of a lambda
        yield Piece(path="sources.opml", key=key, render=lambda: lists.followed(publisher).content)
        yield Piece(path="feeds.opml", key=key, render=lambda: lists.published(publisher).content)

    def _drawn(self) -> Iterator[Piece]:
        """What is the same whatever is published."""
        lost = pages.Trouble(site=self._site, status=404, message=_NOT_FOUND, near=[])
        yield Piece(path="404.html", key=self._generation, render=lambda: _html(lost))
        for path in sorted(_STATIC.iterdir()):
            yield Piece(path=f"static/{path.name}", key=self._generation, render=path.read_bytes)

    def _entry_pages(self, keys: Sequence[int]) -> list[Piece]:
        """The pages of these entries; those that may not be shown have none."""
        held = {key: digest(self._generation, self._marks[key]) for key in keys}
        stale = [key for key in keys if not self._folder.keep(f"entries/{key}.html", held[key])]
        made = (
            (one.key, entry_page(self._publisher, one, self._site))
            for one in reading.entries_of(self._publisher.db, stale)
        )
        return [
            Piece(path=f"entries/{key}.html", key=held[key], render=partial(_html, page))
            for key, page in made
            if page is not None
        ]

    def _put_all(self, pieces: Iterable[Piece]) -> None:
        """Put those that are not there yet, some at a time."""
        waiting: list[Piece] = []
        for one in pieces:
            if not self._folder.keep(one.path, one.key):
                waiting.append(one)
            if len(waiting) >= _BATCH:
                self._folder.put(waiting)
                waiting = []
        self._folder.put(waiting)

    def _page(self, output: Output) -> bytes:
        return _html(making.feed_page(self._publisher, output, self._publisher.view_of(output), self._site))

    def _feed(self, output: Output, form: str) -> bytes:
        return self._publisher.feed(output, form, self._now).content

    def _sources_of(self, output: Output) -> bytes:
        if self._followed is None:
            self._followed = {one.source.slug: one for one in reading.followed(self._publisher.db)}
        return lists.sources_of(self._publisher, output, self._followed).content


def _html(page: pages.Page) -> bytes:
    return pages.render(page).encode()
