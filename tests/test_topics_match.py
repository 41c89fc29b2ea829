"""What a query matches, what it does not, and which words it points at."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.topics.compiling import compile_topic
from aggregator.topics.fold import forms, held_forms, prefix_forms
from aggregator.topics.match import Rules, judge
from feeds.model import Entry
from storage.model import Span
from tests.fakes import make_entry, make_source


def spans(query: str, title: str = "", text: str = "") -> list[str] | None:
    """The words that made an entry match, in reading order; None where it does not."""
    found = judge([compile_topic("t", "T", query)], make_entry(title=title, text=text), make_source())
    return [{"title": title, "text": text}[one.field][one.start : one.end] for one in found[0].spans] if found else None


def matches(query: str, entry: Entry, **source: str | tuple[str, ...]) -> bool:
    """Whether an entry of a source belongs to a topic."""
    return bool(judge([compile_topic("t", "T", query)], entry, make_source(**source)))


@pytest.mark.parametrize(
    ("query", "title", "words"),
    [
        ("helicopter", "A Helicopter lands", ["Helicopter"]),
        ("helicopt*", "Helicopters and a helicopter", ["Helicopters", "helicopter"]),
        ('"air defence"', "New air-defense radar, air defence", ["air-defense", "air defence"]),
        ("defence", "Kazakhstan’s Defense Ministry", ["Defense"]),
        ("Kazakhstan", "Kazakhstan’s ministry", ["Kazakhstan’s"]),
        ("counter-UAV", "counterUAV, counter UAV, counter-UAV, CounterUAV, COUNTERUAV", 5),
        ("counterUAV", "counterUAV, counter UAV, counter-UAV, COUNTER-UAV", 4),
        ('"counter UAV"', "counter-UAV", ["counter-UAV"]),
        ("re-export*", "reexports, re-exported, re exporting", ["reexports", "re-exported", "re exporting"]),
        ("S-300", "S-300, S300, С-300, С300", ["S-300", "S300", "С-300", "С300"]),
        ("С-300", "S-300, S300, С-300, C-300", ["S-300", "S300", "С-300", "C-300"]),
        ("S-300*", "S-300PMU-2", ["S-300PMU", "S-300PMU-2"]),
        ("S-300", "S-300'ün ve S-300’ü", ["S-300'ün", "S-300’ü"]),
        ('"the S-300* system"', "the S-300PMU-2 system", ["the S-300PMU-2 system"]),
        ("Mi-8*", "Ми-8МТВ, Mi8, Mi-8AMTSh", ["Ми-8МТВ", "Mi8", "Mi-8AMTSh"]),
        ("Yak-130", "Як-130", ["Як-130"]),
        ("Kh-101", "Ракеты Х-101", ["Х-101"]),
        ("TB-2", "TB2 and TB-2", ["TB2", "TB-2"]),
        ("İHA", "İHA, iha, IHA, İHA'ların", ["İHA", "iha", "IHA", "İHA'ların"]),
        (
            '"военно-техническ* сотрудничеств*"',
            "Военно-техническое сотрудничество",
            ["Военно-техническое сотрудничество"],
        ),
        ('"сотрудничеств* в военн*"', "о сотрудничестве в военной сфере", ["сотрудничестве в военной"]),
        ("ПВО", "Средства ПВО", ["ПВО"]),
        ("المسيرة", "المُسَيَّرة", ["المُسَيَّرة"]),
        ('"دفاع جوی"', "\u200fدفاع جوي", ["دفاع جوي"]),
        ("军事", "中国军事合作", ["军事"]),
        ("军事*", "中国军事合作", ["军事"]),
        ("UAV", "中国UAV出口", ["UAV"]),
        ("ガス", "天然ガス", ["ガス"]),
        ("ไทย", "ประเทศไทย", ["ไทย"]),
        ("drone", "🚁drone🚁", ["drone"]),
        ("café", "Le cafe\u0301 noir", ["cafe\u0301"]),
        ('"a b a"', "a b a b a", ["a b a", "a b a"]),
        ("a b", "b a", ["b", "a"]),
        ("a OR b", "b", ["b"]),
        ("a -b", "a", ["a"]),
        ("a NOT NOT b", "b a", ["b", "a"]),
    ],
)
def test_matches_point_at_their_words(query: str, title: str, words: list[str] | int) -> None:
    """A match is found in every spelling that readers take for the same, and its spans are exactly those words."""
    found = spans(query, title)

    assert found is not None
    assert (len(found) if isinstance(words, int) else found) == words


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("helicopter", "helicopters"),
        ("copter", "helicopter"),
        ('"air defence"', "defence of the air"),
        ('"air defence"', "air and defence"),
        ("A-10", "a 10 percent rise"),
        ("A-10", "in a 10-minute talk"),
        ("С-300", "с 300 танками"),
        ("S-300", "S-300PMU"),
        ("K-2", "к 2 часам"),
        ("S-300", "s.300"),
        ("C-130", "S-130"),
        ('"shell*"', "shelter"),
        ("polis*", "Polizei"),
        ("май", "маи"),
        ("O", "O'Regan"),
        ("军合", "军事合作"),
        ("a -b", "a b"),
        ("a b", "a"),
        ("title:a text:b", "a b"),
        ("ガス", "カス"),
        ("counter-UAV", "counter the UAV"),
    ],
)
def test_near_misses_stay_out(query: str, title: str) -> None:
    """What only looks like the term is no match."""
    assert spans(query, title) is None


def test_fields_are_searched_apart() -> None:
    """No field means title and text; a phrase never runs from one into the other."""
    assert spans("drone", text="A drone") == ["drone"]
    assert spans("title:drone", text="A drone") is None
    assert spans("text:drone", title="A drone", text="No") is None
    assert spans('"air defence"', title="New air", text="defence") is None
    assert spans("title:(air -defence)", title="Air", text="defence") == ["Air"]


def test_authors_are_searched_one_by_one() -> None:
    """A byline matches by name; a phrase never runs from one author into the next; mentions in the text do not count."""
    entry = make_entry(title="Derek Bisaccio speaks", text="Derek Bisaccio", authors=("Ann Smith", "John O’Regan"))

    assert matches('author:"Ann Smith"', entry)
    assert matches("author:(Smith AND John)", entry)
    assert matches("author:ORegan", entry)
    assert not matches('author:"Smith John"', entry)
    assert not matches('author:"Derek Bisaccio"', entry)


def test_what_an_author_box_says_is_not_searched() -> None:
    """A bio that covers "the Middle East and Africa" tags no entry."""
    author = dataclasses.replace(
        make_entry(authors=("Ann",)).authors[0], bio="Covers Africa", url="https://a.example/Africa"
    )

    assert not matches("Africa OR author:Africa", make_entry(authors=(author,)))


def test_sources_are_found_by_name_and_slug() -> None:
    """source: looks at the source's name and slug, and at no phrase across them."""
    entry = make_entry()

    assert matches('source:"Defence Blog"', entry, name="Defence Blog", slug="db")
    assert matches("source:caci-analyst", entry, name="CACI", slug="caci-analyst")
    assert not matches('source:"Blog db"', entry, name="Defence Blog", slug="db")


