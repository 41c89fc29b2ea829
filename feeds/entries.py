"""What a document says -> the Document: ids, links, words, people, dates, files, and the HTML made safe.

In: `Raw`, or a Document of JSON Feed, and where it came from. Out: a Document, each entry once, all HTML clean.
Never: an exception for bad input, or a link that is resolved twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from feeds import authorbox, clean
from feeds.clean import NO_WORDS, Safe
from feeds.dates import read_date
from feeds.decode import undoubled
from feeds.identity import digest, fallback_id, is_plain_web_url, is_web_url, media_type, unique_entries
from feeds.model import LINK_RELS, Author, Deleted, Document, Enclosure, Entry, Failed, Head, IdOrigin, Link, Pace
from feeds.raw import Raw, is_markup
from feeds.tombstones import deleted_of

_LONGEST_TITLE = 2000
_LONGEST_HTML = 2_000_000
_MOST_PEOPLE = 100  # who signed one entry
_MOST_NAMES = 5000  # in one document: each is an author with a page
_LONGEST_KEY = 2000  # bytes: no address is longer, and databases index no more
_MAIL_NAME = re.compile(r"\s*[^\s()<>@]+@[^\s()<>]+\s*\((.+)\)\s*\Z")
_WHAT_IS_SAID = ("title", "link", "id", "summary", "content", "links")
# An address in a byline. As feedparser has it, whose readings of names were tested on many feeds.
_MAIL = re.compile(
    r"[a-zA-Z0-9_.+-]+@(?:\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.|(?:[a-zA-Z0-9-]+\.)+)(?:[a-zA-Z]{2,4}|[0-9]{1,3})\]?"
    r"(?:\?subject=\S+)?"
)
_NAME_MAIL = re.compile(r"([^<]+)<[^\s<>@]+@[^\s<>]+>\s*\Z")


class _Draft(NamedTuple):
    """An entry whose id is still to be told from those of others, with the words of its summary and content."""

    fields: dict[str, Any]
    words: str
    text: str


def finished(read: Raw | Document | Failed, url: str) -> Document | Failed:
    """The Document of what was read at `url`: cleaned, each id once (I-06), nothing of absurd length (F29, X-11)."""
    if isinstance(read, Failed):
        return read
    if isinstance(read, Raw):
        document = _document(read, url)
    else:
        entries = [replace(entry, **_bounds(entry.id, entry.link, entry.title)) for entry in read.entries]
        document = _each_once(read, entries)
    return replace(document, entries=tuple(_signed(document.entries)))


def _signed(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Entries without the crowds of names, files and categories that no writer has (X-11)."""
    names: set[str] = set()
    for entry in entries:
        people = []
        for author in entry.authors[:_MOST_PEOPLE]:
            if len(names) < _MOST_NAMES:
                names.add(author.name)
            if author.name in names:
                people.append(author)
        if max(len(entry.authors) - len(people), len(entry.categories) - 100, len(entry.enclosures) - 50) <= 0:
            yield entry
        else:
            yield replace(
                entry, authors=tuple(people), categories=entry.categories[:100], enclosures=entry.enclosures[:50]
            )


def _document(raw: Raw, url: str) -> Document:
    head = _head(raw.feed, url)
    # RFC 4287 resolves against the document; RSS never said, and its writers mean their site.
    base = url if raw.version.startswith("atom") else head.site_url or url
    said = [one for one in raw.entries if any(map(one.get, _WHAT_IS_SAID))]
    notes = [*raw.notes]
    if len(said) < len(raw.entries):
        notes.append(f"{len(raw.entries) - len(said)} entries say nothing at all and were left out")
    drafts = [_draft(one, base, head.lang) for one in said]
    alone = len({draft.fields["id"] for draft in drafts}) == len(drafts)
    document = Document(
        head=head, entries=tuple(map(_entry, drafts)) if alone else (), format=raw.version, pace=_pace(raw.feed),
        truncated=raw.truncated, links=_machine_links(raw.feed, url), notes=tuple(notes),
        deleted=_deleted(raw.feed),
    )  # fmt: skip
    return document if alone else _each_once(document, [Entry(**draft.fields) for draft in drafts])


