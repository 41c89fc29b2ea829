"""What topics ask of a source's labels."""

from __future__ import annotations

from tests.fakes import make_entry
from tests.test_topics_match import matches


def test_label_is_what_the_source_is() -> None:
    """label: is a label of the source, as tag: is a tag; neither stands for the other."""
    said = {"labels": ("state-media", "Official"), "tags": ("air",)}

    assert matches("label:state-media", make_entry(), **said)
    assert matches("label:official", make_entry(), **said)
    assert matches("title -label:wire", make_entry(), **said)
    assert matches("label:state*", make_entry(), **said)
    assert not matches("label:media", make_entry(), **said)
    assert not matches("label:air", make_entry(), **said)
    assert not matches("tag:official", make_entry(), **said)
