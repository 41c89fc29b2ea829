"""Bytes as documents: the formats, what publishers get wrong in them, and what attackers put in."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.model import Document, Entry, Failed, FailureKind
from feeds.parse import MOST_ENTRIES, parse
from tests.fakes import item, rss

URL = "https://news.example/feed"
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>News</title>'
    "<link>https://news.example/</link><items><rdf:Seq/></items></channel>{}</rdf:RDF>"
)


def atom(*entries: str, extra: str = "", attributes: str = "") -> bytes:
    """An Atom document around these entries."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>News</title>'
        f"<id>tag:news.example,2026:feed</id><updated>2026-11-24T12:00:00Z</updated>{extra}{''.join(entries)}</feed>"
    ).encode()


def entry(number: int = 1, *, title: str = "", extra: str = "") -> str:
    """One Atom entry with an id, a link, a date."""
    return (
        f"<entry><id>tag:news.example,2026:{number}</id>{title or f'<title>Entry {number}</title>'}"
        f'<link href="https://news.example/{number}"/><updated>2026-11-24T0{number}:00:00Z</updated>{extra}</entry>'
    )


def read(body: bytes | str, content_type: str = "", url: str = URL, *, alike: bool = True) -> Document:
    """What a body says, which can be read, and which both readers read alike but where they may not."""
    body = body.encode() if isinstance(body, str) else body
    document = parse(body, url, content_type)
    reference = parse(body, url, content_type, fast=False)
    assert isinstance(document, Document), document
    assert isinstance(reference, Document), reference
    if alike:
        assert replace(document, notes=()) == replace(reference, notes=())
    return document


def first(body: bytes | str, url: str = URL) -> Entry:
    """The first entry of a body."""
    return read(body, url=url).entries[0]


def failure(body: bytes | str) -> FailureKind:
    """Why a body cannot be read."""
    failed = parse(body.encode() if isinstance(body, str) else body, URL)
    assert isinstance(failed, Failed), failed
    assert failed.detail
    return failed.kind


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (rss(item(1), item(2)), "rss20"),
        (atom(entry(1), entry(2)), "atom10"),
        (RDF.format('<item rdf:about="a"><title>Entry 1</title></item><item rdf:about="b"><title>Entry 2</title></item>'),
         "rss10"),
        ('<rss version="0.91"><channel><item><title>Entry 1</title></item><item><title>Entry 2</title></item></channel></rss>',
         "rss091u"),
        (atom(entry(1), entry(2)).replace(b'http://www.w3.org/2005/Atom"', b'http://purl.org/atom/ns#" version="0.3"'), "atom03"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "Entry 1"}, {"title": "Entry 2"}]}', "json11"),
        ('<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id><a:title>Entry 1</a:title></a:entry><a:entry>'
         "<a:id>2</a:id><a:title>Entry 2</a:title></a:entry></a:feed>", "atom10"),
    ],
)  # fmt: skip
def test_every_format_is_read(body: bytes | str, form: str) -> None:
    """RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, with or without a prefix, and JSON Feed are read, in their order."""
    document = read(body)

    assert document.format == form
    assert [one.title for one in document.entries] == ["Entry 1", "Entry 2"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.EMPTY),
        (b" \r\n\t ", FailureKind.EMPTY),
        ("<!DOCTYPE html><html><head><title>rss</title></head><body>Log in</body></html>", FailureKind.HTML),
        ("\n<!-- a --><!-- b --><HTML><body>Just a moment</body></HTML>", FailureKind.HTML),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html/>', FailureKind.HTML),
        ("Service unavailable", FailureKind.NOT_A_FEED),
        ('<?xml version="1.0"?><error code="17"/>', FailureKind.NOT_A_FEED),
        ("<b>Fatal error</b>: no such table", FailureKind.NOT_A_FEED),
        ("[1, 2]", FailureKind.NOT_A_FEED),
        ('{"error": "no such feed"}', FailureKind.NOT_A_FEED),
        ('{"items": [', FailureKind.UNREADABLE),
        ('<rss version="2.0"><channel><title>Ne', FailureKind.UNREADABLE),
        (rss(item(1))[:-60], FailureKind.UNREADABLE),
        (b"\x1f\x8b\x08\x00rubbish", FailureKind.NOT_A_FEED),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_told_apart(body: bytes | str, kind: FailureKind) -> None:
    """F-38, F01, F02: an empty body, a web page, an error text, a feed cut before its first entry: each fails in its own way."""
    assert failure(body) is kind


