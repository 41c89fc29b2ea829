"""The page of numbered behaviours says what the tests prove, and no more."""

from __future__ import annotations

import pytest

from tests.coverage_of_protocols import DATA, LEVELS, PAGE, Behaviour, behaviours, covered, numbered, written

FAMILIES, LISTED = behaviours(DATA.read_text("utf-8"))
NUMBERS = {one.number for one in LISTED}
# Families whose every number is listed. belong to a console that asks who one is.
WHOLE = {
    "F": 39, "I": 15, "A": 11, "V": 13, "P": 6, "J": 4, "O": 5, "D": 4, "S": 10, "B": 2, "W": 22, "X": 22, "G": 7, "E": 8,
    "fault": 48,
}  # fmt: skip


def test_the_page_is_that_of_today() -> None:
    """docs/protocols.md is what `make docs` writes now."""
    assert PAGE.read_text("utf-8") == written(FAMILIES, LISTED, covered()), "run: make docs"


def test_what_no_test_covers_has_a_reason() -> None:
    """A number without a test says why."""
    tests = covered()

    assert [one.number for one in LISTED if one.number not in tests and not one.why] == []


def test_every_number_is_listed() -> None:
    """Each family has as many numbers as there are, each with a level and words; no test names another."""
    assert {key: sum(one.family == key for one in LISTED) for key in FAMILIES} == WHOLE
    assert all(one.level in LEVELS and one.what for one in LISTED)
    named = {number for number in covered() if (number[0] if "-" in number else "fault") in WHOLE}
    assert named <= NUMBERS | {"X-30", "X-34"}


@pytest.mark.parametrize("number", [f"F{number:02}" for number in range(1, 49)])
def test_every_fault_has_a_test_of_its_name(number: str) -> None:
    """A fault that is survived has a test that is called after it."""
    (fault,) = [one for one in LISTED if one.number == number]
    names = covered().get(number, [])

    assert any(f"test_{number.lower()}_" in name for name in names) or (not names and fault.why)


def test_a_docstring_is_read_by_its_beginning() -> None:
    """Only the numbers that a docstring begins with count."""
    source = '''
def test_one() -> None:
    """F-20, X-03, F32: a sentence that speaks of F-21: too."""
def test_two() -> None:
    """F04 (faults): another."""
def test_three() -> None:
    """It says F-22: nothing."""
def helper() -> None:
    """F-23: no test."""
'''

    assert [*numbered(source)] == [
        ("F-20", "test_one"), ("X-03", "test_one"), ("F32", "test_one"), ("F04", "test_two")
    ]  # fmt: skip


def test_a_row_tells_what_is_missing() -> None:
    """The page counts what is covered, names three tests at most, and says why the rest is not."""
    listed = [
        Behaviour(number="F-01", level="MUST", what="one"),
        Behaviour(number="F-02", level="MAY", what="two", why="not built"),
    ]
    page = written({"F": "Fetching"}, listed, {"F-01": [f"test_x: test_{letter}" for letter in "abcd"]})

    assert "1 of 2 are covered." in page
    assert "| F-01 | MUST | one | 4: `test_a`, `test_b`, `test_c` |" in page
    assert "| F-02 | MAY | two | **not covered**: not built |" in page
