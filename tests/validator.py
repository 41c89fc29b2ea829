"""A validator of what we publish: the rules of V-01 to V-13, A-xx, J-01, P-01 to P-05 that can be seen in the bytes.

In: the bytes of a feed and its form. Out: complaints, each beginning with the number of the rule that is broken; none for
a document that keeps them all. Never: a line of the writer: what it holds for right is what is judged.
"""

from __future__ import annotations

from tests.validator_atom import atom_complaints
from tests.validator_json import json_complaints
from tests.validator_rss import rss_complaints
from tests.validator_words import tree


def complaints(content: bytes, form: str) -> list[str]:
    """All that is wrong with a published document; empty where nothing is."""
    if form == "json":
        return [*json_complaints(content)]
    root, wrong = tree(content)
    if root is None:
        return wrong
    return [*wrong, *(atom_complaints(root) if form == "atom" else rss_complaints(root))]
