"""Alerts of the Europe Media Monitor, in its text syntax, as they are written (E-01). PURE.

In: the text of a file of alerts. Out: the alerts, and what could not be read, by line. Never: what they are called here:
`aggregator.emm_topics` says that.

The syntax is that of the help of EMM OSINT Suite 2.5.2 (repository.emm4u.eu): an alert has weighted words that reach a
threshold together, and combinations: one keyword of each group, near each other where a proximity is given, none of
those behind "begin not".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r",|\n\s*|[^\s,]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}\Z")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong, and in which line (from 1)."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word, or words that a + joins, as written."""

    written: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One keyword of each group, within `proximity` words where that is given, and none of `without`."""

    line: int
    proximity: int | None
    groups: tuple[tuple[Keyword, ...], ...]
    without: tuple[Keyword, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Fires when the weights of its patterns reach the threshold, or when any of its combinations holds."""

    name: str
    line: int
    threshold: int | None
    patterns: tuple[tuple[Keyword, int], ...] = ()
    combinations: tuple[Combination, ...] = ()


def read_alerts(text: str) -> tuple[list[Alert], list[Complaint]]:
    """Every alert that can be read, and what is wrong with the others; one bad alert costs no other."""
    reader = _Reader(text)
    alerts = [*reader.alerts()]
    return alerts, reader.complaints