def test_an_empty_feed_is_a_feed() -> None:
    """F-38: a feed that has no entry today is no failure."""
    assert read(rss()).entries == read(atom()).entries == ()


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1, body="&lt;p&gt;A &amp;amp; b&lt;/p&gt;"), item(2, body="<![CDATA[<p>code: </item> </rss></p>]]>"), item(3)),
        atom(entry(1), entry(2, extra='<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>')),
        RDF.format('<item rdf:about="a"><title>Мост</title></item><item rdf:about="b"><title>Река</title></item>').encode(),
    ],
)  # fmt: skip
def test_a_body_cut_anywhere_gives_whole_entries_only(body: bytes) -> None:
    """F03: wherever the connection broke off, what is read are the first entries, each as it is in the whole document."""
    whole = read(body).entries
    for length in range(0, len(body) - 20, 7):
        document = parse(body[:length], URL)
        if isinstance(document, Document):
            assert document.truncated
            assert document.notes
            assert document.entries == whole[: len(document.entries)]
        else:
            assert body[:length].count(b"</item>") + body[:length].count(b"</entry>") == 0


def test_a_truncated_gzip_keeps_its_whole_entries() -> None:
    """F04, F05: a gzip body that no header announced and that breaks off gives the entries before the break."""
    document = read(gzip.compress(rss(*(item(number) for number in range(1, 300))))[:-400])

    assert document.truncated
    assert document.entries[0] == first(rss(item(1)))


@pytest.mark.parametrize(
    "junk",
    [
        b"\n\n  ",
        b"<br />\n<b>Warning</b>: include(x) in <b>/index.php</b>\n",
        b"\xef\xbb\xbf\n",
        b"<!-- by <rss-maker> -->\n",
    ],
)
@pytest.mark.parametrize("after", [b"", b"\n<!-- cached -->", b"<script>x</script>", b"\n\nWarning: x"])
def test_junk_around_the_document(junk: bytes, after: bytes) -> None:
    """F06: warnings, blank lines, comments and marks before the prolog, and anything behind the end, do no harm."""
    document = read(junk + rss(item(1), item(2)) + after)

    assert document.entries == read(rss(item(1), item(2))).entries
    assert not document.truncated


@pytest.mark.parametrize("missing", [b"</rss>", b">"])
def test_a_last_tag_that_is_missing(missing: bytes) -> None:
    """F03, F06: RSS that ends with its channel is whole; one that ends within its last tag has broken off, with all entries."""
    document = read(rss(item(1), item(2)).removesuffix(missing) + b"\n")

    assert [one.title for one in document.entries] == ["Entry 1", "Entry 2"]
    assert document.truncated is (missing == b">")


def test_a_cdata_section_that_never_ends() -> None:
    """F03, F06: a publisher's forgotten "]]>" does not make a whole document a broken one."""
    assert not read(rss(item(1), item(2, body="<![CDATA[<p>Words."))).truncated


def test_two_documents_glued_together() -> None:
    """F06: of two documents in one body, the entries of both are read."""
    assert [one.id for one in read(rss(item(1)) + b"\n" + rss(item(2))).entries] == ["id-1", "id-2"]


@pytest.mark.parametrize(
    "content_type", ["", "text/xml", "text/html; charset=iso-8859-1", "text/xml; charset*=a%00b''x", "\0;charset=\0"]
)
def test_the_content_type_is_a_hint_only(content_type: str) -> None:
    """F08, F09: a wrong, missing or hostile Content-Type costs no letter of a feed in UTF-8."""
    assert read(rss(item(1, title="Мост открыт")), content_type).entries[0].title == "Мост открыт"


