"""The command that looks at our hub.

In: arguments. Out: a table or JSON. Never: a change; nor a secret.
"""

from __future__ import annotations

from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.show_hub import hub_table, subscriber_row
from storage.hub import subscribed
from storage.hub_work import DELIVER
from storage.work import waiting


def hub(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Who subscribed to our feeds at our hub: the callback's host, the topic, the lease, the last delivery, what went wrong."""
    loaded, now = load_config(config), utc_now()
    with opened(loaded) as db:
        found, queued = subscribed(db), waiting(db).get(DELIVER, 0)
    if as_json:
        print_json([subscriber_row(one, now) for one in found])
    else:
        hub_table(out, found, loaded.base_url, queued, now)