class _BrokenError(Exception):
    """An alert that cannot be read any further."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int

    @property
    def word(self) -> str:
        return self.text.lower()


class _Reader:
    """Reads token by token, forward only: the time grows with the length of the text."""

    def __init__(self, text: str) -> None:
        self._tokens: list[_Token] = []
        line = 1
        for found in _TOKEN.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
            lines = found[0].count("\n")
            self._tokens.append(_Token("\n" if lines else found[0], line))
            line += lines
        self._end = _Token("the end of the file", line)
        self._at = 0
        self.complaints: list[Complaint] = []

    def alerts(self) -> Iterator[Alert]:
        """The alerts that can be read."""
        strange = 0
        while (token := self._next()) is not self._end:
            if token.word == "define" and self._peek().word == "alert":
                self._next()
                try:
                    yield self._alert(token.line)
                except _BrokenError as error:
                    self.complaints.append(Complaint(line=self._line, message=f"{error}; the alert is left out"))
                    self._skip()
            elif token.line != strange:
                strange = token.line
                self._complain(token, f"expected define alert, not {_shown(token.text)}")

    @property
    def _line(self) -> int:
        return self._tokens[self._at - 1].line if 0 < self._at <= len(self._tokens) else self._end.line

    def _alert(self, line: int) -> Alert:
        name = self._next()
        if name is self._end or name.word == "define":
            self._at -= name is not self._end
            raise _BrokenError("expected the alert's name behind define alert")
        threshold: int | None = None
        patterns: list[tuple[Keyword, int]] = []
        combinations: list[Combination] = []
        while True:
            first, second = self._next(), self._peek()
            match first.word, second.word:
                case "end", "alert":
                    self._next()
                    return Alert(
                        name=name.text, line=line, threshold=threshold, patterns=tuple(patterns),
                        combinations=tuple(combinations),
                    )  # fmt: skip
                case "words", "threshold":
                    self._next()
                    threshold = self._number("words threshold")
                case "define", "patterns":
                    self._next()
                    patterns += self._patterns()
                case "define", "combination":
                    self._next()
                    combinations.append(self._combination(first.line))
                case "define", "alert":
                    self._at -= 1
                    raise _BrokenError(
                        f"the alert {_shown(name.text)} is not ended before the next: expected end alert"
                    )
                case _:
                    wanted = "words threshold, define patterns, define combination or end alert"
                    raise _BrokenError(f"expected {wanted}, not {_shown(first.text)}")

    def _patterns(self) -> Iterator[tuple[Keyword, int]]:
        """Keywords, each with its weight behind it; a comma or the end of the line ends one."""
        item: list[_Token] = []
        while not self._ends("patterns"):
            token = self._next(lines=True)
            if token.text not in (",", "\n"):
                item.append(token)
                continue
            if token.text == "," or (len(item) > 1 and _NUMBER.match(item[-1].text)):
                yield from self._weighted(item)
                item = []
        yield from self._weighted(item)

    def _weighted(self, item: list[_Token]) -> Iterator[tuple[Keyword, int]]:
        if not item:
            return
        if len(item) < 2 or not _NUMBER.match(item[-1].text):
            said = _shown(" ".join(token.text for token in item))
            self._complain(item[0], f"{said} has no weight: expected a keyword and a whole number; it is left out")
        elif keyword := self._keyword(item[:-1]):
            yield keyword, int(item[-1].text)

    def _combination(self, line: int) -> Combination:
        proximity = None
        if self._peek().word == "proximity":
            self._next()
            proximity = self._number("proximity")
        groups: list[tuple[Keyword, ...]] = []
        without: list[Keyword] = []
        while not self._ends("combination"):
            first, second = self._next(), self._peek()
            match first.word, second.word:
                case "begin", "or":
                    self._next()
                    groups.append(tuple(self._keywords("or")))
                case "begin", "not":
                    self._next()
                    without += self._keywords("not")
                case _:
                    raise _BrokenError(f"expected begin or, begin not or end combination, not {_shown(first.text)}")
        return Combination(line=line, proximity=proximity, groups=tuple(groups), without=tuple(without))

    def _keywords(self, kind: str) -> Iterator[Keyword]:
        """The keywords of a group; a comma or the end of the line ends one."""
        item: list[_Token] = []
        while not self._ends(kind):
            token = self._next(lines=True)
            if token.text in (",", "\n"):
                if keyword := self._keyword(item):
                    yield keyword
                item = []
            else:
                item.append(token)
        if keyword := self._keyword(item):
            yield keyword

    def _keyword(self, item: list[_Token]) -> Keyword | None:
        if len(item) > 1:
            joined = "+".join(token.text for token in item)
            said = _shown(" ".join(token.text for token in item))
            self._complain(item[0], f"{said} is several words: expected a comma between them, or {_shown(joined)} for a phrase; "
                           "it is left out")  # fmt: skip
        return Keyword(written=item[0].text, line=item[0].line) if len(item) == 1 else None

    def _number(self, what: str) -> int:
        token = self._next()
        if not _NUMBER.match(token.text):
            raise _BrokenError(f"expected a whole number behind {what}, not {_shown(token.text)}")
        return int(token.text)

    def _ends(self, kind: str) -> bool:
        """Whether the group ends here, which is then behind us. Raises _BrokenError where the alert or the file ends first."""
        first = self._peek()
        if first is self._end:
            self._at = len(self._tokens)
            raise _BrokenError(f"the file ends before end {kind}")
        if first.word not in ("end", "define"):
            return False
        start = self._at
        self._next()
        second = self._peek().word
        if first.word == "end" and second == kind:
            self._next()
            return True
        self._at = start
        if second == "alert":
            raise _BrokenError(f"expected end {kind} before {first.word} alert")
        return False

    def _skip(self) -> None:
        """Go on behind the alert that could not be read: to its end, or to where the next begins."""
        while (token := self._next()) is not self._end:
            if token.word == "end" and self._peek().word == "alert":
                self._next()
                return
            if token.word == "define" and self._peek().word == "alert":
                self._at -= 1
                return

    def _peek(self) -> _Token:
        """The next word or comma; the end of a line, of which there are never two, is passed over."""
        at = self._at
        if at < len(self._tokens) and self._tokens[at].text == "\n":
            at += 1
        return self._tokens[at] if at < len(self._tokens) else self._end

    def _next(self, *, lines: bool = False) -> _Token:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if lines or token.text != "\n":
                return token
        return self._end

    def _complain(self, token: _Token, message: str) -> None:
        self.complaints.append(Complaint(line=token.line, message=message))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
