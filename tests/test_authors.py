"""Bylines as publishers write them become names, and spellings of one name one author."""

from __future__ import annotations

import unicodedata

import pytest

from aggregator.authors import author_key, bylines_of, plain_name
from feeds.model import Author
from storage.model import Byline
from tests.fakes import make_entry


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("By Derek Bisaccio", "Derek Bisaccio"),
        ("by Mica Rosenberg", "Mica Rosenberg"),
        ("BY JANE DOE", "JANE DOE"),
        ("By: Jane Doe", "Jane Doe"),
        ("Written by Jane Doe", "Jane Doe"),
        ("View all posts by MSAB", "MSAB"),
        ("Reported by Jane  Doe.", "Jane Doe"),
        ("  Jane\n Doe ,", "Jane Doe"),
        ("Jane Doe |", "Jane Doe"),
        ("Jane Doe —", "Jane Doe"),
        ("Автор: Андрей Колесников", "Андрей Колесников"),
        ("Подготовила Карина Гасимова", "Карина Гасимова"),
        ("Haberi hazırlayan: Sehernur Karsu", "Sehernur Karsu"),
        ("Yazar Fatma Sevinç Çetin", "Fatma Sevinç Çetin"),
        ("بقلم محمد علي", "محمد علي"),
        ("نویسنده: رضا احمدی", "رضا احمدی"),
        ("Byron Smith", "Byron Smith"),
        ("Parvin Ali", "Parvin Ali"),
        ("Vonnegut, Kurt", "Vonnegut, Kurt"),
        ("Автор", "Автор"),
        ("Joori Roh & Soo-Hyang Choi", "Joori Roh & Soo-Hyang Choi"),
        ("RFE/RL's Kazakh Service", "RFE/RL's Kazakh Service"),
        ("admin", ""),
        ("Webmaster", ""),
        ("user42", ""),
        ("by admin", ""),
        ("author", ""),
        ("Userina Smith", "Userina Smith"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_name_without_what_is_no_name(raw: str, name: str) -> None:
    """ "By", trailing punctuation and accounts are no part of a name; everything else stays as it was written."""
    assert plain_name(raw) == name


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

    assert bylines_of(entry, "News") == (
        Byline(key="annsmith", name="Ann Smith", slug="ann-smith", url="https://news.example/ann", bio="Writes."),
        Byline(key="варваралисогорова", name="Варвара Лисогорова", slug="varvara-lisogorova"),
    )


@pytest.mark.parametrize("byline", ["Habertürk", "HABERTURK", "By Habertürk."])
def test_a_byline_that_repeats_the_outlet_is_none(byline: str) -> None:
    """An outlet that signs with its own name names no author."""
    assert bylines_of(make_entry(authors=(byline, "Kerem Uluçınar")), "Habertürk")[0].name == "Kerem Uluçınar"
    assert bylines_of(make_entry(authors=(byline,)), "Habertürk") == ()


def test_a_source_without_a_name_hides_nobody() -> None:
    """Where the outlet has no name, every author counts."""
    assert [one.name for one in bylines_of(make_entry(authors=("Ann Smith",)), "")] == ["Ann Smith"]
