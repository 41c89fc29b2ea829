"""The article on a web page: text, authors and their boxes, date, language, title."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from feeds.article import read_article
from feeds.model import Article, Author, Failed, FailureKind
from feeds.pagehead import without_site
from tests.pages import ARTICLE, BIO, BOXES, SITE, URL, WORDS, graph, linked, page

NORA = Author(name="Nora Quill", url=f"{SITE}/author/nora/", bio=BIO)


def read(body: bytes, content_type: str = "text/html; charset=utf-8") -> Article:
    """The article on a page that has one."""
    found = read_article(body, URL, content_type)
    assert isinstance(found, Article), found
    return found


def failed(body: bytes, content_type: str = "text/html") -> Failed:
    """Why there is none on a page that has none."""
    found = read_article(body, URL, content_type)
    assert isinstance(found, Failed), found
    assert found.detail
    return found


def names(found: Article) -> list[str]:
    """The names of the authors."""
    return [author.name for author in found.authors]


def test_a_page_with_all_that_a_content_system_writes() -> None:
    """Title without the site's name, exact time, language, lasting address, and the author behind the pointer of the graph."""
    found = read(page(head=linked(graph())))

    assert found.url == URL
    assert found.canonical == URL
    assert found.title == "Patrol boats for Aktau"
    assert found.published == datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC)
    assert found.lang == "en-GB"
    assert found.authors == (Author(name="Nora Quill", url=f"{SITE}/author/nora/", bio="Writes of navies."),)


def test_the_text_is_the_article_and_nothing_else() -> None:
    """List, quotation, heading and link are kept; navigation, related posts, newsletter and footer are not, nor the title."""
    found = read(page())

    assert found.text.startswith(WORDS)
    for kept in (
        "<h2>What was ordered</h2>",
        "<li>Two boats of forty metres</li>",
        "<blockquote>",
        f'href="{SITE}/radar"',
    ):
        assert kept in found.content
    for other in ("Home", "Navies", "Another story", "newsletter", "inbox", "Copyright", "Patrol boats for Aktau"):
        assert other not in found.text


@pytest.mark.parametrize("box", BOXES)
def test_the_box_is_cut_and_kept_as_the_authors_bio(box: str) -> None:
    """With only the box as evidence its person is the author, never "View all posts by"; the bio is not in the text."""
    found = read(page(box=BOXES[box]))

    assert found.authors == (NORA,)
    assert found.text == read(page()).text


@pytest.mark.parametrize("box", BOXES)
def test_a_box_after_the_article_is_cut_too(box: str) -> None:
    """Outside of the article's own element the same boxes are known."""
    found = read(page(after=BOXES[box]))

    assert names(found) in ([], ["Nora Quill"])
    assert "Eurasia" not in found.text
    assert "View all" not in found.content


def test_a_box_tells_the_bio_of_the_author_that_the_page_names() -> None:
    """What the graph and the box say of one person is kept together."""
    (author,) = read(page(head=linked(graph()), box=BOXES["Molongui"])).authors

    assert author == Author(name="Nora Quill", url=f"{SITE}/author/nora/", bio=f"Writes of navies.\n{BIO}")


def test_a_box_without_a_name_is_the_named_authors() -> None:
    """A plain "About the author" with what it says goes to the one author, and not into the text."""
    box = "<h3>About the author</h3><p>Covers Eurasia, the Middle East and Africa.</p>"
    found = read(page(head=linked(graph()), box=box))

    assert [author.bio for author in found.authors] == [
        "Writes of navies.\nCovers Eurasia, the Middle East and Africa."
    ]
    assert "Eurasia" not in found.text


def test_a_box_of_nobody_stays_where_it_is() -> None:
    """Nothing is lost: where nobody is named, what an "About the author" says stays in the text."""
    found = read(page(box="<h3>About the author</h3><p>covers Eurasia, the Middle East and Africa.</p>"))

    assert found.authors == ()
    assert "covers Eurasia" in found.text


def test_a_box_of_somebody_else_names_no_author() -> None:
    """A page that names its author is believed before a box that names another."""
    box = BOXES["Simple Author Box"].replace("Nora Quill", "Site Editor")

    assert names(read(page(head=linked(graph()), box=box))) == ["Nora Quill"]


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Nora Quill", ["Nora Quill"]),
        (["Nora Quill", "Aidai Erkebaeva"], ["Nora Quill", "Aidai Erkebaeva"]),
        ([{"@type": "Person", "name": "Nora Quill"}, {"name": "Aidai Erkebaeva"}], ["Nora Quill", "Aidai Erkebaeva"]),
        ({"@list": [{"name": "Nora Quill"}]}, ["Nora Quill"]),
        ({"@type": "Person", "name": ["Nora Quill", "Aidai Erkebaeva"]}, ["Nora Quill", "Aidai Erkebaeva"]),
        ({"@type": "Person", "name": "View all posts by Nora Quill →"}, ["Nora Quill"]),
        ({"@type": "Person", "name": "Nora&nbsp;Quill &#8217;"}, ["Nora Quill ’"]),
        ([{"@type": "Organization", "name": "A Desk"}, {"@type": "Person", "name": "Nora Quill"}], ["Nora Quill"]),
        ({"@type": "Organization", "name": "A Desk"}, ["A Desk"]),
        ({"@type": "Organization", "name": "Example Security Monitor"}, []),
        ({"@type": "Person", "name": "https://www.facebook.com/monitor"}, []),
        ({"@id": "nowhere"}, []),
        ([[["Nora Quill"]]], ["Nora Quill"]),
        ({"name": {"name": 1}}, []),
        (None, []),
        (7, []),
    ],
)
def test_authors_in_whatever_form_linked_data_has_them(author: Any, expected: list[str]) -> None:
    """Names, lists, nodes, lists of lists; people before organisations, never the site itself or an address."""
    node = {"@context": "https://schema.org", "@type": ["NewsArticle"], "headline": "x", "author": author}

    assert names(read(page(head=linked(node)))) == expected


