"""The command `heliograph publish`: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.cli import main
from aggregator.static_folder import OURS, opened_folder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Publish as from a shell: exit status, what it printed, what it complained."""
    (tmp_path / "feeds.yaml").write_text(
        "settings: {base_url: 'https://h.example'}\ntopics: {air: {query: helicopter}}\n"
    )

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["publish", *arguments, "--config", str(tmp_path / "feeds.yaml")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def test_a_table_for_people(tmp_path: Path, run: Run) -> None:
    """A run ends with 0 and tells how many files were written, left, removed."""
    status, said, complained = run(str(tmp_path / "site"))
    written = sum(1 for path in (tmp_path / "site").rglob("*") if path.is_file() and OURS not in path.parts)

    assert (status, complained) == (0, "")
    assert said.split("\n")[0].split() == ["Files", "written", "Unchanged", "Removed", "Bytes", "written", "Seconds"]
    assert said.split("\n")[1].split()[:3] == [str(written), "0", "0"]


def test_json_for_machines(tmp_path: Path, run: Run) -> None:
    """V-12: --json has the same figures; the second run writes nothing."""
    first, second = (json.loads(run(str(tmp_path / "site"), "--json")[1]) for _ in range(2))

    assert first.keys() == {"folder", "written", "unchanged", "removed", "size", "seconds"}
    assert first["written"] > 10
    assert (second["written"], second["unchanged"], second["removed"]) == (0, first["written"], 0)


def test_a_folder_of_somebody_else_is_bad_usage(tmp_path: Path, run: Run) -> None:
    """A folder with files of others ends with 2 and says what to do; so does a file in the place of the folder."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("mine")
    status, _, complained = run(str(tmp_path / "site"))

    assert status == 2
    assert "mine.txt" in complained
    assert "--force" in complained
    assert run(str(tmp_path / "site" / "mine.txt"))[0] == 2
    assert run(str(tmp_path / "site"), "--force")[0] == 0
    assert (tmp_path / "site" / "mine.txt").read_text() == "mine"


def test_another_run_is_waited_for_by_nobody(tmp_path: Path, run: Run) -> None:
    """While another run writes, the command ends with 1 and says so."""
    with opened_folder(tmp_path / "site"):
        status, _, complained = run(str(tmp_path / "site"))

    assert status == 1
    assert "another run" in complained


def test_a_folder_that_cannot_be_written(tmp_path: Path, run: Run) -> None:
    """Where the disk refuses, the command ends with 1 and names the file."""
    run(str(tmp_path / "site"))
    (tmp_path / "feeds.yaml").write_text("settings: {base_url: 'https://h.example'}\ntopics: {sea: {query: frigate}}\n")
    (tmp_path / "site" / "topics" / ".sea.html.new").mkdir()
    status, _, complained = run(str(tmp_path / "site"))

    assert status == 1
    assert "sea.html.new cannot be written" in " ".join(complained.split())


def test_an_address_that_nobody_can_reach_is_told(tmp_path: Path, run: Run) -> None:
    """Without a public address the files name this machine: that is said, and they are written."""
    (tmp_path / "feeds.yaml").write_text("topics: {air: {query: helicopter}}\n")
    status, _, complained = run(str(tmp_path / "site"))

    assert status == 0
    assert "set settings.base_url" in complained