@pytest.mark.parametrize(
    ("query", "of_entry", "of_source", "expected"),
    [
        ("lang:tr", "", "tr", True),
        ("lang:tr", "tr-TR", "en", True),
        ("lang:en", "en_US", "", True),
        ("lang:en-us", "en-US", "", True),
        ("lang:en-GB", "en-US", "", False),
        ("lang:tr", "en", "tr", False),
        ("lang:en", "enm", "", False),
        ("lang:en*", "enm", "", True),
        ('lang:"EN"', "en", "", True),
        ("lang:(tr OR az)", "az", "", True),
        ("lang:en", "", "", False),
    ],
)
def test_languages(query: str, of_entry: str, of_source: str, expected: bool) -> None:
    """lang: is the entry's language, else its source's; lang:en holds en-US, however it is written."""
    assert matches(query, make_entry(lang=of_entry), lang=of_source) is expected


def test_tags_are_whole() -> None:
    """tag: is a tag of the source, whole unless it ends in a *, in any case."""
    tags = ("State-Media", "air force")

    assert matches("tag:state-media", make_entry(), tags=tags)
    assert matches('tag:"Air Force"', make_entry(), tags=tags)
    assert matches("tag:state*", make_entry(), tags=tags)
    assert not matches("tag:media", make_entry(), tags=tags)
    assert not matches("tag:air", make_entry(), tags=tags)


