"""feeds.yaml and the environment become one Config, or complaints that say what to mend and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from aggregator.config import Complaint, Config, ConfigError, load_config
from aggregator.settings import FileModel
from storage.model import SourceRow

SOURCE = "sources:\n  - url: https://a.example/feed\n"
EVERYTHING = """\
settings:
  title: Desk
  base_url: https://news.example.org/
  contact: d@example.org
  database: postgresql+psycopg://user@host/name
  allow_private: [10.1.2.3, "fd00::/8"]
  republish: headline
sources:
  - {url: "https://a.example/feed", name: A, slug: a, kind: press, lang: en, country: NO, region: north, tags: [x, y z],
     every: 90m, republish: full, formerly: [old-a]}
  - url: https://b.example/rss/
topics:
  uav: {title: UAVs, query: drone*, formerly: [drones]}
  air-defence:
    query: >
      "air defence"
      OR ПВО
authors:
  ann: {name: Ann Smith, aliases: [A. Smith, Энн Смит], formerly: [ann-smith]}
"""


def load(folder: Path, text: str, environment: Mapping[str, str] | None = None, **command_line: str | int) -> Config:
    """The configuration that a file with this text says."""
    file = folder / "feeds.yaml"
    file.write_text(text, "utf-8")
    return load_config(file, environment=environment or {}, **command_line)  # type: ignore[arg-type]


def complaints(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[Complaint]:
    """What is wrong with a file with this text."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return caught.value.complaints


def only_source(config: Config) -> SourceRow:
    """The one source of a configuration."""
    (row,) = config.sources
    return row


# --- What is said --------------------------------------------------------------------------------------------


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """Every key arrives as its value, and what is left out has its default."""
    config = load(tmp_path, EVERYTHING)
    (first, second), settings = config.sources, config.settings

    assert (settings.title, settings.contact, config.base_url) == ("Desk", "d@example.org", "https://news.example.org")
    assert (config.database, settings.republish) == ("postgresql+psycopg://user@host/name", "headline")
    assert settings.allow_private == (ip_network("10.1.2.3/32"), ip_network("fd00::/8"))
    assert (first.source.slug, first.source.name, first.source.tags) == ("a", "A", ("x", "y z"))
    assert (first.source.every, first.source.republish, first.formerly) == (timedelta(minutes=90), "full", ("old-a",))
    assert (second.source.slug, second.source.every, second.source.republish) == ("b-example", timedelta(hours=1), None)
    assert all(row.source.may_be_private for row in config.sources)
    assert [(row.slug, row.title, row.formerly) for row in config.topic_rows] == [
        ("uav", "UAVs", ("drones",)), ("air-defence", "Air defence", ()),
    ]  # fmt: skip
    assert config.topics[1].query == '"air defence" OR ПВО'
    assert [row.rule_version for row in config.topic_rows] == [topic.rule_version for topic in config.topics]
    assert (config.authors[0].name, config.authors[0].formerly) == ("Ann Smith", ("ann-smith",))
    assert config.authors[0].keys == ("annsmith", "asmith", "эннсмит")


@pytest.mark.parametrize("text", ["", "# nothing\n", "sources:\ntopics:\nsettings:\nauthors:\n", "---\n"])
def test_an_empty_file_is_a_configuration(tmp_path: Path, text: str) -> None:
    """Nothing is needed: a file without a word, and sections without entries, mean the defaults."""
    config = load(tmp_path, text)

    assert (config.settings.title, config.sources, config.topics) == ("Heliograph", (), ())
    assert (config.host, config.port, config.base_url) == ("127.0.0.1", 8400, "http://127.0.0.1:8400")
    assert config.database == f"sqlite:///{tmp_path / 'data' / 'heliograph.db'}"


