"""Make the gazetteer of aggregator/data from CLDR's names and the hand tables beside this script.

In: scripts/places/*.psv, Babel. Out: aggregator/data/places.yaml, to be read by people, and places.json, the same for
the program; with --check, nothing but an exit code. Never: the network.

    .venv/bin/pip install -e '.[dev]'        # Babel is a development dependency
    .venv/bin/python scripts/make_places.py

Patterns of the hand tables, comma-separated: `word` is the whole word, `word*` its beginning, `word~` the word with any
ending of its language, `word+` with at least one. A capital in a pattern asks for a capital in the text; all capitals ask
for all capitals. `?word` needs a second cue, `??word`
another name of the same place. What stands after a `;`, or begins small, names a people or is an adjective.
A column that begins with `=` stands instead of CLDR's name.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from aggregator.topics.fold import letters  # noqa: E402 -- the checkout is on the path only now

TABLES = Path(__file__).parent / "places"
DATA = ROOT / "aggregator" / "data"
HAND = ("en", "ru", "tr", "ar", "fa", "kk")
LANGUAGES = (
    *HAND, "ky", "uz", "az", "tg", "tk", "uk", "be", "de", "fr", "es", "it", "pl", "zh", "hy", "ka", "mn", "ps", "ur", "he",
)  # fmt: skip
ALSO = {"uz": ("uz_Cyrl",), "az": ("az_Cyrl",), "zh": ("zh_Hant",)}
UNCASED = {"ar", "fa", "ps", "ur", "he", "ka", "zh"}
SLAVIC = {"ru": "ск", "uk": "ськ", "be": "ск"}
ENDINGS = {"ru", "tr", "ar", "fa", "kk", "ky", "uz", "az", "tg", "tk", "uk", "be", "hy", "ka", "mn", "pl", "de"}
"""Languages whose CLDR names take endings; in the others a name is a whole word."""
SHORT_ARE_WHOLE = {"tr", "az", "tk", "uz"}
LATIN = {"uz", "az", "tk", "de", "fr", "es", "it", "pl"}
NO_NAME = {"CD", "CG", "HK", "MO"}
"""CLDR calls these by names that nobody writes ("Congo - Kinshasa", "Hong Kong SAR China")."""
WEAK = {("es", "GE"), ("es", "TD"), ("it", "GE"), ("it", "OM"), ("de", "OM"), ("fr", "OM"), ("ur", "OM"), ("ps", "OM")}
SLUGS = {
    "CD": "dr-congo", "CG": "congo", "MM": "myanmar", "TR": "turkey", "HK": "hong-kong", "MO": "macao", "CI": "ivory-coast",
    "PS": "palestine", "GS": "south-georgia", "019": "americas", "142": "asia", "150": "europe",
}  # fmt: skip
SLUGS_OF_M49 = {"057": "micronesian-region", "021": "northern-america"}
ENGLISH_PEOPLE = re.compile(
    r"\A\w*(?:[iea]an|fghan|erman|ese|ish|ench|utch|reek|zech|wiss|Thai|Turk|raqi|audi|mirati|sraeli|emeni|Omani|hechen|Azeri|Lao"
    r"|roat|Serb|Pole|Finn|wede|lovak|lovene|Welsh|Scots|zbek|azakh|yrgyz|irghiz|Tajik|urkmen|omali|epali|angladeshi|ilipino)"
    r"s?\*?\Z"
)
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0640\u00ad\u200d])*")
_VOWELS = "аяоеиыйьуюіїє"
_INDECLINABLE = "уиэоеі"


def rows(name: str) -> Iterator[list[str]]:
    """The lines of a hand table."""
    for line in (TABLES / f"{name}.psv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("|")


def folded(pattern: str, kind: str, language: str) -> str:
    """A pattern as the program reads it: flags, a colon, folded words with their markers."""
    flags = kind
    pattern = pattern.strip()
    weak = len(pattern) - len(pattern.lstrip("?"))
    flags, pattern = flags + "?" * weak, pattern[weak:]
    if language not in UNCASED:
        bare = re.sub(r"[\W\d_]", "", pattern)
        if len(bare) > 1 and bare.isupper():
            flags += "u"
        elif pattern[:1].isupper():
            flags += "c"
        elif pattern[:1].islower():
            flags = flags.replace("n", "p")
    words = []
    for match in re.finditer(WORD.pattern + r"[*~+]?", pattern):
        word = match[0]
        mark = word[-1] if word[-1] in "*~+" else ""
        words.append(letters(word.rstrip("*~+")) + mark)
    if language == "ar" and pattern.startswith("ال") and len(words[0]) > 4:  # not أل, which belongs to the name
        flags, words[0] = flags + "a", words[0][2:]
    return f"{flags}:{' '.join(words)}"


def hand(cell: str, language: str) -> list[str]:
    """The patterns of a cell."""
    names, _, peoples = cell.lstrip("=").partition(";")
    found = [
        folded(one, "p" if language == "en" and ENGLISH_PEOPLE.search(one) else "n", language)
        for one in names.split(",")
        if one.strip()
    ]
    return found + [folded(one, "p", language) for one in peoples.split(",") if one.strip()]


def plain(name: str) -> list[str]:
    """A name of CLDR without what is said in brackets, and with "and" for "&"."""
    bare = re.sub(r"\s*[(（].*?[)）]", "", name).strip().replace(" - ", "-")
    saint = [bare.replace("St. ", "Saint ", 1)] if bare.startswith("St. ") else []
    return [one for form in (bare, *saint) for one in dict.fromkeys((form, form.replace("&", "and")))]


def declined(name: str, language: str) -> list[str]:
    """The patterns under which a name is found, whatever its endings."""
    if language in SLAVIC:
        return _slavic(name, language)
    if language == "ar":
        return _arabic(name)
    if language in SHORT_ARE_WHOLE and len(name) < 5:
        return [name]  # with endings, Lima would be liman, a harbour; an apostrophe parts it from most
    if language in ENDINGS and len(name) > 2:
        stem = name[:-1] if language == "ka" and name.endswith("ი") else name
        return [f"{stem}~"]
    return [name]


def _slavic(name: str, language: str) -> list[str]:
    words = re.split(r"[\s-]+", name)
    if len(words) == 1:
        if name[-1] in _INDECLINABLE or name.endswith(("оа", "уа")):
            return [name]
        stem = name[:-1] if name[-1] in _VOWELS else name
        if len(stem) < 4 or stem.endswith(SLAVIC[language]):
            return [f"{stem}~"]
        middles = ("", "й") if stem != name else ("",)
        return [f"{stem}~", *(f"{stem.lower()}{middle}{SLAVIC[language]}*" for middle in middles)]
    return [" ".join(_slavic_word(word) for word in words)]


def _slavic_word(word: str) -> str:
    if len(word) < 4 or word[-1] in "уэ":
        return word
    stem = re.sub(r"(ая|яя|ое|ее|ий|ый|ой|ые|ие|а|я|о|е|и|ы|й|ь|і|ї)\Z", "", word)
    return f"{stem}*"


def _arabic(name: str) -> list[str]:
    bare = letters(name)
    if " " in bare:
        return [name]
    if bare.endswith("يا") and len(bare) > 4:
        return [name, f"{name[:-2]}+"]
    if bare.endswith(("ا", "ه")) and len(bare) > 4:
        return [name, f"{name[:-1]}+"]
    return [name, f"{name}+"] if len(bare) > 4 else [name]


class Words:
    """Patterns by code and language."""

    def __init__(self) -> None:
        self.of: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(self, code: str, language: str, patterns: list[str]) -> None:
        """Add those that are not there."""
        known = self.of[code][language]
        known += [one for one in dict.fromkeys(patterns) if one not in known and not one.endswith(":")]


def add_hand(words: Words) -> set[tuple[str, str]]:
    """The hand tables; where they stand instead of CLDR's names."""
    instead: set[tuple[str, str]] = set()
    for code, *cells in rows("names"):
        for language, cell in zip(HAND, cells, strict=True):
            words.add(code, language, hand(cell, language))
            if cell.startswith("="):
                instead.add((code, language))
    for code, *cells in rows("cities"):
        for language, cell in zip(HAND, cells, strict=True):
            add_cities(words, code, language, cell)
            if language == "ru" and not cells[-1]:
                add_cities(words, code, "kk", cell)
            if language == "ru":
                add_cities(words, code, "ky", cell)
    for language, code, cell in rows("more"):
        if code != "-":
            words.add(code, language, hand(cell, language))
    return instead


