"""Bytes as characters: encodings that lie, characters that XML forbids, compression that nobody announced."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable
from encodings.aliases import aliases

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.decode import MOST_BYTES, decode, legal, undoubled, unpacked

WORDS = "Мосты через реку Žďár: größer, daha büyük, «été»"
RUSSIAN = "Мосты через реку открыли утром"


def feed(words: str, encoding: str = "") -> str:
    """A feed that says these words, and perhaps its encoding."""
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else ""
    return f"{declared}<rss><title>{words}</title></rss>"


def words(body: bytes, charset: str = "") -> str:
    """What stands in the title."""
    text, _ = decode(body, charset)
    return text.partition("<title>")[2].partition("</title>")[0]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides(mark: bytes, encoding: str) -> None:
    """X-14, F08: whatever header and prolog say, the byte order mark is believed, and is no part of the text."""
    body = mark + feed(WORDS, "windows-1251").encode(encoding)

    assert decode(body, "iso-8859-1") == (feed(WORDS), ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("before", ["", "\n", " \r\n\t"])
def test_wide_characters_show_without_a_mark(encoding: str, before: str) -> None:
    """X-14, F06: two- and four-byte characters are recognised by the first bracket, behind blank lines too."""
    text, notes = decode((before + feed(WORDS)).encode(encoding))

    assert text.lstrip() == feed(WORDS)
    assert notes == ()


@pytest.mark.parametrize(
    "charset", ["", "us-ascii", "iso-8859-1", "windows-1251", "utf-16", "utf-8", "no-such-charset"]
)
@pytest.mark.parametrize("declared", ["", "us-ascii", "iso-8859-9", "koi8-r", "utf-16", "utf-8"])
def test_valid_utf_8_is_utf_8(charset: str, declared: str) -> None:
    """X-14, F08: valid UTF-8 with letters beyond ASCII is read as that, whatever header and prolog claim."""
    assert words(feed(WORDS, declared).encode(), charset) == WORDS


@pytest.mark.parametrize("padding", ["", " "])
@pytest.mark.parametrize("declared", ["utf-16", "utf-16le", "UTF-32", "cp037"])
def test_a_wrong_width_is_not_believed(declared: str, padding: str) -> None:
    """F08: encoding="utf-16" in one-byte characters, as .NET writes it, does not turn the feed into Chinese."""
    assert words((feed("Plain words", declared) + padding).encode()) == "Plain words"


@pytest.mark.parametrize(
    ("charset", "declared", "actual"),
    [
        ("windows-1251", "", "cp1251"),
        ("windows-1251", "utf-8", "cp1251"),
        ("koi8-r", "windows-1251", "koi8-r"),
        ("", "windows-1251", "cp1251"),
        ("utf-8", "windows-1251", "cp1251"),
        ("us-ascii", "windows-1251", "cp1251"),
        ("no-such-charset", "koi8-r", "koi8-r"),
        ("utf-7", "koi8-r", "koi8-r"),
    ],
)
def test_the_header_comes_before_the_prolog(charset: str, declared: str, actual: str) -> None:
    """X-14, F08, F48: where it is not UTF-8, a header that can be true wins, then the prolog; never a guess."""
    assert decode(feed(RUSSIAN, declared).encode(actual), charset) == (feed(RUSSIAN), ())


def test_json_in_an_old_encoding() -> None:
    """X-14: what has no tag but braces is read as its header says, too."""
    text = f'{{"title": "{RUSSIAN}"}}'

    assert decode(text.encode("cp1251"), " Windows-1251 ") == (text, ())


@pytest.mark.parametrize(
    ("told", "actual", "said"),
    [
        ("iso-8859-1", "cp1252", "“Brücke” – 5 €"),
        ("iso-8859-9", "cp1254", "“Köprü” – İŞ"),
        ("gb2312", "gb18030", "桥梁與鎔"),
        ("shift_jis", "cp932", "橋①"),
        ("euc-kr", "cp949", "다리 똠"),
    ],
)
def test_what_writers_mean_by_a_name(told: str, actual: str, said: str) -> None:
    """X-14: names of old encodings are read as the larger ones that browsers read under them."""
    assert words(feed(said).encode(actual), told) == said


@pytest.mark.parametrize("charset", ["", "utf-8", "iso-8859-1", "windows-1251"])
def test_one_bad_byte_costs_one_character(charset: str) -> None:
    """F07: one byte that is not UTF-8 is read as Windows-1252; every other character stays, and a note says so."""
    body = feed(f"{RUSSIAN} @ {RUSSIAN}").encode().replace(b"@", b"\xe9")
    text, notes = decode(body, charset)

    assert text == feed(f"{RUSSIAN} é {RUSSIAN}")
    assert len(notes) == 1
    assert "encoding is broken" in notes[0]


def test_a_text_cut_within_a_character() -> None:
    """F03, F07: a body that breaks off inside a character keeps the others, in UTF-8 and in other wide encodings."""
    chinese = "桥梁在早上开放了" * 3

    assert decode(feed(RUSSIAN).encode()[:-16])[0].startswith(f"<rss><title>{RUSSIAN[:-1]}")
    assert decode(feed(chinese).encode("gbk")[:-15], "gbk")[0].startswith(f"<rss><title>{chinese[:-1]}")


def test_without_any_hint_western_letters_are_read() -> None:
    """F07, F48: bytes that are not UTF-8, with no encoding named, are Windows-1252, as most such are."""
    assert words(feed("Brücke “neu”").encode("cp1252")) == "Brücke “neu”"


def test_a_false_mark_is_forgiven() -> None:
    """F08: a UTF-8 mark in front of Windows-1251, with a prolog that tells the truth."""
    assert words(codecs.BOM_UTF8 + feed(RUSSIAN, "windows-1251").encode("cp1251")) == RUSSIAN


def test_a_prolog_behind_junk_still_counts() -> None:
    """F06, F08: a warning in front of the prolog does not hide the encoding."""
    body = b"<b>Warning</b>: no such file\n" + feed(RUSSIAN, "windows-1251").encode("cp1251")

    assert words(body) == RUSSIAN


@pytest.mark.parametrize(
    "charset", ["utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "rot13", "hex"]
)
def test_codecs_that_hide_things_are_refused(charset: str) -> None:
    """F08, X-14: UTF-7, escapes and other disguises are not undone, though Python could."""
    body = feed(r"+ADw-b+AD4- \x3cb\x3e \u0041 xn--e1afmkfd").encode()

    assert decode(body, charset) == (body.decode(), ())


def test_no_charset_of_python_makes_it_stumble() -> None:
    """X-14: every name that Python knows, and some that it does not, reads any bytes without an exception or a warning."""
    bodies = (bytes(range(256)) + b"<rss>", b"<rss>\\x41\\N{x}\xff", b"{}", b"+AGE-<")
    names = {*aliases, *aliases.values(), "", "\0", "a\0b", "x" * 1000, "ünï", "../x", "_"}

    assert all(isinstance(decode(body, name)[0], str) for name in names for body in bodies)


def test_forbidden_characters_are_removed() -> None:
    """F14, X-14, V-09: NUL, other controls, U+FFFE and U+FFFF go; tab, line break and the rest of the words stay."""
    text, notes = decode("<a>one\x00\x08\x0b\x0c\x18\x1f\ufffe\uffff\ttwo\r\nthree 🌉</a>".encode())

    assert text == "<a>one\ttwo\r\nthree 🌉</a>"
    assert notes == ("8 characters that XML does not allow were removed",)


@pytest.mark.parametrize(
    "reference",
    ["&#0;", "&#8;", "&#x1F;", "&#xD800;", "&#55296;", "&#xDFFF;", "&#xFFFE;", "&#x110000;", "&#99999999999;", "&#xD800",
     "&#x0000000000000000000000D800;", "&#0000000000000000000000000055296;", "&#" + "9" * 5000 + ";", "&#X8;"],
)  # fmt: skip
def test_references_to_forbidden_characters_are_removed(reference: str) -> None:
    """F14: a reference to what may not be there is not there, however it is spelt; feedparser would stop at some."""
    assert words(feed(f"one {reference} two").encode()) == "one  two"


@pytest.mark.parametrize(
    "reference", ["&#65;", "&#x41;", "&#x1F309;", "&#9;", "&amp;#xD800;", "&#x;", "&# 65;", "&#000065;"]
)
def test_other_references_stay_as_they_are(reference: str) -> None:
    """F14: references to legal characters are left to the parser."""
    assert words(feed(f"one {reference} two").encode()) == f"one {reference} two"


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "windows-1251", "utf-16", "gbk", "iso-2022-jp"]))
def test_any_bytes_become_legal_text(body: bytes, charset: str) -> None:
    """X-14, V-09: any bytes at all become text that an XML parser takes."""
    text, _ = decode(body, charset)
    element = etree.Element("a")
    element.text = text

    assert legal(text) == text


@pytest.mark.parametrize(
    ("twice", "once"),
    [
        ("grÃ¶ÃŸer", "größer"),
        ("lâ€™espion", "l’espion"),
        ("â€œBridgeâ€\x9d â€” open", "“Bridge” — open"),
        ("ÐœÐ¾Ñ\x81Ñ‚", "Мост"),
        ("Ä°Å\x9f", "İş"),
        ("Â£30", "£30"),
    ],
)
def test_words_that_were_encoded_twice(twice: str, once: str) -> None:
    """F46: UTF-8 that was taken for Windows-1252 and encoded again is undone."""
    assert undoubled(twice) == once


@pytest.mark.parametrize(
    "text", ["", "plain", "größer", "«été»\u00a0: là", "NÃO", "está»\u00a0x", "“Ã¶” it says", "Мост", "Ã", "Â "]
)
def test_words_that_were_not(text: str) -> None:
    """F46: words that are not such UTF-8 from beginning to end are left alone, even where a part could be."""
    assert undoubled(text) == text


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4]])
def test_a_compression_that_no_header_told_of(pack: Callable[[bytes], bytes]) -> None:
    """F05: gzip, zlib and bare deflate are recognised and undone."""
    body = feed(WORDS).encode()

    assert unpacked(pack(body)) == body


@pytest.mark.parametrize(
    "body", [b"", b"<rss/>", b'{"items": []}', b"\x1f\x8b no gzip", b"no feed at all", b"x\x9c<rss/>"]
)
def test_what_is_not_compressed_stays(body: bytes) -> None:
    """F05: a body that is not compressed, or only looks so, is left as it came."""
    assert unpacked(body) == body


def test_a_truncated_gzip_gives_what_it_holds() -> None:
    """F04: of a gzip stream that breaks off, what can be unpacked is read."""
    body = b"".join(b"<item>%d</item>" % number for number in range(5000))
    part = unpacked(gzip.compress(body)[:-2000])

    assert len(part) > 1000
    assert body.startswith(part)


def test_a_bomb_is_not_unpacked_whole() -> None:
    """X-12, F10: more than the limit is never unpacked."""
    assert len(unpacked(zlib.compress(b"<" * (MOST_BYTES + 1_000_000)))) == MOST_BYTES
