"""`heliograph topics pin`, `unpin` and `pins` as a person and a machine use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.cli import main
from tests.fakes import item, rss
from tests.test_cli import Run

CONFIG = """
sources:
  - {url: "file:one.xml", slug: one}
topics:
  air: {title: Air, query: "helicopter*"}
  sea: {title: Sea, query: "frigate*"}
"""
LINK = "https://news.example/2"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command over a store that was polled once: exit status, what it printed, what it complained."""
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    (tmp_path / "one.xml").write_bytes(rss(item(1, title="Helicopters"), item(2, title="A rotor")))

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(tmp_path / "feeds.yaml")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    assert command("poll", "--all")[0] == 0
    return command


def test_a_pin_from_end_to_end(run: Run) -> None:
    """Pinned, an entry is in the topic and `why` says so; unpinned it is not; each command says what it did."""
    status, out, _ = run("topics", "pin", LINK, "air", "--because", "a rotor is one", "--by", "Ada")
    assert status == 0
    assert out.startswith("Entry 2 (A rotor) is in air from now on: pinned by Ada on ")
    assert out.endswith(
        ": a rotor is one. Its rule does not ask for it. It is on the topic's page, not in its feeds.\n"
    )

    said = run("why", LINK)[1]
    assert "Topic air: Air (not by its rule)\n  pinned by Ada on " in said
    (row,) = json.loads(run("why", LINK, "--json")[1])
    assert (row["topics"][0]["pinned"]["because"], row["topics"][0]["announced"]) == ("a rotor is one", False)

    status, out, _ = run("topics", "unpin", LINK, "air")
    assert (status, out) == (
        0, "Entry 2 (A rotor) is not in air from now on: it is pinned no more, and the rule does not ask for it.\n",
    )  # fmt: skip


def test_pins_are_listed(run: Run) -> None:
    """`pins`, and `pin` without arguments, list every pin, the newest first; a topic's slug lists its own."""
    assert run("topics", "pins")[1] == "Nothing is pinned.\n"
    run("topics", "pin", "2", "air", "--because", "one")
    run("topics", "pin", "1", "air", "--out", "--because", "two")
    assert "It is in the topic's feeds as news." in run("topics", "pin", "1", "sea", "--announce")[1]
    assert run("topics", "pins") == run("topics", "pin")
    assert "two" in run("topics", "pins")[1]
    rows = json.loads(run("topics", "pins", "air", "--json")[1])

    assert [(row["topic"], row["entry"], row["pinned"], row["because"]) for row in rows] == [
        ("air", 1, "out", "two"), ("air", 2, "in", "one"),
    ]  # fmt: skip
    assert run("topics", "pins", "sea")[1].count("\n") == 2
    said = run("why", "1")[1]
    assert "Not in topic air: kept out by the operator on " in said


def test_a_machine_is_told_what_became_of_it(run: Run) -> None:
    """--json of `pin` and `unpin`: the pin, whether the entry is in the topic, was before, and by its rule would be."""
    told = json.loads(run("topics", "pin", "1", "air", "--out", "--json")[1])
    assert (told["topic"], told["entry"], told["pin"]["pinned"]) == ("air", 1, "out")
    assert (told["was_in"], told["is_in"], told["by_rule"]) == (True, False, True)

    told = json.loads(run("topics", "unpin", "1", "air", "--json")[1])
    assert (told["pin"], told["was_in"], told["is_in"], told["by_rule"]) == (None, False, True, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pin", "1"), "name an entry and a topic"),
        (("pin", "1", "ari"), "there is no topic ari; did you mean air?"),
        (("pin", "none", "air"), "no entry has the link, id or number none"),
        (("pin", "air", "1"), "the entry comes first, then the topic: 1 air"),
        (("pin", "1", "air", "--out", "--announce"), "there is nothing to announce"),
        (("unpin", "1", "air"), "entry 1 is not pinned in air"),
        (("pins", "ari"), "there is no topic ari; did you mean air?"),
    ],
)
def test_bad_usage_says_what_to_do(run: Run, arguments: tuple[str, ...], told: str) -> None:
    """What is not there, or cannot be, exits with 2 and says what is near."""
    status, out, err = run("topics", *arguments)

    assert (status, out) == (2, "")
    assert told in " ".join(err.split())
