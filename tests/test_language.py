"""Which language is an entry in? Short titles, wrong declarations, texts that tell nothing, hostile ones."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.language import UNKNOWN, declared_tag, language_of

TITLES = [
    ("en", "Border guards find a second tunnel near the river"),
    ("en", "NAVY ORDERS TWO NEW PATROL SHIPS"),
    ("ru", "Пограничники нашли второй тоннель у реки"),
    ("ru", "ПОГРАНИЧНИКИ НАШЛИ ВТОРОЙ ТОННЕЛЬ"),
    ("ru", "«Bayraktar» и «Aselsan» на учениях под Алматы"),
    ("ru", "Қазақстан: что известно об учениях, которые начались в понедельник на полигоне у границы"),
    ("uk", "Прикордонники знайшли другий тунель біля річки"),
    ("be", "Памежнікі знайшлі другі тунэль каля ракі"),
    ("bg", "Граничарите откриха втори тунел край реката"),
    ("tr", "Sınır muhafızları nehrin yakınında ikinci bir tünel buldu"),
    ("az", "Sərhədçilər çayın yaxınlığında ikinci tunel tapıblar"),
    ("tk", "Serhetçiler derýanyň golaýynda ikinji tuneli tapdylar"),
    ("uz", "Chegarachilar daryo yaqinida ikkinchi tunnelni topdilar"),
    ("uz", "Чегарачилар дарё яқинида иккинчи туннелни топдилар"),
    ("kk", "Шекарашылар өзен маңынан екінші тоннель тапты"),
    ("ky", "Чек арачылар дарыянын жанынан экинчи туннелди табышты"),
    ("tg", "Сарҳадбонон дар наздикии дарё нақби дуюмро ёфтанд"),
    ("mn", "Хилчид голын ойролцоо хоёр дахь хонгилыг олжээ"),
    ("ar", "حرس الحدود يعثر على نفق ثان قرب النهر"),
    ("fa", "مرزبانان دومین تونل را در نزدیکی رودخانه پیدا کردند"),
    ("ps", "سرحدي ساتونکو د سیند ته نږدې دویم تونل وموند"),
    ("ur", "سرحدی محافظوں نے دریا کے قریب دوسری سرنگ ڈھونڈ لی"),
    ("ug", "چېگرا ساقچىلىرى دەريا بويىدىن ئىككىنچى تونېلنى تاپتى"),
    ("ckb", "پاسەوانانی سنوور تونێلی دووەمیان لە نزیک ڕووبارەکە دۆزییەوە"),
    ("hy", "Սահմանապահները գետի մոտ երկրորդ թունել են գտել"),
    ("ka", "მესაზღვრეებმა მდინარესთან მეორე გვირაბი იპოვეს"),
    ("he", "משמר הגבול מצא מנהרה שנייה ליד הנהר"),
    ("el", "Οι συνοριοφύλακες βρήκαν δεύτερη σήραγγα"),
    ("de", "Grenzschützer finden zweiten Tunnel am Fluss"),
    ("fr", "Les gardes-frontières découvrent un deuxième tunnel près du fleuve"),
    ("es", "Los guardias fronterizos hallan un segundo túnel junto al río"),
    ("pl", "Strażnicy graniczni znaleźli drugi tunel nad rzeką"),
    ("hi", "सीमा रक्षकों को नदी के पास दूसरी सुरंग मिली"),
    ("th", "ทหารพรานพบอุโมงค์แห่งที่สองใกล้แม่น้ำ"),
    ("ko", "국경 수비대, 강 근처에서 두 번째 터널 발견"),
    ("ja", "国境警備隊が川の近くで2本目のトンネルを発見"),
    ("zh", "边防人员在河边发现第2条隧道"),
]
TELLS_NOTHING = [
    "", "   \n", "2026-11-24 10:48", "3 : 1", "???", "—", "NATO", "OK", "Bayraktar TB2", "Mi-8AMTSh", "#KADEX #IDEF",
    "Путин", "Сергей Лавров", "https://news.example/a/b?c=d", "www.news.example", "desk@news.example", "@newsroom",
    "\x00\x01\x1b[31m", "\u200b\u202e", "🚁🚁",
    "Recep Tayyip Erdoğan", "Ursula von der Leyen", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(("language", "title"), TITLES)
def test_a_title_tells_its_language(language: str, title: str) -> None:
    """A title alone tells its language, with nothing declared, the right thing, or a wrong one."""
    assert language_of(title, "", "") == (language, "text")
    assert language_of(title, "", language) == (language, "text")
    assert language_of("", title, "sw") == (language, "text")


@pytest.mark.parametrize("text", TELLS_NOTHING)
def test_what_tells_nothing_is_unknown(text: str) -> None:
    """Numbers, names, addresses and control characters are of no language, unless the feed declares one."""
    assert language_of(text, "", "") == (UNKNOWN, "")
    assert language_of("", text, "no such language") == (UNKNOWN, "")


@pytest.mark.parametrize(
    ("title", "declared", "expected"),
    [
        ("NATO", "ru", ("ru", "feed")),
        ("Bayraktar TB2", "fa", ("fa", "feed")),
        ("2026-11-24", "en-GB", ("en", "feed")),
        ("Сергей Лавров", "kk", ("kk", "feed")),
        ("Сергей Лавров", "az", (UNKNOWN, "")),
        ("Сергей Лавров", "en", (UNKNOWN, "")),
        ("Пограничники нашли второй тоннель у реки", "az", ("ru", "text")),
        ("Пограничники нашли второй тоннель у реки", "kk", ("ru", "text")),
        ("Пограничники нашли второй тоннель у реки", "ce", ("ru", "text")),
        ("Border guards find a second tunnel", "ru", ("en", "text")),
        ("Чегарачилар дарё яқинида туннелни топдилар", "tg", ("uz", "text")),
        ("Georgia cancels Anaklia port tender", "en", ("en", "feed")),
        ("日米首脳会談", "ja", ("ja", "feed")),
        ("日米首脳会談", "en", ("zh", "text")),
        ("די גרעניצער געפֿינען אַ טונעל", "yi", ("yi", "feed")),
        ("עזרא", "en", ("he", "text")),
    ],
)
def test_a_declared_language_is_believed_where_the_text_allows_it(
    title: str, declared: str, expected: tuple[str, str]
) -> None:
    """The feed's word counts where the text tells nothing or two languages, and never against the script."""
    assert language_of(title, "", declared) == expected


