"""Well-formed XML -> a tree of elements: by native code where that was built, by lxml where not and for all else.

In: bytes in UTF-8 without a DTD. Out: the root with its namespaces. Never: a fetch, an entity, or libxml2's bounds passed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, cast

from lxml import etree

from feeds.elements import Node, has_controls, walk
from feeds.mend import MOST_ATTRIBUTES

try:
    from feeds.nativexml import attributes_of, holds_any, holds_control, mended, read_tree, text_of
    from feeds.nativexml import walk as native_walk
except ImportError:  # no compiler was at hand: the same in Python, a third as fast
    from feeds.elements import attributes_of, holds_any, holds_control, mended, text_of

    IS_NATIVE = False
else:
    IS_NATIVE = True

__all__ = ["IS_NATIVE", "Tree", "attributes_of", "grown", "holds_any", "holds_control", "mended", "text_of"]

_CROWDED = etree.XPath(f"boolean(//@*[{MOST_ATTRIBUTES + 1}])")
_SCOPED = etree.XPath("boolean(/*/descendant::*/@xml:*)")


class Tree(NamedTuple):
    """A document. `scoped`: whether an element in the root has an attribute like xml:base; `controls`: whether C1
    controls may be in it, written or referred to; `walk` goes over the children of an element of this tree, as
    `feeds.elements.walk` does."""

    root: Node
    nsmap: dict[str | None, str]
    scoped: bool
    controls: bool
    walk: Callable[..., None]


def grown(body: bytes) -> Tree | None:
    """The tree of a document; None where a tag has more attributes than any writer gives it.

    Raises etree.XMLSyntaxError for XML that is not well-formed.
    """
    if IS_NATIVE:
        tree = read_tree(body, _is_plain)
        if tree is not None:
            return Tree(tree.root, tree.nsmap, tree.scoped, tree.controls, native_walk)
    # A parser keeps names and errors of what it read: a new one for each document costs microseconds.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
        collect_ids=False, huge_tree=False,
    )  # fmt: skip
    root = etree.fromstring(body, parser)
    if _CROWDED(root):
        return None
    return Tree(cast(Node, root), root.nsmap, bool(_SCOPED(root)), has_controls(body), walk)


@lru_cache(512)
def _is_plain(address: str) -> bool:
    """Whether lxml takes an address of a namespace without complaint."""
    if len(address) > 300 or not address.isascii() or any(char in address for char in "<&\"'\n\t"):
        return False
    try:
        return etree.fromstring(f'<a xmlns="{address}"/>').nsmap.get(None) == address
    except etree.XMLSyntaxError:
        return False
