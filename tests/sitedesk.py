"""A desk that publishes its site as files, for tests of those files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree, html

from aggregator.publish import Publisher
from aggregator.static_archives import archive_pieces
from aggregator.static_folder import OURS, opened_folder
from aggregator.static_site import More, Published, publish
from aggregator.topics.compiling import Topic
from storage.database import Database
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import pages_of

BASE = "https://h.example"
SETTINGS = "settings: {base_url: 'https://h.example', title: Desk, contact: 'https://h.example/contact'}\n"
TOPICS = {"air": "helicopter*", "sea": "frigate*"}


@dataclass(slots=True)
class Desk:
    """A store with three entries of two sources, and a folder to publish it into."""

    db: Database
    topics: list[Topic]
    home: Path
    settings: str = SETTINGS

    @property
    def root(self) -> Path:
        return self.home / "site"

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.db, write_config(self.home, self.settings))

    def publish(
        self,
        now: datetime = NOON,
        *,
        zipped: bool = False,
        force: bool = False,
        more: tuple[More, ...] = (archive_pieces,),
    ) -> Published:
        with opened_folder(self.root, zipped=zipped, force=force) as folder:
            return publish(self.publisher, folder, now, "1", more=more)

    def held(self) -> dict[str, bytes]:
        """Every published file by its path."""
        found = (path for path in self.root.rglob("*") if path.is_file() and OURS not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def take_many(self) -> None:
        """Let more come than a feed holds."""
        numbers = range(100, 160)
        entries = [make_entry(id=str(n), title=f"Helicopter {n}", link=f"https://news.example/{n}") for n in numbers]
        take(self.db, entries, topics=self.topics, now=NOON + timedelta(minutes=1))

    def take(self, number: int, title: str, *, minutes: int = 0, slug: str = "news") -> None:
        """Let a source bring an entry."""
        entry = make_entry(id=str(number), title=title, link=f"https://news.example/{number}", authors=["Ada Ore"])
        take(self.db, [entry], topics=self.topics, slug=slug, now=NOON + timedelta(minutes=minutes))


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Three entries: one in each topic, with an author and a place, and one in none."""
    topics = declare(
        db, make_source(), make_source(slug="wire", name="Wire", url="https://wire.example/f"), topics=TOPICS
    )
    made = Desk(db, topics, tmp_path)
    made.take(1, "Helicopters over Kazakhstan")
    made.take(2, "A frigate sails", slug="wire")
    made.take(3, "Neither of them")
    return made


@contextmanager
def plainly(desk: Desk) -> Iterator[httpx.Client]:
    """The written folder behind a plain file server."""
    with pages_of(desk.root) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def links_in(path: str, content: bytes) -> set[str]:
    """Where a document leads to on its own server: paths."""
    found: set[str] = set()
    if path.endswith((".atom", ".rss", ".opml")):
        for node in etree.fromstring(content).iter():
            # The scheme of a category (its domain, in RSS) names, and leads nowhere.
            leads = [value for name, value in node.attrib.items() if name not in ("scheme", "domain")]
            found |= {str(one) for one in (*leads, node.text or "")}
    elif path.endswith(".json"):
        told = json.loads(content)
        found = {told["feed_url"], told["home_page_url"], *(one["url"] for one in told["items"])}
    elif path.endswith(".html"):
        page = html.document_fromstring(content.decode())
        found = {
            str(node.get(name)) for node in page.iter() for name in ("href", "src", "action") if name in node.attrib
        }
        assert all(one.startswith(("/", "http:", "https:", "#")) for one in found), found
        found = {f"{BASE}{one}" if one.startswith("/") else one for one in found}
    inside = {urlsplit(one).path for one in found if one.startswith(f"{BASE}/")}
    # A hub is a program, and the contact is not ours to publish.
    return inside - {"/hub", "/contact"}
