"""The commands about authors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.cli import main
from storage.database import open_database
from tests.fakes import declare, make_entry, make_source, take

CONFIG = """\
sources:
  - {url: "https://news.example/feed", slug: news, name: News}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration and a store with two spellings of a name and an agency."""
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG, "utf-8")
    (tmp_path / "data").mkdir()
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}")
    declare(db, make_source())
    names = ["Aibek Toralin", "Айбек Торалин", "Reuters", "Aibek Toralin"]
    take(
        db, [make_entry(id=str(at), link=f"https://news.example/{at}", authors=[name]) for at, name in enumerate(names)]
    )
    db.close()
    return path


def said(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    """What a command says, and how it ends."""
    with pytest.raises(SystemExit) as end:
        main(["authors", *words, "--config", str(home)])
    heard = capsys.readouterr()
    return int(end.value.code or 0), heard.out, heard.err


def slugs(capsys: pytest.CaptureFixture[str], home: Path, *more: str) -> list[str]:
    """The slugs that the list has."""
    return sorted(one["slug"] for one in json.loads(said(capsys, home, "list", "--json", *more)[1]))


def test_the_list_has_persons_and_the_other_list_the_rest(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Desks and agencies are listed on demand only."""
    assert slugs(capsys, home) == ["aibek-toralin", "aybek-toralin"]
    assert slugs(capsys, home, "--desks") == ["reuters"]
    assert "Aibek Toralin" in said(capsys, home, "list")[1]


def test_names_are_suggested_merged_split_and_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole way: a suggestion, a merge, a split, and a question that is not asked again."""
    status, suggested, _ = said(capsys, home, "suggest", "--json")
    assert [(one["slug"], one["other"], one["scripts"]) for one in json.loads(suggested)] == [
        ("aybek-toralin", "aibek-toralin", True)
    ]
    assert status == 0
    assert "aybek-toralin" in said(capsys, home, "suggest")[1]
    assert said(capsys, home, "merge", "aybek-toralin", "aibek-toralin")[0] == 0
    assert slugs(capsys, home) == ["aibek-toralin"]
    assert "/authors/aybek-toralin" in said(capsys, home, "split", "Айбек Торалин")[1]
    assert slugs(capsys, home) == ["aibek-toralin", "aybek-toralin"]
    assert "No two authors" in said(capsys, home, "suggest")[1]


def test_a_refusal_is_remembered(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After `refuse` a pair is not suggested."""
    assert said(capsys, home, "refuse", "aybek-toralin", "aibek-toralin")[0] == 0
    assert json.loads(said(capsys, home, "suggest", "--json")[1]) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("merge", "nobody", "aibek-toralin"), "there is no author nobody"),
        (("merge", "aibek-toralin", "aibek-toralin"), "already"),
        (("split", "Aibek Toralin"), "nothing to split"),
        (("split", "…"), "nobody is called"),
        (("refuse", "aibek-toralin", "nobody"), "there is no author nobody"),
    ],
)
def test_what_cannot_be_done_is_said(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    """A mistake ends with status 2 and a sentence."""
    status, _, error = said(capsys, home, *words)

    assert (status, message in " ".join(error.split())) == (2, True)
