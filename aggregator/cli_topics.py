"""The commands about topics: each lives beside what it is about.

In: nothing. Out: the group of commands. Never: a judgement of an entry: `aggregator.topics` makes those.
"""

from __future__ import annotations

import typer

from aggregator import cli_emm, cli_examples, cli_pins, cli_rhythm, cli_search

app = typer.Typer(
    help="What the topics are, what they hold, and whether they mean what they should.", no_args_is_help=True
)
app.command("list")(cli_rhythm.list_all)
app.command()(cli_rhythm.show)
app.command()(cli_rhythm.overlap)
app.command()(cli_rhythm.misses)
app.command("test")(cli_examples.try_topics)
app.command()(cli_pins.pin)
app.command()(cli_pins.unpin)
app.command()(cli_pins.pins)
app.add_typer(cli_emm.app, name="import")
app.command()(cli_search.preview)
app.command()(cli_search.diff)
