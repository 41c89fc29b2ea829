"""Our lists of feeds as OPML: what we follow, what we publish, what a topic is made of (O-01).

In: a publisher, an output. Out: a body, ready to be sent. Never: a user name, a password or a key in an address (O-04).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator import combined
from aggregator.config import Config
from aggregator.exporting import outlines_of
from aggregator.publish import Body, Publisher, made
from feeds.identity import is_web_url
from feeds.opml import Outline, Owner, write_opml
from storage import reading
from storage.listing import sources_in
from storage.model import Followed, Output

MEDIA_TYPE = "text/x-opml"


def followed(publisher: Publisher) -> Body:
    """What we follow, grouped by region, with our own settings beside it."""
    groups = outlines_of(reading.followed(publisher.db))
    return _body(publisher, f"{publisher.config.settings.title}: what we follow", _changed_at(publisher), groups)


def published(publisher: Publisher) -> Body:
    """What we publish: everything at once, every combined feed, topic and author; nothing that takes a key."""
    base = publisher.config.base_url
    everything = Outline(text="Everything", xml_url=f"{base}/all.atom", html_url=f"{base}/all")
    groups: dict[str, list[Outline]] = {"": [everything]}
    feeds = combined.list_combined(publisher.db, publisher.config.feeds)
    for kind, listed in (
        *([("feeds", feeds)] if feeds else []),
        ("topics", reading.list_topics(publisher.db)),
        ("authors", reading.list_authors(publisher.db)),
    ):
        pages = ((one.title, f"{base}/{kind}/{one.slug}") for one in listed)
        groups[kind.capitalize()] = [
            Outline(text=title, xml_url=f"{page}.atom", html_url=page) for title, page in pages
        ]
    return _body(publisher, f"{publisher.config.settings.title}: what we publish", _changed_at(publisher), groups)


def sources_of(publisher: Publisher, output: Output, known: Mapping[str, Followed] | None = None) -> Body:
    """The sources whose entries are filed in a topic, those with most entries first: the topic's own reading list.

    `known` is what is followed, by slug, where the caller has it already. Sources that are no longer followed are left
    out, and files, which have no address in the world.
    """
    if known is None:
        known = {one.source.slug: one for one in reading.followed(publisher.db)}
    found = [known[slug] for slug in sources_in(publisher.db, output.slug) if slug in known]
    outlines = [
        Outline(
            text=one.called or one.source.slug, xml_url=one.source.url, html_url=one.site_url, lang=one.source.lang,
            description=one.description,
        )
        for one in found if is_web_url(one.source.url)
    ]  # fmt: skip
    title = f"{output.title} · {publisher.config.settings.title}: its sources"
    return _body(publisher, title, output.changed_at, {"": outlines})


def owner_of(config: Config) -> Owner:
    """Whose lists these are: the server's name, and where its operator is reached, a page or a mail address."""
    contact = config.settings.contact.removeprefix("mailto:")
    if is_web_url(contact):
        return Owner(name=config.settings.title, page=contact)
    return Owner(name=config.settings.title, email=contact if "@" in contact else "")


def _changed_at(publisher: Publisher) -> datetime:
    everything = reading.output(publisher.db, "all", "")
    assert everything is not None, "the store was reconciled before anything is published"
    return everything.changed_at


def _body(publisher: Publisher, title: str, changed: datetime, groups: Mapping[str, Sequence[Outline]]) -> Body:
    content = write_opml(title, changed, groups.items(), owner_of(publisher.config))
    return made(content, MEDIA_TYPE, changed)
