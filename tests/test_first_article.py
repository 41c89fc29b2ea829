"""The article that Heliograph was conceived for: where it is, who wrote it, and what its author box does not say of it."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from aggregator.bylines import bylines_of
from aggregator.meaning import meaning_of
from feeds.model import Document
from feeds.parse import parse
from tests.fakes import item, make_source, rss

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the article that started this project is not beside this checkout")
def test_the_first_article_is_placed_and_signed() -> None:
    """Its countries are three, without those of the author's beat; its author has a bio; the quoted agency is no wire."""
    (file,) = (SHARED / "seed").glob("*.txt")
    title, _, text = file.read_text("utf-8").partition("\n")
    body, _, about = text.partition("About Derek Bisaccio")
    paragraphs = "".join(f"<p>{one.strip()}</p>" for one in body.split("\n\n") if one.strip())
    beat = about.strip().split("\n")[0]
    link = '<a href="/a" rel="author">View all posts by Derek Bisaccio →</a>'
    box = f'<div class="author-info"><h2>About Derek Bisaccio</h2><p>{beat}</p>{link}</div>'
    document = parse(rss(item(title=title, body=escape(paragraphs + box))))
    assert isinstance(document, Document)
    (entry,) = document.entries
    signed = bylines_of(entry, make_source())

    assert {tag.code for tag in meaning_of(entry, make_source()).places} == {"KZ", "KG", "RU", "eaeu"}
    assert [(one.name, one.kind, one.bio) for one in signed.bylines] == [("Derek Bisaccio", "person", beat)]
    assert signed.wire == ""
