"""Well-formed XML -> what it says: the fast reader, for all documents of which it is sure.

In: bytes in UTF-8 without a DTD. Out: `Raw` in the shape that feedparser gives, or None where feedparser should read.
Never: a fetch, an entity, a recursion deeper than libxml2's own bound (256), or a guess: what is odd is declined.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from feeds import vocabulary as words
from feeds.elements import (
    Node,
    is_empty,
    is_escaped_in_div,
    joined,
    local_name,
    markup_of,
    rid_of_controls,
    unescaped_query,
    words_of,
)
from feeds.raw import Raw, Said
from feeds.tombstones import tombstone_of
from feeds.trees import Tree, attributes_of, grown, holds_control, mended, text_of

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_XHTML = "application/xhtml+xml"
_TYPES = {
    "text": "text/plain", "plain": "text/plain", "text/plain": "text/plain", "html": "text/html", "text/html": "text/html",
    "xhtml": _XHTML, _XHTML: _XHTML,
}  # fmt: skip
_NOWHERE = 99


class _DeclinedError(Exception):
    """This document is for the reference reader."""


def read_wellformed(body: bytes, most: int) -> Raw | None:
    """Read a document's head and its first `most` entries; None where it is not plain enough to be sure.

    Raises etree.XMLSyntaxError for XML that is not well-formed.
    """
    tree = grown(body)
    if tree is None:
        return None
    try:
        raw = _Reader(tree, most).read()
    except _DeclinedError:
        return None
    if tree.controls:
        raw.feed = rid_of_controls(raw.feed)
        raw.entries = [rid_of_controls(said) if holds_control(said) else said for said in raw.entries]
    return raw


class _Context:
    """What is being filled: the feed, an entry or a source. `depth` is that of its fields.

    `deep` says of fields that were found deeper how deep, and `title_depth` where the title was.
    """

    __slots__ = ("deep", "depth", "has_content", "is_entry", "said", "title_depth")

    def __init__(self, depth: int, *, is_entry: bool) -> None:
        self.said: Said = {}
        self.deep: dict[str, int] = {}
        self.depth = depth
        self.title_depth = _NOWHERE
        self.has_content = False
        self.is_entry = is_entry

    def put(self, key: str, value: str, depth: int) -> None:
        """An entry's field, unless one nearer to the entry has said it; a feed's field is what was said last."""
        if depth <= self.depth or not self.is_entry:
            self.said[key] = value
            if self.deep:
                self.deep.pop(key, None)
        elif key not in self.said or self.deep.get(key, 0) >= depth:
            self.said[key] = value
            self.deep[key] = depth


class _Reader:
    def __init__(self, tree: Tree, most: int) -> None:
        self.root = root = tree.root
        self.nsmap = tree.nsmap
        self.most = most
        self.acts: dict[str, tuple[_Act | None, str]] = {}
        self.entries: list[Said] = []
        self.count = 0
        self.inside = root  # whose children are read
        self.base = root.get(_BASE, "")
        self.lang = root.get(_LANG, "")
        # Where nothing but the first tag declares a base or a language, nobody needs to ask each element.
        self.has_scopes = tree.scoped
        self.walk = tree.walk
        self.version = self._version()
        # RSS says "plain text" and means HTML as often as not: the words will have to decide.
        self.plain = "text/plain" if self.version.startswith("atom") else "guess"

    def read(self) -> Raw:
        feed = _Context(2, is_entry=False)
        if self.lang and self.name(self.root) in ("feed", "rss"):
            feed.said["language"] = self.lang.replace("_", "-")
        self.fill(feed, self.root, 2)
        raw = Raw(version=self.version, feed=feed.said, entries=self.entries, reader="wellformed")
        if self.count > self.most:
            raw.notes.append(f"{self.count} entries: only the first {self.most} are read")
        return raw

    def name(self, element: Node) -> str:
        return words.name_of(str(element.tag), element.prefix)

    def _version(self) -> str:
        kind = self.name(self.root)
        spaces = [uri.lower() for uri in self.nsmap.values() if uri]
        if kind == "rss":
            version = self.root.get("version", "")
            return _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
        if kind == "feed":
            if "http://www.w3.org/2005/atom" in spaces:
                return "atom10"
            return _ATOM_VERSIONS.get(self.root.get("version", ""), "atom")
        if kind == "rdf_rdf" and "http://www.w3.org/2005/atom" not in spaces:
            if (self.nsmap.get(None) or "").lower() == "http://my.netscape.com/rdf/simple/0.9/":
                return "rss090"
            if "http://purl.org/rss/1.0/" in spaces:
                return "rss10"
        raise _DeclinedError

    def fill(self, context: _Context, parent: Node, depth: int) -> None:
        """Read the children of an element, and what unknown ones among them hold, in their order."""
        outside, self.inside = self.inside, parent
        if self.has_scopes:
            for element in parent:
                act, key = self.acts.get(element.tag) or self.known(element)
                if act is not None:
                    self.in_scope(act, context, element, depth, key)
        else:
            self.walk(self.acts, _descend, self, context, parent, depth)
        self.inside = outside

    def known(self, element: Node) -> tuple[_Act | None, str]:
        """What to do with an element of a name that was not met before."""
        name = self.name(element)
        found = self.acts[element.tag] = _ACTS.get(name, (_descend, name))
        return found

    def in_scope(self, act: _Act, context: _Context, element: Node, depth: int, key: str) -> None:
        base, lang = self.base, self.lang
        own = element.get(_BASE)
        self.base = joined(base, own) if own else base
        self.lang = element.get(_LANG, lang)
        act(self, context, element, depth, key)
        self.base, self.lang = base, lang

    def detail(self, element: Node, kind: str) -> Said:
        """A text with its type: what stands in it, with the elements in it as markup."""
        own = element.get("type")
        if own is not None:
            kind = _TYPES.get(own.lower(), "")
            if element.get("mode") == "base64" or not (kind or is_empty(element)):
                raise _DeclinedError
        if not len(element):
            value = text_of(element)
            if kind == _XHTML:
                value = escape(value, quote=False)
        elif kind != _XHTML and is_escaped_in_div(element):
            value = mended(words_of(element).strip())
        else:
            kind = _XHTML
            value = mended(markup_of(element, with_div=self.version != "atom10").strip())
        found = {"value": value, "type": self.plain if kind == "text/plain" else kind}
        if self.base:
            found["base"] = self.base
        if self.lang:
            found["language"] = self.lang.replace("_", "-")
        return found


_Act = Callable[[_Reader, _Context, Node, int, str], None]


def _descend(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    if len(element):
        reader.fill(context, element, depth + 1)


def _entry(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    if context.is_entry and is_empty(element) and not element.items():
        return  # an entry in an entry that says nothing is none
    if context.is_entry or element.get("href") or element.get("lastmod"):
        raise _DeclinedError
    reader.count += 1
    if reader.count > reader.most:
        return
    entry = _Context(depth + 1, is_entry=True)
    about = element.get(_ABOUT)
    if about:
        entry.said["id"] = about
    reader.fill(entry, element, depth + 1)
    context.title_depth = entry.title_depth
    reader.entries.append(entry.said)


def _title(reader: _Reader, context: _Context, element: Node, depth: int, name: str) -> None:
    if context.title_depth <= depth:
        return
    detail = reader.detail(element, "text/plain")
    value = detail["value"]
    context.put("title", value, depth)
    context.said["title_detail"] = detail
    if value and name != "media_title":
        context.title_depth = depth


def _detail(reader: _Reader, context: _Context, element: Node, depth: int, key: str) -> None:
    detail = reader.detail(element, "text/plain")
    context.put(key, detail["value"], depth)
    context.said[f"{key}_detail"] = detail


def _summary(reader: _Reader, context: _Context, element: Node, depth: int, name: str) -> None:
    said = context.said
    if "summary" in said and not context.has_content:
        # A second description is taken for the content.
        context.has_content = True
        _add_content(context, reader.detail(element, "text/plain"))
        return
    detail = reader.detail(element, words.SUMMARIES[name])
    key = "subtitle" if not context.is_entry and words.SUMMARIES[name] == "text/html" else "summary"
    context.put(key, detail["value"], depth)
    said[f"{key}_detail"] = detail


def _content(reader: _Reader, context: _Context, element: Node, depth: int, name: str) -> None:
    context.has_content = context.has_content or not name.endswith("body")
    _add_content(context, reader.detail(element, words.CONTENTS[name]))


def _add_content(context: _Context, detail: Said) -> None:
    context.said.setdefault("content", []).append(detail)
    context.said.setdefault("summary", detail["value"])


def _text(reader: _Reader, context: _Context, element: Node, depth: int, key: str) -> None:
    context.put(key, text_of(element), depth)


def _address(reader: _Reader, context: _Context, element: Node, depth: int, key: str) -> None:
    context.put(key, joined(reader.base, text_of(element)), depth)


def _guid(reader: _Reader, context: _Context, element: Node, depth: int, name: str) -> None:
    value = text_of(element)
    said = context.said
    permalink = element.get("isPermaLink") or element.get("ispermalink")
    context.put("id", value, depth)
    said["id_is_link"] = name == "guid" and (permalink is None or "false" not in permalink.lower())
    if permalink is None or permalink == "true":
        said.setdefault("link", joined(reader.base, value) if value else value)


def _link(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    said = context.said
    found = attributes_of(element)
    found.setdefault("rel", "alternate")
    found.setdefault("type", "application/atom+xml" if found["rel"] == "self" else "text/html")
    said.setdefault("links", []).append(found)
    href = found.get("href")
    if href is None:
        said["link"] = href = unescaped_query(joined(reader.base, text_of(element)))
        if href or not context.is_entry:
            found["href"] = href
        return
    found["href"] = href = joined(reader.base, href)
    if found["rel"] == "alternate" and _TYPES.get(found["type"]) in ("text/html", _XHTML):
        said["link"] = href


def _enclosure(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    found = attributes_of(element)
    found["rel"] = "enclosure"
    context.said.setdefault("links", []).append(found)
    if len(element):
        reader.fill(context, element, depth + 1)


def _tag(reader: _Reader, context: _Context, element: Node, depth: int, name: str) -> None:
    tags = context.said.setdefault("tags", [])
    term, label = element.get("text" if name == "itunes_category" else "term"), element.get("label")
    if term or label:
        tags.append({"term": term, "label": label})
    if len(element):
        reader.fill(context, element, depth + 1)
    value = text_of(element)
    if value and label and not term:
        tags[-1]["term"] = value
    elif value:
        tags.append({"term": value})


def _tags(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    tags = context.said.setdefault("tags", [])
    tags.extend({"term": term.strip()} for term in text_of(element).split(","))


def _author(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    person: Said = {}
    for part in element:
        key = words.PERSON.get(reader.name(part))
        if key:
            person[key] = text_of(part)
            if key == "href":
                person[key] = joined(reader.base, person[key])
    whole = text_of(element)
    if person:
        name, mail = person.get("name"), person.get("email")
        whole = f"{name} ({mail})" if name and mail else name or mail or whole
    else:
        person["byline"] = whole
    context.said.setdefault("authors", []).append(person)
    context.put("author", whole, depth)


def _source(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    if not context.is_entry:
        raise _DeclinedError
    inner = _Context(depth + 1, is_entry=False)
    href = element.get("url")
    if href is not None:
        inner.said["href"] = href
    reader.fill(inner, element, depth + 1)
    title = text_of(element)
    if title:
        inner.said["title"] = title
    context.title_depth = inner.title_depth
    context.said["source"] = inner.said


def _image(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    """The picture of a channel; the pictures of an entry and those of RDF stand outside of the channel."""
    if not context.is_entry and local_name(reader.inside) == "channel":
        for part in element:
            if local_name(part) in ("url", "uri", "homepage"):
                context.said.setdefault("image", {})["href"] = text_of(part)


def _itunes_image(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    href = element.get("href") or element.get("url")
    if href:
        context.said["image"] = {"href": href}


def _deleted(reader: _Reader, context: _Context, element: Node, depth: int, _: str) -> None:
    if not context.is_entry:
        context.said.setdefault("deleted", []).append(tombstone_of(element))


def _pause(reader: _Reader, context: _Context, element: Node, depth: int, key: str) -> None:
    context.said.setdefault(key, [text_of(part) for part in element])


def _table() -> dict[str, tuple[_Act | None, str]]:
    """What to do for which name, and the field that it fills."""
    same: tuple[tuple[_Act, tuple[str, ...] | frozenset[str]], ...] = (
        (_entry, ("item", "entry")),
        (_title, words.TITLES),
        (_summary, (*words.SUMMARIES,)),
        (_content, (*words.CONTENTS,)),
        (_guid, ("guid", "id")),
        (_link, ("link",)),
        (_enclosure, ("enclosure",)),
        (_tag, words.TAGS),
        (_tags, words.TAG_LISTS),
        (_author, words.PEOPLE),
        (_source, ("source",)),
        (_image, ("image",)),
        (_itunes_image, ("itunes_image",)),
        (_address, words.ADDRESSES),
        (_deleted, ("at_deleted-entry",)),
    )
    table: dict[str, tuple[_Act | None, str]] = {name: (act, name) for act, names in same for name in names}
    table |= {name: (_detail, key) for name, key in words.TEXTS.items()}
    table |= {name: (_text, key) for name, key in (words.DATES | words.PLAIN).items()}
    table |= {name: (None, name) for name in words.CLOSED}
    return table | {"skiphours": (_pause, "skip_hours"), "skipdays": (_pause, "skip_days")}


_ACTS = _table()
