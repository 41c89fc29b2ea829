"""An entry as its feed and its page tell it together. PURE.

In: an entry, what its page said. Out: the entry with the longer text. Never: a word of the feed lost: what the page does
not repeat stands before it.
"""

from __future__ import annotations

from dataclasses import replace

from feeds.model import Article, Entry

# A summary that was cut ends anywhere, with an ellipsis or a "read more".
_CUT_END = 30


def with_article(entry: Entry, article: Article | None) -> Entry:
    """The entry with its page's text where that says more, and what else the feed left empty; authors stay the feed's."""
    if article is None or len(article.text) <= len(entry.text):
        return entry
    return replace(
        entry, content=article.content, text=_joined(entry.text, article.text), title=entry.title or article.title,
        lang=entry.lang or article.lang,
    )  # fmt: skip


def _joined(said: str, page: str) -> str:
    words = " ".join(said.split())
    start = words[: max(len(words) - _CUT_END, _CUT_END)]
    return page if start in " ".join(page.split()) else f"{said}\n{page}"
