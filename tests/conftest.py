"""Fixtures that many files share: a fresh store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, open_database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A fresh, empty store."""
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()
