"""A folder of files that we publish, and the manifest of what we wrote there.

In: documents with keys. Out: files, each written whole or not at all; what is no longer published is gone.
Never: a file touched that we did not write.

`.heliograph/manifest.json` tells of each file the key of what its bytes depend on, their SHA-256 and their number. Before
files are written their names are put into `.heliograph/journal`: a run that dies leaves whole files, and names of which the
next run knows that they are ours. `.heliograph/lock` is held while a run lasts.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OURS = ".heliograph"
_FORMAT = 1
_WRITERS = 8
"""So many files are written at a time: each waits for the disk, not for us."""
_SAFE = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,199}/){0,4}[a-z0-9][a-z0-9._-]{0,199}\Z")


class NotOursError(Exception):
    """A folder, or a file in it, that somebody else filled: which, and what to do."""


class GoneError(Exception):
    """A document is no longer what it was when it was named: it is left out, and the next run has its successor."""


class BusyError(Exception):
    """Another run writes into the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A document to be published: its path below the folder, the key of all that its bytes depend on, how they are made."""

    path: str
    key: str
    render: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """A file that we wrote: the key and the SHA-256 of its bytes, and how many there are."""

    key: str
    sha256: str
    size: int


@dataclass(slots=True)
class Folder:
    """An open folder. `site` is the key of everything that was published, "" where a run did not come to its end; `groups`
    are numbers of entries by the name of the page that lists them. `written`, `size` and `removed` count this run's work."""

    root: Path
    force: bool
    zipped: bool
    site: str = ""
    files: dict[str, Held] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    written: int = 0
    size: int = 0
    removed: int = 0

    def is_whole(self) -> bool:
        """Whether every file is there, as long as it was written."""
        return all(self._is_there(path, held) for path, held in self.files.items())

    def keep(self, path: str, key: str) -> bool:
        """Claim a file that is there under this key; False where it is to be made."""
        names = self._names(path)
        held = [(name, self.files.get(name)) for name in names]
        if not all(one is not None and one.key == key and self._is_there(name, one) for name, one in held):
            return False
        self.claimed.update(names)
        return True

    def put(self, pieces: Sequence[Piece]) -> None:
        """Make these documents, and write those whose bytes are others than before. Raises NotOursError, OSError."""
        made: dict[str, tuple[str, bytes]] = {}
        for one in pieces:
            try:
                content = one.render()
            except GoneError:
                continue
            for name in self._names(one.path):
                made[name] = (one.key, _packed(content) if name != one.path else content)
        fresh: dict[str, bytes] = {}
        for name, (key, content) in made.items():
            now = Held(key, hashlib.sha256(content).hexdigest(), len(content))
            before = self.files.get(name)
            if before is None or before.sha256 != now.sha256 or not self._is_there(name, before):
                self._check(name, content, known=before is not None)
                fresh[name] = content
            self.files[name] = now
            self.claimed.add(name)
        self._write(fresh)

    def finish(self, site: str) -> None:
        """Remove what is no longer published, and write the manifest: from now on `site` is what is there."""
        for path in sorted(self.files.keys() - self.claimed):
            _remove(self.root / path, self.root)
            del self.files[path]
            self.removed += 1
        told = {
            "format": _FORMAT, "site": site,
            "files": {path: [one.key, one.sha256, one.size] for path, one in sorted(self.files.items())},
            "groups": dict(sorted(self.groups.items())),
        }  # fmt: skip
        self.site = site
        _write_whole(self.root / OURS / "manifest.json", json.dumps(told, separators=(",", ":")).encode())
        _sync(self.root / OURS)
        (self.root / OURS / "journal").unlink(missing_ok=True)

    def _names(self, path: str) -> tuple[str, ...]:
        if not _SAFE.match(path):
            raise ValueError(f"{path!r} is no name of a file to publish")
        return (path, f"{path}.gz") if self.zipped else (path,)

    def _is_there(self, path: str, held: Held) -> bool:
        try:
            found = os.lstat(f"{self.root}/{path}")
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == held.size

    def _check(self, path: str, content: bytes, *, known: bool) -> None:
        """Refuse to write over a file that is not ours, unless it is the same or we were told to."""
        target = self.root / path
        if known or self.force or not os.path.lexists(target):
            return
        if not (target.is_file() and target.read_bytes() == content):
            raise NotOursError(
                f"{target} is there, and Heliograph did not write it: move it away, or replace it with --force"
            )

    def _write(self, fresh: Mapping[str, bytes]) -> None:
        if not fresh:
            return
        with (self.root / OURS / "journal").open("a", encoding="utf-8") as journal:
            journal.write("".join(f"{path}\n" for path in fresh))
            journal.flush()
            os.fsync(journal.fileno())
        folders = {(self.root / path).parent for path in fresh}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_WRITERS) as pool:
            list(pool.map(lambda path: _write_whole(self.root / path, fresh[path]), fresh))
        for folder in folders:
            _sync(folder)
        self.written += len(fresh)
        self.size += sum(map(len, fresh.values()))


