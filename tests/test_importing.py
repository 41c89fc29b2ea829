"""Importing a list: what is new, when each is asked first, and that doing it twice changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aggregator.cli import main
from aggregator.importing import REASON, Import, first_polls, plan_import
from feeds.opmlreader import read_opml
from storage import following, intake, reading, upkeep
from storage.database import Database
from storage.upkeep import Declared
from tests.fakes import NOON, Clock, declare, item, make_source, poll_all, rss
from tests.seam import asked, led_hands
from tests.servers import Server, validated

Run = Callable[..., tuple[int, str, str]]


def opml(*outlines: str) -> bytes:
    """A list with these outlines, each in a line, the first in line 2."""
    return (
        "<opml version='2.0'><body>\n" + "\n".join(f"<outline {one}/>" for one in outlines) + "\n</body></opml>"
    ).encode()


def feed(host: str, path: str = "/feed", more: str = "") -> str:
    """The attributes of a feed."""
    return f'type="rss" text="{host}" xmlUrl="https://{host}.example{path}" {more}'


def planned(db: Database, content: bytes, *tags: str) -> Import:
    """What importing would do."""
    return plan_import(read_opml(content), following.held(db), NOON, base_url="https://own.example/news", tags=tags)


def imported(db: Database, content: bytes) -> Import:
    """What importing did."""
    plan = planned(db, content)
    following.follow(db, [one for _, one in plan.new], NOON)
    return plan


def test_a_line_becomes_a_source(db: Database) -> None:
    """O-02: name, address, language, site and tags are taken over; the source is the store's, and waits for its first poll."""
    declare(db)
    imported(db, opml(feed("news", more='language="ru" category="/defence/air" htmlUrl="https://news.example/"')))

    (one,) = reading.followed(db)
    assert (one.source.slug, one.source.name, one.source.lang, one.source.tags) == (
        "news",
        "news",
        "ru",
        ("defence", "air"),
    )
    assert (one.origin, one.site_url, one.state.reason) == ("command", "https://news.example/", REASON)
    assert one.state.next_poll_at is not None


def test_the_same_file_twice_brings_nothing(db: Database) -> None:
    """O-03: imported again, a list has 0 new sources, and those that are there are as they were."""
    declare(db, make_source())
    content = opml(feed("a"), feed("b"), feed("news"))
    assert len(imported(db, content).new) == 2
    before = reading.followed(db)

    again = imported(db, content)

    assert again.new == []
    assert [one.slug for one in again.known] == ["a", "b", "news"]
    assert reading.followed(db) == before


def test_other_spellings_are_the_same_feed(db: Database) -> None:
    """F39, O-03: what differs in scheme, www., slash or punycode only is followed already, or twice in the file."""
    declare(db, make_source(url="http://www.news.example/feed/"))
    plan = planned(
        db,
        opml(feed("news"), 'xmlUrl="https://bücher.example/ü"', 'xmlUrl="http://www.xn--bcher-kva.example/%c3%bc/"'),
    )

    assert [one.source.url for _, one in plan.new] == ["https://bücher.example/ü"]
    assert [(one.line, one.slug, one.earlier) for one in plan.known] == [(2, "news", 0), (4, "", 3)]


