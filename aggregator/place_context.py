"""What stands around a name, and makes it a street, a team, a person or a language.

In: a text in words, and where a name stands in it. Out: whether it names a place, surely, unsurely, or not.
Never: a list of names: those are the gazetteer's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field

from aggregator import gazetteer
from aggregator.place_lexicon import Pattern, letters

NO, UNSURE, ALONE, SURE = 0, 1, 2, 3
"""No place; one if a neighbour is named too; one if it is named elsewhere; a place."""

CYRILLIC = ("ru", "uk", "be", "kk", "ky", "tg", "mn")
_OPENING, _CLOSING = '«“„"‟', '»”“"'
_BESIDE = re.compile('[\\s\u00a0«“„"‟\u200c-]{1,3}\\Z')
_SENTENCE_END = re.compile(r"(?:[.!?…:;]|\A)[\s»”\"')«“„—–-]*\Z|\n\s*\Z|[«“„\"—–]\s*\Z")
_SIZE = {
    "en": r"(?:(?:size|area) (?:of|as)|as (?:big|large|long|wide|small) as|(?:larger|bigger|smaller) than|size)"
    r"(?: the)?(?: island of)?\s\Z",
    "ru": r"(?:размер\w* со?|площад\w* (?:со?|как)|(?:сопостав|сравн)\w+(?: по площади)? со?|величин\w* со?"
    r"|(?:больше|меньше|крупнее) территории|(?:больше|меньше) чем|(?:размером|площадью) (?:\w+ )?с(?: половину| две| три)?)\s\Z",
    "ar": r"(?:بحجم|مساحة|بمساحة|حجم|من مساحة|تعادل|يعادل|تفوق)\s\Z",
    "fa": r"(?:انداز[هۀ]\u0654?(?:\u200cی)?|وسعت|مساحت|بزرگی)\s\Z",
}
_SIZE_BEFORE = {one: re.compile(pattern, re.IGNORECASE) for one, pattern in _SIZE.items()}
_SIZE_AFTER = re.compile(
    r"(?:['’]\w+)?\s(?:büyüklüğü|yüzölçümü)|\skadar\b|\s\w*(?:көлем|аума[қғ]|үлкенді)\w+дай|\s(?:жеріндей|барабар)"
)
_PEOPLE_OF_A_STATE = ("JO", "TD")
_WEAK_AT_A_SENTENCE_START = ("TR", "TG")
_LANGUAGE_BEFORE = frozenset(("in", "into", "from"))
_SPEAKERS = (
    "speakers",
    "speaker",
    "knowledge",
    "study",
    "command",
    "dialect",
    "dialects",
    "teacher",
    "teachers",
    "students",
)
# "Paris, Texas" and "San Jose, CA 95129": a town of the United States.
_IN_A_STATE = re.compile(
    r", (?:(?:Alabama|Arizona|Arkansas|California|Colorado|Connecticut|Florida|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky"
    r"|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Nebraska|New York|North Carolina|Ohio"
    r"|Oregon|Pennsylvania|South Carolina|Tennessee|Texas|Utah|Virginia|Wisconsin|Tex|Fla|Ill|Calif|Pa|Ga)\b"
    r"|(?:[ACFGIKLMNOPTUVW][AC-EHI-LNORSTVX-Z]) \d{5})"
)
_RUSSIAN_LANGUAGE = re.compile(r"с?ь?к(?:ий|ого|ому|им|ом)\Z")
_WITH_A_LANGUAGE = re.compile(
    r",?\s(?:и|или)\s(?:фарси|урду|иврит|хинди|дари|пушту|[\w]+ск(?:ий|ом|ому|ого|им)(?:\s?[^\s\w]|\Z))"
)
_LANGUAGES_AHEAD = {
    "ru": re.compile(r"(?:,?\s(?:и\s|или\s)?\w+ск\w+){1,4}\sязык"),
    "kk": re.compile(r"(?:,?\s(?:және\s|мен\s|пен\s|бен\s)?\w+){1,3}\sтіл(?:і|дер|ін)"),
    "en": re.compile(r"(?:,? (?:and |or )?[A-Z]\w+){1,4}[ -](?:languages?|lessons|speak\w+)"),
}
_TITLE_CASE = 0.6


@dataclass(slots=True)
class View:
    """A text in words, with what is asked of it more than once."""

    text: str
    language: str
    words: list[str]
    matches: InitVar[Sequence[re.Match[str]]]
    given: int = -1
    """The index of a word that turned out to be a given name: the one behind it is a surname."""
    spoken: int = -1
    """The index of a word that turned out to name a language: "and Chinese" goes on with it."""
    starts: list[int] = field(init=False)
    ends: list[int] = field(init=False)
    _titled: bool | None = None

    def __post_init__(self, matches: Sequence[re.Match[str]]) -> None:
        self.starts = [match.start() for match in matches]
        self.ends = [match.end() for match in matches]

    def before(self, first: int) -> str:
        """The word before another, as written, where nothing but a space, a hyphen or a quotation mark parts them."""
        if first == 0 or not _BESIDE.match(self.text[self.ends[first - 1] : self.starts[first]]):
            return ""
        return self.words[first - 1]

    def after(self, last: int) -> str:
        """The word after another, in the same way."""
        if last + 1 >= len(self.words) or not _BESIDE.match(self.text[self.ends[last] : self.starts[last + 1]]):
            return ""
        return self.words[last + 1]

    def begins_sentence(self, index: int) -> bool:
        """Whether a word is the first of its sentence, where its capital says nothing."""
        start = self.starts[index]
        return index == 0 or _SENTENCE_END.search(self.text[max(0, start - 6) : start]) is not None

    def in_title_case(self) -> bool:
        """Whether Most of Its Words Have Capitals, so that no capital says anything; asked of titles, which are short."""
        if self._titled is None:
            long = [word for word in self.words[:60] if len(word) > 3 and word[0].isalpha()]
            capitals = sum(word[0].isupper() for word in long)
            self._titled = len(self.text) < 300 and len(long) > 4 and capitals > _TITLE_CASE * len(long)
        return self._titled


@dataclass(slots=True)
class Surnames:
    """The names that turned out to be persons', as written: they are so in the whole entry.

    Surnames are in `seen`; those in `given` are given names, which only makes an unsure mention none.
    """

    seen: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)


def judge(view: View, first: int, last: int, pattern: Pattern, surnames: Surnames) -> int:
    """How sure it is that the words `first` to `last` name a place: NO, UNSURE, ALONE or SURE."""
    before, after = view.before(first), view.after(last)
    if (before or after) and _is_beside(view, before, after, pattern.kind):
        return NO
    if _is_a_person(view, first, last, before, after, pattern):
        (surnames.given if view.given == last else surnames.seen).add(view.words[last])
        return NO
    if pattern.codes != ("US",) and _IN_A_STATE.match(view.text[view.ends[last] : view.ends[last] + 20]):
        return NO
    if (
        _is_quoted(view, first, last)
        or _is_a_size(view, first, last)
        or _is_a_language(view, first, last, before, pattern)
    ):
        return NO
    if pattern.weak > 1:
        return ALONE
    if pattern.weak:
        return _weak(view, first, last, before, after, pattern)
    if (
        view.language == "en"
        and after[:1].isupper()
        and letters(view.words[last]) in gazetteer.listed("places that are given names")
        and view.in_title_case()
    ):
        return UNSURE
    if view.language == "en" and pattern.kind == "n" and _has_a_first_part(view, first, before):
        return ALONE
    return SURE


def _is_beside(view: View, before: str, after: str, kind: str) -> bool:
    """Whether a word beside the name is one of those that make it a street, an outlet, a team, a dish."""
    return (before != "" and _listed(before, gazetteer.context("prev", kind, view.language))) or (
        after != "" and _listed(after, gazetteer.context("next", kind, view.language))
    )


def _listed(raw: str, context: gazetteer.Context) -> bool:
    word = letters(raw)
    capital = context.whole.get(word)
    if capital is not None and (not capital or raw[0].isupper()):
        return True
    return word.startswith(context.begin)


def _is_a_person(view: View, first: int, last: int, before: str, after: str, pattern: Pattern) -> bool:
    if "\u0600" <= view.words[first][0] <= "\u06ff":
        return _is_a_compound(view, first, last) or _is_an_arabic_name(view, first, before, pattern)
    if (
        first
        and view.text[view.starts[first] - 1] == "-"
        and letters(view.words[first - 1]) in ("al", "el", "аль", "эль")
    ):
        return True
    if not view.words[last][0].isupper():
        return False
    if first and first - 1 == view.given:
        return True
    if before and before[0].isupper() and view.text[view.starts[first] - 1] == " " and _is_given(before):
        return True
    if first == last and after and after[0].isupper() and view.text[view.ends[last]] == " ":
        word, behind = letters(view.words[last]), letters(after)
        if (
            word in gazetteer.listed("places that are given names")
            and behind not in gazetteer.listed("may follow")
            and not after.isupper()
            and not view.in_title_case()
        ):
            view.given = last
            return True
    return _is_a_capital_people(view, first, pattern)


def _is_a_capital_people(view: View, first: int, pattern: Pattern) -> bool:
    """In Cyrillic a people has no capital: Черногорцев in the middle of a sentence is a man."""
    word = letters(view.words[first])
    if (
        len(pattern.words) > 1
        or view.language not in ("ru", "uk", "be")
        or pattern.kind != "p"
        or pattern.case
        or not "\u0400" <= word[0] <= "\u04ff"
        or view.begins_sentence(first)
    ):
        return False
    return len(view.words[first]) > 1 and not view.words[first].isupper() and "ск" not in word


def _is_given(raw: str) -> bool:
    word = letters(raw)
    if "\u0400" <= word[0] <= "\u04ff":
        names = gazetteer.listed("cyrillic")
        stem = word[:-1]
        return (
            word in names
            or stem in names
            or any(stem + end in names for end in "аяйь")
            or (word.endswith(("ом", "ем")) and word[:-2] in names)
        )
    return word in gazetteer.listed("latin")


def _is_a_compound(view: View, first: int, last: int) -> bool:
    """مقدمه‌چینی is laying, not Chinese; كوباً is a cup, not Cuba."""
    joined = first == last and first > 0 and view.text[view.starts[first] - 1] == "\u200c"
    return joined or "\u064b" in view.words[last]


def _is_an_arabic_name(view: View, first: int, before: str, pattern: Pattern) -> bool:
    """ "العقيد تركي": a rank with the article, a word without; and what stands behind a given name."""
    if not before:
        return False
    word, ahead = letters(view.words[first]), letters(before)
    given, rank = gazetteer.listed("arabic"), gazetteer.listed("rank")
    if pattern.kind != "p":
        return False
    if ahead in given:
        return True
    if ahead in rank and ahead.startswith("ال") and not word.startswith("ال"):
        return True
    if first > 1:
        title = letters(view.words[first - 2])
        agrees = view.language != "fa" and (
            ahead.startswith("ال") or not word.startswith("ال") or not word.endswith("ي")
        )
        return (
            title in (rank | given) and not agrees and view.before(first - 1) != "" and not ahead.endswith(("ها", "ه"))
        )
    return False


def _is_quoted(view: View, first: int, last: int) -> bool:
    """A name that is all there is between quotation marks is a ship's, a firm's or a team's."""
    start, end = view.starts[first], view.ends[last]
    return (
        start > 0
        and end < len(view.text)
        and view.text[start - 1] in _OPENING
        and view.text[end] in _CLOSING
        and view.language not in ("ar", "fa")
    )


