"""Why an entry is where it is: every feed of a topic says it, and `heliograph why` says the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rich.console import Console

from aggregator.config import load_config
from aggregator.pinning import Wish, pin
from aggregator.prepare import prepare
from aggregator.publish import Publisher
from aggregator.reasons import texts_of
from aggregator.refiling import refile_waiting
from aggregator.show_why import why_page, why_row
from aggregator.web.app import make_app
from feeds.meaning import WHY
from feeds.model import Document, Entry, Head, Matched, Pinned, Reason
from feeds.parse import parse
from feeds.write import write
from storage import reading, upkeep
from storage.database import Database, open_database
from storage.model import Kept, SourceRow
from storage.upkeep import Declared
from tests.fakes import NOON, Clock, make_entry, make_source, take, write_config
from tests.live import served

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "corpus" / "real"
ATOM = "{http://www.w3.org/2005/Atom}"
CONFIG = """
settings: {base_url: 'https://h.example'}
sources:
  - {url: "https://news.example/feed", slug: news, name: News, lang: en, tags: [desk]}
topics:
  air: {title: "Air & <space>", query: 'helicopter* OR "air force" OR author:ore OR tag:desk'}
  words: {title: Words, any_of: {'frigate*': 2, '="NATO"': 2, crash: -1}, threshold: 2}
  new: {title: New, query: "helicopter*"}
"""
ENTRIES: list[dict[str, Any]] = [
    {"title": "Helicopters; a helicopter", "text": "The air force has helicopters.", "authors": ["Ada Ore", "Bo Berg"]},
    {"title": "A \u0441\u0443\u0434\u043d\u043e", "text": "NATO and a frigate \U0001f6a2 near"},
    {"title": "Nothing", "text": "of any rule but the source's tag"},
    {"title": '"Quotes" & <tags> frigate]; x[2', "text": "A frigate\nin a second line"},
]


class Desk:
    """A store of some entries, by a configuration with topics that have every kind of reason."""

    def __init__(self, db: Database, folder: Path, config: str = CONFIG) -> None:
        self.db, self.folder, self.clock = db, folder, Clock()
        self.load(config)
        made = [make_entry(id=f"e{n}", link=f"https://news.example/{n}", **one) for n, one in enumerate(ENTRIES)]
        take(db, made, topics=self.config.topics, now=self.clock())

    def load(self, config: str) -> None:
        """Go on by this configuration, everything filed by its rules."""
        self.config = write_config(self.folder, config)
        prepare(self.config, self.db, self.clock.forward(minutes=1))
        refile_waiting(self.db, self.config.topics, self.clock, owner="test")
        self.publisher = Publisher(self.db, self.config)

    def feed(self, topic: str, form: str) -> bytes:
        """A topic's feed."""
        output = reading.output(self.db, "topics", topic)
        assert output is not None
        return self.publisher.feed(output, form, self.clock()).content

    def pin(self, entry: str, topic: str, **said: Any) -> None:
        """Pin an entry."""
        pin(self.db, self.config.topics, Wish(entry=entry, topic=topic, **said), self.clock.forward(minutes=1))

    def entries(self) -> dict[str, Kept]:
        """All entries by their public ids."""
        return {one.entry.public_id: one for one in reading.entries_after(self.db, 0, 99)}


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """The entries, and one pinned as news into a topic whose rule does not ask for it."""
    made = Desk(db, tmp_path)
    made.pin("e2", "words", because='it shows "NATO" & a <frigate>', by="Ada", announced=True)
    made.pin("e1", "words")
    return made


def json_why(body: bytes) -> dict[str, list[dict[str, Any]]]:
    """By public id what a JSON Feed says."""
    return {item["id"]: item["_heliograph"]["why"] for item in json.loads(body)["items"]}


