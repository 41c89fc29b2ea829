"""`heliograph search`, `topics preview` and `topics diff`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from aggregator.cli import main
from aggregator.daemon import utc_now
from aggregator.prepare import open_store, prepare
from aggregator.searching import Found
from aggregator.show_search import found_table
from aggregator.spreadsheet import harmless, to_csv
from storage import search_queue
from storage.database import open_database
from storage.model import Kept
from tests.fakes import make_entry, take, write_config

Run = Callable[..., tuple[int, str, str]]
CONFIG = """
sources:
  - {url: "https://news.example/feed", slug: news, name: News}
topics:
  air: {title: Air, query: "helicopter*"}
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as from a shell, beside a store with 30 entries of the last three days; status, output, complaints."""
    config = write_config(tmp_path, CONFIG)
    db = open_store(config)
    now = utc_now()
    prepare(config, db, now)
    for day in range(3):
        entries = [
            make_entry(
                id=f"{day}-{n}", title=f"Helicopter {day}-{n}" if n % 2 else "=cmd|' /C calc'!A0",
                text="The crash of a helicopter in Kazakhstan." if n % 2 else "A drone crash.",
                link=f"https://news.example/{day}/{n}",
            )
            for n in range(10)
        ]  # fmt: skip
        take(db, entries, now=now - timedelta(days=2 - day, minutes=1))
    db.close()

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(tmp_path / "feeds.yaml")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def test_search_prints_the_words_that_matched(run: Run, tmp_path: Path) -> None:
    """A table of entries with marks around the words; what waits is indexed on the way; where it goes on is said."""
    status, said, _ = run("search", "helicopter crash", "--limit", "4")

    assert status == 0
    assert "The «crash» of a «helicopter» in Kazakhstan." in said
    assert "«Helicopter» 2-1" in said
    assert "--before" in said
    db = open_database(f"sqlite:///{tmp_path / 'heliograph.db'}")
    assert search_queue.waiting(db) == 0
    db.close()


def test_search_goes_on_before_an_entry(run: Run) -> None:
    """--before takes up where the last page ended; --days leaves out what arrived earlier."""
    first = json.loads(run("search", "crash", "--limit", "20", "--json")[1])
    rest = json.loads(run("search", "crash", "--limit", "20", "--before", str(first["before"]), "--json")[1])
    numbers = [one["number"] for one in (*first["entries"], *rest["entries"])]

    assert numbers == sorted(numbers, reverse=True)
    assert (len(set(numbers)), rest["before"]) == (30, None)
    recent = json.loads(run("search", "crash", "--days", "2", "--limit", "99", "--json")[1])
    assert len(recent["entries"]) == 20
    assert recent["entries"][0]["terms"] == ["crash"]
    assert {"number", "title", "link", "source", "published", "first_seen", "spans"} <= recent["entries"][0].keys()


def test_csv_is_harmless(run: Run, tmp_path: Path) -> None:
    """X-26: cells that begin like a formula are made harmless, on the standard output and in a file."""
    status, said, _ = run("search", "drone", "--csv", "-", "--limit", "99")
    rows = list(csv.DictReader(io.StringIO(said)))
    assert (status, len(rows)) == (0, 15)
    assert rows[0]["title"] == "'=cmd|' /C calc'!A0"

    target = tmp_path / "found.csv"
    assert run("search", "drone", "--csv", str(target), "--limit", "99")[0] == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbfnumber,")
    assert target.read_text("utf-8-sig").splitlines() == said.splitlines()
    status, _, complaint = run("search", "drone", "--csv", str(tmp_path / "none" / "x.csv"))
    assert (status, "cannot be written" in complaint) == (1, True)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])
def test_a_formula_is_text(cell: str) -> None:
    """X-26: =, +, -, @, tab and line ends at the beginning of a cell, also in full width, are made harmless."""
    assert harmless(cell) == f"'{cell}"


def test_other_cells_stay_as_they_are() -> None:
    """What no spreadsheet takes for a formula is not touched; commas, quotes and lines are quoted."""
    assert [harmless(cell) for cell in ("", "a=1", "Ё-1", "1")] == ["", "a=1", "Ё-1", "1"]
    assert to_csv([('a,"b"', "c\nd")]) == '"a,""b""","c\nd"\r\n'


@pytest.mark.parametrize(
    "query",
    [
        '"never closed',
        "(",
        "NOT a",
        "*",
        "colour:red",
        "topic:nothing",
        "x " * 50_000,
        "(" * 1000,
        "\u202e",
        "🚢",
        "\udcff\udcfe",
    ],
)
@pytest.mark.parametrize("command", [("search",), ("topics", "preview"), ("topics", "diff", "air", "--with")])
def test_a_query_that_cannot_be_read_ends_with_2(run: Run, command: tuple[str, ...], query: str) -> None:
    """X-35: a broken or hostile query is an error with line and column, exit status 2; never a traceback or a hang."""
    status, _, complaint = run(*command, query)

    assert status == 2
    assert "(line 1, column" in complaint or "characters" in complaint


