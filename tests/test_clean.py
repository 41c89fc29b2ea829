"""A stranger's HTML, and what is left of it; titles, plain text, links."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from feeds.clean import (
    absolute,
    clean,
    escape,
    has_blocks,
    is_too_deep,
    looks_like_html,
    paragraphs,
    plain_text,
    title_text,
    unescape,
)
from feeds.decode import legal

BASE = "https://news.example/2026/post"

# Each is written so that its words become markup, or its markup another one, when a parser reads it a second time.
MUTANTS = [
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<title><a title=\"</title><script>alert(1)</script>\">",
    "<textarea><img title=\"</textarea><img src onerror=alert(1)>\"></textarea>",
    "<template><s><template><s><img src=x onerror=alert(1)>@</s></template>",
    "<xmp><p title=\"</xmp><svg/onload=alert(1)>\">",
    "<iframe><p title=\"</iframe><img src onerror=alert(1)>\">",
    "<select><template></select><img src=x onerror=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[><script>alert(1)</script>]]>",
    "<pre>\n\n\n first line",
    "<table><b><tr><td>one</b><p>two</table>three",
    "<a href=/x><table><a href=/y>two</table>",
    "<p><b><p><i></b></i><div></p>mis<b>nested",
    "&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt;b&amp;gt; &#60;i&#62;",
    "<b title='\"><script>alert(1)</script>'>x</b>",
    "<plaintext>all the <b>rest",
    "<h1><h2></h1>x</h2><li><ul></li>",
    "one\n\n<!-- <p> -->two\n\n<script><p></script>three",
    "<a title='one\n\ntwo'>x</a>",
]  # fmt: skip
TOKENS = re.findall(
    r"\S+(?: href=/x>| src=x>| lang=a>)?",
    "<p> </p> <b> </b> <a href=/x> </a> <table> <td> </td> </table> <tr> <div> </div> <pre> </pre> <svg> </svg> <math> <style> "
    "</style> <!-- --> <script> </script> <title> <noscript> <img src=x> <form> <mtext> <mglyph> <ul> <li> <template> <select> "
    "<option> <br> <h1> <foo> <ruby> <rt> <details> <caption> <col> &nbsp; &lt; &#12; <plaintext> <xmp> <textarea> <frameset> "
    "<iframe> <i lang=a> </i> <nobr> <button> ]]> x y",
)
SOUP = st.lists(st.sampled_from([*TOKENS, "\n", "\n\n", " ", '"', "'"]) | st.text(max_size=3), max_size=20).map("".join)


def elements(safe: str) -> list[html.HtmlElement]:
    """The elements of a fragment."""
    return [*html.fragment_fromstring(safe, create_parent="main").iter()][1:]


@pytest.mark.parametrize("fragment", MUTANTS)
def test_mutants_are_the_same_when_cleaned_again(fragment: str) -> None:
    """X-23: sanitising twice gives what sanitising once gave, with and without a base."""
    once = clean(fragment, BASE)

    assert clean(once, BASE) == once
    assert clean(once) == once


@settings(deadline=None, max_examples=300)
@given(SOUP)
def test_any_soup_is_the_same_when_cleaned_again(fragment: str) -> None:
    """X-23: sanitising is idempotent, whatever the fragment."""
    once = clean(fragment, BASE)

    assert clean(once, BASE) == once


@settings(deadline=None, max_examples=200)
@given(SOUP)
def test_any_soup_is_harmless(fragment: str) -> None:
    """X-20, V-11: of any fragment, no forbidden element, handler, style or scheme is left."""
    for element in elements(clean(fragment, BASE)):
        assert str(element.tag) not in {
            "script",
            "style",
            "iframe",
            "object",
            "svg",
            "math",
            "form",
            "template",
            "input",
        }
        assert not {
            name for name in element.attrib if str(name).startswith("on") or name in {"style", "id", "class", "srcdoc"}
        }
        assert re.match(r"https?:|mailto:", element.get("href") or element.get("src") or "https:")


@pytest.mark.parametrize("fragment", MUTANTS)
def test_mutants_are_harmless(fragment: str) -> None:
    """X-20: no known trick of mutation leaves a script or a handler."""
    for element in elements(clean(fragment, BASE)):
        assert element.tag not in {"script", "style", "svg", "math", "iframe"}
        assert not any(str(name).startswith("on") for name in element.attrib)


@pytest.mark.parametrize(
    "dropped",
    [
        "<script>alert(1)</script>", "<style>p{color:red}</style>", "<noscript>words</noscript>", "<iframe src=//a.b></iframe>",
        "<object data=x>words</object>", "<embed src=x>", "<svg onload=alert(1)>words</svg>", "<math>words</math>",
        "<form action=x>words<input></form>", "<template>words</template>", "<button>words</button>", "<!-- words -->",
        "<textarea>words</textarea>", "<select><option>words</select>", "<link rel=stylesheet href=x>", "<meta http-equiv=x>",
        "<base href=//evil.example/>",
    ],
)  # fmt: skip
def test_elements_that_go_with_their_content(dropped: str) -> None:
    """X-20, F26: what runs, loads, styles or asks goes, with everything in it; what stands around it stays."""
    assert clean(f"<p>one</p>{dropped}<p>two</p>") == "<p>one</p><p>two</p>"


@pytest.mark.parametrize("tag", ["blink", "font", "big", "foo-bar", "o:p", "nobr", "title"])
def test_unknown_elements_leave_their_words(tag: str) -> None:
    """X-20: an element that is merely not allowed goes, its words stay."""
    assert clean(f"<p>one <{tag} color=red>two</{tag}> three</p>") == "<p>one two three</p>"


def test_attributes_that_go() -> None:
    """X-20, X-22, F26: handlers, styles, names and the rest of what is not listed go; lang, dir and title stay."""
    said = '<p onclick="x" style="x" id="top" class="c" name="n" data-x="1" lang="tr" dir="ltr" title="t">x</p>'
    found = elements(clean(said))[0]

    assert dict(found.attrib) == {"lang": "tr", "dir": "ltr", "title": "t"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "java\tscript:alert(1)",
        "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "\x01javascript:alert(1)", "vbscript:x", "data:text/html,x",
        "file:///etc/passwd", "ftp://a.example/", "blob:https://a.example/1", "feed:https://a.example/", "tel:1",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "holder",
    [
        '<a href="{}">x</a>',
        '<img src="{}">',
        '<video poster="{}" src="{}"></video>',
        '<q cite="{}">x</q>',
        '<audio src="{}">',
    ],
)
def test_schemes_that_no_link_may_have(url: str, holder: str) -> None:
    """X-20, X-27: only http, https and mailto, whatever is hidden in the scheme and whichever attribute holds it."""
    safe = clean(holder.replace("{}", url), BASE)

    assert not re.search(r"(?:href|src|poster|cite)=", safe)


def test_links_are_marked_as_a_strangers() -> None:
    """X-22: links tell no referrer, give no rank and open no way back; images tell no referrer."""
    link, image = elements(
        clean('<a href="https://a.example/" target="_blank" rel="author">x</a><img src="https://a.example/b">')
    )

    assert dict(link.attrib) == {"href": "https://a.example/", "rel": "noopener noreferrer nofollow"}
    assert dict(image.attrib) == {"src": "https://a.example/b", "referrerpolicy": "no-referrer"}


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://a.example/x" width="1" height="1">',
        '<img src="https://a.example/x" height=1px alt="x">',
        '<img width="0" src="https://a.example/x">',
        '<img src="https://pixel.a.example/x.gif">',
        '<img src="https://ad.doubleclick.net/x">',
        '<img src="http://feeds.feedburner.com/~r/news/~4/x">',
        '<img src="javascript:x" alt="x">',
        '<img srcset="https://a.example/x 2x">',
    ],
)
def test_images_that_only_watch(image: str) -> None:
    """X-22, F26: tracking pixels go, and so do images that are left without an address."""
    assert clean(f"<p>one {image}two</p>") == "<p>one two</p>"


@pytest.mark.parametrize("size", ["", ' width="10"', ' width="120" height="100"', ' alt="width=1"'])
def test_images_that_show_something_stay(size: str) -> None:
    """X-22: an image of more than a dot stays, with its size."""
    assert f'<img src="https://a.example/x.png"{size}' in clean(f'<img src="https://a.example/x.png"{size}>')


@pytest.mark.parametrize(
    ("relative", "resolved"),
    [
        ("other", "https://news.example/2026/other"), ("/top", "https://news.example/top"),
        ("../x?y=1&amp;z=2", "https://news.example/x?y=1&amp;z=2"), ("//cdn.example/i", "https://cdn.example/i"),
        ("#part", "https://news.example/2026/post#part"), ("?p=1", "https://news.example/2026/post?p=1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("holder", ['<a href="{}"', '<img src="{}"', '<q cite="{}"', '<video poster="{}"'])
def test_relative_links_are_resolved(relative: str, resolved: str, holder: str) -> None:
    """V-07, F24: no relative link is left in the content."""
    assert f'"{resolved}"' in clean(f"<p>{holder.replace('{}', relative)}></p>", BASE)


def test_without_a_base_relative_links_go() -> None:
    """V-07: a relative link that nothing can resolve is no link any more, its words stay."""
    assert re.sub(r' rel="[^"]*"', "", clean('<p><a href="/x">one</a> <a href="mailto:a@b.example">two</a></p>')) == (
        '<p><a>one</a> <a href="mailto:a@b.example">two</a></p>'
    )


def test_what_word_hides_is_not_deep() -> None:
    """X-11: hundreds of elements in a comment, as Word leaves them, cost a post neither its links nor its paragraphs."""
    word = "<!--[if gte mso 9]><xml>" + '<w:LsdException Name="x"/>' * 400 + "</xml><![endif]-->"

    for times in (1, 10):
        assert clean(f"{word * times}<p>Words <a href=/x>here</a>.</p>", BASE) == (
            '<p>Words <a href="https://news.example/x" rel="noopener noreferrer nofollow">here</a>.</p>'
        )


@pytest.mark.parametrize("few", ["<div>" * 300, "<b>" * 300 + "<p>x", "<!-->" + "<div>" * 3000 + "-->"])
def test_few_elements_may_be_too_deep(few: str) -> None:
    """X-11: no output is deeper than 250 elements, however few its fragment has, whatever stands in a comment."""
    safe = clean(f"{few}Words.{'</div>' * few.count('<div>')}", BASE)

    assert plain_text(safe).endswith("Words.")
    assert max(safe.count("<div>"), safe.count("<b>")) <= 250


@pytest.mark.parametrize(
    "fragment", ["one&#13;two", "<p>one&#13;two</p>", "<pre>&#13;one</pre>", "<i title='&#13;'>x</i>&#13;"]
)
def test_a_carriage_return_is_the_same_when_cleaned_again(fragment: str) -> None:
    """X-23: a carriage return by reference is a line break at once, not only when it is read again."""
    once = clean(fragment, BASE)

    assert clean(once, BASE) == once


def test_blank_lines_are_paragraphs_only_where_nothing_else_is() -> None:
    """A fragment without blocks gets its blank lines as paragraphs; one with blocks keeps its own."""
    assert clean("one\n \n\ntwo <b>three</b>") == "<p>one</p><p>two <b>three</b></p>"
    assert clean("<p>one\n\ntwo</p>") == "<p>one\n\ntwo</p>"
    assert clean("one\ntwo") == "one\ntwo"
    assert clean(" \n ") == ""


@pytest.mark.parametrize(
    "deep",
    [
        "<div>" * 3000,
        "<b>" * 300 + "<p>x</p>" * 3000,
        "".join(f"<i lang=a{n}>" for n in range(3000)),
        "<div><table></div>" * 2000,
    ],
)
def test_what_is_too_deep_keeps_its_words(deep: str) -> None:
    """X-11, F13: markup deeper than anyone writes, which would take ages, is dropped; its words are not."""
    assert is_too_deep(deep)
    assert "Words & more." in plain_text(clean(f"{deep}<p>Words &amp; m&#27;ore.</p><script>x</script>"))
    assert "<div>" not in clean(deep)


@pytest.mark.parametrize(
    "flat",
    [
        "<p>x" * 3000,
        "<div><b>x</b></div>" * 3000,
        "<li>x<br>" * 3000,
        "<tr><td>x" * 3000,
        "<p><b><i>x</b></i></p>" * 3000,
    ],
)
def test_long_is_not_deep(flat: str) -> None:
    """X-11: a long document, with its end tags left out or crossed as people do, is not taken for a deep one."""
    assert not is_too_deep(flat)


@pytest.mark.parametrize(
    "hostile",
    [
        "<p " * 300_000,
        "<!--" * 250_000,
        "<a " * 300_000,
        "&" * 500_000,
        "\n " * 400_000,
        "<" * 500_000,
        "</p" * 300_000,
    ],
)
def test_a_megabyte_of_openings_is_read_in_one_go(hostile: str) -> None:
    """X-11: a megabyte of tags, comments or references that never close is read in good time, and the words before it stay."""
    assert plain_text(clean(f"<i>Words.</i> {hostile}")).startswith("Words.")
    assert title_text(f"<i>Words.</i> {hostile}", is_html=True).startswith("Words.")


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
