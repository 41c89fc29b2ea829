"""What the documents say is what the program does."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel

from aggregator.cli import app
from aggregator.config import ENVIRONMENT
from aggregator.settings import AuthorModel, CombinedModel, Settings, SourceModel, TopicModel
from aggregator.topics.tree import FIELDS
from aggregator.web.app import ROUTES

ROOT = Path(__file__).parent.parent
CONFIG = (ROOT / "docs" / "config.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("settings", Settings),
        ("sources", SourceModel),
        ("topics", TopicModel),
        ("authors", AuthorModel),
        ("feeds", CombinedModel),
    ],
)
def test_every_setting_is_documented(section: str, model: type[BaseModel]) -> None:
    """The table of each section of feeds.yaml has exactly the keys that the program knows, in their order."""
    part = CONFIG.split(f"## `{section}`")[1].split("\n## ")[0]
    table = part.split("| key | default |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(model.model_fields)


def test_every_environment_variable_is_documented() -> None:
    """The environment that the program reads is the one that is documented."""
    assert re.findall(r"^\| `(HELIOGRAPH_\w+)` \|", CONFIG, re.MULTILINE) == list(ENVIRONMENT)


def test_every_field_of_the_topic_language_is_documented() -> None:
    """Each field that a query may name is in the table."""
    assert [field for field in FIELDS if f"`{field}:`" not in CONFIG] == []


def test_every_command_is_in_the_readme() -> None:
    """The table of commands has every command, and no other."""
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    groups = {name for name, command in commands.items() if hasattr(command, "commands")}
    known = {f"{name} {inner}" for name in groups for inner in commands[name].commands}
    known |= set(commands) - groups
    told = set(re.findall(rf"`heliograph ((?:(?:{'|'.join(groups)}) )?[a-z]+)", README))

    assert told == known


def test_every_route_is_in_the_readme() -> None:
    """Each address that is served stands in the README's table."""
    told = README.replace("SLUG", "{name}").replace("NUMBER", "{key}").replace("N-VERSION.atom", "{part}.{form}")
    told = told.replace("/private/KEY/FEED", "/private/{secret}/{feed:path}")
    pages = [path for path, _, _ in ROUTES if path not in ("/", "/all.{form}", "/search.{form}")]

    assert [path for path in pages if f"`{path}`" not in told] == []


def test_version_and_changelog_agree() -> None:
    """The newest section of the changelog is that of the version that is installed."""
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == version("heliograph")


def test_documents_link_to_what_is_there() -> None:
    """Every relative link of a document leads to a file."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    ]

    assert links
    assert [(str(document), target) for document, target in links if not (document.parent / target).exists()] == []


def test_decisions_are_numbered_and_whole() -> None:
    """Decisions are numbered without gaps, and each says what was given up and what would change our mind."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text("utf-8")
        assert all(
            f"**{part}" in text for part in ("Situation", "Choice", "What we gave up", "What would change our mind")
        )


def test_nothing_names_where_it_was_made() -> None:
    """No file of the project has the path of a machine in it."""
    tracked = [
        path for folder in ("feeds", "storage", "aggregator", "tests", "docs", "benchmarks", "samples")
        for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md", ".yaml", ".json", ".html", ".css", ".xml")
    ]  # fmt: skip
    own = Path(__file__)

    assert [
        str(path) for path in tracked if path != own and re.search(r"/work/|/root/|/home/", path.read_text("utf-8"))
    ] == []
