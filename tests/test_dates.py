"""Publishers' date strings, in all their dialects, as aware datetimes in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.dates import read_date

EARLY = datetime(2026, 11, 24, 2, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 24 Nov 2026 02:01:00 GMT",
        "Tue, 24 Nov 2026 02:01:00 +0000",
        "Tue, 24 Nov 2026 02:01:00 -0000",
        "Tue, 24 Nov 2026 02:01 GMT",
        "Tue,24 Nov 2026 2:01:00 UT",
        "24 Nov 26 02:01:00 Z",
        "Tuesday, 24-Nov-26 02:01:00 GMT",
        "Tue Nov 24 02:01:00 2026",
        "Tue Nov 24 02:01:00 UTC 2026",
        "Tue Nov 24 02:01:00 +0000 2026",
        "  Tue, 24 Nov\n 2026 02:01:00\tGMT ",
        "TUE, 24 NOV 2026 02:01:00 gmt",
        "Mo, 24 Nov 2026 02:01:00 GMT",
    ],
)
def test_rfc_822_and_its_dialects(text: str) -> None:
    """I-15: RFC 822 with two-digit years, without seconds or weekday, with white space, and ctime."""
    assert read_date(text) == EARLY


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T02:01:00Z",
        "2026-11-24t02:01:00z",
        "2026-11-24T02:01:00.000Z",
        "2026-11-24T02:01:00+00:00",
        "2026-11-24T02:01Z",
        "2026-11-24T2:01:00Z",
        "2026-11-24 02:01:00",
        "2026-11-24 02:01:00 UTC",
        "2026-11-24 2:01 AM",
        "20261124T020100Z",
        "2026/11/24 02:01",
        "2026.11.24 02:01",
        "2026-11-24T02:01:00+00:0",
        "2026年11月24日 02:01",
        "2026년 11월 24일 02:01:00",
        "1795485660",
    ],
)
def test_rfc_3339_and_other_iso_forms(text: str) -> None:
    """I-15: RFC 3339 and looser ISO 8601, dates of the Far East, Unix time; a time without a zone is UTC."""
    assert read_date(text) == EARLY


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 21:01:00 EST",
        "Mon Nov 23 21:01:00 EST 2026",
        "Mon, 23 Nov 2026 18:01:00 PST",
        "Tue, 24 Nov 2026 05:01:00 MSK",
        "Tue, 24 Nov 2026 05:01:00 +0300",
        "Tue, 24 Nov 2026 05:01:00 +0300 (MSK)",
        "Tue, 24 Nov 2026 05:01:00 GMT+0300",
        "Tue, 24 Nov 2026 05:01:00 GMT+3",
        "Tue, 24 Nov 2026 05:01:00 UTC+03:00",
        "Tue, 24 Nov 2026 07:31:00 +5:30",
        "Tue, 24 Nov 2026 08:01:00 KGT",
        "Mon, 23 Nov 2026 22:31 -03:30",
        "2026-11-24T05:01:00+03:00",
        "2026-11-24T05:01:00+0300",
        "2026-11-24T05:01:00+03",
    ],
)
def test_zones(text: str) -> None:
    """I-15: named zones and offsets in every spelling are brought to UTC."""
    assert read_date(text) == EARLY


@pytest.mark.parametrize("text", ["10:30, 24-Nov-2026", "10:30 24.11.2026", "Tuesday, 24 November 2026 - 10:30"])
def test_a_date_behind_the_time_is_no_zone(text: str) -> None:
    """I-15: the "-2026" of a date is not taken for an offset from UTC."""
    assert read_date(text) == MIDNIGHT + timedelta(hours=10, minutes=30)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2:01 AM", 2), ("2:01 p.m.", 14), ("12:01 AM", 0), ("12:01 PM", 12), ("11:01 pm", 23)],
)
def test_the_twelve_hour_clock(text: str, hour: int) -> None:
    """I-15: AM and PM, with noon and midnight where they belong."""
    assert read_date(f"Nov 24, 2026 {text}") == MIDNIGHT + timedelta(hours=hour, minutes=1)


@pytest.mark.parametrize(
    "text",
    [
        "24 ноября 2026",
        "24 Ноября 2026 г.",
        "Вт, 24 ноя 2026",
        "24 листопада 2026",
        "24 қараша 2026",
        "24 Kasım 2026 Salı",
        "24 KASIM 2026",
        "24 de noviembre de 2026",
        "mardi 24 novembre 2026",
        "24. November 2026",
        "24 marraskuuta 2026",
        "24 lis 2026",
        "24 Νοεμβρίου 2026",
        "Τρι, 24 Νοέ 2026",
        "24 noyabr 2026",
        "24th of November 2026",
        "November 24th, 2026",
        "24/11/2026",
        "11/24/2026",
        "24-11-2026",
        "٢٤ Nov ٢٠٢٦",
    ],
)
def test_month_names_and_orders_of_many_countries(text: str) -> None:
    """I-15, F21: the 24th of November in a dozen languages; an American order where no other is possible."""
    assert read_date(text) == MIDNIGHT


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("3 Ocak 2026", 1), ("3 Şubat 2026", 2), ("3 Mart 2026", 3), ("3 NİSAN 2026", 4), ("3 Mayıs 2026", 5),
        ("3 Haziran 2026", 6), ("3 Temmuz 2026", 7), ("3 Ağustos 2026", 8), ("3 Eylül 2026", 9), ("3 Ekim 2026", 10),
        ("3 Aralık 2026", 12), ("3 января 2026", 1), ("3 мая 2026", 5), ("3 марта 2026", 3), ("3 июня 2026", 6),
        ("3 июля 2026", 7), ("3 März 2026", 3), ("3 juin 2026", 6), ("3 juillet 2026", 7), ("1er août 2026", 8),
        ("Sept 3, 2026", 9), ("3 Set 2026", 9), ("3 loka 2026", 10), ("3 lipca 2026", 7), ("3 Dezember 2026", 12),
    ],
)  # fmt: skip
def test_months_that_look_alike(text: str, month: int) -> None:
    """I-15, F21: months whose names begin alike stay apart, in capitals with a dotted İ too."""
    found = read_date(text)

    assert found is not None
    assert found.month == month


@pytest.mark.parametrize(("year", "meant"), [("26", 2026), ("00", 2000), ("49", 2049), ("50", 1950), ("99", 1999)])
def test_years_of_two_digits(year: str, meant: int) -> None:
    """I-15: a year of two digits is read as RFC 2822 section 4.3 says."""
    assert read_date(f"Tue, 24 Nov {year} 00:00:00 GMT") == MIDNIGHT.replace(year=meant)


@pytest.mark.parametrize(("text", "first"), [("2026-11-24", MIDNIGHT), ("2026-11", MIDNIGHT.replace(day=1))])
def test_dates_without_a_time(text: str, first: datetime) -> None:
    """I-15: a day is its midnight, a month its first day."""
    assert read_date(text) == first


def test_legal_oddities_of_the_clock() -> None:
    """I-15: midnight written as 24:00 is the next day's; a leap second is the next second; fractions stay."""
    assert read_date("Tue, 24 Nov 2026 24:00:00 GMT") == MIDNIGHT + timedelta(days=1)
    assert read_date("2026-12-31T23:59:60Z") == datetime(2027, 1, 1, tzinfo=UTC)
    assert read_date("2026-11-24T02:01:00.123456789Z") == EARLY + timedelta(microseconds=123456)


