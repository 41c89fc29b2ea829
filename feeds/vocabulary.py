"""The names of feed formats: which element of which namespace means what.

In: an element's namespace, prefix and name. Out: one short name, as feedparser has them ("dc_creator").
Never: a document.
"""

from __future__ import annotations

# Many writers spell the address of a core namespace in their own way: all of these are the formats themselves.
_CORE = (
    "", "http://blogs.law.harvard.edu/tech/rss", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/",
    "http://example.com/newformat#", "http://example.com/necho", "http://purl.org/echo/", "uri/of/echo/namespace#",
    "http://purl.org/pie/", "http://purl.org/atom/ns#", "http://www.w3.org/2005/atom",
    "http://purl.org/rss/1.0/modules/rss091#",
)  # fmt: skip
_USERLAND = "backend.userland.com/rss"
NAMESPACES = {
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/atompub/tombstones/1.0": "at",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
}
"""Address in lower case -> the prefix by which everybody knows it."""

# Elements that only say where something is; what they hold is not said of the entry.
CLOSED = frozenset({
    "textinput", "contributor", "dc_contributor", "itunes_owner", "cloud", "generator",
    "media_content", "media_thumbnail", "media_credit", "media_rating", "media_player", "media_license",
})  # fmt: skip

CONTENTS = {"content": "text/plain", "content_encoded": "text/html", "fullitem": "text/html",
            "body": "application/xhtml+xml", "xhtml_body": "application/xhtml+xml"}  # fmt: skip
SUMMARIES = {"description": "text/html", "dc_description": "text/html", "media_description": "text/html",
             "abstract": "text/plain", "summary": "text/plain", "itunes_summary": "text/plain"}  # fmt: skip
TITLES = frozenset({"title", "dc_title", "media_title"})
TEXTS = {"rights": "rights", "copyright": "rights", "dc_rights": "rights", "subtitle": "subtitle", "tagline": "subtitle",
         "itunes_subtitle": "subtitle"}  # fmt: skip
DATES = {
    "pubdate": "published", "issued": "published", "published": "published", "dcterms_issued": "published",
    "updated": "updated", "modified": "updated", "lastbuilddate": "updated", "dc_date": "updated",
    "dcterms_modified": "updated", "created": "created", "dcterms_created": "created",
}  # fmt: skip
PLAIN = {"language": "language", "dc_language": "language", "feedburner_origlink": "feedburner_origlink", "ttl": "ttl",
         "sy_updateperiod": "sy_updateperiod", "sy_updatefrequency": "sy_updatefrequency"}  # fmt: skip
ADDRESSES = frozenset({"icon", "logo"})
PEOPLE = frozenset({"author", "managingeditor", "dc_author", "dc_creator", "itunes_author"})
PERSON = {"name": "name", "itunes_name": "name", "email": "email", "itunes_email": "email", "url": "href", "uri": "href",
          "homepage": "href"}  # fmt: skip
TAGS = frozenset({"category", "keywords", "dc_subject", "media_category", "itunes_category"})
TAG_LISTS = frozenset({"tags", "media_keywords", "itunes_keywords"})


def name_of(tag: str, prefix: str | None) -> str:
    """The short name of an element whose full name is `{namespace}local`; `prefix` decides in unknown namespaces."""
    space, brace, local = tag.rpartition("}")
    space = space[1:].lower() if brace else ""
    if space in _CORE or _USERLAND in space:
        return local.lower()
    known = NAMESPACES.get(space, prefix or "")
    return f"{known.lower()}_{local.lower()}" if known else local.lower()
