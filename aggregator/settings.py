"""The shape of feeds.yaml: every key, its type, its default and what it is for.

In: plain values from a file. Out: models that pydantic checked; `heliograph schema` prints them for editors.
Never: a check that needs more than one value: those are in `aggregator.config`.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from aggregator.gazetteer import code_of, slugs
from aggregator.metronome import read_hours, read_timezone
from feeds.guard import Network, refuse_url
from feeds.identity import is_web_url
from feeds.model import FullText, Republish
from feeds.secrets import RESERVED, is_header_name, is_header_value, is_misnamed, names

_DATABASES = ("sqlite://", "postgresql://", "postgresql+psycopg://")
_SHORTEST_EVERY = timedelta(minutes=1)
_MISNAMED = "expected ${NAME}: letters, digits and _ between the braces, as the variable is called"
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def read_duration(value: Any) -> timedelta:
    """A duration such as 45m, 1h or 1d. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)\s*", str(value))
    if not match:
        raise ValueError("expected a duration such as 45m, 1h or 1d")
    span = timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    if not _SHORTEST_EVERY <= span <= timedelta(days=30):
        raise ValueError("expected a duration between 1m and 30d")
    return span


def _minutes(value: Any) -> timedelta:
    """A number of minutes, or a duration."""
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        if int(text) > 43_200:
            raise ValueError("expected at most 43200 minutes, which are 30 days")
        return timedelta(minutes=int(text))
    try:
        return read_duration(value)
    except ValueError:
        raise ValueError("expected minutes, such as 90, or a duration such as 45m or 2h, 30d at most") from None


def _network(value: Any) -> Network:
    try:
        return ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError("expected a network such as 10.0.0.0/8 or an address such as 127.0.0.1") from None


def web_address(value: Any) -> str:
    """An http or https address without a slash at its end. Raises ValueError."""
    text = str(value).strip()
    try:
        # Not `refuse_url`: where we serve is not where we ask, any port will do.
        good = is_web_url(text) and urlsplit(text).port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"expected an http or https address, not {text!r}")
    return text.rstrip("/")


def database_address(value: str) -> str:
    """A database URL of an engine that we know. Raises ValueError, without the URL: it may hold a password."""
    if value and not value.startswith(_DATABASES):
        raise ValueError("expected sqlite:///FILE or postgresql://USER@HOST/NAME")
    return value


def _source_address(value: Any) -> str:
    text = str(value).strip()
    if text.startswith("file:"):
        return text
    refused = refuse_url(text)
    if refused:
        raise ValueError(f"expected an http or https address, or file: and a path: {refused}")
    if names(urlsplit(text).netloc.rpartition("@")[2]):
        raise ValueError("expected ${NAME} in the user name, the password, the path or the query, not in the host")
    if is_misnamed(text):
        raise ValueError(_MISNAMED)
    return text


def _headers(value: Any) -> dict[str, str]:
    """Headers that leave the wire whole: what HTTP itself or our manners need is not to be changed."""
    if not isinstance(value, dict):
        raise ValueError("expected names and values, such as Cookie: session=${SESSION}")
    for name, content in value.items():
        if not is_header_name(str(name)):
            raise ValueError(f"{str(name)[:80]!r} is no name of a header")
        if str(name).lower() in RESERVED or str(name).lower().startswith("proxy-"):
            raise ValueError(f"the header {name} is set by Heliograph itself")
        if not isinstance(content, str) or not content.strip():
            raise ValueError(f"expected text as the value of {name}")
        if is_misnamed(content):
            raise ValueError(f"{name}: {_MISNAMED}")
        if not is_header_value(content):
            raise ValueError(f"the value of {name} holds a line break or another character that no header may have")
    if len({str(name).lower() for name in value}) < len(value):
        raise ValueError("a header stands here twice, in different spelling")
    return {str(name): content.strip() for name, content in value.items()}


def _switch(value: Any) -> bool | str:
    text = str(value).strip().lower()
    if text not in ("true", "false", "auto"):
        raise ValueError(f"expected true, false or auto, not {value!r}")
    return text if text == "auto" else text == "true"


def _several(value: Any) -> Any:
    """One or many."""
    return (value,) if isinstance(value, str) else value


def _moment(value: Any) -> Any:
    try:
        moment = datetime.fromisoformat(str(value)) if value is not None else None
    except ValueError:
        raise ValueError("expected a date such as 2026-01-31, or 2026-01-31T12:00") from None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _place(value: str) -> str:
    name = "-".join(value.lower().split())
    code = code_of(name)
    if not code:
        near = get_close_matches(name, slugs(), 1)
        hint = f"did you mean {near[0]}?" if near else "expected a code or name such as KZ, kazakhstan or central-asia"
        raise ValueError(f"there is no place {value}: {hint}")
    return code


