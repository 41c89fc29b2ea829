"""A query is read as its writer meant it, or refused with a place and a hint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.topics.language import LONGEST_QUERY, read_query
from aggregator.topics.tree import And, Node, Not, Or, QueryError, Term


def drawn(node: Node) -> str:
    """A tree as a person draws it: (a & b), (a | b), !a, field:a."""
    if isinstance(node, Term):
        return f"{node.field}:{node.written}" if node.field else node.written
    if isinstance(node, Not):
        return f"!{drawn(node.part)}"
    assert isinstance(node, And | Or), node
    return f"({(' & ' if isinstance(node, And) else ' | ').join(map(drawn, node.parts))})"


def refusal(query: str) -> QueryError:
    """Why a query was refused."""
    with pytest.raises(QueryError) as caught:
        read_query(query)
    return caught.value


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("helicopter", "helicopter"),
        ("a b", "(a & b)"),
        ("a AND b", "(a & b)"),
        ("a OR b AND c", "(a | (b & c))"),
        ("a OR b c", "(a | (b & c))"),
        ("(a OR b) c", "((a | b) & c)"),
        ("NOT a b", "(!a & b)"),
        ("b AND NOT a OR c", "((b & !a) | c)"),
        ("a -b", "(a & !b)"),
        ("a -(b OR c)", "(a & !(b | c))"),
        ('a -"b c"', '(a & !"b c")'),
        ("a NOT NOT b", "(a & b)"),
        ("NOT -a", "a"),
        ("a NOT (NOT (NOT b))", "(a & !b)"),
        ('"air defence"', '"air defence"'),
        ('"a OR b"', '"a OR b"'),
        ("title:a b", "(title:a & b)"),
        ("title:(a OR -(b c))", None),
        ("title:(a -b)", "(title:a & !title:b)"),
        ("TITLE:a", "title:a"),
        ('author:("Ann Smith" OR Doe)', '(author:"Ann Smith" | author:Doe)'),
        ("title:(a AND text:b)", "(title:a & text:b)"),
        ("lang:tr tag:state-media source:x", "(lang:tr & tag:state-media & source:x)"),
        ("ORBITAL ANDROID NOTE", "(ORBITAL & ANDROID & NOTE)"),
        ("NOT-so OR-else", "(NOT-so & OR-else)"),
        ("counter-UAV -drone", "(counter-UAV & !drone)"),
        ("a\n  AND\tb", "(a & b)"),
        ('"or" "not"', '("or" & "not")'),
        ("AT&T 24.kg", "(AT&T & 24.kg)"),
        ("дрон* OR İHA OR بالگرد OR 无人机", "(дрон* | İHA | بالگرد | 无人机)"),
    ],
)
def test_queries_are_read(query: str, tree: str | None) -> None:
    """NOT binds tighter than AND, AND tighter than OR; side by side means AND; a field holds for what follows it."""
    if tree is None:
        assert "only NOT" in str(refusal(query))
    else:
        assert drawn(read_query(query)) == tree


@pytest.mark.parametrize(
    "query",
    ["-a", "NOT a", "a OR -b", "a OR NOT b c OR NOT d", "NOT (a OR b)", "-a -b", "title:-a", "(a OR -b) OR c"],
)
def test_what_would_match_nearly_everything_is_refused(query: str) -> None:
    """A query must find something by what it asks for, not by what it leaves out."""
    message = str(refusal(query))

    assert "only NOT" in message or "does not fit" in message


@pytest.mark.parametrize("query", ["a*", "я*", "(b OR a*)", '"a*"', "title:a*", '"air d*"'])
def test_a_beginning_of_one_letter_is_refused(query: str) -> None:
    """One letter and a * would match nearly everything."""
    assert "two letters or more" in str(refusal(query))


@pytest.mark.parametrize("query", ["UA*", "S-3*", "無*", "军事*", '"air de*"'])
def test_a_beginning_that_says_something_is_read(query: str) -> None:
    """Two letters, a letter and a digit, or one Chinese character are enough before a *."""
    assert isinstance(read_query(query), Term)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("defen*e", "inside a word"),
        ('"defen*e cooperation"', "inside a word"),
        ("*copter", "inside a word"),
        ("counter*-UAV", "inside a word"),
        ("军*事", "inside a word"),
        ("foo**", "stands alone"),
        ('"foo * bar"', "stands alone"),
        ("foo *", "no letter or digit"),
        ("*", "no letter or digit"),
        ('""', "no letter or digit"),
        ('"…"', "no letter or digit"),
        ("🚁", "no letter or digit"),
    ],
)
def test_a_star_only_ends_a_word(query: str, message: str) -> None:
    """A * anywhere else is refused: read as something else, it would quietly find something else."""
    assert message in str(refusal(query))


@pytest.mark.parametrize(
    "query",
    [
        "=CSTO", "a~2", "a^2", "defen?e", "a|b", "[a]", "“air defence”", "«ПВО»", "a –b", "a —b", "{a}",
    ],
)  # fmt: skip
def test_what_this_version_does_not_know_is_refused(query: str) -> None:
    """What other query languages have, or word processors type, is refused, not read as plain words."""
    assert "not understood" in str(refusal(query))


@pytest.mark.parametrize(("query", "capitals"), [("a or b", "OR"), ("a and b", "AND"), ("a Not b", "NOT")])
def test_operators_in_small_letters_are_refused(query: str, capitals: str) -> None:
    """`a or b` would mean all three words: it is asked to be OR, or a quoted word."""
    error = refusal(query)

    assert f"write {capitals} in capitals" in str(error)
    assert error.column == 3


@pytest.mark.parametrize(
    ("query", "message", "place"),
    [
        ("", "is empty", (1, 1)),
        ("  \n ", "is empty", (1, 1)),
        ("titel:a", "did you mean title:?", (1, 1)),
        ("a size:KZ", "there is no field size: the fields are title, text, author, source, category, url", (1, 3)),
        ("a AND", "ends too early: expected", (1, 6)),
        ("a OR OR b", "OR does not fit here: expected", (1, 6)),
        ("AND a", "AND does not fit here", (1, 1)),
        ("a\nb)", ") does not fit here: expected the end", (2, 2)),
        ("(a b", "ends too early", (1, 5)),
        ('a "b', 'a " is never closed', (1, 3)),
        ("title: a", "':' does not fit here", (1, 6)),
        ("a - b", "'-' does not fit here", (1, 3)),
        ("a:", "':' does not fit here", (1, 2)),
        ("title:", "':' does not fit here", (1, 6)),
        ("a\n\n  foo*bar", "inside a word", (3, 3)),
        ("a near/6 b", "write NEAR/6 in capitals", (1, 3)),
        ("a Near/6 b", "write NEAR/6 in capitals", (1, 3)),
        ("a “b c”", "straight quotation marks", (1, 3)),
        ("a || b", "write OR", (1, 3)),
    ],
)
def test_an_error_says_where_and_what(query: str, message: str, place: tuple[int, int]) -> None:
    """An error names line, column and what was expected, and suggests the nearest field."""
    error = refusal(query)

    assert message in str(error)
    assert (error.line, error.column) == place
    assert f"(line {place[0]}, column {place[1]} of the query)" in str(error)


def test_a_very_long_query_is_refused() -> None:
    """X-35: a query of 100 kB is refused before it is read."""
    assert "100,000 characters" in str(refusal("drone " * 16_666 + "dron"))
    assert isinstance(read_query(("drone " * LONGEST_QUERY)[: LONGEST_QUERY - 1]), And)


@pytest.mark.parametrize("query", ["(" * 1000 + "a" + ")" * 1000, "(" * 1000, "-(" * 1000 + "a" + ")" * 1000])
def test_a_very_deep_query_is_refused(query: str) -> None:
    """X-35: a thousand parentheses inside each other are refused, closed or not."""
    assert "nested deeper than 40" in str(refusal(query))


def test_parentheses_in_a_phrase_are_no_depth() -> None:
    """Only parentheses that group count; forty of them are read."""
    assert drawn(read_query("(" * 40 + "a" + ")" * 40)) == "a"
    assert isinstance(read_query(f'a "{"(" * 100} b"'), And)


@pytest.mark.parametrize("query", ["NOT " * 4_001 + "a b c", "title:" * 3_000 + "a"])
def test_long_chains_are_no_depth(query: str) -> None:
    """X-35: thousands of NOT or of fields in a row are read without running out of stack."""
    assert isinstance(read_query(query), And | Term)


@given(st.text("ab *-():\"'=~ORANDT\nяİ中\u0301\u200f🚁", max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused(query: str) -> None:
    """Whatever is written, the answer is a tree or a QueryError with a place inside the query."""
    read: Node | QueryError
    try:
        read = read_query(query)
    except QueryError as error:
        read = error

    if isinstance(read, QueryError):
        assert 1 <= read.line <= query.count("\n") + 1
        assert 1 <= read.column <= len(query) + 1
    else:
        assert drawn(read)
