"""What commands print of an entry's edits: lines with - and + for people, runs of words for JSON.

In: edits. Out: lines on a console, or dictionaries. Never: colour where there is no terminal (rich sees to that).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from aggregator.differences import Run
from aggregator.edits import Edit
from aggregator.show import stamp

_AROUND = 60
"""Characters that are shown on either side of a change."""


def edit_row(edit: Edit) -> dict[str, Any]:
    """An edit for `why --json`: each field as runs of words that stayed, went and came."""
    changes = {one.field: [{run.kind: run.words} for run in one.runs] for one in edit.changes}
    return {"number": edit.number, "at": edit.at, "changes": changes}


def edit_lines(console: Console, edits: Sequence[Edit]) -> None:
    """Edits for people, the last first: a pair of lines for each place that changed."""
    for edit in edits:
        console.print(Text(f"\nEdit {edit.number}, seen {stamp(edit.at)}"), soft_wrap=True)
        if not edit.changes:
            console.print("  no words: only markup, files or dates", highlight=False)
        for change in edit.changes:
            console.print(Text(f"  {change.field}"), soft_wrap=True)
            for gone, new in _places(change.runs):
                for line in (gone, new):
                    if line is not None:
                        console.print(line, soft_wrap=True)


def _places(runs: Sequence[Run]) -> Iterator[tuple[Text | None, Text | None]]:
    """Each place that changed, as it was and as it is, with a little of what stands around it."""
    at = 0
    while at < len(runs):
        if runs[at].kind == "same":
            at += 1
            continue
        end = at + 1 + (at + 1 < len(runs) and runs[at + 1].kind == "new" and runs[at].kind == "gone")
        lead = _end_of(runs[at - 1].words) if at else ""
        tail = _start_of(runs[end].words) if end < len(runs) else ""
        words = {run.kind: run.words for run in runs[at:end]}
        both = len(words) == 2 or bool((lead + tail).strip())
        yield (
            _line("-", lead, words.get("gone", ""), tail, "red") if "gone" in words or both else None,
            _line("+", lead, words.get("new", ""), tail, "green") if "new" in words or both else None,
        )
        at = end


def _line(sign: str, lead: str, words: str, tail: str, colour: str) -> Text:
    line = Text(f"  {sign} ", style=colour)
    for part, style in ((lead, ""), (words, f"bold {colour}"), (tail, "")):
        line.append(" ".join(part.splitlines()), style=style)
    line.rstrip()
    return line


def _end_of(words: str) -> str:
    return words if len(words) <= _AROUND else "…" + (words[-_AROUND:].partition(" ")[2] or words[-_AROUND:])


def _start_of(words: str) -> str:
    return words if len(words) <= _AROUND else (words[:_AROUND].rpartition(" ")[0] or words[:_AROUND]) + "…"
