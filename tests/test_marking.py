"""Matched words are marked where they are shown, and never at the cost of the HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from markupsafe import Markup

from aggregator.web.marking import marked_body, marked_title
from feeds.clean import clean, plain_text
from feeds.model import Matched, Reason


def because(*places: tuple[int, int], field: str = "text") -> list[Reason]:
    """A reason with matched words at these places."""
    spans = tuple(Matched(field=field, start=start, end=end, term="t") for start, end in places)
    return [Reason(topic="air", title="Air", spans=spans)]


def words_of(text: str, *words: str) -> list[Reason]:
    """A reason with these words of a text, each where it first stands."""
    return because(*((text.index(word), text.index(word) + len(word)) for word in words))


def mark(body: str, *words: str, text: str = "") -> str:
    """A body with these words of its text marked."""
    text = text or plain_text(body)
    return str(marked_body(Markup(body), text, words_of(text, *words)))


def test_a_title_is_marked_and_escaped() -> None:
    """E-02: matched words of a title are marked; it stays plain text, whatever it holds."""
    title = "<b>A & B</b> helicopter"
    start = title.index("helicopter")

    assert marked_title(title, because((start, start + 10), (3, 8), field="title")) == (
        "&lt;b&gt;<mark>A &amp; B</mark>&lt;/b&gt; <mark>helicopter</mark>"
    )
    assert marked_title(title, because((0, 3))) == "&lt;b&gt;A &amp; B&lt;/b&gt; helicopter"
    assert marked_title("Short", because((2, 99), (4, 4), (-1, 2), field="title")) == "Short"


@pytest.mark.parametrize(
    ("body", "words", "marked"),
    [
        ("<p>The air  force of it.</p>", ["air force"], "<p>The <mark>air  force</mark> of it.</p>"),
        ("<p>One</p><p>two three</p>", ["two"], "<p>One</p><p><mark>two</mark> three</p>"),
        ("<p>heli<b>copter</b>s</p>", ["helicopters"], "<p><mark>heli</mark><b><mark>copter</mark></b><mark>s</mark></p>"),
        ("<p>A &amp; B &lt;x&gt;</p>", ["A & B", "<x>"], "<p><mark>A &amp; B</mark> <mark>&lt;x&gt;</mark></p>"),
        ('<a href="https://a.example/?b=air">air</a>', ["air"], '<a href="https://a.example/?b=air"><mark>air</mark></a>'),
        ('<img alt="a > b" src="https://a.example/i">air', ["air"], '<img alt="a > b" src="https://a.example/i"><mark>air</mark>'),
        ("<p>an <mark>air force</mark></p>", ["air"], "<p>an <mark><mark>air</mark> force</mark></p>"),
        ("Words without markup", ["without"], "Words <mark>without</mark> markup"),
        ("", ["x"], ""),
    ],
)  # fmt: skip
def test_a_body_is_marked(body: str, words: list[str], marked: str) -> None:
    """Marks stand around words, through tags inside them and entities, and never in a tag."""
    assert mark(body, *words, text="" if body else "x") == marked


@pytest.mark.parametrize(
    "tail", [" …", ' <a href="https://a.example/1">Continue reading the air force</a>', " the air", ""]
)
def test_a_summary_is_marked_as_far_as_it_is_the_texts(tail: str) -> None:
    """A summary that is cut, or ends in other words than the text, is marked as far as both agree."""
    text = "The air force flew over the whole of the coast on Monday. Then the air force landed."
    second = text.rindex("air force")
    shown = text[: text.index(" the air force landed")]

    assert str(marked_body(Markup(shown + tail), text, because((4, 13), (second, second + 9)))) == (
        shown.replace("air force", "<mark>air force</mark>") + tail
    )


def test_overlapping_words_are_one_mark() -> None:
    """Two terms that matched overlapping words give one mark; neighbours give two."""
    assert (
        str(marked_body(Markup("one two three"), "one two three", because((0, 7), (4, 13))))
        == "<mark>one two three</mark>"
    )
    assert (
        str(marked_body(Markup("one two"), "one two", because((0, 3), (4, 7)))) == "<mark>one</mark> <mark>two</mark>"
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [("air here", "something else"), ("air", "an air and an air"), ("x" * 50_001, "x" * 50_001)],
    ids=["another text", "twice in the text", "too long"],
)
def test_what_is_not_certain_is_not_marked(body: str, text: str) -> None:
    """Where the page's words are not surely those of the text, nothing is marked."""
    assert str(marked_body(Markup(body), text, because((0, 3)))) == body


_PIECES = ["<p>", "</p>", "<b>", "</b>", "<br>", " ", "\n", "air", "force", "&amp;", "&lt;i&gt;", "été", "船舶", "🚢",
           "<a href='https://a.example/?q=air&x=\"1\"'>", "</a>", "<img alt='air > force' src='https://a.example/i.png'>",
           "<li>", "<table><tr><td>", "&nbsp;", "s\u00adh"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(st.sampled_from(_PIECES), max_size=30), data=st.data())
def test_marks_never_break_html(pieces: Sequence[str], data: st.DataObject) -> None:
    """Whatever was cleaned and wherever words matched: without the marks the HTML is the same, and they hold words only."""
    body = clean("".join(pieces), "https://a.example/")
    text = plain_text(body)
    places = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=5))
    sound = [(min(place), max(place)) for place in places]
    marked = str(marked_body(Markup(body), text, because(*sound)))

    assert re.sub(r"</?mark>", "", marked) == body
    assert "mark>" not in re.sub(r"<mark>[^<>]+</mark>", "", marked)
    held = html.fragment_fromstring(marked, create_parent=True).iter("mark")
    found = "".join("".join("".join(one.itertext()) for one in held).split())
    inside = sorted({at for start, end in sound for at in range(start, end)})
    assert found in ("", "".join("".join(text[at] for at in inside).split()))