def _is_a_size(view: View, first: int, last: int) -> bool:
    """ "An area the size of Malta" is not in Malta."""
    size = _SIZE_BEFORE.get(view.language)
    start, end = view.starts[first], view.ends[last]
    if size is not None and first and letters(view.words[first - 1]) in gazetteer.listed("ends a size"):
        return size.search(view.text[max(0, start - 50) : start]) is not None
    return view.language in ("tr", "kk") and _SIZE_AFTER.match(view.text[end : end + 30]) is not None


def _is_a_language(view: View, first: int, last: int, before: str, pattern: Pattern) -> bool:
    """ "Spoke in Russian.", "на русском", "по-русски", "بالروسية": the language, not what is Russian."""
    if pattern.kind != "p":
        return False
    word, start, end = letters(view.words[first]), view.starts[first], view.ends[last]
    if view.language in ("ar", "fa"):
        return word.startswith("بال") and word.endswith("يه")
    if (ahead := _LANGUAGES_AHEAD.get(view.language)) and ahead.match(view.text[end : end + 60]):
        return True
    if view.language in CYRILLIC:
        if word.endswith(("ски", "цки", "ьки")) and start and view.text[start - 1] == "-":
            return True
        return _RUSSIAN_LANGUAGE.search(word) is not None and _stands_alone(letters(before), view.text[end : end + 40])
    return view.language == "en" and _is_spoken(view, first, last, before)


