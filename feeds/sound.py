"""An entry made fit to be written, whoever let in what is not: legal characters, links that lead somewhere, safe HTML.

In: an entry to publish. Out: the same without what no valid document holds, and what every form tells of it: who wrote
it, which guid it has in RSS, the id of its source. Never: a word of its text changed that was fit to be written.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from feeds import clean, meaning
from feeds.copies import changed
from feeds.decode import legal
from feeds.identity import is_iri, is_web_url, media_type
from feeds.model import Author, Deleted, Document, Enclosure, Entry, Head, Link, Shared

Value = TypeVar("Value")

_LANG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_NO_LANGUAGE = ("unknown", "und", "zxx", "mul")  # they fit the form of a tag and tell a reader nothing
# Whether HTML is in the language of our sanitiser: each tag a known one, each attribute harmless, each link absolute.
_TAGS = "|".join(sorted(clean.TAGS, reverse=True))
_LINKED = ("href", "src", "cite", "poster")
_PLAIN = "|".join(sorted({"rel", "referrerpolicy"}.union(*clean.ATTRIBUTES.values()) - {*_LINKED}, reverse=True))
_UNFIT = re.compile(
    rf'<(?!/?(?:{_TAGS})>|(?:{_TAGS})(?: (?:(?:{_PLAIN})="[^"]*"|(?:{"|".join(_LINKED)})="(?i:https?:|mailto:)[^"]*"))*>)'
)
_PAGING = frozenset({
    "first", "last", "next", "prev", "previous", "current", "prev-archive", "next-archive",
})  # fmt: skip
_SAID_ELSEWHERE = frozenset({"self", "alternate", ""})


def sound_entries(document: Document) -> list[Entry]:
    """The entries of a document, each id once (V-03), all fit to be written."""
    once: dict[str, Entry] = {}
    heads: dict[Head, Head] = {}
    for entry in document.entries:
        made = sound(entry, heads)
        once.setdefault(made.public_id, made)
    return [*once.values()]


def sound(entry: Entry, heads: dict[Head, Head] | None = None) -> Entry:
    """The entry without links that no reader should follow (X-27), empty names, characters that XML forbids (V-09).

    `heads` remembers sources that were made fit already: many entries of a document have the same.
    """
    link = web(entry.link)
    return changed(
        entry,
        id=legal(entry.id),
        public_id=legal(entry.public_id),
        link=link,
        external_link=web(entry.external_link),
        title=legal(entry.title),
        summary=_html(entry.summary, link),
        content=_html(entry.content, link),
        text="",
        rights=legal(entry.rights).strip(),
        authors=_authors(entry.authors),
        categories=_names(entry.categories),
        enclosures=tuple(_enclosures(entry.enclosures)),
        source=_head_once(entry.source, {} if heads is None else heads) if entry.source else None,
        lang=language(entry.lang),
        places=tuple(meaning.sound_places(entry.places)),
        reasons=tuple(meaning.sound_reasons(entry.reasons)),
        labels=_names(entry.labels),
    )


def _head_once(head: Head, heads: dict[Head, Head]) -> Head:
    found = heads.get(head)
    if found is None:
        found = heads[head] = sound_head(head)
    return found


def sound_head(head: Head) -> Head:
    """What a feed says of itself, fit to be written."""
    return replace(
        head, id=legal(head.id), title=legal(head.title).strip(), url=web(head.url), site_url=web(head.site_url),
        subtitle=legal(head.subtitle).strip(), rights=legal(head.rights).strip(), lang=language(head.lang),
        icon=web(head.icon), logo=web(head.logo), next_page=web(head.next_page),
        authors=_authors(head.authors), categories=_names(head.categories),
    )  # fmt: skip


def _html(fragment: str, base: str) -> str:
    """HTML as the sanitiser wrote it; what is not goes through it (V-07, V-11): this is the last door, not the first."""
    fragment = legal(fragment)
    if "<" in fragment and _UNFIT.search(fragment):
        fragment = clean.clean(fragment, base)
    return "" if fragment.isspace() else fragment


def _authors(authors: tuple[Author, ...]) -> tuple[Author, ...]:
    named = (Author(name=legal(one.name).strip(), url=web(one.url)) for one in authors)
    return tuple(author for author in named if author.name)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (legal(name).strip() for name in names))))


def _enclosures(enclosures: Iterable[Enclosure]) -> Iterator[Enclosure]:
    for one in enclosures:
        url = web(one.url)
        if url:
            yield Enclosure(
                url=url, type=media_type(legal(one.type)), length=max(0, one.length), title=legal(one.title)
            )


def web(url: str) -> str:
    """A web address, or "" for anything else."""
    return url if url and is_web_url(url := legal(url)) else ""


def language(tag: str) -> str:
    """A language tag as BCP 47 has it, or "" for what is none."""
    tag = tag.replace("_", "-")
    return tag if _LANG.match(tag) and tag.lower() not in _NO_LANGUAGE else ""


def common_language(head: Head, entries: Sequence[Entry]) -> str:
    """The language of a channel: what is said of it, else the one that all of its entries are in (V-08)."""
    told = {entry.lang for entry in entries}
    return head.lang or (told.pop() if len(told) == 1 else "")


def naming(entry: Entry, shared: Shared) -> Entry:
    """The entry with a last line in its text that names who else tells its story."""
    named = ", ".join(
        f'<a href="{clean.escape(web(one.url))}">{clean.escape(legal(one.name))}</a>' if web(one.url)
        else clean.escape(legal(one.name))
        for one in shared.also
    )  # fmt: skip
    line = f"<p>Also in: {named}.</p>"
    if entry.content:
        return changed(entry, content=entry.content + line)
    return changed(entry, summary=(f"<p>{entry.summary}</p>" if entry.summary else "") + line)


def bylines(entry: Entry) -> tuple[Author, ...]:
    """Who an output names: the entry's authors, else its source's, else the source itself (A-04). Never us."""
    if entry.authors:
        return entry.authors
    source = entry.source or Head()
    return source.authors or (Author(name=source.title or source.url or "Unknown"),)


def rss_guids(entries: Sequence[Entry]) -> Iterator[tuple[str, bool]]:
    """A guid each. Where sources share one, the older entry keeps it, as readers know it already (V-06)."""
    own = [rss_guid(entry) for entry in entries]
    left = Counter(guid for guid, _ in own)
    for entry, (guid, permalink) in zip(entries, own, strict=True):
        left[guid] -= 1
        yield (entry.public_id, False) if left[guid] else (guid, permalink)


def rss_guid(entry: Entry) -> tuple[str, bool]:
    """The guid that RSS carries, and whether it is a permanent link: the publisher's own, IRI or not (A-05)."""
    guid = legal(entry.id)
    if entry.id_origin == "hash" or not guid.strip():
        return entry.public_id, False
    return guid, (entry.is_permalink or entry.id_origin == "link") and is_web_url(guid)


