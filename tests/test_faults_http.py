"""What HTTP says and does not mean: circles, cookies, validators that lie, waits, refusals, moves.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from storage import intake
from tests.fakes import item, rss
from tests.faultserver import Exchange, Play, good, page, raw, redirect, turns
from tests.faultserver import head as head_of
from tests.stage import FOUR, THREE, Stage, brought, failed

NEWS = rss(item(1), item(2), item(3), item(5, title="Fresh"))
HOUR = timedelta(hours=1)


def validators(stage: Stage) -> list[tuple[bytes | None, bytes | None]]:
    """What each request showed: If-None-Match and If-Modified-Since."""
    return [(one.header("if-none-match"), one.header("if-modified-since")) for one in stage.server.requests]


def test_f30_a_redirect_to_itself(stage: Stage) -> None:
    """F30, F-35: a page that leads to itself is asked once a poll, and the journal speaks of a circle."""
    before = len(stage.server.requests)
    failed(stage.poll(redirect("/feed", status="301 Moved Permanently")), "redirect", "circle")
    assert len(stage.server.requests) == before + 1
    stage.mends()


@pytest.mark.parametrize(
    ("steps", "words"), [(["/b", "/c", "/a"], "circle"), ([f"/a{n}" for n in range(30)], "more than 5 redirects")]
)
def test_f30_a_redirect_loop(stage: Stage, steps: list[str], words: str) -> None:
    """F30, F-35: loops of several steps and endless chains end after a few requests."""
    stage.follow("loop", "https://loop.example/a")
    for here, there in pairwise(["/a", *steps]):
        stage.server.pages[f"loop.example{here}"] = redirect(there)
    before = len(stage.server.requests)

    failed(stage.poll(slug="loop", world=True), "redirect", words)
    assert len(stage.server.requests) - before <= 6
    stage.mends()


def test_f31_a_redirect_that_waits_for_a_cookie(stage: Stage) -> None:
    """F31, F-10: a page that redirects until it gets its cookie back does not get one, and costs two requests at most."""

    async def play(exchange: Exchange) -> None:
        fed = exchange.request.header("cookie")
        await (page(NEWS) if fed else redirect("/feed?again=1", "Set-Cookie: seen=1; Path=/"))(exchange)

    stage.follow("jar", "https://jar.example/feed")
    stage.server.pages["jar.example/feed"] = stage.server.pages["jar.example/feed?again=1"] = play
    before = len(stage.server.requests)
    failed(stage.poll(slug="jar", world=True), "redirect", "circle")
    failed(stage.poll(slug="jar", world=True), "redirect", "circle")

    asked = stage.server.requests[before:]
    assert len(asked) == 4
    assert [one.header("cookie") for one in asked] == [None] * 4
    assert stage.titles("jar") == []


def test_f35_an_etag_that_is_new_each_time(stage: Stage) -> None:
    """F35, F-06: a new ETag over the same body is remembered and shown, and costs no entry and no edit."""
    stage.poll(page(THREE, 'ETag: "2"'))
    line = stage.poll(page(THREE, 'ETag: "3"'))

    assert (line.outcome, line.new, line.changed) == ("unchanged", 0, 0)
    assert "same body" in line.detail
    assert validators(stage)[1:] == [(b'"1"', None), (b'"2"', None)]
    stage.mends()
    assert validators(stage)[-1] == (b'"3"', None)


@pytest.mark.parametrize(
    "stamp",
    ["Tue, 01 Jan 1980 00:00:00 GMT", "Fri, 19 Jan 2041 03:14:07 GMT", "tue, 24 nov 2026 02:00:00 gmt", "yesterday",
     "Sat, 01 Jan 2000 00:00:00 +0000"],
)  # fmt: skip
def test_f35_a_last_modified_that_lies(stage: Stage, stamp: str) -> None:
    """F35, F-04: a Last-Modified of 1980 or 2041, or none that could be read, is echoed as it came; news is read all the same."""
    brought(stage.poll(page(NEWS, f"Last-Modified: {stamp}")), 1)
    brought(stage.poll(page(rss(item(6)), f"Last-Modified: {stamp}")), 1)

    assert validators(stage)[-1] == (None, stamp.encode())
    stage.mends()


def test_f35_an_etag_that_is_stuck(stage: Stage) -> None:
    """F35: news under an ETag that stays the same is read, as long as the publisher sends it."""
    stage.poll(page(THREE, 'ETag: "stuck"'))
    brought(stage.poll(page(NEWS, 'ETag: "stuck"')), 1)
    stage.mends()


def test_f36_a_304_that_answers_no_condition(stage: Stage) -> None:
    """F36, F-01: 304 to a first, unconditional request is a failure in words; the next request is unconditional again."""
    stage.follow("new", stage.server.url("/new"))
    stage.server.pages["/new"] = raw(head_of(status="304 Not Modified"))
    failed(stage.poll(slug="new"), "protocol", "304")
    stage.server.pages["/new"] = good(FOUR, etag='"4"')
    brought(stage.poll(slug="new"), 4)

    assert validators(stage)[-2:] == [(None, None), (None, None)]
    assert len(stage.titles("new")) == 4


def test_f36_a_304_after_the_store_was_lost(stage: Stage) -> None:
    """F36: a source whose earlier store is gone is asked unconditionally, and is whole again."""
    stage.follow("again", stage.server.url("/feed"))
    brought(stage.poll(good(FOUR, etag='"1"'), slug="again"), 4)
    assert validators(stage)[-1] == (None, None)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        (["Retry-After: 7200"], 2 * HOUR, 3 * HOUR),
        (["Retry-After: Tue, 24 Nov 2026 18:00:00 GMT", "Date: Tue, 24 Nov 2026 14:00:00 GMT"], 4 * HOUR, 5 * HOUR),
        (["Retry-After: Tue, 24 Nov 2020 18:00:00 GMT"], HOUR, 2 * HOUR),
        (["Retry-After: 0"], HOUR, 2 * HOUR),
        (["Retry-After: -5"], HOUR, 2 * HOUR),
        (["Retry-After: soon"], HOUR, 2 * HOUR),
        (["Retry-After: " + "9" * 5000], 24 * HOUR, 24 * 7 * HOUR),
        (["Retry-After: 1000000000000"], 24 * HOUR, 24 * 7 * HOUR),
        (["Cache-Control: max-age=21600"], 6 * HOUR, 8 * HOUR),
        ([], HOUR, 2 * HOUR),
    ],
    ids=["seconds", "date", "past", "zero", "negative", "words", "endless", "absurd", "max-age", "none"],
)
def test_f37_a_busy_publisher(stage: Stage, status: str, headers: list[str], least: timedelta, most: timedelta) -> None:
    """F37, F-20, F-30, F-31: however long a busy publisher wants to be left alone, it is, up to a bound; no poll goes before.

    A person may press the button earlier only where a 503 does not say how long.
    """
    line = stage.poll(page(b"slow down", *headers, status=status))
    failed(line, "busy", status[:3])
    assert line.next_poll_at is not None
    usual = timedelta(hours=8)  # our own plan for a source that posts twice a week
    assert least <= line.next_poll_at - line.at <= max(most, usual)

    soon = line.at + least - timedelta(seconds=1)
    asked = least > HOUR or status.startswith("429")
    assert intake.claim(stage.db, soon, owner="early", limit=9, slugs=["news"], explicit=asked) == []
    stage.mends()
    assert validators(stage)[-1] == (b'"1"', None)


def test_f37_a_wait_at_one_address_of_a_private_host(stage: Stage) -> None:
    """F37, F-32: on a host that is the operator's own, one address that is busy holds no other back."""
    stage.follow("other", stage.server.url("/other"))
    stage.server.pages["/other"] = good(FOUR)
    line = stage.poll(page(b"", "Retry-After: 7200", status="429 Too Many Requests"))

    brought(stage.poll(slug="other", days=0), 4)
    assert line.next_poll_at is not None
    assert line.next_poll_at > stage.clock()


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://новости.example/feed", "xn--b1amnebsh.example", "/feed"),
        ("https://xn--b1amnebsh.example/feed", "xn--b1amnebsh.example", "/feed"),
        ("https://news.example/лента/ä?q=ö", "news.example", "/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0/%C3%A4?q=%C3%B6"),
        ("https://news.example/a%20b/%D0%BB?q=%C3%B6", "news.example", "/a%20b/%D0%BB?q=%C3%B6"),
        ("https://NEWS.Example/Feed", "news.example", "/Feed"),
    ],
    ids=["idn", "punycode", "path", "escaped", "capitals"],
)
def test_f39_hosts_and_paths_beyond_ascii(stage: Stage, url: str, host: str, target: str) -> None:
    """F39: a name and a path in any script, written out or escaped already, are asked for once and rightly escaped."""
    stage.follow("odd", url)
    stage.server.pages[host + target] = good(FOUR)

    brought(stage.poll(slug="odd", world=True), 4)
    last = stage.server.requests[-1]
    assert (last.header("host"), last.target) == (host.encode(), target)


