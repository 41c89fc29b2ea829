"""Where the store is: what a configuration says of it, also one that cannot be read as a whole.

In: what is declared, the configuration's folder. Out: a database URL. Never: a file made by looking for it.
"""

from __future__ import annotations

import re
from pathlib import Path

_DECLARED = re.compile(r"""^[ \t{]*(?:settings:[ \t]*\{.*?)?\bdatabase:[ \t]*(['"]?)([^'"\s,}#]+)\1""", re.MULTILINE)
_SQLITE = "sqlite:///"


def database_url(declared: str, folder: Path) -> str:
    """The URL of the declared database, or of the default one: relative paths start at the configuration's folder."""
    if not declared:
        return f"sqlite:///{folder / 'data' / 'heliograph.db'}"
    # A relative SQLite path is relative to the configuration, not to wherever a command was typed.
    if (
        declared.startswith("sqlite:///")
        and not declared.startswith("sqlite:////")
        and declared != "sqlite:///:memory:"
    ):
        return f"sqlite:///{folder / declared.removeprefix('sqlite:///')}"
    return declared


def store_beside(file: Path, told: str) -> str:
    """The store of a configuration that cannot be read: told by the environment, by a line of it, or at its usual place.

    "" where that is a file that is not there.
    """
    try:
        found = _DECLARED.search(file.read_text("utf-8", "replace"))
    except OSError:
        found = None
    url = database_url(told or (found[2] if found else ""), file.resolve().parent)
    return url if not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).is_file() else ""
