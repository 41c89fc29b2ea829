"""What pages show of rhythm: a chart and a verdict of a topic and of a source, marks on their lists."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from aggregator.daemon import utc_now
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage.database import open_database
from tests.came import bring, daily, heard
from tests.fakes import declare, make_source, write_config
from tests.live import served


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with six weeks behind it: air surges, wire and sea are quiet, land is empty."""
    folder = tmp_path_factory.mktemp("rhythm")
    db = open_database(f"sqlite:///{folder / 'store.db'}")
    now = utc_now()
    wire = make_source(slug="wire", name="Wire", url="https://wire.example/feed")
    declare(db, make_source(), wire, topics={"air": "helicopter*", "sea": "ship", "land": "tank"}, now=now)
    bring(db, daily(10, 43, now=now, since=1), filed=["air"])
    bring(db, daily(10, 43, now=now, since=1), slug="wire", filed=["sea"])
    bring(db, daily(50, 1, now=now), filed=["air"])
    heard(db, now)
    with served(make_app(Publisher(db, write_config(folder, "settings: {title: Desk}")))) as made:
        yield made
    db.close()


def test_a_topic_page_shows_its_rhythm(client: httpx.Client) -> None:
    """E-06: a topic's page has four weeks of days as a chart, and says that it surges and why."""
    page = client.get("/topics/air").text

    assert '<strong class="mark">surge</strong> 50 in the last 24 hours, where 10 are usual.' in page
    assert page.count("<rect") == 28
    assert 'aria-label="320 entries in the last 28 days, at most 50 in a day, 50 in the last"' in page


def test_a_source_page_shows_its_rhythm(client: httpx.Client) -> None:
    """E-06: a source's page says that it is quiet and why."""
    page = client.get("/sources/wire").text

    assert '<strong class="mark">quiet</strong> none in the last 24 hours, where 10 are usual.' in page
    assert page.count("<rect") == 28


def test_lists_mark_what_is_out_of_rhythm(client: httpx.Client) -> None:
    """E-06: the lists of topics and of sources have a mark beside those that surge or are quiet, and no other."""
    topics, sources = client.get("/topics").text, client.get("/sources").text

    assert topics.count('class="mark"') == 2
    assert 'title="50 in the last 24 hours, where 10 are usual">surge</span>' in topics
    assert sources.count('class="mark"') == 2
    assert "none in the last 24 hours, where 10 are usual" in sources


def test_what_is_empty_or_has_no_rhythm_shows_no_chart(client: httpx.Client) -> None:
    """A topic without entries has no chart; the page of everything says nothing of a rhythm."""
    assert "<svg" not in client.get("/topics/land").text
    assert "four weeks" not in client.get("/all").text
