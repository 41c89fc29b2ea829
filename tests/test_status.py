"""`heliograph status`: how sources are, in a table that fits a terminal, and all of one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from aggregator.config import store_of
from aggregator.exporting import outlines_of
from aggregator.show import outcome_table
from aggregator.show_status import followed_row, size, source_page, status_table
from aggregator.web.pages import Site, Sources, render
from feeds.model import Answer, Document, Failed, FailureKind, Fetched, Head, Outcome, Pace, Unchanged, Validators
from storage import reading
from storage.database import Database
from tests.fakes import NOON, declare, make_entry, make_source
from tests.live import files
from tests.test_cli import Run, run, write
from tests.test_settling import polled

__all__ = ["run"]
HOUR = timedelta(hours=1)
NEWS = "https://news.example/feed"


@pytest.fixture
def asked(tmp_path: Path, run: Run) -> Run:
    """The command, after one poll of a source that is well and one that is empty."""
    with files(tmp_path) as address:
        write(tmp_path, address)
        assert run("poll", "--all")[0] == 0
    return run


def printed(show: Callable[[Console], None], width: int = 80) -> list[str]:
    """What is printed on a terminal of this width, a line each."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def answer(status: int = 200, **headers: str) -> Answer:
    """An answer of 12 kB."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, url=NEWS, headers=named, size=12_345 if status == 200 else 0)


def fetched(**headers: str) -> Outcome:
    """A new body."""
    return Fetched(answer=answer(200, **headers), body=b"x", validators=Validators(url=NEWS, etag='"a"'))


def test_the_table_fits_eighty_columns(db: Database) -> None:
    """`status` has a line a source that fits 80 columns, and a sentence on what they come to."""
    slugs = ["news", "an-outlet-with-a-long-name-here", "short"]
    declare(db, *(make_source(slug=slug, url=f"https://{slug}.example/feed") for slug in slugs))
    polled(db, "news", fetched(), NOON, Document(head=Head(), entries=(make_entry(published=NOON - HOUR),)))
    polled(db, "short", Failed(kind=FailureKind.HTTP, detail="403 Forbidden", answer=answer(403)))
    found = reading.followed(db)
    lines = printed(lambda console: status_table(console, found, reading.counts(db), NOON + HOUR))

    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["news", "healthy"],
        ["an-outlet-with-a-long-name-here", "new"],
        ["short", "blocked"],
    ]
    assert lines[4] == "3 sources: 1 healthy, 1 new, 1 blocked; 1 entry, 0 topics, 0 authors."
    assert lines[5] == '12.3 kB received; answers of "nothing new" spared 0 B.'
    assert lines[6] == "Why a source is how it is: heliograph status SOURCE"


def test_the_table_of_a_poll_fits_eighty_columns() -> None:
    """A slug as long as slugs may be leaves room for what happened to the source."""
    row = {
        "source": "a-name-" * 11 + "abc",
        "outcome": "failed",
        "new": 0,
        "changed": 0,
        "detail": "dns: no such name " * 5,
    }
    lines = printed(lambda console: outcome_table(console, [row]))

    assert max(map(len, lines)) <= 80
    assert len(lines) <= 8
    assert lines[-1] == "1 source: 1 failed; 0 new entries, 0 edited."


def test_a_source_without_a_name_has_its_feeds_title(db: Database) -> None:
    """Where the configuration gives no name, the feed's own title stands in `status`, the page of sources and the OPML."""
    declare(db, make_source(name=""))
    (before,) = reading.followed(db)
    polled(
        db, "news", fetched(), NOON, Document(head=Head(title="The News"), entries=(make_entry(published=NOON - HOUR),))
    )
    (after,) = reading.followed(db)
    lines = printed(lambda console: source_page(console, after, [], NOON))
    html = render(Sources(site=Site(title="H", base_url="http://h.example", now=NOON), followed=[after]))

    assert (before.called, after.called) == ("", "The News")
    assert lines[0] == "news: The News"
    assert "Posts: no new post seen yet; 1 entry in its document" in lines
    assert "<bdi>The News</bdi>" in html
    assert outlines_of([after])["Other"][0].text == "The News"


def test_a_source_shows_plan_and_floor_apart(db: Database) -> None:
    """F-12, F-20, F-23: `status SOURCE` tells our plan from the publisher's floor, each with its reason, and what it asks for."""
    declare(db, make_source())
    document = Document(
        head=Head(), entries=(make_entry(),), pace=Pace(ttl=90, skip_hours=(3, 4), skip_days=("Sunday",))
    )
    polled(db, "news", fetched(cache_control="max-age=864000"), NOON, document)
    (one,) = reading.followed(db)
    lines = printed(lambda console: source_page(console, one, reading.journal_of(db, "news"), NOON + HOUR), 400)
    told = dict(line.partition(": ")[::2] for line in lines)

    assert told["Not before"].startswith(
        "2026-12-01 12:00:00 UTC, also when asked for: max-age: fresh for 10 d: taken as 7 d"
    )
    assert told["Next poll"].startswith("in 7 d (2026-12-01 1")
    assert told["The feed asks for"] == "max-age 10 d, ttl 1.5 h, no polls in the hours 3 4 GMT, no polls on Sunday"