def add_cities(words: Words, code: str, language: str, cell: str) -> None:
    """Cities, with the endings of their language."""
    for city in cell.lstrip("=").split(","):
        bare = city.lstrip("?")
        weak = "?" * (len(city) - len(bare))
        if not bare:
            continue
        if "*" in bare:
            forms = [bare]
        elif language in ("kk", "ky"):
            forms = [f"{bare.rstrip('ь') if len(bare) > 4 else bare}~"]
        else:
            forms = declined(bare, language) if language in ("ru", "tr") else [bare]
        words.add(code, language, [folded(weak + one, "n", language) for one in forms])


def add_cldr(words: Words, territories: list[str], regions: dict[str, str], instead: set[tuple[str, str]]) -> None:
    """CLDR's names of territories, regions and exemplar cities."""
    cities = known_cities()
    for language in LANGUAGES:
        for locale in (Locale.parse(one) for one in (language, *ALSO.get(language, ()))):
            for code in (*territories, *regions):
                weak = "?" if (language, code) in WEAK else ""
                name = locale.territories.get(code)
                target = regions.get(code, code)
                if name and code not in NO_NAME and (code, language) not in instead:
                    forms = [form for one in plain(name) for form in declined(one, language)]
                    words.add(target, language, [folded(weak + one, "n", language) for one in forms])
            for zone, code in cities.items():
                city = locale.time_zones.get(zone, {}).get("city") or (english_city(zone) if language in LATIN else "")
                if city and language not in HAND:
                    words.add(code, language, [folded(one, "n", language) for one in declined(city, language)])


