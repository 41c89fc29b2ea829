"""Entries that will not stay who or when they are: ids that change, repeat or are missing; dates that cannot be.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete

from storage.schema import entries
from tests.fakes import item, rss
from tests.faultserver import page
from tests.stage import Stage, brought

BARE = "<item><title>{title}</title><description>{body}</description>{extra}</item>"


def bare(title: str = "Same", body: str = "Words.", extra: str = "") -> str:
    """An item with no guid and no link."""
    return BARE.format(title=title, body=body, extra=extra)


def dated(written: str, guid: str = "d") -> str:
    """An item with this in its date element."""
    return f"<item><title>Dated</title><guid>{guid}</guid><pubDate>{written}</pubDate></item>"


def test_f17_no_guid_no_link_the_same_title(stage: Stage) -> None:
    """F17, I-02, I-03: items of one title that differ only in their text are two entries, and stay two."""
    body = rss(bare(body="One."), bare(body="Two."))
    brought(stage.poll(page(body)), 2)
    brought(stage.poll(page(rss(bare(body="One."), bare(body="Two."), title="Renamed"))), 0)
    assert {one.entry.text for one in stage.kept()[3:]} == {"One.", "Two."}
    stage.mends()


def test_f17_dates_tell_them_apart_through_an_edit(stage: Stage) -> None:
    """F17, I-03: where the date is all that an item has, an edit of its text is an edit, not a second entry."""
    first, second = "Tue, 24 Nov 2026 01:00:00 GMT", "Tue, 24 Nov 2026 02:00:00 GMT"
    brought(stage.poll(page(rss(*(bare(extra=f"<pubDate>{one}</pubDate>") for one in (first, second))))), 2)
    edited = [bare(extra=f"<pubDate>{first}</pubDate>"), bare(body="Edited.", extra=f"<pubDate>{second}</pubDate>")]
    brought(stage.poll(page(rss(*edited))), 0, changed=1)
    assert [one.entry.text for one in stage.kept()[3:]] == ["Words.", "Edited."]
    stage.mends()


def test_f18_one_guid_for_all_items(stage: Stage) -> None:
    """F18, I-06: items that share one guid and have links of their own are entries of their own, at every poll."""
    same = [item(number, guid="same") for number in range(14, 19)]
    brought(stage.poll(page(rss(*same))), 5, "guid of another")
    brought(stage.poll(page(rss(item(19, guid="same", title="Newer"), *same))), 1, "guid of another")

    assert stage.titles()[3:] == [*(f"Entry {number}" for number in range(14, 19)), "Newer"]
    stage.mends()


def test_f19_an_entry_edited_in_place(stage: Stage) -> None:
    """F19, I-07, I-09: an edit under an unchanged date is taken over, its earlier words are kept, and it does not move."""
    before = stage.kept()[1]
    brought(
        stage.poll(page(rss(item(1), item(2, title="Entry 2, corrected", body="Other words."), item(3)))), 0, changed=1
    )
    after = stage.kept()[1]

    assert (after.entry.title, after.entry.text, after.revisions) == ("Entry 2, corrected", "Other words.", 1)
    assert (after.key, after.first_seen, after.published) == (before.key, before.first_seen, before.published)
    stage.mends()


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("Fri, 24 Nov 2045 08:00:00 GMT", "future"), ("Fri, 31 Dec 9999 23:59:59 GMT", "future"),
        ("9999-12-31T23:59:59-12:00", "missing"), ("Mon, 01 Jan 0001 00:00:00 GMT", "implausible"),
        ("0001-01-01T00:00:00Z", "implausible"), ("Thu, 01 Jan 1970 00:00:00 GMT", "implausible"),
        ("0000-00-00 00:00:00", "missing"), ("Sat, 99 Zzz 99999 99:99:99 +9999", "missing"),
    ],
)  # fmt: skip
def test_f20_dates_that_cannot_be(stage: Stage, written: str, note: str) -> None:
    """F20, I-10, I-11: a date in the future, in the year 1, 1970 or 9999 gives way to the time of first sight, for good."""
    brought(stage.poll(page(rss(dated(written), item(6)))), 2)
    seen = stage.clock()
    first = next(one for one in stage.kept() if one.entry.id == "d")
    brought(stage.poll(page(rss(dated(written), item(6), item(7)))), 1)
    again = next(one for one in stage.kept() if one.entry.id == "d")

    assert (first.published, first.published_note) == (seen, note)
    assert (again.published, again.updated, again.revisions) == (first.published, first.updated, 0)
    stage.mends()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mo, 25 Jun 2018 10:00:00 +0200", "2018-06-25T08:00"), ("Mon, 3 Sept 2018 10:00:00 GMT", "2018-09-03T10:00"),
        ("ma, 14 Lok 2019 10:00:00 +0300", "2019-10-14T07:00"), ("Пн, 25 июн 2018 10:00:00 +0300", "2018-06-25T07:00"),
        ("25 июня 2018, 10:00", "2018-06-25T10:00"), ("Seg, 24 Set 2018 10:00:00 -0300", "2018-09-24T13:00"),
        ("2018-06-25 10:00", "2018-06-25T10:00"), ("25.06.2018 10:00", "2018-06-25T10:00"), ("1529920800", "2018-06-25T10:00"),
        ("Mon, 25 Jun 2018 24:00:00 GMT", "2018-06-26T00:00"), ("Mon, 25 Jun 18 10:00 EST", "2018-06-25T15:00"),
    ],
)  # fmt: skip
def test_f21_dates_in_every_dialect(stage: Stage, written: str, read: str) -> None:
    """F21, I-15: wrong day names, long months, Finnish, Russian and Portuguese ones, numbers: the date that was meant."""
    brought(stage.poll(page(rss(dated(written)))), 1)
    kept = next(one for one in stage.kept() if one.entry.id == "d")
    assert (kept.published.isoformat()[:16], kept.published_note) == (read, "")


@pytest.mark.parametrize("written", ["soon", "Yesterday", "32.13.2018", "<!-- -->", "Mon, Jun", "-1"])
def test_f21_dates_that_do_not_parse(stage: Stage, written: str) -> None:
    """F21, I-10: what is no date is the time of first sight, and the same at every poll."""
    brought(stage.poll(page(rss(dated(written)))), 1)
    seen = stage.clock()
    brought(stage.poll(page(rss(dated(written), item(6)))), 1)
    kept = next(one for one in stage.kept() if one.entry.id == "d")
    assert (kept.published, kept.published_note, kept.revisions) == (seen, "missing", 0)
    stage.mends()


def test_f22_no_date_at_all(stage: Stage) -> None:
    """F22, I-10: an entry without a date is new once; its date in our feed is the same byte for byte a week later."""
    undated = "<item><title>Undated</title><guid>u</guid><description>{}</description></item>"
    brought(stage.poll(page(rss(undated.format("Words.")))), 1)
    seen, first = stage.clock(), re.findall(rb"<pubDate>[^<]*</pubDate>", stage.published("rss"))
    for number in range(3):
        brought(stage.poll(page(rss(undated.format("Words."), extra=f"<ttl>{number}</ttl>"))), 0)
    kept = next(one for one in stage.kept() if one.entry.id == "u")

    assert (kept.published, kept.published_note) == (seen, "missing")
    assert re.findall(rb"<pubDate>[^<]*</pubDate>", stage.published("rss")) == first
    stage.mends()


def test_f23_noise_around_the_entries(stage: Stage) -> None:
    """F23, I-08: a new lastBuildDate, ttl, comment or tracking parameter is no news and no edit; our feed stays the same."""
    noisy = (
        "<lastBuildDate>Tue, 24 Nov 2026 0{0}:00:00 GMT</lastBuildDate><pubDate>Tue, 24 Nov 2026 0{0}:00:00 GMT</pubDate>"
        "<!-- served in 0.{0} s -->"
    )
    link = '&lt;a href="https://news.example/x?utm_source=feed&amp;amp;utm_id={0}"&gt;More&lt;/a&gt;{1}'
    brought(stage.poll(page(rss(item(5, body=link.format(0, "")), extra=noisy.format(0)))), 1)
    first = stage.published()
    for number in range(1, 4):
        brought(stage.poll(page(rss(item(5, body=link.format(number, " " * number)), extra=noisy.format(number)))), 0)

    assert stage.published() == first
    stage.mends()


def test_f42_pruned_entries_that_are_in_the_feed_still(stage: Stage) -> None:
    """F42, I-12: an entry that was removed here does not come back as new while its feed goes on showing it."""
    with stage.db.write() as connection:
        connection.execute(delete(entries).where(entries.c.entry_id == "id-1"))
    brought(stage.poll(page(rss(item(1), item(2), item(3), item(5)))), 1)
    brought(stage.poll(page(rss(item(1, title="Edited"), item(2), item(3), item(5)))), 0)

    assert [one.entry.id for one in stage.kept()] == ["id-2", "id-3", "id-5"]


def test_entries_that_leave_the_feed_stay(stage: Stage) -> None:
    """I-12: vanishing from a feed is not deletion, and a return is not news."""
    brought(stage.poll(page(rss(item(5)))), 1)
    brought(stage.poll(page(rss(item(1), item(6)))), 1)
    assert [one.entry.id for one in stage.kept()] == ["id-1", "id-2", "id-3", "id-5", "id-6"]


@pytest.mark.parametrize("edit", ["", ", corrected"], ids=["at every fetch", "with the headline"])
def test_f16_a_guid_that_changes(stage: Stage, edit: str) -> None:
    """F16, I-13: an item whose guid is another one every time is known by its link and date; it is edited, not doubled."""
    brought(stage.poll(page(rss(item(5, guid="g0"), item(6, guid="h0")))), 2)
    for number in range(1, 4):
        said = [item(5, guid=f"g{number}", title=f"Entry 5{edit * number}"), item(6, guid=f"h{number}")]
        brought(stage.poll(page(rss(*said))), 0, "known again", changed=1 if edit else 0)

    assert stage.titles()[3:] == [f"Entry 5{edit * 3}", "Entry 6"]
    assert [one.entry.id for one in stage.kept()[3:]] == ["g0", "h0"]
    stage.mends()


def test_f44_all_ids_rewritten_at_once(stage: Stage) -> None:
    """F44, I-13: after a site's move to new ids the entries that are kept are known again; only what is new is new."""
    moved = [item(number, guid=f"https://news.example/?p={number}") for number in (1, 2, 3, 7)]
    brought(stage.poll(page(rss(*moved))), 1, "3 entries came under other ids")

    assert stage.titles() == ["Entry 1", "Entry 2", "Entry 3", "Entry 7"]
    brought(stage.poll(page(rss(*moved, title="Again"))), 0)