def test_a_filing_says_why() -> None:
    """A filing has its topic, its rule's version, and each span once, in reading order, by the term as it was written."""
    topic = compile_topic("uav", "UAVs", '"air defence" OR UAV* OR defence OR tag:x')
    entry = make_entry(title="UAV defence", text="Air defence")
    (filing,) = judge([topic], entry, make_source(tags=("x",)))

    assert (filing.topic, filing.rule_version) == ("uav", topic.rule_version)
    assert filing.spans == (
        Span(field="title", start=0, end=3, term="UAV*"),
        Span(field="title", start=4, end=11, term="defence"),
        Span(field="text", start=0, end=11, term='"air defence"'),
        Span(field="text", start=4, end=11, term="defence"),
        Span(field="tag", start=0, end=0, term="x"),
    )


def test_spans_are_bounded() -> None:
    """However often a word stands in an entry, the reasons fit on a page."""
    found = spans("drone", text="drone " * 5000)

    assert found == ["drone"] * 200


def test_a_rule_has_a_version() -> None:
    """The version of a rule changes with its words and not with its white space or title."""
    rule = compile_topic("a", "A", "x OR y").rule_version

    assert compile_topic("b", "B", " x  OR\n y ").rule_version == rule
    assert compile_topic("a", "A", "x OR z").rule_version != rule


def test_repetition_does_not_multiply() -> None:
    """X-35: a phrase of many words with many spellings, over a text that repeats them, is still answered."""
    phrase = " ".join(["de*", "defen*", "air-de*"] * 20)
    found = spans(f'"{phrase}"', text="defence air-defence defense " * 500)

    assert found is None or len(found) <= 200


# --- The same, written as plainly as possible ----------------------------------------------------------------

FAMILIES = (
    ("drone", "counter", "UAV", "O'Neil"),
    ("Defence", "defense", "organise", "organized"),
    ("С", "S", "C", "300"),
    ("Mi", "Ми", "8", "8МТВ"),
    ("ёлка", "елка", "май", "маи"),
    ("оборона", "оборон", "ПВО", "дрон"),
    ("دفاع", "جوي", "جوی", "300"),
    ("مُسَيَّرة", "مسيره", "أكتاو", "اكتاو"),
    ("İHA", "iha", "İHAlar", "ırmak"),
    ("Kırgız", "Kırgızistan", "S", "300"),
    ("中国", "军事", "中", "国军"),
    ("军", "UAV", "国", "300"),
)
BETWEEN = [" ", " ", "-", "-", ", ", " — ", "🚁", "\u200f "]


@dataclass(frozen=True)
class Asked:
    """A query as data: a phrase of words, some hyphened, with or without a * at its end; or and, or, not of others."""

    kind: str
    parts: tuple[Asked, ...] = ()
    words: tuple[str, ...] = ()
    starred: bool = False

    def __str__(self) -> str:
        if self.kind == "phrase":
            return f'"{" ".join(self.words)}{"*" if self.starred else ""}"'
        if self.kind == "not":
            return f"NOT {self.parts[0]}"
        return "(" + f" {self.kind.upper()} ".join(map(str, self.parts)) + ")"


def is_chinese(word: str) -> bool:
    """Whether a word is a Chinese character."""
    return "\u4e00" <= word[0] <= "\u9fff"


def atoms(text: str) -> list[tuple[str, bool]]:
    """Every word, or Chinese character, and whether a hyphen joins it to the one before."""
    found: list[tuple[str, bool]] = []
    word, gap = "", " "
    for character in text + " ":
        inside = character.isalnum() or (word and (character == "'" or "\u064b" <= character <= "\u0652"))
        if word and (not inside or is_chinese(character) or is_chinese(word)):
            found.append((word, gap == "-" and bool(found) and not is_chinese(word) and not is_chinese(found[-1][0])))
            word, gap = "", ""
        if inside:
            word += character
        else:
            gap += character
    return found


def same(asked: str, held: str, starred: bool) -> bool:
    """Whether two words are one, or the second begins like the first."""
    if starred and not is_chinese(asked):
        return any(form.startswith(start) for form in held_forms(held) for start in prefix_forms(asked))
    return not set(forms(asked)).isdisjoint(forms(held))


