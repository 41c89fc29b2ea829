"""What publishers get wrong around and inside XML, put right in the text before any parser sees it.

In: decoded text. Out: text that says the same and is better XML, or nothing where that is not sure.
Never: an entity that could grow or reach out (X-10), or a half entry (F03).
"""

from __future__ import annotations

import html
import re

from feeds.vocabulary import NAMESPACES

# These patterns are run over whole documents: in none of them may two parts match the same characters, or a hostile
# document of one megabyte would take minutes.
_COMMENT = r"<!--(?:(?!<!--|-->).)*-->"
_ROOT = re.compile(rf"{_COMMENT}|<(?P<name>(?:\w+:)?(?:rss|feed|rdf|channel)\b)", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(rf"\s*(?:{_COMMENT}\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_END = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|</(?:\w+:)?(?:(?P<root>rss|feed|rdf)|(?P<entry>item|entry)|(?P<channel>channel))\s*>",
    re.IGNORECASE | re.DOTALL,
)
_AT_THE_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\Z", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_LONG_TAG = re.compile(r"<[^<>]{2000,}>")
_HARMLESS_ENTITY = re.compile(r"""<!ENTITY\s+(\w+)\s+(["'])([^&%"'<>]{0,100})\2\s*>""")
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|"
    r"&(?:(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);|(#[xX]?[0-9a-fA-F]{1,8};?|\w{2,31};)?)",
    re.DOTALL,
)
_START_OF_ROOT = re.compile(r"<[\w.:-]+")
_PREFIXES = {prefix: address for address, prefix in NAMESPACES.items() if prefix != "xml"}

MOST_ATTRIBUTES = 300


def find_root(text: str) -> re.Match[str] | None:
    """Where the document begins; comments may speak of feeds as well."""
    return next((found for found in _ROOT.finditer(text) if found["name"]), None)


def is_page(text: str) -> bool:
    """Whether a text begins as a web page does."""
    return bool(_HTML.match(text)) and not find_root(text[:2000])


def is_crowded(text: str) -> bool:
    """Whether a tag has more attributes than any writer gives it, over which a parser could brood (X-11, F43)."""
    return any(tag.count("=") > MOST_ATTRIBUTES for tag in _LONG_TAG.findall(text))


def whole_entries(text: str, root: str) -> tuple[str, bool]:
    """The text without a half entry at its end, and whether it broke off (F03).

    A text that broke off gets its last end tags again: it is then read as carefully as a whole one.
    """
    ends: dict[str, int] = {}
    for found in _END.finditer(text):
        ends[found.lastgroup or ""] = found.end()
    if "root" in ends:
        return text[: ends["root"]], False
    # RSS may lack its very last tag; in RDF the items stand behind the channel.
    closed = ends.get("channel") == len(text.rstrip()) and not root.lower().endswith("rdf")
    if closed or _AT_THE_END.search(text[-100:].rstrip()):
        return text, False
    first = _ENTRY_START.search(text)
    whole = text[: ends["entry"] if "entry" in ends else first.start() if first else len(text)]
    channel = "channel" if re.search(r"<channel\b", whole, re.IGNORECASE) and "channel" not in ends else ""
    return whole + "".join(f"</{name}>" for name in dict.fromkeys((channel, root)) if name), True


def harmless_dtd(prolog: str) -> str:
    """A DTD of short literal entities only: the others could grow or reach out (X-10)."""
    found = _HARMLESS_ENTITY.findall(prolog[max(0, prolog.find("<!DOCTYPE")) :])
    entities = "".join(f'<!ENTITY {name} "{value}">\n' for name, _, value in found)
    return f"<!DOCTYPE feed [\n{entities}]>\n" if entities else ""


def with_known_entities(text: str) -> str:
    """The names of HTML, which XML does not know, as their characters; any other bare "&" as "&amp;"."""
    return _AMPERSAND.sub(_known, text)


def _known(found: re.Match[str]) -> str:
    written = found[0]
    if written[0] == "<" or (written[-1] == ";" and not found[1]):
        return written
    meant = html.unescape(written) if found[1] else ""
    if meant == written:
        meant = ""
    if not meant:
        return "&amp;" + written[1:]
    return "".join(f"&#{ord(char)};" for char in meant)


def with_prefix(text: str, prefix: str) -> str:
    """The document with a namespace declared that it uses and forgot to declare."""
    address = _PREFIXES.get(prefix, f"urn:undeclared:{prefix}")
    return _START_OF_ROOT.sub(lambda root: f'{root[0]} xmlns:{prefix}="{address}"', text, count=1)