def test_distant_years_are_read_as_they_are() -> None:
    """F20, I-11: the years 1, 1970 and 2999 are dates; who believes them is decided elsewhere."""
    years = [found.year for text in ("0001-01-01", "1970-01-01", "2999-01-01") if (found := read_date(text))]

    assert years == [1, 1970, 2999]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "now", "tomorrow at noon", "Invalid Date", "24 Foo 2026", "31 Feb 2026", "99 Nov 2026", "2026-13-40",
        "0000-00-00 00:00:00", "Mon, 00 Jan 0000 00:00:00", "2464353600", "2026-W48-2", "24 Nov 2026 02:01:00 +9999",
        "0001-01-01T00:00:00+03:00", "9999-12-31T23:59:59-05:00", "24 Nov 2026 25:99:00", "24 Nov 2026 " + " " * 9 + "x" * 99,
        "13/13/2026",
    ],
)  # fmt: skip
def test_nonsense_is_no_date(text: str) -> None:
    """I-10, F20, F21: what cannot be read, or lies outside the calendar, is None: not "now", not an exception."""
    assert read_date(text) is None


@settings(deadline=None)
@given(st.text(max_size=120) | st.from_regex(r"\d{1,4}[-/. :,TZ+A-Za-zа-я0-9]{0,40}", fullmatch=True))
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    """I-15: no text raises, and what is read is always aware and in UTC."""
    found = read_date(text)

    assert found is None or found.tzinfo is UTC


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001 - hypothesis asks so
def test_what_we_write_we_read(moment: datetime) -> None:
    """V-13: a moment written as ISO 8601, or without its fraction as RFC 822, is read as itself."""
    aware = moment.replace(tzinfo=UTC)

    assert read_date(aware.isoformat()) == aware
    assert read_date(format_datetime(aware)) == aware.replace(microsecond=0)