def _is_spoken(view: View, first: int, last: int, before: str) -> bool:
    """ "In Russian.", "speaks Russian and Chinese"."""
    listed = before in ("and", "or") and first > 1 and first - 2 == view.spoken
    alone = not re.match(r"[ -]\w", view.text[view.ends[last] : view.ends[last] + 2])
    behind = view.after(last) in ("and", "or", "with", "but", "at", "well", "fluently", "to")
    if before == "of" and first > 1 and view.words[first - 2] in _SPEAKERS:
        return True
    alone = alone or letters(view.words[last]) == "english"
    if (
        (before in gazetteer.listed("spoken after") and (alone or behind))
        or listed
        or (before in _LANGUAGE_BEFORE and alone)
    ):
        view.spoken = last
        return True
    return False


def _stands_alone(before: str, behind: str) -> bool:
    """ "На русском." and "английский и фарси": an adjective of no noun."""
    if _WITH_A_LANGUAGE.match(behind):
        return True
    return (
        before in gazetteer.listed("russian before a language")
        and re.match(r"\s(?:и|или|а)\s|\s?[^\s\w]|\Z", behind) is not None
    )


def _weak(view: View, first: int, last: int, before: str, after: str, pattern: Pattern) -> int:
    """A name that is something else as often: what stands around it may make it sure."""
    code = pattern.codes[0] if pattern.codes else ""
    if code in _WEAK_AT_A_SENTENCE_START:
        return UNSURE if view.begins_sentence(first) or view.in_title_case() else SURE
    if view.language != "en":
        return UNSURE
    behind = letters(after) if after else _behind_possessive(view, last)
    if behind in gazetteer.listed("of a state") and (
        code in _PEOPLE_OF_A_STATE or behind in ("parliament", "president", "ruling", "opposition")
    ):
        return SURE
    if code in _PEOPLE_OF_A_STATE and before in gazetteer.listed("prepositions") and not after[:1].isupper():
        return SURE
    return UNSURE


def _behind_possessive(view: View, last: int) -> str:
    """The word after "Jordan's"."""
    if view.text[view.ends[last] : view.ends[last] + 2] in ("'s", "’s") and last + 2 < len(view.words):
        return letters(view.words[last + 2])
    return ""


def _has_a_first_part(view: View, first: int, before: str) -> bool:
    """Whether a word with a capital in the middle of an English sentence makes the name a part of another."""
    if not before or not before[0].isupper() or before.isupper() or view.text[view.starts[first] - 1] != " ":
        return False
    if letters(before) in gazetteer.listed("may precede") or view.in_title_case() or view.begins_sentence(first - 1):
        return False
    from_place = gazetteer.lexicon(view.language)[before]
    return not from_place
