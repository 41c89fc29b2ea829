"""What the language's forms match and which words they point at: stems, exact spelling, NEAR, lists, comparisons, weights."""

from __future__ import annotations

import gc
import operator
import weakref
from datetime import UTC, datetime

import pytest

from aggregator.topics.compiling import Compiler, Rule, Topic, compile_topic
from aggregator.topics.match import Rules
from aggregator.topics.subject import Told
from aggregator.topics.tree import And, QueryError
from feeds.model import Entry
from storage.model import Meaning, PlaceTag, Span
from tests.fakes import make_entry, make_source

LISTS = {"uav": ["drone*", "unmanned aerial", '="UAS"'], "army": ["army"]}


def spans(query: str, text: str, language: str = "", **entry: object) -> list[str] | None:
    """The words of a text that made it match, in reading order; None where it does not match."""
    topic = compile_topic("t", "T", query, lists=LISTS)
    made = make_entry(title="", text=text, **entry)
    meaning = Meaning(language=language or "unknown", language_by="text" if language else "")
    filed = Rules([topic]).judge(made, make_source(lang=""), meaning)
    return [text[one.start : one.end] for one in filed[0].spans] if filed else None


@pytest.mark.parametrize(
    ("language", "query", "text", "words"),
    [
        ("en", "army", "The armies of two armed camps", ["armies"]),
        ("en", "repair", "Repairs, repairing, a repairman", ["Repairs", "repairing"]),
        ("en", "counter-drone", "counter-drones and counterdrones", ["counter-drones", "counterdrones"]),
        ("ru", "вертолет", "Вертолёты и вертолётами, но не вертолётчик", ["Вертолёты", "вертолётами"]),
        ("tr", "tatbikat", "Tatbikatın ve tatbikatları", ["Tatbikatın", "tatbikatları"]),
        ("ar", "دفاع", "وزارة الدفاع", ["الدفاع"]),
        ("", "army", "The armies", None),
        ("ru", "army", "The armies", None),
        ("en", '"army"', "The armies", None),
        ("en", "arm*", "Armies arm armadas", ["Armies", "arm", "armadas"]),
        ("en", "author:smith", "smith", None),
    ],
)
def test_a_bare_word_is_found_in_its_inflections(language: str, query: str, text: str, words: list[str] | None) -> None:
    """E-04: stemmed in the entry's language, where it has a stemmer; phrases and beginnings are not."""
    assert spans(query, text, language) == words


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ('="CSTO"', "CSTO, csto, Csto and CSTO’s", ["CSTO", "CSTO’s"]),
        ('="İHA"', "İHA, iha, IHA'nın, İHA'nın", ["İHA", "İHA'nın"]),
        ('="Air Force"', "an air force, the Air  Force", ["Air  Force"]),
        ('="S-300"', "S300, S-300, S‑300", ["S-300", "S‑300"]),
        ('="ОДКБ"', "одкб ОДКБ", ["ОДКБ"]),
        ('title:="CSTO"', "CSTO", None),
        ('="U.S."', "the U.S. and us", ["U.S"]),
        ('="C++"', "C, C++ and c++", ["C"]),
        ('="№ 5"', "№ 5, 5", ["5"]),
        ('="OTAN"', "l’OTAN, d'otan, OTAN", ["l’OTAN", "OTAN"]),
    ],
)
def test_an_exact_term_is_found_to_the_letter(query: str, text: str, words: list[str] | None) -> None:
    """E-04: capitals, accents and hyphens count; the kind of apostrophe, hyphen or white space does not."""
    assert spans(query, text) == words


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("a1 NEAR/2 b1", "a1 x y b1", ["a1", "b1"]),
        ("a1 NEAR/2 b1", "a1 x y z b1", None),
        ("a1 NEAR/2 b1", "b1 x y a1", ["b1", "a1"]),
        ("a1 NEAR/0 b1", "a1 b1 x a1", ["a1", "b1"]),
        ("(a1 OR c1) NEAR/1 b1", "a1 x x c1 x b1", ["c1", "b1"]),
        ('"a1 c1" NEAR/1 b1', "a1 c1 x b1 a1 x b1", ["a1 c1", "b1"]),
        ("@uav NEAR/1 (@army OR navy)", "unmanned aerial army x x drones", ["unmanned aerial", "army"]),
        ("a1 NEAR/3 a1", "a1 x a1 x x x x a1", ["a1", "a1"]),
        ("a1 NEAR/3 a1", "x a1 x", None),
        ("NOT a1 NEAR/2 b1 AND c1", "c1 a1 x x x b1", ["c1"]),
        ('"a1 b1"~1', "b1 x a1", ["b1", "a1"]),
        ('"a1 b1"~1', "b1 x x a1", None),
        ('"a1 b1 c1"~2', "c1 x a1 x b1", ["c1", "a1", "b1"]),
        ('"a1 b1 c1"~2', "c1 x a1 x x b1", None),
        ("text:(a1 NEAR/1 b1)", "a1 b1", ["a1", "b1"]),
        ("title:(a1 NEAR/1 b1)", "a1 b1", None),
        ("drone NEAR/3 страна", "drone в стране", None),
    ],
)
def test_near_counts_the_words_between(query: str, text: str, words: list[str] | None) -> None:
    """E-01: at most so many words between, either order; spans are the places that are near, no others."""
    assert spans(query, text) == words


