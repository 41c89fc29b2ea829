"""Examples of topics are held against their rules, and the command says which fail."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from aggregator.cli import app

TOPICS = """\
sources:
  - {url: file:a.xml, slug: kazakh-wire, lang: en, country: KZ}
terms:
  flyers: [helicopter, Mi-8, unmanned aerial]
topics:
  flying:
    query: "@flyers AND place:KZ"
    must_match:
      - {title: Helicopters land in Almaty and in Astana, lang: en}
      - {title: A Mi-8 is back, places: [kazakhstan]}
      - {text: Unmanned aerial systems, places: [KZ], published: 2026-01-01}
    must_not_match:
      - {title: Helicopters land in Oslo}
      - {title: A crowd in Almaty, source: kazakh-wire}
  weighed:
    any_of: {helicopter*: 3, "Mi-8": 5, '="CSTO"': 2, "title:crash*": -3}
    threshold: 6
    must_match: [{title: Mi-8 helicopters}, {title: CSTO, text: The Mi-8 and the CSTO}]
    must_not_match: [{title: Mi-8 helicopter crashes}, {title: "csto, Mi-8"}]
"""


def run(folder: Path, *arguments: str, text: str = TOPICS) -> tuple[int, str]:
    """The exit status and the output of `topics test`."""
    file = folder / "feeds.yaml"
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(app, ["topics", "test", *arguments, "--config", str(file)])
    return done.exit_code, done.output


def test_examples_that_pass_end_with_0(tmp_path: Path) -> None:
    """Every example does what it says; the table counts them."""
    status, said = run(tmp_path)

    assert (status, "FAILED" in said) == (0, False), said
    assert "flying   3 of 3      2 of 2    ok" in said
    assert "9 examples, 0 failed." in said


def test_an_example_that_fails_is_named_with_what_matched(tmp_path: Path) -> None:
    """E-02: the message says which example, and because of which words."""
    text = TOPICS.replace("threshold: 6", "threshold: 5")
    status, said = run(tmp_path, text=text)

    assert status == 1
    assert "weighed: must_not_match 1: Mi-8 helicopter crashes: matched by Mi-8, helicopter" in " ".join(said.split())
    assert "1 failed" not in said
    assert "2 failed" in said


def test_machines_get_every_outcome(tmp_path: Path) -> None:
    """--json tells of each example its topic, its list, its number and whether it passed; a topic may be named."""
    status, said = run(tmp_path, "weighed", "--json")

    rows = json.loads(said)
    assert status == 0
    assert [(row["topic"], row["must_match"], row["number"], row["passed"]) for row in rows] == [
        ("weighed", True, 1, True), ("weighed", True, 2, True), ("weighed", False, 1, True), ("weighed", False, 2, True),
    ]  # fmt: skip


def test_the_address_of_an_entry_that_is_not_stored_fails(tmp_path: Path) -> None:
    """A topic's example may be a stored entry; one that is not there is no silent pass."""
    text = "topics:\n  a:\n    query: b\n    must_not_match: ['https://news.example.org/1']\n"
    status, said = run(tmp_path, text=text)

    assert status == 1
    assert "the store holds no entry with this address" in said


def test_a_topic_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The nearest name is suggested."""
    status, said = run(tmp_path, "flyng")

    assert status == 2
    assert "did you mean flying?" in said
