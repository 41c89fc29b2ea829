"""Lists of feeds as OPML 2.0 (opml.org/spec2.opml).

In: outlines, grouped. Out: bytes. Never: a user name or password in a list that is meant to be shared (O-04).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from feeds.decode import legal
from feeds.identity import without_credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list: its name and address, and what helps a reader to choose."""

    text: str
    xml_url: str
    html_url: str = ""
    lang: str = ""
    description: str = ""


def write_opml(title: str, created: datetime, groups: Iterable[tuple[str, Sequence[Outline]]]) -> bytes:
    """The groups as folders, in the given order; `created` stands in dateCreated (O-01)."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = legal(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(created, usegmt=True)
    body = etree.SubElement(root, "body")
    for name, outlines in groups:
        folder = etree.SubElement(body, "outline", text=legal(name)) if name else body
        for one in outlines:
            attributes = {
                "type": "rss",
                "text": one.text or without_credentials(one.xml_url),
                "title": one.text,
                "xmlUrl": without_credentials(one.xml_url),
                "htmlUrl": without_credentials(one.html_url),
                "language": one.lang,
                "description": one.description,
            }
            etree.SubElement(folder, "outline", {name: legal(value) for name, value in attributes.items() if value})
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
