"""Run the benchmarks: python -m benchmarks [--json] [NAME...].

In: names of benchmarks, all where none is given. Out: a table or JSON, results.json, the figures of docs/benchmarks.md.
Never: an estimate in place of a measurement that failed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import (
    engines,
    fetching,
    figures,
    languages,
    matching,
    parsing,
    places,
    polling,
    publishing,
    pushing,
    rendering,
    replay,
    searching,
    serving,
    stories,
)
from benchmarks.figures import Figure
from benchmarks.server import ROOT

RESULTS = Path(__file__).parent / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
out = Console()
err = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Figures that come from one measurement."""

    title: str
    names: tuple[str, ...]
    steps: Callable[[], int]
    measure: Callable[[Callable[[], None]], Iterator[Figure]]


SUITES = (
    Suite(title="Parsing", names=parsing.NAMES, steps=parsing.steps, measure=parsing.measure),
    Suite(title="Fetching", names=fetching.NAMES, steps=fetching.steps, measure=fetching.measure),
    Suite(
        title="Polling",
        names=polling.NAMES,
        steps=polling.steps,
        measure=polling.measure,
    ),
    Suite(
        title="Polling on PostgreSQL",
        names=engines.NAMES,
        steps=engines.steps,
        measure=engines.measure,
    ),
    Suite(title="Stories", names=stories.NAMES, steps=stories.steps, measure=stories.measure),
    Suite(title="Matching", names=matching.NAMES, steps=matching.steps, measure=matching.measure),
    Suite(title="Places", names=places.NAMES, steps=places.steps, measure=places.measure),
    Suite(title="Replaying", names=replay.NAMES, steps=replay.steps, measure=replay.measure),
    Suite(title="Searching", names=searching.NAMES, steps=searching.steps, measure=searching.measure),
    Suite(title="Rendering", names=rendering.NAMES, steps=rendering.steps, measure=rendering.measure),
    Suite(title="Serving", names=serving.NAMES, steps=serving.steps, measure=serving.measure),
    Suite(title="Publishing", names=publishing.NAMES, steps=publishing.steps, measure=publishing.measure),
    Suite(title="Pushing", names=pushing.NAMES, steps=pushing.steps, measure=pushing.measure),
    Suite(title="Languages", names=languages.NAMES, steps=languages.steps, measure=languages.measure),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, tell, keep. 1 where something could not be measured."""
    options = _options(arguments)
    _warn_if_busy()
    measured: list[Figure] = []
    failed = False
    for suite in SUITES:
        wanted = set(suite.names) & set(options.names) if options.names else set(suite.names)
        try:
            if wanted:
                measured += [one for one in _measure(suite) if one.name in wanted]
        except (RuntimeError, polling.MissingPeerError) as error:
            err.print(f"{suite.title}: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
            failed = True
    if options.json:
        sys.stdout.write(figures.to_json(measured))
    elif measured:
        show(measured)
    keep(measured)
    return int(failed)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    known = list(dict.fromkeys(name for suite in SUITES for name in suite.names))
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure beside the peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run; all by default: {', '.join(known)}")
    parser.add_argument("--json", action="store_true", help="print JSON for a machine")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(known)}")
    return options


def _warn_if_busy() -> None:
    """Say so where other programs are at work: they lower the figures, and the ratios become less sure."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        err.print(f"This machine is busy (load {load:.1f} on {cores} cores): trust the figures less.", style="yellow")


def _measure(suite: Suite) -> list[Figure]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal, refresh_per_second=2) as progress:
        task = progress.add_task(suite.title, total=suite.steps())
        return list(suite.measure(lambda: progress.advance(task)))


def show(measured: Sequence[Figure]) -> None:
    """A table for people."""
    table = Table(title="Above 1, Heliograph is faster than its peer, unless a note says otherwise")
    table.add_column("Measured", no_wrap=True)
    table.add_column("Input")
    for name in ("Heliograph", "Peer", "Ratio"):
        table.add_column(name, justify="right")
    for one in measured:
        theirs = f"{one.peer_value:g} {one.unit}\n{one.peer} {one.peer_version}"
        table.add_row(
            one.name, f"{one.input}\n{one.material}", f"{one.value:g} {one.unit}", theirs, f"{one.ratio:.2f}",
            end_section=True,
        )  # fmt: skip
    out.print(table)
    for one in measured:
        if one.note:
            out.print(f"{one.name}: {one.note}.", highlight=False, soft_wrap=True)


def keep(measured: Sequence[Figure]) -> None:
    """Write results.json and the page's figures; benchmarks that did not run keep their last ones."""
    before = figures.from_json(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    kept = figures.merged(before, measured)
    RESULTS.write_text(figures.to_json(kept), "utf-8")
    if PAGE.exists():
        PAGE.write_text(figures.in_page(PAGE.read_text("utf-8"), kept), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