@pytest.mark.parametrize(
    ("declared", "tag"),
    [
        ("en", "en"), ("en_US", "en"), (" EN-gb\n", "en"), ("az-Latn-AZ", "az"), ("iw", "he"), ("nb-NO", "no"), ("rus", "ru"),
        ("zh-hant", "zh"), ("yue", "zh"), ("und", ""), ("mul", ""), ("xx", ""), ("x-default", ""), ("english", ""), ("", ""),
        ("\x00", ""), ("en" * 100_000, ""), ("русский", ""),
    ],
)  # fmt: skip
def test_a_declared_language_is_read(declared: str, tag: str) -> None:
    """Of what feeds declare, the primary tag counts, and what names no language counts for nothing."""
    assert declared_tag(declared) == tag


@pytest.mark.parametrize(
    "text",
    [part * 500_000 for part in ("a", "a ", "слово ", "漢", "@", "1 ", "\u200b", "'’", "a\u0301")],
    ids=["letters", "short-words", "words", "han", "signs", "digits", "invisible", "apostrophes", "accents"],
)  # fmt: skip
def test_a_huge_text_takes_no_longer(text: str) -> None:
    """Of a text of a megabyte, the beginning is looked at: an answer comes, and a hundred of them within seconds."""
    start = time.thread_time()
    answers = {language_of(text, text, "en-US") for _ in range(100)}

    assert len(answers) == 1
    assert time.thread_time() - start < 10


@settings(deadline=None)  # the first text that needs the model waits for it
@given(st.text(), st.text(), st.text())
def test_any_text_has_an_answer(title: str, text: str, declared: str) -> None:
    """Whatever the characters, the answer is a tag and who told it, or unknown and nobody."""
    language, by = language_of(title, text, declared)

    assert (language == UNKNOWN) == (by == "")
    assert by in {"text", "feed", ""}
    assert by != "feed" or language == declared_tag(declared)
    assert language.isascii()
    assert language == language.lower()


def test_mixed_scripts_go_by_most_letters() -> None:
    """A text in two scripts has the language of the larger part; Latin names do not outweigh words."""
    russian = "Пограничники нашли второй тоннель у реки, сообщило ведомство."

    assert language_of("Border guards find tunnel", f"{russian} {russian} {russian}", "en") == ("ru", "text")
    assert language_of("Bayraktar Akinci Aselsan Roketsan сбит под городом", "", "ru")[0] == "ru"


def test_threads_agree() -> None:
    """Threads that judge at once, the first of them while the model is read, say what one thread says."""
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from aggregator.language import language_of\n"
        "titles = ['Schiffe der Marine laufen aus', 'Gemiler limandan denize indi'] * 50\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    found = list(pool.map(lambda title: language_of(title, '', ''), titles))\n"
        "assert found == [('de', 'text'), ('tr', 'text')] * 50, found\n"
    )
    titles = [title for _, title in TITLES] * 5
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda title: language_of(title, "", "")[0], titles))

    assert found == [language for language, _ in TITLES] * 5


def test_the_model_is_read_when_a_text_needs_it() -> None:
    """The command line starts without the model, and an Armenian text is told without it."""
    script = (
        "import sys, aggregator.cli\n"
        "from aggregator.language import language_of\n"
        "language_of('Արկերի գինը եռապատկվել է', '', '')\n"
        "assert not {'py3langid', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_without_room_for_the_model_letters_and_declarations_remain() -> None:
    """Where no temporary file of the model's size can be written, no text fails: letters, small words and the feed tell."""
    script = (
        "import resource, sys\n"
        "sys.dont_write_bytecode = True\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "from aggregator.language import language_of\n"
        "assert language_of('Schiffe der Marine laufen aus', '', 'de') == ('de', 'feed')\n"
        "assert language_of('Schiffe der Marine laufen aus', '', '') == ('unknown', '')\n"
        "assert language_of('Кеме зауыты дәнекерлеушілерді жұмыстан шығарды', '', '') == ('kk', 'text')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("title", ["The Uzbek army grows", "Army of Uzbekistan grows"])
def test_a_few_words_with_a_foreign_name_do_not_outweigh_what_is_declared(title: str) -> None:
    """A headline of four words, one of them a name, is in the language of its feed, where that is possible at all."""
    assert language_of(title, "", "en") == ("en", "feed")
