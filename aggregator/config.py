"""feeds.yaml + environment -> one frozen Config; every complaint names file, line, key and what was expected.

In: a path and the environment. Out: a Config, or ConfigError with every complaint at once.
Never: a default that is made up elsewhere: whoever needs a setting reads it here.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from aggregator.advice import advised
from aggregator.authors import author_key
from aggregator.credentials import secrets_of
from aggregator.settings import AuthorModel, FileModel, Settings, SourceModel, TopicModel, web_address
from aggregator.store_url import database_url, store_beside
from aggregator.topics.language import QueryError, read_query
from aggregator.topics.match import Rules, Topic, compile_topic
from feeds.identity import canonical_url, digest, slugify
from feeds.model import Source
from feeds.secrets import Secrets
from storage.model import AuthorRow, SourceRow, TopicRow
from storage.work import rules_name

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8400
ENVIRONMENT = {
    "HELIOGRAPH_CONFIG": "the configuration file, instead of feeds.yaml in the current folder",
    "HELIOGRAPH_DATABASE": "the database URL, instead of settings.database",
    "HELIOGRAPH_HOST": f"the address to listen on, instead of {DEFAULT_HOST}",
    "HELIOGRAPH_PORT": f"the port to listen on, instead of {DEFAULT_PORT}",
    "HELIOGRAPH_BASE_URL": "the public address of this server, instead of settings.base_url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong: where (line and column count from 1, 0 where unknown), which key, and what was expected."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used, with all that is wrong with it."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that is configured, checked and compiled."""

    path: Path
    settings: Settings
    base_url: str
    database: str
    host: str
    port: int
    sources: tuple[SourceRow, ...] = ()
    topics: Sequence[Topic] = ()
    topic_rows: tuple[TopicRow, ...] = ()
    authors: tuple[AuthorRow, ...] = ()
    by_story: frozenset[str] = frozenset()
    secrets: Mapping[str, Secrets] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """The configuration's folder: file: sources stay inside it, the default store lives in it."""
        return self.path.parent

    @property
    def rules(self) -> str:
        """The name of this set of topic rules."""
        return rules_name(self.topic_rows)

    @property
    def generation(self) -> str:
        """A hash of every setting that the bytes of a feed depend on."""
        policies = [f"{row.source.slug}={row.source.republish}" for row in self.sources if row.source.republish]
        by_story = (f"{slug}=stories" for slug in sorted(self.by_story))
        return digest(self.base_url, self.settings.title, self.settings.republish, *policies, *by_story)


def load_config(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    host: str | None = None,
    port: int | None = None,
) -> Config:
    """Read the configuration at `path`, else where HELIOGRAPH_CONFIG says, else feeds.yaml here.

    `host` and `port` are those of the command line, which outrank the environment. Raises ConfigError.
    """
    env = os.environ if environment is None else environment
    file = Path(path or env.get("HELIOGRAPH_CONFIG") or "feeds.yaml")
    reading = _Reading(file.name, _load_yaml(file))
    model = reading.model()
    host = host or env.get("HELIOGRAPH_HOST") or DEFAULT_HOST
    port = port or _port(env.get("HELIOGRAPH_PORT"))
    # Where it listens on every address, this machine can reach it at its own.
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    shown_host = f"[{near}]" if ":" in near else near
    base_url = env.get("HELIOGRAPH_BASE_URL") or model.settings.base_url or f"http://{shown_host}:{port}"
    folder = file.resolve().parent
    sources = tuple(reading.sources(model, folder))
    topics = tuple(reading.topics(model))
    authors = tuple(reading.authors(model))
    secrets = dict(reading.secrets(model, env))
    reading.finish()
    return Config(
        path=file.resolve(),
        settings=model.settings,
        base_url=_environment_address(base_url),
        database=database_url(env.get("HELIOGRAPH_DATABASE") or model.settings.database, folder),
        host=host,
        port=port,
        sources=sources,
        topics=Rules(topics),
        topic_rows=tuple(_topic_row(topic, model.topics[topic.slug].formerly) for topic in topics),
        authors=authors,
        by_story=frozenset(slug for slug, one in model.topics.items() if one.view == "stories"),
        secrets=secrets,
    )


def store_of(path: Path | None = None, *, environment: Mapping[str, str] | None = None) -> str:
    """The URL of a configuration's store where the configuration cannot be read; "" where there is none to be found."""
    env = os.environ if environment is None else environment
    file = Path(path or env.get("HELIOGRAPH_CONFIG") or "feeds.yaml")
    return store_beside(file, env.get("HELIOGRAPH_DATABASE") or "")


