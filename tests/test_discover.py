"""A page's feeds: which links count, in which order, and what they are resolved against."""

from __future__ import annotations

import pytest

from feeds.discover import KNOWN_PATHS, Candidate, discover, known_places, link_header

PAGE = "https://news.example/blog/post.html"
RSS = "application/rss+xml"


def found(page: str | bytes, *, url: str = PAGE, **headers: str) -> list[Candidate]:
    """What a page at `url` offers; headers by names with underscores."""
    body = page if isinstance(page, bytes) else page.encode()
    return list(discover(body, url, {name.replace("_", "-"): value for name, value in headers.items()}))


def link(href: str, media_type: str = RSS, rel: str = "alternate", title: str = "") -> str:
    """A link element."""
    return f'<link rel="{rel}" type="{media_type}" title="{title}" href="{href}">'


def test_the_kinds_of_feeds_in_document_order() -> None:
    """D-02: RSS, Atom, RDF and JSON Feed count, in document order, each address once."""
    types = (RSS, "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json")
    page = (
        "".join(link(f"/{number}", one) for number, one in enumerate(types))
        + link("/0")
        + link("http://www.news.example/1/")
    )

    assert [(one.url, one.kind) for one in found(page)] == [
        ("https://news.example/0", "RSS"), ("https://news.example/1", "Atom"), ("https://news.example/2", "RSS"),
        ("https://news.example/3", "JSON Feed"), ("https://news.example/4", "JSON Feed"),
    ]  # fmt: skip


def test_case_and_parameters_do_not_matter() -> None:
    """D-02: rel and type are compared without case, rel word by word, type without parameters."""
    page = f"<LINK REL='Home ALTERNATE' TYPE='Application/RSS+XML; charset=utf-8' HREF='/feed'>{link('/x', rel='alternatives')}"

    assert [one.url for one in found(page)] == ["https://news.example/feed"]


@pytest.mark.parametrize(
    "element",
    [
        link("/feed", "text/html"), link("/feed", ""), link("/feed", rel="stylesheet"), link("/style", "text/css"),
        link("javascript:alert(1)"), link("file:///etc/passwd"), link("http://[::1"), link(""), link("mailto:a@b.example"),
        link("/wp-json/wp/v2/posts/1", "application/json"), link("/api/oembed?url=x", "application/json"),
        link("/wp-json/oembed/1.0/embed", "application/json+oembed"), f"<!-- {link('/feed')} -->",
    ],
)  # fmt: skip
def test_what_is_no_feed(element: str) -> None:
    """D-02: pages, styles, other schemes, broken addresses, WordPress's own JSON, oEmbed and comments are no feeds."""
    assert found(f"<html><head>{element}</head></html>") == []


def test_relative_addresses_start_from_the_base() -> None:
    """D-02: `<base>` is respected, the first one only, and itself relative to the page; without it the page counts."""
    assert [one.url for one in found(link("feed"))] == ["https://news.example/blog/feed"]
    based = '<base href="/other/"><base href="https://evil.example/">' + link("feed")
    assert [one.url for one in found(based)] == ["https://news.example/other/feed"]


@pytest.mark.parametrize("told", ["header", "meta", "nothing"])
def test_titles_come_in_the_charset_of_the_page(told: str) -> None:
    """D-02: a title is read in the charset of the header or of the meta element; UTF-8 where nothing is said."""
    meta = '<meta http-equiv="content-type" content="text/html; charset=windows-1251">' if told == "meta" else ""
    page = f"<html><head>{meta}{link('/feed', title='Лента новостей')}</head></html>"
    header = {"content_type": "text/html; charset=windows-1251"} if told == "header" else {}

    (one,) = found(page.encode("utf-8" if told == "nothing" else "cp1251"), **header)

    assert one.title == "Лента новостей"


@pytest.mark.parametrize(
    ("href", "title"),
    [
        ("/comments/feed/", ""), ("/?feed=comments-rss2", ""), ("/blog/post/feed/", "News &raquo; Post Comments Feed"),
        ("/a", "Лента комментариев"), ("/b", "News » yorum beslemesi"), ("/c", "Kommentar-Feed"), ("/d", "تعليقات"),
    ],
)  # fmt: skip
def test_comment_feeds_come_last(href: str, title: str) -> None:
    """D-02: feeds of comments, known by address or title in several languages, are ranked behind all others."""
    first, last = found(link(href, title=title) + link("/commentary/feed", title="Commentary"))

    assert (first.url, first.comments) == ("https://news.example/commentary/feed", False)
    assert last.comments


def test_a_link_header_counts_after_the_page() -> None:
    """D-02: an HTTP Link header names feeds as well, several in one line, commas and semicolons inside quotes included."""
    header = (
        '<https://news.example/wp-json/>; rel="https://api.w.org/", <https://news.example/wp-json/1>; rel="alternate"; '
        'type="application/json", </f,1.atom>; REL=alternate; type="application/atom+xml"; title="News, \\"and\\"; views"'
    )

    assert found(link("/feed"), link=header) == [
        Candidate(url="https://news.example/feed", kind="RSS"),
        Candidate(url="https://news.example/f,1.atom", kind="Atom", title='News, "and"; views'),
    ]


def test_links_of_a_header_one_by_one() -> None:
    """RFC 8288: targets and parameters; the first of a repeated parameter counts; what makes no sense is passed over."""
    assert list(link_header('<a>; rel="x"; rel="y", nonsense, <b>; rel=z; flag')) == [
        ("a", {"rel": "x"}), ("b", {"rel": "z"}),
    ]  # fmt: skip


def test_no_password_is_taken_from_a_page() -> None:
    """X-33: user names and passwords in a page's links are left out."""
    assert [one.url for one in found(link("https://nora:bridge@news.example/feed"))] == ["https://news.example/feed"]


@pytest.mark.parametrize("body", [b"", b"   ", b"\0\0", b"\xff\xfe", b"<", b"plain words", b"<html>" * 5000])
def test_any_bytes_are_a_page(body: bytes) -> None:
    """X-11, X-14: whatever a page is, it offers feeds or none, and breaks nothing."""
    assert found(body) == []


def test_a_page_of_many_links_offers_a_hundred() -> None:
    """X-11: of very many links the first hundred count."""
    assert len(found("".join(link(f"/{number}") for number in range(300)))) == 100


def test_the_usual_places() -> None:
    """D-03: nine paths below the page's own folder, then below the root, each address once, without credentials."""
    below = known_places("https://nora:bridge@news.example/blog/post.html")
    root = [f"https://news.example/{path}" for path in KNOWN_PATHS]

    assert list(below) == [f"https://news.example/blog/{path}" for path in KNOWN_PATHS] + root
    assert list(known_places("https://news.example")) == list(known_places("https://news.example/index.html")) == root
    assert known_places("https://news.example/blog")[0] == "https://news.example/blog/atom.xml"
