"""One element of a well-formed document -> its text, its markup, its attributes.

In: an element. Out: strings, with feedparser's repairs of text that was encoded twice.
Never: a change to the tree, or a look beyond the element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any, Protocol, overload
from urllib.parse import urljoin

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_C1 = re.compile("[\x80-\x9f]")
_C1_WRITTEN = re.compile(rb"\xc2[\x80-\x9f]")
_C1_REFERRED = re.compile(rb"&#(?:0*1[2-5][0-9]|[xX]0*[89][0-9a-fA-F]);")
_CP1252 = {
    chr(code): char for code in range(0x80, 0xA0) if (char := bytes([code]).decode("cp1252", "replace")) != "\ufffd"
}
_REFERENCE = re.compile("&([A-Za-z0-9_]+);")
_SLASHES = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)/*")


class Node(Protocol):
    """An element, whoever built its tree. A name is `{namespace}local`."""

    @property
    def tag(self) -> str: ...  # noqa: D102 - said above
    @property
    def prefix(self) -> str | None: ...  # noqa: D102 - as the document writes it
    @property
    def text(self) -> str | None: ...  # noqa: D102 - before its first child
    @property
    def tail(self) -> str | None: ...  # noqa: D102 - directly behind it
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Node]: ...
    @overload
    def get(self, key: str, /) -> str | None: ...  # an attribute
    @overload
    def get(self, key: str, default: str, /) -> str: ...
    def items(self) -> Sequence[tuple[str, str]]: ...  # noqa: D102 - the attributes in their order


Acts = Mapping[str, tuple[Callable[..., None] | None, str]]
"""What to do with an element of a full name, or None for nothing, and the field that it fills."""


def walk(acts: Acts, descend: Callable[..., None], reader: Any, context: object, parent: Node, depth: int) -> None:
    """Do for each child what `acts` says of its name; where it says nothing, `reader.known(child)` tells.

    `descend` is the act that looks at children only, and is spared where there are none.
    """
    for child in parent:
        act, key = acts.get(child.tag) or reader.known(child)
        if act is None or (act is descend and not len(child)):
            continue
        act(reader, context, child, depth, key)


def text_of(element: Node) -> str:
    """The text of an element without that of elements in it, and without white space around it."""
    text = element.text
    if len(element):
        text = (text or "") + "".join(part.tail or "" for part in element)
    if not text:
        return ""
    return mended(text.strip())


def mended(text: str) -> str:
    """Text as it was before its UTF-8 was taken for Latin-1 and encoded again (F46)."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


def holds_control(said: Any) -> bool:
    """Whether such a control as `without_controls` replaces stands in any text of a record."""
    if isinstance(said, str):
        return not said.isascii() and bool(_C1.search(said))
    if isinstance(said, dict):
        said = list(said.values())
    return isinstance(said, list) and any(map(holds_control, said))


def holds_any(text: str, needles: tuple[bytes, ...]) -> bool:
    """Whether any of these, in lower-case ASCII, stands in a text, whatever the case of its ASCII letters."""
    small = text.encode("utf-8").lower()
    return any(needle in small for needle in needles)


def without_controls(text: str) -> str:
    """Controls that nobody means as the characters that Windows-1252 has in their places."""
    # str.translate would look up every letter of a long text.
    return text if text.isascii() else _C1.sub(lambda found: _CP1252.get(found[0], found[0]), text)


def rid_of_controls(said: Any) -> Any:
    """A record, and all records and texts in it, without such controls."""
    if isinstance(said, str):
        return without_controls(said)
    if isinstance(said, dict):
        return {key: rid_of_controls(value) for key, value in said.items()}
    return [rid_of_controls(one) for one in said] if isinstance(said, list) else said


def has_controls(body: bytes) -> bool:
    """Whether such controls may be in a document, written or referred to: next to none has any."""
    written = not body.isascii() and _C1_WRITTEN.search(body)
    return bool(written or (b"&#" in body and _C1_REFERRED.search(body)))


def local_name(element: Node) -> str:
    """The name without prefix, in lower case."""
    return _local(element.tag)


@lru_cache(1024)  # a document has few names and many elements
def _local(name: str) -> str:
    return name.rpartition("}")[2].lower()


def attributes_of(element: Node) -> dict[str, str]:
    """The attributes of a link under lower-case names, its address as href."""
    found: dict[str, str] = {}
    for written, value in element.items():
        key = written.lower()
        found[key] = value.lower() if key in ("rel", "type") else value
    href = found.get("url") or found.get("uri") or found.get("href")
    if href:
        found["href"] = href
    return found


def joined(base: str, url: str) -> str:
    """An address against an xml:base, where there is one."""
    url = _SLASHES.sub(r"\1", url) if ":///" in url else url
    if not base:
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def unescaped_query(url: str) -> str:
    """An address that was escaped twice ("?a=1&amp;b=2"), as it was meant."""
    if "&" not in url:
        return url
    return _REFERENCE.sub(r"&\1", url.replace("&amp;", "&"))


def is_empty(element: Node) -> bool:
    """Whether nothing stands in an element: what it means is elsewhere."""
    return not len(element) and not element.text


def is_escaped_in_div(element: Node) -> bool:
    """Whether all that is in an element is escaped HTML within a <div>, as TypePad wrote it."""
    return all(local_name(inner) == "div" and is_escaped_in_div(inner) for inner in element)


def words_of(element: Node) -> str:
    """All text in an element, however deep."""
    return (element.text or "") + "".join(words_of(inner) + (inner.tail or "") for inner in element)


def markup_of(element: Node, *, with_div: bool) -> str:
    """The elements inside an element as HTML, without prefixes; Atom 1.0 asks for a lone <div>, which is no content."""
    inner = [*element]
    is_div = not with_div and len(inner) == 1 and local_name(inner[0]) == "div"
    if is_div and not (element.text or "").strip() and not (inner[0].tail or "").strip():
        element = inner[0]
    written: list[str] = []
    _write(element, written)
    return "".join(written)


def _write(element: Node, written: list[str]) -> None:
    if element.text:
        written.append(escape(element.text, quote=False))
    for inner in element:
        name = local_name(inner)
        said = [f' {_local(key)}="{escape(value)}"' for key, value in inner.items()]
        written.append(f"<{name}{''.join(said)}>")
        _write(inner, written)
        if name not in _VOID or len(inner) or inner.text:
            written.append(f"</{name}>")
        if inner.tail:
            written.append(escape(inner.tail, quote=False))
