"""Have nginx and Caddy at hand for tests and benchmarks: the system's own, else Debian's packages unpacked in a folder.

Nothing is installed on the machine, no service is started, and no rights are needed. In: the folder. Out: programs in it,
or a message that says what is missing, and the status 1.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = {"nginx": "usr/sbin/nginx", "caddy": "usr/bin/caddy"}
_PLACES = "/usr/local/sbin:/usr/sbin:/sbin"


def main(folder: Path) -> int:
    """Get what is missing."""
    folder = folder.resolve()
    missing = [name for name in PROGRAMS if not (shutil.which(name) or shutil.which(name, path=_PLACES))]
    missing = [name for name in missing if not (folder / PROGRAMS[name]).exists()]
    for name in missing:
        trouble = unpack(name, folder)
        if trouble:
            sys.stderr.write(
                f"{name} is missing, and tests need it to serve published files: install your system's package {name}.\n"
                f"({trouble})\n"
            )
            return 1
    return 0


def unpack(name: str, folder: Path) -> str:
    """Download a Debian package and unpack it. What went wrong, "" where nothing did."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return "It is fetched by itself on Debian and its kin only."
    with tempfile.TemporaryDirectory() as place:
        # What is known of packages may be old or not there: then it is asked for, into a place of our own.
        lists = Path(place) / "lists"
        for path in (lists / "partial", Path(place) / "cache" / "archives" / "partial"):
            path.mkdir(parents=True)
        own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={place}/cache", "-o", "APT::Sandbox::User="]
        done = ""
        for steps in ([["download", name]], [[*own, "update"], [*own, "download", name]]):
            done = "".join(_said(["apt-get", "-q", *step], place) for step in steps)
            found = sorted(Path(place).glob(f"{name}_*.deb"))
            if found:
                folder.mkdir(parents=True, exist_ok=True)
                return _said(["dpkg-deb", "-x", str(found[-1]), str(folder)], place)
        return done[-500:] or "apt-get brought nothing."


def _said(command: list[str], place: str) -> str:
    """What a command complains of, "" where it does not fail."""
    done = subprocess.run(command, check=False, cwd=place, capture_output=True, text=True)  # noqa: S603 - fixed words
    return done.stderr.strip() if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