def test_the_place_of_an_error_is_shown(run: Run) -> None:
    """The query is printed with a mark under the place that could not be read."""
    _, _, complaint = run("search", "frigate AND colour:red")

    assert "  frigate AND colour:red\n              ^" in complaint


def test_nothing_found_is_said(run: Run) -> None:
    """An empty result is a sentence, not an empty table."""
    assert "Nothing that is stored matches." in run("search", "submarine")[1]
    assert "last 3 days" in run("search", "submarine", "--days", "3")[1]


def test_preview_counts_by_day_source_and_place(run: Run) -> None:
    """What a draft would catch: every day of the window, by source and place, with examples; all matches, not a page."""
    made = json.loads(run("topics", "preview", "helicopter", "--days", "5", "--samples", "2", "--json")[1])
    assert (made["entries"], made["stored"], made["by_source"]) == (15, 30, {"news": 15})
    assert len(made["by_day"]) == 6
    assert sum(made["by_day"].values()) == 15
    assert made["by_day"][str(utc_now().date() - timedelta(days=5))] == 0
    assert len(made["samples"]) == 2

    status, said, _ = run("topics", "preview", "helicopter")
    assert status == 0
    assert "15 entries of the last 30 days, 50.0% of all that arrived." in said
    assert "█" in said
    assert "«Helicopter»" in said
    assert "0 entries" in run("topics", "preview", "submarine")[1]


def test_preview_knows_age_and_lists_weeks(run: Run) -> None:
    """Terms that only searches know work in a preview; where days are many, weeks are shown."""
    recent = json.loads(run("topics", "preview", "helicopter age<1h", "--json")[1])
    assert recent["entries"] == 5
    assert "A week: " in run("topics", "preview", "helicopter", "--days", "200")[1]


def test_a_preview_of_years_draws_all_of_them(run: Run) -> None:
    """The marks stand for the whole window that is named beside them: 5,001 days in stretches of 12 weeks."""
    said = run("topics", "preview", "helicopter", "--days", "5000")[1]
    line = next(line for line in said.splitlines() if line.startswith("12 weeks a mark: "))
    marks = line.removeprefix("12 weeks a mark: ").split()[0]
    assert len(marks) == 60
    assert marks.strip("·") == "█"


def test_entries_stand_below_one_another_where_it_is_narrow() -> None:
    """On 80 columns an entry's source and arrival stand below its title, and its words have the width to themselves."""
    entry = make_entry(title="A helicopter lands", text="It was seen. " * 12)
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    kept = Kept(
        key=7, entry=entry, source_slug="news", source_name="News", republish=None, published=at, published_note="",
        updated=at, first_seen=at, revisions=0,
    )  # fmt: skip
    printed = {}
    for width in (80, 160):
        file = io.StringIO()
        found_table(Console(width=width, file=file, color_system=None), [Found(kept=kept, spans=())])
        printed[width] = file.getvalue().splitlines()
    assert [line.strip() for line in printed[80][:3]] == [
        "Number  Entry",
        "7       A helicopter lands",
        "news, arrived 2026-01-02 03:04",
    ]
    assert all(len(line) <= 80 for line in printed[80])
    assert printed[160][1].split("  ")[:1] == ["7"]
    assert "2026-01-02 03:04  news" in printed[160][1]


def test_diff_shows_what_is_gained_and_lost(run: Run) -> None:
    """E-03: what a topic would gain and lose with another query, with examples of each; nothing is changed."""
    made = json.loads(run("topics", "diff", "air", "--with", "drone OR title:2-1", "--samples", "3", "--json")[1])
    assert (made["gained"], made["lost"], made["same"]) == (15, 14, 1)
    assert [len(made[name]) for name in ("gained_samples", "lost_samples")] == [3, 3]

    _, said, _ = run("topics", "diff", "air", "--with", "helicopter")
    assert "air, last 30 days: 0 gained, 0 lost, 15 the same." in said
    _, said, _ = run("topics", "diff", "air", "--with", "drone")
    assert "Gained (5 of 15; --samples shows more):" in said
    assert "Lost (5 of 15; --samples shows more):" in said
    assert "Lost:" in run("topics", "diff", "air", "--with", "drone", "--samples", "15")[1]
    status, _, complaint = run("topics", "diff", "aix", "--with", "drone")
    assert (status, "did you mean air?" in complaint) == (2, True)
