"""A stranger's HTML, and what is left of it; titles, plain text, links."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from feeds.clean import (
    clean,
    is_too_deep,
    plain_text,
    title_text,
)

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