def _topic_row(topic: Topic, formerly: tuple[str, ...]) -> TopicRow:
    return TopicRow(
        slug=topic.slug, title=topic.title, query=topic.query, rule_version=topic.rule_version, formerly=formerly
    )


class _Reading:
    """One reading of a file: what it says, and every complaint about it."""

    def __init__(self, file: str, tree: CommentedMap) -> None:
        self._file = file
        self._tree = tree
        self._complaints: list[Complaint] = []

    def finish(self) -> None:
        if self._complaints:
            raise ConfigError(sorted(self._complaints, key=lambda one: one.line))

    def model(self) -> FileModel:
        plain = _plain(self._tree)
        try:
            return FileModel.model_validate(plain)
        except ValidationError as error:
            for one in error.errors():
                self._complain(one["loc"], _message(dict(one)))
            # Said now too, so that one look at the file mends all.
            self._check_queries(plain.get("topics"))
            self.finish()
            raise

    def _check_queries(self, topics: Any) -> None:
        for slug, one in topics.items() if isinstance(topics, dict) else ():
            query = one.get("query") if isinstance(one, dict) else None
            try:
                if isinstance(query, str):
                    read_query(" ".join(query.split()))
            except QueryError as error:
                self._complain(("topics", slug, "query"), str(error))

    def sources(self, model: FileModel, folder: Path) -> Iterator[SourceRow]:
        slugs: dict[str, int] = {}
        addresses: dict[str, int] = {}
        for at, one in enumerate(model.sources):
            slug = one.slug or _made_slug(one)
            address = canonical_url(one.url)
            if slug in slugs:
                self._complain(("sources", at, "slug"), f"the slug {slug} is taken by the source in line {slugs[slug]}")
            if address in addresses:
                self._complain(
                    ("sources", at, "url"), f"the source in line {addresses[address]} has this address already"
                )
            slugs[slug] = addresses[address] = self._line(("sources", at))
            if one.url.startswith("file:") and not _inside(folder, one.url):
                self._complain(("sources", at, "url"), "expected a path inside the folder of this file")
            source = Source(
                slug=slug, url=one.url, name=one.name, kind=one.kind, lang=one.lang, country=one.country, region=one.region,
                tags=one.tags, labels=one.labels, rank=one.rank, full_text=one.full_text,
                every=one.every, hours=one.hours, weight=one.weight, republish=one.republish, may_be_private=True,
            )  # fmt: skip
            yield SourceRow(source=source, formerly=one.formerly)
        self._formerly("sources", [(("sources", at), one.formerly) for at, one in enumerate(model.sources)], set(slugs))

    def secrets(self, model: FileModel, environment: Mapping[str, str]) -> Iterator[tuple[str, Secrets]]:
        for at, one in enumerate(model.sources):
            secrets, wrong = secrets_of(one, environment)
            for place, message in wrong:
                self._complain(("sources", at, *place), message)
            if secrets is not None:
                yield one.slug or _made_slug(one), secrets

    def topics(self, model: FileModel) -> Iterator[Topic]:
        for slug, one in model.topics.items():
            try:
                title = one.title or slug.replace("-", " ").capitalize()
                yield compile_topic(slug, title, " ".join(one.query.split()))
            except QueryError as error:
                self._complain(("topics", slug, "query"), str(error))
        self._formerly(
            "topics", [(("topics", slug), one.formerly) for slug, one in model.topics.items()], set(model.topics)
        )

    def authors(self, model: FileModel) -> Iterator[AuthorRow]:
        owners: dict[str, str] = {}
        for slug, one in model.authors.items():
            keys = tuple(dict.fromkeys(author_key(name) for name in (one.name, *one.aliases)))
            for key, name in zip(map(author_key, (one.name, *one.aliases)), (one.name, *one.aliases), strict=True):
                if not key:
                    self._complain(("authors", slug), f"{name!r} has no letter: expected a name")
                elif owners.setdefault(key, slug) != slug:
                    self._complain(("authors", slug), f"{name!r} is already a name of {owners[key]}")
            yield AuthorRow(slug=slug, name=one.name, keys=keys, formerly=one.formerly)
        self._formerly(
            "authors", [(("authors", slug), one.formerly) for slug, one in model.authors.items()], set(model.authors)
        )

    def _formerly(
        self, kind: str, declared: list[tuple[tuple[str | int, ...], tuple[str, ...]]], slugs: set[str]
    ) -> None:
        seen: set[str] = set()
        for place, formerly in declared:
            for old in formerly:
                if old in slugs:
                    self._complain((*place, "formerly"), f"{old} is the slug of one of today's {kind}")
                elif old in seen:
                    self._complain((*place, "formerly"), f"{old} was already given to another of the {kind}")
                seen.add(old)

    def _complain(self, loc: tuple[Any, ...], message: str) -> None:
        key = "".join(
            f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc if part != "[key]"
        ).lstrip(".")
        self._complaints.append(Complaint(file=self._file, line=self._line(loc), key=key, message=message))

    def _line(self, loc: tuple[Any, ...]) -> int:
        """The line of the deepest part of a path that the file has."""
        node: Any = self._tree
        line = 1
        for part in loc:
            try:
                if isinstance(node, CommentedMap) and part in node:
                    line = node.lc.key(part)[0] + 1
                elif isinstance(node, CommentedSeq):
                    line = node.lc.item(part)[0] + 1
                node = node[part]
            except (KeyError, IndexError, TypeError, AttributeError):
                break
        return line


