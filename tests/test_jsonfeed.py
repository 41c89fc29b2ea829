"""JSON Feed 1.0 and 1.1: what it says, and how little it can be trusted to say it in the right type."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.decode import legal
from feeds.jsonfeed import read_json
from feeds.model import Author, Document, Enclosure, Entry, Failed, FailureKind, Head
from feeds.parse import parse

URL = "https://news.example/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"
EARLY = datetime(2026, 11, 24, 2, 1, tzinfo=UTC)
WRONG: list[Any] = [None, True, 17, 1.5, [], ["x"], {}, {"name": 3}, [None], [{"url": []}], "\x00"]


def feed(*items: Any, **said: Any) -> str:
    """A JSON Feed of these items."""
    return json.dumps({"version": VERSION, "title": "News", "items": [*items], **said})


def read(text: str) -> Document:
    """What a text says, which can be read."""
    document = read_json(text, URL)
    assert isinstance(document, Document), document
    return document


def first(**item: Any) -> Entry:
    """The entry of one item."""
    return read(feed(item)).entries[0]


def test_a_whole_feed() -> None:
    """J-01: every field of an item of 1.1 has its place."""
    found = first(
        id="17", url="/1", external_url="https://other.example/1", title=" A\n title ", content_html="<p>Words <b>here</b>.</p>",
        summary="In <short>.", date_published="2026-11-24T05:01:00+03:00", date_modified="2026-11-24T02:01:00Z",
        authors=[{"name": "Nora Quill", "url": "https://n.example/nora"}, {"name": "Tom Reed"}],
        tags=["rivers", "bridges", "rivers"], language="tr",
        attachments=[{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12, "title": "Talk"}],
    )  # fmt: skip

    assert found == Entry(
        id="17", link="https://news.example/1", external_link="https://other.example/1", title="A title",
        summary="In &lt;short&gt;.", content="<p>Words <b>here</b>.</p>", published=EARLY, updated=EARLY, lang="tr",
        authors=(Author(name="Nora Quill", url="https://n.example/nora"), Author(name="Tom Reed")),
        categories=("rivers", "bridges"),
        enclosures=(Enclosure(url="https://news.example/a.mp3", type="audio/mpeg", length=12, title="Talk"),),
    )  # fmt: skip


def test_the_head() -> None:
    """A-03: what a JSON Feed says of itself, with absolute addresses; a feed_url that is none is the address asked."""
    said = read(
        feed(
            home_page_url="https://www.example/",
            feed_url="/real.json",
            description="On  bridges",
            language="en",
            icon="/i.png",
            favicon="javascript:x",
            authors=[{"name": "Desk"}],
        )
    )

    assert said.format == "json11"
    assert said.head == Head(
        title="News", id="https://news.example/real.json", url="https://news.example/real.json", site_url="https://www.example/",
        subtitle="On bridges", lang="en", icon="https://news.example/i.png", authors=(Author(name="Desk"),),
    )  # fmt: skip
    assert read(feed(feed_url="javascript:x")).head.url == URL
    assert read(feed(version="https://jsonfeed.org/version/1")).format == "json10"


@pytest.mark.parametrize(
    ("item", "own_id", "origin"),
    [
        ({"id": "a", "url": "https://n.example/1"}, "a", "guid"),
        ({"id": 17}, "17", "guid"),
        ({"id": 1.5}, "1.5", "guid"),
        ({"id": 0}, "0", "guid"),
        ({"id": " a "}, "a", "guid"),
        ({"id": "", "url": "https://n.example/1"}, "https://n.example/1", "link"),
        ({"id": True, "url": "https://n.example/1"}, "https://n.example/1", "link"),
        ({"id": ["a"], "external_url": "https://n.example/2"}, "https://n.example/2", "link"),
        ({"url": "https://n.example/1", "external_url": "https://n.example/2"}, "https://n.example/1", "link"),
    ],
)
def test_ids(item: dict[str, Any], own_id: str, origin: str) -> None:
    """J-01, I-02, F15: numbers become strings; without an id that is text or number, the url is it, then the external one."""
    found = first(**item)

    assert (found.id, found.id_origin) == (own_id, origin)


def test_an_item_without_anything_to_know_it_by() -> None:
    """I-03: title and date are the id where nothing else is, whatever the text says."""
    one = first(title="t", date_published="2026-11-24", content_text="One.")

    assert one.id_origin == "hash"
    assert one.id == first(title="t", date_published="2026-11-24", content_text="Two.").id
    assert one.id != first(title="t", date_published="2026-11-25", content_text="One.").id


def test_permanent_links() -> None:
    """A-05, X-27: an id that is the item's url is a permanent link; an url that is none is no link at all."""
    assert first(id="https://n.example/1", url="https://n.example/1").is_permalink
    assert not first(id="https://n.example/1", url="https://n.example/2").is_permalink
    only = first(
        id="1",
        url="javascript:alert(1)",
        external_url="https://n.example/2",
        authors=[{"name": "Nora", "url": "data:x"}],
    )
    assert (only.link, only.external_link, only.authors) == ("https://n.example/2", "", (Author(name="Nora"),))


