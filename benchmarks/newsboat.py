"""A peer's `-x reload`, timed: newsboat as the system has it, 16 threads, a fresh cache.

In: URLs. Out: `Timings`, or None where this machine has no newsboat. Never: figures of a reload that stored nothing.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.timings import Timings

NAME = "newsboat"
_LONGEST_RUN = 300


def version() -> str:
    """The version of the one installed, "" where there is none."""
    program = shutil.which(NAME)
    if not program:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    found = re.search(r"\d+\.[\d.]*\d", said)
    return found[0] if found else "unknown"


def run(urls: Sequence[str], entries: int) -> Timings | None:
    """A first reload and a second one. Raises RuntimeError where the first did not store every entry."""
    program = shutil.which(NAME)
    if not program:
        return None
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "urls").write_text("\n".join(urls) + "\n")
        (home / "config").write_text("reload-threads 16\nmax-items 0\ndownload-retries 1\n")
        command = [program, "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"]
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run(
                command, cwd=home, env={"HOME": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, check=True,
                capture_output=True, timeout=_LONGEST_RUN,
            )  # fmt: skip
            seconds.append(time.perf_counter() - start)
        with closing(sqlite3.connect(home / "cache.db")) as cache:
            stored = cache.execute("SELECT count(*) FROM rss_item").fetchone()[0]
    if stored < len(urls) * entries * 0.9:  # it keeps one item a guid over all feeds
        raise RuntimeError(f"newsboat stored {stored} entries of {len(urls) * entries}")
    return Timings(first=seconds[0], unchanged=seconds[1], peak_mb=0.0)