def test_near_does_not_reach_from_one_author_to_the_next() -> None:
    """A field of several values has no nearness between them, and neither has the title to the text."""
    topic = compile_topic("t", "T", "a1 NEAR/50 b1")

    assert Rules([topic]).judge(make_entry(title="a1", text="b1"), make_source()) == ()


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("kind:agency a1", True), ("kind:press a1", False), ("category:defence", True), ('category:"air power"', True),
        ("category:air AND category:power", True), ("url:example.com", True), ("url:news", True), ("url:other.com", False),
        ("words>3", True), ("words>4", False), ("words=4", True), ("places>=2", True), ("places>2", False),
        ("published>=2026-03-01", True), ("published>2026-03-01", False), ("published=2026-03-01", True),
        ("published<2026-03-01T12:00", False), ("published<2026-03-01T14:00", True), ("published<=2026-02-28", False),
        ("place:143 a1", True), ("NOT place:143", False), ("-place:TR a1", True),
    ],
)  # fmt: skip
def test_fields_and_comparisons(query: str, matches: bool) -> None:
    """Each asks for what the entry or its source has; a date stands for its whole day in UTC."""
    if query.startswith("NOT"):
        query = f"a1 {query}"
    topic = compile_topic("t", "T", query)
    entry = make_entry(
        title="", text="a1 b1 c1 d1", link="https://example.com/news/1", categories=("Defence", "Air Power")
    )
    meaning = Meaning(
        places=(PlaceTag(code="KZ", count=1), PlaceTag(code="KG", count=1), PlaceTag(code="caspian", count=1))
    )
    told = Told(published=datetime(2026, 3, 1, 13, tzinfo=UTC))

    assert bool(Rules([topic]).judge(entry, make_source(kind="agency"), meaning, told)) is matches


def test_what_changes_with_time_works_in_searches_only() -> None:
    """age and sources are refused in a topic, and known to whoever tells the time and the outlets."""
    with pytest.raises(QueryError, match="changes with time"):
        compile_topic("t", "T", "a1 age<7d")
    tree = Compiler([], {}).query("a1 AND age<7d AND sources>=3")
    rules = Rules([Topic(slug="q", title="", query="", tree=tree, rule_version="")])
    now = datetime(2026, 3, 8, tzinfo=UTC)
    entry = make_entry(title="a1")

    def found(day: int, sources: int) -> bool:
        told = Told(published=datetime(2026, 3, day, 1, tzinfo=UTC), now=now, sources=sources)
        return bool(rules.judge(entry, make_source(), told=told))

    assert [found(1, 3), found(7, 3), found(7, 2), found(1, 2)] == [True, True, False, False]
    assert not rules.judge(entry, make_source())


def compiled(*rules: tuple[str, str]) -> Compiler:
    """Topics by slug and query."""
    compiler = Compiler([Rule(slug=slug, title=slug, query=query) for slug, query in rules], LISTS)
    compiler.topics()
    return compiler


def filed(entry: Entry, *rules: tuple[str, str]) -> list[str]:
    """The topics of an entry."""
    topics = Compiler([Rule(slug=slug, title=slug, query=query) for slug, query in rules], LISTS).topics()
    return [one.topic for one in Rules(topics).judge(entry, make_source())]


def test_a_topic_may_be_made_of_others() -> None:
    """topic: stands for the other's rule, wherever it is declared; its words are among the reasons."""
    rules = (("both", "topic:one AND topic:two"), ("one", "a1"), ("two", "b1 OR topic:three"), ("three", "c1"))

    assert filed(make_entry(title="a1 c1"), *rules) == ["both", "one", "two", "three"]
    assert filed(make_entry(title="b1"), *rules) == ["two"]


