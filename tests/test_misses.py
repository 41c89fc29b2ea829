"""What entries that no topic caught are about."""

from __future__ import annotations

from aggregator.misses import FEWEST, Gathering, Missed
from storage.arrival_model import Seen
from storage.caught import came_after
from storage.database import Database
from storage.search import Window, window
from tests.came import DAY, HOUR, bring
from tests.fakes import NOON, declare, make_source


def seen(
    number: int,
    title: str,
    text: str = "",
    *,
    language: str = "en",
    caught: bool = False,
    countries: tuple[str, ...] = (),
) -> Seen:
    """An entry as it is read for this."""
    return Seen(entry=number, title=title, text=text, language=language, is_caught=caught, countries=countries)


def summed(*entries: Seen, most: int = 10) -> Missed:
    """What these entries come to, beside a hundred caught ones about other things."""
    gathering = Gathering()
    for at in range(100):
        gathering.add(
            seen(1000 + at, f"The port of item{at}", "The ships of the fleet were there many times", caught=True)
        )
    for one in entries:
        gathering.add(one)
    return gathering.missed(most)


def test_frequent_words_and_phrases_are_told_with_examples() -> None:
    """Words in all their inflections, and words side by side, by how many missed entries have them; two titles each."""
    found = summed(
        seen(1, "Solid fuel tested", "The boosters burn solid fuel."),
        seen(2, "A new solid fuel plant", "Fuel for a booster"),
        seen(3, "The booster was moved", "many words"),
        seen(4, "Solid, fuel", "Another Booster. Many"),
    )

    assert [(one.term, one.entries) for one in found.phrases] == [("solid fuel", 2)]
    assert ("booster", 4) in [(one.term, one.entries) for one in found.words]
    assert [example.title for example in found.phrases[0].examples] == ["Solid fuel tested", "A new solid fuel plant"]
    assert (found.entries, found.missed, found.unjudged) == (104, 4, 0)


def test_examples_have_the_term_in_their_titles() -> None:
    """Titles that have the term are shown before those of entries that have it in the text, whichever came first."""
    found = summed(
        seen(1, "A quarry", "solid fuel"),
        seen(2, "A yard", "solid fuel"),
        seen(3, "Solid fuel"),
        seen(4, "On solid fuel"),
    )

    assert [example.title for example in found.phrases[0].examples] == ["Solid fuel", "On solid fuel"]


def test_common_words_tell_nothing() -> None:
    """What stands in a twelfth of all entries, caught ones included, is no term, nor in a phrase; nor what is in no title."""
    found = summed(
        *(seen(at, f"The launch of number{at}", "It was on its way quite often, read more") for at in range(8))
    )
    terms = {one.term for one in (*found.words, *found.phrases)}

    assert "launch" in terms
    assert not terms & {"the", "of", "many", "quite", "read more", "the launch", "launch of"}


def test_a_word_that_its_phrase_says_is_not_told_again() -> None:
    """Where a phrase has nearly all entries of a word, the phrase stands alone."""
    entries = [seen(at, f"Rare earth number{at}") for at in range(6)]
    found = summed(*entries, seen(7, "Earth, a map"), seen(8, "Moon and earth"))

    assert [one.term for one in found.phrases] == ["rare earth"]
    assert "rare" not in [one.term for one in found.words]
    assert ("earth", 8) in [(one.term, one.entries) for one in found.words]


def test_each_language_is_judged_by_itself() -> None:
    """The common words of one language are not those of another; a language with too few entries is counted, not judged."""
    russian = [
        seen(at, f"Сборка вертолётов и номер{at}" if at % 8 else "Новые вертолёты и другие", language="ru")
        for at in range(FEWEST)
    ]
    others = [seen(200 + at, f"И вертолёты и номер{at}", language="ru", caught=True) for at in range(4 * FEWEST)]
    few = [seen(500 + at, "Der Kran der Werft", language="de") for at in range(3)]
    found = summed(*russian, *others, *few)

    assert found.unjudged == 3
    assert "и" not in [one.term for one in found.words]
    assert "der" not in [one.term for one in found.words]
    assert "werft" not in [one.term for one in found.words]


def test_scripts_without_spaces_have_terms() -> None:
    """Two characters of Chinese side by side are a term."""
    others = [seen(300 + at, f"港口{at}", language="zh", caught=True) for at in range(100)]
    found = summed(seen(1, "航母在北", language="zh"), seen(2, "新航母", language="zh"), *others)

    assert [(one.term, one.entries) for one in found.phrases] == [("航母", 2)]


def test_places_are_told() -> None:
    """Countries by how many missed entries name them; a caught entry counts for none."""
    found = summed(
        seen(1, "One", countries=("KZ", "RU")), seen(2, "Two", countries=("KZ",)), seen(3, "Three", countries=("KZ",)),
        seen(4, "Four", countries=("RU",), caught=True),
    )  # fmt: skip

    assert [(one.term, one.entries, len(one.examples)) for one in found.places] == [("KZ", 3, 2), ("RU", 1, 1)]


def test_nothing_missed_is_nothing_told() -> None:
    """A store whose every entry is in a topic has nothing to sum up."""
    assert summed() == Missed(entries=100, missed=0, unjudged=0, words=(), phrases=(), places=())


def test_entries_are_read_with_whether_a_topic_has_them(db: Database) -> None:
    """What came since a moment, page by page: beginnings of texts, countries, and whether it is in a topic that is in force."""
    declare(db, make_source(), topics={"air": "helicopter*", "old": "ship"})
    bring(db, [NOON - 9 * DAY], title="Too old")
    (one,) = bring(db, [NOON - HOUR], title="Drone", text="x" * 5000, places=["KZ", "central-asia"])
    bring(db, [NOON - HOUR], filed=["air"], title="Caught")
    bring(db, [NOON - HOUR], filed=["old"], title="Of a topic that is no more")
    bring(db, [NOON - HOUR], filed=["air"], closed_at=NOON, title="Out again")
    bring(db, [NOON - HOUR], announced=False, title="From an archive")
    bring(db, [NOON - HOUR], hidden_at=NOON, title="Withdrawn")
    declare(db, make_source(), topics={"air": "helicopter*"})
    came = window(db, NOON - DAY)
    found = came_after(db, came.first - 1, NOON - DAY, 100)

    assert (came.first, came.entries) == (one, 6)
    assert [(seen.title, seen.is_caught) for seen in found] == [
        ("Drone", False), ("Caught", True), ("Of a topic that is no more", False), ("Out again", False)
    ]  # fmt: skip
    assert (len(found[0].text), found[0].countries, found[0].language) == (1200, ("KZ",), "en")
    assert [seen.title for seen in came_after(db, one, NOON - DAY, 1)] == ["Caught"]
    assert window(db, NOON + DAY) == Window(first=0, last=0, entries=0)
