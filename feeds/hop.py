"""One request of a poll: what is sent, where its answer leads, which of its headers count.

In: an address, validators, secrets. Out: header lines, a redirect's target, the headers that we read. Never: credentials
or validators for another than those who gave them or whom they were given for (F-07, F-35).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from feeds.model import Validators
from feeds.secrets import Secrets, basic, origin

_KEPT_HEADERS = (
    "age", "cache-control", "content-type", "date", "etag", "expires", "im", "last-modified", "link", "retry-after",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request of a poll: where to, what was believed moved so far, what to show."""

    where: httpx.URL
    url: str
    moved: str | None
    validators: Validators
    secrets: Secrets

    @property
    def shown(self) -> str:
        """The address as it may leave the wire."""
        return self.secrets.conceal(self.url)

    @property
    def conditional(self) -> bool:
        """Whether validators are shown: only to the address that issued them (F-07)."""
        return bool(self.validators.etag or self.validators.last_modified) and self.validators.url == self.shown

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Validators byte for byte as they were received (F-03 to F-05), and what the source is asked with."""
        sent: list[tuple[bytes, bytes]] = []
        if self.conditional:
            if self.validators.etag:
                sent += [(b"If-None-Match", self.validators.etag.encode("latin-1")), (b"A-IM", b"feed")]
            if self.validators.last_modified:
                sent.append((b"If-Modified-Since", self.validators.last_modified.encode("latin-1")))
        if self.secrets.headers and origin(self.url) == self.secrets.origin:
            sent += self.secrets.sent  # not elsewhere (F-35)
        if self.where.userinfo and not any(name.lower() == b"authorization" for name, _ in sent):
            own = basic(self.url)
            sent += [(b"Authorization", own.header.encode("ascii"))] if own else []
        return sent

    def target(self, location: str) -> str:
        """Where a redirect leads. Credentials in our address stay with its origin; ${ of a stranger is no name (X-33)."""
        try:
            target = urljoin(self.url, location.strip().replace("${", "%24{"))
            parts, ours = urlsplit(target), urlsplit(self.url)
            if "@" in ours.netloc and "@" not in parts.netloc and origin(target) == origin(self.url):
                user = ours.netloc.rpartition("@")[0]
                return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))
        except ValueError as error:
            raise httpx.InvalidURL(str(error)) from error
        return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """An answer that leads elsewhere."""

    status: int
    target: str


def headers_of(response: httpx.Response) -> dict[str, str]:
    """The headers that we read, as Latin-1, which loses no byte. A repeated field is joined, validators excepted."""
    kept: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        if name not in _KEPT_HEADERS:
            continue
        if name in kept and name not in ("etag", "last-modified", "date", "expires", "age", "retry-after"):
            kept[name] += ", " + value
        else:
            kept.setdefault(name, value)
    return kept
