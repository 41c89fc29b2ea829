"""What a child process that polls says of itself: seconds and memory.

In: nothing, or a line of JSON. Out: `Timings`. Never: memory of another process: a child's peak starts with itself.
"""

from __future__ import annotations

import dataclasses
import json
import re
import resource
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds of the first and of the unchanged poll; the largest memory of the process, and of its largest
    child, 0 where there was none."""

    first: float
    unchanged: float
    peak_mb: float
    children_peak_mb: float = 0.0


def say(timings: Timings) -> None:
    """Tell the parent."""
    sys.stdout.write(json.dumps(dataclasses.asdict(timings)) + "\n")


def heard(line: str) -> Timings:
    """What a child said."""
    return Timings(**json.loads(line))


def own_peak() -> float:
    """The most memory that this process has held, in MB."""
    # Linux hands ru_maxrss on to whatever a process starts; VmHWM it does not.
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return _peak(Path("/proc/self/status")) or usage / 1e6


def children_peak() -> float:
    """The most memory that one of the running children of this process has held, in MB; 0 where no one can tell."""
    lists = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    peaks = [_peak(Path("/proc") / pid / "status") for pid in " ".join(lists).split()]
    return max(peaks, default=0.0)


def _peak(status: Path) -> float:
    try:
        high = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
    except OSError:
        return 0.0
    return int(high[1]) * 1024 / 1e6 if high else 0.0
