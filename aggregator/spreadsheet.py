"""Rows as CSV that a spreadsheet opens without doing anything.

In: rows of text. Out: CSV (RFC 4180). Never: a cell that a spreadsheet would take for a formula: what strangers wrote is in them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula begins, also in full width. (OWASP, CSV Injection)"""


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows as it is: one that begins like a formula gets a quotation mark before it (X-26)."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell


def to_csv(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV, every cell harmless."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([harmless(cell) for cell in row] for row in rows)
    return written.getvalue()