def _entry_address(value: str) -> str:
    if not is_web_url(value):
        raise ValueError(f"expected a web address, not {value!r}")
    return value


def _example(value: Any) -> Any:
    """An example of ours, or the address of a stored entry."""
    if isinstance(value, str):
        return _entry_address(value.strip())
    if not isinstance(value, dict):
        raise ValueError("expected an entry, such as {title: ..., text: ...}, or the URL of a stored one")
    return ExampleModel.model_validate(value)


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
ListName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=80)]
Duration = Annotated[timedelta, BeforeValidator(read_duration, json_schema_input_type=str)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
PlaceName = Annotated[str, AfterValidator(_place)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: Any) -> Any:
        """An empty key is an absent one; an unknown one is a mistake all the same, such as text behind an unquoted comma."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


class Settings(_Model):
    """What holds for everything."""

    title: Text = Field("Heliograph", description="The name of this server, shown on its pages.")
    base_url: Annotated[str, BeforeValidator(web_address)] = Field(
        "", description="The public address of this server, as it stands in the feeds. Default: where it listens."
    )
    contact: Text = Field(
        "", description="Where publishers and readers reach you: a page or mail address. In the User-Agent and OPML."
    )
    database: Annotated[str, AfterValidator(database_address)] = Field(
        "", description="A database URL. Default: data/heliograph.db beside this file."
    )
    allow_private: tuple[Annotated[Network, BeforeValidator(_network, json_schema_input_type=str)], ...] = Field(
        (), description="Private networks in which the sources of this file may live, such as 10.0.0.0/8."
    )
    timezone: Annotated[str, AfterValidator(read_timezone)] = Field(
        "UTC", description="The time zone of the hours that sources name, such as Europe/Berlin."
    )
    budget: float | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="Requests an hour that all polls together may take. Default: as many as needed.",
    )
    republish: Republish = Field("summary", description="What public feeds show where a source does not say.")
    requests_a_minute: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="How often one address may ask this server in a minute. Default: as often as it likes.",
    )
    push: Annotated[bool | Literal["auto"], BeforeValidator(_switch, json_schema_input_type=bool | Literal["auto"])] = (
        Field("auto", description="Let hubs push new entries to this server. auto: where base_url is a public address.")
    )
    hub: bool = Field(True, description="Push this server's own feeds to whoever subscribes to them, at /hub.")
    hub_allow_private: tuple[Annotated[Network, BeforeValidator(_network, json_schema_input_type=str)], ...] = Field(
        (), description="Private networks in which subscribers of this server's feeds may live."
    )


class SourceModel(_Model):
    """A feed to follow."""

    url: Annotated[str, BeforeValidator(_source_address)] = Field(
        description="The feed's address, or file: and a path. ${NAME} stands for a variable of the environment."
    )
    name: Text = Field("", description="Its name. Default: the feed's own title.")
    slug: Slug = Field(
        "", description="Its name in addresses. Default: made from the name or the address.", validate_default=False
    )
    kind: Text = Field("", description="press, official, think-tank, agency or a word of yours.")
    lang: Text = Field("", description="Its language (BCP 47), for entries that do not say.")
    country: Text = Field("", description="Its country (ISO 3166-1 alpha-2).")
    region: Text = Field("", description="Its region, in a word of yours.")
    tags: tuple[Label, ...] = Field((), description="Words of yours, for tag: in topics.")
    labels: tuple[Label, ...] = Field(
        (), description="What it is, shown in the feeds beside its name: state-media, official, wire or words of yours."
    )
    rank: int = Field(
        50,
        ge=1,
        le=100,
        description="Which of several that tell one story is shown first: 1 is the best, 100 the last.",
    )
    full_text: FullText = Field(
        "feed",
        description="Where the whole text is: in the feed, or on the page that an entry links to, which is then read.",
    )
    every: Duration = Field(
        timedelta(hours=1), description="How often to ask at most: 1h, 6h. A source that posts rarely is asked less."
    )
    hours: Annotated[str, AfterValidator(read_hours)] = Field(
        "", description='When to ask instead, as in a crontab: "*/15 6-20 * * mon-fri".', validate_default=False
    )
    weight: float = Field(1, ge=0.01, le=100, description="How much its posts count beside those of other sources.")
    republish: Republish | None = Field(
        None, description="What public feeds show of it: full, summary, headline or none."
    )
    embargo: Annotated[timedelta, BeforeValidator(_minutes, json_schema_input_type=int | str)] = Field(
        timedelta(),
        description="How long after publication its entries are kept back from the feeds: minutes, or 45m, 2h.",
    )
    headers: Annotated[dict[str, str], BeforeValidator(_headers, json_schema_input_type=dict[str, str])] = Field(
        default_factory=dict,
        description="Headers to ask it with, such as Authorization or Cookie; ${NAME} stands for a variable.",
    )
    formerly: tuple[Slug, ...] = Field((), description="Slugs that it had before; their addresses go on working.")

    @model_validator(mode="after")
    def _files_have_no_secrets(self) -> SourceModel:
        if self.url.startswith("file:") and (self.headers or names(self.url)):
            raise ValueError("a file: source takes no headers and no ${NAME}")
        return self


class ExampleModel(_Model):
    """An entry that a topic must, or must not, match."""

    title: Text = Field("", description="Its title.")
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = Field(
        "", description="Its summary and text."
    )
    author: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field((), description="Its author, or several.")
    source: Text = Field("", description="The slug of a source above, or any name of one.")
    category: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field((), description="Its categories.")
    lang: Text = Field("", description="Its language (BCP 47). Default: told by its words.")
    published: Annotated[datetime | None, BeforeValidator(_moment)] = Field(None, description="When it was published.")
    places: tuple[PlaceName, ...] | None = Field(
        None, description="Codes or names of the places that it names. Default: told by its words."
    )
    url: Annotated[str, AfterValidator(_entry_address)] = Field("", description="Its link.", validate_default=False)


Example = Annotated[ExampleModel | str, BeforeValidator(_example)]


class TopicModel(_Model):
    """A topic feed: what belongs to it is said by a query, or by weighted words and a threshold."""

    title: Text = Field("", description="Its title. Default: made from the slug.")
    query: str = Field("", description="What belongs to it, in the topic language (docs/topics.md).")
    any_of: dict[str, int] = Field(
        default_factory=dict,
        description="Instead of a query: words, phrases or queries, each with its weight; below 0 it speaks against.",
    )
    threshold: int = Field(1, ge=1, le=1_000_000, description="What the weights of those that match must add up to.")
    must_match: tuple[Example, ...] = Field(
        (), description="Entries that it must match: examples, or URLs of stored entries. For `heliograph topics test`."
    )
    must_not_match: tuple[Example, ...] = Field((), description="Entries that it must not match.")
    view: Literal["entries", "stories"] = Field(
        "entries", description="entries: each that belongs to it. stories: one for all that tell the same story."
    )
    formerly: tuple[Slug, ...] = Field((), description="Slugs that it had before; their addresses go on working.")

    @model_validator(mode="after")
    def _one_rule(self) -> TopicModel:
        if bool(self.query.strip()) == bool(self.any_of):
            raise ValueError("expected either query: or any_of: with a threshold:")
        return self


class AuthorModel(_Model):
    """An author whose names are to be one."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        description="The name to show."
    )
    aliases: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        (), description="Other spellings, in any script."
    )
    formerly: tuple[Slug, ...] = Field((), description="Slugs that it had before; their addresses go on working.")


