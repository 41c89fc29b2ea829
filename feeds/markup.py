"""XML as text: elements and their attributes, escaped; many of them become a tree at once.

In: names, words that XML allows. Out: text, elements. Never: a word that ends an element or an attribute before its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

# A parser that stops at no size: what is read here was written here.
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def element(name: str, text: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """An element that holds words; attributes without a value are left out."""
    start = opened(name, attributes) if attributes else f"<{name}>"
    return f"{start}{escaped(text)}</{name}>"


def opened(name: str, attributes: Mapping[str, str]) -> str:
    """The start of an element."""
    told = "".join([f' {key}="{_quoted(value)}"' for key, value in attributes.items() if value])
    return f"<{name}{told}>"


def escaped(text: str) -> str:
    """Words as they stand between tags. A lone line feed of the Macintosh would be read as another one."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    elif ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\r", "&#13;") if "\r" in text else text


def _quoted(value: str) -> str:
    value = escaped(value)
    if '"' in value:
        value = value.replace('"', "&quot;")
    if "\n" in value or "\t" in value:
        value = value.replace("\n", "&#10;").replace("\t", "&#9;")
    return value


def append(parent: Any, spaces: Mapping[str, str], written: Iterable[str]) -> None:
    """Put written elements behind those of `parent`. `spaces` are the prefixes that they use, and what each stands for.

    To read text is several times faster than to make elements one by one, and shows that it is well-formed.
    """
    declared = "".join([f' xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items()])
    parent.extend(etree.fromstring(f"<x{declared}>{''.join(written)}</x>".encode(), _PARSER))
