"""A configuration that lives: edits take effect, mistakes do not."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from storage.database import Database
from tests.fakes import item, rss
from tests.live import files, free_port
from tests.test_daemon import program, reachable, wait_for

CONFIG = """
settings: {{allow_private: [127.0.0.0/8]}}
sources:
  - {{url: "{address}/one.xml", slug: one}}
topics:
  air: {{query: "helicopter*"}}
"""


def status_of(url: str) -> int:
    """The status that the server answers with, 0 where it does not answer."""
    try:
        return httpx.get(url, trust_env=False).status_code
    except httpx.TransportError:
        return 0


def said(folder: Path, words: str) -> bool:
    """Whether the log has these words."""
    return words in (folder / "log").read_text()


def edit(folder: Path, text: str, process: subprocess.Popen[bytes], *, hang_up: bool = False) -> None:
    """Replace the file as editors do, by another of its name; or tell the process by a signal."""
    (folder / "feeds.yaml.new").write_text(text)
    (folder / "feeds.yaml.new").rename(folder / "feeds.yaml")
    if hang_up:
        process.send_signal(signal.SIGHUP)


def test_an_edit_takes_effect_and_a_mistake_does_not(tmp_path: Path, db_url: str) -> None:
    """A running daemon goes by a changed file within moments; a broken one is refused with its line, the last good stays."""
    port = free_port()
    (tmp_path / "one.xml").write_bytes(rss(item(1, title="Helicopters"), item(2, title="Drones")))
    (tmp_path / "two.xml").write_bytes(rss(item(3, title="More drones", guid="other")))
    with files(tmp_path) as address:
        text = CONFIG.format(address=address).replace("settings: {", f"settings: {{database: '{db_url}', ")
        (tmp_path / "feeds.yaml").write_text(text)
        here = f"http://127.0.0.1:{port}"
        with program(tmp_path, "run", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port)) as process:
            wait_for(
                lambda: reachable(here) and b"Helicopters" in httpx.get(f"{here}/topics/air.atom").content, process
            )
            assert status_of(f"{here}/topics/drones") == 404

            better = text.replace(
                "topics:", f"  - {{url: '{address}/two.xml', slug: two}}\ntopics:\n  drones: {{query: drone*}}"
            )
            edit(tmp_path, better, process)
            wait_for(lambda: status_of(f"{here}/topics/drones") == 200, process)
            wait_for(lambda: b"More drones" in httpx.get(f"{here}/topics/drones.atom").content, process)
            # What was stored before the topic was declared is on its page, and is no news in its feed.
            wait_for(lambda: b">Drones<" in httpx.get(f"{here}/topics/drones").content, process)
            assert b">Drones<" not in httpx.get(f"{here}/topics/drones.atom").content

            edit(tmp_path, better.replace("query: drone*", "qeury: drone*"), process, hang_up=True)
            wait_for(lambda: said(tmp_path, "the last good one stays: feeds.yaml:"), process)
            assert said(tmp_path, "did you mean query?")
            assert status_of(f"{here}/topics/drones") == 200

            edit(tmp_path, text, process)
            wait_for(lambda: status_of(f"{here}/topics/drones") == 410, process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_a_web_process_sees_what_a_poller_brings(tmp_path: Path, db_url: str, db: Database) -> None:
    """Two processes on one store: `--only poll` brings entries, `--only web` shows them, and polls nothing itself."""
    port = free_port()
    (tmp_path / "one.xml").write_bytes(rss(item(1, title="Helicopters")))
    with files(tmp_path) as address:
        text = CONFIG.format(address=address).replace("settings: {", f"settings: {{database: '{db_url}', ")
        (tmp_path / "feeds.yaml").write_text(text)
        config = str(tmp_path / "feeds.yaml")
        here = f"http://127.0.0.1:{port}/topics/air.atom"
        with program(tmp_path, "run", "--only", "web", "--config", config, "--port", str(port)) as web:
            wait_for(lambda: status_of(here) == 200, web)
            assert b"Helicopters" not in httpx.get(here).content
            with program(tmp_path, "run", "--only", "poll", "--config", config) as poller:
                wait_for(lambda: b"Helicopters" in httpx.get(here).content, poller)
                poller.send_signal(signal.SIGTERM)
                assert poller.wait(30) == 0
            web.send_signal(signal.SIGTERM)
            assert web.wait(30) == 0


def test_clients_keep_no_server_from_its_end(tmp_path: Path) -> None:
    """SIGTERM ends the server with 0 while one client is silent, one keeps its connection, one reads nothing it asked for."""
    port = free_port()
    (tmp_path / "one.xml").write_bytes(rss(item(1, title="Helicopters")))
    with files(tmp_path) as address:
        (tmp_path / "feeds.yaml").write_text(CONFIG.format(address=address))
        arguments = ("run", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port))
        with program(tmp_path, *arguments) as process:
            wait_for(lambda: status_of(f"http://127.0.0.1:{port}/topics/air.atom") == 200, process)
            silent, kept, deaf = (socket.create_connection(("127.0.0.1", port)) for _ in range(3))
            asked = b"GET /sources HTTP/1.1\r\nHost: x\r\n\r\n"
            kept.sendall(asked)
            assert kept.recv(15).startswith(b"HTTP/1.1 200")
            deaf.settimeout(1)
            with pytest.raises(TimeoutError):  # until neither side of it takes any more
                deaf.sendall(asked * 500_000)
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
            for one in (silent, kept, deaf):
                one.close()
    assert said(tmp_path, "stopped")