def test_the_bylines_of_an_agency_that_keeps_them_elsewhere() -> None:
    """Where linked data has no author, its `byline` counts; then meta elements, of which addresses are none."""
    assert names(read(page(head=linked({"@type": "NewsArticle", "byline": ["Nora Quill"]})))) == ["Nora Quill"]
    meta = (
        '<meta property="article:author" content="https://www.facebook.com/x">'
        '<meta property="article:author" content="Nora Quill"><meta property="article:author" content="Aidai Erkebaeva">'
    )
    assert names(read(page(head=meta))) == ["Nora Quill", "Aidai Erkebaeva"]
    assert names(read(page(head='<meta name="author" content="Nora Quill">' + meta))) == ["Nora Quill"]


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ('<p>by <a rel="author" href="/author/nora/">Nora Quill</a></p>', ["Nora Quill"]),
        ('<p class="byline">By Nora Quill</p>', ["By Nora Quill"]),
        ('<div class="Page-authors">By Nora Quill and Aidai Erkebaeva</div>', ["By Nora Quill and Aidai Erkebaeva"]),
        ('<span itemprop="author"><span itemprop="name">Nora Quill</span></span>', ["Nora Quill"]),
        (f'<p class="byline">{"long " * 100}</p>', []),
        ('<p class="byline-date">24 November</p>', []),
        ('<p class="byline"></p>', []),
    ],
)
def test_marked_bylines_count_where_nothing_else_tells(byline: str, expected: list[str]) -> None:
    """rel=author, itemprop=author and class="byline", as they stand: who normalises names stands above."""
    assert names(read(page(byline=byline))) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="2026-11-24T10:15:30+02:00">', (8, 15, 30)),
        ('<meta name="date" content="2026-11-24"><meta itemprop="datePublished" content="2026-11-24T08:15:30Z">', (8, 15, 30)),
        (linked({"@type": "NewsArticle", "datePublished": "2026-11-24"}), (0, 0, 0)),
        (
            linked({"@type": "NewsArticle", "datePublished": "2026-11-24"})
            + '<meta property="article:published_time" content="2026-11-24T08:15:30Z">',
            (8, 15, 30),
        ),
        ('<meta property="article:published_time" content="yesterday">', None),
    ],
)  # fmt: skip
def test_the_most_exact_date_counts(head: str, expected: tuple[int, int, int] | None) -> None:
    """A date with its time of day comes before one without; nonsense is none."""
    published = read(page(head=head)).published

    assert published == (datetime(2026, 11, 24, *expected, tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    ("lang", "head", "expected"),
    [
        ("ru", "", "ru"),
        ("", linked(graph()), "en-GB"),
        ("", '<meta property="og:locale" content="kk_KZ">', "kk-KZ"),
        ("!!", "", ""),
        ("x" * 5000, "", ""),
    ],
)
def test_the_language_of_the_page(lang: str, head: str, expected: str) -> None:
    """The html element's, else linked data's, else OpenGraph's."""
    assert read(page(lang=lang, head=head)).lang == expected


@pytest.mark.parametrize(
    ("title", "site", "expected"),
    [
        ("Boats - The Site", "The Site", "Boats"),
        ("Boats | the site", "The Site", "Boats"),
        ("The Site: Boats", "The Site", "Boats"),
        ("Boats – new ones – The Site", "The Site", "Boats – new ones"),
        ("Boats of The Site", "The Site", "Boats of The Site"),
        ("The Site", "The Site", "The Site"),
        ("- The Site", "The Site", "- The Site"),
        ("Boats", "", "Boats"),
    ],
)
def test_titles_lose_the_name_of_their_site(title: str, site: str, expected: str) -> None:
    """Only behind or before one of the usual signs, and never down to nothing."""
    assert without_site(title, site) == expected


def test_a_page_without_opengraph_has_its_heading_for_a_title() -> None:
    """The one h1, else the title element."""
    body = f"<html><head><title>T - S</title></head><body><article><h1>Boats &amp; yards</h1>{ARTICLE}</article></body></html>"

    assert read(body.encode()).title == "Boats & yards"
    assert read(body.replace("h1", "h3").encode()).title == "T - S"


def test_a_fragment_keeps_its_headings_and_lists() -> None:
    """What comes without a page around it is read as the article that it is."""
    found = read(ARTICLE.encode())

    assert "<h2>What was ordered</h2>" in found.content
    assert "<li>Training for three crews</li>" in found.content
    assert found.text == read(page()).text


def test_the_charset_is_the_headers_or_the_pages_own() -> None:
    """Windows-1251 from the HTTP header, or from a meta element."""
    words = "Катера для базы в Актау. " * 9
    text = f"<html><head>%s<title>Сайт</title></head><body><article><p>{words}</p></article></body></html>"
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'

    assert "Катера для базы" in read((text % "").encode("cp1251"), "text/html; charset=windows-1251").text
    assert "Катера для базы" in read((text % meta).encode("cp1251"), "text/html").text


def test_what_is_republished_is_safe() -> None:
    """X-20: nothing of a page is kept but the sanitiser's list: no script, no handler, no javascript: address."""
    body = (
        ARTICLE
        + '<p onclick="x()">Click <a href="javascript:alert(1)">here</a> for more of this long story.</p><script>x</script>'
    )
    content = read(page(body)).content

    assert "here" in content
    assert not [one for one in ("script", "onclick", "alert") if one in content]


LONG = "Some words of a text that goes on for a while. "
HOSTILE = {
    "nothing": b"",
    "controls": b"\x00" * 1000,
    "noise": bytes(range(256)) * 400,
    "depth": ("<html><body><article>" + "<div>" * 100_000 + LONG * 9).encode(),
    "open elements": ("<html><body><p>" + "<span>" * 100_000 + LONG * 9).encode(),
    "a text of a megabyte": f"<html><body><article><p>{LONG * 22_000}</p></article></body></html>".encode(),
    "sixteen megabytes": b"<html><body>" + b"<p>word</p>" * 1_500_000,
    "attributes": ("<html><body><p " + " ".join(f"a{n}='x'" for n in range(100_000)) + ">" + LONG * 9).encode(),
    "elements": ("<html><body><article>" + "<p>ab cd</p>" * 30_000).encode(),
    "less-than signs": b"<html><body>" + b"<" * 300_000,
    "comments": b"<html><body>" + b"<!--" * 200_000,
    "tables": ("<html><body>" + "<table><tr><td>" * 5000 + LONG).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_get_a_bounded_answer(name: str) -> None:
    """X-11: depth, size, attributes, elements: a reason in words, or an article of bounded size, never a crash."""
    found = read_article(HOSTILE[name], URL, "text/html; charset=utf-8")

    if isinstance(found, Failed):
        assert found.kind in (FailureKind.EMPTY, FailureKind.TOO_LARGE, FailureKind.UNREADABLE)
        assert len(found.detail) < 200
    else:
        assert len(found.text) <= 500_000


@pytest.mark.parametrize(
    "json_ld",
    [
        "{", "[" * 200_000, '{"a":' * 900 + "1" + "}" * 900, "\x00", "null", '"x"', "[1,[2,[3]]]", "9" * 5000,
        '[{"@id":"a","@type":"Article","author":"b"},{"@id":"b","n":1,"@list":["b","b","b"]}]',
        '[{"@id":"a","@type":"Article","author":{"@id":"b"}},{"@id":"b","author":{"@id":"a"},"x":1}]',
        '{"@type":"Article","author":[' + ",".join(['{"@id":"x"}'] * 50_000) + "]}",
        '{"@type":{"x":1},"author":"A"}', '{"@type":"Article","headline":5,"datePublished":{},"inLanguage":[1]}',
    ],
)  # fmt: skip
def test_malformed_linked_data_says_nothing(json_ld: str) -> None:
    """X-11: broken, endless, deep and circular JSON-LD costs its own words, not the article's."""
    found = read(page(head=linked(json_ld)))

    assert found.authors == ()
    assert found.text.startswith(WORDS)


def test_linked_data_in_comments_is_read() -> None:
    """Old templates wrap it in CDATA or comments, and end it with a semicolon."""
    for before, behind in (("//<![CDATA[", "//]]>"), ("<!--", "-->"), ("", ";")):
        node = '{"@type": "Article", "author": "Nora\tQuill"}'
        assert names(read(page(head=linked(f"{before}\n{node}\n{behind}")))) == ["Nora Quill"]


def test_names_and_titles_are_bounded() -> None:
    """Thousands of characters in a field come out as a few hundred; a crowd of authors as twenty."""
    node = {"@type": "Article", "author": [f"Author Number{n} {'x' * 1000}" for n in range(500)]}
    found = read(page(head=linked(node) + f'<meta property="og:title" content="{"t" * 5000}">'))

    assert len(found.authors) == 20
    assert max(len(author.name) for author in found.authors) <= 300
    assert len(found.title) <= 500


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "audio/mpeg", "application/json"])
def test_what_is_no_page_is_not_read(content_type: str) -> None:
    """A link may lead to a file."""
    assert failed(page(), content_type).detail == f"no web page: {content_type}"


def test_a_page_without_an_article_says_so() -> None:
    """A notice is no article."""
    assert failed(b"<html><body><p>Please enable JavaScript.</p></body></html>").kind is FailureKind.EMPTY
