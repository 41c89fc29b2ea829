"""Lists of feeds as OPML: what stands in them, in which order, and what must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.opml import Outline, Owner, write_opml
from tests.fakes import NOON

NEWS = Outline(
    text="News & views",
    xml_url="https://news.example/feed?a=1&b=2",
    html_url="https://news.example/",
    lang="en",
    description='Says "much"',
)


def written(*outlines: Outline, folder: str = "", title: str = "What we follow") -> etree._Element:
    """A list of these outlines, as any reader would parse it."""
    return etree.fromstring(write_opml(title, NOON, [(folder, outlines)]))


def test_the_head() -> None:
    """O-01: version 2.0, one title, dates in the form of RFC 822, and where the format is explained."""
    opml = written(NEWS)
    head = opml.find("head")
    assert head is not None

    assert opml.get("version") == "2.0"
    assert [child.tag for child in head] == ["title", "dateCreated", "dateModified", "docs"]
    assert head.findtext("title") == "What we follow"
    assert parsedate_to_datetime(str(head.findtext("dateCreated"))) == NOON
    assert parsedate_to_datetime(str(head.findtext("dateModified"))) == NOON


def test_the_owner() -> None:
    """O-01, O-04: an owner's name, address and page stand in the head once each, where they are told; no password does."""
    owner = Owner(name="The desk", email="desk@h.example", page="https://nora:bridge@h.example/contact")
    head = etree.fromstring(write_opml("List", NOON, [], owner)).find("head")
    assert head is not None

    told = {child.tag: child.text for child in head if str(child.tag).startswith("owner")}
    assert told == {"ownerName": "The desk", "ownerEmail": "desk@h.example", "ownerId": "https://h.example/contact"}
    assert len(told) == len([child for child in head if str(child.tag).startswith("owner")])


def test_dates_are_told_in_universal_time() -> None:
    """O-01: whatever zone a moment is told in, a list's dates are GMT."""
    there = NOON.astimezone(timezone(timedelta(hours=5)))

    assert b"<dateModified>Tue, 24 Nov 2026 12:00:00 GMT</dateModified>" in write_opml("List", there, [])


def test_an_outline() -> None:
    """O-01: a feed has type, text, title and xmlUrl, and what else is known; nothing stands empty."""
    full, bare = written(NEWS, Outline(text="Bare", xml_url="https://bare.example/feed")).iter("outline")

    assert dict(full.items()) == {
        "type": "rss", "text": "News & views", "title": "News & views", "xmlUrl": "https://news.example/feed?a=1&b=2",
        "htmlUrl": "https://news.example/", "language": "en", "description": 'Says "much"',
    }  # fmt: skip
    assert dict(bare.items()) == {"type": "rss", "text": "Bare", "title": "Bare", "xmlUrl": "https://bare.example/feed"}


def test_every_outline_has_a_text() -> None:
    """O-01: a feed without a name goes by its address, as text is required."""
    (outline,) = written(Outline(text="", xml_url="https://news.example/feed")).iter("outline")

    assert outline.get("text") == "https://news.example/feed"


def test_groups_are_folders_in_their_order() -> None:
    """O-01: groups are nested outlines, in the given order; the group without a name lies at the top."""
    one, two, three = (Outline(text=name, xml_url=f"https://{name}.example/") for name in ("one", "two", "three"))
    opml = etree.fromstring(write_opml("List", NOON, [("", [one]), ("Rivers", [three, two]), ("Empty", [])]))
    body = opml.find("body")
    assert body is not None

    assert [(outline.get("text"), [inner.get("text") for inner in outline]) for outline in body] == [
        ("one", []), ("Rivers", ["three", "two"]), ("Empty", []),
    ]  # fmt: skip


def test_the_same_list_gives_the_same_bytes() -> None:
    """O-04, V-12: written twice, a list is the same byte for byte, but for the date where that differs."""
    later = datetime(2026, 12, 1, tzinfo=UTC)
    once, again, other = (write_opml("List", when, [("Rivers", [NEWS])]) for when in (NOON, NOON, later))

    assert once == again
    assert once.replace(b"Tue, 24 Nov 2026 12:00:00 GMT", b"Tue, 01 Dec 2026 00:00:00 GMT") == other


def test_no_credentials_are_shared() -> None:
    """O-04, X-33: user names and passwords stand in no address of a list that is shared."""
    secret = Outline(
        text="News", xml_url="https://nora:bridge@news.example/feed", html_url="https://nora:bridge@news.example/"
    )
    content = write_opml("List", NOON, [("", [secret])])

    assert b"bridge" not in content
    assert b"nora" not in content
    assert content.count(b'"https://news.example/') == 2


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_words_make_a_list_that_parses(title: str, folder: str, name: str) -> None:
    """V-09, X-26: whatever a title, folder or name holds, control characters and markup included, the list is XML."""
    opml = written(
        Outline(text=name, xml_url="https://news.example/feed", description=name), folder=folder, title=title
    )

    assert len([*opml.iter("outline")]) == (2 if folder else 1)
