"""Feeds served by one worker of ours beside one worker of nginx with the same bytes in a file.

In: a store with a topic of 50 entries, wrk, nginx. Out: answers a second, 304 and 200. Never: an answer whose status or
bytes are not what they should be.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from aggregator.prepare import prepare
from aggregator.publish import Publisher
from benchmarks.figures import Figure, figure
from benchmarks.ours import config_for
from benchmarks.server import ROOT
from storage import reading
from storage.database import open_database
from tests.fakes import NOON, declare, make_entry, make_source, take
from tests.live import free_port

NAMES = ("serve_304_vs_nginx", "serve_200_vs_nginx")
_ENTRIES = 50
_ROUNDS = 5
_SECONDS = 4
_CONNECTIONS = 32
_PLACES = "/usr/local/sbin:/usr/sbin:/sbin"
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; types {{ application/atom+xml atom; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port}; root {folder}/www; charset utf-8;
    add_header Cache-Control "public, max-age=300"; add_header X-Content-Type-Options nosniff;
  }}
}}
"""


def steps() -> int:
    """How many steps `measure` takes."""
    return 2 * _ROUNDS


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Both figures. Raises RuntimeError where nginx or wrk is missing, or an answer is wrong."""
    nginx, wrk = program("nginx"), program("wrk")
    with tempfile.TemporaryDirectory() as place, ExitStack() as open_ones:
        folder = Path(place)
        body = _fill(folder)
        (folder / "www").mkdir()
        (folder / "www" / "feed.atom").write_bytes(body)
        folder.chmod(0o755)
        ports = {"ours": free_port(), "nginx": free_port()}
        open_ones.enter_context(_ours(folder, ports["ours"]))
        open_ones.enter_context(_nginx(nginx, folder, ports["nginx"]))
        urls = {
            "ours": f"http://127.0.0.1:{ports['ours']}/all.atom",
            "nginx": f"http://127.0.0.1:{ports['nginx']}/feed.atom",
        }
        tags = {name: _checked(url, body) for name, url in urls.items()}
        version = _version(nginx)
        for status in (304, 200):
            rates: dict[str, list[float]] = {name: [] for name in urls}
            for number in range(_ROUNDS):
                # Each is first in every other round: what drifts hits both.
                for name in sorted(urls, reverse=bool(number % 2)):
                    headers = {"If-None-Match": tags[name]} if status == 304 else {}
                    rates[name].append(_rate(wrk, urls[name], headers))
                step()
            yield _figure(status, rates, len(body), version)


def _figure(status: int, rates: Mapping[str, list[float]], size: int, version: str) -> Figure:
    ours, theirs = (statistics.median(rates[name]) for name in ("ours", "nginx"))
    best = max(one / other for one, other in zip(rates["ours"], rates["nginx"], strict=True))
    least = min(one / other for one, other in zip(rates["ours"], rates["nginx"], strict=True))
    note = (
        f"medians of {_ROUNDS} rounds of {_SECONDS} s of wrk with {_CONNECTIONS} connections on the same machine, one worker "
        f"each, by turns; the ratio of single rounds goes from {least:.2f} to {best:.2f}"
    )
    made = figure(
        f"serve_{status}_vs_nginx", ours, "answers/s", "nginx", theirs, rounds=_ROUNDS, source="generated",
        material=f"a topic feed of {_ENTRIES} entries, {size / 1000:.0f} kB, as it is", note=note,
    )  # fmt: skip
    return replace(made, peer_version=version)


def program(name: str) -> str:
    """Where a program is. Raises RuntimeError where this machine has none."""
    own = ROOT / ".venv" / "servers" / "usr" / "sbin" / name
    found = shutil.which(name) or shutil.which(name, path=_PLACES) or (str(own) if own.exists() else "")
    if not found:
        raise RuntimeError(f"{name} is missing; on Debian: apt-get install {name}")
    return found


def _version(nginx: str) -> str:
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"nginx/([\d.]+)", said)
    return found[1] if found else "unknown"


def _fill(folder: Path) -> bytes:
    """A store with the entries of a feed; the bytes of that feed."""
    config = config_for([], folder)
    db = open_database(config.database)
    prepare(config, db, NOON)
    declare(db, make_source())
    words = "The ministers spoke of the river, the bridge and the quay, and of what a winter costs. "
    take(db, [
        make_entry(
            id=f"https://news.example/{n}", title=f"Ministers speak of the bridge, part {n}", authors=["Nora Quill"],
            link=f"https://news.example/{n}", summary=f"<p>{words * 5}</p>",
        )
        for n in range(_ENTRIES)
    ])  # fmt: skip
    output = reading.output(db, "all", "")
    assert output is not None
    body = Publisher(db, config).feed(output, "atom", NOON).content
    db.close()
    return body


def _checked(url: str, body: bytes) -> str:
    """The tag of a server's answer, which has to be right."""
    whole = httpx.get(url, headers={"Accept-Encoding": "identity"})
    if (whole.status_code, whole.content) != (200, body):
        raise RuntimeError(f"{url} gives other bytes")
    tag = whole.headers["etag"]
    if httpx.get(url, headers={"If-None-Match": tag}).status_code != 304:
        raise RuntimeError(f"{url} does not know its own tag")
    return tag


def _rate(wrk: str, url: str, headers: Mapping[str, str]) -> float:
    told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}", *told, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: not every answer was good")
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if not found:
        raise RuntimeError(f"wrk said nothing of {url}")
    return float(found[1])


@contextmanager
def _ours(folder: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.serveworker", str(folder), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            if worker.stdout.readline().strip() != "serving":
                raise RuntimeError("our server did not begin")
            yield
        finally:
            worker.kill()


@contextmanager
def _nginx(nginx: str, folder: Path, port: int) -> Iterator[None]:
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    with subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]) as server:
        try:
            for _ in range(100):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/feed.atom")
                    break
                except httpx.TransportError:
                    server.poll()
            yield
        finally:
            server.terminate()
