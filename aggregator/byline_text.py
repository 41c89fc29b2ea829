"""Who signs a text in the text itself: "by NAME" at its start, a dateline, an author box or a bio at its end. PURE.

In: the plain text of an entry. Out: names with their origin, and the agency of the dateline.
Never: a look further than the first and the last characters, nor a name that the text only speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator import byline_words as words
from aggregator.authors import author_key
from aggregator.byline_kinds import agency_of, is_organisation, is_strong_name
from aggregator.byline_names import Part, read_field

_REACH = 600
_LONGEST_BYLINE = 250
_LONGEST_DATELINE = 120
_MOST_LINES = 6

_BY = re.compile(
    r"[\s*_(]{0,4}(?:by|written by|words by|story by|reported by|автор(?:ы)?:|текст:|yazan:|haber:|yazar:|"
    r"بقلم:?|نویسنده:)\s+([^\W\d_][^\n]{3,250})",
    re.IGNORECASE,
)
# Where a byline ends within a line: a full stop behind a whole word, or a dateline.
_STOP = re.compile(
    r"(?<=[^\W\d_]{3})[.*_]+(?:\s|\Z)|\s+[-–—|]\s+(?=[A-ZА-Я]{2})|\s+(?=[A-Z]{4,}(?:,| \()|[A-Z]{4,} [-–—])"
)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек|"
    r"oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara)[^\W\d_]{0,9}\.?"
)
_DATE = rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? \d{{4}})?"
_PLACE = r"(?:[A-ZА-ЯЁİÖÜŞÇƏĞ\u0621-\u06ff][^\W\d_'’.-]*(?:[ '’.-]{1,2}[^\W\d_]+){0,3})"
_DATELINE = re.compile(
    rf"\s{{0,3}}(?:(?P<place>{_PLACE}(?:, {_PLACE})?)(?P<date>[,.]? {_DATE})?|(?P<bare>{_DATE}))[,.]?\s{{0,2}}"
    r"(?:[-–—]\s{0,2})?"
    r"(?:\((?P<round>[^()\n]{2,40})\)|/(?P<slash>[^/\n]{2,30})/|[-–—]\s{0,2}(?P<dash>[^\n]{2,80}))",
    re.IGNORECASE,
)
_MARK = re.compile(r"[(/–—-]")
_DASH = re.compile(r"\s{0,2}[-–—:]")
_AFTER_DASH = re.compile(
    r"(?:[-–—]\s{0,2})?(?P<agency>[A-ZА-ЯЁ«\"][\w«»\"'’./-]*(?: [A-ZА-ЯЁ«\"][\w«»\"'’./-]*){0,3})"
    r"(?:,\s{0,2}(?P<name>[^\W\d_]+(?:[ '’-][^\W\d_]+){1,3}))?\.?(?:\s|\Z)"
)
_BIO = re.compile(
    r"(?P<name>[^\W\d_][^\n,;:!?()—–]{3,60}?)(?:\s+(?:is|was)\s+(?P<said>[^\n]{3,400})|\s*[—–]\s+(?P<ru>[^\n]{3,400}))"
)
_BIO_ROLE = re.compile(
    r"(?:an?|the|currently|[^\W\d_][\w.&-]*['’]s?)\s(?:[^\n.]{0,120}?\s)??(?:[\w-]*editor|journalist|fellow|analyst|professor|reporter|"
    r"correspondent|columnist|researcher|lecturer|scholar|writer|contributor|author|photojournalist|historian|"
    r"political scientist|adviser|advisor|expert|director|candidate|student|economist)\b",
    re.IGNORECASE,
)
_BIO_ROLE_RU = re.compile(
    r"(?:[^\n.]{0,80}\s)?(?:журналист|журналистка|политолог|эксперт|аналитик|редактор|корреспондент|обозреватель|"
    r"исследователь|профессор|научный сотрудник|востоковед|экономист)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:about(?: the author)?|об авторе|о)\s*:?\s+([^\n:;!?()]{3,60})\Z", re.IGNORECASE)
_VIEW_ALL = re.compile(
    r"(?:view|see|read|more)(?: all)? (?:posts|articles|stories) by (?P<name>.{2,60}?)\s*[→»>]{0,3}\s*\Z|"
    r"(?:посмотреть |показать )?все (?:записи|публикации|материалы|статьи) (?:автора )?(?P<ru>.{2,60}?)\s*[→»>]{0,3}\s*\Z",
    re.IGNORECASE,
)
_ENDS_IN_AGENCY = re.compile(r"[(/©—–-]\s{0,2}([^\W\d_][\w. -]{1,24})[)/]?\.?\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """What stands before the first sentence: the agency as written and its slug, and a person where one is named."""

    agency: str = ""
    wire: str = ""
    name: str = ""
    raw: str = ""


def byline_line(text: str) -> tuple[tuple[Part, ...], str]:
    """The people of a line "by NAME, ROLE, ORG." near the start, and the line; nothing where it is a sentence."""
    near = text[: _REACH + _LONGEST_BYLINE]
    start = 0
    while 0 <= start <= _REACH:
        found = _BY.match(near, start)
        start = near.find("\n", start) + 1 or -1
        if found is None:
            continue
        line = found[1]
        stop = _STOP.search(line)
        line = line[: stop.start()] if stop else line
        parts = read_field(line.strip()).parts
        if (
            parts
            and all(_signs(part) and _is_written(part.name, line) for part in parts)
            and _is_all_names(line, parts)
        ):
            return parts, found[0].strip()[: len(found[0].strip()) - len(found[1]) + len(line)]
    return (), ""


def _signs(part: Part) -> bool:
    return part.kind == "person" and is_strong_name(part.name)


def _is_written(name: str, line: str) -> bool:
    """Whether a name stands in a line with capitals: "By using old parts" is not signed by Using Old Parts."""
    words_of = name.replace("’", "'").split()
    spelled = line.replace("’", "'")
    return all(word in spelled or word.upper() in spelled or word.lower() in words.PARTICLES for word in words_of)


def _is_all_names(line: str, parts: tuple[Part, ...]) -> bool:
    """Whether the words of a line are those of its people, not of a sentence that begins like a byline."""
    told = [part.name for part in parts] + [part.role for part in parts] + [part.affiliation for part in parts]
    left = len(line.split()) - len(" ".join(dict.fromkeys(told)).split())
    return left <= 4 + len(parts) or (bool(parts[0].role) and left <= 12)


def dateline(text: str) -> Dateline:
    """The dateline at the start of a text or of one of its first lines; an empty one where there is none."""
    for line in text[:_REACH].split("\n")[:_MOST_LINES]:
        found = _DATELINE.match(line) if _MARK.search(line, 0, _LONGEST_DATELINE) else None
        if found is None:
            continue
        dated, loud = bool(found["date"] or found["bare"]), (found["place"] or "").isupper()
        if not (dated or loud) and not _is_place(found, line):
            continue
        inside = (found["round"] or found["slash"] or "").strip()
        if inside:
            slug = agency_of(inside) or agency_of(inside.upper() if len(inside) > 3 else inside)
            capital = inside[:1].isupper() and len(inside.split()) <= 4 and not any(one.isdigit() for one in inside)
            if slug or (capital and (dated or loud) and not is_strong_name(inside)):
                return Dateline(agency=inside, wire=slug, raw=found[0].strip())
        elif found["dash"]:
            after = _AFTER_DASH.match(found["dash"])
            if after is None:
                continue
            agency, name = after["agency"].rstrip("."), after["name"] or ""
            slug = agency_of(agency)
            if slug or (dated and name and is_strong_name(name) and is_organisation(agency)):
                return Dateline(
                    agency=agency, wire=slug, name=name if is_strong_name(name) else "", raw=found[0][:120].strip()
                )
    return Dateline()


def _is_place(found: re.Match[str], text: str) -> bool:
    """Whether words before an agency are a place though no date says so: each with its capital, and a dash beside."""
    place = found["place"] or ""
    capitals = all(not word[:1].islower() for word in place.split())
    return capitals and bool(_DASH.match(text, found.end()) or _DASH.search(found[0][len(place) : len(place) + 4]))


def closing_agency(text: str) -> str:
    """The slug of an agency that a text ends with: "... (AFP)", "/ТАСС/"."""
    found = _ENDS_IN_AGENCY.search(text[-40:].rpartition("\n")[2])
    return agency_of(found[1].strip()) if found else ""


def boxed(text: str) -> tuple[str, str]:
    """The name of an "About NAME" box or a "View all posts by NAME" at the end of a text, and what the box says."""
    lines = [line.strip() for line in text[-_REACH * 2 :].split("\n") if line.strip()][-8:]
    for at, line in enumerate(lines):
        about, viewed = _ABOUT.match(line), _VIEW_ALL.search(line)
        name = about[1].strip() if about else (viewed["name"] or viewed["ru"]).strip() if viewed else ""
        if name and is_strong_name(name) and (viewed or len(lines) - at <= 5):
            rest = [one for one in lines[at + 1 :] if not _VIEW_ALL.search(one)] if about else []
            return name, "\n".join(rest)
    return "", ""


def bios(text: str) -> dict[str, tuple[str, str]]:
    """People whom the last lines introduce as those who write: key -> (name, bio)."""
    if len(text) < 200:
        return {}
    tail = text[-_REACH * 2 :]
    lines = [line.strip() for line in tail.split("\n")[1 if len(text) > len(tail) else 0 :] if line.strip()]
    found: dict[str, tuple[str, str]] = {}
    for line in lines[-4:]:
        if line is lines[0] and len(text) < _REACH and len(lines) == 1:
            continue
        for sentence in _sentences(line[:1500]):
            bio = _BIO.match(sentence)
            if bio and is_strong_name(bio["name"].strip()) and _is_bio(bio):
                name = bio["name"].strip()
                found[author_key(name)] = (name, sentence)
            elif found and not bio:
                key = next(reversed(found))
                if sentence in line and found[key][1] in line:
                    found[key] = (found[key][0], f"{found[key][1]} {sentence}"[:1500])
            elif not found:
                break
    return found


def _is_bio(bio: re.Match[str]) -> bool:
    if bio["ru"]:
        return bool(_BIO_ROLE_RU.match(bio["ru"]))
    return bool(_BIO_ROLE.match(bio["said"]))


def _sentences(line: str) -> list[str]:
    return re.split(r"(?<=[^\W\d_]{3}[.!?])\s+(?=[A-ZА-ЯЁ])", line)
