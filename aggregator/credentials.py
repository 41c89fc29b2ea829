"""What a source is asked with beyond its address: ${NAME} of the environment, and headers.

In: a source as feeds.yaml declares it, and the environment. Out: its secrets, or what is wrong, which names a variable and
never its value. Never: a value outside of `feeds.secrets.Secrets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.settings import SourceModel
from feeds.secrets import Secrets, expand, is_header_value, names

_SHORTEST = 4
"""A value of one or two letters would be found, and hidden, in every address and sentence."""
Wrong = tuple[tuple[str, ...], str]
"""The key below the source, and the complaint."""


def secrets_of(source: SourceModel, environment: Mapping[str, str]) -> tuple[Secrets | None, list[Wrong]]:
    """The secrets of a source, None where it has none, and every complaint."""
    asked = names(source.url)
    for value in source.headers.values():
        asked += names(value)
    if not asked and not source.headers and "@" not in source.url:
        return None, []
    values = {name: environment[name] for name in asked if environment.get(name)}
    return Secrets(url=source.url, values=values, headers=source.headers), list(_wrong(source, values))


def _wrong(source: SourceModel, values: Mapping[str, str]) -> Iterator[Wrong]:
    places = [(("url",), source.url), *((("headers", name), value) for name, value in source.headers.items())]
    for place, text in places:
        for name in names(text):
            if name not in values:
                yield place, f"the environment has no variable {name}: set it before Heliograph starts"
            elif len(values[name]) < _SHORTEST:
                yield place, f"the variable {name} holds fewer than {_SHORTEST} characters: too short to be kept secret"
    for header, value in source.headers.items():
        if not is_header_value(expand(value, values)):
            held = ", ".join(names(value)) or "the value"
            yield ("headers", header), f"{held} holds a line break or another character that no header may have"
