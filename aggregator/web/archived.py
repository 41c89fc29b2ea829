"""Archive documents of our feeds at their addresses (RFC 5005 section 4).

In: a request. Out: a document that never changes, or 410 where what it held has changed since. Never: other bytes under an
address than it had.
"""

from __future__ import annotations

from html import escape

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from aggregator.archiving import OldVersionError
from aggregator.daemon import utc_now
from aggregator.publish import FORMS, Publisher
from aggregator.web import public
from storage import slugs
from storage.model import OutputKind


def topic(request: Request, name: str, part: str, form: str) -> Response:
    """An archive document of a topic's feed."""
    return _archive(request, "topics", name, part, form)


def author(request: Request, name: str, part: str, form: str) -> Response:
    """An archive document of an author's feed."""
    return _archive(request, "authors", name, part, form)


def everything(request: Request, part: str, form: str) -> Response:
    """An archive document of the feed of every entry."""
    return _archive(request, "all", "", part, form)


def _archive(request: Request, kind: OutputKind, name: str, part: str, form: str) -> Response:
    publisher: Publisher = request.app.state.publisher
    if form not in FORMS:
        raise HTTPException(404, f"There is no form .{escape(form[:20])} of a feed: they are .atom, .rss and .json.")
    found = publisher.output(kind, name)
    if found is None and slugs.is_retired(publisher.db, kind, name):
        raise HTTPException(410, "This feed has ended, and its archives with it: it is published no more.")
    if found is None:
        raise HTTPException(404)
    if found.moved_to:
        return RedirectResponse(f"/{kind}/{found.moved_to}/archive/{part}.{form}", 301)
    try:
        body = publisher.archive(found, form, part, utc_now())
    except OldVersionError as old:
        feed = publisher.address(found, form)
        said = f"What this document held has changed since. It is at {old} now; the feed with the newest is at {feed}."
        raise HTTPException(410, escape(said)) from None
    except LookupError:
        raise HTTPException(404, f"There is no such archive of this feed: {publisher.address(found, form)}") from None
    return public.send(request, body)
