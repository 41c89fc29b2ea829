"""The commands of private feeds: a key made for somebody, all that were made, one taken back (X-32).

In: arguments. Out: addresses, once; tables or JSON, an exit status. Never: a key that was made before.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from aggregator import gazetteer
from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json, refuse, say, say_error
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.publish import KINDS, Publisher
from aggregator.show import plain_table, several, stamp
from aggregator.tokens import addresses, feed_name, make_token, read_feed
from storage import reading
from storage.tokens import Token, list_tokens, revoke_tokens

app = typer.Typer(help="Private feeds: who has a key to which.", no_args_is_help=True)

_LONGEST_HOLDER = 200
_Holder = Annotated[str, typer.Option("--for", metavar="NAME", help="Whom the key is for, in your words.")]


@app.command()
def create(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="topics/SLUG, authors/…, sources/…, places/…, feeds/… or all.")],
    holder: _Holder = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a key to a feed with whole texts, and print its private addresses: this once, for they are kept nowhere."""
    if len(holder) > _LONGEST_HOLDER or not holder.isprintable():
        say_error(f"--for takes a name of at most {_LONGEST_HOLDER} characters, in one line.")
        raise typer.Exit(2)
    loaded = load_config(config)
    with opened(loaded) as db:
        publisher = Publisher(db, loaded)
        wanted = read_feed(feed)
        if wanted is None:
            say_error(
                f"{feed[:80]!r} is no feed: expected all, or one of {', '.join(KINDS)} with a slug, as in topics/SLUG."
            )
            raise typer.Exit(2)
        found = publisher.output(*wanted, is_private=True)
        if found is not None and found.moved_to:
            found = publisher.output(wanted[0], found.moved_to, is_private=True)
        if found is None:
            refuse(f"there is no feed {feed}", feed, _known(publisher), "heliograph topics list")
            return
        key, token = make_token(db, found, holder, utc_now())
        made = addresses(publisher, found, key)
    if as_json:
        print_json({**_row(token), "addresses": made})
        return
    say(
        f"Key {token.id} to {feed_name(token.kind, token.slug)}{f', for {holder}' if holder else ''}. It is shown this once:"
    )
    for address in made.values():
        say(f"  {address}")


@app.command("list")
def list_all(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every key that was made: to which feed, for whom, when, and when it was revoked; never the key itself."""
    with opened(load_config(config)) as db:
        found = list_tokens(db)
    if as_json:
        print_json([_row(one) for one in found])
        return
    if not found:
        say("No key was made yet: `heliograph tokens create FEED` makes one.")
        return
    table = plain_table("Key", "Feed", "For", "Made", "Revoked")
    for one in found:
        revoked = stamp(one.revoked_at) if one.revoked_at else ""
        table.add_row(str(one.id), feed_name(one.kind, one.slug), Text(one.holder), stamp(one.made_at), revoked)
    out.print(table)


@app.command()
def revoke(
    keys: Annotated[list[int] | None, typer.Argument(metavar="KEY", help="Numbers of keys, as `list` has them.")] = None,
    holder: _Holder = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take keys back, by number or all of a holder's: what they opened is gone at once."""
    if not keys and not holder:
        say_error("Name the numbers of keys, or whose with --for NAME; `heliograph tokens list` has them.")
        raise typer.Exit(2)
    with opened(load_config(config)) as db:
        known = {one.id: one for one in list_tokens(db)}
        unknown = [number for number in keys or () if number not in known]
        mine = [one.id for one in known.values() if holder and one.holder == holder]
        if unknown or (holder and not mine):
            wrong = f"there is no key {unknown[0]}" if unknown else f"no key was made for {holder}"
            say_error(f"{wrong}; `heliograph tokens list` has them all. Nothing was revoked.")
            raise typer.Exit(2)
        ended = revoke_tokens(db, [*(keys or ()), *mine], utc_now())
    if as_json:
        print_json({"revoked": ended})
    else:
        told = ", ".join(map(str, ended))
        say(f"Revoked {several(len(ended), 'key')}: {told}." if ended else "Revoked before already; nothing changed.")


def _known(publisher: Publisher) -> list[str]:
    """Every feed, as commands name it."""
    db = publisher.db
    found = [f"topics/{one.slug}" for one in reading.list_topics(db)]
    found += [f"authors/{one.slug}" for one in reading.list_authors(db, kinds=("person", "desk", "organisation"))]
    found += [f"sources/{one.source.slug}" for one in reading.followed(db)]
    found += [f"places/{slug}" for slug in gazetteer.slugs()]
    return [*found, *(f"feeds/{slug}" for slug in publisher.config.feeds), "all"]


def _row(one: Token) -> dict[str, Any]:
    return {
        "key": one.id, "feed": feed_name(one.kind, one.slug), "for": one.holder, "made_at": one.made_at,
        "revoked_at": one.revoked_at,
    }  # fmt: skip
