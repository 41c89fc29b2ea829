"""What `topics list`, `show`, `overlap` and `misses` print, and what pages show of rhythm."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import insert, select

from aggregator.cli_common import opened
from aggregator.config import Config, load_config
from aggregator.daemon import utc_now
from aggregator.marks import Mark, Marks
from aggregator.misses import Example, Miss
from aggregator.show import sparkline
from aggregator.show_status import status_table
from aggregator.show_topics import miss_table, print_marked, topic_table
from aggregator.surges import DAYS, Verdict
from aggregator.web.bars import day_chart
from storage import reading
from storage.arrival_model import Counted
from storage.database import Database
from storage.model import Listed
from storage.schema import pins, topics
from storage.upkeep import mark_filed
from tests.came import DAY, bring, daily, heard
from tests.fakes import NOON, declare, make_source
from tests.test_cli import Run, run

__all__ = ["run"]
CONFIG = """
sources:
  - {url: "https://news.example/feed", slug: news, name: News}
  - {url: "https://wire.example/feed", slug: wire, name: Wire}
topics:
  air: {title: Air, query: "helicopter*"}
  sea: {title: Sea, query: "ship"}
  land: {title: Land, query: "tank"}
"""


@pytest.fixture
def filled(tmp_path: Path, run: Run) -> Run:
    """The command, on a store with six weeks behind it: air surges, sea is quiet, land is empty."""
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    config = load_config(tmp_path / "feeds.yaml", environment={})
    fill(config)
    return run


def fill(config: Config) -> None:
    """Six weeks of ten entries a day from each of two sources, then a day of fifty in air."""
    with opened(config) as db:
        now = utc_now()
        bring(db, daily(10, 43, now=now, since=1), filed=["air"], places=["KZ"])
        bring(db, daily(10, 43, now=now, since=1), slug="wire", filed=["sea"], title="Solid fuel tested")
        bring(db, daily(3, 2, now=now, since=1), slug="wire", filed=["air", "sea"])
        bring(db, daily(50, 1, now=now), filed=["air"], places=["KZ", "RU"])
        (pinned, *_) = bring(db, daily(3, 1, now=now), title="Rare earth found in the hills", places=["KZ"])
        heard(db, now)
        mark_filed(db, {topic.slug: topic.rule_version for topic in config.topics})
        with db.write() as connection:
            air = connection.execute(select(topics.c.id).where(topics.c.slug == "air")).scalar_one()
            pin = {"topic_id": air, "entry_id": pinned, "is_in": False, "why": "a toy", "who": "ada", "at": now}
            connection.execute(insert(pins).values(pin))


def printed(width: int = 80) -> tuple[Console, io.StringIO]:
    """A terminal of this width, and what is printed on it."""
    file = io.StringIO()
    return Console(width=width, file=file, color_system=None), file


def test_a_sparkline_has_a_mark_for_each_count() -> None:
    """The greatest count is the highest block, a small one the lowest, none a dot."""
    assert sparkline([0, 1, 4, 8]) == "·▁▄█"
    assert sparkline([0, 1, 1000]) == "·▁█"
    assert sparkline([0, 0]) == "··"
    assert sparkline([]) == ""


def test_topics_are_listed_with_their_rhythm(filled: Run) -> None:
    """E-06: `topics list` has for each topic its days, the last hit, entries, their share of all, and a mark with its reason."""
    status, out, _ = filled("topics", "list")
    lines = [line.split() for line in out.splitlines()]

    assert status == 0
    assert lines[0] == ["Topic", "14", "days", "24", "h", "Last", "Entries", "Share", "Mark"]
    assert lines[1][:3] == ["air", "▂▂▂▂▂▂▂▂▂▂▂▂▃█", "50"]
    assert lines[1][-3:] == ["473", "52.8%", "surge"]
    assert lines[2][:3] == ["sea", "▇▇▇▇▇▇▇▇▇▇▇▇█·", "0"]
    assert lines[2][-1] == "quiet"
    assert lines[3][1:] == ["··············", "0", "never", "0", "0.0%"]
    assert "air: surge, 50 in the last 24 hours, where 10 are usual." in out


def test_topics_are_listed_for_a_machine(filled: Run) -> None:
    """`topics list --json --days 30` has the numbers, oldest day first, and the query."""
    air, sea, land = json.loads(filled("topics", "list", "--json", "--days", "30")[1])

    assert air["daily"] == [10] * 28 + [13, 50]
    assert (air["slug"], air["entries"], air["query"]) == ("air", 473, "helicopter*")
    assert air["rhythm"]["word"] == "surge"
    assert (air["rhythm"]["seen"], sea["rhythm"]["word"], land["rhythm"]["word"]) == (50, "quiet", "steady")
    assert (sea["daily"][-1], land["latest"]) == (0, None)


def test_a_topic_is_shown_with_its_parts(filled: Run) -> None:
    """E-06: `topics show` has a topic's rule, its counts per hour and day, by source and country, its verdict and pins."""
    status, out, _ = filled("topics", "show", "air")
    told = dict(line.partition(": ")[::2] for line in out.splitlines())

    assert status == 0
    assert told["Rule"] == "helicopter*"
    assert told["Last 24 hours"].endswith("50 entries, an hour a mark")
    assert told["Rhythm"] == "surge, 50 in the last 24 hours, where 10 are usual"
    assert ["news", "50", "320"] in [line.split() for line in out.splitlines()]
    assert ["Kazakhstan", "50", "320"] in [line.split() for line in out.splitlines()]
    assert "kept out by ada" in out

    row = json.loads(filled("topics", "show", "air", "--json", "--days", "7")[1])
    assert sum(row["hourly"]) == 50
    assert len(row["hourly"]) == 24
    assert row["countries"][0] == {"name": "KZ", "today": 50, "entries": 110, "title": "Kazakhstan"}
    assert row["sources"][-1] == {"name": "wire", "today": 0, "entries": 3}
    assert row["pins"][0]["because"] == "a toy"


