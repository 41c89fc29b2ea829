"""Which entries tell the same story: exact and near copies, and the traps that are none."""

from __future__ import annotations

import random
import tracemalloc
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from aggregator.sameness import Rarity
from aggregator.stories import KEPT, Stories
from aggregator.telling import Telling, exact_keys, sentences, stem, telling
from tests.fakes import NOON

QUAY = (
    "The harbour office of Port Amsel closed its northern quay on Tuesday after a crane fell on two barges. "
    "Eleven dockers were hurt, harbour master Ilse Brandow said. The crane, built in 1974, had been due for scrapping. "
    "Ships will be moved to the southern quay for 16 days. Repairs are put at 4.2 million marks."
)
QUAY_REWRITTEN = (
    "A falling crane has crushed two barges in Port Amsel and injured 11 dockers. Harbour master Ilse Brandow shut the "
    "northern quay on Tuesday and sends ships to the southern one for the next 16 days. The bill may reach 4.2 million marks."
)
QUAY_FOLLOWED = (
    "Prosecutors in Port Amsel searched the offices of a lifting company on Thursday and took away 40 boxes of papers. "
    "The harbour office closed its northern quay on Tuesday after a crane fell on two barges. "
    "Eleven dockers were hurt, harbour master Ilse Brandow said. The crane, built in 1974, had been due for scrapping."
)
PATROL = "The coast guard of {land} stopped {count} boats off {cape} in the night to {day} and brought {people} people ashore."


class Desk:
    """An index with a short way to give it entries."""

    def __init__(self) -> None:
        self.index = Stories()
        self._key = 0

    def hears(self, title: str, text: str = "", *, source: str = "", hours: float = 0, **said: Any) -> int:
        """The story of an entry of a source of its own, published so many hours after noon."""
        self._key += 1
        at = NOON + timedelta(hours=hours)
        one = telling(key=self._key, source=source or f"s{self._key}", at=at, title=title, text=text, **said)
        return self.index.add(one).story


@pytest.fixture
def desk() -> Desk:
    """An index that has heard of other things."""
    desk = Desk()
    desk.hears("Bakers of Lower Wend ask for cheaper flour", "The guild of bakers wrote to the council about flour.")
    desk.hears(
        "Ballet returns to the old opera", "After nine years of building, dancers take the stage of the old opera."
    )
    return desk


def test_one_address_is_one_story(desk: Desk) -> None:
    """N-01: entries of two sources with one canonical address are one story, whatever they say."""
    first = desk.hears("A title", "Words of one kind.", canonical="https://a.example/1")
    assert desk.hears("Otherwise", "Nothing in common here.", canonical="https://a.example/1") == first


def test_a_front_page_is_no_entrys_address(desk: Desk) -> None:
    """N-01: a site that links all it has to its front page, or all of one source to one page, does not make one story."""
    first = desk.hears("A crane fell", QUAY, canonical="https://a.example/")
    assert desk.hears("Flour", "Bakers and flour again.", canonical="https://a.example/") != first
    live = desk.hears("Minute by minute: council", "Talks.", source="one", canonical="https://b.example/live")
    assert desk.hears("Minute by minute: fire", "Smoke.", source="one", canonical="https://b.example/live") != live


def test_a_copy_is_one_story_even_days_later(desk: Desk) -> None:
    """N-01: the same text under another title, with other spaces and capitals, is the same story after the window too."""
    first = desk.hears("Quay closed", QUAY)
    assert desk.hears("Crane falls on barges", QUAY.upper().replace(" ", "\n "), hours=100) == first


def test_a_line_below_everything_makes_no_story(desk: Desk) -> None:
    """N-01: a short text that a source sets under every title is no copy."""
    line = "Read the whole article on our pages, free for members."
    assert desk.hears("Crane falls", line, source="one") != desk.hears("Flour is dear", line, source="one")


