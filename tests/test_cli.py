from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.cli import main
from tests.fakes import item, rss
from tests.live import files

Run = Callable[..., tuple[int, str, str]]
CONFIG = """
settings: {{allow_private: [127.0.0.0/8]}}
sources:
  - {{url: "{address}/one.xml", slug: one}}
  - {{url: "{address}/two.xml", slug: two}}
topics:
  air: {{title: Air, query: "helicopter*"}}
authors:
  ada-ore: {{name: Ada Ore}}
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as from a shell: exit status, what it printed, what it complained."""

    def command(*arguments: str, config: bool = True) -> tuple[int, str, str]:
        given = [*arguments, *(["--config", str(tmp_path / "feeds.yaml")] if config else [])]
        with pytest.raises(SystemExit) as ended:
            main(given)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def write(folder: Path, address: str = "http://127.0.0.1:1") -> None:
    """A configuration with two sources at an address, and what they serve."""
    (folder / "feeds.yaml").write_text(CONFIG.format(address=address))
    author = "<dc:creator>Ada Ore</dc:creator>"
    (folder / "one.xml").write_bytes(rss(item(1, title="Helicopters", extra=author), item(2)))
    (folder / "two.xml").write_bytes(b"")


@pytest.fixture
def polled(tmp_path: Path, run: Run) -> Run:
    """The command, after one poll of a source that is well and one that is empty."""
    with files(tmp_path) as address:
        write(tmp_path, address)
        assert run("poll", "--all")[0] == 0
    return run


def test_poll_ends_with_a_table(tmp_path: Path, run: Run) -> None:
    """`poll --all` prints a line a source and ends with 0, whatever the sources answered; the second says unchanged."""
    with files(tmp_path) as address:
        write(tmp_path, address)
        status, out, _ = run("poll", "--all")
        assert status == 0
        assert "empty: the body is empty" in " ".join(out.split())
        assert "2 sources: 1 failed, 1 fetched; 2 new entries, 0 edited." in out

        status, out, _ = run("poll", "--all", "--json")
        rows = {row["source"]: row for row in json.loads(out)}
    assert (status, rows["one"]["outcome"], rows["one"]["new"]) == (0, "unchanged", 0)


def test_strict_tells_a_failing_source_by_its_status(tmp_path: Path, run: Run) -> None:
    """`--strict` makes a failing source exit with 1; without failures it is 0."""
    with files(tmp_path) as address:
        write(tmp_path, address)
        assert run("poll", "--all", "--strict")[0] == 1
        assert run("poll", "one", "--strict")[0] == 0


def test_poll_alone_asks_only_what_is_due(polled: Run) -> None:
    """Without names, a poll asks what is due and says so where nothing is."""
    status, out, _ = polled("poll")

    assert status == 0
    assert "No source is due" in out


def test_an_unknown_source_is_bad_usage(polled: Run) -> None:
    """A source that is not there exits with 2 and names the nearest."""
    status, _, err = polled("poll", "tow")

    assert (status, err.strip()) == (2, "there is no source tow; did you mean two?")


@pytest.mark.parametrize("command", ["poll", "check", "status", "export"])
def test_a_bad_configuration_exits_with_2(tmp_path: Path, run: Run, command: str) -> None:
    """A configuration that cannot be used is told with file, line and key, on stderr, and nothing is made."""
    (tmp_path / "feeds.yaml").write_text("sources:\n  - ulr: https://a.example/feed\n")
    status, out, err = run(command)

    assert (status, out) == (2, "")
    assert "feeds.yaml:2: sources[1].ulr: unknown key; did you mean url?" in err
    assert list(tmp_path.iterdir()) == [tmp_path / "feeds.yaml"]


def test_no_configuration_says_how_to_get_one(run: Run) -> None:
    """Without a file, the message names `heliograph init`."""
    status, _, err = run("check")

    assert status == 2
    assert "heliograph init" in err