def _deleted(raw: Mapping[str, Any]) -> tuple[Deleted, ...]:
    """What the publisher has withdrawn, under the ids that its entries have with us."""
    graves = deleted_of(raw.get("deleted") or ())
    return tuple(replace(one, id=str(_bounds(one.id, "", "").get("id", one.id))) for one in graves)


def _each_once(document: Document, drafts: Sequence[Entry]) -> Document:
    """The document with these entries, each id once, which costs more than where no id is repeated."""
    entries, repeated = unique_entries(drafts, atom=document.format.startswith("atom"))
    said = (*document.notes, *filter(None, [repeated]))
    return replace(document, entries=tuple(_finished(entry) for entry in entries), notes=said)


def _head(raw: Mapping[str, Any], url: str) -> Head:
    links = _links(raw)
    base = url
    image = raw.get("image") or {}
    self_url = next((clean.absolute(link["href"], base) for link in links if link.get("rel") == "self"), "")
    site = clean.absolute(str(raw.get("link") or ""), base)
    return Head(
        title=_title(raw, "title"),
        id=str(raw.get("id") or self_url or url).strip(),
        url=self_url or url,
        site_url=site,
        subtitle=_title(raw, "subtitle"),
        updated=_date(raw, "updated") or _date(raw, "published"),
        lang=str(raw.get("language") or ""),
        rights=_title(raw, "rights"),
        icon=clean.absolute(str(raw.get("icon") or ""), base),
        logo=clean.absolute(str(raw.get("logo") or image.get("href") or ""), base),
        authors=_authors(raw),
        categories=_categories(raw),
    )


def _draft(raw: Mapping[str, Any], base: str, lang_of_feed: str) -> _Draft:
    guid = str(raw.get("id") or "").strip()
    guid_as_link = clean.absolute(guid) if raw.get("id_is_link") else ""
    link = _link(raw, base) or guid_as_link
    title = _title(raw, "title")
    summary, content, authors, lang = _bodies(raw, link or base)
    published = str(raw.get("published") or raw.get("created") or raw.get("updated") or "")
    origin: IdOrigin = "guid" if guid else "link" if link else "hash"
    own_id = guid or link or fallback_id(title=title, published=published, body=content.html or summary.html)
    fields = {
        "id": own_id,
        "id_origin": origin,
        "is_permalink": bool(guid_as_link),
        "link": link,
        "title": title,
        "summary": summary.html,
        "content": content.html,
        "published": _date(raw, "published") or _date(raw, "created"),
        "updated": _date(raw, "updated"),
        "lang": lang or str(raw.get("language") or "") or lang_of_feed,
        "rights": _title(raw, "rights"),
        "authors": authors,
        "categories": _categories(raw),
        "enclosures": _enclosures(raw, base),
        "source": _source(raw),
    } | _bounds(own_id, link, title)
    return _Draft(fields, summary.text, content.text)


def _bounds(own_id: str, link: str, title: str) -> dict[str, Any]:
    """What replaces keys and titles of absurd length (F29, X-11). A hash of an id is as good for telling it apart."""
    if len(link) + len(own_id) + len(title) <= _LONGEST_KEY // 4:
        return {}
    short = {"link": link if len(link.encode()) <= _LONGEST_KEY else "", "title": title[:_LONGEST_TITLE]}
    if len(own_id.encode()) <= _LONGEST_KEY:
        return short
    return short | {"id": f"hash:{digest(own_id)}", "id_origin": "hash", "is_permalink": False}


def _entry(draft: _Draft) -> Entry:
    """An entry of which its document has no other, with all that follows from its words."""
    summary, text = _summed_up(draft.fields["title"], draft.fields["summary"], draft.words, draft.text)
    return Entry(**(draft.fields | {"summary": summary, "text": text}))


def _finished(entry: Entry) -> Entry:
    """An entry with all that follows from its words."""
    words = clean.plain_text(entry.summary)
    summary, text = _summed_up(entry.title, entry.summary, words, clean.plain_text(entry.content))
    return replace(entry, text=text, summary=summary)