def test_a_topic_that_is_not_there_is_bad_usage(filled: Run) -> None:
    """An unknown topic exits with 2 and names the nearest."""
    status, _, err = filled("topics", "show", "aire")

    assert (status, err.strip()) == (2, "there is no topic aire; did you mean air?")
    assert "there is no topic zzz; `heliograph topics list` lists them" in filled("topics", "show", "zzz")[2]


def test_what_counts_for_no_day_is_told() -> None:
    """A topic whose newest entry came a minute ago and whose days are all empty says why; one with a count does not."""
    told = {}
    for counted in (0, 1):
        topic = Listed(slug="air", title="Air", entries=5, detail="x", latest=NOON - timedelta(minutes=1))
        mark = Mark(
            counted=Counted(daily=(counted, *[0] * 28), settled=()), verdict=Verdict(word="unknown", reason="too early")
        )
        console, file = printed(120)
        topic_table(console, [(topic, mark)], 9, 14, NOON)
        told[counted] = "count for no day" in file.getvalue()
    assert told == {0: True, 1: False}


def test_topics_that_overlap_are_listed(filled: Run) -> None:
    """`topics overlap` has pairs above a floor, with what they share of both and of the smaller."""
    status, out, _ = filled("topics", "overlap", "--floor", "0")
    assert status == 0
    assert [line.split() for line in out.splitlines()[1:3]] == [["air", "473", "3", "0.3%", "0.7%"], ["sea", "423"]]

    (pair,) = json.loads(filled("topics", "overlap", "--floor", "0", "--json")[1])
    assert (pair["slug"], pair["other"], pair["shared"], pair["of_smaller"]) == ("air", "sea", 3, 0.0071)
    assert "No two topics share 10 %" in filled("topics", "overlap")[1]
    assert json.loads(filled("topics", "overlap", "--json")[1]) == []


