"""What was measured, with what, on what: figures as records, as JSON and as a table in Markdown.

In: measured values. Out: results.json, the figures of docs/benchmarks.md. Never: a host name or a path of this machine.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BEGIN = "<!-- figures: begin (written by python -m benchmarks) -->"
END = "<!-- figures: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the figures depend on."""

    cpu: str
    cores: int
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number beside the peer's; `ratio` is ours by theirs, so that above 1 we are faster.

    `input` is "generated" or "corpus", `material` how much of it there was.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_version: str
    peer_value: float
    ratio: float
    rounds: int
    input: str
    material: str
    date: str
    machine: Machine
    note: str = ""


def figure(
    name: str,
    ours: float,
    unit: str,
    peer: str,
    theirs: float,
    *,
    rounds: int,
    source: str,
    material: str,
    note: str = "",
) -> Figure:
    """A figure of now, on this machine."""
    return Figure(
        name=name,
        value=_rounded(ours),
        unit=unit,
        peer=peer,
        peer_version=peer_version(peer),
        peer_value=_rounded(theirs),
        ratio=round(ours / theirs, 2),
        rounds=rounds,
        input=source,
        material=material,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=this_machine(),
        note=note,
    )


def peer_version(peer: str) -> str:
    """The installed version of a peer, "" where it is not installed."""
    try:
        return version(peer)
    except PackageNotFoundError:
        return ""


def this_machine() -> Machine:
    """Processor, cores and Python, and nothing that names the machine."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    cpu = model[1].strip() if model else platform.processor() or platform.machine()
    return Machine(cpu=cpu, cores=os.cpu_count() or 1, python=platform.python_version())


def to_json(figures: Iterable[Figure]) -> str:
    """The figures as JSON."""
    return json.dumps([dataclasses.asdict(one) for one in figures], indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Figure]:
    """The figures again."""
    return [Figure(**{**row, "machine": Machine(**row["machine"])}) for row in json.loads(text)]


def merged(before: Iterable[Figure], now: Iterable[Figure]) -> list[Figure]:
    """The last figure of every benchmark and input, in the order in which they first came."""
    return list({(one.name, one.input): one for one in (*before, *now)}.values())


def in_page(page: str, figures: Iterable[Figure]) -> str:
    """The page with these figures between its marks."""
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n\n{table(figures)}\n{page[end:]}"


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table, then their notes."""
    listed = list(figures)
    head = ("measured", "input", "Heliograph", "peer", "ratio", "rounds", "when, on what")
    rows = [
        (
            f"`{one.name}`", f"{one.input}: {one.material}", f"{one.value:g} {one.unit}",
            f"{one.peer_value:g} {one.unit} ({f'{one.peer} {one.peer_version}'.strip()})", f"{one.ratio:.2f}", str(one.rounds),
            f"{one.date[:10]}, {one.machine.cpu}, {one.machine.cores} cores, Python {one.machine.python}",
        )
        for one in listed
    ]  # fmt: skip
    lines = [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]
    notes = dict.fromkeys(f"\n`{one.name}`: {one.note}." for one in listed if one.note)
    return "\n".join((*lines, *notes)) + "\n"


def _rounded(value: float) -> float:
    """Three or four digits that mean something."""
    return round(value, 1) if value >= 100 else float(f"{value:.3g}")