def _summed_up(title: str, summary: str, words: str, text: str) -> tuple[str, str]:
    """A summary where the publisher gave none, and the words of summary and content alone."""
    if not summary:
        return _standfirst(text, title), text
    start = words.replace("\n", " ")[:80]
    if start and start not in text and start not in text.replace("\n", " "):
        text = f"{words}\n{text}".strip()
    return summary, text


def _standfirst(text: str, title: str) -> str:
    """The first paragraph that is not the title again; of a dateline or a lone label, only where no sentence follows."""
    first, folded = "", title.casefold()
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        at += len(line) + 1
        if line and (len(line) > 20 or not first) and line != title and line.casefold() != folded:
            if len(line) > 20:
                return clean.escape(line)
            first = line
    return clean.escape(first)


def _bodies(raw: Mapping[str, Any], base: str) -> tuple[Safe, Safe, tuple[Author, ...], str]:
    """Summary and content as safe HTML, the authors with what a box said of them, and the declared language."""
    authors = _authors(raw)
    contents = [part for part in raw.get("content") or () if str(part.get("value", "")).strip()]
    best = max(contents, key=lambda part: ("html" in _kind(part), len(part["value"])), default=None)
    detail = raw.get("summary_detail") or {"value": raw.get("summary") or ""}
    summary = content = NO_WORDS
    if best:
        content, authors = _html(best, base, authors)
    # feedparser repeats a lone content as summary, and many feeds do it themselves.
    if best is None or best.get("value") != detail.get("value"):
        summary, authors = _html(detail, base, authors)
    # A description that is the whole article stands alone as content; its first paragraph is then the summary.
    if not content.html and len(summary.html) > 600 and len(summary.text) > 600:
        summary, content = NO_WORDS, summary
    lang = str((best or detail).get("language") or (raw.get("title_detail") or {}).get("language") or "")
    return summary, content, authors, lang


def _html(detail: Mapping[str, Any], base: str, authors: tuple[Author, ...]) -> tuple[Safe, tuple[Author, ...]]:
    value = undoubled(str(detail.get("value") or "")[:_LONGEST_HTML])
    if not value:
        return NO_WORDS, authors
    own_base = clean.absolute(str(detail.get("base") or ""), base) or base
    if _kind(detail) == "text/plain" and not clean.looks_like_html(value):
        value = clean.escape(value)
    return authorbox.clean_without_box(value, own_base, authors)


def _title(raw: Mapping[str, Any], key: str) -> str:
    value = str(raw.get(key) or "")
    if not value:
        return ""
    detail = raw.get(f"{key}_detail") or {}
    return clean.title_text(value, is_html="html" in _kind(detail))


def _kind(detail: Mapping[str, Any]) -> str:
    """The type of a text. RSS says "plain text" and means HTML as often as not: there the words themselves decide."""
    kind = str(detail.get("type", ""))
    if kind != "guess":
        return kind
    return "text/html" if is_markup(str(detail["value"])) else "text/plain"


def _link(raw: Mapping[str, Any], base: str) -> str:
    original = str(raw.get("feedburner_origlink") or raw.get("link") or "")
    if is_plain_web_url(original):
        return original
    if is_web_url(original):
        return clean.absolute(original)
    links = _links(raw)
    alternate = next((link["href"] for link in links if link.get("rel", "alternate") == "alternate"), "")
    if is_web_url(clean.absolute(alternate, base)):
        return clean.absolute(alternate, base)
    # A relative link is resolved. "tag:..." and the like are no links, though feedparser may say so (F24); nor is a guid
    # that it takes for one because nothing says isPermaLink="false" (I-05).
    written = original in (link["href"] for link in links)
    return clean.absolute(original, base) if written and ":" not in original.split("/")[0] else ""