def test_text_is_escaped() -> None:
    """J-02: content_text is text: its tags are words, its blank lines paragraphs."""
    found = first(id="1", content_text="Use <script> & <b>.\n\nTwice.")

    assert found.content == "<p>Use &lt;script&gt; &amp; &lt;b&gt;.</p><p>Twice.</p>"


def test_html_is_cleaned() -> None:
    """X-20, F26: content_html is a stranger's: nothing that runs is left, links are absolute."""
    found = first(
        id="1", content_html="<p onclick=x>One<script>x</script> <a href='/y'>two</a></p>", content_text="Not this."
    )

    assert found.content == '<p>One <a href="https://news.example/y" rel="noopener noreferrer nofollow">two</a></p>'


def test_the_author_of_1_0() -> None:
    """J-01: the single author of 1.0 is read; where 1.1 repeats it beside authors it is one person."""
    nora = {"name": "Nora Quill"}

    assert first(id="1", author=nora).authors == (Author(name="Nora Quill"),)
    assert first(id="1", author=nora, authors=[nora, {"name": "Tom Reed"}]).authors == (
        Author(name="Nora Quill"),
        Author(name="Tom Reed"),
    )


@pytest.mark.parametrize("wrong", WRONG)
def test_a_field_of_the_wrong_type_is_not_there(wrong: Any) -> None:
    """F15: whatever a field holds in place of what it should, the item is read as if it were missing."""
    names = ("url", "external_url", "title", "content_html", "content_text", "summary", "date_published", "date_modified",
             "language", "authors", "author", "tags", "attachments")  # fmt: skip
    for name in names:
        if name == "tags" and wrong == ["x"]:
            continue
        assert first(id="1", **{name: wrong}) == Entry(id="1"), name


@pytest.mark.parametrize("wrong", WRONG)
def test_a_head_of_wrong_types(wrong: Any) -> None:
    """F15: a head in which everything has a wrong type is an empty head."""
    names = (
        "title",
        "home_page_url",
        "feed_url",
        "description",
        "language",
        "icon",
        "favicon",
        "authors",
        "author",
        "version",
    )

    assert read(feed(**dict.fromkeys(names, wrong))).head == Head(id=URL, url=URL)


def test_items_that_are_none() -> None:
    """F15: null, numbers and lists among the items are left out, counted in a note; the others are read."""
    document = read(feed(None, {"id": "1"}, 17, [], "x", {"id": "2"}))

    assert [entry.id for entry in document.entries] == ["1", "2"]
    assert document.notes[0].startswith("4 items")
    assert read(feed({"id": "1"})).notes == ()


