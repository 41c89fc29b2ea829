"""The compiled matcher and an evaluator written straight from the definition agree, on random queries and entries."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.topics.compiling import Topic, compile_topic
from aggregator.topics.match import Rules
from aggregator.topics.narrow import narrowing_of, tokens_of
from aggregator.topics.stems import STEMMERS
from feeds.model import Author
from storage.model import Meaning, PlaceTag
from storage.search_model import AllOf, AnyOf, Narrowing, Word
from tests.fakes import make_entry, make_source
from tests.naive import Item, Query, holds, written

# Inflections, accents, capitals and beginnings of one another, in five scripts.
WORDS = {
    "en": [
        "drone",
        "drones",
        "Drone",
        "army",
        "armies",
        "repair",
        "repairing",
        "CSTO",
        "csto",
        "defence",
        "defense",
        "air",
    ],
    "ru": ["вертолёт", "вертолета", "вертолётов", "оборона", "обороны", "ОДКБ", "завод", "заводы", "воен", "военный"],
    "tr": ["İHA", "iha", "savunma", "Savunma", "anlaşması", "anlaşma", "tatbikat", "tatbikatı", "Kırgız", "kirgiz"],
    "ar": ["الدفاع", "دفاع", "مناورات", "طائرة", "الطائرات", "جيش", "الجيش", "أسلحة", "اسلحه"],
    "hy": ["բանակ", "բանակը", "զենք", "զենքեր", "պաշտպանություն", "խաղաղություն"],
    "ka": ["არმია", "არმიის", "თავდაცვა", "თავდაცვის", "მშვიდობა"],
}
PLACES = ("KZ", "KG", "TR")
FIELDS = ("title", "text", "author")
ALL = [word for row in WORDS.values() for word in row]


def beginnings(word: str) -> str:
    """A beginning of a word that is long enough to ask for."""
    return word[: max(2, len(word) - 2)]


def terms(words: st.SearchStrategy[str]) -> st.SearchStrategy[Query]:
    """Words, beginnings, phrases and exact spellings."""
    rows = st.lists(words, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        words.map(lambda word: ("word", word)), words.map(lambda word: ("prefix", beginnings(word))),
        rows.map(lambda row: ("phrase", row)), rows.map(lambda row: ("exact", row)),
    )  # fmt: skip


def leaves(words: st.SearchStrategy[str]) -> st.SearchStrategy[Query]:
    """Everything that asks for something by itself."""
    sides = st.lists(terms(words), min_size=1, max_size=2)
    return st.one_of(
        terms(words),
        st.tuples(st.just("near"), sides, sides, st.integers(0, 4)),
        st.tuples(st.just("close"), st.lists(words, min_size=2, max_size=3).map(tuple), st.integers(0, 3)),
        st.sampled_from(PLACES).map(lambda code: ("place", code)),
        st.integers(1, 3).map(lambda number: ("places", number)),
        st.integers(1, 12).map(lambda number: ("words", number)),
    )


def combined(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    """AND, OR, NOT beside something, and fields."""
    return st.one_of(
        st.tuples(st.just("and"), parts, parts), st.tuples(st.just("or"), parts, parts, parts, parts),
        st.tuples(st.just("or"), parts, parts),
        st.tuples(parts, parts).map(lambda pair: ("and", pair[0], ("not", pair[1]))),
    )  # fmt: skip


def in_field(query: Query, name: str) -> Query:
    """The words of a query in a field."""
    return ("field", name, query) if query[0] not in ("place", "places", "words") else query


def scoped(words: st.SearchStrategy[str]) -> st.SearchStrategy[Query]:
    """Leaves, some of them in a field."""
    return st.one_of(leaves(words), st.builds(in_field, leaves(words), st.sampled_from(FIELDS)))


@cache
def queries(language: str) -> st.SearchStrategy[Query]:
    """Queries for what entries of a language say."""
    return st.recursive(scoped(vocabulary(language)), combined, max_leaves=8)


@cache
def vocabulary(language: str) -> st.SearchStrategy[str]:
    """Few words, so that queries and entries often meet."""
    return st.sampled_from(WORDS.get(language, ALL[::4])[:7])


@cache
def items(language: str) -> st.SearchStrategy[Item]:
    """Entries of few words, in one language mostly."""
    own = vocabulary(language)
    told = st.one_of(own, own, own, own, own, st.sampled_from(ALL))
    return st.builds(
        Item, title=st.lists(told, max_size=4), text=st.lists(told, max_size=12), author=st.lists(own, max_size=2),
        language=st.just(language if language in STEMMERS else ""),
        places=st.lists(st.sampled_from(PLACES), max_size=3).map(frozenset),
    )  # fmt: skip


LANGUAGES = st.sampled_from([*WORDS, ""])


def judged(rules: Rules, item: Item) -> set[str]:
    """The slugs of the topics that the program files an entry under."""
    entry = make_entry(
        title=" ".join(item.title), text=" ".join(item.text), authors=(Author(name=" ".join(item.author)),)
    )
    return {filing.topic for filing in rules.judge(entry, make_source(lang=""), meaning(item))}


def meaning(item: Item) -> Meaning:
    """What the entry is said to be."""
    places = tuple(PlaceTag(code=code, count=1) for code in sorted(item.places))
    return Meaning(language=item.language or "unknown", language_by="text" if item.language else "", places=places)


def compiled(asked: list[Query]) -> list[Topic]:
    """The queries as topics called 0, 1, 2."""
    return [compile_topic(str(number), "T", written(query)) for number, query in enumerate(asked)]


worlds = LANGUAGES.flatmap(
    lambda language: st.tuples(
        st.lists(queries(language), min_size=1, max_size=10), st.lists(items(language), min_size=1, max_size=4)
    )
)
weighings = LANGUAGES.flatmap(
    lambda language: st.tuples(
        st.lists(st.tuples(scoped(vocabulary(language)), st.integers(-3, 5)), min_size=1, max_size=6), items(language)
    )
)


@given(worlds)
@settings(max_examples=500, deadline=None)
def test_the_matcher_agrees_with_the_definition(world: tuple[list[Query], list[Item]]) -> None:
    """E-01, E-04: many topics at once find exactly what each finds by the definition, in five scripts."""
    asked, held = world
    rules = Rules(compiled(asked))
    for item in held:
        expected = {str(number) for number, query in enumerate(asked) if holds(query, item)}
        assert judged(rules, item) == expected


@given(weighings, st.integers(1, 8))
@settings(max_examples=200, deadline=None)
def test_weights_agree_with_the_definition(world: tuple[list[tuple[Query, int]], Item], threshold: int) -> None:
    """E-01, E-04: a weighted list matches where the weights of those that match reach the threshold."""
    weighed, item = world
    weights = {written(query): weight for query, weight in weighed}
    parts = [(query, weights[written(query)]) for query in {written(query): query for query, _ in weighed}.values()]
    if threshold > sum(weight for _, weight in parts if weight > 0):
        return
    topic = compile_topic("t", "T", any_of=weights, threshold=threshold)

    assert bool(judged(Rules([topic]), item)) == holds(("weighted", tuple(parts), threshold), item)


@given(worlds)
@settings(max_examples=300, deadline=None)
def test_an_index_never_hides_a_match(world: tuple[list[Query], list[Item]]) -> None:
    """Whoever matches holds the tokens that a full-text index is asked for."""
    asked, held = world
    for topic in compiled(asked):
        narrowing = narrowing_of(topic.tree)
        rules = Rules([topic])
        for item in held:
            entry = make_entry(
                title=" ".join(item.title), text=" ".join(item.text), authors=(Author(name=" ".join(item.author)),)
            )
            if narrowing is not None and judged(rules, item):
                assert found(narrowing, tokens_of(entry, make_source(lang=""), meaning(item)))


def found(asked: Narrowing, tokens: frozenset[str]) -> bool:
    """Whether an index that holds these tokens finds them."""
    if isinstance(asked, Word):
        return any(token.startswith(asked.token) if asked.is_prefix else token == asked.token for token in tokens)
    assert isinstance(asked, AllOf | AnyOf)
    return (all if isinstance(asked, AllOf) else any)(found(part, tokens) for part in asked.parts)
