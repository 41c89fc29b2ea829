"""Spellings of one name are one author; what a person says of authors stays said."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest

from aggregator.alike import pairs_alike
from aggregator.authors import author_key
from aggregator.bylines import bylines_of
from feeds.identity import slugify
from feeds.model import Author
from storage import namesakes, reading, upkeep
from storage.author_model import Profile
from storage.author_pages import author_facts
from storage.database import Database
from storage.model import AuthorRow, Byline, SourceRow
from storage.namesakes import NotMergedError
from storage.upkeep import Declared
from tests.fakes import NOON, declare, make_entry, make_source, take


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Victoria O’Regan", "VICTORIA O'REGAN"),
        ("Fatma Sevinç Çetin", "Fatma Sevinc Cetin"),
        ("Soo-Hyang Choi", "Soo Hyang Choi"),
        ("J. R. Smith", "JR Smith"),
        ("Алёна Фёдорова", "Алена Федорова"),
        ("Сергей", unicodedata.normalize("NFD", "Сергей")),
        ("José Pérez", unicodedata.normalize("NFD", "José Pérez")),
        ("رضا احمدی", "رضا احمدي"),
        ("İsmail Işık", "ISMAIL IŞIK"),
    ],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    """Case, accents, punctuation and apostrophes make no other author."""
    assert author_key(one) == author_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Андрей Колесников", "Andrei Kolesnikov"),
        ("Turganbaeva", "Turgunbaeva"),
        ("Denise Smith", "Denize Smith"),
        ("Paul Schiller", "Paul Schiler"),
        ("Jean Armour", "Jean Armor"),
        ("Сергей", "Сергеи"),
        ("राम", "रम"),
        ("が", "か"),
        ("Ann Lee 2", "Ann Lee"),
    ],
)
def test_names_that_only_look_alike_stay_two(one: str, other: str) -> None:
    """Scripts are never merged, nor are names by the spelling rules of English words."""
    assert author_key(one) != author_key(other)


@pytest.mark.parametrize("name", ["", "…", "24", "(5)", "🚁", "'"])
def test_what_has_no_letter_is_nobody(name: str) -> None:
    """A name has a letter in it."""
    assert author_key(name) == ""


def test_bylines_of_an_entry() -> None:
    """Each author once, in the publisher's order and first spelling, with page and bio; accounts are left out."""
    ann = Author(name="By Ann Smith", url="https://news.example/ann", bio="Writes.")
    entry = make_entry(authors=(ann, "ANN SMITH", "admin", "Варвара Лисогорова", "…"))

    assert bylines_of(entry, make_source()).bylines == (
        Byline(
            key="annsmith", name="Ann Smith", slug="ann-smith", url="https://news.example/ann", bio="Writes.",
            raw="By Ann Smith", origin="box",
        ),
        Byline(
            key="варваралисогорова", name="Варвара Лисогорова", slug="varvara-lisogorova", raw="Варвара Лисогорова"
        ),
    )  # fmt: skip


@pytest.mark.parametrize("byline", ["Habertürk", "HABERTURK", "By Habertürk."])
def test_a_byline_that_repeats_the_outlet_is_none(byline: str) -> None:
    """An outlet that signs with its own name names no author."""
    source = make_source(name="Habertürk")
    assert bylines_of(make_entry(authors=(byline, "Kerem Uluçınar")), source).bylines[0].name == "Kerem Uluçınar"
    assert bylines_of(make_entry(authors=(byline,)), source).bylines == ()


def test_a_source_without_a_name_hides_nobody() -> None:
    """Where the outlet has no name, every person counts."""
    found = bylines_of(make_entry(authors=("Ann Smith",)), make_source(name="")).bylines
    assert [one.name for one in found] == ["Ann Smith"]


def two(db: Database) -> None:
    """A store with two entries, signed in two scripts."""
    declare(db, make_source())
    take(db, [make_entry(id="1", authors=["Aibek Toralin"]), make_entry(id="2", authors=["Айбек Торалин"])])


def reload(db: Database, *declared: AuthorRow) -> None:
    """Read a configuration again that declares these authors."""
    sources = [SourceRow(source=make_source())]
    upkeep.reconcile(db, Declared(sources=sources, authors=declared), NOON + timedelta(hours=1))


def entries_of(db: Database, slug: str) -> set[str]:
    """The ids of an author's entries."""
    return {one.entry.id for one in reading.page(db, "authors", slug, limit=9)}


