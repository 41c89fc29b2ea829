"""Topics from elsewhere: the alerts of the Europe Media Monitor as lines for feeds.yaml.

In: a file. Out: YAML on stdout, complaints with their lines on stderr, an exit status. Never: a topic stored.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import exporting
from aggregator.cli_common import say_error
from aggregator.emm import Complaint, read_alerts
from aggregator.emm_topics import topics_of

app = typer.Typer(help="Topics from elsewhere, as lines for feeds.yaml.", no_args_is_help=True)

_MOST_BYTES = 20_000_000


@app.callback()
def _group() -> None:
    """Topics from elsewhere, as lines for feeds.yaml."""


@app.command()
def emm(
    file: Annotated[str, typer.Argument(help="Alerts in the text syntax of EMM, or - for standard input.")],
) -> None:
    """Print alerts of the Europe Media Monitor as topics in YAML, to be copied into feeds.yaml. Nothing is stored."""
    text, complaints = _read(file)
    alerts, unread = read_alerts(text)
    topics, unsaid = topics_of(alerts)
    for one in sorted([*complaints, *unread, *unsaid], key=lambda one: one.line):
        say_error(f"{file}:{one.line}: {one.message}")
    if not topics:
        say_error(f"{file} has no alert that can be used.")
        raise typer.Exit(2)
    exporting.print_topics(sys.stdout, topics)


def _read(file: str) -> tuple[str, list[Complaint]]:
    """The text of a file: UTF-8, UTF-16 with its mark, or else what Western European Windows writes."""
    try:
        content = sys.stdin.buffer.read(_MOST_BYTES + 1) if file == "-" else _bytes_of(Path(file))
    except OSError as error:
        _refuse(f"{file} cannot be read: {error.strerror or error}")
    if len(content) > _MOST_BYTES:
        _refuse(f"{file} is longer than {_MOST_BYTES // 1_000_000} MB: no list of alerts is")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        _refuse(f"{file} is XML: expected the text syntax of EMM, which begins with define alert")
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"), []
    except UnicodeDecodeError:
        told = "the file is not UTF-8: it is read as windows-1252; save it as UTF-8 where letters look wrong"
        return content.decode("cp1252", "replace"), [Complaint(line=1, message=told)]


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MOST_BYTES + 1)


def _refuse(message: str) -> None:
    say_error(message)
    raise typer.Exit(2)