def xml_why(body: bytes) -> dict[str, list[tuple[str, ...]]]:
    """By id what an Atom or RSS feed says: slug or title of the category with our scheme, and our element."""
    root = etree.fromstring(body)
    found: dict[str, list[tuple[str, ...]]] = {}
    atom = root.tag == f"{ATOM}feed"
    for item in root.iter(f"{ATOM}entry" if atom else "item"):
        key = item.findtext(f"{ATOM}id" if atom else "guid") or ""
        scheme = "scheme" if atom else "domain"
        ours = [one for one in item.iter("{*}category") if one.get(scheme) == "https://h.example/topics/"]
        titles = [one.get("label", one.get("term")) if atom else one.text or "" for one in ours]
        names = ("topic", "rule", "trigger", "pinned")
        told = [tuple(one.get(name, "") for name in names) for one in item.iter(f"{{{WHY}}}why")]
        assert len(titles) == len(told) == 1
        if atom:
            assert ours[0].get("term") == told[0][0]
        found[key] = [(str(title), *one) for title, one in zip(titles, told, strict=True)]
    return found


@pytest.mark.parametrize("topic", ["air", "words", "new"])
def test_feeds_say_what_the_command_says(desk: Desk, topic: str) -> None:
    """E-02, E-08: for every entry of a topic's feed, all three formats and `heliograph why` tell the same reasons."""
    as_json = json_why(desk.feed(topic, "json"))
    atom, rss = xml_why(desk.feed(topic, "atom")), xml_why(desk.feed(topic, "rss"))
    assert len(as_json) == len(atom) == len(rss) == {"air": 4, "words": 3, "new": 1}[topic]
    for public_id, one in desk.entries().items():
        mine = [told for told in why_row(one)["topics"] if told["topic"] == topic]
        if public_id not in as_json:
            assert mine == []
            continue
        (told,) = mine
        assert as_json[public_id] == [
            {name: value for name, value in told.items() if name not in ("announced", "opened_at")}
        ]
        trigger = "; ".join(f"{term['term']}[{term['count']}]" for term in told.get("terms", []))
        (in_atom,) = atom[public_id]
        assert in_atom[:4] == (told["title"], topic, told.get("rule_version", ""), trigger)
        assert rss[one.entry.id] == [in_atom]
        said = StringIO()
        why_page(Console(file=said, width=200), one)
        page = said.getvalue()
        assert f"Topic {topic}: {told['title']} (" in page
        assert not trigger or f"  because: {trigger}\n" in page
        assert not in_atom[4] or f"  pinned {in_atom[4]}\n" in page


def test_the_words_stand_where_the_spans_say(desk: Desk) -> None:
    """Offsets count characters of title, text and authors as they are stored; terms are counted, in order of appearance."""
    entries = desk.entries()
    told = {entries[key].entry.id: why for key, (why,) in json_why(desk.feed("air", "json")).items()}

    assert told["e0"]["terms"] == [
        {"term": "helicopter*", "count": 3}, {"term": '"air force"', "count": 1}, {"term": "ore", "count": 1},
        {"term": "desk", "count": 1},
    ]  # fmt: skip
    for key, why in told.items():
        entry = next(one.entry for one in entries.values() if one.entry.id == key)
        texts = {"title": entry.title, "text": entry.text, "author": " | ".join(one.name for one in entry.authors)}
        for span in why["spans"]:
            assert span["words"] == texts.get(span["field"], "")[span["start"] : span["end"]]
    assert [span["words"] for span in told["e0"]["spans"]] == [
        "Helicopters", "helicopter", "air force", "helicopters", "Ore", "",
    ]  # fmt: skip


def test_a_pin_says_so(desk: Desk) -> None:
    """A pin stands in every format: alone where the rule has no part in it, beside the words where it has."""
    entries = desk.entries()
    told = {entries[key].entry.id: why for key, (why,) in json_why(desk.feed("words", "json")).items()}
    because = 'it shows "NATO" & a <frigate>'

    assert told["e2"] == {
        "topic": "words", "title": "Words", "pinned": {"at": "2026-11-24T12:02:00Z", "by": "Ada", "because": because},
    }  # fmt: skip
    assert [term["term"] for term in told["e1"]["terms"]] == ['="NATO"', "frigate*"]
    assert told["e1"]["pinned"] == {"at": "2026-11-24T12:03:00Z"}
    rss = xml_why(desk.feed("words", "rss"))
    assert rss["e2"] == [("Words", "words", "", "", f"by Ada on 2026-11-24: {because}")]
    assert rss["e1"][0][4] == "by the operator on 2026-11-24"


