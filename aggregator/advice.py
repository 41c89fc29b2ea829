"""What the YAML reader says of the commonest mistakes, and what to do about them.

In: the reader's words. Out: advice. Never: the reader itself, or the file.
"""

from __future__ import annotations

_ADVICE = (
    ("character '\\t'", "a tab stands where only spaces may: indent with spaces"),
    ("character '@' that cannot", "a value begins with @: put it into quotes"),
    ("character '`' that cannot", "a value begins with `: put it into quotes"),
    ("character '%' that cannot", "a value begins with %: put it into quotes"),
    ("undefined alias", "a value begins with *: put it into quotes"),
    (
        "mapping values are not allowed",
        "a value with a colon and a space in it: put the value into quotes; "
        "or the line is indented deeper than the one above",
    ),
    ("expected ',' or '}'", "text with a colon, a quote or a bracket inside { }: put the text into quotes"),
    ("expected ',' or ']'", "text with a colon, a quote or a bracket inside [ ]: put the text into quotes"),
    ("but found '<scalar>'", "text goes on after a closing quote: put the whole value into single quotes"),
    ("but found '<block", "the indentation does not fit the lines before"),
    ("found duplicate key", ""),
)


def advised(said: str) -> str:
    """The reader's words with advice where the mistake is a common one."""
    advice = next((advice for words, advice in _ADVICE if words in said), None)
    if advice is None:
        return said
    if not advice:
        key = said.partition('"')[2].partition('"')[0]
        return f"the key {key} stands here a second time: each may be given once"
    return f"{advice} ({said[:120]})"
