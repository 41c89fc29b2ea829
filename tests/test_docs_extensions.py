"""What docs/extensions.md shows is what the writer writes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from feeds.model import Author, Deleted, Document, Head, Link, Matched, Outlet, Pace, Place, Reason, Shared
from feeds.write import write
from tests.fakes import NOON
from tests.test_write import make
from tests.validator import complaints

PAGE = (Path(__file__).parent.parent / "docs" / "extensions.md").read_text("utf-8")
BASE = "https://news.example"
ENTRY = make(
    title="A helicopter at sea", lang="en", rights="CC BY-SA", authors=(Author(name="Nora Quill"),), labels=("wire",),
    published=NOON - timedelta(hours=1), updated=NOON - timedelta(minutes=30),
    places=(Place(code="KZ", name="Kazakhstan", point=(51.1694, 71.4491)),),
    reasons=(Reason(
        topic="air", title="Military aviation", rule_version="9a94484fdd1f",
        spans=(Matched(field="title", start=2, end=12, term="helicopter*", words="helicopter"),),
    ),),
    source=Head(
        title="The Desk", id="tag:desk.example,2026:feed", url="https://desk.example/feed", site_url="https://desk.example/",
        rights="CC BY 4.0", updated=NOON - timedelta(hours=1),
    ),
)  # fmt: skip
WHOLE = Document(
    head=Head(
        title="Air", id="urn:x:air", url=f"{BASE}/topics/air.atom?before=9", site_url=f"{BASE}/topics/air", updated=ENTRY.updated
    ),
    entries=(ENTRY,), pace=Pace(ttl=15), is_archive=True,
    links=(
        Link(rel="hub", href=f"{BASE}/hub"), Link(rel="next", href=f"{BASE}/topics/air.atom?before=7"),
        Link(rel="current", href=f"{BASE}/topics/air.atom"),
    ),
    deleted=(Deleted(id="tag:desk.example,2026:9", at=NOON, comment="Withdrawn by its publisher"),),
    shared={ENTRY.public_id: Shared(also=(Outlet(name="The Herald", url="https://herald.example/7"),), wire="AFP")},
)  # fmt: skip


def blocks(kind: str) -> list[str]:
    """The examples of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def holds(whole: Any, part: Any) -> bool:
    """Whether a value of JSON holds another: objects their fields, lists the same objects in their order."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_examples_in_xml(form: str) -> None:
    """A-03, P-03, I-14, E-02: each line of each example stands in the document, letter by letter."""
    written = write(WHOLE, form, base=BASE).decode()
    lines = [line for block in blocks(f"xml {form}") for line in block.splitlines()]

    assert len(lines) >= 8
    assert [line for line in lines if line not in written] == []


def test_examples_in_json() -> None:
    """A-07, J-01, I-14: each example in JSON is part of the feed."""
    feed = json.loads(write(WHOLE, "json", base=BASE))
    examples = [json.loads(block) for block in blocks("json")]

    assert len(examples) >= 5
    assert [one for one in examples if not holds(feed, one)] == []
    assert not holds(feed, {"items": [{"_heliograph": {"labels": ["other"]}}]})


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_document_of_the_examples_is_valid(form: str) -> None:
    """V-01, V-04, J-01: what has every extension keeps every rule."""
    assert complaints(write(WHOLE, form, base=BASE), form) == []


def test_every_name_space_is_told() -> None:
    """V-01: the table of the page has every name space that is declared in any form, by its prefix."""
    told = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))
    complete = replace(WHOLE, is_archive=False, is_complete=True)
    declared: dict[str, str] = {}
    for form in ("atom", "rss"):
        for document in (WHOLE, complete):
            spaces = etree.fromstring(write(document, form, base=BASE)).nsmap
            declared |= {prefix: uri for prefix, uri in spaces.items() if prefix}

    assert told == declared


def test_every_field_of_ours_is_told() -> None:
    """J-01: every field of our two objects in JSON Feed stands on the page."""
    feed = json.loads(write(replace(WHOLE, head=replace(WHOLE.head, rights="x")), "json", base=BASE))
    item = feed["items"][0]
    names = {*feed["_heliograph"], *item["_heliograph"], *item["_source"]}

    assert [name for name in sorted(names) if f'"{name}"' not in PAGE and f"`{name}`" not in PAGE] == []