def test_bad_lines_are_told_and_good_ones_kept(db: Database) -> None:
    """O-03, X-04: each line that cannot be followed is told with its number; private addresses and secrets are refused
    before anything is asked."""
    declare(db)
    urls = [
        "ftp://a.example/", "https://good.example/", "file:///etc/passwd", "http://127.0.0.1/feed", "http://[::1]/", "words",
        "https://a.example/?key=${KEY}", "http://localhost/feed", "http://a.example:22/", "http://169.254.169.254/",
    ]  # fmt: skip
    plan = planned(db, opml(*(f'xmlUrl="{url}"' for url in urls)))

    assert [one.source.url for _, one in plan.new] == ["https://good.example/"]
    assert [one.line for one in plan.complaints] == [2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert sum("private addresses" in one.message for one in plan.complaints) == 4


def test_a_private_feed_that_is_declared_is_followed_already(db: Database) -> None:
    """O-03: what feeds.yaml follows at a private address is no complaint of a list that has it too."""
    declare(db, make_source(url="http://127.0.0.1:8000/feed"))
    plan = planned(db, opml('xmlUrl="http://127.0.0.1:8000/feed"'))

    assert ([one.slug for one in plan.known], plan.complaints) == (["news"], [])


def test_our_own_feeds_are_not_followed(db: Database) -> None:
    """A-11: what a list has of this server itself is refused with its line; its neighbours are not."""
    declare(db)
    plan = planned(db, opml(feed("own", "/news/all.atom"), feed("own", "/newspaper"), feed("owner", "/news/all.atom")))

    assert [one.line for one in plan.complaints] == [2]
    assert len(plan.new) == 2


def test_slugs_are_made_free(db: Database) -> None:
    """Sources of one name get different slugs; a source without a name is called by its address."""
    declare(db, make_source(slug="a", url="https://other.example/"))
    plan = planned(
        db, opml(feed("a"), 'text="A" xmlUrl="https://b.example/"', 'xmlUrl="https://www.c.example/rss/world.xml"')
    )

    assert [one.source.slug for _, one in plan.new] == ["a-2", "a-3", "c-example-world"]


def test_settings_that_make_no_sense_are_left_out(db: Database) -> None:
    """O-04: a value of ours that feeds.yaml would refuse is left out with a complaint; the line is kept."""
    declare(db)
    content = opml(feed("a", more='h:slug="A b" h:every="soon" h:kind="press" xmlns:h="tag:heliograph,2026:opml"'))
    plan = planned(db, content)

    ((_, one),) = plan.new
    assert (one.source.slug, one.source.kind, one.source.every) == ("a-example", "press", timedelta(hours=1))
    assert sorted(complaint.message.split()[0] for complaint in plan.complaints) == ["every", "slug"]


def test_no_burst_of_first_polls() -> None:
    """O-03, F-14: a thousand new sources are spread over about half an hour, no two of one host within a minute; a small
    list does not wait long."""
    urls = [f"https://host-{number % 400}.example/{number}" for number in range(1000)]
    due = first_polls(urls, NOON)
    by_host: dict[str, list[datetime]] = {}
    for url, at in zip(urls, due, strict=True):
        by_host.setdefault(str(urlsplit(url).hostname), []).append(at)

    gaps = [b - a for one in by_host.values() for a, b in pairwise(one)]
    assert min(gaps) >= timedelta(minutes=1)
    firsts = sorted((one[0] - NOON).total_seconds() for one in by_host.values())
    assert firsts[-1] <= 2000
    busiest = max(sum(start <= at < start + 60 for at in firsts) for start in range(0, 2000, 60))
    assert busiest < 40
    assert max(first_polls(urls[:10], NOON)) <= NOON + timedelta(seconds=20)
    assert first_polls(urls, NOON) == due


def test_importing_asks_nobody_and_the_daemon_asks_each_when_due(db: Database) -> None:
    """O-03: importing makes no request; sources become due one after the other."""
    declare(db)
    with Server({"/feed": validated(rss(item(1)), '"v1"')}) as server:
        plan = imported(db, opml(feed("a"), feed("b"), feed("a", "/other")))
        assert asked(server) == []

    dues = sorted(one.due for _, one in plan.new)
    for at in dues:
        claimed = intake.claim(db, at, owner="test", limit=10)
        assert len(claimed) == 1
        with db.write() as connection:
            gone = f"UPDATE sources SET retired_at = 1, lease_until = NULL WHERE id = {claimed[0].source_id}"
            connection.exec_driver_sql(gone)


def test_importing_again_makes_no_unconditional_request(db: Database) -> None:
    """F-01: a source that was removed and is imported again has its slug, entries and validators: its next request is
    conditional."""
    declare(db, make_source())
    with Server({"/feed": validated(rss(item(1)), '"v1"')}) as server:
        poll_all(led_hands(db, server, clock=Clock()), explicit=True)
        upkeep.reconcile(db, Declared(), NOON)
        plan = imported(db, opml(feed("news")))
        poll_all(led_hands(db, server, clock=Clock(NOON + timedelta(hours=2))), explicit=True)

    assert [one.source.slug for _, one in plan.new] == ["news"]
    assert [one.header("If-None-Match") for one in server.exchanges] == [None, b'"v1"']


@pytest.fixture
def run(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command as from a shell: exit status, what it printed, what it complained."""

    def command(*arguments: str, home: str = "one") -> tuple[int, str, str]:
        folder = tmp_path / home
        folder.mkdir(exist_ok=True)
        config = folder / "feeds.yaml"
        if not config.exists():
            config.write_text("settings: {title: News desk}\nsources: []\n")
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(config)])
        said = capfdbinary.readouterr()
        return int(ended.value.code or 0), said.out.decode(), said.err.decode()

    return command


def test_the_command(tmp_path: Path, run: Run) -> None:
    """O-03: `import` tells what is new, known, twice and wrong, with file and line; again it finds nothing new; JSON has all
    of it; --tag gives a tag to each."""
    file = tmp_path / "list.opml"
    file.write_bytes(opml(feed("a"), feed("b"), feed("www.a"), 'text="N" type="rss"'))
    status, out, err = run("import", str(file), "--tag", "mine")
    assert status == 0
    assert f"{file}:5: N: there is no xmlUrl, so no feed" in err
    assert f"{file}:4: https://www.a.example/feed stands in line 2 already" in out
    assert "2 new sources, 0 followed already, 1 twice in the file, 1 complaint." in out

    told = json.loads(run("import", str(file), "--json")[1])
    assert (told["new"], [one["slug"] for one in told["followed"]]) == ([], ["a", "b", "a"])
    assert [one["line"] for one in told["twice"]] == []
    assert {"url", "name", "slug", "tags", "every"} <= set(re.findall(r"(\w+):", run("export")[1]))


def test_as_lines_for_the_file(tmp_path: Path, run: Run) -> None:
    """O-02: --yaml prints new sources as feeds.yaml has them, and stores nothing."""
    file = tmp_path / "list.opml"
    file.write_bytes(opml(feed("a")))
    status, out, _ = run("import", str(file), "--yaml")

    assert status == 0
    assert "sources:\n- url: https://a.example/feed\n  name: a\n  slug: a\n" in out
    assert json.loads(run("status", "--json")[1])["counts"]["sources"] == 0


@pytest.mark.parametrize("content", [None, b"words", b""])
def test_a_file_that_cannot_be_used_is_bad_usage(tmp_path: Path, run: Run, content: bytes | None) -> None:
    """A file that is not there or is no OPML ends with 2 and says why."""
    file = tmp_path / "list.opml"
    if content is not None:
        file.write_bytes(content)
    status, _, err = run("import", str(file))

    assert status == 2
    assert "no <opml> in it" in err if content is not None else "cannot be read" in err


def test_there_and_back_again(tmp_path: Path, run: Run) -> None:
    """O-04: exported, imported into an empty store and exported again, a list is the same but for its date; no password is
    in it."""
    own = (
        'xmlns:h="tag:heliograph,2026:opml" h:republish="full" h:slug="a-1" h:lang="en" h:country="KZ" '
        'h:region="central-asia" h:kind="press" h:tags="one,two%2C three" h:every="90s"'
    )
    first = opml(
        feed("zeta"),
        f'text="Al" h:name="Al" htmlUrl="https://a.example/" xmlUrl="https://nora:bridge@a.example/feed" {own}',
        'xmlUrl="https://bare.example/feed"',
        # As we write a feed whose name is its own, with what it says of itself.
        'text="Delta" description="News of the &amp; delta" xmlUrl="https://delta.example/feed" '
        'xmlns:h="tag:heliograph,2026:opml" h:slug="delta-1" h:hours="*/15 6-20 * * mon-fri" h:weight="2.5"',
        'text="B &lt;&amp;&gt; &quot;x&quot;" xmlUrl="https://b.example/?a=1&amp;b=2"',
    )  # fmt: skip
    file = tmp_path / "list.opml"
    file.write_bytes(first)
    assert run("import", str(file))[0] == 0
    exported = run("export", "--opml")[1]
    file.write_text(exported, "utf-8")
    assert run("import", str(file), home="two")[0] == 0
    again = run("export", "--opml", home="two")[1]

    dated = re.compile("<date(?:Created|Modified)>.*?</date(?:Created|Modified)>")
    assert dated.sub("", again) == dated.sub("", exported)
    assert exported.count("xmlUrl") == 5
    assert 'text="Delta" title="Delta"' in exported
    assert 'description="News of the &amp; delta"' in exported
    assert 'heliograph:hours="*/15 6-20 * * mon-fri" heliograph:weight="2.5"' in exported
    assert 'heliograph:tags="one,two%2C three"' in exported
    assert 'heliograph:every="90s"' in exported
    assert "bridge" not in exported
