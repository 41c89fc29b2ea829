"""A publisher's date string -> an aware datetime in UTC (I-15), and back.

In: whatever stands in a date element, or a datetime. Out: a UTC datetime, or None where no date can be read; a string.
Never: the local time zone, or "now" for what is missing.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# Month names by their first letters, folded, as feeds in these languages abbreviate them (CLDR "wide" and
# "abbreviated" forms). Longer keys win, so that "mart" and "mar", "juin" and "jui" stay apart.
_MONTHS = {
    1: "jan ene gen ocak oca янв sty led qan yan tammi ιαν січ қаң",
    2: "feb fev fév şub sub фев lut úno helmi φεβ fevr лют ақп",
    3: "mar mär maa märz mart мар mrz mars marzo maalis μαρ μάρ бер нау",
    4: "apr abr avr nis апр kwi dub huhti απρ кві сәу",
    5: "may mai mei mag maj май мая mayo touko μαι μάι μαΐ kvě тра мам",
    6: "jun juin giu haz июн cze čvn kesä ιουν ιούν iyun giugno чер мау",
    7: "jul juil lug tem июл lip čvc heinä ιουλ ιούλ iyul luglio лип шіл",
    8: "aug ago aoû aou ağu agu авг sie srp elo αυγ αύγ avg août сер там",
    9: "sep set sept eyl сен wrz zář syys σεπ sen вер қыр",
    10: "oct okt out ott eki окт paź říj lok οκτ oktyabr жов қаз",
    11: "nov kas ноя lis marras νοε νοέ noyabr лис қар noy",
    12: "dec dez dic déc des ara дек gru pro joulu δεκ dek гру жел",
}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "cet": 1, "met": 1, "mez": 1, "cest": 2, "mesz": 2, "bst": 1, "eet": 2, "eest": 3, "msk": 3,
    "trt": 3, "irst": 3.5, "ist": 5.5, "jst": 9, "kst": 9, "almt": 5, "kgt": 6,
}  # fmt: skip

_SHORT = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905
# How nearly all feeds write: read at once, without a look at the dialects.
_RFC822 = re.compile(
    rf"(?:[A-Z][a-z][a-z], )?([0-9]{{1,2}}) ({'|'.join(_SHORT)}) ([0-9]{{4}}) "
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) (\+[01][0-9][0-5][0-9]|-[01][0-9][0-5][0-9]|GMT|UTC|Z)\Z"
)
_ISO = re.compile(
    r"(?P<y>\d{4})-?(?P<mo>\d\d)?-?(?P<d>\d\d)?(?:[T ]\s*(?P<h>\d\d|\d(?=:)):?(?P<mi>\d\d)(?::?(?P<s>\d\d)(?:[.,](?P<f>\d+))?)?)?"
    r"\s*(?P<z>Z|UTC|GMT|[+-]\d\d:?\d{0,2})?\Z",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?[\s/-]+(?:de |of )?(?P<mon>[^\W\d_]{3,})[.,]?[\s/-]+(?:de )?(?P<y>\d{4}|\d\d)\b"
)
_MONTH_FIRST = re.compile(r"(?P<mon>[^\W\d_]{3,})[.]?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b")
_CTIME = re.compile(r"(?P<mon>[^\W\d_]{3,})\s+(?P<d>\d{1,2})\s+\d\d?:\d\d(?::\d\d)?.*?(?<![+-])\b(?P<y>\d{4})\Z")
_NUMERIC = re.compile(r"(?P<d>\d{1,2})[./-](?P<mo>\d{1,2})[./-](?P<y>\d{4})\b")
_SLASHED = re.compile(r"(?P<y>\d{4})(?:[/.-]|[年년] ?)(?P<mo>\d{1,2})(?:[/.-]|[月월] ?)(?P<d>\d{1,2})(?:\b|[日일])")
# Seconds since 1970, from 2001 to 2033: nothing else has ten digits.
_UNIX = re.compile(r"1\d{9}\Z")
_TIME = re.compile(r"\b(?P<h>\d{1,2}):(?P<mi>\d\d)(?::(?P<s>\d\d))?(?:[.,]\d+)?\s*(?P<ap>[AaPp]\.?[Mm]\.?)?")
# Right behind the time: "EST", "+0300 (MSK)", "GMT+3", "+5:30". A number further on is part of the date.
_ZONE = re.compile(r"[\s(,]*(?P<name>[A-Za-z]{1,4}\b)?\s*(?:(?P<sign>[+-])(?P<h>\d{1,2})(?::?(?P<mi>\d\d))?\b)?")


def read_date(text: str) -> datetime | None:
    """RFC 822 with its many dialects, RFC 3339 and other ISO forms, and month names in a dozen languages.

    A date without a zone is UTC. Two-digit years follow RFC 2822 section 4.3. Nonsense is None, never an error.
    """
    plain = _RFC822.match(text)
    if plain:
        return _from_rfc822(*plain.groups())
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 4 <= len(text) <= 100:
        return None
    try:
        if _UNIX.match(text):
            return datetime.fromtimestamp(int(text), UTC)
        iso = _ISO.match(text)
        return _from_iso(iso) if iso else _from_words(text)
    except (ValueError, OverflowError):
        return None


def _from_rfc822(day: str, month: str, year: str, hour: str, minute: str, second: str, offset: str) -> datetime | None:
    try:
        stamp = datetime(int(year), _SHORT[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        if offset[0] in "+-" and offset[1:] != "0000":
            minutes = int(offset[1:3]) * 60 + int(offset[3:])
            stamp -= timedelta(minutes=-minutes if offset[0] == "-" else minutes)
    except (ValueError, OverflowError):
        return None
    return stamp


def _from_iso(match: re.Match[str]) -> datetime:
    part = match.groupdict()
    fraction = int((part["f"] or "0")[:6].ljust(6, "0"))
    hour, second, extra = _clock(int(part["h"] or 0), int(part["s"] or 0))
    stamp = datetime(
        int(part["y"]), int(part["mo"] or 1), int(part["d"] or 1), hour, int(part["mi"] or 0), second, fraction,
        tzinfo=_zone(part["z"] or ""),
    )  # fmt: skip
    return (stamp + extra).astimezone(UTC)


def _from_words(text: str) -> datetime | None:
    for pattern in (_DAY_FIRST, _MONTH_FIRST, _CTIME, _SLASHED, _NUMERIC):
        for match in pattern.finditer(text):
            part = match.groupdict()
            month, day = int(part["mo"]) if part.get("mo") else _month(part["mon"]), int(part["d"])
            if month is not None and month > 12 >= day:
                month, day = day, month  # 11/24/2026, as in the United States
            if month is not None:
                return _at(text, match.end(), _year(part["y"]), month, day)
    return None


def _at(text: str, after: int, year: int, month: int, day: int) -> datetime:
    time = _TIME.search(text, after) or _TIME.search(text)
    hour = minute = second = 0
    zone = ""
    if time:
        hour, minute, second = int(time["h"]), int(time["mi"]), int(time["s"] or 0)
        if time["ap"]:
            hour = hour % 12 + (12 if time["ap"].lower().startswith("p") else 0)
        zone = text[time.end() :]
    hour, second, extra = _clock(hour, second)
    return (datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone)) + extra).astimezone(UTC)


def _clock(hour: int, second: int) -> tuple[int, int, timedelta]:
    """Midnight written as 24:00 and leap seconds, both legal in ISO 8601."""
    extra = timedelta(days=1) if hour == 24 else timedelta(seconds=1) if second == 60 else timedelta()
    return hour % 24, min(second, 59), extra


def _zone(text: str) -> timezone:
    match = _ZONE.match(text)
    if match and match["sign"]:
        minutes = int(match["h"]) * 60 + int(match["mi"] or 0)
        return timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes))
    return timezone(timedelta(hours=_ZONES.get((match["name"] or "").lower(), 0))) if match else UTC


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 50 else 1900)


@lru_cache(maxsize=512)
def _month(name: str) -> int | None:
    name = name.lower().replace("\u0307", "")  # what lower() leaves of the Turkish İ
    best: tuple[int, int] | None = None
    for month, names in _MONTHS.items():
        for known in names.split():
            if name.startswith(known) and (best is None or len(known) > best[0]):
                best = (len(known), month)
    return best[1] if best else None


_DAYS_WRITTEN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_WRITTEN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc3339(moment: datetime) -> str:
    """A moment as Atom and JSON Feed have it: whole seconds in UTC, so that both engines of the store give one text."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"


def rfc822(moment: datetime) -> str:
    """A moment as RSS has it: English names whatever the locale, a year of four digits, UTC (V-05)."""
    at = moment.astimezone(UTC)
    day = f"{_DAYS_WRITTEN[at.weekday()]}, {at.day:02d} {_MONTHS_WRITTEN[at.month - 1]} {at.year:04d}"
    return f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"