def _links(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [link for link in raw.get("links") or [] if link.get("href")]


def _machine_links(raw: Mapping[str, Any], base: str) -> tuple[Link, ...]:
    found = ((str(link.get("rel", "")).strip().lower(), clean.absolute(link["href"], base)) for link in _links(raw))
    return tuple(Link(rel=rel, href=href) for rel, href in dict.fromkeys(found) if rel in LINK_RELS and href)


def _authors(raw: Mapping[str, Any]) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    whole = str(raw.get("author") or "")
    for said in raw.get("authors") or ():
        person = _parts_of(said["byline"]) if "byline" in said else said
        # feedparser takes four letters for the end of any domain: "nora@paper.online (Nora)" has the name "ne (Nora".
        mail = str(person.get("email") or "\n")
        cut = whole.partition(mail)[2][:1].isalpha()
        name = _person(whole if cut else str(person.get("name") or ""))
        if name and name not in found:
            found[name] = Author(name=name, url=clean.absolute(str(person.get("href") or "")))
    if not found and whole and _person(whole):
        found[_person(whole)] = Author(name=_person(whole))
    return tuple(found.values())


def _parts_of(byline: str) -> dict[str, str]:
    """The name and the mail address of a byline that is both: "nora@paper.example (Nora)"."""
    mail = _MAIL.search(byline) if "@" in byline else None
    if not mail:
        return {"name": byline}
    name = byline.replace(mail[0], "").replace("()", "").replace("<>", "").replace("&lt;&gt;", "").strip()
    return {"name": name.removeprefix("(").removesuffix(")").strip(), "email": mail[0]}


def _person(raw: str) -> str:
    """The name in a byline element: without markup, and without a mail address around or beside it."""
    text = clean.title_text(raw, is_html=True)
    mail = _MAIL_NAME.match(text) or _NAME_MAIL.match(text)
    text = mail[1].strip() if mail else text
    return "" if re.fullmatch(r"[^\s@]+@\S+", text) or is_web_url(text) else text[:300]


def _categories(raw: Mapping[str, Any]) -> tuple[str, ...]:
    tags = raw.get("tags") or []
    terms = (clean.title_text(str(tag.get("label") or tag.get("term") or ""), is_html=True) for tag in tags)
    return tuple(dict.fromkeys(term[:200] for term in terms if term))[:100]


def _enclosures(raw: Mapping[str, Any], base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for one in _links(raw):
        url = clean.absolute(str(one["href"]), base) if one.get("rel") == "enclosure" else ""
        length = str(one.get("length") or "0").strip()
        if url and url not in found:
            size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
            title = clean.title_text(str(one.get("title") or ""), is_html=False)
            found[url] = Enclosure(url=url, type=media_type(str(one.get("type") or "")), length=size, title=title)
    return tuple(found.values())[:50]


def _source(raw: Mapping[str, Any]) -> Head | None:
    """The source that an entry brought along (A-10): atom:source, or RSS <source url="">."""
    inner = raw.get("source")
    if not inner:
        return None
    url = clean.absolute(str(inner.get("href") or ""))
    head = _head(inner, url)
    if not head.title and not head.url:
        return None
    # An id is an address at times, and no page for that.
    is_page = any(clean.absolute(str(link["href"])) == head.site_url for link in _links(inner))
    return head if is_page else replace(head, site_url="")


def _pace(raw: Mapping[str, Any]) -> Pace:
    ttl = str(raw.get("ttl") or "")
    frequency = str(raw.get("sy_updatefrequency") or "1")
    return Pace(
        ttl=int(ttl) if ttl.isascii() and ttl.isdigit() and len(ttl) < 9 else None,
        skip_hours=tuple(int(hour) for hour in raw.get("skip_hours", ()) if re.fullmatch("[0-9]{1,2}", hour)),
        skip_days=tuple(day for day in raw.get("skip_days", ()) if re.fullmatch(r"\w{6,9}", day)),
        update_period=str(raw.get("sy_updateperiod") or ""),
        update_frequency=int(frequency) if frequency.isascii() and frequency.isdigit() and len(frequency) < 6 else 1,
    )


def _date(raw: Mapping[str, Any], key: str) -> datetime | None:
    """Our own reading alone: where feedparser finds only a year, it takes the month from its clock."""
    value = raw.get(key)
    return read_date(str(value)) if value else None