def moving(stage: Stage, status: str, there: Play) -> None:
    """A source in the wide world whose page leads somewhere else."""
    stage.follow("mover", "https://old.example/feed")
    stage.server.pages["old.example/feed"] = good(THREE, etag='"1"')
    brought(stage.poll(slug="mover", world=True), 3)
    stage.server.pages["old.example/feed"] = redirect("https://new.example/feed", status=status)
    stage.server.pages["new.example/feed"] = there


@pytest.mark.parametrize("status", ["301 Moved Permanently", "308 Permanent Redirect"])
def test_f40_a_move_for_good(stage: Stage, status: str) -> None:
    """F40, F-33: a permanent redirect is followed at once and believed after repeated sight; the declared address stays known."""
    moving(stage, status, good(FOUR))
    brought(stage.poll(slug="mover", world=True), 1)
    assert stage.source("mover").source.url == "https://old.example/feed"
    stage.poll(slug="mover", world=True)

    moved = stage.source("mover")
    assert (moved.source.url, moved.declared_url) == ("https://new.example/feed", "https://old.example/feed")
    before = len(stage.server.requests)
    stage.poll(slug="mover", world=True)
    assert [one.header("host") for one in stage.server.requests[before:]] == [b"new.example"]
    assert len(stage.kept("mover")) == 4


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "307 Temporary Redirect"])
def test_f40_a_move_for_now(stage: Stage, status: str) -> None:
    """F40, F-33: a temporary redirect is followed every time, and never believed."""
    moving(stage, status, good(FOUR))
    for _ in range(3):
        stage.poll(slug="mover", world=True)
    assert stage.source("mover").source.url == "https://old.example/feed"
    assert len(stage.kept("mover")) == 4


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found"])
def test_f40_a_captive_portal(stage: Stage, status: str) -> None:
    """F40, F-34: a redirect to a page that is no feed, for good or for now, is never believed; the source is well after it."""
    moving(stage, status, page(b"<!DOCTYPE html><title>Pay for the network</title>"))
    for _ in range(3):
        failed(stage.poll(slug="mover", world=True), "html", "web page")
    assert stage.source("mover").source.url == "https://old.example/feed"
    stage.server.pages["old.example/feed"] = good(FOUR, etag='"2"')
    brought(stage.poll(slug="mover", world=True), 1)
    assert len(stage.kept("mover")) == 4


