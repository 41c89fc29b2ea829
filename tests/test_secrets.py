"""Secrets are put in where a source is asked, and taken out of whatever leaves the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.secrets import (
    HIDDEN,
    Secrets,
    basic,
    expand,
    is_header_name,
    is_header_value,
    names,
    origin,
    with_named_password,
)
from tests.test_fetch import URL

ODD = "p@ss/w#rd?&%é ${X}"


def secrets(url: str = "https://news.example/feed", headers: dict[str, str] | None = None, **values: str) -> Secrets:
    """The secrets of a source."""
    return Secrets(url=url, values=values, headers=headers or {})


def test_names_are_found_and_known_ones_expanded() -> None:
    """${NAME} is a name; anything else that looks like it is text, and an unknown name stays."""
    text = "${A}-${B_2}-$C-${}-${3}-${A}"

    assert names(text) == ["A", "B_2"]
    assert expand(text, {"A": "1"}) == "1-${B_2}-$C-${}-${3}-1"
    assert expand("${A}", {"A": "${B}", "B": "2"}) == "${B}"


def test_a_value_stays_one_part_of_an_address() -> None:
    """X-33: a password with @, / and # is the password, not the host."""
    held = secrets("https://me:${PW}@news.example/feed?key=${PW}", PW=ODD)
    url = held.expand(held.url)
    found = basic(url)

    assert origin(url) == ("https", "news.example", 443)
    assert found is not None
    assert (found.user, found.password) == ("me", ODD)
    assert held.conceal(url) == held.url


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="&=?:"), min_size=4, max_size=20)


@given(VALUES, VALUES)
def test_what_is_expanded_is_concealed(one: str, two: str) -> None:
    """X-33: whatever the values are, what is asked again after concealing is what was asked before."""
    held = secrets("https://news.example/?a=${ONE}&b=${TWO}", ONE=one, TWO=two)
    asked = held.expand(held.url)

    assert held.expand(held.conceal(asked)) == asked


@pytest.mark.parametrize(
    "spelling",
    ["se&cret/1 é", "se%26cret%2f1%20%C3%A9", "se%26cret%2F1+%c3%a9", "se&amp;cret/1 é", "%73%65&#38;cret/1%20é"],
)
def test_a_value_is_found_however_it_is_escaped(spelling: str) -> None:
    """X-33: escaped as in addresses, as in forms or as in markup, in words and in bodies, a value is the value."""
    held = secrets(KEY="se&cret/1 é")

    assert held.conceal(f"a {spelling} b") == "a ${KEY} b"
    assert held.conceal_body(f"a {spelling} b".encode()) == b"a ${KEY} b"


def test_the_longer_value_goes_first() -> None:
    """X-33: where one value is the beginning of another, no rest of the other stays."""
    assert secrets(A="abcdefgh", B="abcdefghij").conceal("abcdefghij abcdefgh") == "${B} ${A}"


def test_a_body_keeps_words_that_are_short() -> None:
    """A value of a few letters would be found in ordinary words: bodies keep those, addresses and errors do not."""
    held = secrets(PW="navy")

    assert held.conceal_body(b"navy news") == b"navy news"
    assert held.conceal("https://x/navy") == "https://x/${PW}"


def test_words_lose_passwords_and_headers_too() -> None:
    """X-33: what stands in the configuration as it is, and what is made of it, is hidden in words as well."""
    held = secrets(
        "https://me:literal-pw@news.example/", {"Authorization": "Bearer ${T}", "Cookie": "s=c00kie"}, T="t0ken"
    )
    own = basic(held.url)
    assert own is not None
    said = held.conceal_all(f"literal-pw / {own.header} / Bearer t0ken / t0ken / s=c00kie")

    assert not [word for word in ("literal-pw", own.header[6:], "t0ken", "c00kie") if word in said]
    assert HIDDEN in said


def test_a_repr_shows_nothing() -> None:
    """X-33: neither a traceback nor a log of the objects shows a value."""
    held = secrets("https://me:literal-pw@news.example/", {"Cookie": "s=c00kie"}, T="t0ken")

    assert not [word for word in ("literal-pw", "t0ken", "c00kie") if word in f"{held!r}{basic(held.url)!r}"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (URL, "https://NEWS.example:443/x", True), (URL, "https://news.example./x", True),
        (URL, "http://news.example/feed", False), (URL, "https://news.example:8443/feed", False),
        (URL, "https://www.news.example/feed", False), (URL, "https://me@news.example/", True),
    ],
)  # fmt: skip
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    """F-35: one origin is one scheme, one host and one port."""
    assert (origin(one) == origin(other)) is same


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\x00b", "a\x7f", "\x1b[0m"])
def test_a_value_that_would_break_a_header_is_none(value: str) -> None:
    """X-25: line breaks and controls are no part of a header."""
    assert not is_header_value(value)
    assert is_header_value("session=abc; other=ä\t1")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a\r\n"])
def test_what_is_no_name_of_a_header(name: str) -> None:
    """X-25: a header's name is one word."""
    assert not is_header_name(name)
    assert is_header_name("X-Api-Key")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://me:pw@news.example:8443/f?a=b", "https://me:${P}@news.example:8443/f?a=b"),
        ("https://news.example/f", "https://news.example/f"), ("https://me@news.example/", "https://me@news.example/"),
        ("https://me:${X}@news.example/", "https://me:${X}@news.example/"),
        ("https://me:p@ss:w@news.example/", "https://me:${P}@news.example/"),
    ],
)  # fmt: skip
def test_a_password_gets_a_name(url: str, named: str) -> None:
    """X-33: an address can be written down with a name in place of its password."""
    assert with_named_password(url, "P") == named
