"""Alerts of the Europe Media Monitor become topics that mean the same, and what cannot be said is told by its line."""

from __future__ import annotations

import itertools
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from aggregator.cli import main
from aggregator.emm import Alert, Combination, Keyword, read_alerts
from aggregator.emm_topics import Imported, topics_of
from aggregator.exporting import print_topics
from aggregator.topics.compiling import compile_topic
from aggregator.topics.match import judge
from tests.fakes import make_entry, make_source, write_config

YELLOW_FEVER = """
define alert YellowFever
  words threshold 30
  define patterns
    yellow+fever 20, Aedes 10,
    mosquito% 10
    crash -5
  end patterns
  define combination proximity 6
    begin or
      outbreak, epidemic%
    end or
    begin or
      WHO
      vaccine
    end or
    begin not
      computer, hard+disk
    end not
  end combination
end alert
"""


def imported(text: str) -> tuple[list[Imported], list[str]]:
    """The topics of a file of alerts, and its complaints as a person reads them."""
    alerts, unread = read_alerts(text)
    topics, unsaid = topics_of(alerts)
    return topics, [f"{one.line}: {one.message}" for one in [*unread, *unsaid]]


def alert(*lines: str, name: str = "One") -> str:
    """An alert with these lines in it."""
    return "\n".join([f"define alert {name}", *lines, "end alert"])


def combination(*groups: str, head: str = "define combination") -> str:
    """A combination of such groups: "a, b", or "not: a, b"."""
    made = (f"begin not {one[4:]} end not" if one.startswith("not:") else f"begin or {one} end or" for one in groups)
    return "\n".join([head, *made, "end combination"])


def patterns(words: str, threshold: int = 1) -> str:
    """Weighted words."""
    return f"words threshold {threshold}\ndefine patterns {words} end patterns"


