"""Bodies that are not what they should be: pages, halves, glue, wrong labels, depths and widths.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

import json

import pytest

from tests.fakes import item, rss
from tests.faultserver import good, page
from tests.stage import THREE, Stage, brought, failed

NEWS = rss(item(1), item(2), item(3), item(5, title="Fresh"))
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action='/login'></form></body></html>"
FEED_TYPE = "Content-Type: application/rss+xml"
# Attributes whose values hold what looks like the end of a tag.
HIDDEN = " ".join(f'a{number}=">"' for number in range(60_000))


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "203 Changed"])
@pytest.mark.parametrize(
    "body", [LOGIN, b"<html><body>One moment, we check your browser", b"<!-- x --><body>Home</body>"]
)
def test_f01_a_web_page_in_the_place_of_a_feed(stage: Stage, status: str, body: bytes) -> None:
    """F01, F-38: a login, challenge or home page is a failure that says so; nothing is taken from it."""
    failed(stage.poll(page(body, "Content-Type: text/html", status=status)), "html", "web page")
    stage.mends()


def test_f01_a_feed_that_speaks_of_html_is_a_feed(stage: Stage) -> None:
    """F01: a comment or a title with a web page's tags in it does not make a feed a page."""
    body = rss(item(5, title="&lt;html&gt; &lt;body&gt;")).replace(b"<rss", b"<!-- <html> --><rss", 1)

    brought(stage.poll(page(body, "Content-Type: text/html")), 1)
    stage.mends()


@pytest.mark.parametrize("body", [b"", b" \n\t "])
def test_f02_an_empty_body(stage: Stage, body: bytes) -> None:
    """F02, F-38: nothing at all is a failure, not a feed without entries; the page is then asked for whole."""
    failed(stage.poll(page(body, FEED_TYPE, 'ETag: "2"')), "empty", "empty")
    stage.mends()
    assert stage.server.requests[-1].header("if-none-match") is None


@pytest.mark.parametrize(
    "body", [b"Database error", b"<?xml version='1.0'?><error>too many</error>", b"null", b'"down"', b"{}", b"[]"]
)
def test_f02_an_error_body(stage: Stage, body: bytes) -> None:
    """F02: words, foreign XML or JSON under 200 are a failure; no entry is made of them."""
    line = stage.poll(page(body, FEED_TYPE))
    assert line.kind in ("not-a-feed", "unreadable")
    failed(line, line.kind)
    assert len(stage.kept()) == 3
    stage.mends()


def test_f02_a_feed_without_entries_takes_nothing_away(stage: Stage) -> None:
    """F02, F-38: a well-formed feed with no entries is a poll that brought nothing; what was kept stays."""
    brought(stage.poll(page(rss(), FEED_TYPE)), 0)
    assert len(stage.kept()) == 3
    stage.mends()


@pytest.mark.parametrize("cut", [20, 60, 110, 160])
def test_f03_a_body_cut_in_the_middle_of_an_item(stage: Stage, cut: int) -> None:
    """F03, F-38: whole entries before the break are kept, the half one is not, and the page is asked for whole again."""
    body = rss(item(4), item(5, title="Fresh"))
    end = body.index(b"</item></channel>")
    brought(stage.poll(page(body[: end - cut + 20], FEED_TYPE, 'ETag: "2"')), 1, "breaks off")
    assert "Fresh" not in stage.titles()
    brought(stage.poll(good(body, etag='"2"')), 1)
    assert stage.titles()[3:] == ["Entry 4", "Fresh"]


def test_f03_a_cut_before_the_first_whole_item(stage: Stage) -> None:
    """F03: a body without one whole entry is unreadable."""
    failed(stage.poll(page(NEWS[: NEWS.index(b"</item>") - 5])), "unreadable", "breaks off")
    stage.mends()