@pytest.mark.parametrize(
    "text",
    [
        QUAY[:105],
        QUAY_REWRITTEN,
        "AMSEL, Nov 24 (XPA) - " + QUAY,
        QUAY + "\n\nRead more:\nThe cranes of Amsel\n\nSubscribe to our newsletter.",
        QUAY
        + " Port Amsel handles a third of the country's grain. It was founded by monks. Its lighthouse is a museum today.",
    ],
    ids=["snippet", "rewritten", "dateline", "boilerplate", "lengthened"],
)
def test_versions_of_one_text_are_one_story(desk: Desk, text: str) -> None:
    """N-02, N-03: a snippet, a rewritten copy, one with a dateline, boilerplate or background tell the same story."""
    first = desk.hears("Crane falls on barges in Port Amsel", QUAY)
    assert desk.hears("Northern quay of Port Amsel closed", text, hours=3) == first


def test_a_follow_up_is_another_story(desk: Desk) -> None:
    """N-02: new news that repeats yesterday's at its end is another story."""
    first = desk.hears("Crane falls on barges in Port Amsel", QUAY)
    assert desk.hears("Offices searched after crane accident", QUAY_FOLLOWED, hours=46) != first


def test_numbers_must_agree(desk: Desk) -> None:
    """N-03: the same report with other numbers is another story, of the same source and of others."""
    said = {"land": "Farland", "cape": "Cape Lorn", "day": "Monday"}
    first = desk.hears("Boats stopped off Cape Lorn", PATROL.format(**said, count=3, people=71), source="one")
    other = PATROL.format(**said, count=5, people=118)
    assert desk.hears("Boats stopped off Cape Lorn", other, source="one", hours=24) != first
    assert desk.hears("Boats stopped off Cape Lorn", other, source="two", hours=24) != first


def test_names_must_agree(desk: Desk) -> None:
    """N-03: the same words about other places and people are another story."""
    first = desk.hears(
        "Farland stops boats", PATROL.format(land="Farland", count=3, cape="Cape Lorn", day="Monday", people=71)
    )
    other = PATROL.format(land="Norland", count=4, cape="Mullin Head", day="Monday", people=52)
    assert desk.hears("Norland stops boats", other, hours=2) != first


def test_the_window_ends(desk: Desk) -> None:
    """N-02: rewritten copies are one story within 72 hours only."""
    first = desk.hears("Crane falls on barges in Port Amsel", QUAY)
    assert desk.hears("Crane crushes barges", QUAY_REWRITTEN, hours=73) != first


@pytest.mark.parametrize(
    ("title", "text", "again"),
    [
        (
            "В Залесске обрушился мост", "В Залесске в среду обрушился мост через реку Вязь, пострадали 14 человек. "
            "Движение закрыто на 20 дней, сообщил глава города Пётр Лазник. Мост построили в 1961 году.",
            "Мост через Вязь рухнул в среду в Залесске: 14 пострадавших. По словам мэра Петра Лазника, "
            "движения не будет 20 дней.",
        ),
        (
            "Yenidere'de köprü çöktü", "Yenidere'de çarşamba günü Vezin Irmağı üzerindeki köprü çöktü, 14 kişi yaralandı. "
            "Belediye Başkanı Selim Korkut, yolun 20 gün kapalı kalacağını söyledi.",
            "Vezin Irmağı'ndaki köprünün Yenidere'de çökmesiyle 14 kişi yaralandı. Başkan Selim Korkut'a göre yol 20 gün kapalı.",
        ),
        (
            "انهيار جسر في الزاوية",
            "انهار جسر فوق نهر الوادي في مدينة الزاوية يوم الأربعاء وأصيب 14 شخصاً. وقال رئيس البلدية سليم "
            "القاضي إن الطريق سيغلق 20 يوماً.",
            "أصيب 14 شخصا في انهيار جسر فوق نهر الوادي بمدينة الزاوية، والطريق مغلق 20 يوماً بحسب رئيس البلدية سليم القاضي.",
        ),
        (
            "Жаңасуда көпір құлады", "Жаңасу қаласында сәрсенбі күні Ақөзен арқылы өтетін көпір құлап, 14 адам жараланды. "
            "Қала әкімі Серік Нұрланов жол 20 күнге жабылғанын айтты.",
            "Ақөзен көпірі Жаңасуда құлап, 14 адам жарақат алды. Әкім Серік Нұрлановтың айтуынша, жол 20 күн жабық болады.",
        ),
    ],
    ids=["ru", "tr", "ar", "kk"],
)  # fmt: skip
def test_other_languages_too(desk: Desk, title: str, text: str, again: str) -> None:
    """N-02: a rewritten copy is found in languages that inflect, join and write from the right."""
    assert desk.hears(title, text) == desk.hears(title, again, hours=1)