def test_a_store_that_cannot_be_opened_exits_with_1(tmp_path: Path, run: Run) -> None:
    """A database that cannot be opened is one line on stderr and 1."""
    (tmp_path / "feeds.yaml").write_text("settings: {database: 'sqlite:////proc/none/x.db'}\n")
    status, _, err = run("status")

    assert status == 1
    assert "cannot be used" in err


def test_init_writes_a_configuration_that_is_good(tmp_path: Path, run: Run) -> None:
    """`init` writes feeds.yaml and samples; `check` finds it good; a second `init` overwrites nothing."""
    assert run("init", str(tmp_path), config=False)[0] == 0
    status, out, _ = run("check")
    assert status == 0
    assert "is good" in out

    (tmp_path / "feeds.yaml").write_text("sources: []\n")
    status, _, err = run("init", str(tmp_path), config=False)
    assert status == 2
    assert "left as it is" in err
    assert (tmp_path / "feeds.yaml").read_text() == "sources: []\n"


def test_topics_and_authors_are_listed(polled: Run) -> None:
    """`topics list` and `authors list` count entries, as tables and as JSON."""
    assert "air" in polled("topics", "list")[1]
    (topic,) = json.loads(polled("topics", "list", "--json")[1])
    (author,) = json.loads(polled("authors", "list", "--json")[1])

    assert (topic["slug"], topic["entries"], topic["query"]) == ("air", 1, "helicopter*")
    assert (author["slug"], author["entries"]) == ("ada-ore", 1)


@pytest.mark.parametrize("asked", ["https://news.example/1", "https://news.example/1/", "id-1", "1"])
def test_why_names_the_words_that_matched(polled: Run, asked: str) -> None:
    """`why` finds an entry by link, id or number, and says which words put it where it is."""
    status, out, _ = polled("why", asked)
    assert status == 0
    if asked != "1":
        assert "helicopter* in title: Helicopters" in out
        (told,) = json.loads(polled("why", asked, "--json")[1])
        assert told["topics"][0]["spans"][0]["words"] == "Helicopters"
        assert told["authors"][0]["slug"] == "ada-ore"


def test_why_of_nothing_says_so(polled: Run) -> None:
    """An entry that is not there exits with 1."""
    status, _, err = polled("why", "https://news.example/none")

    assert status == 1
    assert "No entry" in err


def test_add_asks_only_feeds_that_may_be_asked(polled: Run) -> None:
    """`add` refuses what is no web address, what is followed already, and private addresses, each with its reason."""
    assert polled("add", "ftp://a.example/feed")[0] == 2
    status, _, err = polled("add", "http://127.0.0.1:9999/feed")
    assert status == 1
    assert "private" in err
    assert len(json.loads(polled("status", "--json")[1])["sources"]) == 2


def test_export_prints_what_the_file_does_not_have(polled: Run) -> None:
    """`export` is YAML with the sources that were added by command; none here."""
    assert polled("export")[1].strip() == "sources: []"


def test_schema_is_a_json_schema(run: Run) -> None:
    """`schema` prints the JSON Schema of feeds.yaml."""
    told = json.loads(run("schema", config=False)[1])

    assert told["$schema"].startswith("https://json-schema.org/")
    assert set(told["properties"]) == {"settings", "sources", "terms", "topics", "authors", "feeds"}


@pytest.mark.parametrize(
    "words",
    [[], ["poll"], ["run"], ["serve"], ["topics", "list"], ["why"], ["add"], ["import"], ["backfill"], ["init"]],
)
def test_every_command_has_help(run: Run, words: list[str]) -> None:
    """--help explains each command and exits with 0."""
    status, out, _ = run(*words, "--help", config=False)

    assert status == 0
    assert "Usage" in out


def test_bad_usage_exits_with_2(run: Run) -> None:
    """A command that does not exist exits with 2."""
    assert run("pol", config=False)[0] == 2
