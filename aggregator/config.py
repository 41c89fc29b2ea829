"""feeds.yaml + environment -> one frozen Config; every complaint names file, line, key and what was expected.

In: a path and the environment. Out: a Config, or ConfigError with every complaint at once.
Never: a default that is made up elsewhere: whoever needs a setting reads it here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from aggregator.authors import author_key
from aggregator.combined import Combined, Known, combined_of, wrong_parts
from aggregator.complaints import Complaint as Complaint
from aggregator.complaints import ConfigError as ConfigError
from aggregator.complaints import load_yaml, message_of, plain_values
from aggregator.credentials import secrets_of
from aggregator.loopguard import is_own
from aggregator.query_place import in_file
from aggregator.settings import FileModel, Settings, SourceModel, TopicModel, web_address
from aggregator.store_url import database_url, store_beside
from aggregator.topics.compiling import Compiler, Rule, RuleError, Topic
from aggregator.topics.match import Rules
from aggregator.topics.tree import Node
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
    feeds: Mapping[str, Combined] = field(default_factory=dict)
    topic_rules: Sequence[Rule] = ()
    terms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    examples: Mapping[str, TopicModel] = field(default_factory=dict)
    secrets: Mapping[str, Secrets] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """The configuration's folder: file: sources stay inside it, the default store lives in it."""
        return self.path.parent

    @property
    def rules(self) -> str:
        """The name of this set of topic rules."""
        return rules_name(self.topic_rows)

    def query(self, query: str) -> Node:
        """A query that is no topic's, with the lists and topics that it names. Raises QueryError."""
        return Compiler(self.topic_rules, self.terms).query(query)

    @property
    def generation(self) -> str:
        """A hash of every setting that the bytes of a feed depend on."""
        policies = [f"{row.source.slug}={row.source.republish}" for row in self.sources if row.source.republish]
        by_story = (f"{slug}=stories" for slug in sorted(self.by_story))
        hub = [] if self.settings.hub else ["hub=false"]
        feeds = (repr(self.feeds[slug]) for slug in sorted(self.feeds))
        return digest(self.base_url, self.settings.title, self.settings.republish, *policies, *by_story, *hub, *feeds)


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
    tree, text = load_yaml(file)
    reading = _Reading(file.name, tree, text)
    model = reading.model()
    host = host or env.get("HELIOGRAPH_HOST") or DEFAULT_HOST
    port = port or _port(env.get("HELIOGRAPH_PORT"))
    # Where it listens on every address, this machine can reach it at its own.
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    shown_host = f"[{near}]" if ":" in near else near
    base_url = env.get("HELIOGRAPH_BASE_URL") or model.settings.base_url or f"http://{shown_host}:{port}"
    folder = file.resolve().parent
    sources = tuple(reading.sources(model, folder, base_url))
    rules = _rules(model.topics)
    topics = reading.topics(rules, model)
    authors = tuple(reading.authors(model))
    feeds = reading.feeds(model, sources)
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
        topic_rules=rules,
        terms=model.terms,
        examples={slug: one for slug, one in model.topics.items() if one.must_match or one.must_not_match},
        by_story=frozenset(slug for slug, one in model.topics.items() if one.view == "stories"),
        feeds=feeds,
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

    def __init__(self, file: str, tree: CommentedMap, text: str) -> None:
        self._file = file
        self._tree = tree
        self._text = text
        self._complaints: list[Complaint] = []

    def finish(self) -> None:
        if self._complaints:
            raise ConfigError(sorted(self._complaints, key=lambda one: one.line))

    def model(self) -> FileModel:
        plain = plain_values(self._tree)
        try:
            return FileModel.model_validate(plain)
        except ValidationError as error:
            for one in error.errors():
                self._complain(one["loc"], message_of(dict(one)))
            # Said now too, so that one look at the file mends all.
            self._check_queries(plain)
            self.finish()
            raise

    def _check_queries(self, plain: Any) -> None:
        """The queries of a file that has other mistakes, as far as they can be read."""
        topics, terms = plain.get("topics"), plain.get("terms")
        sound: dict[str, TopicModel] = {}
        for slug, one in topics.items() if isinstance(topics, dict) else ():
            with suppress(ValidationError):
                sound[slug] = TopicModel.model_validate(one)
        with suppress(ValidationError):
            self._compiled(_rules(sound), FileModel.model_validate({"terms": terms}).terms)

    def _compiled(self, rules: Sequence[Rule], terms: Mapping[str, Sequence[str]]) -> list[Topic]:
        compiler = Compiler(rules, terms)
        topics = compiler.topics()
        for name, error in compiler.check_lists().items():
            self._complain(("terms", name), error.message)
        for wrong in compiler.errors:
            self._complain_of_query(wrong)
        return topics

    def _complain_of_query(self, wrong: RuleError) -> None:
        """With the line and the column in the file, where the query can be found there as it stands."""
        loc = ("topics", wrong.slug, *wrong.key)
        query = " ".join(str(self._at(loc) if wrong.key == ("query",) else wrong.key[-1]).split())
        place = in_file(self._text, self._line(loc), query, wrong.error.column) if wrong.key[0] != "threshold" else None
        if place:
            self._complain(loc, wrong.error.message, *place)
        else:
            self._complain(loc, str(wrong.error) if wrong.key == ("query",) else wrong.error.message)

    def sources(self, model: FileModel, folder: Path, base_url: str) -> Iterator[SourceRow]:
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
            if is_own(one.url, base_url):
                self._complain(
                    ("sources", at, "url"), "this is a feed of this server: it would be fed with what it publishes"
                )
            slugs[slug] = addresses[address] = self._line(("sources", at))
            if one.url.startswith("file:") and not _inside(folder, one.url):
                self._complain(("sources", at, "url"), "expected a path inside the folder of this file")
            source = Source(
                slug=slug, url=one.url, name=one.name, kind=one.kind, lang=one.lang, country=one.country, region=one.region,
                tags=one.tags, labels=one.labels, rank=one.rank, full_text=one.full_text,
                every=one.every, hours=one.hours, weight=one.weight, republish=one.republish, embargo=one.embargo,
                may_be_private=True,
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

    def topics(self, rules: Sequence[Rule], model: FileModel) -> tuple[Topic, ...]:
        topics = tuple(self._compiled(rules, model.terms))
        self._formerly(
            "topics", [(("topics", slug), one.formerly) for slug, one in model.topics.items()], set(model.topics)
        )
        return topics

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

    def feeds(self, model: FileModel, sources: Sequence[SourceRow]) -> dict[str, Combined]:
        known = Known(topics=tuple(model.topics), sources=tuple(row.source.slug for row in sources))
        for slug, one in model.feeds.items():
            for place, message in wrong_parts(one, known):
                self._complain(("feeds", slug, *place), message)
        self._formerly(
            "feeds", [(("feeds", slug), one.formerly) for slug, one in model.feeds.items()], set(model.feeds)
        )
        return {slug: combined_of(slug, one) for slug, one in model.feeds.items()}

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

    def _complain(self, loc: tuple[Any, ...], message: str, line: int = 0, column: int = 0) -> None:
        key = "".join(
            f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc if part != "[key]"
        ).lstrip(".")
        self._complaints.append(
            Complaint(file=self._file, line=line or self._line(loc), key=key, message=message, column=column)
        )

    def _at(self, loc: tuple[Any, ...]) -> Any:
        node: Any = self._tree
        for part in loc:
            node = node[part]
        return node

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


def _rules(topics: Mapping[str, TopicModel]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            slug=slug, title=one.title or slug.replace("-", " ").capitalize(), query=" ".join(one.query.split()),
            any_of=one.any_of, threshold=one.threshold,
        )
        for slug, one in topics.items()
    )  # fmt: skip


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
