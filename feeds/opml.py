"""Lists of feeds as OPML 2.0, written (opml.org/spec2.opml); `feeds.opmlreader` reads them.

In: outlines, grouped. Out: bytes. Never: a user name or password in a list that is meant to be shared (O-04).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from lxml import etree

from feeds.decode import legal
from feeds.identity import without_credentials

NAMESPACE = "tag:heliograph,2026:opml"
"""Of our own attributes, which other readers of OPML pass over (O-04)."""

DOCS = "https://opml.org/spec2.opml"
"""Where it stands what such a list is."""

SETTINGS = (
    "slug",
    "name",
    "lang",
    "country",
    "region",
    "kind",
    "tags",
    "labels",
    "rank",
    "full-text",
    "every",
    "hours",
    "weight",
    "embargo",
    "republish",
)
"""Our own attributes, in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list: its name and address, and what helps a reader to choose.

    `version` is "RSS", "RSS1" or "RSS2" where the format is known and is one of them. `settings` are ours, by the names of
    `SETTINGS`; empty where the list is not of sources.
    """

    text: str
    xml_url: str
    html_url: str = ""
    lang: str = ""
    description: str = ""
    version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose list it is: a name, and a mail address or a page where its owner is reached; "" where that is not told."""

    name: str = ""
    email: str = ""
    page: str = ""


_NOBODY = Owner()


def write_opml(
    title: str, changed: datetime, groups: Iterable[tuple[str, Sequence[Outline]]], owner: Owner = _NOBODY
) -> bytes:
    """The groups as folders, in the given order (O-01). `changed` is when the list became what it is.

    A list is made anew for each who asks: both of its dates are that moment, so that nothing but a change changes it (V-12).
    """
    listed = [(name, tuple(outlines)) for name, outlines in groups]
    ours = any(one.settings for _, outlines in listed for one in outlines)
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"heliograph": NAMESPACE} if ours else None)
    head = etree.SubElement(root, "head")
    for name, said in _head(title, changed, owner):
        if said:
            etree.SubElement(head, name).text = legal(said)
    body = etree.SubElement(root, "body")
    for name, outlines in listed:
        folder = etree.SubElement(body, "outline", text=legal(name)) if name else body
        for one in outlines:
            etree.SubElement(folder, "outline", _attributes(one))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _head(title: str, changed: datetime, owner: Owner) -> Iterable[tuple[str, str]]:
    """Each element of the head at most once, in the order of the specification."""
    date = format_datetime(changed.astimezone(UTC), usegmt=True)
    yield "title", title
    yield "dateCreated", date
    yield "dateModified", date
    yield "ownerName", owner.name
    yield "ownerEmail", owner.email
    yield "ownerId", without_credentials(owner.page)
    yield "docs", DOCS


def _attributes(one: Outline) -> dict[str, str]:
    said = {
        "type": "rss",
        "text": one.text or without_credentials(one.xml_url),
        "title": one.text,
        "xmlUrl": without_credentials(one.xml_url),
        "htmlUrl": without_credentials(one.html_url),
        "language": one.lang,
        "description": one.description,
        "version": one.version,
        **{f"{{{NAMESPACE}}}{name}": one.settings.get(name, "") for name in SETTINGS},
    }
    return {name: legal(value) for name, value in said.items() if value}
