"""The words of push, without a network."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Document, Head, Link, Offer
from feeds.websub import (
    header_links,
    host_of,
    offer_of,
    other_feed,
    page_links,
    read_query,
    request_form,
    signed_by,
)

URL = "https://news.example/feed"
HUB = "https://hub.example/"


def links(header: str) -> list[tuple[str, str]]:
    """The links of a header, as pairs."""
    return [(one.rel, one.href) for one in header_links(header, URL)]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f'<{HUB}>; rel="hub"', [("hub", HUB)]),
        ("</other>; rel=self", [("self", "https://news.example/other")]),
        ('<a>; rel="hub self"', [("hub", "https://news.example/a"), ("self", "https://news.example/a")]),
        ('<a,b;c>; title="x, <y>; rel=no"; rel=hub', [("hub", "https://news.example/a,b;c")]),
        ('<a>; rel=hub; rel=self, <b>;rel = "Self"', [("hub", "https://news.example/a"), ("self", "https://news.example/b")]),
        ('<a>; rel="hub"; anchor="https://other.example/"', []),
        ('<a>; title="quo\\"ted"; rel=hub', [("hub", "https://news.example/a")]),
        ("<a>, <b; rel=hub", []),
        ("<http://[>; rel=hub", []),
        ("", []),
    ],
)  # fmt: skip
def test_link_headers(header: str, found: list[tuple[str, str]]) -> None:
    """W-01: Link headers are read as RFC 8288 writes them, whatever order and quotes they have."""
    assert links(header) == found


@given(st.text(max_size=300))
def test_no_link_header_is_too_odd(header: str) -> None:
    """W-01: no header stops the reading."""
    assert isinstance(links(header), list)


def test_a_feed_with_several_addresses_of_its_own_offers_nothing() -> None:
    """W-01: exactly one self is the topic; two that differ are none, two that mean the same are one."""
    hub = Link(rel="hub", href=HUB)
    one, same, other = (Link(rel="self", href=href) for href in (URL, URL + "#top", URL + "2"))

    assert offer_of(URL, "", [hub, one, other]) == Offer()
    assert offer_of(URL, "", [hub, one, same]) == Offer(hubs=(HUB,), topic=URL)
    assert offer_of(URL, "", [hub]) == Offer()
    assert offer_of(URL, "", [one]) == Offer()


def test_hubs_with_tls_come_first_and_no_password_goes_along() -> None:
    """W-03, X-33: of several hubs those that may be told a secret are asked first; a topic has no password in it."""
    found = [Link(rel="hub", href=href) for href in ("http://a.example/", HUB, "ftp://b.example/", HUB)]
    offer = offer_of(URL, "<https://me:word@news.example/feed>; rel=self", found)

    assert offer == Offer(hubs=(HUB, "http://a.example/"), topic=URL)
    assert offer_of(URL, "<https://news.example/feed?key=${KEY}>; rel=self", found) == Offer()


def test_only_the_head_of_a_page_counts() -> None:
    """W-01: links are read from a head that is written out or not, with its base, and never from a body."""
    bare = f"<title>x</title><base href='/deep/'><link rel='HUB' href='{HUB}'><link rel=self href='a'><p><link rel=self href=b>"

    assert [(one.rel, one.href) for one in page_links(bare, URL)] == [
        ("hub", HUB),
        ("self", "https://news.example/deep/a"),
    ]


def test_a_request_says_what_it_must() -> None:
    """W-03: mode, topic and callback; lease and secret where they are asked for, never when it is taken back."""
    asked = request_form("subscribe", URL, "https://h.example/push/x", lease=10, secret="s")
    ended = request_form("unsubscribe", URL, "https://h.example/push/x", lease=10, secret="s")

    assert asked == {
        "hub.mode": "subscribe", "hub.topic": URL, "hub.callback": "https://h.example/push/x", "hub.lease_seconds": "10",
        "hub.secret": "s",
    }  # fmt: skip
    assert set(ended) == {"hub.mode", "hub.topic", "hub.callback"}


@pytest.mark.parametrize(
    "query",
    [
        b"", b"hub.mode=subscribe", b"hub.mode=subscribe&hub.topic=t", b"hub.mode=publish&hub.topic=t&hub.challenge=c",
        b"hub.mode=subscribe&hub.challenge=c", b"hub.mode=subscribe&hub.topic=t&hub.challenge=" + b"c" * 9000,
        b"&".join([b"a=b"] * 60), "hub.mode=désolé".encode(),
    ],
)  # fmt: skip
def test_what_no_hub_asks_is_nothing(query: bytes) -> None:
    """W-05: a query without all that a verification needs, or an absurd one, is none."""
    assert read_query(query) is None


@pytest.mark.parametrize(
    ("told", "lease"),
    [("864000", 864000), ("", None), ("-1", None), ("soon", None), ("9" * 50, None), ("0", 0)],
)
def test_a_challenge_keeps_its_bytes_and_a_lease_is_a_number(told: str, lease: int | None) -> None:
    """W-05: the challenge is kept byte for byte, UTF-8 or not; a lease that is no number is none."""
    said = f"hub.mode=subscribe&hub.topic=t%20u&hub.challenge=%FF%00a%2Bb+c&hub.lease_seconds={told}"
    asked = read_query(said.encode())

    assert asked is not None
    assert (asked.topic, asked.challenge, asked.lease) == ("t u", b"\xff\x00a+b c", lease)


def test_a_denial_has_a_reason_fit_for_a_log() -> None:
    """W-07, X-25: a denial needs no challenge; its reason has no line ends and no great length."""
    asked = read_query(b"hub.mode=denied&hub.topic=t&hub.reason=no%0Amore" + b"x" * 1000)

    assert asked is not None
    assert (asked.mode, asked.reason[:8], len(asked.reason)) == ("denied", "no morex", 300)


def signature(method: str, secret: str = "s", body: bytes = b"body") -> str:
    """A body's signature as a hub writes it."""
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_signatures_are_checked(method: str) -> None:
    """W-08: each method that hubs use is taken, in either case of letters, over exactly this body and secret."""
    good = signature(method)

    assert signed_by("s", good, b"body")
    assert signed_by("s", f" {good.upper()} ", b"body")
    assert not signed_by("s", good, b"body\n")
    assert not signed_by("t", good, b"body")
    assert not signed_by("s", good[:-1], b"body")


