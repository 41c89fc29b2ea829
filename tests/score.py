"""The score that an origin's log gives a feed reader, after the rules of a well-known behaviour test (protocols 1.1).

In: a log of requests with what each was answered. Out: how often each sin was committed, and a report to read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
_LIBRARIES = ("python", "httpx", "httpcore", "aiohttp", "urllib", "requests", "curl", "wget", "java", "go-http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request and its answer. `headers` are the request's, names in lower case; the rest is what the origin said.

    `lifetime` is how long the origin's answer stays fresh by its own word, None where it said nothing: a 304 that says
    nothing leaves what was said before in force (RFC 9111 section 4.3.4). `wait` is its Retry-After. `by_hand` says
    that a person asked for it, which allows less than an hour, never less than the origin's own word; but where that
    word stood `in_body`, as ttl does, it is for the schedule.
    """

    at: datetime
    target: str
    headers: Mapping[str, str]
    status: int = 200
    etag: str = ""
    modified: str = ""
    lifetime: timedelta | None = None
    wait: timedelta = timedelta()
    by_hand: bool = False
    in_body: bool = False


@dataclass(slots=True)
class Score:
    """How often each rule was broken. All but `requests` should be 0."""

    requests: int = 0
    unconditional: int = 0
    wrong_etag: int = 0
    wrong_modified: int = 0
    half_conditional: int = 0
    under_the_floor: int = 0
    sooner_than_an_hour: int = 0
    cookies: int = 0
    referers: int = 0
    cache_busters: int = 0
    no_cache: int = 0
    library_names: int = 0
    seen: list[str] = field(default_factory=list)

    @property
    def sins(self) -> dict[str, int]:
        """The rules that were broken."""
        counted = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("requests", "seen")}
        return {name: number for name, number in counted.items() if number}

    def report(self) -> str:
        """The score as lines of text, with the first requests that broke a rule."""
        lines = [
            f"{one.name.replace('_', ' '):>20}  {getattr(self, one.name)}" for one in fields(self) if one.name != "seen"
        ]
        return "\n".join([*lines, *self.seen[:20], ""])


@dataclass(slots=True)
class _Memory:
    """What the origin remembers of one address."""

    etag: str = ""
    modified: str = ""
    lifetime: timedelta = timedelta()
    floor: datetime | None = None
    last: datetime | None = None


def score(log: Iterable[Logged], declared: Collection[str]) -> Score:
    """The score of a log. `declared` are the addresses that a reader was given, or led to by redirects."""
    total = Score()
    memory: dict[str, _Memory] = {}
    for one in log:
        sins = [*_manners(one, declared), *_timing(one, held := memory.setdefault(one.target, _Memory()))]
        sins += _conditions(one, held) if held.last else []
        total.requests += 1
        for sin in sins:
            setattr(total, sin, getattr(total, sin) + 1)
            shown = {name: value for name, value in one.headers.items() if name.startswith("if-")}
            total.seen.append(f"{one.at:%H:%M:%S} {one.target} {one.status} {sin.replace('_', ' ')} {shown}")
        _remember(one, held)
    return total


def _manners(one: Logged, declared: Collection[str]) -> list[str]:
    agent = one.headers.get("user-agent", "").lower()
    found = {
        "cookies": "cookie" in one.headers,
        "referers": "referer" in one.headers,
        "no_cache": "no-cache" in one.headers.get("cache-control", "") + one.headers.get("pragma", ""),
        "cache_busters": one.target not in declared,
        "library_names": not agent or agent.startswith((*_LIBRARIES, "mozilla")) or "+http" not in agent,
    }
    return [sin for sin, is_so in found.items() if is_so]


def _timing(one: Logged, held: _Memory) -> list[str]:
    if held.floor and one.at < held.floor:
        return [] if one.by_hand and one.in_body else ["under_the_floor"]
    if held.last and one.at - held.last < HOUR and not one.by_hand:
        return ["sooner_than_an_hour"]
    return []


def _conditions(one: Logged, held: _Memory) -> list[str]:
    """Validators byte for byte as they were last issued, both where both were, and none where none was (F-01 to F-07)."""
    shown, since = one.headers.get("if-none-match", ""), one.headers.get("if-modified-since", "")
    if (held.etag or held.modified) and not (shown or since):
        return ["unconditional"]
    found = {
        "wrong_etag": bool(shown) and shown != held.etag,
        "wrong_modified": bool(since) and since != held.modified,
        "half_conditional": (bool(shown), bool(since)) != (bool(held.etag), bool(held.modified)),
    }
    return [sin for sin, is_so in found.items() if is_so]


def _remember(one: Logged, held: _Memory) -> None:
    held.last = one.at
    if one.status == 200:
        held.etag, held.modified, held.lifetime = one.etag, one.modified, one.lifetime or timedelta()
    elif one.status == 304:
        held.etag, held.modified = one.etag or held.etag, one.modified or held.modified
        held.lifetime = held.lifetime if one.lifetime is None else one.lifetime
    fresh = held.lifetime if one.status in (200, 304) else one.lifetime or timedelta()
    held.floor = one.at + max(fresh, one.wait)
