"""Copies of entries: what dataclasses.replace gives."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from feeds.copies import changed
from tests.test_write import FULL, make


def test_a_copy_is_that_of_the_standard_library() -> None:
    """A copy equals that of dataclasses.replace, is frozen like any entry, and leaves the entry as it was."""
    entry, same = make(1, **FULL), make(1, **FULL)
    copy = changed(entry, title="Other", authors=())

    assert copy == replace(entry, title="Other", authors=())
    assert hash(copy) == hash(replace(entry, title="Other", authors=()))
    assert changed(entry) == entry == same
    with pytest.raises(FrozenInstanceError):
        copy.title = "x"  # type: ignore[misc]  # that it cannot be set is what is tested


def test_a_field_that_is_none() -> None:
    """A field that entries do not have is an error, as it is with dataclasses.replace."""
    with pytest.raises(TypeError, match="no titel"):
        changed(make(), titel="x")
