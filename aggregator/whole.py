"""Which entries' pages are to be read, and the entry as feed and page tell it together. PURE.

In: an entry, its source, what its page said. Out: an address or "", an entry. Never: a page of an entry whose feed
carries the whole text.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.bylines import Signed, bylines_of
from feeds.identity import is_web_url, without_credentials
from feeds.model import Article, Entry, Source
from storage.merging import with_article

FULL_TEXT = 1500
"""Characters of an entry's own text from which on it is taken for the whole."""
_PARAGRAPHS = 4
_FEW = 600


def page_wanted(entry: Entry, source: Source) -> str:
    """The address of the page to read for its text; "" where none is to be read."""
    if source.full_text != "page" or not is_web_url(entry.link) or is_whole(entry):
        return ""
    if "${" in entry.link:  # it works only with a secret of the source, which no page is shown
        return ""
    return without_credentials(entry.link).partition("#")[0]


def is_whole(entry: Entry) -> bool:
    """Whether the feed carries the whole text: by its length, or by a few paragraphs of some length."""
    size = len(entry.text)
    return size >= FULL_TEXT or (size >= _FEW and entry.content.count("<p") >= _PARAGRAPHS)


def whole(entry: Entry, page: Article | None, source: Source) -> tuple[Entry, Signed]:
    """The entry as feed and page tell it, and who signed it: those whom the feed names, else those whom the page does."""
    merged = with_article(entry, page)
    signed = bylines_of(merged, source, page=page.authors if page else ())
    if page is not None and any(one.origin == "page" for one in signed.bylines):
        merged = replace(merged, authors=page.authors)
    return merged, signed
