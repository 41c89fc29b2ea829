"""Which countries and regions an entry names, and in which words.

In: a title, a text, their language, the source's own country. Out: place tags, the most named first.
Never: the place of an outlet, an author or a dateline: a filing city is not what is told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator import gazetteer
from aggregator.place_context import NO, SURE, UNSURE, Surnames, View, judge
from aggregator.place_lexicon import HAN, WORD, Lexicon, Pattern, fits, has_case, letters
from storage.model import PlaceTag, Span

names, slug_of, code_of = gazetteer.names, gazetteer.slug_of, gazetteer.code_of
members, regions_of, point = gazetteer.members, gazetteer.regions_of, gazetteer.point

MOST_SPANS = 20
"""So many of a place's spans are kept; the count goes on."""
_MOST_HITS = 4_000
_JOINT = re.compile("(?:[ \u00a0]{1,2}| [&–—-] |[-‐‑–.'’ʼ`\u200c]|\\s?\n|\\. )\\Z")
_DASH = re.compile(r"\s*(?:—|–|--)\s|\s[-\u0640]\s|:\s")
_DATELINE = 110
_UNDATED = frozenset(("ru", "uk", "be", "kk", "ky", "tg", "mn"))
"""Where a dash after a name is "is", so that a dateline must have more to show than a dash."""
_BIO = re.compile(
    r"(?:^[ \t]*|[.!?»”] )(?:about the (?:author|writer|reporter|correspondent)|author bio|об автор(?:е|ах)\b|автор туралы"
    r"|(?:yazar(?:lar)?|muhabir) hakkında|(?:نبذة )?(?:عن|حول) (?:الكاتب|المؤلف|كاتب المقال)|كاتب المقال|الكاتبة?:"
    r"|دربار[هٔۀ]+\u200c?ی? نویسنده|معرفی نویسنده|автор жөнүндө|muallif haqida|müəllif haqqında|про автора|über den autor"
    r"|à propos de l.auteur|автор: |yazar: |نویسنده: )",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = r"\A(?:(?:The|Our) (?:author|writer|correspondent)|[A-ZÇĞİÖŞÜ][\w.’'-]+(?: [A-ZÇĞİÖŞÜ][\w.’'-]*){1,4}),?"
_BIO_OF = re.compile(
    rf"{_NAME} (?:is|was) (?:an?|the|based|[\w’']+’?'?s)\b[^.\n]{{0,120}}?"
    r"\b(?:journalist|analyst|fellow|editor|correspondent|writer|reporter|professor|researcher|columnist|scholar|author|based)\b"
    rf"|{_NAME} (?:covers|writes (?:about|on|for)|reports from|has (?:covered|reported)|lives in)\b"
    rf"|{_NAME} [^.\n]{{0,120}}\b(?:gazetecidir|gazeteci-yazar|yazarıdır|muhabiridir|yazıyor|yaşıyor|editörüdür)\b"
    r"|\A(?:Автор|[А-ЯЁӘҚҒҮҰІӨ]\w+ [А-ЯЁӘҚҒҮҰІӨ]\w+)(?: —[^.\n]{0,80}"
    r"(?:журналист|обозревател|корреспондент|аналитик|сотрудник|редактор)"
    r"| (?:жив[её]т|пишет)\b|[^.\n]{0,80}(?:туралы жазады|журналист\.|шолушысы\.))"
    r"|\A(?:الكاتبة?|\w+ \w+) (?:صحفي|صحافي|كاتب|باحث|محلل|مراسل|يكتب|تكتب|يقيم|تقيم|محرر)"
    r"|\A(?:نویسنده|\w+ \w+)،? (?:روزنامه|نویسنده|پژوهشگر|تحلیلگر|خبرنگار)"
)
_MINORITY = re.compile("(?:turkmen|туркмен|түрікмен|تركمان|تركمن|ترکمن)(?!.*(?:stan|стан|ستان))")
_HOMES_OF_TURKMENS = frozenset(("IQ", "SY"))
# Peoples with a state who live in others too, as written (folded), and where: "Bosnian Serbs", "Uzbeks of Osh".
_PEOPLES = {
    "TM": ("IQ SY IR AF", r"turkmen|туркмен|түрікмен|تركمان|تركمن"),
    "UZ": ("KG AF TJ KZ", r"uzbeks$|ozbekler|узбек(?:и|ов|ам|ами|ах)$|өзбек(?:тер|$)|اوزبك|ازبك"),
    "TJ": ("UZ AF CN", r"tajiks$|tacikler|таджик(?:и|ов|ам|ами|ах)$|тәжіктер|طاجيك|تاجيك"),
    "KZ": ("CN MN UZ", r"kazakhs$|kazaklar|казах(?:и|ов|ам)$|қазақтар"),
    "AZ": ("IR GE", r"azeris$|azerbaijanis$|azeriler|азербайджанц|اذري"),
    "AM": ("GE TR SY LB IR", r"armenians$|ermeniler|армян(?:е|ам)?$|армяндар|ارمن$"),
    "RS": ("XK BA ME HR", r"serbs?$|sirplar|серб(?:ы|ов|ам|ами)?$|сербтер|صرب$"),
    "AL": ("XK MK RS", r"albanians?$|arnavutlar|албанц|албандар"),
    "TR": ("BG GR", r"turks$|turkler|турки$|турок$|түріктер|اتراك"),
    "HU": ("RO RS SK UA", r"hungarians?$|macarlar|венгр(?:ы|ов)$"),
    "RU": ("LV EE LT", r"russians$|ruslar|русские$|русских$"),
}
_HOMES = {code: (frozenset(homes.split()), re.compile(pattern)) for code, (homes, pattern) in _PEOPLES.items()}
_APART = {True: (1, 5), False: (1, 4)}
"""So many characters lie between a people and where it lives: a space, " in ", and in Arabic script the ending of ازبک‌های."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A name in a text: of which codes, how sure, where."""

    codes: tuple[str, ...]
    sure: int
    word: str
    span: Span


def places_of(title: str, text: str, lang: str = "", country: str = "") -> tuple[PlaceTag, ...]:
    """The countries and regions that an entry names: those of the title first, then the most named.

    `lang` is the entry's language (BCP 47); where it is "" or one that the gazetteer lacks, only names count that mean
    one place in all languages. `country` is the source's own (ISO 3166-1 alpha-2): a second cue for a name that may be
    something else. Time is linear in the text; a place keeps its first 20 spans.
    """
    language = gazetteer.primary(lang)
    language = language if language in gazetteer.languages() else ""
    lexicon = gazetteer.lexicon(language)
    surnames = Surnames()
    hits: list[Hit] = []
    for field, whole in (("title", title), ("text", text)):
        if whole:
            hits += _hits(field, whole, language, lexicon, surnames)
    return _tags(_without_minorities(_without_persons(hits, surnames)), country.upper())


def _hits(field: str, whole: str, language: str, lexicon: Lexicon, surnames: Surnames) -> list[Hit]:
    matches = [*WORD.finditer(whole.replace("_", " "))]
    words = [match[0] for match in matches]
    named = [
        index for index, word in enumerate(words) if (listed := lexicon[word]) and _may_begin(words, index, listed)
    ]
    found = list(_han(field, whole, lexicon)) if lexicon.han and HAN.search(whole) else []
    if not named:
        return found
    view = View(whole, language or _script(whole), words, matches)
    begin, end = -1, len(whole)
    last = -1
    for first in named:
        if first <= last:
            continue
        chosen = _longest(view, first, lexicon[words[first]])
        if chosen is None:
            continue
        pattern, last = chosen
        if begin < 0:  # before the first name of the text
            begin, end = (_dateline(view, first, last), _end_of_text(whole)) if field == "text" else (0, end)
        if pattern.codes and view.starts[first] >= begin and view.ends[last] <= end:
            sure = judge(view, first, last, pattern, surnames)
            if sure != NO:
                found.append(_hit(field, view.text, view.starts[first], view.ends[last], pattern.codes, sure))
            if len(found) >= _MOST_HITS:
                break
    return found


def _hit(field: str, text: str, start: int, end: int, codes: tuple[str, ...], sure: int) -> Hit:
    word = text[start:end]
    return Hit(codes, sure, word, Span(field=field, start=start, end=end, term=word))


def _script(text: str) -> str:
    """A language of the text's script, for its habits with capitals, where the language is not known."""
    letter = next((one for one in text[:200] if one.isalpha()), "a")
    if "\u0400" <= letter <= "\u04ff":
        return "ru"
    return "ar" if "\u0600" <= letter <= "\u06ff" else "en"


def _longest(view: View, first: int, listed: tuple[Pattern, ...]) -> tuple[Pattern, int] | None:
    """The longest pattern whose every word is there, and the index of its last word."""
    for pattern in listed:
        if len(pattern.words) == 1:
            return pattern, first
        last = first + len(pattern.words) - 1
        if last < len(view.words) and all(
            _joined(view, index, pattern, index - first) for index in range(first + 1, last + 1)
        ):
            return pattern, last
    return None


def _may_begin(words: list[str], index: int, listed: tuple[Pattern, ...]) -> bool:
    """Whether a name of one word stands here, or the beginning of a second word: most words that begin long names do not."""
    behind = ""
    for pattern in listed:
        if len(pattern.words) == 1:
            return True
        behind = behind or letters(words[index + 1] if index + 1 < len(words) else "") or "\0"
        if behind.startswith(pattern.words[1][0]):
            return True
    return False


def _joined(view: View, index: int, pattern: Pattern, number: int) -> bool:
    raw = view.words[index]
    if not fits(letters(raw), *pattern.words[number], pattern.endings):
        return False
    gap = view.text[view.ends[index - 1] : view.starts[index]]
    if not _JOINT.match(gap) or (gap == ". " and len(view.words[index - 1]) > 2):
        return False
    return pattern.case != "u" or has_case(raw, "u")


def _han(field: str, whole: str, lexicon: Lexicon) -> Iterator[Hit]:
    """Names in a script that writes no spaces, the longest first."""
    count = 0
    for run in HAN.finditer(whole):
        at, last = run.start(), run.end()
        while at < last - 1 and count < _MOST_HITS:
            for pattern in lexicon.han.get(whole[at : at + 2], ()):
                name = pattern.words[0][0]
                if whole.startswith(name, at):
                    if pattern.codes:
                        count += 1
                        yield _hit(
                            field, whole, at, at + len(name), pattern.codes, SURE if not pattern.weak else UNSURE
                        )
                    at += len(name) - 1
                    break
            at += 1


def _dateline(view: View, first: int, last: int) -> int:
    """Where the text begins after "NAIROBI, 14 Nov (Agency) —"; 0 where it has no such beginning."""
    if first > 1 or len(view.text[: view.starts[first]].strip()) > 12:
        return 0
    head = view.text[:_DATELINE].split("\n")[0]
    place_end = view.ends[last]
    bracket = re.match(r"(?:[,.][^.\n(/]{0,40})?\s*(?:\([^)]{2,40}\)|/[^/]{2,40}/)", head[place_end:])
    bracketed = place_end + bracket.end() if bracket and head[place_end] in ",." else 0
    dash = _DASH.search(head, place_end)
    if dash is None:
        return bracketed
    before = head[place_end : dash.start()]
    small = [one for one in re.findall(r"[^\W\d_]{2,}", re.sub(r"\([^)]*\)", "", before)) if one[0].islower()]
    name = view.text[view.starts[first] : place_end]
    proof = (name.isupper() and len(name) > 3) or re.search(r"[\d(/]", before) is not None
    if dash[0].startswith(":"):
        proof = "(" in before or "/" in before
    elif not before.strip(" ,.") and view.language not in _UNDATED and not dash[0].startswith(":"):
        proof = True
    few = len(re.findall(r"\w+", before)) <= 10 and len(small) <= 1
    return dash.end() if proof and few else bracketed


def _end_of_text(text: str) -> int:
    """Where the words about the author begin, whose places are not the entry's."""
    marked = _BIO.search(text, min(len(text) // 4, 200))
    if marked is not None:
        return marked.start()
    paragraph = text.rstrip().rfind("\n") + 1
    return paragraph if paragraph and _bio_at(text, paragraph) else len(text)


def _bio_at(text: str, paragraph: int) -> bool:
    return paragraph > 0 and _BIO_OF.match(text[paragraph : paragraph + 300]) is not None


def _without_persons(hits: list[Hit], surnames: Surnames) -> list[Hit]:
    """Without the surnames that another place of the entry has shown to be such."""
    if surnames.given:
        hits = [one for one in hits if one.sure != UNSURE or one.word not in surnames.given]
    if not surnames.seen:
        return hits
    return [one for one in hits if one.word not in surnames.seen or _is_named_otherwise(one, hits, surnames)]


def _without_minorities(hits: list[Hit]) -> list[Hit]:
    """Without peoples that stand beside another state in which they live."""
    kept = []
    for number, hit in enumerate(hits):
        homes, people = _HOMES.get(hit.codes[0], (frozenset[str](), None))
        beside = (hits[other] for other in (number - 1, number + 1) if 0 <= other < len(hits))
        if (
            people is None
            or not people.match(letters(hit.word))
            or not any(_lives_in(hit, one, homes) for one in beside)
        ):
            kept.append(hit)
    return kept


def _lives_in(people: Hit, other: Hit, homes: frozenset[str]) -> bool:
    apart = max(people.span.start, other.span.start) - min(people.span.end, other.span.end)
    return (
        people.span.field == other.span.field
        and apart in _APART["\u0600" <= people.word[0] <= "\u06ff"]
        and bool(homes & set(other.codes))
    )


def _is_named_otherwise(hit: Hit, hits: list[Hit], surnames: Surnames) -> bool:
    return any(other.codes == hit.codes and other.word not in surnames.seen for other in hits)


def _tags(hits: list[Hit], country: str) -> tuple[PlaceTag, ...]:
    sure = {hit.codes[0] for hit in hits if hit.sure == SURE and len(hit.codes) == 1}
    found: dict[str, list[Span]] = {}
    for hit in hits:
        code = _code(hit, sure, country)
        if code:
            found.setdefault(code, []).append(hit.span)
    _drop_minority(found)
    tags = [
        PlaceTag(
            code=code,
            count=len(spans),
            in_title=any(span.field == "title" for span in spans),
            spans=tuple(spans[:MOST_SPANS]),
        )
        for code, spans in found.items()
    ]
    return tuple(sorted(tags, key=lambda tag: (not tag.in_title, -tag.count, tag.code)))


def _code(hit: Hit, sure: set[str], country: str) -> str:
    """Which place a name is of, "" where nothing else in the entry speaks for it."""
    if len(hit.codes) > 1:
        return _one_of(hit, sure, country)
    (code,) = hit.codes
    if hit.sure == SURE or code in sure or code == country:
        return code
    return code if hit.sure == UNSURE and sure & gazetteer.neighbours(code) else ""


def _one_of(hit: Hit, sure: set[str], country: str) -> str:
    """Of several that share a name, the one that the entry names in full; else the one that is mostly meant."""
    if hit.codes == ("OM", "JO") and "\u0651" in hit.word:
        return "JO"  # عمّان with its doubled letter is Amman
    named = [code for code in hit.codes if code in sure]
    if len(named) == 1:
        return named[0]
    if named:
        return ""  # both are named in full: this name adds nothing
    if country in hit.codes:
        return country
    if hit.sure == UNSURE and not any(sure & gazetteer.neighbours(code) for code in hit.codes):
        return ""
    return hit.codes[0]


def _drop_minority(found: dict[str, list[Span]]) -> None:
    """Turkmens of Iraq and Syria are no Turkmenistan."""
    spans = found.get("TM", ())
    if spans and _HOMES_OF_TURKMENS & set(found) and all(_MINORITY.search(letters(span.term)) for span in spans):
        del found["TM"]
