"""Pages in the program as it runs: `poll`, `run`, and what `status` and `why` say afterwards."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.cli import main
from tests import servers
from tests.fakes import item, rss
from tests.live import free_port
from tests.pages import page
from tests.test_daemon import PATIENCE, program, reachable, stored, wait_for

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as from a shell: exit status, what it printed."""

    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(tmp_path / "feeds.yaml")])
        return int(ended.value.code or 0), capsys.readouterr().out

    return command


def write(folder: Path, link: str) -> None:
    """A source in a file, whose one entry leads to a page."""
    settings = "settings: {allow_private: [127.0.0.0/8]}\n"
    (folder / "feeds.yaml").write_text(settings + "sources: [{url: 'file:feed.xml', slug: news, full_text: page}]\n")
    undated = re.sub("<pubDate>.*?</pubDate>", "", item(1, title="Patrol boats"))  # the program's clock is the real one
    (folder / "feed.xml").write_bytes(rss(undated.replace("https://news.example/1", link)))


def test_poll_reads_pages_and_says_what_became_of_them(tmp_path: Path, run: Run) -> None:
    """X-01: the page of a declared source at a private address is refused; `why` and `status` say so, also as JSON."""
    with servers.Server(servers.page(page())) as server:
        write(tmp_path, server.url("/article"))
        assert run("poll", "--all")[0] == 0
        assert server.exchanges == []

    assert "Page: refused: the host is at a private or reserved address" in run("why", "1")[1]
    (why,) = json.loads(run("why", "1", "--json")[1])
    assert (why["page"]["state"], why["page"]["url"]) == ("refused", server.url("/article"))
    assert "Pages: 1 refused" in run("status", "news")[1]
    assert json.loads(run("status", "news", "--json")[1])["pages"] == {"refused": 1}


def test_the_daemon_reads_pages(tmp_path: Path) -> None:
    """`run` takes pages from the queue while it polls, and leaves no lease behind."""
    write(tmp_path, "http://127.0.0.1:1025/article")
    port = free_port()
    with program(tmp_path, "run", "--config", str(tmp_path / "feeds.yaml"), "--port", str(port)) as process:
        wait_for(lambda: reachable(f"http://127.0.0.1:{port}"), process)
        wait_for(lambda: stored(tmp_path, "SELECT state FROM articles") == [("refused",)], process)
        wait_for(lambda: stored(tmp_path, "SELECT count(*) FROM work WHERE kind = 'page'") == [(0,)], process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
