"""Which numbered behaviours have tests, as a page: `make docs`, or `python -m tests.coverage_of_protocols`.

In: docs/protocols.toml, and the first words of the tests' docstrings. Out: docs/protocols.md.
Never: a claim of its own: a number is covered where a test's docstring begins with it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DATA = ROOT / "docs" / "protocols.toml"
PAGE = ROOT / "docs" / "protocols.md"
LEVELS = ("MUST", "SHOULD", "MAY", "GOAL", "FAULT")
# "F-20, X-03, F32 (faults): what the test proves." Protocol numbers have a hyphen, faults have none.
_NUMBER = r"(?:[A-Z]-\d\d|F\d\d)"
_BEGINNING = re.compile(rf"\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)(?:\s*\(faults\))?\s*:")
_SHOWN = 3
_HEAD = """# What is covered

Made by `make docs` from [protocols.toml](protocols.toml) and the tests' docstrings; do not edit it here. The numbers are those
that docstrings begin with; what they stand for is told in our own words. MUST, SHOULD and MAY are what the sources of a rule
demand, GOAL is a goal of our own. A number is covered where at least one test names it: how well, its tests say.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A numbered behaviour: what its sources demand, what it is, and why no test covers it, "" where one should."""

    number: str
    level: str
    what: str
    why: str = ""

    @property
    def family(self) -> str:
        """The key of its section."""
        return self.number[0] if "-" in self.number else "fault"


def behaviours(text: str) -> tuple[dict[str, str], list[Behaviour]]:
    """The titles of the sections by key, and every behaviour in the file's order."""
    held = tomllib.loads(text)
    return held["families"], [Behaviour(number=number, **said) for number, said in held["numbers"].items()]


def numbered(source: str) -> Iterator[tuple[str, str]]:
    """Each number that a test's docstring begins with, and the test's name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            begins = _BEGINNING.match(ast.get_docstring(node) or "")
            for number in re.findall(_NUMBER, begins[1]) if begins else ():
                yield number, node.name


def covered() -> dict[str, list[str]]:
    """The tests of each number, as "test_file: test_name", in the order of their names."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for number, name in numbered(path.read_text("utf-8")):
            found.setdefault(number, []).append(f"{path.stem}: {name}")
    return found


def written(families: Mapping[str, str], listed: list[Behaviour], tests: Mapping[str, list[str]]) -> str:
    """The page."""
    parts = [_HEAD]
    for key, title in families.items():
        own = [one for one in listed if one.family == key]
        has = sum(one.number in tests for one in own)
        parts.append(
            f"## {title}\n\n{has} of {len(own)} are covered.\n\n| number | | what | tests |\n|---|---|---|---|"
        )
        parts[-1] += "".join(f"\n{_row(one, tests.get(one.number, []))}" for one in own) + "\n"
    return "\n".join(parts)


def _row(one: Behaviour, tests: list[str]) -> str:
    own_names = sorted(tests, key=lambda name: (one.number.lower().replace("-", "") not in name, name))
    shown = ", ".join(f"`{name.partition(': ')[2]}`" for name in own_names[:_SHOWN])
    said = f"{len(tests)}: {shown}" if tests else f"**not covered**: {one.why}"
    level = "" if one.level == "FAULT" else one.level
    return f"| {one.number} | {level} | {one.what} | {said} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(*behaviours(DATA.read_text("utf-8")), covered()), "utf-8")


if __name__ == "__main__":
    main()