def test_a_changed_part_changes_the_version_of_the_whole() -> None:
    """A rule's version is another one where a topic or a list that it names changed, and the same where nothing did."""

    def version(other: str, lists: dict[str, list[str]]) -> str:
        rules = [Rule(slug="a", title="A", query="topic:b @uav"), Rule(slug="b", title="B", query=other)]
        return Compiler(rules, lists).topics()[0].rule_version

    first = version("x1", {"uav": ["drone"]})
    assert version("x1", {"uav": ["drone"]}) == first
    assert len({first, version("x2", {"uav": ["drone"]}), version("x1", {"uav": ["drones"]})}) == 3


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((("a", "topic:b"), ("b", "topic:a")), "topic:a leads in a circle: a → b → a"),
        ((("a", "x topic:a"),), "topic:a leads in a circle: a → a"),
        (
            (("a", "topic:helicopter"), ("helicopters", "x")),
            "there is no topic helicopter; did you mean topic:helicopters?",
        ),
        ((("a", "@uvas"),), "there is no list @uvas: the lists are @uav, @army; did you mean @uav?"),
        ((("a", "topic:b"), ("b", "(")), "topic:b cannot be used before its own error is mended"),
        ((("a", "age<7d OR b"),), "age<7d changes with time"),
    ],
)
def test_what_a_query_names_must_be_there(rules: tuple[tuple[str, str], ...], message: str) -> None:
    """Circles, and names that nobody knows, are refused with the nearest name."""
    assert any(message in str(error) for error in compiled(*rules).errors)


def test_a_circle_is_no_hang_however_long() -> None:
    """A thousand topics in a row that end where they began are refused, and so is a row too long to follow."""
    rules = [(f"t{number}", f"topic:t{(number + 1) % 300}") for number in range(300)]

    assert any("stands deeper than 20 topics" in str(error) for error in compiled(*rules).errors)


def test_topics_that_grow_without_end_are_refused() -> None:
    """Twenty topics, each the double of the next, would ask for half a million terms."""
    rules = [(f"t{number}", f"topic:t{number + 1} OR x{number} topic:t{number + 1}") for number in range(18)]

    assert any("more than 20,000" in str(error) for error in compiled(*rules, ("t18", "a1")).errors)


def nested(number: int) -> tuple[str, str]:
    """A topic that names the next, twenty brackets deep."""
    return f"t{number}", "(a1 OR b1 NOT " * 20 + f"topic:t{number + 1}" + ")" * 20


def test_topics_that_are_deep_within_deep_topics_are_refused() -> None:
    """X-35: what is nested within what it names is refused before anything runs out of stack."""
    errors = compiled(*map(nested, range(18)), ("t18", "a1")).errors

    assert any("more than 140: use fewer brackets" in str(error) for error in errors)


def test_the_deepest_query_is_judged() -> None:
    """X-35: forty brackets within one another, each with OR, NOT and AND, are held against an entry."""
    assert spans("(a1 OR b1 NOT " * 40 + "c1" + ")" * 40, "x1 a1") == ["a1"]


def test_a_search_cannot_grow_without_end() -> None:
    """X-35: a search that names a large topic many times over is refused, as a topic would be."""
    rules = [Rule(slug="a", title="A", query=" OR ".join(f"x{number}" for number in range(1000)))]

    with pytest.raises(QueryError, match="more than 20,000"):
        Compiler(rules, {}).query(" OR ".join(["topic:a"] * 21))


def test_nothing_is_kept_of_a_query_that_is_over() -> None:
    """X-35: terms are shared by the topics that have them, and end with the last of these: searches leave none behind."""
    one, other = (compile_topic("t", "T", '"terms of a query" here').tree for _ in "ab")
    assert isinstance(one, And)
    assert isinstance(other, And)
    assert all(map(operator.is_, one.parts, other.parts))

    ended = [weakref.ref(term) for term in one.parts]
    del one, other
    gc.collect()
    assert [term() for term in ended] == [None, None]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"x": []}, "the list @x is empty"),
        ({"x": ["@uav"]}, "a list holds words and phrases, no other list"),
        ({"x": ["a OR b?"]}, "is no term"),
        ({"x": ["*"]}, "no letter or digit"),
        ({"x": ['say "hello']}, "quotation mark inside"),
    ],
)
def test_a_list_that_cannot_be_used_is_named(lists: dict[str, list[str]], message: str) -> None:
    """A list is checked whether anybody uses it or not."""
    assert message in Compiler([], lists).check_lists()["x"].message


