"""One element of a well-formed document -> its text, its markup, its attributes.

In: an element of lxml. Out: strings, with feedparser's repairs of text that was encoded twice.
Never: a change to the tree, or a look beyond the element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urljoin

from lxml import etree

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_C1 = re.compile("[\x80-\x9f]")
_C1_WRITTEN = re.compile(rb"\xc2[\x80-\x9f]")
_C1_REFERRED = re.compile(rb"&#(?:0*1[2-5][0-9]|[xX]0*[89][0-9a-fA-F]);")
_CP1252 = {
    chr(code): char for code in range(0x80, 0xA0) if (char := bytes([code]).decode("cp1252", "replace")) != "\ufffd"
}
_REFERENCE = re.compile("&([A-Za-z0-9_]+);")
_SLASHES = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)/*")


def text_of(element: etree._Element) -> str:
    """The text of an element without that of elements in it, and without white space around it."""
    text = element.text
    if len(element):
        text = (text or "") + "".join(part.tail or "" for part in element)
    if not text:
        return ""
    text = text.strip()
    return text if text.isascii() else mended(text)


def mended(text: str) -> str:
    """Text as it was before its UTF-8 was taken for Latin-1 and encoded again (F46)."""
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


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


def local_name(element: etree._Element) -> str:
    """The name without prefix, in lower case."""
    return str(element.tag).rpartition("}")[2].lower()


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The attributes of a link under lower-case names, its address as href."""
    found: dict[str, str] = {}
    for written, value in element.items():
        key = str(written).lower()
        found[key] = str(value).lower() if key in ("rel", "type") else str(value)
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


def is_escaped_in_div(element: etree._Element) -> bool:
    """Whether all that is in an element is escaped HTML within a <div>, as TypePad wrote it."""
    return all(local_name(inner) == "div" for inner in element.iterdescendants())


def words_of(element: etree._Element) -> str:
    """All text in an element, however deep."""
    return "".join(str(text) for text in element.itertext())


def markup_of(element: etree._Element, *, with_div: bool) -> str:
    """The elements inside an element as HTML, without prefixes; Atom 1.0 asks for a lone <div>, which is no content."""
    inner = [*element]
    is_div = not with_div and len(inner) == 1 and local_name(inner[0]) == "div"
    if is_div and not (element.text or "").strip() and not (inner[0].tail or "").strip():
        element = inner[0]
    return "".join(_written(element))


def _written(element: etree._Element) -> Iterator[str]:
    yield escape(element.text or "", quote=False)
    for inner in element:
        name = local_name(inner)
        said = "".join(f' {str(key).rpartition("}")[2].lower()}="{escape(str(value))}"' for key, value in inner.items())
        yield f"<{name}{said}>"
        yield from _written(inner)
        if name not in _VOID or len(inner) or inner.text:
            yield f"</{name}>"
        yield escape(inner.tail or "", quote=False)