def test_empty_keys_are_absent(tmp_path: Path) -> None:
    """A key with nothing after it means its default."""
    row = only_source(load(tmp_path, SOURCE + "    name:\n    tags:\n    every:\n"))

    assert (row.source.name, row.source.tags, row.source.every) == ("", (), timedelta(hours=1))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file that an editor began with a byte order mark is read."""
    assert only_source(load(tmp_path, "\ufeff" + SOURCE)).source.url == "https://a.example/feed"


@pytest.mark.parametrize("word", ["NO", "no", "off", "yes", "on"])
def test_norway_is_a_text(tmp_path: Path, word: str) -> None:
    """A bare NO is a country, not a truth value."""
    assert only_source(load(tmp_path, f"{SOURCE}    country: {word}\n")).source.country == word


@pytest.mark.parametrize(
    ("url", "name", "slug"),
    [
        ("https://a.example/feed", "Hürriyet Daily", "hurriyet-daily"),
        ("https://a.example/feed", "Полевые заметки", "polevye-zametki"),
        ("https://www.a.example/feed", "", "a-example"),
        ("https://a.example/en/rss.xml", "", "a-example-en"),
        ("file:samples/notes.xml", "", "samples-notes"),
    ],
)
def test_slugs_are_made(tmp_path: Path, url: str, name: str, slug: str) -> None:
    """A source without a slug gets one from its name, else from its address."""
    assert only_source(load(tmp_path, f'sources:\n  - url: {url}\n    name: "{name}"\n')).source.slug == slug


@pytest.mark.parametrize(
    ("text", "span"), [("45m", 45), ("45 min", 45), ("1.5h", 90), ("1d", 1440), ("1w", 10080), ("60s", 1)]
)
def test_durations(tmp_path: Path, text: str, span: int) -> None:
    """A duration is a number and a unit."""
    assert only_source(load(tmp_path, f"{SOURCE}    every: {text}\n")).source.every == timedelta(minutes=span)


# --- Where things are ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("sqlite:///news.db", "sqlite:///{folder}/news.db"),
        ("sqlite:///data/news.db", "sqlite:///{folder}/data/news.db"),
        ("sqlite:////var/news.db", "sqlite:////var/news.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://h/n", "postgresql+psycopg://h/n"),
    ],
)
def test_a_relative_database_lies_beside_the_file(tmp_path: Path, declared: str, found: str) -> None:
    """A relative SQLite path starts at the configuration's folder, from wherever a command was typed."""
    expected = found.format(folder=tmp_path)

    assert load(tmp_path, f"settings: {{database: '{declared}'}}\n").database == expected
    assert load(tmp_path, "", {"HELIOGRAPH_DATABASE": declared}).database == expected


def test_the_environment_outranks_the_file(tmp_path: Path) -> None:
    """Each variable stands instead of what the file says."""
    text = "settings: {database: 'sqlite:///a.db', base_url: 'https://a.example'}\n"
    environment = {
        "HELIOGRAPH_DATABASE": "postgresql+psycopg://h/n", "HELIOGRAPH_BASE_URL": "https://b.example/x/",
        "HELIOGRAPH_HOST": "0.0.0.0", "HELIOGRAPH_PORT": "9000",
    }  # fmt: skip
    config = load(tmp_path, text, environment)

    assert (config.database, config.base_url) == ("postgresql+psycopg://h/n", "https://b.example/x")
    assert (config.host, config.port) == ("0.0.0.0", 9000)


def test_the_command_line_outranks_the_environment(tmp_path: Path) -> None:
    """--host and --port are the last word; a variable that they replace need not even be readable."""
    config = load(tmp_path, "", {"HELIOGRAPH_HOST": "10.0.0.1", "HELIOGRAPH_PORT": "soon"}, host="10.0.0.2", port=9001)

    assert (config.host, config.port, config.base_url) == ("10.0.0.2", 9001, "http://10.0.0.2:9001")


def test_an_empty_variable_is_no_variable(tmp_path: Path) -> None:
    """A variable without a value says nothing."""
    names = ("HELIOGRAPH_DATABASE", "HELIOGRAPH_HOST", "HELIOGRAPH_PORT", "HELIOGRAPH_BASE_URL")

    assert load(tmp_path, "", dict.fromkeys(names, "")) == load(tmp_path, "")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:81"), ("::", "http://[::1]:81"), ("::1", "http://[::1]:81"), ("news.example", "http://news.example:81"),
    ],
)  # fmt: skip
def test_the_address_follows_where_it_listens(tmp_path: Path, host: str, address: str) -> None:
    """Without a public address the feeds name one that works on this machine, at any port."""
    assert load(tmp_path, "", host=host, port=81).base_url == address