def test_the_older_story_stands(desk: Desk) -> None:
    """N-05: an entry that belongs to two stories makes them one; the older number stands, and later entries get it."""
    short = desk.hears("A", "", canonical="https://a.example/quay")
    long = desk.hears("Crane falls on barges in Port Amsel", QUAY)
    assert short != long
    told = desk.index.add(
        telling(key=900, source="x", at=NOON, title="Both", text=QUAY, canonical="https://a.example/quay")
    )
    assert (told.story, told.merged) == (short, (long,))
    assert desk.index.story_of(long) == short
    assert desk.hears("Again", QUAY, hours=1) == short


def test_an_entry_that_comes_again_keeps_its_story(desk: Desk) -> None:
    """N-05: the same entry, heard twice, is counted once."""
    one = telling(key=50, source="x", at=NOON, title="Crane falls in Port Amsel", text=QUAY)
    held = len(desk.index)
    assert desk.index.add(one) == desk.index.add(one)
    assert len(desk.index) == held + 1


def events() -> list[Telling]:
    """Forty events, told three times each: whole, cut and lengthened."""
    chance = random.Random(7)
    syllables = ("ka", "lo", "mir", "ten", "vas", "gor", "plu", "she", "dun", "bri", "ox", "fa")

    def word() -> str:
        return "".join(chance.choices(syllables, k=3))

    told: list[Telling] = []
    for number in range(40):
        names = [word().capitalize() for _ in range(4)]
        facts = [f"{word()} {names[at % 4]} {word()} {word()} {chance.randint(20, 900)} {word()}." for at in range(6)]
        for version in (facts, facts[:2], [*facts, f"{word()} {word()} {word()}."]):
            told.append(
                telling(
                    key=len(told) + 1, source=f"s{len(told)}", at=NOON + timedelta(hours=number % 30),
                    seen=NOON, title=facts[0], text=" ".join(version),
                )
            )  # fmt: skip
    return told


def test_the_order_of_arrival_does_not_matter() -> None:
    """N-06: forty events told three times each give the same groups in every order."""
    told = events()

    def groups(order: list[Telling]) -> set[frozenset[int]]:
        index = Stories()
        for one in order:
            index.add(one)
        return {
            frozenset((a.key, b.key))
            for a, b in combinations(told, 2)
            if index.story_of(a.key) == index.story_of(b.key)
        }

    found = [groups(random.Random(seed).sample(told, len(told))) for seed in range(5)]
    assert found[0] == {
        frozenset((a, b)) for first in range(1, 121, 3) for a, b in combinations(range(first, first + 3), 2)
    }
    assert all(one == found[0] for one in found)


