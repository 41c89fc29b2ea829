"""The corpus of real feeds in a store, and everything that is published of it.

In: a folder. Out: a store and its publishers; each published document as bytes. Never: a document of another server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from aggregator.asking import read_asked
from aggregator.config import Config, load_config
from aggregator.publish import FORMS, KINDS, Publisher
from feeds.model import Document, Republish
from feeds.parse import parse
from storage import reading, upkeep
from storage.database import Database, open_database
from storage.model import Output, SourceRow
from storage.upkeep import Declared
from tests.fakes import NOON, make_source, take

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "corpus" / "real"
MOST_AUTHORS = 10
"""Of hundreds of authors as many are published; each has the entries of some source."""
BASE = "https://news.example"


class Published(NamedTuple):
    """One document that we publish: what it is, and its bytes."""

    name: str
    form: str
    content: bytes


def corpus_store(folder: Path) -> tuple[Database, Config]:
    """A store that holds every real feed, filed by the topics that we ship."""
    shipped = load_config(ROOT / "feeds.yaml", environment={})
    config = replace(shipped, base_url=BASE)
    db = open_database(f"sqlite:///{folder / 'store.db'}")
    files = sorted(path for path in REAL.iterdir() if path.suffix not in (".jsonl", ".md"))
    read = {f"s{n}": parse(path.read_bytes(), f"https://s{n}.example/feed") for n, path in enumerate(files)}
    found = {slug: document for slug, document in read.items() if isinstance(document, Document)}
    rows = [SourceRow(source=make_source(slug=slug, url=f"https://{slug}.example/feed", name="")) for slug in found]
    upkeep.reconcile(db, Declared(sources=rows, topics=config.topic_rows), NOON)
    for number, (slug, document) in enumerate(found.items()):
        # A quarter of them is filed: enough for every topic, and matching is not what is tested.
        topics = () if number % 4 else config.topics
        take(db, document.entries, slug=slug, head=document.head, topics=topics)
    return db, config


def publisher_of(db: Database, config: Config, policy: Republish) -> Publisher:
    """A publisher by this policy where a source has none of its own."""
    settings = config.settings.model_copy(update={"republish": policy})
    return Publisher(db, replace(config, settings=settings))


def outputs_of(publisher: Publisher) -> Iterator[Output]:
    """Every feed that is published: everything, topics, sources, places, and some of the authors."""
    db = publisher.db
    slugs = {
        "topics": [one.slug for one in reading.list_topics(db)],
        "authors": [one.slug for one in reading.list_authors(db)][:MOST_AUTHORS],
        "sources": [one.source.slug for one in reading.followed(db)],
        "places": ["france", "europe", "united-states", "ukraine"],
    }
    everything = publisher.output("all", "")
    assert everything is not None
    yield everything
    for kind in KINDS:
        for slug in slugs.get(kind, ()):
            output = publisher.output(kind, slug)
            if output is not None and not output.moved_to:
                yield output


def documents(publisher: Publisher) -> Iterator[Published]:
    """Every document that is published, in every form."""
    for output in outputs_of(publisher):
        for form in FORMS:
            name = f"{output.kind}/{output.slug}"
            yield Published(name, form, publisher.feed(output, form, NOON).content)
            yield from more_of(publisher, output, form, name)


def more_of(publisher: Publisher, output: Output, form: str, name: str) -> Iterator[Published]:
    """The next page and the latest archive behind a feed of everything or of a topic, as its links lead to them."""
    if output.kind not in ("all", "topics"):
        return
    links = {link.rel: urlsplit(link.href) for link in publisher.document(output, form, NOON).links}
    if "next" in links:
        asked = read_asked(dict(parse_qsl(links["next"].query)))
        yield Published(f"page/{name}", form, publisher.feed(output, form, NOON, asked).content)
    if "prev-archive" in links:
        part = links["prev-archive"].path.rpartition("/")[2].removesuffix(f".{form}")
        yield Published(f"archive/{name}", form, publisher.archive(output, form, part, NOON).content)