def test_words_and_combinations_become_one_topic() -> None:
    """E-01: an alert with both is one topic: any combination is enough, whatever speaks against it among the words."""
    assert imported(YELLOW_FEVER) == (
        [
            Imported(
                slug="yellowfever", title="YellowFever", threshold=30,
                any_of={
                    '"yellow fever"': 20, '="Aedes"': 10, "mosquito*": 10, '"crash"': -5,
                    '("outbreak" OR epidemic*) NEAR/6 (="WHO" OR "vaccine") AND NOT ("computer" OR "hard disk")': 35,
                },
            )
        ],
        [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        (combination("a1, b1"), {"query": '"a1" OR "b1"'}),
        (combination("a1"), {"query": '"a1"'}),
        (combination("a1", "b1, c1", "not: d1"), {"query": '"a1" AND ("b1" OR "c1") AND NOT "d1"'}),
        (combination("a1", head="define combination proximity 3"), {"query": '"a1"'}),
        (combination("a1") + "\n" + combination("b1"), {"any_of": {'"a1"': 1, '"b1"': 1}, "threshold": 1}),
        (patterns("a1 2, b1 3, a1 4", 5), {"any_of": {'"a1"': 6, '"b1"': 3}, "threshold": 5}),
        (patterns("a1 2\n b1\n 3 ,\n", 5), {"any_of": {'"a1"': 2, '"b1"': 3}, "threshold": 5}),
        (patterns("2020 2, \u0431\u043f\u043b\u0430 1, \u0411\u041f\u041b\u0410 1"),
         {"any_of": {'"2020"': 2, '"\u0431\u043f\u043b\u0430"': 1, '="\u0411\u041f\u041b\u0410"': 1}, "threshold": 1}),
        (combination("a1", "b1", "c1", head="define combination proximity 5"),
         {"query": '"a1" NEAR/5 "b1" AND "a1" NEAR/5 "c1" AND "b1" NEAR/5 "c1"',
          "notes": ("NEAR joins two groups: three or more are near each other two by two, not all in one place",)}),
        ("define patterns a1 2 end patterns",
         {"any_of": {'"a1"': 2}, "threshold": 1, "notes": ("no words threshold is given: any word is enough",)}),
    ],
)  # fmt: skip
def test_what_alerts_become(body: str, topic: dict[str, object]) -> None:
    """E-01: weighted words are any_of, one combination is a query, NEAR stands for two groups with a proximity."""
    assert imported(alert(body)) == ([Imported(slug="one", title="One", **topic)], [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keyword", "term", "complaint"),
    [
        ("fever", '"fever"', ""),
        ("yellow+fever", '"yellow fever"', ""),
        ("NATO", '="NATO"', ""),
        ("new+York", '="new York"', ""),
        ("helicopter%", "helicopter*", ""),
        ("military%+aid", '"military* aid"', ""),
        ("e-mail%", '"e-mail*"', ""),
        ("船舶", '"船舶"', ""),
        ("Taliban%", "Taliban*", "Taliban% matches small letters too: a wildcard has no exact form"),
        ("%copter", "", "the keyword %copter is left out: a % needs the beginning of a word before it"),
        ("he%ter", "", "the keyword he%ter is left out: a % can be said here at the end of a word only"),
        ("wom_n", "", "the keyword wom_n is left out: _ is any one letter there, which cannot be said here"),
        (
            "a%",
            "",
            "the keyword a% is left out: a* would match nearly everything: give a beginning of two letters or more",
        ),
        ("yellow+", "", "the keyword yellow+ is left out: expected a word on each side of a +"),
        ('"fever"', "", 'the keyword "fever" is left out: a " cannot be part of a word here'),
        ("&&", "", 'the keyword && is left out: "&&" has no letter or digit to look for'),
    ],
)
def test_keywords(keyword: str, term: str, complaint: str) -> None:
    """E-04: capitals are exact, small letters match any, + joins a phrase, % ends a word; what cannot be said is told."""
    topics, complaints = imported(
        alert("define combination", "begin or", "  other", f"  {keyword}", "end or", "end combination")
    )

    assert topics[0].query == (f'"other" OR {term}' if term else '"other"')
    assert complaints == ([f"5: {complaint}"] if complaint else [])


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("", []),
        ("hello\nthere you", ["1: expected define alert, not hello", "2: expected define alert, not there"]),
        ("define alert", ["1: expected the alert's name behind define alert; the alert is left out"]),
        ("define alert One\n", ["1: expected words threshold, define patterns, define combination or end alert, not the end of "
                                "the file; the alert is left out"]),
        (alert("words threshold many"), ["2: expected a whole number behind words threshold, not many; the alert is left out"]),
        (alert("define patterns", "fever", "end patterns"),
         ["3: fever has no weight: expected a keyword and a whole number; it is left out",
          "1: nothing of the alert One can be said here: it is left out"]),
        (alert("define patterns", "yellow fever 3", "end patterns"),
         ["3: yellow fever is several words: expected a comma between them, or yellow+fever for a phrase; it is left out",
          "1: nothing of the alert One can be said here: it is left out"]),
        (alert("define patterns", "fever 3"), ["3: expected end patterns before end alert; the alert is left out"]),
        ("define alert One\ndefine patterns fever 3", ["2: the file ends before end patterns; the alert is left out"]),
        (alert("define combination", "fever"),
         ["3: expected begin or, begin not or end combination, not fever; the alert is left out"]),
        (alert(combination("not: fever")), ["1: nothing of the alert One can be said here: it is left out",
                                            "2: the combination has no begin or: it is left out"]),
        (alert(combination("%x", "fever")), ["1: nothing of the alert One can be said here: it is left out",
                                             "2: the combination has a group without a usable keyword: it is left out",
                                             "3: the keyword %x is left out: a % needs the beginning of a word before it"]),
        (alert(patterns("fever 3", 5)),
         ["1: each word counts once here, so the words of One reach 3 and never 5: they are left out",
          "1: nothing of the alert One can be said here: it is left out"]),
        (alert(patterns("fever 3", 0)),
         ["1: expected a threshold from 1 to 1,000,000, not 0: the words of One are left out",
          "1: nothing of the alert One can be said here: it is left out"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, complaints: list[str]) -> None:
    """What cannot be read or said is told by its line, with what was expected, and nothing is made of it."""
    assert imported(text) == ([], complaints)


def test_one_bad_alert_costs_no_other() -> None:
    """Reading goes on behind the end of a broken alert, or where the next begins."""
    bad = ["define alert A\nnonsense\nend alert", "define alert B\ndefine patterns x 1", "define alert"]
    good = [alert(combination(f"word{n}"), name=f"Good{n}") for n in range(3)]
    topics, complaints = imported("\n".join(itertools.chain(*zip(bad, good, strict=True))))

    assert [one.slug for one in topics] == ["good0", "good1", "good2"]
    assert len(complaints) == 3


def test_a_far_proximity_is_told() -> None:
    """NEAR has a greatest width: beyond it the words may be anywhere, and the complaint says so."""
    topics, complaints = imported(alert(combination("a1", "b1", head="define combination proximity 500")))

    assert topics[0].query == '"a1" AND "b1"'
    assert complaints == ["2: a proximity of 500 cannot be said (0 to 100): the words may be anywhere"]


def test_a_word_that_is_left_out_of_not_is_noted() -> None:
    """Where a keyword that speaks against a combination cannot be said, the topic says that it is wider."""
    (topic,), _ = imported(alert(combination("a1", "not: b1, %c")))

    assert topic.query == '"a1" AND NOT "b1"'
    assert topic.notes == ("a keyword behind begin not is left out, so that more matches",)


def test_names_become_slugs() -> None:
    """Two alerts of one name, or of one slug, get addresses of their own."""
    topics, complaints = imported("\n".join(alert(combination("a1"), name=name) for name in ("Food", "Food", "food")))

    assert [one.slug for one in topics] == ["food", "food-2", "food-3"]
    assert [one.title for one in topics] == ["Food", "Food", "food"]
    assert complaints == ["6: an alert Food stands in line 1 already: this one becomes food-2"]


def test_a_group_that_is_too_long_for_all_pairs() -> None:
    """Where asking for each pair is too long, neighbours are asked for; what is longer still is told and left out."""
    words = [", ".join(f"word{number}{letter}" for number in range(200)) for letter in "abcdefgh"]
    near = "define combination proximity 5"
    (topic,), _ = imported(alert(combination(*words[:4], head=near)))
    assert topic.query.count("NEAR") == 3

    topics, complaints = imported(alert(combination(*words, head=near)))
    assert topics == []
    assert any("longer than the 20,000 characters of a query" in one for one in complaints)


@pytest.mark.parametrize(
    "text",
    ["define alert " * 50_000, "define alert A\n" + "define patterns\n" * 50_000, "end or " * 50_000, "\n" * 500_000,
     "define alert A define combination begin or " + "a, " * 100_000, "define alert A define patterns " + "x " * 100_000],
    ids=["alerts", "patterns", "ends", "lines", "keywords", "one item"],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    """The time to read grows with the length of the text, whatever stands in it."""
    topics, complaints = imported(text)

    assert topics == []
    assert all(len(one) < 1000 for one in complaints)


_WORDS = ["alfa", "Alfa", "bravo", "BRAVO", "carol", "carols", "delta"]
_KEYWORDS = ["alfa", "Alfa", "bravo", "BRAVO", "carol", "carol%", "alfa+bravo", "Alfa+carol", "del%+alfa", "delta"]
_keyword = st.sampled_from(_KEYWORDS).map(lambda written: Keyword(written=written, line=1))
_group = st.lists(_keyword, min_size=1, max_size=3).map(tuple)
_combination = st.builds(
    Combination, line=st.just(1), proximity=st.none() | st.integers(0, 3),
    groups=st.lists(_group, min_size=1, max_size=3).map(tuple), without=st.lists(_keyword, max_size=2).map(tuple),
)  # fmt: skip
_alert = st.builds(
    Alert, name=st.just("One"), line=st.just(1), threshold=st.integers(1, 6),
    patterns=st.lists(st.tuples(_keyword, st.integers(-3, 5)), max_size=4).map(tuple),
    combinations=st.lists(_combination, max_size=2).map(tuple),
)  # fmt: skip
_text = st.lists(st.sampled_from(_WORDS), max_size=8)


def standing(keyword: Keyword, words: list[str]) -> list[tuple[int, int]]:
    """Where a keyword stands in a text, by EMM's definition: first word, and the one after the last."""
    parts = keyword.written.split("+")
    exact = keyword.written != keyword.written.lower() and "%" not in keyword.written

    def fits(part: str, word: str) -> bool:
        if part.endswith("%"):
            return word.lower().startswith(part[:-1].lower())
        return part == word if exact else part.lower() == word.lower()

    row = len(parts)
    return [(at, at + row) for at in range(len(words) - row + 1) if all(map(fits, parts, words[at : at + row]))]


def near(one: tuple[Keyword, ...], other: tuple[Keyword, ...], words: list[str], within: int) -> bool:
    """Whether a keyword of each group stand with at most so many words between them."""
    mine = [place for keyword in one for place in standing(keyword, words)]
    theirs = [place for keyword in other for place in standing(keyword, words)]
    return any(0 <= max(a[0], b[0]) - min(a[1], b[1]) <= within and (a[1] <= b[0] or b[1] <= a[0])
               for a in mine for b in theirs)  # fmt: skip


def holds(one: Combination, fields: list[list[str]]) -> bool:
    """Whether a combination holds, by EMM's definition; of three groups and more, near each other two by two."""
    anywhere = [any(standing(keyword, words) for keyword in group for words in fields) for group in one.groups]
    against = any(standing(keyword, words) for keyword in one.without for words in fields)
    if one.proximity is None or len(one.groups) == 1:
        return all(anywhere) and not against
    pairs = itertools.combinations(one.groups, 2)
    return not against and all(any(near(*pair, words, one.proximity) for words in fields) for pair in pairs)


def fires(one: Alert, fields: list[list[str]]) -> bool:
    """Whether an alert fires: the weights of its words reach the threshold, or a combination holds."""
    weights = [weight for keyword, weight in one.patterns if any(standing(keyword, words) for words in fields)]
    by_words = bool(one.patterns) and sum(weights) >= (one.threshold or 1)
    return by_words or any(holds(each, fields) for each in one.combinations)


@settings(max_examples=400, deadline=None)
@given(one=_alert, entries=st.lists(st.tuples(_text, _text), min_size=1, max_size=6))
def test_topics_match_what_alerts_would(one: Alert, entries: list[tuple[list[str], list[str]]]) -> None:
    """E-01: an imported topic compiles, and matches exactly the entries for which the alert fires by its definition."""
    topics, _ = topics_of([one])
    if not topics:
        assert not any(fires(one, [title, text]) for title, text in entries)
        return
    (made,) = topics
    topic = compile_topic(made.slug, made.title, made.query, any_of=made.any_of, threshold=made.threshold)
    for title, text in entries:
        entry = make_entry(title=" ".join(title), text=" ".join(text))
        assert bool(judge([topic], entry, make_source())) == fires(one, [title, text]), (made, title, text)


@pytest.mark.parametrize("length", range(1, 60, 4))
def test_a_long_combination_beside_words_is_a_key(length: int) -> None:
    """E-01: a combination beside weighted words becomes a key of the YAML, which may not go over two lines."""
    groups = f"begin or yes, {'b' * length}, c end or begin or WHO, {'d' * length}, e end or"
    words = "words threshold 5 define patterns x 5 end patterns"
    text = f"define alert A {words} define combination {groups} end combination end alert"
    (topic,), _ = topics_of(read_alerts(text)[0])
    stream = StringIO()
    print_topics(stream, [topic])

    assert YAML(typ="safe").load(stream.getvalue())["topics"]["a"]["any_of"] == dict(topic.any_of)


def test_what_is_printed_is_what_was_meant(tmp_path: Path) -> None:
    """The YAML that is printed, put into feeds.yaml, gives the same topics; notes stand above theirs as comments."""
    long = combination(
        *(", ".join(f"word{n}{letter}" for n in range(80)) for letter in "ab"), head="define combination proximity 9"
    )
    three = combination("a1", "b1", "c1", head="define combination proximity 5")
    yaml = "\n".join([YELLOW_FEVER, alert(long, name="Long"), alert(long, three, name="Both"), alert(three, name="Three"),
                      alert(combination("no, yes, null, 12"), name="No")])  # fmt: skip
    topics, complaints = imported(yaml)
    stream = StringIO()
    print_topics(stream, topics)
    config = write_config(tmp_path, stream.getvalue())

    assert complaints == []
    assert "\n  # NEAR joins two groups" in stream.getvalue()
    assert [(one.slug, one.query, dict(one.any_of)) for one in config.topic_rules] == [
        (one.slug, one.query, dict(one.any_of)) for one in topics
    ]
    assert [one.threshold for one in config.topic_rules if one.any_of] == [
        one.threshold for one in topics if one.any_of
    ]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """`heliograph topics import emm`: exit status, what it printed, what it complained."""
    with pytest.raises(SystemExit) as ended:
        main(["topics", "import", "emm", *arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    """YAML goes to stdout, complaints with file and line to stderr, the status is 0 where anything can be used."""
    file = tmp_path / "alerts.txt"
    file.write_bytes(alert(combination("épidémie, wom_n")).encode(encoding))
    status, out, err = run(capsys, str(file))

    assert status == 0
    assert out == "topics:\n  one:\n    title: One\n    query: '\"épidémie\"'\n"
    assert f"{file}:3: the keyword wom_n is left out" in err
    assert ("read as windows-1252" in err) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"nothing", "alerts.txt has no alert that can be used."),
        (b"<?xml version='1.0'?><alerts/>", "alerts.txt is XML: expected the text syntax of EMM"),
        (b"x" * 20_000_001, "alerts.txt is longer than 20 MB"),
        (None, "alerts.txt cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, told: str
) -> None:
    """Where nothing can be used, nothing is printed, and the status is 2."""
    file = tmp_path / "alerts.txt"
    if content is not None:
        file.write_bytes(content)
    status, out, err = run(capsys, str(file))

    assert (status, out) == (2, "")
    assert told in err
