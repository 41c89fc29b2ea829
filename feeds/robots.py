"""robots.txt: may this address be asked by a program that nobody sent there (RFC 9309).

In: the file's bytes, our name, an address. Out: yes or no. Never: a request; polls of feeds that a person named need no
leave (F-45), looking for feeds at likely places does.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

MOST_BYTES = 512_000
"""As much as RFC 9309 section 2.5 asks to be read; rules behind that are not."""


def allowed(robots: bytes, agent: str, url: str) -> bool:
    """Whether `agent` (a product name without version) may ask `url`.

    The group that names the agent, else the group "*"; of its rules the longest that matches, and Allow where two are
    of one length (RFC 9309 section 2.2).
    """
    parts = urlsplit(url)
    target = _spelled(parts.path or "/") + (f"?{_spelled(parts.query)}" if parts.query else "")
    best, verdict = -1, True
    for allow, pattern in _rules(robots[:MOST_BYTES].decode("utf-8-sig", "replace"), agent.lower()):
        length = len(pattern)
        if (length > best or (length == best and allow)) and _matches(pattern, target):
            best, verdict = length, allow
    return verdict


def _rules(text: str, agent: str) -> list[tuple[bool, str]]:
    """The rules for this agent: (allow, pattern). Groups of one name are one group.

    Only our groups and "*" are kept: thousands of names times thousands of rules would fill the memory (X-11).
    """
    groups: dict[str, list[tuple[bool, str]]] = {}
    named: set[str] = set()
    listening = False
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named = named if listening else set()
            listening = True
            name = re.split(r"[^a-z_-]", value.lower(), maxsplit=1)[0] if value != "*" else value
            if name in (agent, "*"):
                named.add(name)
                groups.setdefault(name, [])
        elif key in ("allow", "disallow"):
            listening = False
            if value:  # an empty Disallow forbids nothing
                for name in named:
                    groups[name].append((key == "allow", _spelled(value)))
    return groups.get(agent, groups.get("*", []))


def _matches(pattern: str, target: str) -> bool:
    """A rule's path from its start: "*" is anything, "$" the end. Never slow, whatever stands in it."""
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not target.startswith(first):
        return False
    at = len(first)
    for number, piece in enumerate(rest, start=1):
        if ends and number == len(rest):
            return target.endswith(piece) and len(target) - len(piece) >= at
        found = target.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ends or at == len(target)


def _spelled(text: str) -> str:
    """One spelling of escaped and plain characters, as RFC 9309 section 2.2.2 compares them."""
    return quote(unquote(text, errors="surrogateescape"), safe="/*$?&=:;,@!'()+~", errors="surrogateescape")
