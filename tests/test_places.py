"""Which countries and regions an entry names, and what only looks like them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator import gazetteer
from aggregator.places import MOST_SPANS, places_of

ROOT = Path(__file__).parent.parent
TRAPS = [
    line.split("|")
    for line in (Path(__file__).parent / "place_traps.psv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def codes(text: str, lang: str = "en", *, title: str = "", country: str = "") -> set[str]:
    """The codes of an entry's tags."""
    return {tag.code for tag in places_of(title, text, lang, country)}


@pytest.mark.parametrize(("lang", "text", "wanted", "why"), TRAPS)
def test_traps(lang: str, text: str, wanted: str, why: str) -> None:
    """Each sentence names the countries and regions that the table says, and no others."""
    assert codes(text, lang) == (set() if wanted == "-" else set(wanted.split())), why


def test_spans_are_the_words_that_named_the_place() -> None:
    """A tag counts every mention, knows whether the title has one, and keeps where each stands."""
    title, text = "Kazakh pilots train", "Astana sent them. Kazakhstan pays."
    (tag,) = places_of(title, text, "en")

    assert (tag.code, tag.count, tag.in_title) == ("KZ", 3, True)
    assert [span.term for span in tag.spans] == ["Kazakh", "Astana", "Kazakhstan"]
    for span in tag.spans:
        whole = title if span.field == "title" else text
        assert whole[span.start : span.end] == span.term


def test_titles_come_first() -> None:
    """The places of the title come before those of the text, however often those are named."""
    tags = places_of("Oslo waits", "Paris, France. Lyon, France. Oslo.", "en")

    assert [tag.code for tag in tags] == ["NO", "FR"]


def test_the_source_s_own_country_is_a_second_cue() -> None:
    """ "Georgia" alone is no country, unless a Georgian source writes it."""
    assert codes("Georgia votes on Sunday") == set()
    assert codes("Georgia votes on Sunday", country="GE") == {"GE"}


def test_a_surname_is_one_throughout() -> None:
    """What a given name has shown to be a surname names no place in the same entry."""
    assert codes("Stefania London won in Varna. London thanked her voters.") == {"BG"}


@pytest.mark.parametrize(
    ("lang", "text", "wanted"),
    [
        ("en", "NAIROBI, Nov 14 (Agency) - Somalia took six boats.", {"SO"}),
        ("en", "ANKARA (AA) — Syria opened a course.", {"SY"}),
        ("en", "Bishkek, Sep 17 (UNI): Tajikistan closed a road.", {"TJ"}),
        ("ru", "МОСКВА, 14 ноя — РИА. Сомали получило катера.", {"SO"}),
        ("ru", "Москва — столица России.", {"RU"}),
        ("ar", "بيروت (رويترز) - وصل وفد إلى مصر.", {"EG"}),
        ("fa", "نایروبی (خبرگزاری) - سومالی قایق گرفت.", {"SO"}),
        ("en", "Moscow and Beijing met for 3 days of talks - a first.", {"RU", "CN"}),
    ],
)
def test_the_filing_city_of_a_dateline_does_not_count(lang: str, text: str, wanted: set[str]) -> None:
    """A dateline says where the reporter sat, not what the entry tells of."""
    assert codes(text, lang) == wanted


@pytest.mark.parametrize(
    ("lang", "bio"),
    [
        ("en", "About the author: lives in Vienna and writes on Iran."),
        ("en", "Jane Example is a freelance journalist who covers Turkey and Iran."),
        ("ru", "Об авторе: живёт в Вене, пишет о Турции и Иране."),
        ("kk", "Автор туралы: Венада тұрады, Иран туралы жазады."),
        ("tr", "Yazar hakkında: Viyana'da yaşıyor."),
    ],
)
def test_what_is_said_about_an_author_does_not_count(lang: str, bio: str) -> None:
    """Places in the last words about the author are not the entry's."""
    text = {
        "en": "Tajikistan trains.",
        "ru": "Таджикистан учит.",
        "kk": "Тәжікстан үйретеді.",
        "tr": "Tacikistan eğitiyor.",
    }

    assert codes(f"{text[lang]}\n\n{bio}", lang) == {"TJ"}


def test_a_language_that_nobody_knows() -> None:
    """Without a language the names count that mean one place in all; a region subtag is no hindrance."""
    assert codes("Қазақстан, Russia und Ägypten", "") == {"KZ", "RU", "EG"}
    assert codes("Kazakhstan", "unknown") == {"KZ"}
    assert codes("Kazakhstan", "en-GB") == {"KZ"}
    assert codes("Fas ve Çad", "") == set()


@pytest.mark.parametrize("lang", ["", "en", "ru", "ar", "fa", "zh"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01",
        "____",
        "\u200c\u200f",
        "«»",
        "-",
        "а́",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "Ира\u0301н",
        "\ufdfa" * 50,
    ],
)
def test_odd_texts(lang: str, text: str) -> None:
    """Nothing to read, or nothing readable, names nothing and breaks nothing."""
    assert codes(text, lang, title=text) <= {"IR"}