def reaches(asked: str, starred: bool, held: list[tuple[str, bool]], at: int) -> set[int]:
    """How far a word of a query, which may have hyphens, reaches from a place on: apart, or joined to one."""
    parts = [part for part, _ in atoms(asked)]
    ends = set()
    lone = any(len(one) == 1 and after[0].isdigit() for one, after in pairwise(parts))
    apart = [held[at + step][0] for step in range(len(parts)) if at + step < len(held)]
    if len(apart) == len(parts) and not lone:
        stars = [False] * (len(parts) - 1) + [starred]
        if all(same(*pair) for pair in zip(parts, apart, stars, strict=True)):
            ends.add(at + len(parts))
    joined = ""
    # Chinese is never joined, and no more than five words are.
    for end in range(at, len(held) if at < len(held) and not is_chinese(asked) else at):
        if end > at and not held[end][1]:
            break
        joined += held[end][0]
        if same("".join(parts), joined, starred):
            ends.add(end + 1)
    return ends


def holds(asked: Asked, text: str) -> bool:
    """The definition: somewhere in the text the words of the phrase stand in a row; and, or, not as ever."""
    if asked.kind == "phrase":
        held = atoms(text)
        ends = set(range(len(held)))
        for number, word in enumerate(asked.words, 1):
            ends = {end for at in ends for end in reaches(word, asked.starred and number == len(asked.words), held, at)}
        return bool(ends)
    answers = [holds(part, text) for part in asked.parts]
    return {"and": all(answers), "or": any(answers), "not": not answers[0]}[asked.kind]


@cache
def a_phrase(words: tuple[str, ...]) -> st.SearchStrategy[Asked]:
    """A word or a few, some hyphened, with or without a star at the end."""
    alone = st.sampled_from(words)
    hyphened = st.builds("{}-{}".format, alone, alone).filter(lambda one: not any(map(is_chinese, one.split("-"))))
    phrases = st.builds(
        Asked,
        st.just("phrase"),
        words=st.lists(alone | hyphened, min_size=1, max_size=2).map(tuple),
        starred=st.booleans(),
    )
    return phrases.filter(lambda one: not one.starred or len(one.words[-1]) > 1)


@cache
def a_query(words: tuple[str, ...]) -> st.SearchStrategy[Asked]:
    """Any query that asks for something: a phrase AND whatever."""
    deeper = st.recursive(
        a_phrase(words),
        lambda inner: st.one_of(
            st.builds(Asked, st.sampled_from(["and", "or"]), parts=st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Asked, st.just("not"), parts=st.tuples(inner)),
        ),
        max_leaves=4,
    )
    return st.builds(lambda one, rest: Asked("and", parts=(one, rest)), a_phrase(words), deeper) | a_phrase(words)


@cache
def a_text(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Words with anything between them, never more than five that hyphens join."""
    pairs = st.tuples(st.sampled_from(words), st.sampled_from(BETWEEN))
    texts = st.lists(pairs, min_size=3, max_size=12).map(
        lambda found: "".join(word + between for word, between in found)
    )
    return texts.filter(lambda text: "-" * 5 not in "".join("-" if joined else " " for _, joined in atoms(text)))


@given(st.data())
@settings(max_examples=200)
def test_the_matcher_agrees_with_the_definition(data: st.DataObject) -> None:
    """An evaluator of simple loops, without an index or a compiled query, finds what the matcher finds."""
    words = data.draw(st.sampled_from(FAMILIES))
    asked, text = data.draw(a_query(words)), data.draw(a_text(words))
    topic = compile_topic("t", "T", str(asked))
    found = judge([topic], make_entry(title="", text=text), make_source())

    assert bool(found) == holds(asked, text)


@given(st.data())
@settings(max_examples=100)
def test_topics_judge_together_as_they_do_alone(data: st.DataObject) -> None:
    """What other topics look for neither hides an entry from a topic nor brings it in, and all have the same words."""
    words = data.draw(st.sampled_from(FAMILIES))
    queries = data.draw(st.lists(a_query(words).map(str), min_size=1, max_size=5))
    queries = [
        *queries,
        f"title:{queries[0]} OR NOT-there",
        f"author:nobody OR ({queries[-1]})",
        f"{queries[0]} -{words[-1]}",
    ]
    topics = [compile_topic(f"t{number}", "T", query) for number, query in enumerate(queries)]
    entry = make_entry(title=data.draw(a_text(words)), text=data.draw(a_text(words)))

    together = Rules(topics).judge(entry, make_source())
    alone = [filing for topic in topics for filing in judge([topic], entry, make_source())]

    assert list(together) == alone
