"""One spelling for what readers call the same word, and two for what they do not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.topics.fold import fold, forms, held_forms, letters, prefix_forms, spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Defence", "DEFENSE"), ("licence", "license"), ("offence", "offense"), ("pretence", "pretense"),
        ("practised", "practiced"), ("armoured", "armored"), ("neighbouring", "neighboring"), ("Labour", "labor"),
        ("organisation", "organization"), ("modernised", "modernized"), ("analyse", "analyze"), ("centre", "center"),
        ("calibres", "calibers"), ("manoeuvre", "maneuver"), ("manoeuvred", "maneuvered"), ("manoeuvring", "maneuvering"),
        ("programmes", "programs"), ("travelling", "traveling"), ("aeroplane", "airplane"), ("licencing", "licensing"),
    ],
)  # fmt: skip
def test_the_two_english_spellings_of_a_word_are_one(one: str, other: str) -> None:
    """British and American spellings of the same word fold to the same form."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İHA", "iha"), ("İHA", "IHA"), ("ıslak", "islak"), ("KIRGIZ", "Kırgız"), ("Çağrı", "cagri"), ("Qarabağ", "qarabag"),
        ("Azərbaycan", "AZERBAYCAN"), ("ёлка", "елка"), ("ЁЛКА", "ёлка"), ("café", "cafe"), ("Straße", "STRASSE"),
        ("Łódź", "lodz"), ("œuvre", "oeuvre"), ("Ærø", "aero"), ("Kazakhstan’s", "Kazakhstan's"), ("O’Regan", "oregan"),
        ("oʻzbek", "o'zbek"), ("أكتاو", "اكتاو"), ("إيران", "ايران"), ("علی", "علي"), ("کرمان", "كرمان"),
        ("مُسَيَّرة", "مسيرة"), ("مدرسة", "مدرسه"), ("مؤتمر", "موتمر"), ("دفـــاع", "دفاع"), ("می‌خواهم", "میخواهم"),
        ("dro\u00adne", "drone"), ("dro\u200bne", "drone"), ("dro\ufeffne", "drone"), ("\u200fدفاع\u200e", "دفاع"),
        ("ＵＡＶ", "uav"), ("ﬁghter", "fighter"), ("5\ufe0f", "5"), ("cafe\u0301", "café"), ("и\u0306", "й"),
        ("ﷺ", "صلى الله عليه وسلم"), ("ｶﾞｽ", "ガス"), ("한국", unicodedata.normalize("NFD", "한국")),
    ],
)  # fmt: skip
def test_what_readers_call_the_same_word_is_one(one: str, other: str) -> None:
    """Case, accents, ё, apostrophes, Arabic variants and invisible characters make no difference."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("май", "маи"), ("стоїть", "стоіть"), ("ўзбек", "узбек"), ("ガス", "カス"), ("パン", "ハン"),
        ("hour", "hor"), ("four", "for"), ("raise", "raize"), ("filled", "filed"), ("seller", "seler"), ("tire", "tier"),
        ("қару", "кару"), ("defence", "defend"), ("سلاح", "صلاح"),
    ],
)  # fmt: skip
def test_what_readers_call_two_words_stays_two(one: str, other: str) -> None:
    """й is not и, が is not か, and a spelling rule changes no word that merely looks like its own."""
    assert fold(one) != fold(other)


@given(st.text(max_size=12))
def test_folding_twice_changes_nothing_more(word: str) -> None:
    """A folded word, folded again, is itself, whatever stood there."""
    once = letters(word)

    assert letters(once) == once


@pytest.mark.parametrize(
    "word", ["armoured", "organisations", "manoeuvred", "travelling", "licenced", "programmes", "practised"]
)
def test_a_spelling_is_chosen_once(word: str) -> None:
    """The chosen spelling of a word is its own chosen spelling."""
    assert spelling(spelling(word)) == spelling(word)


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("С300", "S300"), ("С300", "C300"), ("Т72Б3", "T72B3"), ("Су30СМ", "Su30SM"), ("Ми8МТВ", "Mi8MTV"), ("Як130", "Yak130"),
        ("Х101", "Kh101"), ("Х101", "X101"), ("БТР82А", "BTR82A"), ("МиГ29", "MiG29"), ("Ту160", "Tu160"), ("В52", "B52"),
        ("М16", "M16"), ("Ил76", "IL76"), ("Ка52", "KA52"), ("ЗУ23", "ZU23"), ("S300В", "S300V"), ("Мі8", "Mi8"),
    ],
)  # fmt: skip
def test_designators_are_found_in_both_alphabets(cyrillic: str, latin: str) -> None:
    """A designator in Cyrillic is written in Latin by sound or by look: С-300 is S-300 and C-300."""
    assert fold(latin) in forms(cyrillic)
    assert fold(latin) in held_forms(cyrillic)


@pytest.mark.parametrize("word", ["Москва", "сам", "СССР", "вертолет", "2022", "дрон2022", "第30", "إس300"])
def test_other_words_keep_their_alphabet(word: str) -> None:
    """Only a designator changes its letters: Cyrillic «сам» is not "cam", and what is not Cyrillic stays as it is."""
    assert forms(word) == (fold(word),)


@pytest.mark.parametrize(
    ("prefix", "word"),
    [
        ("defence", "defenses"), ("defenc", "defense"), ("defens", "defence"), ("armour", "armored"), ("armor", "armoured"),
        ("organis", "organized"), ("organiz", "organised"), ("localisat", "localization"), ("localisati", "localization"),
        ("localisa", "localization"), ("localisin", "localizing"), ("analys", "analyzed"),
        ("licenc", "license"), ("manoeuv", "maneuvers"), ("manoeuvr", "maneuvers"), ("maneuv", "manoeuvre"),
        ("programme", "programs"), ("centre", "centers"), ("drill", "drilling"), ("shell", "shelling"), ("travell", "travelled"),
        ("install", "installed"), ("Су3", "Su35"), ("Су", "Су35"), ("Як1", "Yak130"), ("С300", "C300PMU"), ("İHA", "ihalar"),
        ("Kırgız", "KIRGIZISTAN"),
    ],
)  # fmt: skip
def test_a_beginning_meets_every_spelling(prefix: str, word: str) -> None:
    """A prefix finds the words that begin so in either spelling, and also those whose spelling is folded further on."""
    held = held_forms(word)

    assert any(form.startswith(beginning) for form in held for beginning in prefix_forms(prefix))


@pytest.mark.parametrize(
    ("prefix", "word"),
    [
        ("shell", "shelter"),
        ("drill", "Drilon"),
        ("polis", "Polizei"),
        ("hour", "horse"),
        ("armour", "army"),
        ("Су3", "Cu2"),
    ],
)
def test_a_beginning_meets_nothing_else(prefix: str, word: str) -> None:
    """The other spelling of a beginning is no licence to find other words."""
    held = held_forms(word)

    assert not any(form.startswith(beginning) for form in held for beginning in prefix_forms(prefix))


def test_a_folded_word_is_bounded() -> None:
    """X-35: a character that stands for a whole sentence makes no endless word."""
    assert len(letters("ﷺ" * 10_000)) == 300
    assert len(fold("ab" * 10_000)) == 300


def test_names_are_not_words() -> None:
    """Letters alone are folded in names: spelling pairs would make two people one."""
    assert letters("Élodie") == "elodie"
    assert letters("Denise") != letters("Denize")
    assert fold("Denise") == fold("Denize")
