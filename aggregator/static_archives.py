"""The archive documents of every feed, as files to be published (RFC 5005, P-03).

In: what is published now. Out: documents whose addresses say all that their bytes depend on. Never: one that is not complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from aggregator import archiving
from aggregator.publish import FORMS, Publisher
from aggregator.static_folder import GoneError, Piece
from storage import archives
from storage.model import Output
from storage.standing import Standing


def archive_pieces(publisher: Publisher, stand: Standing, now: datetime) -> Iterator[Piece]:
    """Every archive document of every feed. A version that has changed since is not among them, and is removed."""
    for output in stand.outputs:
        name = "all" if output.kind == "all" else f"{output.kind}/{output.slug}"
        for number in range(1, archives.count_of(output) + 1):
            part = archiving.part_of(publisher, output, number)
            for form in FORMS:
                render = partial(_content, publisher, output, form, part, now)
                key = f"{publisher.config.generation}/{part}"
                yield Piece(path=f"{name}/archive/{part}.{form}", key=key, render=render)


def _content(publisher: Publisher, output: Output, form: str, part: str, now: datetime) -> bytes:
    try:
        return publisher.archive(output, form, part, now).content
    except archiving.OldVersionError:
        raise GoneError(part) from None  # something was taken out while we were at work