@pytest.mark.parametrize(
    "unit", ["Paris ", "Iran, ", "U.S. ", "a", "Jordan Hale ", "\n", "«Иран» ", "中国", "North ", "Iran\n"]
)
def test_a_megabyte_has_a_bounded_answer(unit: str) -> None:
    """A text of 1 MB gives a few tags with at most 20 spans each, whatever it is made of."""
    tags = places_of("", unit * (1_000_000 // len(unit)), "zh" if unit == "中国" else "en")

    assert len(tags) < 5
    assert all(len(tag.spans) <= MOST_SPANS for tag in tags)


def test_every_country_has_names_and_a_point() -> None:
    """Each of the 250 has a name in 12 languages and more, a slug, a point on Earth and a region."""
    assert len(gazetteer.codes()) == 250
    assert len(gazetteer.languages()) >= 12
    for code in gazetteer.codes():
        assert all(gazetteer.names(code, language) for language in gazetteer.languages())
        latitude, longitude = gazetteer.point(code) or (999, 999)
        assert -90 <= latitude <= 90, code
        assert -180 <= longitude <= 180, code
        assert gazetteer.regions_of(code) or code == "AQ", code


def test_a_country_is_found_by_its_name() -> None:
    """CLDR's name of a country finds it, in each of the six languages, but for names that need a second cue."""
    unsure = {
        "GE",
        "JO",
        "TD",
        "JE",
        "CD",
        "CG",
        "HK",
        "MO",
        "TR",
        "QA",
        "OM",
        "ML",
        "PE",
        "BJ",
        "CZ",
        "TG",
        "SX",
        "MF",
        "NU",
        "RE",
    }
    missed = []
    for code in set(gazetteer.codes()) - unsure:
        for language in ("en", "ru", "tr", "ar", "fa", "kk"):
            name = gazetteer.names(code, language).split(" (")[0]
            if code not in codes(f"{name} {code}", language) and code not in codes(f"x, {name}.", language):
                missed.append((code, language, name))

    assert len(missed) <= 40, sorted(missed)
    assert not [one for one in missed if one[0] in gazetteer.members("asia")], missed


def test_slugs_are_unique_and_lead_back() -> None:
    """Each country and region has an address of its own, and the address finds it; so do M49 numbers and codes."""
    everything = (*gazetteer.codes(), *gazetteer.regions())
    slugs = [gazetteer.slug_of(one) for one in everything]

    assert len(set(slugs)) == len(everything)
    assert [gazetteer.code_of(slug) for slug in slugs] == list(everything)
    assert all(slug == slug.lower() and slug.replace("-", "").isalnum() and slug.isascii() for slug in slugs)
    assert gazetteer.code_of("143") == "central-asia"
    assert gazetteer.code_of("kz") == gazetteer.code_of("Kazakhstan") == "KZ"
    assert gazetteer.code_of("atlantis") == gazetteer.slug_of("ZZ") == gazetteer.names("ZZ", "en") == ""


def test_regions_hold_countries() -> None:
    """A region holds its countries, those of its parts too, and every member is a country."""
    assert gazetteer.members("central-asia") == {"KZ", "KG", "TJ", "TM", "UZ"}
    assert gazetteer.members("central-asia") < gazetteer.members("asia")
    assert gazetteer.members("caucasus") == {"AM", "AZ", "GE"}
    assert len(gazetteer.members("nato")) == 32
    assert len(gazetteer.members("european-union")) == 27
    assert gazetteer.members("KZ") == frozenset()
    assert {"central-asia", "csto", "sco", "eaeu", "turkic-states", "caspian"} <= set(gazetteer.regions_of("KZ"))
    for region in gazetteer.regions():
        assert gazetteer.members(region) <= set(gazetteer.codes()), region
        assert gazetteer.names(region, "en"), region


def test_every_group_is_found_by_its_name() -> None:
    """The first English name of each region is found as that region."""
    for region in gazetteer.regions():
        name = gazetteer.names(region, "en")
        assert region in codes(f"Ministers of {name} met.", "en") | codes(f"Ministers of the {name} met.", "en"), name


def test_the_data_is_what_the_script_makes() -> None:
    """places.yaml and places.json are what scripts/make_places.py writes from its tables and CLDR."""
    if importlib.util.find_spec("babel") is None:
        pytest.skip("Babel is not installed")
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "make_places.py"), "--check"], check=False)

    assert done.returncode == 0, "run scripts/make_places.py and commit what it writes"


def test_starting_reads_no_gazetteer() -> None:
    """Importing the look-up reads no file: a command that needs no places pays nothing for them."""
    program = "import aggregator.places, aggregator.gazetteer as g, sys; sys.exit(g.data.cache_info().currsize)"

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
