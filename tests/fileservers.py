"""nginx and Caddy as anybody runs them: on a free port of loopback, with a configuration out of the documents.

The programs are the system's, or those that `make .venv/.nginx` unpacked. Without them the tests fail, they do not skip.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.live import free_port

ROOT = Path(__file__).parent.parent
_PATIENCE = 20.0


def program(name: str) -> str:
    """Where a server's program is."""
    own = Path(sys.prefix) / "servers" / "usr" / ("sbin" if name == "nginx" else "bin") / name
    found = shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin") or str(own)
    assert Path(found).exists(), f"{name} is missing: `make .venv/.nginx` fetches it, or install your system's package"
    return found


def blocks(language: str) -> list[str]:
    """The examples of docs/operate.md in a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "operate.md").read_text("utf-8"), re.M | re.S)


@contextmanager
def nginx(block: str, folder: Path) -> Iterator[httpx.Client]:
    """One nginx worker with a block of `http`, in which {PORT} stands for the port. A client."""
    port = free_port()
    paths = "".join(
        f"{one}_temp_path {folder}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Where the tests run as root the worker must be root too, to read what only root may.
    account = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{account}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{block.replace('{PORT}', str(port))}}}\n"
    )
    command = [program("nginx"), "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with _running(command, port, folder / "error.log") as client:
        yield client


@contextmanager
def caddy(block: str, folder: Path) -> Iterator[httpx.Client]:
    """A Caddy with a Caddyfile, in which {PORT} stands for the port. A client."""
    port = free_port()
    (folder / "Caddyfile").write_text(f"{{\nadmin off\nauto_https off\n}}\n{block.replace('{PORT}', str(port))}")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]
    with _running(command, port, folder / "error.log") as client:
        yield client


@contextmanager
def _running(command: list[str], port: int, told: Path) -> Iterator[httpx.Client]:
    environment = {
        **os.environ,
        "HOME": str(told.parent),
        "XDG_DATA_HOME": str(told.parent),
        "XDG_CONFIG_HOME": str(told.parent),
    }
    with told.open("ab") as log, httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait(process, client, told)
            yield client
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], client: httpx.Client, told: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, told.read_text()
        try:
            client.get("/")
        except httpx.TransportError:
            assert time.monotonic() < end, f"the server did not start: {told.read_text()}"
            time.sleep(0.02)
        else:
            return