def part(db: Database, name: str) -> str:
    """Split a name; the slug of its author."""
    return namesakes.split(db, author_key(name), name, slugify(name), NOON)


def test_a_merge_lasts(db: Database) -> None:
    """Merged authors share entries, feed and later arrivals; the old address leads to the new; a reload undoes nothing."""
    two(db)
    before = reading.output(db, "authors", "aibek-toralin")
    assert namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON) == 1
    reload(db)
    take(db, [make_entry(id="3", authors=["Айбек Торалин"])])

    assert entries_of(db, "aibek-toralin") == {"1", "2", "3"}
    former, after = reading.output(db, "authors", "aybek-toralin"), reading.output(db, "authors", "aibek-toralin")
    assert former is not None
    assert former.moved_to == "aibek-toralin"
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    assert [one.slug for one in reading.list_authors(db)] == ["aibek-toralin"]


def test_a_split_gives_the_old_address_back(db: Database) -> None:
    """A name that was merged is an author of its own again, at its old address, and is not suggested to be merged."""
    two(db)
    namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON)
    assert part(db, "Айбек Торалин") == "aybek-toralin"
    reload(db)

    assert (entries_of(db, "aibek-toralin"), entries_of(db, "aybek-toralin")) == ({"1"}, {"2"})
    found = reading.output(db, "authors", "aybek-toralin")
    assert found is not None
    assert found.moved_to == ""
    assert pairs_alike(namesakes.profiles(db), namesakes.apart(db)) == []


def test_a_name_that_never_was_alone_is_split(db: Database) -> None:
    """The name that an author was first known by can leave too: the others keep the address."""
    two(db)
    namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON)
    made = part(db, "Aibek Toralin")

    assert (entries_of(db, made), entries_of(db, "aibek-toralin")) == ({"1"}, {"2"})


def test_a_refused_pair_is_not_suggested_until_it_is_merged(db: Database) -> None:
    """A refusal is remembered for every name of both; a merge is the later word."""
    two(db)
    assert [(one.likeness > 84, one.scripts) for one in pairs_alike(namesakes.profiles(db))] == [(True, True)]
    namesakes.refuse(db, "aibek-toralin", "aybek-toralin", NOON)
    assert pairs_alike(namesakes.profiles(db), namesakes.apart(db)) == []
    namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON)
    assert namesakes.apart(db) == set()


def test_what_the_file_declares_is_the_files(db: Database) -> None:
    """A declared author is not merged away, a declared alias not split; an alias in the file undoes a merge."""
    two(db)
    reload(db, AuthorRow(slug="aibek", name="Aibek Toralin", keys=(author_key("Aibek Toralin"),)))
    with pytest.raises(NotMergedError, match=r"feeds\.yaml"):
        namesakes.merge(db, "aibek", "aybek-toralin", NOON)
    with pytest.raises(NotMergedError, match=r"feeds\.yaml"):
        part(db, "Aibek Toralin")
    namesakes.merge(db, "aybek-toralin", "aibek", NOON)
    other = AuthorRow(slug="other", name="Айбек Торалин", keys=(author_key("Айбек Торалин"),))
    reload(db, AuthorRow(slug="aibek", name="Aibek Toralin", keys=(author_key("Aibek Toralin"),)), other)

    assert (entries_of(db, "aibek"), entries_of(db, "other")) == ({"1"}, {"2"})


def test_a_merge_outlives_a_declaration(db: Database) -> None:
    """An author whom the file no longer declares keeps the names that a person merged into it."""
    two(db)
    reload(db, AuthorRow(slug="aibek", name="Aibek Toralin", keys=(author_key("Aibek Toralin"),)))
    namesakes.merge(db, "aybek-toralin", "aibek", NOON)
    reload(db)

    assert entries_of(db, "aibek") == {"1", "2"}
    assert reading.output(db, "authors", "aibek") is not None


@pytest.mark.parametrize(
    ("slug", "into", "said"),
    [("nobody", "aibek-toralin", "no author nobody"), ("aibek-toralin", "nobody", "no author nobody"),
     ("aibek-toralin", "aibek-toralin", "already")],
)  # fmt: skip
def test_a_merge_of_nobody_is_refused(db: Database, slug: str, into: str, said: str) -> None:
    """Unknown authors and an author with itself are told as what they are, and nothing changes."""
    two(db)
    with pytest.raises(NotMergedError, match=said):
        namesakes.merge(db, slug, into, NOON)
    assert len(reading.list_authors(db)) == 2


