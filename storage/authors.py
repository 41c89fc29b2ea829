"""Authors in the store: a folded name leads to one author, known or new.

In: bylines and their keys, inside a write transaction. Out: author ids.
Never: a judgement about names: who folds and who configures aliases stands above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, insert, select, union_all, update

from storage import archives
from storage.model import AuthorRow, Byline, Origin
from storage.outputs import new_output, renew
from storage.schema import author_keys, authors, bylines, former_slugs, outputs
from storage.slugs import note_former, rename, retire

_CHUNK = 500


_HELD = (
    select(author_keys.c.key, author_keys.c.author_id, authors.c.bio, authors.c.url)
    .join(authors, authors.c.id == author_keys.c.author_id)
    .where(author_keys.c.key.in_(bindparam("keys", expanding=True)))
)
_MAKE = insert(authors).returning(authors.c.id)
_NAME = insert(author_keys)
_TELL = update(authors).where(authors.c.id == bindparam("author"))
_TELL = _TELL.values(bio=bindparam("new_bio"), url=bindparam("new_url"))


def author_ids(connection: Connection, bylines: Iterable[Byline], now: datetime) -> dict[str, int]:
    """The author id of every byline's key; authors that nobody knew are made (origin "learned")."""
    wanted = {byline.key: byline for byline in bylines}
    if not wanted:
        return {}
    found: dict[str, int] = {}
    told: list[dict[str, object]] = []
    for start in range(0, len(wanted), _CHUNK):
        for row in connection.execute(_HELD, {"keys": sorted(wanted)[start : start + _CHUNK]}):
            found[row.key] = row.author_id
            bio, url = wanted[row.key].bio or row.bio, wanted[row.key].url or row.url
            if (bio, url) != (row.bio, row.url):
                told.append({"author": row.author_id, "new_bio": bio, "new_url": url})
    for key in sorted(wanted.keys() - found.keys()):
        found[key] = new_author(connection, wanted[key], now)
    if told:
        connection.execute(_TELL, sorted(told, key=lambda one: str(one["author"])))
    return found


def new_author(connection: Connection, byline: Byline, now: datetime) -> int:
    """Make an author that we learned of, with an output of its own; a taken slug gets a number. The id."""
    row = {
        "slug": free_slug(connection, byline.slug), "name": byline.name, "origin": "learned", "bio": byline.bio,
        "url": byline.url, "kind": byline.kind,
    }  # fmt: skip
    made: int = connection.execute(_MAKE, row).scalar_one()
    connection.execute(_NAME, {"key": byline.key, "author_id": made, "origin": "learned"})
    new_output(connection, "authors", made, now)
    return made


_TAKEN = union_all(
    select(authors.c.slug).where(authors.c.slug.like(bindparam("like"))),
    select(former_slugs.c.slug).where(former_slugs.c.kind == "authors", former_slugs.c.slug.like(bindparam("like"))),
)

_SAME = union_all(
    select(authors.c.slug).where(authors.c.slug == bindparam("slug")),
    select(former_slugs.c.slug).where(former_slugs.c.kind == "authors", former_slugs.c.slug == bindparam("slug")),
)


def free_slug(connection: Connection, wanted: str) -> str:
    """`wanted`, or with the first number that makes it free; former addresses stay taken."""
    if connection.execute(_SAME, {"slug": wanted}).first() is None:
        return wanted  # an index knows; to look for all that begin so takes longer with every author
    taken = set(connection.execute(_TAKEN, {"like": f"{wanted}%"}).scalars())
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug


def put_authors(connection: Connection, declared: Sequence[AuthorRow], now: datetime) -> None:
    """Make the store know the declared authors, their names and no others as declared."""
    slugs = {author.slug for author in declared}
    for author in declared:
        rename(connection, authors, "authors", author.slug, author.formerly)
        _put_author(connection, author, slugs, now)
    wanted = {key for author in declared for key in author.keys}
    loose = select(author_keys.c.key).where(author_keys.c.origin == "file", author_keys.c.key.not_in(sorted(wanted)))
    for key in connection.execute(loose).scalars().all():
        _let_go(connection, key, now)
    retire(connection, authors, [author.slug for author in declared], now)


def _put_author(connection: Connection, author: AuthorRow, declared: set[str], now: datetime) -> None:
    """The declared author under the declared slug, holding all its names; learned namesakes flow into it."""
    held = connection.execute(select(authors).where(authors.c.slug == author.slug)).mappings().one_or_none()
    # Who was known by this name alone until now; not one whom a command gave the name, nor one declared beside.
    known = (
        select(authors)
        .join(author_keys, author_keys.c.author_id == authors.c.id)
        .where(
            author_keys.c.key == author.keys[0],
            author_keys.c.origin != "command",
            authors.c.slug.not_in(sorted(declared)),
        )
    )
    row = connection.execute(known).mappings().one_or_none()
    if held is None and row is not None:
        connection.execute(update(authors).where(authors.c.id == row["id"]).values(slug=author.slug))
        note_former(connection, "authors", row["slug"], author.slug)
        held = row
    if held is None:
        made = _declared_author(connection, author, now)
    else:
        made = held["id"]
        if held["name"] != author.name:
            archives.disturb_feeds(connection, [("authors", made)])
            renew(connection, [("authors", made)], now)
        told = {"name": author.name, "origin": "file", "retired_at": None}
        connection.execute(update(authors).where(authors.c.id == made).values(told))
    for key in author.keys:
        give_key(connection, key, made, author.slug, now)