def test_misses_are_summed_up(filled: Run) -> None:
    """`topics misses` says how many entries no topic caught, and what they are about."""
    status, out, _ = filled("topics", "misses", "--days", "3")
    assert status == 0
    assert out.splitlines()[0] == "3 of 96 entries of the last 3 days are in no topic."
    assert "rare earth" in out
    assert "Rare earth found in the hills" in out
    assert "solid fuel" not in out

    row = json.loads(filled("topics", "misses", "--days", "3", "--most", "2", "--json")[1])
    assert (row["entries"], row["missed"], row["unjudged"], len(row["words"])) == (96, 3, 0, 2)
    assert row["places"][0]["term"] == "Kazakhstan"
    assert len(row["places"][0]["examples"]) == 2


def test_status_marks_topics_and_sources(filled: Run) -> None:
    """E-06: `status` has a mark beside a source and a line on topics that surge or are quiet; of one source, its days."""
    out = filled("status")[1]
    assert "healthy surge" in " ".join(out.split())
    assert "healthy quiet" in " ".join(out.split())
    assert "air: surge, 50 in the last 24 hours, where 10 are usual." in out
    assert "sea: quiet, none in the last 24 hours, where 10 are usual." in out

    row = json.loads(filled("status", "--json")[1])
    assert row["topics"]["air"]["word"] == "surge"
    assert [one["rhythm"]["word"] for one in row["sources"]] == ["surge", "quiet"]
    page = filled("status", "news")[1]
    assert "Rhythm: surge, 53 in the last 24 hours, where 10 are usual" in page
    assert json.loads(filled("status", "news", "--json")[1])["rhythm"]["seen"] == 53


def test_tables_fit_eighty_columns(db: Database) -> None:
    """The lists of topics, of misses and of sources fit a terminal, whatever the slugs, counts and words are."""
    mark = Mark(
        counted=Counted(daily=(123_456,) * DAYS, settled=(), last=NOON - timedelta(days=20)),
        verdict=Verdict(word="surge", reason="123456 in the last 24 hours, where 12 are usual"),
    )
    topic = Listed(slug="a-very-long-topic-" * 4, title="T", detail="q", entries=9_876_543, latest=NOON - 20 * DAY)
    declare(db, make_source(slug="a-source-with-a-name-" * 3 + "x"))
    (source,) = reading.followed(db)
    console, file = printed()
    topic_table(console, [(topic, mark)], 10_000_000, 30, NOON)
    miss_table(
        console,
        "Word",
        [Miss(term="word" * 12, entries=99_999, examples=(Example(entry=1, title="A title " * 30),))],
        100_000,
    )
    status_table(console, [source], reading.counts(db), NOON, {}, Marks(sources={source.source.slug: mark}, topics={}))
    lines = [line for line in file.getvalue().splitlines() if ": surge," not in line]

    assert max(map(len, lines)) <= 80
    assert any(line.split()[:3] == ["wordwordwordwordwordwordwo", "99,999", "100.0%"] for line in lines)
    assert "98.8%" in file.getvalue()
    assert "new surge" in file.getvalue()


def test_few_marks_are_told_and_the_rest_counted() -> None:
    """Where very many topics are marked, the first are told and the others counted."""
    mark = Mark(counted=Counted(daily=(), settled=()), verdict=Verdict(word="quiet", reason="none"))
    console, file = printed()
    print_marked(console, {f"t{at}": mark for at in range(7)}, 5)

    assert file.getvalue().splitlines()[-1] == "And 2 more topics: heliograph topics list"
    assert file.getvalue().count("quiet") == 5


def test_a_chart_of_days_has_a_bar_for_each() -> None:
    """Days are drawn oldest first, the tallest as high as the drawing; nothing at all is no chart."""
    made = day_chart((5, 0, 10), NOON)

    assert made is not None
    assert [(bar.entries, bar.height) for bar in made.bars] == [(10, made.height), (0, 0), (5, made.height // 2)]
    assert made.bars[-1].label == "until 2026-11-24 12:00 UTC"
    assert made.told == "15 entries in the last 3 days, at most 10 in a day, 5 in the last"
    assert day_chart((0, 0), NOON) is None