def _load_yaml(file: Path) -> CommentedMap:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        message = "there is no such file; `heliograph init` writes one to start from, --config FILE names another"
        raise ConfigError([Complaint(file=str(file), line=0, key="", message=message)]) from None
    except (OSError, UnicodeError) as error:
        raise ConfigError([Complaint(file=str(file), line=0, key="", message=f"cannot be read: {error}")]) from error
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        said = " ".join(f"{error.problem or error.context or error}".split())
        raise ConfigError(
            [Complaint(file=file.name, line=line, key="", message=f"not YAML: {advised(said)}")]
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([Complaint(file=file.name, line=0, key="", message=f"not YAML: {error}")]) from None
    if tree is None:
        return CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise ConfigError(
            [Complaint(file=file.name, line=1, key="", message="expected keys: settings, sources, topics, authors")]
        )
    return tree


def _plain(node: Any) -> Any:
    """The tree as ordinary Python values."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def _message(error: dict[str, Any]) -> str:
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        known = _keys_at(loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; the keys here are {', '.join(known)}"
        return f"unknown key{hint}"
    if error["type"] == "string_pattern_mismatch":
        return f"{error['input']!r} is no slug: expected small letters, digits and hyphens, such as central-asia"
    if error["type"] == "missing":
        return "this key is needed and missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error":
        return f"{error['input']!r} is not known: expected {error['ctx']['expected']}"
    if error["input"] is None:
        return "expected a value: nothing stands here"
    secret = "headers" in loc or loc[-1] == "url"  # what stands there is not to be shown
    said = str(error["msg"]).replace("Input should be", "expected")
    said = re.sub(r"a valid dictionary( or instance of \w+)?", "keys and values", said)
    said = said.replace("a valid tuple", "a list").replace("a valid string", "text")
    given = "" if secret else f", not {error['input']!r}"
    return f"{said[0].lower()}{said[1:]}{given}"[:300]


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "settings": Settings, "sources": SourceModel, "topics": TopicModel, "authors": AuthorModel,
    }  # fmt: skip
    model = models.get(str(loc[0]), FileModel) if loc else FileModel
    return list(model.model_fields)


def _made_slug(one: SourceModel) -> str:
    if one.name:
        return slugify(one.name)
    parts = urlsplit(one.url)
    words = [
        word
        for word in re.split(r"[^a-z0-9]+", parts.path.lower())
        if word not in ("", "feed", "rss", "atom", "xml", "index")
    ]
    host = (parts.hostname or "").removeprefix("www.")
    return slugify(" ".join([host, *words]))


def _inside(folder: Path, url: str) -> bool:
    parts = urlsplit(url)
    try:
        return not parts.netloc and (folder / unquote(parts.path)).resolve().is_relative_to(folder)
    except (OSError, ValueError):
        return False


def _port(text: str | None) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        complaint = Complaint(
            file="HELIOGRAPH_PORT", line=0, key="", message=f"expected a port from 1 to 65535, not {text!r}"
        )
        raise ConfigError([complaint])
    return int(text)


def _environment_address(text: str) -> str:
    try:
        return web_address(text)
    except ValueError as error:
        raise ConfigError([Complaint(file="HELIOGRAPH_BASE_URL", line=0, key="", message=str(error))]) from None
