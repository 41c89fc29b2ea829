"""Words that arrive broken: encodings that lie, characters that no document may hold, titles escaped too often.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from feeds.clean import straight
from tests.fakes import item, rss
from tests.faultserver import page
from tests.stage import Stage, brought

MOJIBAKE = ("Ã", "Ð", "Å¡", "Ä", "\ufffd", "â€")
CZECH = "Příliš žluťoučký kůň"
KAZAKH = "Қазақстан әуе күштері"
RUSSIAN = "Новости обороны: учения"


def declared(text: str, encoding: str, *, said: str = "") -> bytes:
    """A feed with this title, in an encoding, saying that or another one of itself."""
    return rss(item(5, title=text)).decode().replace('"utf-8"', f'"{said or encoding}"', 1).encode(encoding)


def reads(stage: Stage, title: str) -> None:
    """The one new entry has exactly this title, in the store and in our own feed."""
    assert stage.titles()[3:] == [title]
    root = ElementTree.fromstring(stage.published())
    assert title in [found.text for found in root.iter("{http://www.w3.org/2005/Atom}title")]


@pytest.mark.parametrize("text", [CZECH, KAZAKH])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xe9"])
def test_f07_one_invalid_utf8_byte(stage: Stage, text: str, bad: bytes) -> None:
    """F07, X-14: one byte that is not UTF-8 costs at most itself; every other word of the feed is right."""
    body = rss(item(5, title=text), item(6, title="Broken |")).replace(b"Broken |", b"Broken " + bad + b" here")
    brought(stage.poll(page(body)), 2, "encoding is broken")

    kept, broken = stage.entry("id-5").title, stage.entry("id-6").title
    assert kept == text
    assert broken.startswith("Broken ")
    assert broken.endswith(" here")
    stage.mends()


@pytest.mark.parametrize(
    ("body", "header", "title"),
    [
        (declared(CZECH, "iso-8859-2"), "text/xml", CZECH),
        (declared(RUSSIAN, "windows-1251"), "text/xml", RUSSIAN),
        (declared(RUSSIAN, "windows-1251"), "text/xml; charset=utf-8", RUSSIAN),
        (declared(RUSSIAN, "windows-1251", said="utf-8"), "application/rss+xml; charset=windows-1251", RUSSIAN),
        (declared(RUSSIAN, "utf-8", said="windows-1251"), "text/xml; charset=us-ascii", RUSSIAN),
        (declared(CZECH, "utf-8"), "text/xml; charset=iso-8859-1", CZECH),
        (declared(KAZAKH, "utf-16"), "text/xml; charset=utf-8", KAZAKH),
        (declared(KAZAKH, "utf-8", said="utf-16"), "text/xml", KAZAKH),
        (b"\xef\xbb\xbf" + declared(KAZAKH, "utf-8", said="koi8-r"), "text/xml; charset=windows-1251", KAZAKH),
        (declared("日本の防衛", "shift_jis"), "text/xml", "日本の防衛"),
        (declared("한국 뉴스", "euc-kr"), "", "한국 뉴스"),
        (declared("İstanbul şöyle", "iso-8859-9"), "text/xml; charset=nonsense-9", "İstanbul şöyle"),
    ],
)
def test_f08_prolog_header_mark_and_bytes_disagree(stage: Stage, body: bytes, header: str, title: str) -> None:
    """F08, X-14: where XML declaration, HTTP charset, the byte order mark and the bytes disagree, words come out right."""
    brought(stage.poll(page(body, *([f"Content-Type: {header}"] if header else []))), 1)
    reads(stage, title)
    stage.mends()


def test_f08_utf_7_is_not_read(stage: Stage) -> None:
    """F08, X-14: UTF-7, which hides markup from every check, is words like any other, not an encoding."""
    body = rss(item(5, title="+ADw-script+AD4-x")).replace(b'"utf-8"', b'"utf-7"', 1)
    brought(stage.poll(page(body, "Content-Type: text/xml; charset=utf-7")), 1)
    reads(stage, "+ADw-script+AD4-x")
    stage.mends()


@pytest.mark.parametrize(
    "bad", ["\x00", "\x08", "\x18", "\x0b", "\ufffe", "&#0;", "&#x8;", "&#24;", "&#xD800;", "&#xFFFF;"]
)
def test_f14_characters_that_xml_does_not_allow(stage: Stage, bad: str) -> None:
    """F14, X-14: controls, half surrogates and what XML forbids are removed, written out or by number; our feed is XML still."""
    brought(stage.poll(page(rss(item(5, title=f"Be{bad}fore", body=f"Wo{bad}rds")))), 1)
    reads(stage, "Before")
    assert stage.entry("id-5").text == "Words"
    for form in ("atom", "rss"):
        ElementTree.fromstring(stage.published(form))
    stage.mends()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Fish &amp; chips", "Fish & chips"), ("Fish &amp;amp; chips", "Fish & chips"), ("R&amp;amp;D &amp;lt;3", "R&D <3"),
        ("&lt;3 Deno", "<3 Deno"), ("<![CDATA[<3 Deno]]>", "<3 Deno"), ("A &lt; B &gt; C", "A < B > C"),
        ("&lt;b&gt;Bold&lt;/b&gt; words", "Bold words"), ("<![CDATA[AT&T]]>", "AT&T"), ("AT&T", "AT&T"),
        ("List&lt;T&gt;", "List<T>"), ("Don&amp;#8217;t", "Don’t"), ("Caf&eacute;", "Café"),
    ],
)  # fmt: skip
def test_f25_titles_escaped_once_twice_or_not_at_all(stage: Stage, written: str, read: str) -> None:
    """F25, X-21: a title is words after one reading of its escapes; "<3" does not vanish, and tags do."""
    line = stage.poll(page(rss(item(5, title=written))))

    assert (line.outcome, line.new) == ("fetched", 1)
    reads(stage, read)
    stage.mends()


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["Häuser für Übungen", "Müdafiə naziri — “söz”", "Учения в Ташкенте"])
def test_f46_words_encoded_twice(stage: Stage, text: str, wrong: str) -> None:
    """F46: UTF-8 taken for Latin-1 or Windows-1252 and encoded again is mended in title and text."""
    twice = "".join(
        bytes([byte]).decode("cp1252" if wrong == "cp1252" and byte not in b"\x81\x8d\x8f\x90\x9d" else "latin-1")
        for byte in text.encode()
    )
    brought(stage.poll(page(rss(item(5, title=twice, body=twice)))), 1)
    reads(stage, text)
    assert stage.entry("id-5").text == text
    stage.mends()


@pytest.mark.parametrize("text", ["«été»", "Ã is a letter", "São Paulo â Rio", "ÄÖÜ", "Đà Nẵng"])
def test_f46_words_that_only_look_so(stage: Stage, text: str) -> None:
    """F46: words that are right are left as they are."""
    brought(stage.poll(page(rss(item(5, title=text)))), 1)
    reads(stage, text)


def test_f48_an_encoding_that_nobody_names(stage: Stage) -> None:
    """F48, X-14: bytes without any declared encoding are read in one and the same way, whichever libraries are installed."""
    body = rss(item(5, title=RUSSIAN)).decode().replace(' encoding="utf-8"', "").encode("windows-1251")
    line = stage.poll(page(body))
    first = stage.entry("id-5").title

    brought(line, 1, "encoding is broken", "Windows-1252")
    assert first == RUSSIAN.encode("windows-1251").decode("cp1252")
    assert stage.poll(page(body + b" ")).changed == 0
    stage.mends()


def test_f48_the_header_names_what_the_document_does_not(stage: Stage) -> None:
    """F48: the same bytes under a header that names their encoding are right."""
    body = rss(item(5, title=RUSSIAN)).decode().replace(' encoding="utf-8"', "").encode("windows-1251")
    brought(stage.poll(page(body, "Content-Type: text/xml; charset=windows-1251")), 1)
    reads(stage, RUSSIAN)
    assert not any(mark in stage.entry("id-5").title for mark in MOJIBAKE)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"), ("a\u202egpj.exe", "agpj.exe"), ("a\u202db\u202cc", "abc"), ("\u202bab", "\u202bab\u202c"),
        ("\u2067a\u202bb", "\u2067a\u202bb\u202c\u2069"), ("\u2067a\u2069 b", "\u2067a\u2069 b"), ("a\u202c\u2069b", "ab"),
        ("שלום\u200f!", "שלום\u200f!"), ("\u202ba\u202eb\u202cc", "\u202bab\u202cc"),
    ],
)  # fmt: skip
def test_f28_a_title_turns_its_own_words_only(written: str, read: str) -> None:
    """F28: overrides are removed, embeddings and isolates closed, strays dropped; honest marks stay."""
    assert straight(written) == read
    assert straight(read) == read
