"""Texts with their matches marked."""

from __future__ import annotations

import pytest

from aggregator.excerpts import Run, excerpt, marked, marked_words, matched_words
from storage.model import Span


def spans(text: str, *words: str, field: str = "text") -> list[Span]:
    """The first place of each word in a text."""
    return [Span(field=field, start=text.index(word), end=text.index(word) + len(word), term=word) for word in words]


def told(runs: list[Run]) -> str:
    """Runs as one text, marks in brackets."""
    return "".join(f"[{run.words}]" if run.hit else run.words for run in runs)


def test_a_text_is_whole_with_its_marks() -> None:
    """Nothing of the text is lost; marks that overlap or repeat are one; those of other fields do not count."""
    text = "The air defence radar"
    held = [*spans(text, "air defence", "defence radar", "air"), *spans("air", "air", field="title")]

    assert told(marked(text, held, "text")) == "The [air defence radar]"
    assert told(marked(text, [], "text")) == text
    assert marked("", held, "text") == []


def test_a_place_beyond_the_text_is_not_marked() -> None:
    """A text that is shorter than where it matched, as after an edit, is shown without the mark."""
    assert told(marked("short", [Span(field="text", start=3, end=30, term="x")], "text")) == "short"


def test_an_excerpt_is_what_stands_around_the_marks() -> None:
    """Whole words around the first three marks, with an ellipsis where something is left out."""
    text = f"{'before ' * 40}first {'between ' * 40}second {'after ' * 40}end"
    shown = told(excerpt(text, spans(text, "first", "second")))

    assert shown.startswith("… before ")
    assert shown.endswith("after …")
    assert "[first] between" in shown
    assert " … " in shown
    assert "[second] after" in shown
    assert len(shown) < 400


def test_without_marks_the_beginning_is_shown() -> None:
    """What matched elsewhere, or by what it does not say, shows its first words."""
    assert told(excerpt("Few words", [])) == "Few words"
    assert told(excerpt("word " * 100, [])).endswith("word …")
    assert excerpt("", []) == []


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The frigate and frigates", ["frigate"], "The [frigate] and frigates"),
        ("新しい護衛艦が", ["護衛艦"], "新しい[護衛艦]が"),
        ("air defence, air", ["air", "air defence"], "[air defence], [air]"),
        ("C++ (new)", ["C++", "(new)", " "], "[C++] [(new)]"),
        ("nothing", [], "nothing"),
    ],
)
def test_the_same_words_are_marked_in_another_telling(text: str, words: list[str], expected: str) -> None:
    """Whole words, the longest first, in scripts with and without spaces; no word is read as a pattern."""
    assert told(marked_words(text, words)) == expected


def test_matched_words_are_as_they_stand() -> None:
    """Each once, in the order of the text."""
    text = "Frigates, a frigate"
    assert matched_words(text, spans(text, "frigate", "Frigates"), "text") == ["Frigates", "frigate"]