def test_the_file_is_found(tmp_path: Path) -> None:
    """The path that was given outranks HELIOGRAPH_CONFIG."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("settings: {title: A}", "utf-8")
    second.write_text("settings: {title: B}", "utf-8")
    environment = {"HELIOGRAPH_CONFIG": str(second)}

    assert load_config(environment=environment).settings.title == "B"
    assert load_config(first, environment=environment).settings.title == "A"
    assert load_config(first, environment={}).folder == tmp_path


def test_a_generation_is_what_bytes_depend_on(tmp_path: Path) -> None:
    """The generation changes with address, title and policies, and not with topics or names."""
    plain = load(tmp_path, SOURCE).generation

    assert load(tmp_path, SOURCE + "    name: A\ntopics: {x: {query: y}}\n").generation == plain
    for other in (
        SOURCE + "    republish: full\n",
        SOURCE + "settings: {title: B}\n",
        SOURCE + "settings: {republish: full}\n",
    ):
        assert load(tmp_path, other).generation != plain


# --- What is wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("settings:\n  titel: A\n", 2, "settings.titel", "unknown key; did you mean title?"),
        ("sources:\n  - urll: https://a.example/\n    url: https://a.example/\n", 2, "sources[1].urll", "did you mean url?"),
        ("topic: {}\n", 1, "topic", "unknown key; did you mean topics?"),
        ("topics:\n  x:\n    query: a\n    wuery: b\n", 4, "topics.x.wuery", "did you mean query?"),
        ("authors:\n  x: {name: A, zzzz: 1}\n", 2, "authors.x.zzzz", "the keys here are name, aliases, formerly"),
        ("settings: {timezone: Berlin}\n", 1, "settings.timezone", "expected a time zone such as"),
        ("settings: {database: 'postgres://u:p@h/x'}\n", 1, "settings.database", "expected sqlite:///FILE or postgresql://"),
        ("topics:\n  x: {query: a, must_match: [{title: Coal, gas and oil}]}\n", 2, "topics.x.must_match[1].gas and oil",
         "text behind a comma, put the whole text into quotes"),
        ("topics:\n  x: {any_of: {a: two}, threshold: 1}\n", 2, "topics.x.any_of.a", "expected a whole number, not 'two'"),
        ("settings: {budget: 0}\n", 1, "settings.budget", "greater than 0"),
        ("sources: [{url: https://a.example/, weight: 0}]\n", 1, "sources[1].weight", "greater than or equal to 0.01"),
        ("sources: [{url: https://a.example/, hours: hourly}]\n", 1, "sources[1].hours", "expected minute, hour, day"),
        ("sources: [{url: https://a.example/, hours: 0 25 * * *}]\n", 1, "sources[1].hours", "names no hours"),
        ("sources: [{url: https://a.example/, hours: 0 6 * * 1-5}]\n", 1, "sources[1].hours", "expected weekdays by name"),
        ("sources: [{url: https://a.example/, hours: 0 6 30 2 *}]\n", 1, "sources[1].hours", "is a time that never comes"),
        ("sources:\n  - name: A\n", 2, "sources[1].url", "this key is needed and missing"),
        ("sources:\n  - url: ftp://a.example/\n", 2, "sources[1].url", "expected an http or https address, or file:"),
        ("sources:\n  - url: a.example/feed\n", 2, "sources[1].url", "without a scheme"),
        ("sources:\n  - url: 'http://'\n", 2, "sources[1].url", "names no host"),
        ("sources:\n  - url: http://a.example:22/\n", 2, "sources[1].url", "port 22"),
        ("settings:\n  base_url: news.example\n", 2, "settings.base_url", "expected an http or https address"),
        ("settings:\n  base_url: http://news.example:port/\n", 2, "settings.base_url", "expected an http or https address"),
        (
            SOURCE + "    slug: a\n  - url: https://b.example/\n    slug: a\n",
            5,
            "sources[2].slug",
            "taken by the source in line 2",
        ),
        (SOURCE + "    name: A\n  - url: https://b.example/\n    name: a\n", 4, "sources[2].slug", "the slug a is taken"),
        (SOURCE + "  - url: https://A.example:443/feed#x\n    slug: b\n", 3, "sources[2].url", "the source in line 2 has this"),
        ("topics:\n  x:\n    query: a AND\n", 3, "topics.x.query", "ends too early: expected"),
        ("topics:\n  x:\n    query: titel:a\n", 3, "topics.x.query", "did you mean title:?"),
        ("topics:\n  x: {}\n", 2, "topics.x", "expected either query: or any_of:"),
        ("topics:\n  x:\n", 2, "topics.x", "expected a value"),
        ("topics:\n  Bad Slug: {query: a}\n", 2, "topics.Bad Slug", "'Bad Slug' is no slug: expected small letters"),
        ("sources:\n  - url: file:../secret.xml\n", 2, "sources[1].url", "inside the folder of this file"),
        ("sources:\n  - url: file:///etc/passwd\n", 2, "sources[1].url", "inside the folder of this file"),
        ("sources:\n  - url: file://host/a.xml\n", 2, "sources[1].url", "inside the folder of this file"),
        ("sources:\n  - url: file:a/%2e%2e/%2e%2e/b.xml\n", 2, "sources[1].url", "inside the folder of this file"),
        (SOURCE + "    every: soon\n", 3, "sources[1].every", "expected a duration such as 45m, 1h or 1d"),
        (SOURCE + "    every: 15\n", 3, "sources[1].every", "expected a duration such as 45m, 1h or 1d"),
        (SOURCE + "    every: 1s\n", 3, "sources[1].every", "between 1m and 30d"),
        (SOURCE + "    republish: all\n", 3, "sources[1].republish", "expected 'full', 'summary', 'headline' or 'none'"),
        (SOURCE + "    tags: defence\n", 3, "sources[1].tags", "expected a list, not 'defence'"),
        (SOURCE + "    tags: [a, '']\n", 3, "sources[1].tags[2]", "at least 1 character"),
        (SOURCE + "    name: 24\n", 3, "sources[1].name", "expected text, not 24"),
        (SOURCE + "  -\n", 3, "sources[2]", "expected a value"),
        (SOURCE + "  - https://b.example/\n", 3, "sources[2]", "expected keys and values, not 'https://b.example/'"),
        ("settings:\n  allow_private:\n    - 10.0.0.0/33\n", 3, "settings.allow_private[1]", "expected a network such as"),
        ("settings:\n  allow_private: [localhost]\n", 2, "settings.allow_private[1]", "expected a network such as"),
        (SOURCE + "    slug: a\n    formerly: [a]\n", 4, "sources[1].formerly", "a is the slug of one of today's sources"),
        ("topics:\n  x: {query: a, formerly: [z]}\n  y: {query: b, formerly: [z]}\n", 3, "topics.y.formerly", "already given"),
        ("authors:\n  x: {name: A}\n  y: {name: B, formerly: [x]}\n", 3, "authors.y.formerly", "x is the slug of one of"),
        ("authors:\n  x: {name: Ann}\n  y: {name: B, aliases: [ÁNN]}\n", 3, "authors.y", "'ÁNN' is already a name of x"),
        ("authors:\n  x: {name: '...'}\n", 2, "authors.x", "'...' has no letter: expected a name"),
        ("- a\n- b\n", 1, "", "expected keys: settings, sources, terms, topics, authors"),
        ("settings: {title: A\n", 2, "", "not YAML"),
        ("settings:\n\ttitle: A\n", 2, "", "not YAML"),
        ("settings: {}\nsettings: {}\n", 2, "", "not YAML: the key settings stands here a second time"),
        ("a: \x00\n", 0, "", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_complaint(tmp_path: Path, text: str, line: int, key: str, message: str) -> None:
    """Each mistake is named once, with file, line, key and what was expected."""
    (complaint,) = complaints(tmp_path, text)

    assert (complaint.file, complaint.line, complaint.key) == ("feeds.yaml", line, key)
    assert message in complaint.message
    assert str(complaint).startswith(f"feeds.yaml:{line}:" if line else "feeds.yaml: ")


def test_many_mistakes_are_named_at_once(tmp_path: Path) -> None:
    """All that is wrong with a file is said in one go, in the order of its lines, queries included."""
    text = "sources:\n  - url: nowhere\n    every: soon\ntopics:\n  x:\n    query: (a\n  y: {}\nsettings:\n  titel: A\n"
    found = complaints(tmp_path, text)

    assert [one.line for one in found] == [2, 3, 6, 7, 9]
    assert [one.key for one in found] == [
        "sources[1].url",
        "sources[1].every",
        "topics.x.query",
        "topics.y",
        "settings.titel",
    ]


def test_what_contradicts_is_named_at_once(tmp_path: Path) -> None:
    """Mistakes between entries are said together with queries that cannot be read."""
    text = SOURCE + "  - url: https://a.example/feed\ntopics: {x: {query: 'a or b'}}\nauthors: {y: {name: '1'}}\n"
    found = complaints(tmp_path, text)

    assert [one.key for one in found] == ["sources[2].slug", "sources[2].url", "topics.x.query", "authors.y"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HELIOGRAPH_PORT", "eighty", "expected a port from 1 to 65535, not 'eighty'"),
        ("HELIOGRAPH_PORT", "0", "expected a port"),
        ("HELIOGRAPH_PORT", "65536", "expected a port"),
        ("HELIOGRAPH_PORT", "９０００", "expected a port"),
        ("HELIOGRAPH_PORT", "9" * 5000, "expected a port"),
        ("HELIOGRAPH_BASE_URL", "news.example", "expected an http or https address"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, name: str, value: str, message: str) -> None:
    """A variable that cannot be read is named like a file."""
    (complaint,) = complaints(tmp_path, "", {name: value})

    assert (complaint.file, complaint.line) == (name, 0)
    assert message in complaint.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is named as it was asked for, with what to do."""
    with pytest.raises(ConfigError, match=r"no\.yaml: there is no such file; `heliograph init` writes one"):
        load_config(tmp_path / "no.yaml", environment={})


