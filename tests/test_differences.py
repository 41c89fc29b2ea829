"""What an edit changed, word by word, quickly whatever the texts are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.differences import Run, compare, shortened


def told(runs: tuple[Run, ...]) -> str:
    """The runs as a line: [-gone-] {+new+}."""
    marks = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    return "".join(marks[run.kind].format(run.words) for run in runs)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Three killed at the bridge", "Five killed at the bridge", "[-Three-]{+Five+} killed at the bridge"),
        ("A bridge", "A bridge, mended", "A bridge{+, mended+}"),
        ("Old words here", "New words there", "[-Old-]{+New+} words [-here-]{+there+}"),
        ("one two three", "four five six", "[-one two three-]{+four five six+}"),
        ("the old grey bridge", "the new white bridge", "the [-old grey-]{+new white+} bridge"),
        ("", "Words", "{+Words+}"),
        ("Words", "", "[-Words-]"),
        ("", "", ""),
        ("same", "same", "same"),
        ("Мост закрыт до мая", "Мост открыт до мая", "Мост [-закрыт-]{+открыт+} до мая"),
        ("الجسر مغلق اليوم", "الجسر مفتوح اليوم", "الجسر [-مغلق-]{+مفتوح+} اليوم"),
        ("桥今天关闭", "桥今天开放", "桥今天[-关闭-]{+开放+}"),
        ("a\nb\nc", "a\nc", "a\n[-b\n-]c"),
    ],
)
def test_what_changed_is_told(before: str, after: str, expected: str) -> None:
    """I-07: words that went and came are told apart from those that stayed, in any script."""
    assert told(compare(before, after)) == expected


@given(st.text(alphabet="ab \n.", max_size=60), st.text(alphabet="ab \n.", max_size=60))
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    """I-07: nothing of either text is missing from the difference, and no two runs of a kind stand in a row."""
    runs = compare(before, after)

    assert "".join(run.words for run in runs if run.kind != "new") == before
    assert "".join(run.words for run in runs if run.kind != "gone") == after
    assert all(one.kind != other.kind for one, other in pairwise(runs))


@pytest.mark.parametrize(
    ("before", "after", "most"),
    [
        (" ".join(map(str, range(150_000))), " ".join(map(str, range(1, 150_001))), 3),
        ("a b " * 120_000, "b a b " * 90_000, 9),
        ("x " * 200_000, "y " * 200_000, 3),
        (" ".join(f"u{n} a b a b" for n in range(40_000)), " ".join(f"u{n} b b a a" for n in range(40_000)), 400_000),
    ],
)
def test_a_megabyte_is_compared_in_bounded_work(before: str, after: str, most: int) -> None:
    """X-11: texts of a megabyte that repeat themselves, or have nothing in common, come out, some of them as a whole."""
    runs = compare(before, after)

    assert 1 < len(runs) <= most
    assert "".join(run.words for run in runs if run.kind != "gone") == after


def test_what_stayed_is_cut_to_what_stands_around() -> None:
    """A long text that changed in one place is shown around that place."""
    before = "beginning " * 100 + "old" + " end" * 100
    runs = shortened(compare(before, before.replace("old", "new")), around=40)

    assert told(runs) == " … beginning beginning beginning [-old-]{+new+} end end end end end end end end end … "


def test_what_is_short_is_not_cut() -> None:
    """A cut that would save nothing is not made."""
    runs = compare("one two", "one three")

    assert shortened(runs) == runs
