"""Archive documents of our feeds: their addresses, and what stands in them (RFC 5005 section 4).

In: a publisher, a feed, a number with a version. Out: a document whose bytes never change under its address (P-03).
Never: a word that changes without another version: no story that grows, no time of reading.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator import documents
from aggregator.asking import Asked
from feeds.model import Document
from storage import archives
from storage.model import Output
from storage.shelf import archived

if TYPE_CHECKING:
    from aggregator.publish import Publisher

_PART = re.compile(r"([1-9][0-9]{0,8})-[0-9a-f]{12}\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When a document was last changed in which nothing may be shown."""


class OldVersionError(Exception):
    """An archive document has changed since it had this address; the message is its address today."""


def check(publisher: Publisher, output: Output, form: str, part: str) -> None:
    """Raise LookupError where a feed has no such archive document, OldVersionError where it has another version today."""
    number = _number(part)
    if not 1 <= number <= archives.count_of(output):
        raise LookupError(part)
    today = part_of(publisher, output, number)
    if today != part:
        raise OldVersionError(address(publisher, output, form, today))


def document(publisher: Publisher, output: Output, form: str, part: str, now: datetime) -> Document:
    """The document at an address that was checked. Raises OldVersionError where it changed while it was read."""
    number = _number(part)
    kept, changes, older = archived(publisher.db, output, number)
    today = _said(publisher, output, number, changes)
    if today != part:
        raise OldVersionError(address(publisher, output, form, today))
    shown = [entry for _, entry in publisher.shown(output, documents.unique(kept), now)]
    # There is no next-archive: the one after may not be there yet, and its version changes without this one.
    links = {
        "self": address(publisher, output, form, part),
        "current": publisher.address_of(output, form, Asked(view="entries")),
        "prev-archive": address(publisher, output, form, _said(publisher, output, number - 1, older)) if number > 1 else "",
    }  # fmt: skip
    updated = max((entry.updated for entry in shown if entry.updated), default=_EPOCH)
    head = publisher.head(output, form, updated, Asked(), url=links["self"])
    return Document(head=head, links=documents.links_of(links), entries=tuple(shown), is_archive=True)


def part_of(publisher: Publisher, output: Output, number: int) -> str:
    """The number and version of an archive document, as they stand in its address today."""
    return _said(publisher, output, number, archives.version_of(publisher.db, output, number))


def address(publisher: Publisher, output: Output, form: str, part: str) -> str:
    """The address of an archive document."""
    return f"{publisher.address(output)}/archive/{part}.{form}"


def _number(part: str) -> int:
    found = _PART.match(part)
    return int(found[1]) if found else 0


def _said(publisher: Publisher, output: Output, number: int, changes: int) -> str:
    config = publisher.config
    settings = (config.base_url, config.settings.title, config.settings.republish, publisher.view_of(output))
    return f"{number}-{documents.archive_version(output, changes, *settings)}"