def test_the_charset_of_the_header_is_used() -> None:
    """F08, X-14: bytes that are not UTF-8 are read as the header says."""
    body = rss(item(1, title="Мост открыт")).replace(b"utf-8", b"koi8-r").decode().encode("windows-1251")

    assert read(body, 'text/xml; boundary=x; Charset="windows-1251"').entries[0].title == "Мост открыт"


def test_one_bad_byte_leaves_the_other_entries_alone() -> None:
    """F07: one byte that is not UTF-8 costs one letter of one entry, and is noted."""
    document = read(rss(item(1, title="Мост @ открыт"), item(2, title="Kütüphane açıldı")).replace(b"@", b"\xe9"))

    assert [one.title for one in document.entries] == ["Мост é открыт", "Kütüphane açıldı"]
    assert any("encoding" in note for note in document.notes)


@pytest.mark.parametrize(
    "title",
    [
        "a\x00b\x08c\x18d",
        "a&#0;b&#8;c&#x18;d",
        "ab&#xD800;cd",
        "ab&#55296cd",
        "ab&#x000000000000000000D800;cd",
        "ab\ufffecd",
    ],
)
def test_forbidden_characters_cost_nothing_else(title: str) -> None:
    """F14, X-14: NUL, controls and half surrogates, written or referred to, vanish from the words around them."""
    found = first(rss(item(1, title=title, body=f"&lt;p&gt;{title}&lt;/p&gt;")))

    assert found.title == "abcd"
    assert found.summary == "<p>abcd</p>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "dtd",
    [
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>',
        f'<!DOCTYPE rss [<!-- {"x" * 300_000} --><!ENTITY l0 "ha">{LAUGHS}]>',
        f'<!DOCTYPE rss [<!ENTITY l0 "{"ha" * 40_000}">{LAUGHS}]>',
        '<!DOCTYPE rss [<!ENT<!ENTITY x "y">ITY l9 "<i>&l9;</i>">]>',
        '<!DOCTYPE rss [<!ENTITY l9 "&l9;">]>',
        '<!DOCTYPE rss [<!ENTITY % l9 "haha"> %l9;]>',
    ],
)  # fmt: skip
def test_entities_do_not_grow(dtd: str) -> None:
    """X-10, F11: a billion laughs, wherever they hide in the DTD, come to nothing; the document around them is read."""
    body = rss(item(1, title="&l9; Bridge"), item(2)).decode().replace("?>", f"?>{dtd}", 1)
    document = read(body)

    assert len(document.entries[0].title) < 100
    assert document.entries[1].title == "Entry 2"


def test_short_entities_of_a_publisher_are_kept() -> None:
    """X-10: an entity that is a few plain characters is no danger, and is resolved."""
    dtd = '<!DOCTYPE rss [<!ENTITY co "Bridges & Co"><!ENTITY city \'Riverton\'><!ENTITY amp2 "ok">]>'
    body = rss(item(1, title="&amp2; &city;")).decode().replace("?>", f"?>{dtd}", 1)

    assert first(body).title == "ok Riverton"


ASKED: list[str] = []
sys.addaudithook(
    lambda event, arguments: ASKED.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None
)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss SYSTEM "{}">',
        '<!DOCTYPE rss PUBLIC "-//X//Y" "{}">',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "{}">]>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "{}"> %x;]>',
        '<?xml-stylesheet type="text/xsl" href="{}"?>',
    ],
)
@pytest.mark.parametrize("place", ["file", "web"])
def test_nothing_outside_the_document_is_read(head: str, place: str, tmp_path: Path) -> None:
    """X-10, F12: no entity, DTD, style sheet or XInclude is opened, neither from a file nor from the web."""
    secret = tmp_path / "secret"
    secret.write_text("The word is Brücke.")
    url = secret.as_uri() if place == "file" else "http://127.0.0.1:9/x.dtd"
    include = (
        f'<description xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}" parse="text"/></description>'
    )
    body = rss(item(1, title="&x;", extra=include)).decode().replace("?>", f"?>{head.format(url)}", 1)
    ASKED.clear()
    document = read(body)

    assert "Brücke" not in repr(document)
    assert len(document.entries) == 1
    assert ASKED == []


