"""What feeds.yaml says of topics -> topics ready to judge entries.

In: rules by slug, lists of terms by name. Out: a Topic each, with the version of its rule; errors that say where.
Never: an entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator import gazetteer
from aggregator.topics import stems
from aggregator.topics.language import Lookup, near_hint, read_list, read_query
from aggregator.topics.tree import TIMELY, Compare, Node, Piece, QueryError, Term, Weighted, leaves
from feeds.identity import digest

# Part of every rule's version: a change in what a query means files history again.
LANGUAGE_VERSION = "3"

DEEPEST_TOPICS = 20
"""How many topics may stand within one another."""
Lists = Mapping[str, Sequence[str]]
"""Terms by the name of their list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A topic as written: a query, or weighted words (each a query of its own) that reach a threshold together."""

    slug: str
    title: str
    query: str = ""
    any_of: Mapping[str, int] = field(default_factory=dict)
    threshold: int = 0

    @property
    def shown(self) -> str:
        """The rule as a reader sees it."""
        if not self.any_of:
            return self.query
        weighted = (f"{words} ({weight:+d})" for words, weight in self.any_of.items())
        return f"at least {self.threshold} of: {', '.join(weighted)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic ready to judge entries. `query` is its rule as a reader sees it."""

    slug: str
    title: str
    query: str
    tree: Node
    rule_version: str


class RuleError(ValueError):
    """A topic that cannot be compiled: which, at which of its keys, and why."""

    def __init__(self, slug: str, key: tuple[str, ...], error: QueryError) -> None:
        super().__init__(str(error))
        self.slug = slug
        self.key = key
        self.error = error


def compile_topic(
    slug: str, title: str, query: str = "", *, any_of: Mapping[str, int] | None = None, threshold: int = 0,
    lists: Lists | None = None,
) -> Topic:  # fmt: skip
    """A topic that stands by itself. Raises QueryError."""
    rule = Rule(slug=slug, title=title, query=query, any_of=any_of or {}, threshold=threshold)
    compiler = Compiler([rule], lists or {})
    topics = compiler.topics()
    if compiler.errors:
        raise compiler.errors[0].error
    return topics[0]


class Compiler:
    """Compiles topics that may name one another and lists of terms."""

    def __init__(self, rules: Sequence[Rule], lists: Lists) -> None:
        self._rules = {rule.slug: rule for rule in rules}
        self._lists = lists
        self._read: dict[str, Node] = {}
        self._done: dict[str, Topic | None] = {}
        self._path: list[str] = []
        self.errors: list[RuleError] = []
        """What is wrong, each topic once."""

    def topics(self) -> list[Topic]:
        """The topics that are sound, in the order of their rules; `errors` tells of the others."""
        found = [self._topic(slug) for slug in self._rules]
        return [topic for topic in found if topic is not None]

    def query(self, query: str) -> Node:
        """A query that is no topic's, as in a search: it may ask for what changes with time. Raises QueryError."""
        return read_query(query, Lookup(terms=self._terms, topic=self._tree_of))

    def check_lists(self) -> dict[str, QueryError]:
        """What is wrong with the lists, by name: also with those that nobody uses."""
        wrong: dict[str, QueryError] = {}
        for name in self._lists:
            try:
                self._terms(name)
            except QueryError as error:
                wrong[name] = error
        return wrong

    def _topic(self, slug: str) -> Topic | None:
        if slug not in self._done:
            self._path.append(slug)
            try:
                self._done[slug] = self._compiled(self._rules[slug])
            except RuleError as error:
                self._done[slug] = None
                self.errors.append(error)
            finally:
                self._path.pop()
        return self._done[slug]

    def _compiled(self, rule: Rule) -> Topic:
        used: list[str] = []
        if rule.any_of:
            parts = [
                (self._read_for(rule, words, ("any_of", words), used), weight) for words, weight in rule.any_of.items()
            ]
            _check_threshold(rule)
            tree: Node = Weighted(tuple(parts), rule.threshold)
        else:
            tree = self._read_for(rule, rule.query, ("query",), used)
        written = [rule.shown, *used]
        return Topic(
            slug=rule.slug, title=rule.title, query=rule.shown, tree=tree, rule_version=_version(tree, written)
        )

    def _read_for(self, rule: Rule, query: str, key: tuple[str, ...], used: list[str]) -> Node:
        def terms(name: str) -> Node:
            used.append(f"@{name}: {', '.join(self._lists.get(name, ()))}")
            return self._terms(name)

        def topic(slug: str) -> Node:
            node = self._tree_of(slug)
            known = self._done.get(slug)
            used.append(f"topic:{slug}: {known.rule_version if known else ''}")
            return node

        try:
            tree = read_query(query, Lookup(terms=terms, topic=topic))
            _refuse_timely(tree)
        except QueryError as error:
            raise RuleError(rule.slug, key, error) from None
        return tree

    def _terms(self, name: str) -> Node:
        """The terms of a list as one alternative. Raises QueryError."""
        if name not in self._read:
            if name not in self._lists:
                known = (
                    f"the lists are {', '.join(f'@{one}' for one in self._lists)}" if self._lists else "there are none"
                )
                raise QueryError(f"there is no list @{name}: {known}{near_hint(name, list(self._lists), '@')}")
            self._read[name] = read_list(name, self._lists[name])
        return self._read[name]

    def _tree_of(self, slug: str) -> Node:
        """The tree of another topic. Raises QueryError."""
        if slug not in self._rules:
            raise QueryError(f"there is no topic {slug}{near_hint(slug, list(self._rules), 'topic:')}")
        if len(self._path) >= DEEPEST_TOPICS and slug not in self._path:
            raise QueryError(f"topic:{slug} stands deeper than {DEEPEST_TOPICS} topics within topics")
        if slug in self._path:
            circle = " → ".join([*self._path[self._path.index(slug) :], slug])
            raise QueryError(f"topic:{slug} leads in a circle: {circle}")
        topic = self._topic(slug)
        if topic is None:
            raise QueryError(f"topic:{slug} cannot be used before its own error is mended")
        return topic.tree


def _check_threshold(rule: Rule) -> None:
    most = sum(weight for weight in rule.any_of.values() if weight > 0)
    if rule.threshold < 1:
        wrong = f"the threshold is {rule.threshold}: expected 1 or more, or everything would match"
    elif rule.threshold > most:
        wrong = f"all weights together are {most}: the threshold {rule.threshold} is never reached"
    else:
        return
    raise RuleError(rule.slug, ("threshold",), QueryError(wrong))


def _refuse_timely(tree: Node) -> None:
    for leaf in leaves(tree):
        if isinstance(leaf, Compare) and leaf.name in TIMELY:
            raise QueryError(
                f"{leaf.written} changes with time, so no topic can be filed by it: it works in searches and previews"
            )


def _version(tree: Node, written: Sequence[str]) -> str:
    """The name of a rule: another one where anything changed by which it judges."""
    versions = [LANGUAGE_VERSION]
    kinds = list(leaves(tree))
    if any(isinstance(leaf, Term) and leaf.field == "place" for leaf in kinds) or any(
        isinstance(leaf, Compare) and leaf.name == "places" for leaf in kinds
    ):
        versions.append(gazetteer.version())
    if any(piece.bare for leaf in kinds if isinstance(leaf, Term) for piece in _pieces(leaf)):
        versions.append(stems.VERSION)
    return digest(*versions, *(" ".join(one.split()) for one in written))[:12]


def _pieces(term: Term) -> list[Piece]:
    return [piece for spellings in term.words for row in spellings for piece in row]
