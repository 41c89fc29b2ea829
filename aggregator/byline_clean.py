"""A byline field as it came -> plain words in it, one string a name that a machine had already kept apart. PURE.

In: anything: HTML, JSON, mail addresses, marks of direction, half a program. Out: at most a hundred short plain strings.
Never: an exception, or more time than the field is long.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata

from aggregator.byline_words import NO_NAMES

LONGEST = 2000
"""Characters of a field that are looked at; what stands behind them is in no name."""
MOST_NAMES = 100

_TAG = re.compile(r"<(?:/?[a-zA-Z!][^<>]*)>")
_LINE_END = re.compile(r"(?i)<(?:br|/p|/div|/li)\b[^<>]*>|[\r\n\u2028\u2029]+")
_HREF = re.compile(r"""<a\b[^<>]*?\bhref\s*=\s*\\?["']?([^\s"'<>\\]+)""", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'')
_NAMED = re.compile(
    r"""["'](?:name|display_?name|full_?name|author|byline|title|nice_?name)["']\s*(?::|=>)\s*"""
    r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""",
    re.IGNORECASE,
)
_KEYED = re.compile(r"""["'][\w@$-]+["']\s*(?::|=>)""")
# How Perl, PHP, JavaScript and Python print what is no text.
_PRINTED = re.compile(
    r"(?:ARRAY|HASH|SCALAR|CODE|REF|GLOB)\(0x[0-9a-fA-F]*\)|\[?object [A-Z]\w*\]?|<[\w.]+ object at 0x[0-9a-f]+>|#<\w+[^>]*>"
)
_MAIL = re.compile(r"(?:mailto:)?[^\s@()<>\[\],;:\"']{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", re.IGNORECASE)
_AFTER_MAIL = re.compile(r"\A(?:mailto:)?\s*<?[^\s@()<>]{1,64}@[\w.-]{1,250}>?\s*\(([^()]+)\)?\s*\Z", re.IGNORECASE)
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,11}://|www\.)[^\s<>\"']+", re.IGNORECASE)
_HANDLE = re.compile(r"(?:(?<=\s)|(?<=\()|\A)(?:/?u/[\w-]+|@\w[\w.]*)")
_MARKED_LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)")
_MARKUP = re.compile(r"(?<!\w)[*_~`]{1,3}|[*_~`]{1,3}(?!\w)")
# Marks that show nothing, but for the joiners with which Persian and Indian names are written.
_JOINERS = "\u200c\u200d"


def strings_of(raw: str) -> list[str]:
    """The plain strings that a field holds: one of most fields, several of a list that was printed."""
    text = raw[: LONGEST + 1]
    if text.isascii() and text.replace(" ", "").isalpha():
        return [squeezed] if (squeezed := " ".join(text[:LONGEST].split())) else []
    text = html.unescape(html.unescape(text)) if "&" in text else text
    text = text.replace("<![CDATA[", " ").replace("]]>", " ")
    bare = text.strip()
    if bare[:1] in ("[", "{") or (bare[:2] in ("a:", "O:") and bare[2:3].isdigit()):
        found = _printed_names(bare)
        if found is not None:
            return [plain for one in found[:MOST_NAMES] if (plain := _plain(one))]
    plain = _plain(text)
    return [plain] if plain else []


def link_of(raw: str) -> str:
    """The address that a name in a field links to, as it is written; "" where none does."""
    if "<" not in raw and "&" not in raw:
        return ""
    found = _HREF.search(html.unescape(raw[:LONGEST]))
    return found[1] if found else ""


def _printed_names(text: str) -> list[str] | None:
    """The names in a list or a record that was printed as JSON, by Python or by PHP; None where it is none."""
    for spelled in (text, text.replace("'", '"')):  # Python prints records with other quotation marks
        try:
            found = _names_in(json.loads(spelled))
        except (ValueError, RecursionError):
            continue
        if found:
            return found
    named = [one or other for one, other in _NAMED.findall(text)]
    if named:
        return named
    if _KEYED.search(text):
        return []
    quoted = [one or other for one, other in _QUOTED.findall(text)]
    if quoted:
        return quoted
    return None if text.startswith("[") and "](" in text else [one for one in text.strip("[]{} ").split(",") if one]


def _names_in(value: object, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and depth < 4:
        return [name for one in value[:MOST_NAMES] for name in _names_in(one, depth + 1)]
    if isinstance(value, dict) and depth < 4:
        for key in ("name", "displayName", "display_name", "fullName", "full_name", "author", "byline", "title"):
            if value.get(key):
                return _names_in(value[key], depth + 1)
        first, last = (value.get(f"{one}_name") or value.get(f"{one}Name") for one in ("first", "last"))
        return [f"{first or ''} {last or ''}".strip()] if isinstance(first or last, str) else []
    return []


def _plain(text: str) -> str:
    """Without markup, addresses, handles and invisible marks; white space squeezed; lines kept apart by a newline."""
    text = _LINE_END.sub("\n", text)
    if "<" in text:
        text = _TAG.sub(" ", _MAIL.sub(" ", _PRINTED.sub(" ", text)))
    text = _visible(unicodedata.normalize("NFKC", text)[: LONGEST * 2])
    if _AFTER_MAIL.match(text):
        text = _AFTER_MAIL.sub(r"\1", text)
    if "@" in text:
        text = _HANDLE.sub(" ", _MAIL.sub(" ", text))
    if "/" in text or "www." in text.lower():
        text = _HANDLE.sub(" ", _URL.sub(" ", text))
    if "(" in text or "[" in text or "o" in text:
        text = _MARKED_LINK.sub(r"\1", _PRINTED.sub(" ", text))
    text = _MARKUP.sub("", text)
    text = text.replace("mailto:", " ").replace("()", " ").replace("<>", " ")
    if len(text) > LONGEST:
        # A name that is cut in the middle is another name.
        text = text[:LONGEST].rpartition(",")[0] or text[:LONGEST].rpartition(" ")[0]
    text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
    return "" if text.casefold() in NO_NAMES else text


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    kept = []
    for character in text:
        if character.isprintable() or character in _JOINERS or character == "\n":
            kept.append(character)
        elif unicodedata.category(character) in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
    return "".join(kept)
