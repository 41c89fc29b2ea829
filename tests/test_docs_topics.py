"""docs/topics.md: every example of the page is tried, as it stands there.

A row of a table is a query, an entry that it matches and one that it does not; or a query and a part of its error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.config import load_config
from aggregator.examples import try_examples
from aggregator.meaning import meaning_of
from aggregator.topics.compiling import Compiler, Topic, compile_topic
from aggregator.topics.match import judge
from aggregator.topics.stems import STEMMERS
from aggregator.topics.subject import Told
from aggregator.topics.tree import FIELDS, QueryError
from tests.fakes import NOON, make_entry, make_source

PAGE = (Path(__file__).parent.parent / "docs" / "topics.md").read_text("utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
MATCHES = [tuple(row) for row in ROWS if len(row) == 3]
ERRORS = [tuple(row) for row in ROWS if len(row) == 2]
SAID = re.compile(r" \((lang|author|source|category|url|kind|tag|label|published|age|outlets): ([^)]+)\)$")


def is_matched(query: str, cell: str) -> bool:
    """Whether a query matches the entry that a cell describes: a title // a text (key: value)."""
    found = SAID.search(cell)
    said = {found[1]: found[2]} if found else {}
    title, _, text = SAID.sub("", cell).partition(" // ")
    entry = make_entry(
        title=title, text=text, lang=said.get("lang", ""), link=said.get("url", "https://news.example/1"),
        authors=(said["author"],) if "author" in said else (), categories=(said["category"],) if "category" in said else (),
        published=datetime.fromisoformat(said["published"]).replace(tzinfo=UTC) if "published" in said else None,
    )  # fmt: skip
    source = make_source(
        name=said.get("source", "News"), kind=said.get("kind", ""), lang=said.get("lang", ""),
        tags=(said["tag"],) if "tag" in said else (), labels=(said["label"],) if "label" in said else (),
    )  # fmt: skip
    age = timedelta(days=int(said.get("age", "0d")[:-1]))
    told = Told(published=entry.published or NOON - age, now=NOON, sources=int(said.get("outlets", 0)))
    # As in a search, which may ask for what changes with time.
    tree = Compiler([], {}).query(query)
    topic = Topic(slug="draft", title="Draft", query=query, tree=tree, rule_version="1")
    return bool(judge([topic], entry, source, meaning_of(entry, source), told))


def test_the_page_has_its_examples() -> None:
    """The tables are found: a change of their form would leave nothing to try."""
    assert len(MATCHES) > 60
    assert len(ERRORS) > 12
    assert {len(row) for row in ROWS} == {2, 3}


@pytest.mark.parametrize(("query", "matching", "other"), MATCHES)
def test_example_of_the_page(query: str, matching: str, other: str) -> None:
    """Each query matches what stands beside it, and not what stands behind that."""
    assert is_matched(query.strip("`"), matching)
    assert not is_matched(query.strip("`"), other)


@pytest.mark.parametrize(("query", "error"), ERRORS)
def test_error_of_the_page(query: str, error: str) -> None:
    """Each wrong query is refused with the words that the page gives, and a place."""
    with pytest.raises(QueryError, match=re.escape(error)) as raised:
        compile_topic("draft", "Draft", query.strip("`"))

    assert (raised.value.line, raised.value.column) >= (1, 1)


def test_configuration_of_the_page(tmp_path: Path) -> None:
    """The lists, topics and weights of the page are a sound configuration, whose own examples hold."""
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "feeds.yaml").write_text(block, "utf-8")
    config = load_config(tmp_path / "feeds.yaml", environment={})
    outcomes = list(try_examples(config, lambda url: None))

    assert len(outcomes) > 8
    assert [one for one in outcomes if not one.passed] == []


def test_fields_and_languages_of_the_page() -> None:
    """Every field is on the page, and every language that has a stemmer is named."""
    names = {
        "ar": "Arabic", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
        "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish",
        "hi": "Hindi", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "it": "Italian", "lt": "Lithuanian",
        "nb": "Norwegian", "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian", "no": "Norwegian", "pl": "Polish",
        "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil",
        "tr": "Turkish", "yi": "Yiddish",
    }  # fmt: skip

    assert [field for field in FIELDS if f"`{field}:" not in PAGE] == []
    assert [code for code in STEMMERS if code not in names or not re.search(rf"\b{names[code]}\b", PAGE)] == []
