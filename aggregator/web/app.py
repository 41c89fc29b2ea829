"""The web application: every route in one table.

In: a Publisher. Out: an ASGI application. Never: a route that is not in the table. In front of it stand our feeds
(`aggregator.web.front`), answered from memory, the callbacks of hubs (`aggregator.web.push`) and our own hub
(`aggregator.web.hub`): they write, and cost nothing where nobody knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp as ASGIApp

from aggregator.asking import AskedError
from aggregator.daemon import utc_now
from aggregator.publish import Publisher
from aggregator.web import archived, private, public
from aggregator.web.front import FRESH_SECONDS, Front
from aggregator.web.hub import Hub
from aggregator.web.push import Callbacks
from storage.database import StorageError

STATIC = Path(__file__).parent / "static"

# Address, handler, what it is. `name` may end in .atom, .rss or .json: the same thing as a feed; that of a topic also in
# .opml: its sources.
ROUTES = (
    ("/", public.front, "the front page"),
    ("/topics", public.topics, "every topic"),
    ("/authors", public.authors, "every author"),
    ("/places", public.places, "every place that is named"),
    ("/feeds", public.feeds, "every combined feed"),
    ("/sources", public.sources, "every source, with its state"),
    ("/topics/{name}", public.topic, "a topic"),
    ("/authors/{name}", public.author, "an author"),
    ("/sources/{name}", public.source, "a source"),
    ("/places/{name}", public.place, "a country or a region"),
    ("/topics/{name}/archive/{part}.{form}", archived.topic, "an archive document of a topic's feed"),
    ("/authors/{name}/archive/{part}.{form}", archived.author, "an archive document of an author's feed"),
    ("/all/archive/{part}.{form}", archived.everything, "an archive document of the feed of every entry"),
    ("/feeds/{name}", public.feed, "a feed combined of several"),
    ("/private/{secret}/{feed:path}", private.private, "a feed for whoever has a key to it"),
    ("/entries/{key}", public.entry, "an entry: why it is where it is, and what its publisher changed"),
    ("/all", public.everything, "every entry"),
    ("/all.{form}", public.everything_feed, "every entry, as a feed"),
    ("/search", public.search, "what is stored, searched"),
    ("/search.{form}", public.search_feed, "a search, as a feed"),
    ("/opml", public.opml_followed, "what we follow, as OPML"),
    ("/sources.opml", public.opml_followed, "the same, under a name that says what it is"),
    ("/feeds.opml", public.opml_published, "what we publish, as OPML"),
)


def make_app(publisher: Publisher, clock: Callable[[], datetime] = utc_now, *, fresh: float = FRESH_SECONDS) -> ASGIApp:
    """All that is served of what this publisher publishes; what hubs have to say is heard.

    `fresh` is for how many seconds a feed is answered without asking whether it changed.
    """
    return Front(routed(publisher, clock), publisher=publisher, clock=clock, fresh=fresh)


def routed(publisher: Publisher, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application behind the feeds that are answered from memory: every route of the table."""
    # Its own redirects would lead to whatever Host was asked; `public.trouble` leads from /topics/ to /topics.
    app = FastAPI(
        title=publisher.config.settings.title, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.state.publisher = publisher
    for path, handler, description in ROUTES:
        app.add_api_route(path, handler, methods=["GET", "HEAD"], summary=description, response_model=None)
    app.add_exception_handler(HTTPException, public.trouble)
    app.add_exception_handler(AskedError, public.not_met)
    app.add_exception_handler(StorageError, public.unavailable)
    app.add_exception_handler(Exception, public.fault)
    app.add_middleware(Callbacks, db=publisher.db, clock=clock)
    app.add_middleware(Hub, publisher=publisher, clock=clock)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
