"""Archive documents of our feeds, read: what stands in one, and under which version (RFC 5005 section 4).

In: a feed and a number. Out: entries with the version that they are of. Never: what was changed since under an old version.
"""

from __future__ import annotations

from storage.archives import SIZE, version_in
from storage.database import Database
from storage.model import Kept, Output
from storage.reading import standing_kept
from storage.stretch import Stretch

_MOST = 2 * SIZE
"""Rows of a document: two names of one author may stand at one place."""


def archived(db: Database, output: Output, number: int) -> tuple[list[Kept], int, int]:
    """What stands in an archive document, the newest arrival first; its version, and that of the one before."""
    stretch = Stretch(after=(number - 1) * SIZE, upto=number * SIZE)
    while True:
        with db.read() as connection:
            version = version_in(connection, output, number)
            kept = standing_kept(connection, output.kind, output.slug, stretch, _MOST)
            older = version_in(connection, output, number - 1)
            # Where each statement reads a moment of its own, the version tells whether something changed meanwhile.
            if version_in(connection, output, number) == version:
                return kept, version, older
