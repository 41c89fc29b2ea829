"""What a person says of authors: these two are one, this name is somebody else, those two are not the same.

In: slugs and keys of authors. Out: keys that lead elsewhere, former addresses, pairs that are kept apart; all of it stays
when feeds.yaml is read again. Never: a judgement about names, or a change to what feeds.yaml declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from storage.author_model import Profile
from storage.authors import give_key, move_bylines, new_author
from storage.database import Database, alone
from storage.model import Byline
from storage.outputs import ALL, Ledger, renew
from storage.schema import author_keys, authors, authors_apart, bylines, entries, former_slugs


class NotMergedError(Exception):
    """What was asked cannot be done; the message says why."""


def merge(db: Database, slug: str, into: str, now: datetime) -> int:
    """Make the author at `slug` one with the author at `into`: its names, entries and address lead there from now on.

    How many names were taken over. Raises NotMergedError.
    """
    with db.write() as connection:
        _hold(connection, now)
        gone, kept = _author(connection, slug), _author(connection, into)
        if gone["id"] == kept["id"]:
            raise NotMergedError(f"{slug} is {into} already")
        if gone["origin"] == "file":
            raise NotMergedError(
                f"{slug} is declared in feeds.yaml: make it an alias there, or merge the other way round"
            )
        keys = _keys(connection, gone["id"])
        for key in keys:
            give_key(connection, key, kept["id"], kept["slug"], now, origin="command")
        told = {name: kept[name] or gone[name] for name in ("bio", "url")}
        connection.execute(update(authors).where(authors.c.id == kept["id"]).values(told))
        _forget_refusals(connection, keys, _keys(connection, kept["id"]))
        renew(connection, [("authors", kept["id"])], now)
    return len(keys)


def split(db: Database, key: str, name: str, slug: str, now: datetime) -> str:
    """Make the name with this key an author of its own again, at its former address where it had one. Its slug.

    `name` and `slug` are for an author that never was one alone. The two are not suggested as one again. Raises
    NotMergedError.
    """
    with db.write() as connection:
        _hold(connection, now)
        held = connection.execute(select(author_keys).where(author_keys.c.key == key)).mappings().one_or_none()
        if held is None:
            raise NotMergedError(f"nobody is called {name}")
        owner = connection.execute(select(authors).where(authors.c.id == held["author_id"])).mappings().one()
        others = [one for one in _keys(connection, owner["id"]) if one != key]
        if held["origin"] == "file":
            raise NotMergedError(f"feeds.yaml gives the name {name} to {owner['slug']}: take the alias out there")
        if not others:
            raise NotMergedError(f"{owner['slug']} has no other name: there is nothing to split")
        connection.execute(delete(author_keys).where(author_keys.c.key == key))
        made = _return(connection, owner["slug"], slug, key) or _start(connection, key, name, slug, now)
        connection.execute(update(author_keys).where(author_keys.c.key == key).values(origin="command"))
        move_bylines(connection, key, made, now)
        renew(connection, [("authors", owner["id"]), ("authors", made)], now)
        for other in others:
            _keep_apart(connection, key, other, now)
        return str(connection.execute(select(authors.c.slug).where(authors.c.id == made)).scalar_one())


def refuse(db: Database, slug: str, other: str, now: datetime) -> None:
    """Remember that two authors are not one: they are not suggested again. Raises NotMergedError."""
    with db.write() as connection:
        first, second = _author(connection, slug), _author(connection, other)
        if first["id"] == second["id"]:
            raise NotMergedError(f"{slug} and {other} are one author: split a name from it first")
        for key in _keys(connection, first["id"]):
            for theirs in _keys(connection, second["id"]):
                _keep_apart(connection, key, theirs, now)


def apart(db: Database) -> set[tuple[str, str]]:
    """The pairs of keys that were refused, each pair in order."""
    with db.read() as connection:
        return {(row.key_a, row.key_b) for row in connection.execute(select(authors_apart))}


def profiles(db: Database) -> list[Profile]:
    """Every person with entries, with keys and outlets."""
    count = func.count(func.distinct(bylines.c.entry_id))
    where = (
        select(bylines.c.author_id, entries.c.source_id, count)
        .join(entries, entries.c.id == bylines.c.entry_id)
        .group_by(bylines.c.author_id, entries.c.source_id)
    )
    people = select(authors.c.id, authors.c.slug, authors.c.name).where(
        authors.c.retired_at.is_(None), authors.c.kind == "person"
    )
    keys: dict[int, list[str]] = {}
    outlets: dict[int, set[str]] = {}
    counts: dict[int, int] = {}
    with db.read() as connection:
        for row in connection.execute(select(author_keys.c.author_id, author_keys.c.key).order_by(author_keys.c.key)):
            keys.setdefault(row.author_id, []).append(row.key)
        for author, source, number in connection.execute(where):
            outlets.setdefault(author, set()).add(str(source))
            counts[author] = counts.get(author, 0) + number
        found = connection.execute(people.order_by(authors.c.slug)).all()
    return [
        Profile(
            slug=row.slug, name=row.name, keys=tuple(keys.get(row.id, ())), outlets=frozenset(outlets[row.id]),
            entries=counts[row.id],
        )
        for row in found if row.id in outlets
    ]  # fmt: skip


def _hold(connection: Connection, now: datetime) -> None:
    """Nobody declares or records anything until the commit: a new entry could else take a place in a feed that ends."""
    alone(connection)
    Ledger(connection, now).lock([ALL])


def _author(connection: Connection, slug: str) -> RowMapping:
    this = select(authors).where(authors.c.slug == slug, authors.c.retired_at.is_(None))
    found = connection.execute(this).mappings().one_or_none()
    if found is None:
        former = and_(former_slugs.c.kind == "authors", former_slugs.c.slug == slug)
        now_at = connection.execute(select(former_slugs.c.now).where(former)).scalar()
        raise NotMergedError(f"{slug} is {now_at} already" if now_at else f"there is no author {slug}")
    return found


def _keys(connection: Connection, author_id: int) -> Sequence[str]:
    held = select(author_keys.c.key).where(author_keys.c.author_id == author_id).order_by(author_keys.c.key)
    return connection.execute(held).scalars().all()


def _return(connection: Connection, owner: str, slug: str, key: str) -> int | None:
    """The author that was merged into `owner` from this address, back at it; None where there was none."""
    was = (
        select(authors.c.id)
        .join(former_slugs, and_(former_slugs.c.kind == "authors", former_slugs.c.slug == authors.c.slug))
        .where(former_slugs.c.now == owner, authors.c.retired_at.is_not(None))
        .where(or_(authors.c.slug == slug, authors.c.slug.like(f"{slug}-%")), authors.c.origin != "file")
    )
    found = connection.execute(was.order_by(authors.c.id)).scalars().all()
    for author in found:
        if not _keys(connection, author):
            back = select(authors.c.slug).where(authors.c.id == author).scalar_subquery()
            connection.execute(
                delete(former_slugs).where(former_slugs.c.kind == "authors", former_slugs.c.slug == back)
            )
            connection.execute(update(authors).where(authors.c.id == author).values(retired_at=None))
            connection.execute(insert(author_keys).values(key=key, author_id=author, origin="command"))
            return int(author)
    return None


def _start(connection: Connection, key: str, name: str, slug: str, now: datetime) -> int:
    signed = select(bylines.c.name, bylines.c.kind).where(bylines.c.key == key).limit(1)
    row = connection.execute(signed).one_or_none()
    made = Byline(key=key, name=row.name if row else name, slug=slug)
    return new_author(connection, replace(made, kind=row.kind) if row else made, now)


def _keep_apart(connection: Connection, one: str, other: str, now: datetime) -> None:
    first, second = sorted((one, other))
    pair = and_(authors_apart.c.key_a == first, authors_apart.c.key_b == second)
    if connection.execute(select(authors_apart.c.key_a).where(pair)).first() is None:
        connection.execute(insert(authors_apart).values(key_a=first, key_b=second, at=now))


def _forget_refusals(connection: Connection, ours: Iterable[str], all_keys: Iterable[str]) -> None:
    """A merge is the later word: what was refused between these names no longer is."""
    mine, both = set(ours), set(all_keys)
    for one in mine:
        for other in both - mine:
            first, second = sorted((one, other))
            pair = and_(authors_apart.c.key_a == first, authors_apart.c.key_b == second)
            connection.execute(delete(authors_apart).where(pair))
