"""Keys to private feeds: one for each reader and each feed, shown once, and kept as a hash (X-32).

In: a key that somebody shows, the feed that is asked for. Out: that feed, or None. Never: a key in the store, in a log or in
an error; a difference between a wrong key, a revoked one, and one to another feed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from hmac import compare_digest

from aggregator.asking import Asked
from aggregator.publish import KINDS, Publisher
from feeds.write import MEDIA_TYPES
from storage.database import Database
from storage.model import Output, OutputKind
from storage.tokens import Token, add_token, token_of

PATH = "/private/"
"""Where the addresses of private feeds begin; a key follows."""
_BYTES = 32
_KEY = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_LIKE_KEY = re.compile(r"[A-Za-z0-9_-]{43,}")


def make_token(db: Database, output: Output, holder: str, now: datetime) -> tuple[str, Token]:
    """A new key to a feed, for somebody; this is the only time that it is told."""
    key = secrets.token_urlsafe(_BYTES)
    return key, add_token(db, _digest(key), output.kind, output.slug, holder, now)


def unlocked(publisher: Publisher, key: str, kind: OutputKind, slug: str) -> Output | None:
    """The feed that was asked for, where the key opens it: at its address, and under a former one or today's."""
    if not _KEY.match(key):
        return None
    digest = _digest(key)
    token = token_of(publisher.db, digest)
    if token is None or not compare_digest(token.digest, digest) or token.revoked_at is not None or token.kind != kind:
        return None
    found = publisher.output(kind, slug, is_private=True)
    own = publisher.output(token.kind, token.slug, is_private=True)
    return found if found and own and _today(found) == _today(own) else None


def read_feed(name: str) -> tuple[OutputKind, str] | None:
    """A feed as commands name it, such as topics/air-defence or all: its kind and slug; None where it is no such name."""
    if name == "all":
        return "all", ""
    first, _, slug = name.partition("/")
    kind = next((one for one in KINDS if one == first), None)
    return (kind, slug) if kind and slug and "/" not in slug else None


def feed_name(kind: OutputKind, slug: str) -> str:
    """The feed as commands name it."""
    return "all" if kind == "all" else f"{kind}/{slug}"


def addresses(publisher: Publisher, output: Output, key: str) -> dict[str, str]:
    """The private addresses of a feed, by form."""
    return {form: publisher.address_of(output, form, Asked(key=key)) for form in MEDIA_TYPES}


def without_key(path: str) -> str:
    """A path as a log may have it: without what looks like a key, wherever it stands."""
    return _LIKE_KEY.sub("…", path)


def _digest(key: str) -> str:
    # A key is random and long: there is nothing that a slow hash would make harder to guess.
    return hashlib.sha256(key.encode()).hexdigest()


def _today(output: Output) -> str:
    return output.moved_to or output.slug
