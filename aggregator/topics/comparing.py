"""What is compared in a query: places>=2, words>300, published>=2026-01-01, age<7d, sources>=3.

In: a comparison as written. Out: a Compare. Never: a value that cannot be compared: that is an error.
"""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime

from aggregator.topics.tree import COMPARED, Compare, QueryError

_WRITTEN = re.compile(r"([A-Za-z_]+)(>=|<=|>|<|=)(.*)", re.DOTALL)
_NUMBER = re.compile(r"\d{1,9}\Z", re.ASCII)
# Of the forms of ISO 8601 the one that everybody writes: 20260131 would be a moment, and no day.
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.+)?\Z", re.ASCII)
_AGE = re.compile(r"(\d{1,6})(m|h|d|w)\Z", re.ASCII)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def comparison(written: str) -> Compare:
    """Read a comparison. Raises QueryError."""
    found = _WRITTEN.match(written)
    assert found is not None, "the grammar lets nothing else through"
    name, operator, value = found[1].lower(), found[2], found[3]
    if name not in COMPARED:
        near = difflib.get_close_matches(name, COMPARED, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise QueryError(f"{found[1]} is nothing that can be compared: there are {', '.join(COMPARED)}{hint}")
    return Compare(written, name, operator, _value(name, value))


def _value(name: str, value: str) -> float | datetime | date:
    if name == "published":
        try:
            if _DATE.match(value) is None:
                raise ValueError
            if len(value) == len("2026-01-31"):
                return date.fromisoformat(value)
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise QueryError(f"{value} is no date: expected one such as 2026-01-31, or 2026-01-31T12:00") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if name == "age":
        age = _AGE.match(value)
        if not age:
            raise QueryError(f"{value} is no age: expected minutes, hours, days or weeks, such as 90m, 12h, 7d, 2w")
        return float(int(age[1]) * _SECONDS[age[2]])
    if not _NUMBER.match(value):
        raise QueryError(f"{value} is no whole number")
    return float(int(value))
