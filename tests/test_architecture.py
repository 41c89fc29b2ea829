"""The import law, read from the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("feeds", "storage", "aggregator")
# Who may import what of us.
LAW = {
    "feeds/model.py": (),
    "feeds/": ("feeds",),
    "storage/": ("storage", "feeds.model"),
    "aggregator/": ("aggregator", "storage", "feeds"),
}
PURE = (
    "aggregator/again.py",
    "aggregator/alike.py",
    "aggregator/asking.py",
    "aggregator/authors.py",
    "aggregator/byline_case.py",
    "aggregator/byline_clean.py",
    "aggregator/byline_kinds.py",
    "aggregator/byline_names.py",
    "aggregator/byline_text.py",
    "aggregator/byline_words.py",
    "aggregator/bylines.py",
    "aggregator/decide.py",
    "aggregator/differences.py",
    "aggregator/emm.py",
    "aggregator/emm_topics.py",
    "aggregator/excerpts.py",
    "aggregator/gazetteer.py",
    "aggregator/habit.py",
    "aggregator/health.py",
    "aggregator/hints.py",
    "aggregator/language.py",
    "aggregator/language_model.py",
    "aggregator/language_tables.py",
    "aggregator/meaning.py",
    "aggregator/misses.py",
    "aggregator/place_context.py",
    "aggregator/place_lexicon.py",
    "aggregator/places.py",
    "aggregator/reasons.py",
    "aggregator/rhythm.py",
    "aggregator/sameness.py",
    "aggregator/stories.py",
    "aggregator/storywords.py",
    "aggregator/surges.py",
    "aggregator/telling.py",
    "aggregator/tombstones.py",
    "aggregator/topics/",
    "aggregator/whole.py",
    "feeds/secrets.py",
    "feeds/tracking.py",
    "storage/merging.py",
)
PURE_MAY = (
    "feeds.model",
    "feeds.identity",
    "storage.model",
    "storage.search_model",
    "storage.state_model",
    "storage.arrival_model",
    "storage.author_model",
    "storage.search_model",
    *(name.removesuffix("/").removesuffix(".py") for name in PURE),
)
WEB_IMPORTED_BY = ("aggregator/web/", "aggregator/serving.py", "aggregator/static_site.py", "aggregator/cli.py")
# One door a library: the file or folder that may import it.
DOORS = {
    "alembic": "storage/", "anyascii": "feeds/identity.py", "apscheduler": "aggregator/metronome.py",
    "brotli": "feeds/unpack.py", "fastapi": "aggregator/web/", "feedgen": "feeds/write.py",
    "feedparser": "feeds/reference.py", "h11": "feeds/transport.py", "httpx": "feeds/",
    "idna": "feeds/identity.py", "jinja2": "aggregator/web/", "lark": "aggregator/topics/language.py",
    "lxml": "feeds/", "markupsafe": "aggregator/web/", "nh3": "feeds/clean.py", "orjson": "storage/database.py",
    "py3langid": "aggregator/language_model.py", "Stemmer": "aggregator/topics/stems.py",
    "pydantic": "aggregator/", "rapidfuzz": "aggregator/alike.py",
    "rich": "aggregator/", "ruamel": "aggregator/", "sqlalchemy": "storage/", "starlette": "aggregator/web/",
    "trafilatura": "feeds/article.py", "typer": "aggregator/cli",
    "granian": "aggregator/serving.py", "uvloop": "aggregator/loop.py",
    "watchfiles": "aggregator/live.py", "zstandard": "feeds/unpack.py",
}  # fmt: skip
# What a pure file may not touch, whatever else it imports.
IMPURE = ("asyncio", "logging", "os", "pathlib", "random", "socket", "subprocess", "threading", "time")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def files() -> Iterator[tuple[str, ast.Module]]:
    """Every file of the packages, with its tree."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of modules that a tree imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaches(name: str, tree: ast.Module) -> list[str]:
    """What a file imports against the law."""
    law = next(allowed for place, allowed in LAW.items() if name == place or name.startswith(place))
    ours = [module for module in imported(tree) if module.split(".")[0] in PACKAGES]
    found = [f"{name} imports {module}" for module in ours if not _allowed(module, law)]
    if name.startswith(PURE):
        pure = tuple(place.replace("/", ".") for place in PURE_MAY)
        found += [f"{name} is pure and imports {module}" for module in ours if not _allowed(module, pure)]
        found += [f"{name} is pure and imports {m}" for m in imported(tree) if m.split(".")[0] in IMPURE]
    if not name.startswith(WEB_IMPORTED_BY):
        found += [f"{name} imports {module}" for module in ours if module.startswith("aggregator.web")]
    for module in imported(tree):
        door = DOORS.get(module.split(".")[0])
        if door and not name.startswith(door):
            found.append(f"{name} imports {module}, whose door is {door}")
    return found