def test_other_feeds_say_nothing_of_topics(desk: Desk) -> None:
    """Feeds of sources, authors and everything do not change when a rule does: they name no topic."""
    for kind, slug in (("all", ""), ("sources", "news"), ("authors", "ada-ore")):
        output = reading.output(desk.db, kind, slug)  # type: ignore[arg-type]
        assert output is not None
        for form in ("atom", "rss", "json"):
            body = desk.publisher.feed(output, form, NOON).content
            assert b"why " not in body
            assert b'"why"' not in body


def changed(edit: Callable[[str], str]) -> Callable[[Desk], None]:
    """A change of the configuration."""
    return lambda desk: desk.load(edit(CONFIG))


@pytest.mark.parametrize(
    "change",
    [
        changed(lambda text: text.replace("Air & <space>", "Aviation")),
        changed(lambda text: text.replace('"air force" OR', '"air force" OR force OR')),
        changed(lambda text: text.replace("helicopter* OR", "helicopter* OR nowhere OR")),
        changed(lambda text: text.replace("  air: {", "  aviation: {formerly: [air], ")),
        lambda desk: desk.pin("e0", "air", because="so"),
    ],
    ids=["title", "spans", "rule version", "slug", "pin"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_what_moves_in_a_feed_moves_its_revision(desk: Desk, change: Callable[[Desk], None], form: str) -> None:
    """V-12: a title, spans, a rule's version, a slug or a pin that changes in the bytes gives a feed another revision."""
    before = reading.output(desk.db, "topics", "air")
    body = desk.feed("air", form)
    change(desk)
    slug = desk.config.topics[0].slug
    after = reading.output(desk.db, "topics", slug)

    assert before is not None
    assert after is not None
    assert desk.feed(slug, form) != body
    assert after.revision > before.revision
    assert after.changed_at > before.changed_at


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_same_reasons_give_the_same_bytes(desk: Desk, form: str) -> None:
    """V-12: two publishers write the same, and a reload that changes nothing changes nothing."""
    body = desk.feed("air", form)
    desk.load(CONFIG)

    assert desk.feed("air", form) == body


def reason(**said: Any) -> Reason:
    """A reason with what matters to a test."""
    return Reason(**{"topic": "air", "title": "Air", "rule_version": "1", **said})


def document(*reasons: Reason) -> Document:
    """A document with one entry for these reasons."""
    entry = Entry(id="1", public_id="urn:uuid:1", title="T", link="https://a.example/1", published=NOON, updated=NOON,
                  source=Head(title="S", url="https://a.example/feed"), reasons=reasons)  # fmt: skip
    head = Head(title="H", id="urn:uuid:0", url="https://h.example/f", site_url="https://h.example/", updated=NOON)
    return Document(head=head, entries=(entry,))


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_what_no_document_may_hold(form: str) -> None:
    """V-09: controls in a term, a title, a word or what a person said do not make a document ill-formed."""
    said = Pinned(at=NOON, by="A\x00da", because="\ufffe because \x0b")
    spans = (Matched(field="title", start=0, end=1, term='"a\x01"', words="\x02]]>"),)
    body = write(document(reason(title="\x03", spans=spans, pinned=said)), form, base="https://h.example")

    read = parse(body, "https://h.example/f", "")
    assert isinstance(read, Document)
    assert len(read.entries) == 1
    if form == "json":
        (why,) = json.loads(body)["items"][0]["_heliograph"]["why"]
        assert (why["title"], why["spans"][0]["words"], why["pinned"]["by"]) == ("air", "]]>", "Ada")
    else:
        assert etree.fromstring(body) is not None


def test_a_pin_is_told_in_utc() -> None:
    """The moment of a pin is UTC, to the second."""
    at = datetime(2026, 11, 24, 23, 30, 1, 5, tzinfo=UTC) + timedelta(hours=1)
    body = write(document(reason(pinned=Pinned(at=at))), "json")

    assert json.loads(body)["items"][0]["_heliograph"]["why"][0]["pinned"] == {"at": "2026-11-25T00:30:01Z"}


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_a_server_without_an_address_has_no_scheme(form: str) -> None:
    """Without an address of ours there is no scheme; the element tells all the same."""
    root = etree.fromstring(write(document(reason()), form))
    (told,) = root.iter(f"{{{WHY}}}why")

    assert (told.get("topic"), told.get("rule"), told.get("trigger"), told.get("pinned")) == ("air", "1", None, None)
    assert all(one.get("scheme") is None and one.get("domain") is None for one in root.iter("{*}category"))


def test_our_element_fits_atoms_grammar() -> None:
    """RFC 4287 section 6.4: an entry holds elements of another name space, with attributes and without a name of Atom's."""
    root = etree.fromstring(write(document(reason()), "atom", base="https://h.example"))
    (entry,) = root.iter(f"{ATOM}entry")
    (told,) = entry.iter(f"{{{WHY}}}why")

    assert told.getparent() is entry
    assert root.nsmap["heliograph"] == WHY
    assert all("}" not in name for name in told.attrib)


def test_pages_tell_of_pins(desk: Desk) -> None:
    """The topic's page and the entry's say who pinned what and why; words that matched are marked on both."""
    desk.pin("e1", "air", because="seen <in> it", by="Ada & co")
    desk.pin("e1", "new", is_in=False, because="no ship")
    number = next(one.key for one in desk.entries().values() if one.entry.id == "e1")
    with served(make_app(desk.publisher)) as client:
        air, entry, words, new = (
            client.get(path).text for path in ("/topics/air", f"/entries/{number}", "/topics/words", "/topics/new")
        )

    assert "pinned by Ada &amp; co on 2026-11-24: seen &lt;in&gt; it" in air
    assert "<mark>Helicopters</mark>; a <mark>helicopter</mark>" in air
    assert "because: <q><bdi>helicopter*</bdi></q> ×3" in air
    assert "pinned by Ada &amp; co on 2026-11-24: seen &lt;in&gt; it" in entry
    assert 'Not in <a href="/topics/new"><bdi>new</bdi></a>' in entry
    assert "kept out by the operator on 2026-11-24: no ship" in entry
    assert "pinned by the operator on 2026-11-24" in words
    assert f"/entries/{number}" not in new


@pytest.mark.corpus
def test_the_shipped_topics_say_why(tmp_path: Path) -> None:
    """E-02: every entry of every shipped topic's feed, of real feeds, says why, in words that stand where the spans say."""
    if not REAL.is_dir():
        pytest.skip("the corpus of real feeds is not beside this checkout")
    config = load_config(ROOT / "feeds.yaml", environment={})
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    files = sorted(REAL.glob("*.rss"))[::2]
    slugs = [f"s{n}" for n in range(len(files))]
    rows = [SourceRow(source=make_source(slug=slug, url=f"https://{slug}.example/feed")) for slug in slugs]
    upkeep.reconcile(db, Declared(sources=rows, topics=config.topic_rows), NOON)
    for slug, file in zip(slugs, files, strict=True):
        read = parse(file.read_bytes(), f"https://{slug}.example/feed")
        if isinstance(read, Document):
            take(db, read.entries, slug=slug, head=read.head, topics=config.topics)
    publisher, said = Publisher(db, config), 0
    for topic in config.topics:
        output = reading.output(db, "topics", topic.slug)
        assert output is not None
        held = {one.entry.public_id: one for one in reading.page(db, "topics", topic.slug, limit=99)}
        feeds = {form: publisher.feed(output, form, NOON).content for form in ("json", "atom", "rss")}
        items = json.loads(feeds["json"])["items"]
        assert [feeds[form].count(b"<heliograph:why ") for form in ("atom", "rss")] == [len(items)] * 2
        for item in items:
            (why,) = item["_heliograph"]["why"]
            entry = held[item["id"]].entry
            assert (why["topic"], why["rule_version"]) == (topic.slug, topic.rule_version)
            for span in why["spans"]:
                assert span["words"] == texts_of(entry).get(span["field"], "")[span["start"] : span["end"]]
            said += 1
    db.close()
    assert said > 20
