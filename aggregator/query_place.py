"""Where in feeds.yaml a place of a query is, so that an error can name the file's own line and column.

In: the text of the file, the line of the query's key, the query on one line, a column in it. Out: a line and a column.
Never: a guess: where the text does not read like the query, nothing.
"""

from __future__ import annotations


def in_file(text: str, line: int, query: str, column: int) -> tuple[int, int] | None:
    """The line and column (from 1) in the file of a column (from 1) of a query that stands at or after `line`.

    YAML folds white space, so all but white space is compared. None where the query is not found so, as in a quoted
    value with escapes.
    """
    lines = text.splitlines()[line - 1 :]
    wanted = "".join(query.split())
    ahead = len("".join(query[: column - 1].split()))
    if not wanted or not lines:
        return None
    places = [
        (line + number, at + 1, character)
        for number, content in enumerate(lines[: len(wanted) + 50])
        for at, character in enumerate(content)
        if not character.isspace()
    ]
    found = "".join(character for _, _, character in places).find(wanted)
    # Within the first lines only: the same words further down belong to another topic.
    if found < 0 or places[found][0] > line + 2:
        return None
    at = min(found + ahead, found + len(wanted) - 1)
    return places[at][0], places[at][1]