def test_a_second_merge_and_an_empty_split_are_refused(db: Database) -> None:
    """Who is merged already is said to be; a name alone has nothing to be split from; a stranger is nobody."""
    two(db)
    with pytest.raises(NotMergedError, match="nothing to split"):
        part(db, "Aibek Toralin")
    with pytest.raises(NotMergedError, match="nobody is called"):
        part(db, "Nora Quill")
    namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON)
    with pytest.raises(NotMergedError, match="is aibek-toralin already"):
        namesakes.merge(db, "aybek-toralin", "aibek-toralin", NOON)
    with pytest.raises(NotMergedError, match="already"):
        namesakes.refuse(db, "aybek-toralin", "aibek-toralin", NOON)


def profile(name: str, *outlets: str, entries: int = 1) -> Profile:
    """An author beside others."""
    key = author_key(name)
    return Profile(slug=slugify(name), name=name, keys=(key,), outlets=frozenset(outlets or ("1",)), entries=entries)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Андрей Колесников", "Andrei Kolesnikov", True),
        ("Айдай Эркебаева", "Aidai Erkebaeva", True),
        ("Nora Quill", "Quill Nora", True),
        ("Nora Quill", "Nora Quil", True),
        ("Nora Quill", "Noah Quayle", False),
        ("Ann Lee", "Bo Roe", False),
        ("J. Zhangova", "X. Zhangova", False),
    ],
)
def test_names_that_are_alike_are_suggested(one: str, other: str, alike: bool) -> None:
    """Likeness is judged in Latin letters, in either order of the words, and only within an outlet."""
    assert bool(pairs_alike([profile(one), profile(other)])) == alike
    assert pairs_alike([profile(one, "1"), profile(other, "2")]) == []


def test_the_lesser_author_is_to_be_merged_into_the_greater() -> None:
    """Of a pair, the author with fewer entries stands first."""
    (pair,) = pairs_alike([profile("Nora Quill", entries=9), profile("Nora Quil", entries=2)])

    assert (pair.slug, pair.other, pair.scripts) == ("nora-quil", "nora-quill", False)


def test_desks_are_no_persons(db: Database) -> None:
    """Desks and agencies have pages and feeds, and stand in lists of their own, uncounted among persons."""
    declare(db, make_source())
    take(db, [make_entry(id="1", authors=["Nora Quill"]), make_entry(id="2", authors=["Reuters"]),
              make_entry(id="3", authors=["News Desk"])])  # fmt: skip

    assert [one.slug for one in reading.list_authors(db)] == ["nora-quill"]
    assert {one.slug for one in reading.list_authors(db, kinds=("desk", "organisation"))} == {"reuters", "news-desk"}
    assert reading.counts(db)["authors"] == 1
    assert entries_of(db, "reuters") == {"2"}
    assert author_facts(db, "news-desk", NOON - timedelta(days=9)).kind == "desk"


def test_an_author_keeps_the_kind(db: Database) -> None:
    """Who was made a desk stays one, whatever a later byline of the same name is taken for."""
    declare(db, make_source())
    take(db, [make_entry(id="1", authors=["News Desk"])])
    before = author_facts(db, "news-desk", NOON).kind
    take(db, [make_entry(id="2", authors=["News Desk, Nora Quill"])])

    assert before == author_facts(db, "news-desk", NOON).kind == "desk"


def test_an_author_page_is_gathered_from_bylines(db: Database) -> None:
    """The latest role and affiliation, every outlet with its count, spellings, and dates."""
    declare(db, make_source(), make_source(slug="other", url="https://other.example/feed", name="Other"))
    take(db, [make_entry(id="1", authors=["By Nora Quill, analyst, Example Institute"], published=NOON - timedelta(1))])
    take(db, [make_entry(id="2", authors=["NORA QUILL, senior analyst"]), make_entry(id="3", authors=["Nora  Quill"])])
    facts = author_facts(db, "nora-quill", NOON - timedelta(days=30))

    assert (facts.role, facts.affiliation, facts.kind) == ("senior analyst", "Example Institute", "person")
    assert [(one.slug, one.name, one.entries) for one in facts.outlets] == [("news", "News", 3)]
    assert (len(facts.published), facts.names) == (3, ("Nora Quill",))
    with pytest.raises(LookupError):
        author_facts(db, "nobody", NOON)
