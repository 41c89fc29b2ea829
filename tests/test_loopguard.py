"""Our own feeds as sources: refused at every door, while those of another Heliograph are sources like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.config import ConfigError
from aggregator.loopguard import is_own
from aggregator.publish import Publisher as Publishing
from storage import reading
from storage.database import Database, open_database
from tests.fakes import Clock, Page, Publisher, declare, item, make_hands, make_source, poll_all, rss, write_config

URL = "https://feeds.example/copy"
BASE = "https://news.our.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{BASE}/topics/x.atom", True),
        ("http://news.our.example/all.json", True),
        ("https://NEWS.our.example:443/private/k/feeds/x.rss", True),
        (f"{BASE}/blog/feed", False),
        (f"{BASE}.evil.example/topics/x.atom", False),
        ("https://news.our.example.org/topics/x.atom", False),
        ("", False),
    ],
)
def test_our_addresses(url: str, expected: bool) -> None:
    """A-11: the addresses of our feeds are known, those of others at the same host are not taken for ours."""
    assert is_own(url, BASE) is expected
    assert not is_own(url, "")


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_our_own_feed_fails_as_such(db: Database, form: str, tmp_path: Path) -> None:
    """A-11: a source that turns out to be our own feed fails, says so, backs off and brings nothing; another's does not."""
    config = write_config(tmp_path, f"settings: {{base_url: '{BASE}'}}\n")
    publishing = Publishing(db, config)
    declare(db, make_source(), make_source(slug="copy", url=URL), topics={"all-of-it": "entry"})
    pages: dict[str, Page] = {"https://news.example/feed": Page(rss(item(1), item(2)))}
    hands = make_hands(db, publisher := Publisher({**pages}), clock=Clock())
    poll_all(hands)
    found = reading.output(db, "all", "")
    assert found is not None
    publisher.pages[URL] = Page(publishing.feed(found, form, Clock()()).content)

    ours = replace(make_hands(db, publisher, clock=Clock()), base_url=BASE)
    poll_all(ours, explicit=True)
    (copy,) = reading.followed(db, "copy")
    assert (copy.last_kind, copy.entries) == ("own-feed", 0)
    assert "this is our own feed" in copy.last_detail
    assert reading.counts(db)["entries"] == 2

    with_other = open_database(f"sqlite:///{tmp_path}/other.db")
    try:
        declare(with_other, make_source(slug="copy", url=URL))
        poll_all(make_hands(with_other, publisher, clock=Clock()))
        (theirs,) = reading.followed(with_other, "copy")
        assert (theirs.last_kind, theirs.entries) == ("", 2)
        kept = reading.page(with_other, "all", "", limit=5)
        assert {one.entry.public_id for one in kept} == {
            one.entry.public_id for one in reading.page(db, "all", "", limit=5)
        }
        assert {one.entry.source.title for one in kept if one.entry.source} == {"News"}
    finally:
        with_other.close()


def test_the_file_may_not_name_our_own_feeds(tmp_path: Path) -> None:
    """A-11: a source of feeds.yaml that is a feed of this server is a mistake with its line."""
    text = f"settings: {{base_url: '{BASE}'}}\nsources:\n  - url: {BASE}/topics/x.atom\n"
    with pytest.raises(ConfigError) as refused:
        write_config(tmp_path, text)
    (complaint,) = refused.value.complaints
    assert (complaint.line, complaint.key) == (3, "sources[1].url")
    assert "a feed of this server" in complaint.message