@pytest.mark.parametrize(
    "body",
    [
        rss("<item>" + "<a>" * 20_000 + "</a>" * 20_000 + "<title>Entry 1</title></item>"),
        rss(item(1, body="&lt;div&gt;" * 20_000)),
        rss(item(1, body="&lt;i lang=x&gt;" * 20_000)),
        rss(item(1, body="&lt;p &lt;!-- " * 20_000)),
        rss(item(1, extra="<dc:creator>" + "@" * 500_000 + "</dc:creator>")),
        rss(item(1, guid="&amp;#" + "9" * 5000 + ";")),
        rss(item(1), extra="<id " * 100_000 + ">"),
        rss(item(1), extra="<id>" + " " * 500_000 + "<x/></id>"),
        b"<!-- x -->" * 100_000 + rss(item(1)),
        rss(item(1)).replace(b"<rss", b"<!DOCTYPE rss [" + b"<!ENTITY " * 50_000 + b"]><rss", 1),
        rss(item(1)) + b"</rss" + b" " * 500_000,
    ],
)  # fmt: skip
def test_hostile_documents_are_read_in_one_go(body: bytes) -> None:
    """X-11, F13, F43: depth, openings without ends and endless fields take no more time than their length."""
    assert first(body).title == "Entry 1"


@pytest.mark.parametrize("body", ['{"items": ' + "[" * 20_000, '{"items": ' + "[" * 20_000 + "]" * 20_000 + "}"])
def test_deep_json_is_no_feed(body: str) -> None:
    """F13: JSON nested twenty thousand deep is unreadable, not a crash."""
    assert failure(body) is FailureKind.UNREADABLE


def test_a_crowded_tag_is_refused() -> None:
    """X-11, F43: a tag with thousands of attributes, over which the parser would brood, is refused at once."""
    crowded = "".join(f' a{number}="x"' for number in range(5000))

    assert failure(rss(item(1)).replace(b"<item>", f"<item{crowded}>".encode())) is FailureKind.UNREADABLE


def test_too_much_is_bounded() -> None:
    """X-11, F29: only so many entries are read, with a note; titles, ids and links have an end."""
    document = read(rss(*(f"<item><guid>{n}</guid></item>" for n in range(MOST_ENTRIES + 5))))
    long = "x" * 100_000
    found = first(
        rss(
            f"<item><title>{long}</title><guid isPermaLink='false'>{long}</guid><link>https://n.example/{long}</link></item>"
        )
    )
    other = first(rss(f"<item><guid>{long}y</guid></item>"))

    assert len(document.entries) == MOST_ENTRIES
    assert any(str(MOST_ENTRIES) in note for note in document.notes)
    assert (len(found.title), found.link, len(found.id) < 100, found.id != other.id) == (2000, "", True, True)


def test_a_short_article_has_a_summary_too() -> None:
    """An entry with nothing but a short content has its first paragraph as summary, so that no output shows it empty."""
    body = "<content:encoded><![CDATA[<p>A ship was sold.</p><p>More.</p>]]></content:encoded>"
    read = parse(rss(f"<item><title>Sale</title><guid>1</guid>{body}</item>"))

    assert isinstance(read, Document)
    assert read.entries[0].summary == "A ship was sold."


def test_the_links_for_machines_are_read() -> None:
    """W-01, P-04: hubs, self and archives of the feed, absolute, each once, and none of an entry's."""
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:x</id><updated>2026-01-01T00:00:00Z</updated>'
        '<link rel="HUB" href="https://hub.example/"/><link rel="hub" href="/own-hub"/><link rel="self" href="/a.atom"/>'
        '<link rel="prev-archive" href="2025.atom"/><link href="/"/>'
        '<entry><id>urn:1</id><title>e</title><link rel="next" href="/no"/><updated>2026-01-01T00:00:00Z</updated></entry></feed>'
    )
    read = parse(feed.encode(), "https://paper.example/a.atom")
    assert isinstance(read, Document)
    assert [(link.rel, link.href) for link in read.links] == [
        ("hub", "https://hub.example/"),
        ("hub", "https://paper.example/own-hub"),
        ("self", "https://paper.example/a.atom"),
        ("prev-archive", "https://paper.example/2025.atom"),
    ]