def known_cities() -> dict[str, str]:
    """Time zones whose exemplar city is one of the hand table's cities, and the territory of each."""
    english = {(code, city): code for code, cell, *_ in rows("cities") for city in cell.split(",")}
    zones = {}
    for code, names in get_global("territory_zones").items():
        for zone in names:
            if (code, english_city(zone)) in english:
                zones[zone] = code
    return zones


def english_city(zone: str) -> str:
    """The exemplar city of a time zone in English, which is also how other languages write it where CLDR is silent."""
    return Locale.parse("en").time_zones.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")


def slug(name: str) -> str:
    """A name as a part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", letters(name.replace("&", "and"))).strip("-")


def make() -> dict[str, Any]:
    """The whole gazetteer."""
    english = Locale.parse("en").territories
    points = {
        code: [float(latitude), float(longitude)]
        for line in rows("points")
        for code, latitude, longitude in (one.split() for one in line[0].split(";"))
    }
    territories = sorted(points)
    members = {code: cell.split() for code, cell in rows("m49")}
    m49 = {code: SLUGS.get(code) or SLUGS_OF_M49.get(code) or slug(english[code]) for code in members}
    words = Words()
    instead = add_hand(words)
    for code, *cells in rows("regions"):
        for language, cell in zip(HAND, cells, strict=True):
            words.add(m49[code], language, hand(cell, language))
            if cell.startswith("="):
                instead.add((code, language))
    add_cldr(words, territories, m49, instead)
    regions = {
        m49[code]: {
            "m49": code, "kind": "m49", "members": [m49.get(one, one) for one in members[code]],
            "names": names_of(code), "words": {},
        }
        for code in members
    }  # fmt: skip
    for name, kind, cell, *cells in rows("groups"):
        for language, one in zip(HAND, cells, strict=True):
            words.add(name, language, hand(one, language))
        names = {language: first for language, one in zip(HAND, cells, strict=True) if (first := display(one))}
        regions[name] = {"m49": "", "kind": kind, "members": cell.split(), "names": names, "words": {}}
    phrases = Words()
    for code, *cells in rows("phrases"):
        for language, one in zip(HAND, cells, strict=True):
            phrases.add(code, language, hand(one, language))
            if code != "-":
                words.add(code, language, hand(one, language))
    for language, code, cell in rows("more"):
        if code == "-":
            phrases.add(code, language, hand(cell, language))
    made: dict[str, Any] = {
        "territories": {
            code: {
                "slug": SLUGS.get(code) or slug(english[code]), "point": points[code], "names": names_of(code),
                "words": tidy(words.of[code]),
            }
            for code in territories
        },
        "regions": {name: {**region, "words": tidy(words.of[name])} for name, region in sorted(regions.items())},
        "shared": {code: tidy(words.of[code]) for code in sorted(words.of) if "/" in code},
        "phrases": tidy(phrases.of["-"]),
        "context": [
            {"side": side, "scope": scope, "language": language, "words": " ".join(folded_list(cell))}
            for side, scope, language, cell in rows("context")
        ],
        "lists": {kind: " ".join(sorted({letters(one) for one in cell.split(",")})) for kind, cell in rows("lists")},
    }  # fmt: skip
    unknown = set(words.of) - set(made["territories"]) - set(made["regions"]) - set(made["shared"])
    if unknown:
        raise SystemExit(f"no such places: {sorted(unknown)}")
    return made


def display(cell: str) -> str:
    """The first name of a cell that is written without a marker."""
    first = cell.lstrip("=?").split(";")[0].split(",")[0].rstrip("~")
    return "" if re.search(r"[*+?]", first) else first


def names_of(code: str) -> dict[str, str]:
    """A code's name in every language, for display."""
    return {language: Locale.parse(language).territories[code] for language in LANGUAGES}


