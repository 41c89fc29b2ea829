"""The public pages and feeds.

In: a request. Out: a page, a feed, 304, 301 or an error that helps. Never: a change of state.
"""

from __future__ import annotations

import difflib
import logging
import re
from html import escape
from urllib.parse import quote

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator import combined, lists
from aggregator.asking import Asked, AskedError, read_asked
from aggregator.daemon import utc_now
from aggregator.publish import FORMS, Body, Publisher
from aggregator.tokens import PATH as PRIVATE
from aggregator.tokens import without_key
from aggregator.web import making, pages, searching
from aggregator.web.answers import Ready
from aggregator.web.entries import entry_page
from feeds.write import MEDIA_TYPES
from storage import reading
from storage.model import OutputKind
from storage.slugs import is_retired

log = logging.getLogger(__name__)

_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_KEY = re.compile(r"[1-9][0-9]{0,17}\Z")


def front(request: Request) -> Response:
    """Topics, the latest entries, how to subscribe."""
    publisher = _publisher(request)
    return _html(making.front(publisher, _site(publisher)))


def topics(request: Request) -> Response:
    """Every topic."""
    publisher = _publisher(request)
    return _html(making.topics(publisher, _site(publisher)))


def authors(request: Request) -> Response:
    """Every author."""
    publisher = _publisher(request)
    return _html(making.authors(publisher, _site(publisher)))


def places(request: Request) -> Response:
    """Every place that is named."""
    publisher = _publisher(request)
    return _html(making.places(publisher, _site(publisher)))


def feeds(request: Request) -> Response:
    """Every combined feed."""
    publisher = _publisher(request)
    return _html(making.feeds(publisher, _site(publisher)))


def sources(request: Request) -> Response:
    """Every source, with its state."""
    publisher = _publisher(request)
    return _html(making.sources(publisher, _site(publisher)))


def topic(request: Request, name: str) -> Response:
    """A topic, as a page or a feed."""
    return _output(request, "topics", name)


def author(request: Request, name: str) -> Response:
    """An author, as a page or a feed."""
    return _output(request, "authors", name)


def source(request: Request, name: str) -> Response:
    """A source, as a page or a feed."""
    return _output(request, "sources", name)


def place(request: Request, name: str) -> Response:
    """A country or a region, as a page or a feed."""
    return _output(request, "places", name)


def feed(request: Request, name: str) -> Response:
    """A combined feed, as a page or a feed."""
    return _output(request, "feeds", name)


def everything(request: Request) -> Response:
    """Every entry, as a page."""
    return _output(request, "all", "")


def everything_feed(request: Request, form: str) -> Response:
    """Every entry, as a feed."""
    return _output(request, "all", f".{form}")


def entry(request: Request, key: str) -> Response:
    """An entry: what we know of it, and what its publisher changed."""
    publisher = _publisher(request)
    found = reading.entry(publisher.db, int(key)) if _KEY.match(key) else None
    if found is None:
        raise HTTPException(404)
    page = entry_page(publisher, found, _site(publisher))
    if page is None:
        reason = found.hidden_why or "it was taken out here"
        raise HTTPException(410, f"This entry is no longer shown: {reason}.")
    return _html(page)


def search(request: Request) -> Response:
    """What is stored, searched in the language of topics."""
    publisher = _publisher(request)
    page, status = searching.search_page(publisher, request.query_params, _site(publisher))
    return HTMLResponse(pages.render(page), status, {**_PAGE_HEADERS, "X-Robots-Tag": "noindex"})


def search_feed(request: Request, form: str) -> Response:
    """The same as a feed: the newest arrivals that match."""
    _check_form(form)
    return send(request, searching.search_feed(_publisher(request), request.query_params, form, utc_now()))


def opml_followed(request: Request) -> Response:
    """What we follow."""
    return send(request, lists.followed(_publisher(request)))


def opml_published(request: Request) -> Response:
    """What we publish."""
    return send(request, lists.published(_publisher(request)))


def trouble(request: Request, error: Exception) -> Response:
    """An error as a page: what is wrong and where to go from here."""
    assert isinstance(error, HTTPException)
    publisher = _publisher(request)
    path = request.scope["path"]
    if error.status_code == 404 and path.endswith("/") and path.strip("/") and not path.startswith(PRIVATE):
        query = f"?{request.url.query}" if request.url.query else ""
        # On this server, whatever Host was asked: one slash at its begin, so that it is no other server's name.
        return RedirectResponse(f"/{quote(path.strip('/'))}{query}", 301, _PAGE_HEADERS)
    is_private = request.url.path.startswith(PRIVATE)
    near = _near(publisher, request.url.path) if error.status_code == 404 and not is_private else []
    known = {404: "There is nothing at this address.", 405: "Here one can only read: GET and HEAD."}
    message = error.detail if error.detail not in ("Not Found", "Method Not Allowed") else known[error.status_code]
    page = pages.Trouble(site=_site(publisher), status=error.status_code, message=message, near=near)
    return HTMLResponse(pages.render(page), error.status_code, {**_PAGE_HEADERS, **(error.headers or {})})


