"""What goes wrong on the wire, as values with words that a person understands.

In: an exception, or a status that brings no body. Out: Failed. Never: control characters or long speeches of a server.
"""

from __future__ import annotations

import ssl

import httpx

from feeds import guard
from feeds.model import Answer, Failed, FailureKind

_LONGEST_DETAIL = 300


def refusal(response: httpx.Response, answer: Answer) -> Failed:
    """What a status that brings no body means."""
    status = answer.status
    kind, words = FailureKind.HTTP, f"{status} {response.reason_phrase}".strip()
    if status == 304:
        kind, words = FailureKind.PROTOCOL, "304, though nothing was shown to compare with"
    elif status == 410:
        kind, words = FailureKind.GONE, "410: the publisher says that this feed is gone for good"
    elif status in (429, 503):
        kind, words = FailureKind.BUSY, f"{status}: the publisher asks us to come later"
    return Failed(kind=kind, detail=words, answer=answer)


def failure(error: Exception) -> Failed:
    """Which kind of trouble an exception of the network is."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    kinds: tuple[tuple[type[BaseException], FailureKind, str], ...] = (
        (guard.ForbiddenAddressError, FailureKind.FORBIDDEN_ADDRESS, ""),
        (guard.UnknownHostError, FailureKind.DNS, ""),
        (ssl.SSLError, FailureKind.TLS, "the secure connection failed"),
        (httpx.TimeoutException, FailureKind.TIMEOUT, "the server did not answer in time"),
        (httpx.ConnectError, FailureKind.CONNECT, "the server could not be reached"),
        (httpx.ReadError, FailureKind.PROTOCOL, "the server broke the connection off"),
        (httpx.InvalidURL, FailureKind.FORBIDDEN_ADDRESS, "the address cannot be read"),
    )
    for wanted, kind, words in kinds:
        for found in causes:
            if isinstance(found, wanted):
                return Failed(kind=kind, detail=": ".join(filter(None, [words, str(found)])))
    words = str(error) or type(error).__name__
    return Failed(kind=FailureKind.PROTOCOL, detail=f"the answer broke off or made no sense: {words}")


def printable(detail: str) -> str:
    """Words fit for a log line and a terminal, whatever a server put into them (X-25)."""
    return "".join(c if c.isprintable() else " " for c in detail[:_LONGEST_DETAIL])