@contextlib.contextmanager
def opened_folder(root: Path, *, force: bool = False, zipped: bool = False) -> Iterator[Folder]:
    """The folder, for one run alone; made where there is none. Raises NotOursError, BusyError, OSError.

    A folder that holds files and no manifest of ours is somebody else's: with `force` we publish among those files, and
    replace those that stand at addresses of ours.
    """
    ours = root / OURS
    known = (ours / "manifest.json").exists() or (ours / "journal").exists()
    if root.exists() and not root.is_dir():
        raise NotOursError(f"{root} is not a folder")
    others = sorted(one.name for one in root.iterdir() if one.name != OURS) if root.is_dir() else []
    if others and not known and not force:
        shown = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
        raise NotOursError(
            f"{root} holds files that Heliograph did not write ({shown}): name an empty folder, or publish among them "
            "with --force, which replaces those at addresses of ours and leaves the others alone"
        )
    ours.mkdir(parents=True, exist_ok=True)
    with (ours / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(f"another run publishes into {root}: let it end first") from None
        folder = Folder(root, force, zipped)
        _read_manifest(folder)
        _read_journal(folder)
        yield folder


def _read_manifest(folder: Folder) -> None:
    path = folder.root / OURS / "manifest.json"
    try:
        told = json.loads(path.read_bytes())
        _take(folder, told)
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        folder.files.clear()
        folder.groups.clear()
        if not folder.force:
            raise NotOursError(
                f"{path} is damaged ({error}): publish with --force, which replaces every file, or into an empty folder"
            ) from None


def _take(folder: Folder, told: dict[str, Any]) -> None:
    if told["format"] != _FORMAT:
        raise ValueError(f"its format is {told['format']}, not {_FORMAT}")
    for name, (key, sha256, size) in told["files"].items():
        if not _SAFE.match(name):
            raise ValueError(f"{name!r} is no name of a file that we publish")
        folder.files[name] = Held(str(key), str(sha256), int(size))
    folder.groups = {str(name): [int(key) for key in keys] for name, keys in told["groups"].items()}
    folder.site = str(told["site"])


def _read_journal(folder: Folder) -> None:
    """What a run that did not come to its end may have written: ours, and to be made anew or removed."""
    try:
        names = (folder.root / OURS / "journal").read_text("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return
    for name in filter(_SAFE.match, names):
        folder.files[name] = Held("", "", -1)
        _temporary(folder.root / name).unlink(missing_ok=True)
    folder.site = ""


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def _write_whole(target: Path, content: bytes) -> None:
    """A file that is there whole or not at all, whenever the machine stops."""
    fresh = _temporary(target)
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(target)


def _sync(folder: Path) -> None:
    """Have the disk know the names of a folder's files."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove(target: Path, root: Path) -> None:
    target.unlink(missing_ok=True)
    parent = target.parent
    while parent != root and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _packed(content: bytes) -> bytes:
    """The same bytes for the same content, whenever it is packed."""
    return gzip.compress(content, 9, mtime=0)
