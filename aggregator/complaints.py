"""A YAML file read, and what is wrong with it said in the words of whoever edits it.

In: a file, what pydantic complains of. Out: a tree that knows its lines, complaints. Never: a setting's meaning.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from aggregator.advice import advised
from aggregator.settings import AuthorModel, CombinedModel, ExampleModel, FileModel, Settings, SourceModel, TopicModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong: where (line and column count from 1, 0 where unknown), which key, and what was expected."""

    file: str
    line: int
    key: str
    message: str
    column: int = 0

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(one) for one in (self.line, self.column) if one)])
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used, with all that is wrong with it."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


def load_yaml(file: Path) -> tuple[CommentedMap, str]:
    """The tree of a file, and its text. Raises ConfigError."""
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
        return CommentedMap(), text
    if not isinstance(tree, CommentedMap):
        raise ConfigError(
            [
                Complaint(
                    file=file.name,
                    line=1,
                    key="",
                    message="expected keys: settings, sources, terms, topics, authors, feeds",
                )
            ]
        )
    return tree, text


def plain_values(node: Any) -> Any:
    """The tree as ordinary Python values."""
    if isinstance(node, Mapping):
        return {str(key): plain_values(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain_values(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def message_of(error: dict[str, Any]) -> str:
    """What pydantic complains of, in plain words."""
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        known = _keys_at(loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; the keys here are {', '.join(known)}"
        comma = "; where it is text behind a comma, put the whole text into quotes" if error["input"] is None else ""
        return f"unknown key{hint}{comma}"
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
    said = re.sub(r"a valid integer(, unable to parse .*)?", "a whole number", said)
    given = "" if secret else f", not {error['input']!r}"
    return f"{said[0].lower()}{said[1:]}{given}"[:300]


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "settings": Settings, "sources": SourceModel, "topics": TopicModel, "authors": AuthorModel, "feeds": CombinedModel,
    }  # fmt: skip
    model = models.get(str(loc[0]), FileModel) if loc else FileModel
    if any(part in ("must_match", "must_not_match") for part in loc):
        model = ExampleModel
    return list(model.model_fields)
