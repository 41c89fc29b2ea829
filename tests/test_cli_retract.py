"""`heliograph retract` and `heliograph erase` as a person and a machine use them."""

from __future__ import annotations

import json

from tests.test_cli import Run
from tests.test_cli_pins import run as run


def test_retracted_shown_again_erased(run: Run) -> None:
    """Each command says what it did, and does nothing twice."""
    assert run("retract", "2", "--why", "Wrong")[:2] == (0, "Entry 2 (A rotor): retracted.\n")
    assert run("retract", "2", "--why", "Wrong")[:2] == (0, "Entry 2 (A rotor): was retracted already.\n")
    assert "retracted: Wrong" in run("why", "2")[1]
    assert run("retract", "2", "--undo")[:2] == (0, "Entry 2 (A rotor): shown again.\n")
    assert run("retract", "2", "--undo")[:2] == (0, "Entry 2 (A rotor): was not retracted.\n")
    status, out, _ = run("erase", "1", "2", "--why", "A court says so", "--yes", "--json")
    assert status == 0
    assert [(row["entry"], row["erased"]) for row in json.loads(out)] == [(1, True), (2, True)]
    assert run("why", "1")[0] == 1 or "no entry" in "".join(run("why", "1")[1:]).lower()


def test_what_cannot_be_done_is_said(run: Run) -> None:
    """No reason, a reason without end, an entry that is not there: exit status 2, a sentence, and nothing done."""
    assert run("retract", "2")[0] == 2
    assert "say why" in run("erase", "2")[2]
    assert "300" in run("retract", "2", "--why", "x" * 301)[2]
    status, _, err = run("retract", "77", "--why", "Wrong")
    assert (status, "no entry has" in err) == (2, True)
