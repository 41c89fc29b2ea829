"""Lists of feeds as OPML 1.0, 1.1 or 2.0, read: however another program wrote them, line by line (O-02, O-05).

In: a file's bytes. Out: the feeds that it names, each with its line, and what could not be used, with its line too.
Never: an entity, a DTD, another file or the network (X-10); one bad line never costs the good ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from feeds.clean import title_text
from feeds.decode import decode
from feeds.opml import NAMESPACE

MOST_BYTES = 10_000_000
MOST_OUTLINES = 50_000
DEEPEST = 20
"""Folders inside one another whose names become tags; deeper ones are read, and their names passed over."""

_LONGEST = 500
_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,300}\?>\s*")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]{0,1000}>", re.IGNORECASE)
_ENTITY = re.compile(r"<!(?:ENTITY|DOCTYPE)", re.IGNORECASE)
# "&" that begins none of the five references that XML knows without a DTD, and "<" inside a quoted value.
_BARE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)")
_QUOTED = re.compile(r"""(=\s*)("[^"]*"|'[^']*')""")
# What FreshRSS writes for pages that it reads with a recipe: no feed is there.
_NO_FEED = re.compile(r"xpath|dotnotation|regex", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A feed that a list names: `name` is plain text, "" where the list has none; `tags` come from folders and categories.

    `settings` are our own attributes, where the list is one of ours.
    """

    line: int
    url: str
    name: str = ""
    site_url: str = ""
    lang: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A line that could not be used, and why; line 0 is the whole file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a list says, in its order."""

    feeds: tuple[Listed, ...] = ()
    complaints: tuple[Complaint, ...] = ()


def read_opml(content: bytes) -> Reading:
    """What a list names. A file that is no OPML is a Reading with one complaint and no feeds."""
    if len(content) > MOST_BYTES:
        return _refused(f"the file is larger than {MOST_BYTES:,} bytes")
    text, _ = decode(content)
    # What stands behind the root, or in a comment before it, is no harmless DOCTYPE, and refused below.
    root_at = max(text[:20_000].lower().find("<opml"), 0)
    text = _DOCTYPE.sub(lambda match: "\n" * match[0].count("\n"), text[:root_at], count=1) + text[root_at:]
    entity = _ENTITY.search(text)
    before = _lines_before(content)
    if entity:
        line = before + text.count("\n", 0, entity.start()) + 1
        return Reading(complaints=(Complaint(line=line, message="a DTD with declarations is not read: remove it"),))
    root, complaints = _tree(text, before)
    if root is None or _name(root) != "opml":
        return _refused("there is no <opml> in it: give a list of feeds as another feed reader exports it")
    feeds: list[Listed] = []
    for number, (element, folders) in enumerate(_outlines(root)):
        if number >= MOST_OUTLINES:
            complaints.append(Complaint(line=0, message=f"only the first {MOST_OUTLINES:,} outlines are read"))
            break
        one = _listed(element, folders, before)
        if isinstance(one, Listed):
            feeds.append(one)
        elif one is not None:
            complaints.append(one)
    return Reading(feeds=tuple(feeds), complaints=tuple(sorted(complaints, key=lambda one: one.line)))


def _refused(message: str) -> Reading:
    return Reading(complaints=(Complaint(line=0, message=message),))


def _lines_before(content: bytes) -> int:
    """How many lines the XML declaration takes, which decoding removes."""
    start = content[:2000].removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    declaration = _DECLARATION.match(start.replace(b"\0", b""))
    return declaration[0].count(b"\n") if declaration else 0


def _tree(text: str, before: int) -> tuple[etree._Element | None, list[Complaint]]:
    """The document: as it stands, else with what is usually wrong mended, else as much of it as can be read."""
    mended = _BARE_AMPERSAND.sub("&amp;", _QUOTED.sub(lambda found: found[1] + found[2].replace("<", "&lt;"), text))
    for attempt, recover in ((text, False), (mended, False), (mended, True)):
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover,
            remove_comments=True, remove_pis=True, encoding="utf-8",
        )  # fmt: skip
        try:
            root = etree.fromstring(attempt.encode("utf-8", "ignore"), parser)
        except etree.XMLSyntaxError:
            continue
        # lxml may give nothing for a document of which nothing can be read.
        return root, _broken(parser, before) if recover else []
    return None, []


def _broken(parser: etree.XMLParser, before: int) -> list[Complaint]:
    """Where a file is not well-formed: its first few places, since one mistake makes many."""
    lines = dict.fromkeys(error.line + before for error in parser.error_log)
    words = "the file is not well-formed here; what could be read around it was"
    return [Complaint(line=line, message=words) for line in list(lines)[:5]]


def _outlines(root: etree._Element) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """Every outline below the body in document order, with the names of the folders around it."""
    bodies = [child for child in root if _name(child) == "body"]
    waiting = [(child, ()) for body in reversed(bodies) for child in reversed(body)]
    stack: list[tuple[etree._Element, tuple[str, ...]]] = list(waiting)
    while stack:
        element, folders = stack.pop()
        if _name(element) != "outline":
            continue
        said = _said(element)
        if said.get("iscomment", "").lower() == "true":
            continue  # what is below it is a comment too
        yield element, folders
        name = "" if said.get("xmlurl") else _words(said)
        inner = (*folders, name) if name and len(folders) < DEEPEST else folders
        stack.extend((child, inner) for child in reversed(element))


def _listed(element: etree._Element, folders: tuple[str, ...], before: int) -> Listed | Complaint | None:
    said = _said(element)
    line = int(getattr(element, "sourceline", 0) or 0) + before  # the stubs do not know its type
    kind = said.get("type", "").lower()
    if not said.get("xmlurl"):
        if kind in ("link", "include"):
            return Complaint(
                line=line, message=f"the list at {said.get('url', '?')[:200]} is not read: import it by itself"
            )
        if kind in ("rss", "atom") or (said.get("htmlurl") and not len(element)):
            return Complaint(line=line, message=f"{_words(said) or 'an outline'}: there is no xmlUrl, so no feed")
        return None
    if _NO_FEED.search(kind):
        return Complaint(
            line=line, message=f"{_words(said) or said['xmlurl']}: {kind} is a recipe for a page, not a feed"
        )
    own = {
        name.removeprefix(f"{{{NAMESPACE}}}"): value.strip()
        for name, value in ((str(name), str(value)) for name, value in element.attrib.items())
        if name.startswith(f"{{{NAMESPACE}}}")
    }
    categories = [part for path in said.get("category", "").split(",") for part in path.split("/")]
    tags = dict.fromkeys(filter(None, (" ".join(word.split()) for word in (*folders, *categories))))
    return Listed(
        line=line, url=said["xmlurl"], name=_words(said), site_url=said.get("htmlurl", ""),
        lang=said.get("language", ""), description=_plain(said.get("description", "")), tags=tuple(tags), settings=own,
    )  # fmt: skip


def _said(element: etree._Element) -> dict[str, str]:
    """Plain attributes by their names in lower case, as programs differ in them; those of namespaces apart."""
    return {
        str(name).lower(): str(value).strip() for name, value in element.attrib.items() if not str(name).startswith("{")
    }


def _words(said: Mapping[str, str]) -> str:
    """What an outline is called: text, else title, as plain text whatever markup stands in it."""
    return _plain(said.get("text") or said.get("title") or "")


def _plain(raw: str) -> str:
    return " ".join(title_text(raw, is_html=False).split())[:_LONGEST]


def _name(element: etree._Element) -> str:
    """The local name in lower case."""
    return str(element.tag).rpartition("}")[2].lower()
