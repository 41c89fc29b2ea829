"""The words of push (WebSub, W3C Recommendation of 23 January 2018): what feeds offer, what hubs ask and send.

In: header values, links of documents, queries, bodies. Out: an offer, a form to post, a verdict on a signature.
Never: a request, a clock, or trust in what a payload says of itself: who sent it is told by the callback's path (W-04).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import parse_qsl, urljoin

from feeds.identity import canonical_url, is_web_url, without_credentials
from feeds.model import Document, Link, Offer

Mode = Literal["subscribe", "unsubscribe", "denied"]

METHODS = ("sha1", "sha256", "sha384", "sha512")
"""What a hub may sign with (section 7.1). sha1 is broken for documents, not yet as HMAC: taken, as hubs still use it."""
_LONGEST = 2000  # characters of an address
_LONGEST_HEADER = 16_000
_MOST_HUBS = 4
_LONGEST_QUERY = 8000
_LONGEST_REASON = 300
_LONGEST_HEAD = 200_000  # characters of a page
_HEAD_ENDS = re.compile(r"</head|<body", re.IGNORECASE)
_IN_A_HEAD = ("html", "head", "base", "link", "meta", "title", "script", "style", "noscript", "template")
# RFC 8288: <address>; name=value; name="value", next. No two parts of these match the same characters.
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*!#$&+.^`|~-]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([\w*!#$&+.^`|~-]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the query of a GET to a callback says: a verification (section 5.3) or a denial (section 5.2).

    `challenge` is to be echoed byte for byte; `lease` is in seconds, None where the hub names none that can be read.
    """

    mode: Mode
    topic: str
    challenge: bytes = b""
    lease: int | None = None
    reason: str = ""


def offer_of(url: str, link_header: str, links: Iterable[Link]) -> Offer:
    """What a feed found at `url` offers (section 4, W-01): its hubs and its own address, the topic.

    Header links outrank those of the document, each relation by itself. Without hubs, or with no or several addresses of
    its own, there is no offer: an empty one.
    """
    in_header = tuple(header_links(link_header, url))
    in_document = tuple(links)
    hubs, selves = (_first(rel, in_header, in_document) for rel in ("hub", "self"))
    topics = {canonical_url(one): one for one in reversed(selves)}
    if not hubs or len(topics) != 1:
        return Offer()
    topic = without_credentials(next(iter(topics.values())))
    if "${" in topic:  # an address with a secret in it is nothing to tell a hub (X-33)
        return Offer()
    # A secret may be told to hubs that are asked over TLS only (W-03): those first.
    ordered = sorted(hubs[:_MOST_HUBS], key=lambda hub: not is_secure(hub))
    return Offer(hubs=tuple(ordered), topic=topic)


def _first(rel: str, *places: tuple[Link, ...]) -> list[str]:
    for place in places:
        found = [one.href for one in place if one.rel == rel and is_web_url(one.href) and len(one.href) <= _LONGEST]
        if found:
            return list(dict.fromkeys(found))
    return []


def header_links(value: str, base: str) -> Iterator[Link]:
    """The links of a `Link` header (RFC 8288), several fields joined by commas; addresses resolved against `base`."""
    for found in _LINK.finditer(value[:_LONGEST_HEADER]):
        parameters: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(found[2]):
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
        href = _joined(base, found[1])
        if href and "anchor" not in parameters:  # a link of another document
            for rel in parameters.get("rel", "").lower().split():
                yield Link(rel=rel, href=href)


class _Head(HTMLParser):
    """The links in the head of a page; what stands in its body may be a visitor's (W-01)."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.found: list[Link] = []
        self.ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, unless the head has ended."""
        # A head ends without a word where something begins that only a body may hold.
        self.ended = self.ended or tag not in _IN_A_HEAD
        if self.ended:
            return
        said = {name: value or "" for name, value in attrs}
        if tag == "base" and said.get("href"):
            self.base = _joined(self.base, said["href"]) or self.base
        if tag == "link" and (href := _joined(self.base, said.get("href", ""))):
            self.found += [Link(rel=rel, href=href) for rel in said.get("rel", "").lower().split()]


def page_links(html: str, url: str) -> tuple[Link, ...]:
    """The links in a web page's head, found at `url`; `<base>` counts."""
    end = _HEAD_ENDS.search(html, 0, _LONGEST_HEAD)
    reader = _Head(url)
    reader.feed(html[: end.start() if end else _LONGEST_HEAD])
    return tuple(reader.found)


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip()) if href.strip() else ""
    except ValueError:
        return ""


def is_secure(url: str) -> bool:
    """Whether an address is asked over TLS."""
    return url.lower().startswith("https://")


def request_form(
    mode: Literal["subscribe", "unsubscribe"], topic: str, callback: str, *, lease: int = 0, secret: str = ""
) -> dict[str, str]:
    """The form to post to a hub (section 5.1). `lease` in seconds, 0 to leave it to the hub; `secret` under 200 bytes."""
    form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback}
    if mode == "subscribe" and lease:
        form["hub.lease_seconds"] = str(lease)
    if mode == "subscribe" and secret:
        form["hub.secret"] = secret
    return form


def read_query(query: bytes) -> Asked | None:
    """What a hub asks of a callback; None where it is nothing that a hub asks."""
    if len(query) > _LONGEST_QUERY:
        return None
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="surrogateescape", max_num_fields=50)
    except ValueError:
        return None
    said: dict[str, str] = {}
    for name, value in pairs:
        said.setdefault(name, value)
    mode, topic = said.get("hub.mode", ""), said.get("hub.topic", "")
    if mode == "denied":
        reason = "".join(c if c.isprintable() else " " for c in said.get("hub.reason", "")[:_LONGEST_REASON])
        return Asked(mode="denied", topic=topic, reason=reason)
    challenge = said.get("hub.challenge", "").encode("utf-8", "surrogateescape")
    if mode not in ("subscribe", "unsubscribe") or not topic or not challenge:
        return None
    told = said.get("hub.lease_seconds", "")
    lease = int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None
    return Asked(
        mode="subscribe" if mode == "subscribe" else "unsubscribe", topic=topic, challenge=challenge, lease=lease
    )


def signed_by(secret: str, header: str, body: bytes) -> bool:
    """Whether `header` (X-Hub-Signature: method=hex) is this secret's signature of the body, as it came (W-08)."""
    method, _, told = header.strip().partition("=")
    if method.lower() not in METHODS or not told.isascii():
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected, told.strip().lower())


def other_feed(document: Document, addresses: Iterable[str], site: str) -> str:
    """Why a pushed document is not of the feed at one of these addresses, "" if it may be (W-09).

    `site` is the feed's web site as far as we know it. A document that names its own address must name one of these; one
    that does not must not be of another site.
    """
    known = {_plain(one) for one in addresses if one}
    selves = [one.href for one in document.links if one.rel == "self"]
    if selves:
        return "" if known & set(map(_plain, selves)) else f"it says that it is {selves[0][:200]}"
    theirs = host_of(document.head.site_url)
    ours = {host_of(one) for one in (*known, site) if one}
    return "" if not theirs or theirs in ours else f"it is of the site {theirs[:200]}"


def _plain(url: str) -> str:
    """An address for comparing: with or without TLS it is the same feed."""
    return canonical_url(without_credentials(url)).replace("https://", "http://", 1).rstrip("/")


def host_of(url: str) -> str:
    """The host of an address, "" where it has none; www counts as none."""
    found = re.match(r"https?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]+)", url, re.IGNORECASE)
    return found[1].lower().removeprefix("www.") if found else ""