def test_f16_two_items_of_one_link_are_two(stage: Stage) -> None:
    """F16, I-13: different items that share a link, as of a live page, are not taken for one another."""
    live = [item(5, guid="a", title="First"), item(5, guid="b", title="Second")]
    brought(stage.poll(page(rss(*live))), 2)
    brought(stage.poll(page(rss(*live, item(5, guid="c", title="Third")))), 1)
    assert {*stage.titles()[3:]} == {"First", "Second", "Third"}


@pytest.mark.parametrize("said", [{"title": "Other words"}, {"body": "Other words."}])
def test_f44_a_new_item_under_an_old_link_is_new(stage: Stage, said: dict[str, str]) -> None:
    """F44, I-13: a daily item under one lasting link and another date is a new entry, since its words are others."""
    daily = "<pubDate>Wed, 25 Nov 2026 01:00:00 GMT</pubDate>"
    fresh = item(1, guid="day-2", **said).replace("<pubDate>Tue, 24 Nov 2026 01:00:00 GMT</pubDate>", daily)
    assert daily in fresh

    brought(stage.poll(page(rss(fresh))), 1)
    assert {"id-1", "day-2"} <= {one.entry.id for one in stage.kept()}


def test_dates_move_with_the_clock_of_the_stage(stage: Stage) -> None:
    """I-10: first sight is the time of the poll that brought an entry."""
    stage.poll(page(rss(dated("x"))))
    kept = next(one for one in stage.kept() if one.entry.id == "d")
    assert kept.first_seen == stage.clock()
    assert stage.clock() - stage.kept()[0].first_seen == timedelta(days=8)