@pytest.mark.parametrize(
    "body",
    [
        b"<br />\n<b>Warning</b>:  Undefined variable $x in <b>/srv/feed.php</b> on line <b>12</b><br />\n" + NEWS,
        b"\n\n   \n" + NEWS,
        NEWS + b"\n<!-- cached -->\n<b>Warning</b>: x",
        NEWS + THREE,
        b"\r\n" + NEWS.decode().replace('"utf-8"', '"utf-16"').encode("utf-16-le"),
        b"\xff\xfe" + NEWS.decode().replace('"utf-8"', '"utf-16"').encode("utf-16-le"),
    ],
    ids=["warning", "blank lines", "tail", "two documents", "blank before utf-16", "utf-16"],
)
def test_f06_junk_around_the_document(stage: Stage, body: bytes) -> None:
    """F06: a PHP warning, blank lines, a second document glued on, and UTF-16, are read as the feed that they hold."""
    brought(stage.poll(page(body, FEED_TYPE)), 1)
    assert stage.titles() == ["Entry 1", "Entry 2", "Entry 3", "Fresh"]
    stage.mends()


@pytest.mark.parametrize("said", ["text/html", "text/plain", "application/octet-stream", "image/png", "video/;;;", ""])
def test_f09_a_good_feed_under_a_wrong_type(stage: Stage, said: str) -> None:
    """F09: what the header calls the body does not matter where the body is a feed."""
    brought(stage.poll(page(NEWS, *([f"Content-Type: {said}"] if said else []))), 1)
    assert stage.titles()[3:] == ["Fresh"]
    stage.mends()


def test_f09_a_page_under_a_feeds_type(stage: Stage) -> None:
    """F09: nor does it make a feed of a page that it calls one, or an image."""
    failed(stage.poll(page(LOGIN, FEED_TYPE)), "html", "web page")
    failed(stage.poll(page(LOGIN, "Content-Type: image/png")), "html", "web page")
    stage.mends()


def test_f13_xml_twenty_thousand_deep(stage: Stage) -> None:
    """F13, X-11: elements twenty thousand deep cost no stack; the entries beside them are read, or the poll fails in words."""
    line = stage.poll(page(rss("<a>" * 20_000 + "</a>" * 20_000, item(5))))

    assert line.kind in ("", "unreadable")
    assert line.detail.isprintable()
    assert len(stage.kept()) == 3 + line.new
    stage.mends()


def test_f13_html_twenty_thousand_deep(stage: Stage) -> None:
    """F13, X-11: a description twenty thousand elements deep keeps its words."""
    brought(stage.poll(page(rss(item(7, body="&lt;b&gt;" * 20_000 + "Deep words.")))), 1)
    assert stage.entry("id-7").text == "Deep words."
    stage.mends()


@pytest.mark.parametrize("body", [b'{"items": ' + b"[" * 100_000, b"[" * 100_000, b'{"a":' * 100_000])
def test_f13_json_a_hundred_thousand_deep(stage: Stage, body: bytes) -> None:
    """F13, X-11: JSON too deep to read is a failure in words."""
    line = stage.poll(page(body, "Content-Type: application/feed+json"))
    assert line.kind in ("unreadable", "not-a-feed")
    failed(line, line.kind)
    stage.mends()


def test_f15_json_of_wrong_types(stage: Stage) -> None:
    """F15, J-01: in a JSON Feed of wrong types what can be read is read, and what cannot is left out."""
    odd = {
        "title": {"odd": 1},
        "content_text": ["x"],
        "date_published": 5,
        "authors": "nobody",
        "tags": 3,
        "summary": "Kept",
    }
    by_link = {"id": None, "url": "https://news.example/u", "title": "By link"}
    a = {"id": "a", **odd, "attachments": [None, {"url": 9}]}
    items: list[object] = [None, 7, "x", [], {"id": 12, "title": "Twelve"}, by_link, a]
    body = {"version": "https://jsonfeed.org/version/1.1", "title": 5, "authors": {}, "items": items, "hubs": 4}

    line = stage.poll(page(json.dumps(body).encode(), "Content-Type: application/feed+json"))

    brought(line, 3)
    assert {one.entry.id for one in stage.kept()} == {"id-1", "id-2", "id-3", "12", "https://news.example/u", "a"}
    stage.mends()


