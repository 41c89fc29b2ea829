"""A list of feeds that another program wrote -> sources of ours, asked one after the other, never all at once (O-03).

In: what `feeds.opmlreader` read, what is followed, now. Out: what to follow and when to ask it first, what is followed
already, what could not be used and in which line. Never: a request: the daemon asks when each is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from aggregator.adding import free_slug, words_of
from aggregator.exporting import unpacked
from aggregator.loopguard import is_own
from aggregator.settings import SourceModel
from feeds.guard import refuse_address
from feeds.identity import address_key, digest, is_web_url, without_credentials
from feeds.model import Source
from feeds.opmlreader import Complaint, Listed, Reading
from storage.following import Held, Newcomer

_EACH = timedelta(seconds=2)
_LONGEST_SPREAD = timedelta(hours=1)
_SAME_HOST = timedelta(minutes=1)
REASON = "imported: the first polls of a list are spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A line whose feed is followed already, or stands in an earlier line of the file."""

    line: int
    url: str
    slug: str = ""
    earlier: int = 0


@dataclass(slots=True, kw_only=True)
class Import:
    """What importing a list would do."""

    new: list[tuple[int, Newcomer]] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)


def plan_import(
    reading: Reading, held: Sequence[Held], now: datetime, *, base_url: str = "", tags: Sequence[str] = ()
) -> Import:
    """Sort a list's lines into new, known and unusable. `tags` are given to every new source; what is below `base_url`
    is published here, and not followed (A-11).

    A feed that was followed once takes its old slug, and with it its entries and validators, up again (F-01).
    """
    made = Import(complaints=list(reading.complaints))
    active = {address_key(url): one.slug for one in held if not one.retired for url in one.addresses}
    retired = {address_key(url): one for one in held if one.retired for url in one.addresses}
    taken = {one.slug for one in held}
    lines: dict[str, int] = {}
    found: list[tuple[Listed, Source]] = []
    for one in reading.feeds:
        key = address_key(one.url)
        refused = "it is a feed of this server" if is_own(one.url, base_url) else _refused(one.url)
        if key in active:
            made.known.append(Known(line=one.line, url=without_credentials(one.url), slug=active[key]))
        elif refused:
            made.complaints.append(Complaint(line=one.line, message=f"{without_credentials(one.url)[:200]}: {refused}"))
        elif key in lines:
            made.known.append(Known(line=one.line, url=without_credentials(one.url), earlier=lines[key]))
        else:
            lines[key] = one.line
            source, said = _source(one, taken, tags, retired.get(key))
            taken.add(source.slug)
            made.complaints += said
            found.append((one, source))
    due = first_polls([source.url for _, source in found], now)
    made.new = [(one.line, _newcomer(one, source, at)) for (one, source), at in zip(found, due, strict=True)]
    made.complaints.sort(key=lambda one: one.line)
    return made


def _newcomer(one: Listed, source: Source, due: datetime) -> Newcomer:
    """A line's source, with what the line says of its feed: in a list of ours, text is the feed's own title unless there
    is a name (O-04)."""
    title = "" if source.name or one.name == source.slug else one.name
    site_url = one.site_url if is_web_url(one.site_url) else ""
    return Newcomer(source=source, due=due, reason=REASON, site_url=site_url, title=title, description=one.description)


def first_polls(urls: Sequence[str], now: datetime) -> list[datetime]:
    """When to ask each of many new addresses: spread over two seconds a source, an hour at most, by their hashes; those
    of one host a minute apart at least (F-14, O-03)."""
    span = min(_EACH * len(urls), _LONGEST_SPREAD)
    before: Counter[str] = Counter()
    due = []
    for url in urls:
        host = urlsplit(url).hostname or ""
        share = int(digest(host)[:8], 16) / 0xFFFFFFFF
        due.append(now + span * share + _SAME_HOST * before[host])
        before[host] += 1
    return due


def _refused(url: str) -> str:
    """Why an address of a list cannot be followed, or ""."""
    if "${" in url:
        return "names of secrets are for sources of feeds.yaml"
    try:
        SourceModel.model_validate({"url": url})
        if not is_web_url(url):
            return "only http and https are followed from a list"
        host = urlsplit(url).hostname or ""
    except ValidationError as error:
        return str(error.errors()[0].get("msg", "")).removeprefix("Value error, ")
    except ValueError:
        return "the address cannot be read"
    if host == "localhost" or refuse_address(host) not in (None, "not an address"):
        return "private addresses are followed only where feeds.yaml declares them, so write it there"
    return ""


def _source(one: Listed, taken: set[str], tags: Sequence[str], before: Held | None) -> tuple[Source, list[Complaint]]:
    """A line as a source; what our own attributes say outranks what folders suggest."""
    own = one.settings
    ours = "slug" in own
    said: dict[str, Any] = {
        "url": one.url.strip(), "name": own.get("name", "") if ours else one.name, "lang": own.get("lang") or one.lang,
        "country": own.get("country"), "region": own.get("region"), "kind": own.get("kind"), "every": own.get("every"),
        "republish": own.get("republish"), "slug": own.get("slug"),
        "labels": list(unpacked(own.get("labels", ""))), "rank": own.get("rank"), "full_text": own.get("full-text"),
        "hours": own.get("hours"), "weight": own.get("weight"), "embargo": own.get("embargo"),
        "tags": list(dict.fromkeys([*(unpacked(own.get("tags", "")) if ours else one.tags), *tags])),
    }  # fmt: skip
    model, complaints = _checked({name: value for name, value in said.items() if value}, one.line)
    slug = before.slug if before is not None else model.slug
    if before is None and (not slug or slug in taken):
        slug = free_slug(model.slug or model.name or words_of(model.url), taken)
    source = Source(
        slug=slug, url=before.addresses[0] if before is not None else model.url, name=model.name, kind=model.kind,
        lang=model.lang, country=model.country, region=model.region, tags=model.tags, every=model.every,
        republish=model.republish, labels=model.labels, rank=model.rank, full_text=model.full_text, hours=model.hours,
        weight=model.weight, embargo=model.embargo,
    )  # fmt: skip
    return source, complaints


def _checked(said: dict[str, Any], line: int) -> tuple[SourceModel, list[Complaint]]:
    """What a line says, without the values that feeds.yaml would not take either."""
    try:
        return SourceModel.model_validate(said), []
    except ValidationError as error:
        bad = {str(one["loc"][0]): str(one["msg"]).removeprefix("Value error, ") for one in error.errors()}
        complaints = [Complaint(line=line, message=f"{name} is left out: {why}") for name, why in bad.items()]
        return SourceModel.model_validate({name: value for name, value in said.items() if name not in bad}), complaints