@pytest.mark.parametrize("content", [b"\xff\xfes\x00", None])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """A folder, or a file that is no UTF-8, is a complaint too."""
    file = tmp_path / "feeds.yaml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(file, environment={})


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """A file: source through a symbolic link to the outside is refused."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "out").symlink_to(tmp_path)

    assert "inside the folder" in complaints(tmp_path / "desk", "sources:\n  - url: file:out/a.xml\n")[0].message


def test_the_schema_describes_the_file() -> None:
    """The JSON Schema names every section, describes every key, and allows no others."""
    schema = FileModel.model_json_schema()

    assert set(schema["properties"]) == {"settings", "sources", "terms", "topics", "authors", "feeds"}
    for model in (schema, *schema["$defs"].values()):
        assert model["additionalProperties"] is False
        assert all(one.get("description") or "$ref" in one for one in model["properties"].values())
    assert schema["$defs"]["SourceModel"]["required"] == ["url"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("settings:\n\ttitle: x\n", "indent with spaces"),
        ("topics:\n  a: {query: x}\n  b:\n    query: *frigate\n", "begins with *: put it into quotes"),
        ("sources:\n  - url: https://a.example/\n    name: @desk\n", "begins with @: put it into quotes"),
        ("sources:\n  - url: https://a.example/\n    name: My: Monitor\n", "put the value into quotes"),
        ('topics:\n  a:\n    query: "a b" OR c\n', "put the whole value into single quotes"),
        ("topics:\n  a: {query: x}\n  a: {query: y}\n", "the key a stands here a second time"),
        ("topics:\n  a:\n   query: x\n    title: y\n", "indented deeper than the one above"),
        ("topics:\n  a: {query: x, must_match: [{title: Coal: more of it}]}\n", "inside { }: put the text into quotes"),
    ],
)
def test_common_yaml_mistakes_come_with_advice(tmp_path: Path, text: str, advice: str) -> None:
    """What the YAML reader says of a common mistake is told in words that say what to do."""
    path = tmp_path / "feeds.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=re.escape(advice)):
        load_config(path, environment={})
