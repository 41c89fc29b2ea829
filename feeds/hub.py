"""The words of a hub (WebSub, W3C Recommendation of 23 January 2018): what is asked of ours, what it asks and sends.

In: a form that somebody posted; a topic, a secret, a body. Out: a request, or why it is none; addresses to ask; headers.
Never: a callback with a password, or at an address or port that no feed may have (X-04).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from feeds.guard import Network, refuse_address, refuse_url

SHORTEST_LEASE = 300
DEFAULT_LEASE = 10 * 86_400
LONGEST_LEASE = 30 * 86_400
"""Seconds (W-23)."""
LONGEST_FORM = 16_000
"""Bytes of a request's body."""
_LONGEST = 2000  # characters of an address
_MOST_SECRET = 200  # bytes; a secret is shorter (section 5.1)
_MOST_FIELDS = 100
_PUBLISHED = ("hub.topic", "hub.url", "hub.topic[]", "hub.url[]")


class RequestError(ValueError):
    """What is wrong with a request, for whoever made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a hub: to begin or end a subscription, or to look at topics that were published.

    `lease` in seconds, within what we grant. `topics` are those of `publish`, else one.
    """

    mode: Literal["subscribe", "unsubscribe", "publish"]
    topics: tuple[str, ...]
    callback: str = ""
    lease: int = DEFAULT_LEASE
    secret: str = field(default="", repr=False)


def read_request(form: bytes) -> Request:
    """What a form asks of a hub (section 5.1, W-20); what it says beside is passed over. Raises RequestError."""
    try:
        pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise RequestError(
            f"the form cannot be read: expected up to {_MOST_FIELDS} fields, percent-encoded UTF-8"
        ) from None
    said: dict[str, str] = {}
    for name, value in pairs:
        said.setdefault(name, value)
    mode = said.get("hub.mode", "")
    if mode == "publish":
        told = tuple(dict.fromkeys(value for name, value in pairs if name in _PUBLISHED))
        if not told:
            raise RequestError("hub.topic (or hub.url) is missing: expected the address of a feed of this server")
        return Request(mode="publish", topics=told)
    if mode not in ("subscribe", "unsubscribe"):
        raise RequestError("hub.mode: expected subscribe, unsubscribe or publish")
    topic = said.get("hub.topic", "")
    if not topic:
        raise RequestError("hub.topic is missing: expected the address of a feed of this server")
    secret = said.get("hub.secret", "")
    if len(secret.encode()) >= _MOST_SECRET:
        raise RequestError(f"hub.secret: expected fewer than {_MOST_SECRET} bytes")
    return Request(
        mode="subscribe" if mode == "subscribe" else "unsubscribe", topics=(topic,), secret=secret,
        callback=_callback(said.get("hub.callback", "")), lease=_lease(said.get("hub.lease_seconds", "")),
    )  # fmt: skip


def _callback(url: str) -> str:
    if not url:
        raise RequestError("hub.callback is missing: expected an http or https address of yours")
    if len(url) > _LONGEST:
        raise RequestError(f"hub.callback: expected {_LONGEST} characters at most")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise RequestError("hub.callback: expected an address in ASCII, without spaces; escape what it may not hold")
    refused = refuse_url(url)
    if refused:
        raise RequestError(f"hub.callback: {refused}")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise RequestError("hub.callback: expected an address without a user name or a password")
    if parts.fragment:
        raise RequestError("hub.callback: expected an address without a fragment")
    return url


def _lease(told: str) -> int:
    if not told:
        return DEFAULT_LEASE
    if not (told.isascii() and told.isdigit() and len(told) < 12):
        raise RequestError("hub.lease_seconds: expected a whole number of seconds")
    # 0 was the old way to ask for a lease without an end, which there is none of here.
    return min(max(int(told), SHORTEST_LEASE), LONGEST_LEASE) if int(told) else DEFAULT_LEASE


def host_and_reach(callback: str, allowed: Sequence[Network]) -> tuple[str, bool]:
    """A callback's host, and whether it is in the operator's own network. Raises RequestError where no look-up is needed
    to see that it is private.
    """
    host = (urlsplit(callback).hostname or "").rstrip(".").lower()
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        return host, False
    if refuse_address(address) is None:
        return host, False
    if refuse_address(address, allowed) is not None:
        raise RequestError("hub.callback: the host is at a private or reserved address")
    return host, True


def asking(callback: str, words: Mapping[str, str]) -> str:
    """A callback's address with words of ours behind its own query (section 5.3, W-21): each name begins with hub."""
    joined = urlencode({f"hub.{name}": value for name, value in words.items()})
    return f"{callback}{'&' if '?' in callback else '?'}{joined}"


def delivery_headers(hub: str, topic: str, content_type: str, secret: str, body: bytes) -> dict[str, str]:
    """What a delivery says of its body (section 7, W-24): signed only where a secret was agreed on."""
    headers = {"Content-Type": content_type, "Link": f'<{hub}>; rel="hub", <{topic}>; rel="self"'}
    if secret:
        headers["X-Hub-Signature"] = f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"
    return headers
