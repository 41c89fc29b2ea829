"""Private feeds: /private/KEY/ and the feed's own path, such as topics/air-defence.atom (X-32).

In: a request. Out: the whole texts of a feed, for whoever has a key to it. Never: an answer that tells a wrong key from a
revoked one, or from a feed that there is not.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from aggregator.asking import AskedError, read_asked
from aggregator.daemon import utc_now
from aggregator.publish import FORMS, Publisher
from aggregator.tokens import PATH, feed_name, read_feed, unlocked
from aggregator.web import public

_HEADERS = {
    "Cache-Control": "private, no-transform, max-age=0",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_PUBLIC_ONLY = ("Link", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Content-Location")


def private(request: Request, secret: str, feed: str) -> Response:
    """A private feed."""
    name, _, form = feed.rpartition(".")
    wanted = read_feed(name)
    publisher: Publisher = request.app.state.publisher
    found = unlocked(publisher, secret, *wanted) if wanted and form in FORMS else None
    if found is None:
        raise HTTPException(404)
    if found.moved_to:
        query = f"?{request.url.query}" if request.url.query else ""
        address = f"{PATH}{secret}/{feed_name(found.kind, found.moved_to)}.{form}{query}"
        return _kept_close(RedirectResponse(address, 301))
    try:
        asked = replace(read_asked(request.query_params), key=secret)
        body = publisher.feed(found, form, utc_now(), asked)
    except AskedError as error:
        raise HTTPException(400, escape(str(error)), _HEADERS) from None
    return _kept_close(public.send(request, body))


def _kept_close(response: Response) -> Response:
    """No shared cache keeps it, no page of another site reads it, nobody finds it, no hub is told (W-29, S-05, S-06)."""
    for name in _PUBLIC_ONLY:
        if name in response.headers:
            del response.headers[name]
    response.headers.update(_HEADERS)
    return response
