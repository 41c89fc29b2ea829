"""What a piece of a byline is: a person's name, a role, a desk, an organisation, a news agency, an account. PURE.

In: a few words. Out: what they are, or the name and the role in them. Never: a person where a word says otherwise.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aggregator import byline_words as words

EDGES = ' \t\n,;:.|·•*_"“”«»`~–—-/\\=#<>+'
_AT = re.compile(r"\s+(?:at|with|for)\s+(?:the\s+)?(?=[A-Z])")
_JAMMED_NAMES = re.compile(r"(?<=[^\W\d_A-ZА-ЯЁ]{4})(?=[A-ZА-ЯЁ][a-zа-яё]{2,}\s)")
_LOGIN = re.compile(
    r"(?:[\w-]+(?:\.[\w-]+)+/\S*|[\w.+-]*[\d_][\w.+-]*|[a-z][a-z.+-]*|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,10})\Z"
)
_NAME_WORD = re.compile(r"[^\W\d_][\w.'’ʼ`ʻ\u200c-]*\Z")


def agency_of(text: str) -> str:
    """The slug of the news agency that this text is the name of; "" where it is none."""
    folded = in_tables(text)
    slug = words.AGENCIES.get(folded, "")
    if slug and folded in words.CAPITALS_ONLY and text != text.upper():
        return ""
    return slug


def is_desk(text: str) -> bool:
    """Whether a room signs, not a person: "Al Jazeera Staff", "RFE/RL's Kazakh Service"."""
    found = in_tables(text).split()
    if found and found[-1].rpartition("-")[2] in ("redaktion", "team", "newsroom", "staff"):
        return True
    return any(word in words.DESKS for word in found) and not (
        found[-1] in words.ROLES and found[-1] not in words.DESKS and found[-1] not in words.LONE_ROLES
    )


def is_organisation(text: str) -> bool:
    """Whether the words are those of an organisation's name: a known one, or one with a word such as Institute."""
    folded = in_tables(text)
    if folded in words.KNOWN_ORGANISATIONS or (folded in words.AGENCIES and agency_of(text)):
        return True
    if text[:4].lower() == "the " and text[4:5].isupper():
        return True
    found = folded.split()
    if len(found) > 1 and len(found[0]) > 2 and text.split()[0].isupper() and _is_known(found[0]):
        return True  # CNN Business, BBC Persian
    hits = [word for word in found if word in words.ORGANISATIONS]
    if "'s" in text or "’s" in text:
        return bool(hits)
    return bool(hits) and (len(found) > 1) and not (len(found) == 2 and hits[0] in words.WEAK_ORGANISATIONS)


def _is_known(word: str) -> bool:
    return word in words.KNOWN_ORGANISATIONS or word in words.AGENCIES


def is_nobody(folded: str) -> bool:
    """Whether words, in lower case, stand where a name is missing: "admin", "Guest Author"."""
    if folded in words.NO_NAMES:
        return True
    found = folded.split()
    return any(word in words.NO_NAMES for word in found) and all(
        word in words.NO_NAMES or word in words.BEFORE_ROLES for word in found
    )


def role_in(text: str) -> bool:
    """Whether a segment tells what somebody does."""
    found = in_tables(text).split()
    if any(_is_role_word(word) for word in found):
        return True
    weak = [word for word in found if word in words.WEAK_ROLES]
    return bool(weak) and (" of " in f" {' '.join(found)} " or " for " in f" {' '.join(found)} " or len(found) == 1)


def is_short_role(text: str) -> bool:
    """Whether a remark in parentheses is a role and no sentence."""
    return role_in(text) and len(text.split()) <= 5 and text[:4].lower() != "the "


def is_strong_name(text: str) -> bool:
    """Two to five words, each with a capital but for particles, none of which is a day, a role or an organisation's."""
    found = text.split()
    if not 2 <= len(found) <= 5 or not all(_NAME_WORD.match(word) for word in found):
        return False
    if found[0].casefold() in words.NOT_FIRST_NAMES or found[0].casefold() in words.DIRECTIONS:
        return False
    return (
        all(not word[0].islower() or word.casefold() in words.PARTICLES or word[:2] in ("d'", "d’") for word in found)
        and not found[-1][0].islower()
        and not role_in(text)
        and not is_desk(text)
        and not is_organisation(text)
    )


def _is_role_word(word: str) -> bool:
    return word in words.ROLES or ("-" in word and word.rpartition("-")[2] in words.ROLES)