@pytest.mark.parametrize(
    "header", ["", "sha256", "sha256=", signature("md5"), "sha256=é", "=" + "0" * 64, signature("sha256")[7:]]
)
def test_what_is_no_signature_is_wrong(header: str) -> None:
    """W-08: nothing, an unknown method, a hash without its method: none is a signature."""
    assert not signed_by("s", header, b"body")


@pytest.mark.parametrize(
    ("selves", "site", "taken"),
    [
        ([URL], "", True),
        (["http://news.example/feed/"], "", True),
        (["https://other.example/feed"], "https://news.example/", False),
        ([], "https://www.news.example/", True),
        ([], "https://other.example/", False),
        ([], "", True),
    ],
)
def test_a_pushed_document_must_be_of_its_feed(selves: list[str], site: str, taken: bool) -> None:
    """W-09: a document that says it is another feed, or of another site, is not of this topic."""
    document = Document(head=Head(site_url=site), links=tuple(Link(rel="self", href=href) for href in selves))

    assert (other_feed(document, [URL, ""], "https://news.example/") == "") is taken


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://u:p@Www.News.example:8443/x", "news.example"), ("http://[::1]:80/", "[::1]"), ("urn:x", ""), ("", "")],
)
def test_hosts_are_compared_without_port_and_www(url: str, host: str) -> None:
    """W-09: the host alone tells sites apart."""
    assert host_of(url) == host
