"""Topics of our hub: which feed of ours an address is of.

In: an address that somebody wants to subscribe to. Out: the feed, its form and what is asked of it, or why there is none.
Never: a topic that no reader without a key may read, that shows the past, or that has a second spelling (S-08).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import parse_qsl

from aggregator.asking import Asked, AskedError, read_asked
from aggregator.publish import FORMS, KINDS, Body, Publisher
from storage.hub_model import Feed
from storage.model import Output, OutputKind

_LONGEST = 2000
_PATH = re.compile(
    rf"(?:(?P<kind>[a-z]+)/(?P<slug>[^/?#.]+)|(?P<all>all))\.(?P<form>{'|'.join(FORMS)})(?:\?(?P<query>.*))?"
)


class NoTopicError(ValueError):
    """An address is no topic of ours: why. `status` is 404 where nothing is there, 400 where it is no address to follow.

    `is_foreign` says that it is not of this server as this process knows it: another may.
    """

    def __init__(self, reason: str, status: int = 404, *, is_foreign: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.is_foreign = is_foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A feed of ours as it can be subscribed to."""

    output: Output
    form: str
    asked: Asked

    @property
    def feed(self) -> Feed:
        """Which feed it is, for the store."""
        return Feed(kind=self.output.kind, slug=self.output.slug)


def hub_address(publisher: Publisher) -> str:
    """Where our hub is asked."""
    return f"{publisher.config.base_url}/hub"


def topic_of(publisher: Publisher, url: str, *, is_new: bool = True) -> Topic:
    """The feed of ours at this address, for a new subscription in its only spelling. Raises NoTopicError."""
    base = publisher.config.base_url
    if not url.startswith(f"{base}/") or len(url) > _LONGEST:
        raise NoTopicError(f"this hub is for the feeds of {base} only", is_foreign=True)
    found = _PATH.fullmatch(url.removeprefix(f"{base}/"))
    kind = (found["kind"] or "all") if found else ""
    if found is None or kind not in (*KINDS, "all") or (kind == "all") != bool(found["all"]):
        raise NoTopicError(f"there is no feed to follow at this address: they are such as {base}/topics/SLUG.atom")
    output = publisher.output(cast(OutputKind, kind), found["slug"] or "")
    if output is None:
        raise NoTopicError("there is no such feed")
    if output.moved_to:
        now = f"{base}/{kind}/{output.moved_to}.{found['form']}"
        raise NoTopicError(f"this feed has another address now: {now}")
    asked = _asked(found["query"] or "")
    address = publisher.address_of(output, found["form"], asked)
    if is_new and url != address:
        raise NoTopicError(f"expected the address that the feed says is its own: {address}", 400)
    return Topic(output=output, form=found["form"], asked=asked)


def _asked(query: str) -> Asked:
    try:
        asked = read_asked(dict(parse_qsl(query, keep_blank_values=True, max_num_fields=20)))
    except AskedError as error:
        raise NoTopicError(str(error), 400) from None
    except ValueError:
        raise NoTopicError("the query of this address cannot be read", 400) from None
    if asked.before or asked.as_of or asked.hours or asked.key:
        raise NoTopicError("what is past, or passes by itself, cannot be followed: expected the feed itself", 400)
    return asked


def content_of(publisher: Publisher, url: str, now: datetime) -> tuple[Topic, Body]:
    """What a topic's address serves now. Raises NoTopicError."""
    topic = topic_of(publisher, url, is_new=False)
    return topic, publisher.feed(topic.output, topic.form, now, topic.asked)


def is_gone(publisher: Publisher, url: str) -> bool:
    """Whether there is nothing at a topic's address any more."""
    try:
        topic_of(publisher, url, is_new=False)
    except NoTopicError as error:
        return not error.is_foreign
    return False
