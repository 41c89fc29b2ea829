"""What we follow, in forms that travel: feeds.yaml lines, and OPML with our own settings in it (O-01, O-04).

In: sources, topics. Out: YAML, outlines. Never: a user name, a password or a secret's value in a list that is shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TextIO
from urllib.parse import quote, unquote

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from aggregator.emm_topics import Imported
from aggregator.topics.language import LONGEST_QUERY
from feeds.identity import is_web_url
from feeds.model import Source
from feeds.opml import Outline
from feeds.secrets import with_named_password
from storage.model import Followed

_HOURLY = timedelta(hours=1)
_WIDTH = 120


def print_yaml(stream: TextIO, sources: Iterable[Source]) -> None:
    """Sources in the form of feeds.yaml. A password is not written: a variable takes its place (X-33)."""
    yaml = YAML()
    yaml.default_flow_style = False
    rows = []
    for source in sources:
        variable = f"PASSWORD_{source.slug.replace('-', '_').upper()}"
        url = with_named_password(source.url, variable)
        if url != source.url:
            stream.write(f"# The password of {source.slug} is not printed: give it to Heliograph as {variable}.\n")
        row = {
            "url": url, "name": source.name, "slug": source.slug, "kind": source.kind, "lang": source.lang,
            "country": source.country, "region": source.region, "tags": list(source.tags), "republish": source.republish,
            "every": duration(source.every), "hours": source.hours,
            "weight": source.weight if source.weight != 1 else None,
            "labels": list(source.labels), "rank": source.rank if source.rank != 50 else None,
            "full_text": source.full_text if source.full_text != "feed" else None,
            "embargo": duration(source.embargo) if source.embargo else None,
        }  # fmt: skip
        rows.append({name: value for name, value in row.items() if value})
    yaml.dump({"sources": rows}, stream)


def print_topics(stream: TextIO, topics: Iterable[Imported]) -> None:
    """Topics in the form of feeds.yaml, with what is to be known of each above it."""
    yaml = YAML()
    yaml.default_flow_style = False
    topics = [*topics]
    # A query that is a key may not go over two lines.
    yaml.width = 10 * LONGEST_QUERY if any(topic.any_of for topic in topics) else _WIDTH
    rows = CommentedMap()
    for topic in topics:
        row: dict[str, object] = {"title": topic.title}
        row |= {"any_of": dict(topic.any_of), "threshold": topic.threshold} if topic.any_of else {"query": topic.query}
        rows[topic.slug] = row
        if topic.notes:
            rows.yaml_set_comment_before_after_key(topic.slug, before="\n".join(topic.notes), indent=2)
    yaml.dump({"topics": rows}, stream)


def outlines_of(followed: Iterable[Followed]) -> dict[str, list[Outline]]:
    """Sources that can be asked over the web, grouped by region, with what only we understand in our own attributes."""
    groups: dict[str, list[Outline]] = {}
    for one in followed:
        if is_web_url(one.source.url):
            folder = one.source.region.replace("-", " ").capitalize() or "Other"
            groups.setdefault(folder, []).append(_outline(one))
    return groups


def _outline(one: Followed) -> Outline:
    source = one.source
    settings = {
        "slug": source.slug, "name": source.name, "lang": source.lang, "country": source.country,
        "region": source.region, "kind": source.kind, "tags": packed(source.tags),
        "labels": packed(source.labels), "rank": "" if source.rank == 50 else str(source.rank),
        "full-text": "" if source.full_text == "feed" else source.full_text,
        "every": "" if source.every == _HOURLY else duration(source.every), "hours": source.hours,
        "weight": "" if source.weight == 1 else f"{source.weight:g}", "republish": source.republish or "",
        "embargo": duration(source.embargo) if source.embargo else "",
    }  # fmt: skip
    return Outline(
        text=one.called or source.slug,
        xml_url=source.url,
        html_url=one.site_url,
        lang=source.lang,
        description=one.description,
        settings=settings,
    )


def duration(span: timedelta) -> str:
    """A duration as feeds.yaml has it: 45m, or 90s where it is no whole number of minutes."""
    seconds = int(span.total_seconds())
    return f"{seconds}s" if seconds % 60 else f"{seconds // 60}m"


def packed(tags: Iterable[str]) -> str:
    """Tags in one attribute, commas between them; a comma inside a tag is escaped."""
    return ",".join(quote(tag, safe=" /:;@&=+$!*'()#?") if "," in tag or "%" in tag else tag for tag in tags)


def unpacked(text: str) -> tuple[str, ...]:
    """The tags again."""
    return tuple(unquote(tag) for tag in text.split(",") if tag.strip())
