"""The whole program against what is too much: it finishes or fails within bounds of time and memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import item, rss
from tests.faultserver import FaultServer, Play, bomb, page

SECONDS = 10.0
MEGABYTES = 200.0
WORDS = "A few words of ordinary news about a harbour and its ships. "
ENTRIES = rss(
    *(item(number, guid=f"n{number}", title=f"Headline {number}", body=WORDS * 3) for number in range(10_000))
)
# Entries with text, until there are sixteen million bytes of them.
LARGE = rss(*(item(number, guid=f"n{number}", body=WORDS * 130) for number in range(2000)))
TOO_MUCH: dict[str, tuple[Play, str, str]] = {
    "ten thousand entries": (page(ENTRIES, "Content-Type: application/rss+xml"), "", "10000 entries"),
    "ten thousand entries, packed": (page(gzip.compress(ENTRIES, 1), "Content-Encoding: gzip"), "", "10000 entries"),
    "sixteen megabytes": (page(LARGE, "Content-Type: application/rss+xml"), "too-large", "15,000,000 bytes"),
    "a gzip bomb": (bomb(1_000_000_000), "too-large", "15,000,000 bytes"),
}
# A small process between, since a process counts the memory of whoever started it as its own until it is another program.
MEASURE = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a run of the command ended: what it said of the source, its time, and the largest of its processes.

    `busy` is processor time of all its processes, which other work on the machine does not lengthen.
    """

    row: dict[str, Any]
    seconds: float
    busy: float
    megabytes: float


def run_poll(folder: Path, url: str) -> Ran:
    """`heliograph poll` as anybody runs it, in a process of its own. Memory is the peak of the process and its children."""
    (folder / "feeds.yaml").write_text(
        f"settings: {{allow_private: [127.0.0.0/8]}}\nsources: [{{url: '{url}', slug: much}}]\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    command = [sys.executable, "-c", "from aggregator.cli import main; main()", "poll", "--all", "--json"]
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, *command, "--config", str(folder / "feeds.yaml")],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    seconds = time.monotonic() - began
    assert told.returncode == 0, told.stderr
    busy, kilobytes = told.stderr.split()[-2:]
    (row,) = json.loads(told.stdout)
    return Ran(row=row, seconds=seconds, busy=float(busy), megabytes=int(kilobytes) / 1024)


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_ends_in_time_and_within_memory(tmp_path: Path, name: str) -> None:
    """F10, F29, F-44, X-11, X-12: ten thousand entries, sixteen megabytes, a bomb of a gigabyte: each ends within ten seconds
    and two hundred megabytes, and the command says how."""
    play, kind, words = TOO_MUCH[name]
    with FaultServer({"/feed": play}) as server:
        ran = run_poll(tmp_path, server.url())
    sys.stdout.write(
        f"{name}: {ran.seconds:.1f} s, {ran.busy:.1f} s busy, {ran.megabytes:.0f} MB, {ran.row['new']} new\n"
    )

    assert (ran.row["kind"], words in ran.row["detail"]) == (kind, True)
    assert ran.row["new"] == (0 if kind else 5000 if "entries" in name else ran.row["new"])
    assert ran.busy < SECONDS
    assert ran.megabytes < MEGABYTES


def test_an_ordinary_poll_is_far_below(tmp_path: Path) -> None:
    """The measure itself: a small feed takes a part of that, so that the bounds above are about the large ones."""
    with FaultServer({"/feed": page(rss(item(1)))}) as server:
        ran = run_poll(tmp_path, server.url())

    assert ran.row["new"] == 1
    assert 20 < ran.megabytes < MEGABYTES
