"""A-IM: a publisher that sends only what is new, and the bytes that are saved."""

from __future__ import annotations

import gzip

import httpx
import pytest

from feeds.model import FailureKind, Unchanged, Validators
from tests.fakes import Page, Publisher
from tests.test_fetch import URL, ask, failure, got

SHOWN = Validators(url=URL, etag='"1"', body_hash="h")


def used(body: bytes = b"<feed/>", **headers: str) -> Publisher:
    """A publisher that answers 226."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Publisher({URL: lambda request: httpx.Response(226, headers=said, stream=httpx.ByteStream(body))})


@pytest.mark.parametrize(
    ("shown", "sent"),
    [
        (Validators(), None), (Validators(url=URL, last_modified="then"), None), (SHOWN, "feed"),
        (Validators(url=URL + "/other", etag='"1"'), None),
    ],
)  # fmt: skip
def test_a_part_is_asked_for_only_with_an_etag(shown: Validators, sent: str | None) -> None:
    """F-39: A-IM: feed goes with If-None-Match only, since a part is a part of what that names."""
    publisher = Publisher({URL: Page(b"feed")})
    ask(publisher, shown)

    assert publisher.requests[0].headers.get("a-im") == sent


def test_a_part_is_read_as_one() -> None:
    """F-39: 226 with IM: feed is a body that says of itself that it is a part; its ETag is shown next."""
    outcome = got(ask(used(ETag='"2"', IM="feed"), SHOWN))

    assert outcome.answer.partial
    assert outcome.validators.etag == '"2"'
    assert not got(ask(Publisher({URL: Page(b"feed")}), SHOWN)).answer.partial


def test_a_226_that_says_not_what_it_did_is_read_as_a_part() -> None:
    """F-39: 226 without IM is read, and nothing is concluded from what it lacks: no entry is lost by that."""
    assert got(ask(used(ETag='"2"'), SHOWN)).answer.partial


@pytest.mark.parametrize("manipulation", ["vcdiff", "feed, gzip", "diffe"])
def test_other_manipulations_are_refused(manipulation: str) -> None:
    """F-39: a 226 made in a way that nobody asked for cannot be read as a feed."""
    outcome = failure(ask(used(IM=manipulation), SHOWN))

    assert outcome.kind is FailureKind.PROTOCOL
    assert manipulation in outcome.detail


def test_the_bytes_of_an_answer_are_counted() -> None:
    """F-46: an answer says how large its body is, and how many bytes of it came; a 304 brings none."""
    body = b"<rss>" * 1000
    packed = gzip.compress(body)
    page = Page(packed, headers={"Content-Encoding": "gzip", "ETag": '"1"'})
    first = got(ask(Publisher({URL: page})))
    second = ask(Publisher({URL: page}), first.validators)

    assert (first.answer.size, first.answer.wire_bytes) == (len(body), len(packed))
    assert isinstance(second, Unchanged)
    assert (second.answer.size, second.answer.wire_bytes) == (0, 0)