@pytest.mark.parametrize("items", [5, "x", None, {"id": "1"}])
def test_f15_json_without_a_list_of_items(stage: Stage, items: object) -> None:
    """F15: items that are no list bring nothing, and break nothing."""
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items}
    line = stage.poll(page(json.dumps(body).encode()))

    assert (line.new, line.kind in ("", "unreadable", "not-a-feed")) == (0, True)
    assert len(stage.kept()) == 3
    stage.mends()


@pytest.mark.parametrize("version", ["1", "1.1"])
def test_f47_a_json_feed(stage: Stage, version: str) -> None:
    """F47, J-01, J-02: JSON Feed 1.0 and 1.1 are read whole: ids, links, plain text, authors of both versions, dates."""
    told = {"author": {"name": "Ada Ore"}} if version == "1" else {"authors": [{"name": "Ada Ore"}]}
    one = {"id": "j1", "url": "https://news.example/j1", "title": "A < B", "content_text": "1 < 2",
           "date_published": "2026-11-24T08:00:00Z", **told}  # fmt: skip
    body = {"version": f"https://jsonfeed.org/version/{version}", "title": "Jay", "items": [one]}
    brought(stage.poll(page(json.dumps(body).encode(), "Content-Type: application/feed+json")), 1)

    (kept,) = [held for held in stage.kept() if held.entry.id == "j1"]
    assert (kept.entry.title, kept.entry.link, kept.entry.text) == ("A < B", "https://news.example/j1", "1 < 2")
    assert "1 &lt; 2" in kept.entry.content
    assert [author.name for author in kept.entry.authors] == ["Ada Ore"]
    assert kept.published.isoformat() == "2026-11-24T08:00:00+00:00"
    stage.mends()


def test_f29_ten_thousand_entries(stage: Stage) -> None:
    """F29, X-11: of ten thousand entries the first five thousand are kept, once; the journal says so."""
    body = rss(*(item(number, guid=f"n{number}") for number in range(20, 10_020)))
    brought(stage.poll(page(body)), 5000, "10000 entries", "5000")
    assert len(stage.kept()) == 5003
    assert stage.poll(page(body)).new == 0
    stage.mends()


def test_f29_a_title_of_five_megabytes(stage: Stage) -> None:
    """F29, X-11: a title, a link and an id of megabytes are cut or left out; the entry is kept."""
    long = "x" * 5_000_000
    brought(stage.poll(page(rss(item(5, title=long), item(6, guid=long[:3_000_000])))), 2)

    assert max(len(one.entry.title) for one in stage.kept()) == 2000
    assert max(len(one.entry.id) for one in stage.kept()) < 2000
    assert len(stage.published()) < 100_000
    stage.mends()


def test_f29_a_feed_of_ten_megabytes(stage: Stage) -> None:
    """F29: ten megabytes of ordinary entries are read."""
    body = rss(*(item(number, guid=f"n{number}", body="A few words of news. " * 2500) for number in range(20, 220)))
    assert len(body) > 10_000_000

    brought(stage.poll(page(body)), 200)
    stage.mends()


@pytest.mark.parametrize("hidden", [True, False])
def test_f43_a_tag_of_sixty_thousand_attributes(stage: Stage, hidden: bool) -> None:
    """F43, X-11: attributes by the ten thousand are refused, or read in bounded time; the next poll finds a reader."""
    body = rss(item(5), extra=f"<x {HIDDEN if hidden else HIDDEN.replace('>', '')}/>")
    line = stage.poll(page(body))

    assert line.kind in ("", "unreadable")
    assert line.milliseconds < 60_000
    stage.mends()