def test_weights_add_up_and_count_once() -> None:
    """E-01, E-02, E-04: each part counts once however often it stands there; what speaks against it is no reason."""
    topic = compile_topic("t", "T", any_of={"helicopter*": 3, '"Mi-8"': 3, "title:crash*": -3}, threshold=6)
    rules = Rules([topic])

    assert rules.judge(make_entry(title="", text="helicopters, helicopters, helicopters"), make_source()) == ()
    (filing,) = rules.judge(make_entry(title="", text="Helicopters crash, Mi-8 crash"), make_source())
    assert [one.term for one in filing.spans] == ["helicopter*", '"Mi-8"']
    assert rules.judge(make_entry(title="Crashes", text="Helicopters, Mi-8"), make_source()) == ()


@pytest.mark.parametrize(
    ("threshold", "message"), [(0, "expected 1 or more"), (9, "all weights together are 5: the threshold 9 is never")]
)
def test_a_threshold_that_says_nothing_is_refused(threshold: int, message: str) -> None:
    """A threshold that everything or nothing reaches is a mistake."""
    with pytest.raises(QueryError, match=message):
        compile_topic("t", "T", any_of={"a1": 5, "b1": -2}, threshold=threshold)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("a1 NEAR b1", "NEAR needs a number"),
        ("a1 NEAR/3 b1 NEAR/3 c1", "NEAR does not chain"),
        ("(a1 b1) NEAR/3 c1", "each side of NEAR is"),
        ("a1 NEAR/3 -b1", "does not fit here"),
        ("title:a1 NEAR/3 b1", "both sides of NEAR stand in one field"),
        ("place:KZ NEAR/3 b1", "each side of NEAR is"),
        ("lang:(a1 NEAR/3 b1)", "is a value"),
        ("a1 NEAR/1000 b1", "up to 100"),
        ('"a1"~3', "expected 2 to 8 words"),
        ('"a1 b1"~x', "expected a number of words"),
        ("plases>=2", "did you mean places?"),
        ("places>=two", "no whole number"),
        ("published>=yesterday", "is no date"),
        ("published>=2026-13-01", "is no date"),
        ("published<=20260301", "is no date"),
        ("published=2026-W09", "is no date"),
        ("age<7", "is no age"),
        ('="CS*"', "exact spelling"),
        ("=CSTO", '="Word" is how'),
        ("places >= 2", "not understood"),
        ("topic:(a b)", "expected a topic's slug"),
        ("place:@uav", "no list"),
        ("a1~3", "is how nearness is asked for"),
    ],
)
def test_an_error_says_what_was_expected(query: str, message: str) -> None:
    """What cannot be read is refused with what to write instead."""
    with pytest.raises(QueryError) as caught:
        Compiler([], LISTS).query(query)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "a" * 100_000, "(" * 1000 + "a" + ")" * 1000, '"' + "a " * 40_000, "NOT NOT NOT a" + " AND NOT b" * 1000,
        "\u202eabc\u202c", "🚁 OR 🚁", "a\u0301" * 9000, "NEAR/3 " * 2000, "@" * 5000, "=" * 5000, "a:" * 5000,
        "-" * 5000, "a* " * 5000, " OR ".join(f"w{number} NEAR/100 v{number}" for number in range(700)), "\x00\x01",
    ],
)  # fmt: skip
def test_a_hostile_query_is_refused_or_bounded(query: str) -> None:
    """No query hangs or breaks: it is an error with a place, or it is evaluated, on a long text of its own words."""
    try:
        tree = Compiler([], LISTS).query(query)
    except QueryError as error:
        assert 1 <= error.column <= len(query) + 1  # noqa: PT017 -- either outcome is right, each with its own claim
        return
    rules = Rules([Topic(slug="q", title="", query="", tree=tree, rule_version="")])
    text = " ".join(query.replace("(", " ").split()[:200]) + " w1 v1" * 20_000
    assert len(rules.judge(make_entry(title=query[:500], text=text), make_source())) <= 1


def test_a_hostile_text_is_bounded() -> None:
    """NEAR and ~ over a text that holds their words fifty thousand times each come to an end, with bounded spans."""
    topic = compile_topic("t", "T", '(a1 OR b1) NEAR/100 (a1 OR c1) AND "a1 b1 c1"~100')
    (filing,) = Rules([topic]).judge(make_entry(text="a1 b1 " * 50_000 + "c1"), make_source())

    assert len(filing.spans) == 200
    assert isinstance(filing.spans[0], Span)