@lru_cache(maxsize=4096)
def in_tables(text: str) -> str:
    """In lower case, without "the", quotation marks and edges: what the tables are asked by."""
    low = text.replace("İ", "i").replace("’", "'").casefold().strip(EDGES + "()[]'")
    return " ".join(word.strip(",") for word in low.removeprefix("the ").split())


def starts_with_name(text: str) -> bool:
    """Whether the first two words are somebody's name, whatever follows."""
    found = text.split()
    return len(found) >= 2 and is_strong_name(" ".join(found[:2])) and found[0].casefold() not in words.BEFORE_ROLES


def name_beside_role(text: str) -> tuple[str, str]:
    """The name and the role of a segment that may hold both: "Ann Lee Africa correspondent", "Editor Ann Lee"."""
    found = text.split()
    folded = [in_tables(word) for word in found]
    at = [index for index, word in enumerate(folded) if _is_role_word(word) or word in words.WEAK_ROLES]
    behind = found[at[-1] + 1 :] if at else []
    if len(behind) >= 2 and is_strong_name(" ".join(behind)):
        return " ".join(behind), " ".join(found[: at[-1] + 1])
    if len(found) < 3 or folded[0] in words.BEFORE_ROLES or _is_role_word(folded[0]) or folded[0].endswith("'s"):
        return "", text
    size = 2
    while size < len(found) - 1 and (len(folded[size - 1]) <= 2 or folded[size - 1] in words.PARTICLES):
        size += 1
    name = " ".join(found[:size])
    return (name, " ".join(found[size:])) if at and at[0] >= size and is_strong_name(name) else ("", text)


def role_and_place(text: str) -> tuple[str, str]:
    """What somebody is, and where: "Fellow at the Example Institute", "Example Institute", "Analyst"."""
    if in_tables(text) in words.KNOWN_ORGANISATIONS:
        return "", text
    if not role_in(text) and (is_organisation(text) or (is_desk(text) and len(text.split()) > 1)):
        return "", text
    if role_in(text):
        at = _AT.search(text)
        return (text[: at.start()][:200], text[at.end() :][:200]) if at else _role_beside_organisation(text[:200])
    if is_desk(text):
        return text[:200], ""
    single = len(text.split()) == 1
    return "", "" if single and text != text.upper() else text[:200]


def _role_beside_organisation(text: str) -> tuple[str, str]:
    """ "Reuters correspondent", "корреспондент РИА Новости": the role, and the organisation that is known."""
    found = text.split()
    for size in (3, 2, 1):
        for head, tail in ((found[:-size], found[-size:]), (found[size:], found[:size])):
            where = " ".join(tail)
            if head and role_in(" ".join(head)) and (agency_of(where) or in_tables(where) in words.KNOWN_ORGANISATIONS):
                return " ".join(head), where
    return text, ""


def beside_slash(text: str) -> str:
    """ "Nora Quill/AFP/Example Images": a name, and behind it whose it is."""
    name, _, behind = text.partition("/")
    first = behind.partition("/")[0].strip()
    if first and agency_of(name.strip()):
        return f"{first}, {name}" if is_strong_name(first) else name
    return f"{name}, {first}" if first and is_strong_name(name) and agency_of(first) else text


def without_place(text: str) -> tuple[str, bool]:
    """ "Nora Quill/Davos": a place behind a whole name."""
    name, slash, place = text.partition("/")
    return (
        (name, True) if slash and is_strong_name(name) and place[:1].isupper() and " " not in place else (text, False)
    )


def unjammed(text: str) -> str:
    """Two whole names without a space between them: "Nora QuillJohn Roe"."""
    halves = _JAMMED_NAMES.split(text) if "," not in text else [text]
    return "; ".join(halves) if len(halves) > 1 and all(is_strong_name(half) for half in halves) else text


def is_account(text: str) -> bool:
    """A login, a domain, a number: one word that nobody is called by."""
    return " " not in text and bool(_LOGIN.match(text))


def may_be_person(text: str) -> bool:
    """Whether the words may be somebody's: few, without digits, and not one word of capitals such as MSAB."""
    found = text.split()
    if len(found) > 6 or any(one.isdigit() for one in text) or "://" in text:
        return False
    if len(found) == 1:
        cased = text != text.lower()
        return not (cased and text.isupper() and len(text) <= 5)
    return all(_NAME_WORD.match(word.strip(".,'’\"“”")) for word in found if word.strip(".,'’\"“”&"))


def is_title_like(text: str) -> bool:
    """A name of whatever: it has a capital, in scripts that have them."""
    return text != text.lower() or text == text.upper()
