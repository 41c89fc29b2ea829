"""Lists of feeds as OPML 2.0, written (opml.org/spec2.opml); `feeds.opmlreader` reads them.

In: outlines, grouped. Out: bytes. Never: a user name or password in a list that is meant to be shared (O-04).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from feeds.decode import legal
from feeds.identity import without_credentials

NAMESPACE = "tag:heliograph,2026:opml"
"""Of our own attributes, which other readers of OPML pass over (O-04)."""

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
    "republish",
)
"""Our own attributes, in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list: its name and address, and what helps a reader to choose.

    `settings` are ours, by the names of `SETTINGS`; empty where the list is not of sources.
    """

    text: str
    xml_url: str
    html_url: str = ""
    lang: str = ""
    description: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def write_opml(title: str, created: datetime, groups: Iterable[tuple[str, Sequence[Outline]]]) -> bytes:
    """The groups as folders, in the given order; `created` stands in dateCreated (O-01)."""
    listed = [(name, tuple(outlines)) for name, outlines in groups]
    ours = any(one.settings for _, outlines in listed for one in outlines)
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"heliograph": NAMESPACE} if ours else None)
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = legal(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(created, usegmt=True)
    body = etree.SubElement(root, "body")
    for name, outlines in listed:
        folder = etree.SubElement(body, "outline", text=legal(name)) if name else body
        for one in outlines:
            etree.SubElement(folder, "outline", _attributes(one))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _attributes(one: Outline) -> dict[str, str]:
    said = {
        "type": "rss",
        "text": one.text or without_credentials(one.xml_url),
        "title": one.text,
        "xmlUrl": without_credentials(one.xml_url),
        "htmlUrl": without_credentials(one.html_url),
        "language": one.lang,
        "description": one.description,
        **{f"{{{NAMESPACE}}}{name}": one.settings.get(name, "") for name in SETTINGS},
    }
    return {name: legal(value) for name, value in said.items() if value}
