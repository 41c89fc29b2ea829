"""A text becomes words, each at its place, in any script, and no text makes that slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.topics.runs import Runs, compounds
from aggregator.topics.words import Token, Words


class Read:
    """A text read by somebody who looks for every form."""

    def __init__(self, *texts: str) -> None:
        self.numbers: dict[str, int] = {}
        self.words = Words(*texts, runs=Runs(lambda form: (self.numbers.setdefault(form, len(self.numbers)),)))

    def find(self, form: str) -> list[Token]:
        """Where a form stands."""
        return self.words.find(self.numbers.get(form, -1))


def shown(text: str) -> list[str]:
    """Compounds as a person reads them: parts with a hyphen between."""
    return ["-".join(part.text for part in compound) for compound in compounds(text)]


def found(text: str, form: str) -> list[str]:
    """What stands where a form was found."""
    return [text[token.start : token.end] for token in Read(text).find(form)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("air defence", ["air", "defence"]),
        ("counter-UAV", ["counter-UAV"]),
        ("counter‑UAV, Russia–Ukraine", ["counter-UAV", "Russia-Ukraine"]),
        ("counterUAV CounterUAV antiİHA", ["counter-UAV", "Counter-UAV", "anti-İHA"]),
        ("S-300PMU-2", ["S-300PMU-2"]),
        ("Ｓ－３００", ["Ｓ-３００"]),
        ("S-\u200e300", ["S-300"]),
        ("snake_case", ["snake", "case"]),
        ("O’Regan's", ["O’Regan's"]),
        ("'drone' “drone”", ["drone", "drone"]),
        ("drones' rotors", ["drones", "rotors"]),
        ("ASELSAN'ın", ["ASELSAN'ın"]),
        ("iPhone McDonald Baykar", ["iPhone", "McDonald", "Baykar"]),
        ("中国出口", ["中", "国", "出", "口"]),
        ("中国UAV出口", ["中", "国", "UAV", "出", "口"]),
        ("S-300防空", ["S-300", "防", "空"]),
        ("人々", ["人", "々"]),
        ("ｶﾞｽ", ["ｶﾞ", "ｽ"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("Mi-8\ufe0f🚁Mi-17", ["Mi-8", "Mi-17"]),
        ("5\ufe0f\u20e3 👩‍✈️", ["5"]),
        ("هليكوبتر\u200f.", ["هليكوبتر"]),
        ("нет — да", ["нет", "да"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("\u0301\u200d", []),
        ("", []),
    ],
)
def test_words_of_every_script(text: str, expected: list[str]) -> None:
    """Hyphens, capitals and scripts without spaces part words; marks and invisible characters belong to them."""
    assert shown(text) == expected


def test_a_place_points_at_its_word() -> None:
    """The characters of a place are those of the words that were found, hyphen included."""
    text = "Six Mi-17s, two Mi-8MTVs and Kazakhstan's S-300PMU-2"

    assert found(text, "mi17s") == ["Mi-17s"]
    assert found(text, "kazakhstan") == ["Kazakhstan's"]
    assert found(text, "s300pmu") == ["S-300PMU"]
    assert found(text, "s300pmu2") == ["S-300PMU-2"]
    assert found(text, "300pmu2") == ["300PMU-2"]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Kazakhstan's", ["kazakhstan", "kazakhstans"]),
        ("ASELSAN'ın", ["aselsan", "aselsanin"]),
        ("İHA'larının", ["iha", "ihalarinin"]),
        ("Kazakistan'dakiler", ["kazakistan", "kazakistandakiler"]),
        ("S-300'ün", ["s300", "300", "300un"]),
        ("l'armée", ["armee", "larmee"]),
        ("L’UE", ["ue", "lue"]),
        ("dell'ONU", ["onu", "dellonu"]),
        ("all's", ["all", "alls"]),
        ("army\u02bcs", ["army", "armys"]),
        ("qu'Erdogan", ["erdogan", "querdogan"]),
        ("O'Regan", ["regan", "oregan"]),
        ("defence", ["defence", "defense"]),
    ],
)
def test_an_apostrophe_joins_an_ending_or_an_article(text: str, forms: list[str]) -> None:
    """A word is found without the ending or the article that an apostrophe joins to it, and with it."""
    words = Read(text)

    assert [form for form in forms if not words.find(form)] == []


def test_an_article_is_no_word_of_its_own() -> None:
    """What an apostrophe sets apart is found where it is a name or a noun, not where it is grammar."""
    assert not Read("O'Regan's").find("o")
    assert not Read("qu'Erdogan").find("qu")
    assert not Read("ASELSAN'ın").find("in")


def test_texts_are_kept_apart() -> None:
    """Words of two texts are never neighbours, and their places are those in the texts joined by bars."""
    names = ("Ann Smith", "", "John Doe")
    words = Read(*names)
    (smith,), (john,) = words.find("smith"), words.find("john")

    assert john.position > smith.position + 1
    assert " | ".join(names)[john.start : john.end] == "John"


@given(st.text(max_size=60) | st.text("aBé-'’ Ж8中ガ\u0301\u200d\u200fثิ", max_size=60))
def test_parts_lie_in_order_at_their_places(text: str) -> None:
    """Whatever the text, each part is the text at its place, and parts never overlap."""
    end = 0
    for part in (part for compound in compounds(text) for part in compound):
        assert end <= part.start < part.end
        assert text[part.start : part.end] == part.text
        end = part.end


@given(st.text("aB-' 8中\u0301", max_size=40))
def test_positions_count_parts(text: str) -> None:
    """The places of single parts are numbered without a gap, so that neighbours in a phrase are neighbours in the text."""
    parts = [part for compound in compounds(text) for part in compound]
    words = Read(text)
    singles = {token for form in words.numbers for token in words.find(form) if token.width == 1}

    assert singles <= {Token(at, 1, part.start, part.end) for at, part in enumerate(parts)}


@pytest.mark.parametrize(
    "unit",
    [
        "aaa", "A", "aA", "a'", "a-", "a_", "'", "-", "\u0301", "\u0301\u0316", "a\u0301\u0316", "\u200d", "a\u200d", "中", "中a",
        "ก่", "armour", "programme", "1a", "a1", "é", "İ", "🚁", "🚁\u200d", "\u0640", "⑴", "ﷺ", "l", "is", "\U0001d400",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", [" end", "⑴ end", "'b end", "\u0301 end"])
def test_no_text_hangs_the_tokenizer(unit: str, ending: str) -> None:
    """X-35: a run of anything becomes parts of bounded length, so that time grows with the length of the text only."""
    text = "aaa" + unit * (10_000 // len(unit)) + ending

    assert max(len(part.text) for compound in compounds(text) for part in compound) < 2500
    assert [text[token.start :] for token in Read(text).find("end")] == ["end"]


@pytest.mark.parametrize("unit", ["A", "\u0301\u0316", "armour"])
def test_a_megabyte_is_read(unit: str) -> None:
    """X-35: a text of a megabyte is read to its last word."""
    text = "aaa" + unit * (1_000_000 // len(unit)) + " end"

    assert [text[token.start :] for token in Read(text).find("end")] == ["end"]


def test_a_word_has_an_end() -> None:
    """A word of absurd length is cut, not lost: its pieces are found, and so is what follows."""
    text = "x" * 1000 + " drone"
    words = Read(text)

    assert shown(text) == ["x" * 100] * 10 + ["drone"]
    assert words.find("x" * 100)
    assert words.find("drone")