def test_what_is_old_is_let_go() -> None:
    """N-06: the index holds the last days, not all there ever was."""
    index, base = Stories(), events()
    for day in range(6):
        for one in base:
            late = NOON + timedelta(hours=60 * day)
            index.add(
                telling(
                    key=day * 1000 + one.key, source=one.source, at=late, title=f"{day} {one.key}", text=str(one.key)
                )
            )
    assert len(index) <= len(base) * (KEPT // timedelta(hours=60) + 1)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", ""), ("?!", "…"), ("a" * 5000, ""), ("\x00\x01", "\u202e\u200b"), ("x", "word " * 200_000),
        ("x", "." * 1_000_000), ("x", "Ab'" * 300_000), ("x", "1,000" * 200_000), ("北京", "北京" * 100_000),
        ("x", "A " * 50 + "(" * 5000), ("9" * 400, "9" * 9000 + " million"), ("x", "1 thousand " * 2000),
    ],
    ids=[
        "empty", "signs", "long", "control", "1MB", "dots", "apostrophes", "numbers", "spaceless", "brackets", "digits",
        "thousands",
    ],
)  # fmt: skip
def test_bad_input_has_a_bounded_result(title: str, text: str) -> None:
    """N-06: whatever an entry holds, little of it is kept, and it tells a story of its own."""
    tracemalloc.start()
    one = telling(key=1, source="s", at=NOON, title=title, text=text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(one.terms) < 1000
    assert peak < 8_000_000
    assert Stories().add(one).story == 1


def test_numbers_have_one_spelling() -> None:
    """N-03: 3 bin 100, 3.100 and 3 100 are one number, and so are twelve and 12, 6 млн and six million."""

    def numbers(text: str) -> set[str]:
        return set(telling(key=1, source="s", at=NOON, title="", text=text).numbers)

    assert numbers("3 bin 100 ton") == numbers("3.100 ton") == numbers("3\u00a0100 тонн") == {"#3100"}
    assert numbers("twelve men") == numbers("12 men") == {"#12"}
    assert numbers("6 млн тонн") == numbers("six million tonnes") == {"#6000000"}
    assert numbers("Mi-8, T72 and S-300") == set()
    assert numbers("in 2027") == set()


def test_what_stands_around_a_story_is_taken_off() -> None:
    """N-03: datelines with and without an agency, an agency after the dash, credits and lists of other stories."""
    for before in ("BERLIN (dpa) - ", "MANILA, Nov 9 (NPA) -- ", "ТАШКЕНТ, 12 ноября - СтепПресс. ", "مسقط (وكالة) - "):
        assert [*sentences(before + "Ships came home.")] == ["Ships came home."], before
    assert [*sentences("Ships came. Subscribe to our newsletter.\nRelated:\nOther ships")] == ["Ships came."]
    assert [*sentences("The harbour - an old one - is shut.")] == ["The harbour - an old one - is shut."]


def test_inflected_words_share_a_stem() -> None:
    """N-02: forms of one word have one stem, with the article or without."""
    assert stem("helicopters") == stem("helicopter")
    assert stem("вертолета") == stem("вертолетом")
    assert stem("السفينه") == stem("سفينه")


def test_exact_keys_are_those_of_the_whole_reading() -> None:
    """N-01: what is read of old entries after a restart is what was known of them before."""
    whole = telling(key=1, source="s", at=NOON, title="T", text=QUAY, canonical="https://a.example/1")
    assert whole.exact == exact_keys(title="T", text=QUAY, canonical="https://a.example/1")


def test_a_story_told_often_makes_no_word_common() -> None:
    """N-02: rarity counts stories: forty copies of one leave its words as rare as one does."""
    once, often = Stories(), Stories()
    for index, copies in ((once, 1), (often, 40)):
        for key in range(copies):
            index.add(telling(key=key + 1, source=f"s{key}", at=NOON, title="Crane", text=QUAY))
    assert once.rarity.of("barge") == often.rarity.of("barge")


def test_rarity_is_bounded() -> None:
    """N-02: an unknown word has a bounded weight from the start, a known one less, and none is below zero."""
    rarity = Rarity()
    unknown = rarity.of("word")
    for _ in range(100_000):
        rarity.learn(["word"])
        rarity.told()
    assert 0 < rarity.of("word") < unknown
    assert rarity.of("new") < 2.5 * unknown
