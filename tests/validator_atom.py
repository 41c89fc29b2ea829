"""The rules of Atom: the grammar of RFC 4287 and what it says in words, RFC 5005 and RFC 6721, our own attribution.

In: the root of a document. Out: complaints. Never: a line of the writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lxml import etree

from tests.validator_words import (
    ATOM,
    GRAVE,
    HISTORY,
    OURS,
    PAGING,
    XML,
    html_complaints,
    is_iri,
    is_language,
    is_web,
    link_complaints,
    moment,
    repeated,
)

GRAMMAR = Path(__file__).parent / "data" / "atom.rng"
_ENTRY_RELS = frozenset({"alternate", "enclosure", "related", "via", "license", "replies"})


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(GRAMMAR))


def atom_complaints(root: etree._Element) -> Iterator[str]:
    """What is wrong with an Atom feed."""
    grammar = _grammar()
    if not grammar.validate(root):
        yield f"V-01: not the grammar of RFC 4287: {grammar.error_log.last_error}"
        if root.tag != f"{ATOM}feed":
            return
    yield from _feed(root)
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        where = (entry.findtext(f"{ATOM}id") or "?")[:60]
        yield from (f"{one} (entry {where})" for one in _entry(entry))
    for same in repeated(entry.findtext(f"{ATOM}id") for entry in entries):
        yield f"V-03: the id {same} twice"
    yield from _graves(root, {entry.findtext(f"{ATOM}id") for entry in entries})


def _feed(root: etree._Element) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if len(root.findall(f"{ATOM}{name}")) != 1:
            yield f"V-01: {len(root.findall(ATOM + name))} elements {name}"
    if not is_iri(root.findtext(f"{ATOM}id")):
        yield "V-01: the feed's id is no IRI"
    if not (root.findtext(f"{ATOM}title") or "").strip():
        yield "V-01: the feed has no title"
    links = [(one.get("rel", "alternate"), one.get("href", "")) for one in root.findall(f"{ATOM}link")]
    own = next((href for rel, href in links if rel == "self"), "")
    whole, archive = root.find(f"{HISTORY}complete"), root.find(f"{HISTORY}archive")
    yield from link_complaints(links, own, is_whole=whole is not None, is_archive=archive is not None)
    yield from _alternates(root)
    dates = [moment(one.text) for one in root.iterfind(f"{ATOM}entry/{ATOM}updated")]
    latest = max((date for date in dates if date), default=None)
    if latest and moment(root.findtext(f"{ATOM}updated")) != latest:
        yield f"V-01: the feed's date {root.findtext(ATOM + 'updated')} is not that of its newest entry, {latest}"
    for one in root.iter(f"{HISTORY}*"):
        if one.getparent() is not root:
            yield "P-05: an element of RFC 5005 that is not the feed's"
    yield from _people(root)


def _alternates(parent: etree._Element) -> Iterator[str]:
    found = [
        (one.get("type", ""), one.get("hreflang", ""))
        for one in parent.findall(f"{ATOM}link")
        if one.get("rel", "alternate") == "alternate"
    ]
    for one in repeated(found):
        yield f"A-07: two alternates of the type and language {one}"


def _people(parent: etree._Element) -> Iterator[str]:
    for person in (*parent.findall(f"{ATOM}author"), *parent.findall(f"{ATOM}contributor")):
        if not (person.findtext(f"{ATOM}name") or "").strip():
            yield "A-04: a person without a name"
        uri = person.find(f"{ATOM}uri")
        if uri is not None and not is_web(uri.text):
            yield f"V-07: a person's page {uri.text!r:.60}"


def _entry(entry: etree._Element) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if len(entry.findall(f"{ATOM}{name}")) != 1:
            yield f"V-02: {len(entry.findall(ATOM + name))} elements {name}"
    if not is_iri(entry.findtext(f"{ATOM}id")):
        yield "A-02: the id is no IRI"
    yield from _words(entry)
    links = entry.findall(f"{ATOM}link")
    rels = {one.get("rel", "alternate") for one in links}
    if rels & PAGING or rels & {"self", "hub"}:
        yield "P-05: a link of feeds in an entry"
    if rels - _ENTRY_RELS - PAGING - {"self", "hub"}:
        yield f"A-07: links {sorted(rels - _ENTRY_RELS)}"
    yield from _addresses(links)
    yield from _alternates(entry)
    if not entry.findall(f"{ATOM}author"):
        yield "A-04: no author"
    if any((one.findtext(f"{ATOM}name") or "").lower() == OURS for one in entry.findall(f"{ATOM}author")):
        yield "A-04: our own name in the place of a publisher's"
    yield from _people(entry)
    yield from _source(entry)
    for one in (entry, *entry.iter(f"{ATOM}source")):
        if one.get(f"{XML}lang") is not None and not is_language(one.get(f"{XML}lang", "")):
            yield f"V-08: the language {one.get(XML + 'lang')}"


def _words(entry: etree._Element) -> Iterator[str]:
    rels = {one.get("rel", "alternate") for one in entry.findall(f"{ATOM}link")}
    content = entry.find(f"{ATOM}content")
    if content is None and "alternate" not in rels:
        yield "V-02: neither content nor alternate link"
    for body in (content, entry.find(f"{ATOM}summary")):
        if body is not None and (body.get("type") != "html" or body.get("src") or not (body.text or "").strip()):
            yield "V-02: content or summary that is not HTML, or empty"
        if body is not None:
            yield from html_complaints(body.text)


def _addresses(links: list[etree._Element]) -> Iterator[str]:
    for one in links:
        if not is_web(one.get("href")):
            yield f"V-07: a link to {one.get('href')!r:.60}"
        if not one.get("length", "0").isdigit():
            yield "V-10: a length that is no number"


def _source(entry: etree._Element) -> Iterator[str]:
    source = entry.find(f"{ATOM}source")
    if source is None:
        yield "A-03: no source"
        return
    for name in ("id", "title", "updated"):
        if len(source.findall(f"{ATOM}{name}")) != 1:
            yield f"A-03: a source with {len(source.findall(ATOM + name))} elements {name}"
    if not is_iri(source.findtext(f"{ATOM}id")):
        yield "A-03: a source whose id is no IRI"
    if not source.findall(f"{ATOM}link"):
        yield "A-03: a source without a link"
    yield from _addresses(source.findall(f"{ATOM}link"))
    yield from _alternates(source)
    for name in ("icon", "logo"):
        if source.find(f"{ATOM}{name}") is not None and not is_web(source.findtext(f"{ATOM}{name}")):
            yield f"V-07: a source's {name}"
    via = [one.get("href") for one in entry.findall(f"{ATOM}link") if one.get("rel") == "via"]
    if len(via) != 1:
        yield f"A-07: {len(via)} links to where it came from"


def _graves(root: etree._Element, ids: set[str | None]) -> Iterator[str]:
    for one in root.iter(f"{GRAVE}deleted-entry"):
        if one.getparent() is not root:
            yield "I-14: a tombstone that is not the feed's"
        if not is_iri(one.get("ref")) or moment(one.get("when")) is None:
            yield f"I-14: a tombstone of {one.get('ref')!r:.60} at {one.get('when')}"
        if one.get("ref") in ids:
            yield "I-14: a tombstone of an entry that is there"