def source_id(head: Head, entry: Entry) -> str:
    """The id of a source: its own where that is an IRI, else an address of it, else the entry's (A-03)."""
    return next((text for text in (head.id, head.url, head.site_url) if text and is_iri(text)), entry.public_id)


def feed_links(document: Document) -> list[Link]:
    """The links of a feed beside its own address and its page's, each once (P-05); a whole feed has no pages (P-01)."""
    head = document.head
    links = [Link(rel=legal(one.rel).strip().lower(), href=web(one.href)) for one in document.links]
    if head.next_page and all(one.rel != "next" for one in links):
        links.append(Link(rel="next", href=web(head.next_page)))
    unfit = _SAID_ELSEWHERE | (_PAGING if document.is_complete else frozenset())
    # A page that follows itself would never end.
    return [
        one for one in dict.fromkeys(links)
        if one.href and one.rel not in unfit and not (one.rel == "next" and one.href == head.url)
    ]  # fmt: skip


def is_paging(link: Link) -> bool:
    """Whether a link leads to a document of the same feed (RFC 5005)."""
    return link.rel in _PAGING


def tombstones(document: Document, entries: Sequence[Entry]) -> list[Deleted]:
    """The entries to be told as withdrawn, each once: those with an IRI that stand not in the document after all."""
    here = {entry.public_id for entry in entries}
    found: dict[str, Deleted] = {}
    for one in document.deleted:
        own = legal(one.id)
        if is_iri(own) and own not in here:
            found[own] = replace(one, id=own, at=one.at or document.head.updated, comment=legal(one.comment).strip())
    return [*found.values()]


def title_markup(title: str) -> str:
    """A title that a reader would take for HTML, as HTML: "" for all others, which go out as the words that they are."""
    return html.escape(title, quote=False) if clean.looks_like_html(title) else ""


def told(fields: Mapping[str, Value]) -> dict[str, Value]:
    """Fields that say something."""
    return {key: value for key, value in fields.items() if value}
