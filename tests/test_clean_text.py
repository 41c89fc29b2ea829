"""Titles, plain text and links out of a stranger's HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.clean import (
    absolute,
    clean,
    escape,
    has_blocks,
    looks_like_html,
    paragraphs,
    plain_text,
    title_text,
    unescape,
)
from feeds.decode import legal
from tests.test_clean import BASE


@pytest.mark.parametrize(
    ("safe", "words"),
    [
        ("<p>One &amp; <b>two</b></p><p>three</p>", "One & two\nthree"),
        ("one<br>two<hr>three", "one\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul><table><tr><td>c</td><td>d</td></tr></table>", "a\nb\nc\nd"),
        ("<p>in<b>ner</b>most\n   words</p>", "innermost words"),
        ("<p>&lt;b&gt; &quot;q&quot; &#169;</p>", '<b> "q" ©'),
        ('<p title="a&gt;b &lt;p&gt;">x</p>', "x"),
        ("", ""),
    ],
)
def test_plain_text(safe: str, words: str) -> None:
    """The words of a fragment: a line a block, no markup, references resolved once."""
    assert plain_text(safe) == words


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_plain_text_comes_through_unchanged(text: str) -> None:
    """X-21, J-02: any plain text, escaped and cleaned, says the same words again, and no more than that."""
    once = " ".join(legal(text).split())

    assert " ".join(plain_text(clean(escape(once))).split()) == once


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Bridge &amp; river", "Bridge & river"),
        ("Bridge & river", "Bridge & river"),
        ("AT&T", "AT&T"),
        ("<3 Deno", "<3 Deno"),
        ("a < b > c", "a < b > c"),
        ("Vec<T> of List<String>", "Vec<T> of List<String>"),
        ("How <div> works", "How <div> works"),
        ("<b>Bold</b> news", "Bold news"),
        ("one<br/>two", "onetwo"),
        ("&lt;b&gt;twice&lt;/b&gt;", "<b>twice</b>"),
        ("&amp;amp;", "&amp;"),
        ("&#8220;x&#8221; &eacute;", "“x” é"),
        ("  two\n lines\t", "two lines"),
        ("<!-- note -->x<i>y</i>", "xy"),
        ("grÃ¶ÃŸer", "größer"),
        ("", ""),
    ],
)
def test_titles_that_nobody_typed(raw: str, title: str) -> None:
    """X-21, F25: one decode; sure tags go, and "<3", "List<T>" and "How <div> works" keep their words."""
    assert title_text(raw, is_html=False) == title


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Vec&lt;T&gt;", "Vec<T>"),
        ("<foo>x</foo> <3", "x <3"),
        ("a<script>b</script>", "ab"),
        ("<img src=x onerror=y>x", "x"),
    ],
)
def test_titles_declared_as_html(raw: str, title: str) -> None:
    """X-21, F26: in a title that is declared as HTML every tag goes, and references are resolved once."""
    assert title_text(raw, is_html=True) == title


def test_a_number_without_end_is_a_character_nobody_knows() -> None:
    """F14: a reference of five thousand digits is one unknown character, not an exception."""
    assert unescape("a&#" + "1" * 5000 + ";b") == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "html_after_all"),
    [
        ("<p>x", True),
        ("x<br/>", True),
        ("</b>", True),
        ("a &amp; b", True),
        ("use <script> tags", False),
        ("a < b & c", False),
    ],
)
def test_plain_text_that_is_html_after_all(text: str, html_after_all: bool) -> None:
    """X-21: an end tag, a line break or a reference betrays HTML; a tag that is only spoken of does not."""
    assert looks_like_html(text) is html_after_all


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/x y", "https://a.example/x%20y"),
        (" https://a.example/x\n ", "https://a.example/x"),
        ("https://a.example/\nlong\n  path", "https://a.example/longpath"),
        ("x", "https://news.example/2026/x"),
        ("news.example/y", "https://news.example/y"),
        ('https://a.example/"<x>', "https://a.example/%22%3Cx%3E"),
        ("https://a.example/мост", "https://a.example/мост"),
        ("", ""), ("javascript:x", ""), ("mailto:a@b.example", ""), ("http://[", ""), ("tag:a.b,2026:1", ""), ("https:", ""),
    ],
)  # fmt: skip
def test_absolute_links(url: str, link: str) -> None:
    """V-07, X-27, X-25: a link is an absolute web address without spaces, quotes or line breaks, or none."""
    assert absolute(url, BASE) == link


def test_lines_and_blocks() -> None:
    """Paragraphs come from blank lines, from every line only where asked; blocks are told from inline markup."""
    assert paragraphs("one\r\n\r\ntwo") == "<p>one</p><p>two</p>"
    assert paragraphs("one\ntwo") == "one\ntwo"
    assert paragraphs("one\ntwo", every_line=True) == "<p>one</p><p>two</p>"
    assert [has_blocks(one) for one in ("<b>x</b>", "x<br>y", "<P class=x>", "<pre>", "<part>", "< p>")] == [
        False, True, True, True, False, False,
    ]  # fmt: skip


def test_a_long_base_is_not_repeated_without_end() -> None:
    """X-11: relative links of one text get their base as long as together it adds no tens of megabytes."""
    base = "https://news.example/" + "b" * 20_000 + "/"

    assert clean("<p><a href=x>w</a></p>", base).count(base) == 1
    assert len(clean("<img src=x>" * 3000, base)) < 1000


@pytest.mark.parametrize(
    "raw", ["<<b>script>alert(1)<<b>/script>", "<<<i>b>script>x<<<i>b>/script>", "<b" * 9 + ">" * 9]
)
def test_no_tag_comes_together_from_pieces(raw: str) -> None:
    """X-21, F26: tags that only stand once others inside them are gone are gone as well."""
    assert "<script" not in title_text(raw, is_html=True)
    assert "<script" not in title_text(f"<p>{raw}</p>", is_html=False)
