"""The commands by which an entry is taken out: retracted, shown again, erased.

In: entries by link, id or number, and why. Out: sentences or JSON, an exit status. Never: an entry erased unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli_common import ConfigOption, JsonOption, opened, print_json, say, say_error
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.pinning import NotPinnedError, entry_named
from storage import retracting
from storage.database import Database
from storage.model import Kept

_Entries = Annotated[
    list[str], typer.Argument(metavar="ENTRY...", help="Entries: the link, the id or the number of each.")
]
_Why = Annotated[str, typer.Option("--why", help="Why. The tombstones in the feeds say it to everybody.")]
_LONGEST = 300
_LONGEST_TITLE = 80

Do = Callable[[Database, Sequence[int], str, datetime], list[int]]


def retract(
    entries: _Entries,
    why: _Why = "",
    undo: Annotated[bool, typer.Option("--undo", help="Show it again.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hide an entry everywhere, with a tombstone in every feed that held it. What it says stays in the store."""
    if undo:
        _do(entries, "", config, _restored, "shown again", "was not retracted", as_json=as_json)
    else:
        said = _checked(why)
        _do(entries, said, config, retracting.retract, "retracted", "was retracted already", as_json=as_json)


def erase(
    entries: _Entries,
    why: _Why = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove an entry with every word of it, its revisions too. It cannot be brought back, and does not return by itself."""
    said = _checked(why)
    _do(entries, said, config, retracting.erase, "erased", "was gone already", as_json=as_json, ask=not yes)


def _checked(why: str) -> str:
    said = "".join(filter(str.isprintable, " ".join(why.split())))
    if not said:
        say_error("say why, as in --why 'The author asked for it': readers are told")
        raise typer.Exit(2)
    if len(said) > _LONGEST:
        say_error(f"what --why says has {len(said)} characters, more than {_LONGEST}: say it shorter")
        raise typer.Exit(2)
    return said


def _restored(db: Database, keys: Sequence[int], _why: str, now: datetime) -> list[int]:
    return retracting.restore(db, keys, now)


def _do(
    named: Sequence[str], why: str, config: Path | None, do: Do, done: str, not_done: str, *, as_json: bool,
    ask: bool = False,
) -> None:  # fmt: skip
    loaded = load_config(config)
    with opened(loaded) as db:
        try:
            found = {one.key: one for one in (entry_named(db, one) for one in named)}
        except NotPinnedError as error:
            say_error(str(error))
            raise typer.Exit(2) from None
        if ask and not _agreed([*found.values()]):
            say("Nothing was erased.")
            raise typer.Exit(1)
        changed = do(db, sorted(found), why, utc_now())
    if as_json:
        rows = [
            {"entry": one.key, "public_id": one.entry.public_id, done.replace(" ", "_"): one.key in changed}
            for one in found.values()
        ]
        print_json(rows)
        return
    for one in found.values():
        said = done if one.key in changed else not_done
        say(f"Entry {one.key} ({_title(one)}): {said}.")


def _title(one: Kept) -> str:
    return one.entry.title[:_LONGEST_TITLE] or "without a title"


def _agreed(found: Sequence[Kept]) -> bool:
    for one in found:
        say(f"Entry {one.key} of {one.source_name}: {_title(one)}")
    return typer.confirm("Erase this for good, with its revisions?", default=False)