class CombinedModel(_Model):
    """A feed combined of several: an entry that is in one of its parts belongs to it."""

    title: Text = Field("", description="Its title. Default: made from the slug.")
    topics: tuple[Slug, ...] = Field((), description="Slugs of topics above.")
    authors: tuple[Slug, ...] = Field((), description="Slugs of authors, of this file or learned.")
    places: tuple[PlaceName, ...] = Field((), description="Codes or names of countries and regions.")
    sources: tuple[Slug, ...] = Field((), description="Slugs of sources above.")
    cap: int | None = Field(
        None, ge=1, le=50, description="How many entries of one source the feed holds at most. Default: any number."
    )
    order: Literal["time", "story"] = Field(
        "time", description="time: the newest arrival first. story: one entry for all that tell the same story."
    )
    private: bool = Field(False, description="Whether it is published under keys only (`heliograph tokens`).")
    formerly: tuple[Slug, ...] = Field((), description="Slugs that it had before, the first one first.")

    @model_validator(mode="after")
    def _of_something(self) -> CombinedModel:
        if not (self.topics or self.authors or self.places or self.sources):
            raise ValueError("expected topics, authors, places or sources that it is made of")
        return self


class FileModel(_Model):
    """feeds.yaml."""

    settings: Settings = Field(Settings(), description="What holds for everything.")
    sources: tuple[SourceModel, ...] = Field((), description="The feeds to follow.")
    terms: dict[ListName, tuple[Annotated[str, BeforeValidator(str)], ...]] = Field(
        default_factory=dict, description="Named lists of terms: terms.uav is @uav in a query."
    )
    topics: dict[Slug, TopicModel] = Field(default_factory=dict, description="Topic feeds, by slug.")
    authors: dict[Slug, AuthorModel] = Field(default_factory=dict, description="Authors, by slug.")
    feeds: dict[Slug, CombinedModel] = Field(default_factory=dict, description="Feeds combined of several, by slug.")