def _declared_author(connection: Connection, author: AuthorRow, now: datetime) -> int:
    """An author that only the file knows so far; its keys are given afterwards."""
    row = {"slug": author.slug, "name": author.name, "origin": "file"}
    made: int = connection.execute(insert(authors).values(row).returning(authors.c.id)).scalar_one()
    new_output(connection, "authors", made, now)
    return made


def give_key(
    connection: Connection, key: str, author_id: int, slug: str, now: datetime, *, origin: Origin = "file"
) -> None:
    """Make a name mean this author, bring the entries signed with it along, and close an emptied namesake.

    `slug` is the author's address, `origin` who says so: feeds.yaml, or a person by a command.
    """
    held = connection.execute(select(author_keys).where(author_keys.c.key == key)).mappings().one_or_none()
    if held is None:
        connection.execute(insert(author_keys).values(key=key, author_id=author_id, origin=origin))
        return
    connection.execute(update(author_keys).where(author_keys.c.key == key).values(author_id=author_id, origin=origin))
    if held["author_id"] == author_id:
        return
    move_bylines(connection, key, author_id, now)
    left = select(author_keys.c.key).where(author_keys.c.author_id == held["author_id"])
    if connection.execute(left).first() is None:
        old = select(authors.c.slug).where(authors.c.id == held["author_id"])
        note_former(connection, "authors", connection.execute(old).scalar_one(), slug)
        connection.execute(update(authors).where(authors.c.id == held["author_id"]).values(retired_at=now))


def _let_go(connection: Connection, key: str, now: datetime) -> None:
    """A name that the file no longer gives to anybody is again an author of its own, if anything was signed with it."""
    signed = connection.execute(select(bylines.c.name).where(bylines.c.key == key).limit(1)).scalar_one_or_none()
    owner = select(author_keys.c.author_id).where(author_keys.c.key == key)
    author_id = connection.execute(owner).scalar_one()
    # Names that a command brought follow the name that they were merged into.
    others = select(author_keys.c.key).where(
        author_keys.c.author_id == author_id, author_keys.c.key != key, author_keys.c.origin != "command"
    )
    alone = connection.execute(others).first() is None
    if alone and signed is not None:
        # Only the declaration ended; the author with its entries stays, as one that we learned.
        connection.execute(update(authors).where(authors.c.id == author_id).values(origin="learned"))
        connection.execute(update(author_keys).where(author_keys.c.key == key).values(origin="learned"))
        return
    connection.execute(author_keys.delete().where(author_keys.c.key == key))
    if signed is not None:
        # The declared author keeps the slug; a number after it is a slug too.
        slug = connection.execute(select(authors.c.slug).where(authors.c.id == author_id)).scalar_one()
        move_bylines(connection, key, new_author(connection, Byline(key=key, name=signed, slug=slug), now), now)


def move_bylines(connection: Connection, key: str, author_id: int, now: datetime) -> None:
    """Bring the entries that were signed with this name to an author; both feeds are new."""
    signed = select(bylines.c.entry_id, bylines.c.author_id).where(bylines.c.key == key).order_by(bylines.c.entry_id)
    moved = connection.execute(signed).all()
    if not moved:
        return
    # Before the places of one are given anew, and those of the other are left.
    archives.disturb_feeds(connection, [("authors", author) for author in {author_id, *(old for _, old in moved)}])
    connection.execute(update(bylines).where(bylines.c.key == key).values(author_id=author_id))
    _renumber(connection, author_id)
    renew(connection, [("authors", author) for author in {author_id, *(old for _, old in moved)}], now)


def _renumber(connection: Connection, author_id: int) -> None:
    """Two feeds became one: their order of arrival is the store's."""
    signed = select(bylines.c.entry_id).where(bylines.c.author_id == author_id).distinct().order_by(bylines.c.entry_id)
    keys = connection.execute(signed).scalars().all()
    for number, entry in enumerate(keys, start=1):
        this = and_(bylines.c.author_id == author_id, bylines.c.entry_id == entry)
        connection.execute(update(bylines).where(this).values(arrival=number))
    this_output = and_(outputs.c.kind == "authors", outputs.c.ref == author_id)
    connection.execute(update(outputs).where(this_output).values(arrivals=len(keys)))