def _allowed(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == one or module.startswith(one + ".") for one in allowed)


def test_the_import_law_holds() -> None:
    """No file imports what the law forbids it."""
    assert [breach for name, tree in files() for breach in breaches(name, tree)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("feeds/model.py", "from feeds.identity import digest"),
        ("feeds/parse.py", "from storage.model import Kept"),
        ("feeds/clean.py", "import feedparser"),
        ("storage/intake.py", "from aggregator.decide import decide"),
        ("storage/intake.py", "from feeds.fetch import Fetcher"),
        ("aggregator/decide.py", "from storage.intake import record"),
        ("aggregator/decide.py", "import time"),
        ("aggregator/topics/match.py", "from feeds.clean import clean"),
        ("aggregator/poll.py", "from aggregator.web.app import make_app"),
        ("aggregator/poll.py", "from sqlalchemy import select"),
        ("aggregator/web/public.py", "import httpx"),
    ],
)
def test_a_forbidden_import_is_found(name: str, line: str) -> None:
    """Adding a forbidden import to a file is a breach."""
    tree = ast.parse((ROOT / name).read_text("utf-8") + "\n" + line + "\n")

    assert breaches(name, tree) != []


def test_every_library_has_a_door() -> None:
    """A third-party library that is imported anywhere stands in the table of doors, and every door is used."""
    standard = set(__import__("sys").stdlib_module_names)
    used = {module.split(".")[0] for _, tree in files() for module in imported(tree)} - standard - set(PACKAGES)

    assert used == set(DOORS)


def test_files_and_functions_stay_small() -> None:
    """No file is longer than 400 lines, no function longer than 60 (tables of columns are data)."""
    data = {"storage/migrations/versions/0001_first.py"}
    long_files = [name for name, _ in files() if len((ROOT / name).read_text("utf-8").splitlines()) > LONGEST_FILE]
    long_functions = [
        f"{name}:{node.name}"
        for name, tree in files()
        if name not in data
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > LONGEST_FUNCTION
    ]

    assert long_files == []
    assert long_functions == []


def test_every_module_says_what_it_is() -> None:
    """Every module has a docstring, and those with code say what goes in, comes out, and never happens."""
    for name, tree in files():
        docstring = ast.get_docstring(tree) or ""
        assert docstring, name
        if len(tree.body) > 3 and "migrations" not in name:
            assert re.search(r"\bIn: ", docstring), name
            assert re.search(r"\bOut: ", docstring), name
            assert re.search(r"\bNever: ", docstring) or "Today's subset" in docstring, name


def test_only_the_configuration_reads_the_environment() -> None:
    """os.environ stands in one file."""
    readers = [name for name, _ in files() if "os.environ" in (ROOT / name).read_text("utf-8")]

    assert readers == ["aggregator/config.py"]


def test_now_is_an_argument() -> None:
    """Only the daemon asks for the time; below it, now is an argument."""
    askers = [
        name
        for name, _ in files()
        if re.search(r"datetime\.(now|utcnow|today)\(|time\.time\(", (ROOT / name).read_text())
    ]

    assert askers == ["aggregator/daemon.py"]