def test_the_journal_reads_in_eighty_columns(db: Database) -> None:
    """F-01: `status SOURCE` has each poll with when, what, why it was unconditional and why the next is when it is."""
    declare(db, make_source())
    polled(db, "news", fetched())
    polled(db, "news", Unchanged(answer=answer(304), validators=Validators(url=NEWS, etag='"a"')), NOON + 2 * HOUR)
    polled(db, "news", Failed(kind=FailureKind.TIMEOUT, detail="no whole answer " * 9), NOON + 4 * HOUR)
    (one,) = reading.followed(db)
    lines = printed(lambda console: source_page(console, one, reading.journal_of(db, "news"), NOON + 5 * HOUR))
    journal = lines[lines.index("Last polls") + 1 :]

    assert max(map(len, journal)) <= 80
    assert journal[0] == "2026-11-24 16:00:00 UTC  failed (timeout)"
    at = journal.index("2026-11-24 14:00:00 UTC  unchanged, 304")
    assert journal[at + 1].strip() == "304"
    assert journal[at + 2].strip().startswith("next 2026-11-24 15:")
    assert "UTC: no new post seen yet: every" in journal[at + 2]
    assert journal[at + 3] == "2026-11-24 12:00:00 UTC  fetched, 200, 12.3 kB, 1 entry: 1 new, 0 edited"
    assert journal[at + 4].strip() == "asked for whole: the first request"


def test_json_has_everything_and_no_password(db: Database) -> None:
    """X-33: the JSON of a source has its health, facts, hints and floors, and no password of any address."""
    declare(db, make_source(url="https://u:secret@news.example/feed"))
    polled(db, "news", fetched(cache_control="max-age=7200"))
    row = followed_row(reading.followed(db)[0], NOON)

    assert "secret" not in json.dumps(row, default=str)
    assert row["hints"]["fresh"] == 7200
    assert row["facts"]["received"] == 12_345
    assert (row["health"], row["host"], row["floor_reason"]) == ("healthy", "news.example", "max-age: fresh for 2 h")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 B"), (999, "999 B"), (12_345, "12.3 kB"), (3_400_000, "3.4 MB"), (2 * 10**12, "2,000.0 GB")],
)
def test_sizes_are_spoken(number: int, said: str) -> None:
    """A number of bytes reads as people say it."""
    assert size(number) == said


def test_the_page_of_sources_tells_health(db: Database) -> None:
    """The page of sources has each one's health, in a word and a reason."""
    declare(db, make_source())
    polled(db, "news", Failed(kind=FailureKind.HTTP, detail="403 <Forbidden>", answer=answer(403)))
    html = render(Sources(site=Site(title="H", base_url="http://h.example", now=NOON), followed=reading.followed(db)))

    assert '<td class="health blocked">blocked</td>' in html
    assert "refused from here: 403 &lt;Forbidden&gt;; never a good poll" in html


def test_status_of_all_and_of_one(asked: Run) -> None:
    """`status` has a line a source; `status SOURCE` its last polls; JSON has both; an unknown source is bad usage."""
    _, out, _ = asked("status")
    rows = {row["slug"]: row for row in json.loads(asked("status", "--json")[1])["sources"]}
    _, page, _ = asked("status", "two")
    told = json.loads(asked("status", "two", "--json")[1])

    assert out.split("\n")[1].startswith("one")
    assert (rows["one"]["health"], rows["one"]["entries"]) == ("healthy", 2)
    assert (rows["two"]["health"], rows["two"]["outcome"]) == ("broken", "failed")
    assert rows["two"]["reason"].startswith("failed once")
    assert "the body is empty" in " ".join(page.split())
    assert [line["kind"] for line in told["journal"]] == ["empty"]
    assert asked("status", "three")[0] == 2


@pytest.mark.parametrize("broken", ["sources: [{ulr: x}]\n", "sources: [\n", "\tx\n"])
def test_status_works_while_the_configuration_is_broken(tmp_path: Path, asked: Run, broken: str) -> None:
    """With a feeds.yaml that cannot be used, `status` shows what the store holds, and says on stderr what is wrong."""
    (tmp_path / "feeds.yaml").write_text(broken)
    status, out, err = asked("status")

    assert (status, "one" in out, "two" in out) == (0, True, True)
    assert "feeds.yaml:" in err
    assert "This is what the store holds" in err
    assert asked("status", "one", "--json")[0] == 0
    assert asked("poll")[0] == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("settings: {database: 'sqlite:///other.db', oops: 1}\n", "other.db"),
        ("settings:\n  database: sqlite:///other.db # here\n  oops: 1\n", "other.db"),
        ('settings:\n  title: x\n  database: "sqlite:///other.db"\nsources: [\n', "other.db"),
        ("sources: [\n", "data/heliograph.db"),
        ("settings: {database: 'sqlite:///absent.db'}\n", ""),
    ],
)
def test_a_store_is_found_beside_a_broken_file(tmp_path: Path, text: str, name: str) -> None:
    """The store of a broken configuration is where a line of it says, or at its usual place; never one that is not there."""
    (tmp_path / "data").mkdir()
    for file in ("other.db", "data/heliograph.db"):
        (tmp_path / file).touch()
    (tmp_path / "feeds.yaml").write_text(text)

    found = store_of(tmp_path / "feeds.yaml", environment={})
    assert found == (f"sqlite:///{tmp_path / name}" if name else "")
    told = {"HELIOGRAPH_DATABASE": "postgresql://db.example/h", "HELIOGRAPH_CONFIG": str(tmp_path / "feeds.yaml")}
    assert store_of(environment=told) == "postgresql://db.example/h"
