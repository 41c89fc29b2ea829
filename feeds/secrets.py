"""Secrets of a source: put in where it is asked, taken out of whatever leaves the wire.

In: words with ${NAME} in them, and what the names stand for. Out: the same words with values, or with names again.
Never: a value in a repr, the environment, or a log.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
HIDDEN = "[hidden]"
RESERVED = frozenset(
    {
        "a-im", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
        "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "range", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip
"""Headers that no source may set: HTTP itself needs them, or our honesty and politeness."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SHORTEST_IN_BODY = 8
"""Shorter values are words that a body may hold by chance."""


def is_header_name(text: str) -> bool:
    """Whether this may be the name of a header (RFC 9110 section 5.6.2)."""
    return bool(_HEADER_NAME.fullmatch(text))


def is_header_value(text: str) -> bool:
    """Whether this may be the value of a header: nothing that ends its line (RFC 9110 section 5.5)."""
    return not any((character < " " and character != "\t") or character == "\x7f" for character in text)


def names(text: str) -> list[str]:
    """The names of the variables in a text, each once."""
    return list(dict.fromkeys(_NAME.findall(text)))


def is_misnamed(text: str) -> bool:
    """Whether a ${ stands in a text that begins no name: a slip that would be sent as it is."""
    return "${" in _NAME.sub("", text)


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with values for the names that are known."""
    return _NAME.sub(lambda match: values.get(match[1], match[0]), text)


def expand_url(url: str, values: Mapping[str, str]) -> str:
    """The address with values, each escaped so that it stays what it is: a password may hold @ and /."""
    return expand(url, {name: quote(value, safe="") for name, value in values.items()}) if values else url


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, which say whether two addresses are of one server (RFC 6454 section 4). Raises ValueError."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").rstrip("."), parts.port or (443 if scheme == "https" else 80)


def with_named_password(url: str, name: str) -> str:
    """The address with ${name} in place of a password that stands in it as it is."""
    held = urlsplit(url).password
    if not held or names(held):
        return url
    user, _, host = urlsplit(url).netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}:${{{name}}}@{host}"
    return urlunsplit(urlsplit(url)._replace(netloc=netloc))


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password, as a header says them (RFC 7617)."""

    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of Authorization."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


def basic(url: str) -> Basic | None:
    """The credentials that stand in an address."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return None
    return Basic(unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(frozen=True)
class Secrets:
    """What one source is asked with: `url` as it is declared, `values` by name, `headers` with ${NAME} in their values."""

    url: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def sent(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent."""
        return [
            (name.encode("ascii"), expand(value, self.values).encode("utf-8")) for name, value in self.headers.items()
        ]

    @cached_property
    def origin(self) -> tuple[str, str, int]:
        """Where headers may go."""
        return origin(self.url)

    def expand(self, url: str) -> str:
        """The address to ask."""
        return expand_url(url, self.values)

    def missing(self, url: str) -> list[str]:
        """The names in an address that nothing is known for."""
        return [name for name in names(url) if name not in self.values] if "${" in url else []

    def conceal(self, url: str) -> str:
        """The address with names in place of values, however they are escaped; `expand` undoes it."""
        for pattern, name in self._patterns:
            url = pattern.sub(name, url)
        return url

    def conceal_all(self, text: str) -> str:
        """Words without a value, a secret header or the password of the declared address."""
        text = self.conceal(text)
        for pattern in self._literals:
            text = pattern.sub(HIDDEN, text)
        return text

    def conceal_in(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers without a secret."""
        return headers if self is NO_SECRETS else {name: self.conceal_all(value) for name, value in headers.items()}

    def conceal_body(self, body: bytes) -> bytes:
        """A body without those values that are too long to stand in it by chance: feeds name their own address."""
        for pattern, name in self._in_bodies:
            body = pattern.sub(name, body)
        return body

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        longest_first = sorted(self.values.items(), key=lambda item: -len(item[1]))
        return [(re.compile(_spellings(value)), f"${{{name}}}") for name, value in longest_first]

    @cached_property
    def _literals(self) -> list[re.Pattern[str]]:
        """What stands in the configuration itself, or is made of it."""
        said = [expand(value, self.values) for value in self.headers.values()]
        said += [value.partition(" ")[2] for value in said]
        if own := basic(self.expand(self.url)):
            said += [own.header.partition(" ")[2], own.password]
        return [re.compile(_spellings(value)) for value in sorted(filter(None, said), key=len, reverse=True)]

    @cached_property
    def _in_bodies(self) -> list[tuple[re.Pattern[bytes], bytes]]:
        return [
            (re.compile(_spellings(value).encode("utf-8")), f"${{{name}}}".encode())
            for name, value in sorted(self.values.items(), key=lambda item: -len(item[1]))
            if len(value) >= _SHORTEST_IN_BODY
        ]


_ENTITIES = {
    "&": "&(?:amp|#38|#x26);",
    '"': "&(?:quot|#34|#x22);",
    "'": "&(?:apos|#39|#x27);",
    "<": "&lt;",
    ">": "&gt;",
}


def _spellings(value: str) -> str:
    """A pattern of a value as it is, and with any of its characters escaped as in addresses or in markup."""
    return "".join(_spelling(character) for character in value)


def _spelling(character: str) -> str:
    escaped = "".join(
        f"%{''.join(digit if digit.isdigit() else f'[{digit}{digit.lower()}]' for digit in f'{byte:02X}')}"
        for byte in character.encode("utf-8")
    )
    ways = [escaped, re.escape(character), *([_ENTITIES[character]] if character in _ENTITIES else [])]
    return f"(?:{'|'.join(ways)}{'|[+]' if character == ' ' else ''})"


NO_SECRETS = Secrets()