def test_f40_a_parked_domain_for_a_day(stage: Stage) -> None:
    """F40, F-33: somebody else's feed behind a permanent redirect that is gone again the next time teaches nothing."""
    moving(stage, "301 Moved Permanently", good(rss(item(8, guid="parked"), title="Buy this domain")))
    brought(stage.poll(slug="mover", world=True), 1)
    stage.server.pages["old.example/feed"] = good(FOUR, etag='"2"')
    brought(stage.poll(slug="mover", world=True), 1)
    stage.poll(slug="mover", world=True)

    assert stage.source("mover").source.url == "https://old.example/feed"
    assert [one.entry.id for one in stage.kept("mover")] == ["id-1", "id-2", "id-3", "parked", "id-9"]


@pytest.mark.parametrize("status", ["403 Forbidden", "401 Unauthorized", "404 Not Found", "500 Oh No", "451 Law"])
def test_f45_a_refusal(stage: Stage, status: str) -> None:
    """F45, F-37: a refusal is a failure with its number; waits grow to a day, never to silence, and validators stay."""
    for times in range(12):
        line = stage.poll(page(NEWS, status=status))
        failed(line, "http", status)
        assert line.next_poll_at is not None
        assert HOUR <= line.next_poll_at - line.at <= 31 * HOUR, times
    stage.mends()
    assert validators(stage)[-1] == (b'"1"', None)


def test_f45_a_refusal_of_our_name(stage: Stage) -> None:
    """F45, F-11: refused for its name, the program asks again under the same honest name."""

    async def play(exchange: Exchange) -> None:
        fooled = b"Mozilla" in (exchange.request.header("user-agent") or b"")
        await page(NEWS if fooled else b"", status="200 OK" if fooled else "403 Forbidden")(exchange)

    for _ in range(3):
        failed(stage.poll(play), "http", "403")
    assert {one.header("user-agent") for one in stage.server.requests} == {b"Heliograph/test (+https://h.example)"}
    stage.mends()


def test_f45_a_refusal_of_what_we_accept(stage: Stage) -> None:
    """F45, F-42: a server that sends only what is accepted, even a text/html that is a feed, is content with what we accept."""

    async def play(exchange: Exchange) -> None:
        accepts = exchange.request.header("accept") or b""
        fits = b"*/*" in accepts and b"application/rss+xml" in accepts
        await page(NEWS, "Content-Type: text/html", status="200 OK" if fits else "406 Not Acceptable")(exchange)

    brought(stage.poll(play), 1)
    stage.mends()


def test_one_good_poll_ends_a_back_off(stage: Stage) -> None:
    """F-37: after any number of failures, one answer brings the source back to its own rhythm."""
    play = turns(*[page(b"", status="500 Oh No")] * 5, good(NEWS))
    for _ in range(5):
        failed(stage.poll(play), "http", "500")
    line = stage.poll(play)

    brought(line, 1)
    assert line.next_poll_at is not None
    assert line.next_poll_at - line.at <= 2 * HOUR
