"""What is shipped: the wheel, without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_what_running_needs(wheel: Path) -> None:
    """Templates, style sheet, migrations and the starter configuration are in the wheel; tests are not."""
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "aggregator/web/templates/front.html", "aggregator/web/static/heliograph.css", "storage/migrations/env.py",
        "storage/migrations/versions/0001_first.py", "aggregator/starter/feeds.yaml",
        "aggregator/starter/samples/field-notes.xml", "feeds/parse.py",
        "aggregator/data/places.json", "aggregator/data/UNICODE-LICENSE.txt",
    } <= names  # fmt: skip
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]


def test_the_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the program writes its starter, checks it, polls its samples and lists topics."""
    home = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(home)
    environment = {**os.environ, "PYTHONPATH": str(home)}
    program = [sys.executable, "-c", "from aggregator.cli import main; main()"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init")
    assert "is good" in run("check")
    run("poll", "field-notes")
    assert "central-asia-defence" in run("topics", "list")
    where = subprocess.run(
        [sys.executable, "-c", "import aggregator; print(aggregator.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(home) in where.stdout