def tidy(words: dict[str, list[str]]) -> dict[str, list[str]]:
    """Languages in their order, without those that have nothing."""
    return {language: words[language] for language in LANGUAGES if words.get(language)}


def folded_list(cell: str) -> list[str]:
    """The folded words of a list, each a single word, with its star."""
    found = []
    for one in (word.strip() for word in cell.split(",")):
        capital = "^" if one[:1].isupper() else ""
        found.append(capital + letters(one.rstrip("*")) + ("*" if one.endswith("*") else ""))
    return found


def as_json(made: dict[str, Any]) -> str:
    """For the program: a territory a line, so that a change is a line too."""
    parts = []
    for key, value in made.items():
        if isinstance(value, dict) and key != "phrases":
            inner = ",\n".join(f"{json.dumps(k)}:{dumped(v)}" for k, v in value.items())
            parts.append(f'"{key}":{{\n{inner}\n}}')
        else:
            parts.append(f'"{key}":{dumped(value)}')
    return "{" + ",\n".join(parts) + "}\n"


def dumped(value: object) -> str:
    """JSON without spaces, in its own letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_yaml(made: dict[str, Any]) -> str:
    """For people."""
    yaml = YAML()
    yaml.width = 130
    yaml.default_flow_style = None
    out = io.StringIO()
    out.write(
        "# Made by scripts/make_places.py from scripts/places/*.psv and CLDR (see README.md): change those, not this.\n"
    )
    yaml.dump(made, out)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Write both files, or say whether they are what would be written."""
    made = make()
    whole = {DATA / "places.json": as_json(made), DATA / "places.yaml": as_yaml(made)}
    if "--check" in arguments:
        return int(any(path.read_text("utf-8") != text for path, text in whole.items()))
    DATA.mkdir(exist_ok=True)
    for path, text in whole.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