@pytest.mark.parametrize("size", [-1, True, "12", None, 2**60, 1e300])
def test_sizes_that_are_none(size: Any) -> None:
    """V-10, F15: a size that is no plausible number of bytes is unknown, the file stays."""
    assert first(id="1", attachments=[{"url": "https://n.example/a", "size_in_bytes": size}]).enclosures == (
        Enclosure(url="https://n.example/a"),
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{", FailureKind.UNREADABLE),
        ('{"items": [1,]}', FailureKind.UNREADABLE),
        ('{"items": ' + "[" * 20_000, FailureKind.UNREADABLE),
        ('{"items": [' + "1" * 5000 + "]}", FailureKind.UNREADABLE),
        ("{}", FailureKind.NOT_A_FEED),
        ('{"items": {}}', FailureKind.NOT_A_FEED),
        ("[]", FailureKind.NOT_A_FEED),
        ('"items"', FailureKind.NOT_A_FEED),
    ],
)
def test_what_is_no_json_feed(text: str, kind: FailureKind) -> None:
    """F-38, F13, F15: JSON that is broken, too deep, or of something else is a failure that says so."""
    failed = read_json(text, URL)

    assert isinstance(failed, Failed)
    assert failed.kind is kind


def test_line_breaks_inside_strings() -> None:
    """F15: raw line breaks inside strings, which JSON forbids and people write, are forgiven."""
    assert read('{"items": [{"id": "1", "title": "one\ntwo"}]}').entries[0].title == "one two"


def test_escaped_characters_that_nobody_may_keep() -> None:
    """X-14, F14, J-04: NUL, controls and half surrogates that JSON escapes let through reach no field."""
    bad = r"\u0000a\u0008\ud800b\uffff"
    document = read(
        f'{{"title": "{bad}", "items": [{{"id": "{bad}", "title": "{bad}", "content_html": "<p>{bad}</p>", "tags": ["{bad}"],'
        f'"authors": [{{"name": "{bad}"}}], "url": "https://n.example/{bad}"}}]}}'
    )

    assert document.head.title == "ab"
    assert document.entries[0] == Entry(
        id="ab",
        title="ab",
        content="<p>ab</p>",
        categories=("ab",),
        authors=(Author(name="ab"),),
        link="https://n.example/ab",
    )


def test_json_comes_through_the_common_door() -> None:
    """F47, J-01: a JSON Feed is recognised by its first character, with a mark and blank lines before it, and gets its words."""
    body = b"\xef\xbb\xbf\n " + feed({"id": 1, "content_text": "The bridge was opened at noon."}, {"id": 1}).encode()
    document = parse(body, URL, "application/json")

    assert isinstance(document, Document)
    assert [entry.id for entry in document.entries] == ["1"]
    assert document.entries[0].text == "The bridge was opened at noon."
    assert document.entries[0].summary == "The bridge was opened at noon."


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "url", "name", "title", "content_html", "tags", "authors"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["id", "url", "title", "content_html", "content_text", "authors", "tags"]), VALUES)
)
def test_any_item_is_read(item: dict[str, Any]) -> None:
    """F15, X-14: an item of any values at all is read without an exception, and says nothing that XML could not."""
    document = parse(json.dumps({"items": [item]}).encode(), URL)
    assert isinstance(document, Document)
    found = document.entries[0]

    assert found.id
    assert all(legal(text) == text for text in (found.id, found.title, found.content, found.link, *found.categories))


def test_hubs_paging_and_the_end_of_a_feed_are_read() -> None:
    """J-03, W-01: WebSub hubs, self, the next page, and expired; other kinds of hub are not ours."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [], "expired": True,
        "feed_url": "https://paper.example/f.json", "next_url": "f.json?page=2",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}, {"type": "rssCloud", "url": "https://c.example/"}, 7],
    }  # fmt: skip
    read = read_json(json.dumps(feed), "https://paper.example/f.json")
    assert isinstance(read, Document)
    assert read.expired
    assert [(link.rel, link.href) for link in read.links] == [
        ("hub", "https://hub.example/"),
        ("self", "https://paper.example/f.json"),
        ("next", "https://paper.example/f.json?page=2"),
    ]


def test_texts_and_names_have_an_end() -> None:
    """X-11, J-01: texts and names of an item are bounded as those of XML are."""
    found = first(id="1", content_text="w" * 3_000_000, summary="s" * 3_000_000, authors=[{"name": "N" * 1000}])

    assert (len(found.content), len(found.summary), len(found.authors[0].name)) == (2_000_000, 2_000_000, 300)
