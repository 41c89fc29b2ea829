"""The commands about topics: what they are and what they hold.

In: arguments. Out: tables or JSON, an exit status. Never: a judgement of an entry: `aggregator.topics` makes those.
"""

from __future__ import annotations

import typer

from aggregator import cli_emm, cli_examples, cli_pins, cli_search, show
from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json
from aggregator.config import load_config
from aggregator.daemon import utc_now
from storage import reading

app = typer.Typer(help="What the topics are.", no_args_is_help=True)
app.command("test")(cli_examples.try_topics)
app.command()(cli_pins.pin)
app.command()(cli_pins.unpin)
app.command()(cli_pins.pins)
app.add_typer(cli_emm.app, name="import")
app.command()(cli_search.preview)
app.command()(cli_search.diff)


@app.command("list")
def list_all(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every topic: how many entries, the last arrival; with --json its query."""
    with opened(load_config(config)) as db:
        listed = reading.list_topics(db)
    if as_json:
        print_json([show.listed_row(one, "query") for one in listed])
    else:
        show.listed_table(out, "Topic", listed, utc_now())