def not_met(request: Request, error: Exception) -> Response:
    """A parameter that cannot be met: 400, and why."""
    return trouble(request, HTTPException(400, escape(str(error))))


def fault(request: Request, error: Exception) -> Response:
    """A fault of ours: the log has it whole, the reader a page that says so."""
    log.error("answering %s failed", without_key(request.url.path), exc_info=error)
    message = "Something went wrong here. It was noted; please come again later."
    page = pages.Trouble(site=_site(_publisher(request)), status=500, message=message, near=[])
    return HTMLResponse(pages.render(page), 500, _PAGE_HEADERS)


def unavailable(request: Request, error: Exception) -> Response:
    """The store is away: 503, and when to come again. What is wrong is for the operator's log, not for readers."""
    log.error("%s: %s", without_key(request.url.path), error)
    message = "The store cannot be read just now. Nothing is lost; please come again in a minute."
    page = pages.Trouble(site=_site(_publisher(request)), status=503, message=message, near=[])
    return HTMLResponse(pages.render(page), 503, {**_PAGE_HEADERS, "Retry-After": "60"})


def _output(request: Request, kind: OutputKind, name: str) -> Response:
    publisher = _publisher(request)
    slug, _, form = name.rpartition(".") if "." in name else (name, "", "")
    is_list = kind == "topics" and form == "opml"
    if form and not is_list:
        _check_form(form)
    found = publisher.output(kind, slug)
    if found is None and is_retired(publisher.db, kind, slug):
        raise HTTPException(410, "This feed has ended: it is published no more.")
    if found is None:
        raise HTTPException(404)
    if found.moved_to:
        suffix = f".{form}" if form else ""
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/{kind}/{found.moved_to}{suffix}{query}", 301)
    if is_list:
        return send(request, lists.sources_of(publisher, found))
    asked = _asked(request)
    if form:
        return send(request, publisher.feed(found, form, utc_now(), asked))
    if asked.as_of:
        told = f"Only feeds are shown as they stood on a day: {publisher.address(found, 'atom')} and as_of=."
        raise HTTPException(400, escape(told))
    view = asked.view or publisher.view_of(found)
    page = _html(making.feed_page(publisher, found, view, _site(publisher)))
    page.headers["Vary"] = "Accept"  # who accepts a feed gets one here, in front of this (S-07)
    feeds = [f'<{publisher.address(found, one, view)}>; rel="alternate"; type="{MEDIA_TYPES[one]}"' for one in FORMS]
    page.headers["Link"] = ", ".join(feeds)
    return page


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise HTTPException(404, f"There is no form .{escape(form[:20])} of a feed: they are .atom, .rss and .json.")


def _asked(request: Request) -> Asked:
    try:
        return read_asked(request.query_params)
    except AskedError as error:
        raise HTTPException(400, escape(str(error))) from None


def send(request: Request, body: Body) -> Response:
    """A representation, or 304 where the reader has it (S-02, S-04)."""
    said = Ready(body).answer(request.headers.raw, head=request.method == "HEAD")
    response = Response(said.content, said.status)
    response.raw_headers = said.headers
    return response


def _near(publisher: Publisher, path: str) -> list[tuple[str, str]]:
    """Addresses that look like the one that was asked for: (address, title)."""
    kind, _, name = path.strip("/").partition("/")
    slug = name.partition(".")[0]
    known = {
        "topics": reading.list_topics(publisher.db),
        "authors": reading.list_authors(publisher.db),
        "feeds": combined.list_combined(publisher.db, publisher.config.feeds),
    }
    titles = {f"/{group}/{one.slug}": one.title for group, listed in known.items() for one in listed}
    titles |= {f"/sources/{one.source.slug}": one.called or one.source.slug for one in reading.followed(publisher.db)}
    wanted = f"/{kind}/{slug}" if slug else f"/topics/{kind}"
    return [(address, titles[address]) for address in difflib.get_close_matches(wanted, titles, 5, 0.6)]


def _publisher(request: Request) -> Publisher:
    publisher: Publisher = request.app.state.publisher
    return publisher


def _site(publisher: Publisher) -> pages.Site:
    return pages.Site(title=publisher.config.settings.title, base_url=publisher.config.base_url, now=utc_now())


def _html(page: pages.Page) -> Response:
    return HTMLResponse(pages.render(page), headers=_PAGE_HEADERS)
