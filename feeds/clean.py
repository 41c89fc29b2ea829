"""A stranger's HTML -> HTML that we dare to republish, and its words.

In: a fragment as a feed carried it, and the address that its links are relative to. Out: a fragment of an allow-list,
absolute links only (X-20, X-22, X-27, V-07); or plain text. Never: a fetch.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

import nh3

from feeds.identity import is_web_url

_TAGS = {
    "a", "abbr", "article", "aside", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "rp", "rt",
    "ruby", "s", "samp", "section", "small", "source", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "video", "wbr",
}  # fmt: skip
_GONE_WITH_CONTENT = {
    "script", "style", "noscript", "iframe", "object", "embed", "applet", "template", "svg", "math", "form", "select",
    "textarea", "button", "noembed", "noframes", "xmp", "plaintext",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster", "width", "height"},
    "source": {"src", "type"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
}
_URL_ATTRIBUTES = {"href", "src", "poster", "cite"}
_SCHEMES = {"http", "https", "mailto"}

# What the sanitiser writes is regular: double quotes, and no bare quote inside a value. So a tag is this, in one pass.
_TAG = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>')
_IMG = re.compile(r'<img\b[^>"]*(?:"[^"]*"[^>"]*)*>')
_PIXEL = re.compile(
    r'\b(?:width|height)="[01](?:px)?"|src="https?://(?:pixel\.|stats?\.|feeds\.feedburner\.com/~|[^/"]*\.'
    r"(?:doubleclick\.net|scorecardresearch\.com|quantserve\.com))"
)
_BLOCK = re.compile(
    r"</?(?:article|aside|blockquote|br|caption|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|ol|p|"
    r"pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)\b[^>]*>",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?|!--.*?--)>", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n\s*")


def clean(fragment: str, base: str = "") -> str:
    """HTML of the allow-list with absolute links; the same again when cleaned again (X-23).

    `base` resolves relative links; without one they are dropped, since a reader of our feeds could not follow them.
    A fragment without block elements gets its blank lines as paragraphs, as browsers would otherwise run it together.
    """
    if not fragment.strip():
        return ""
    if not has_blocks(fragment):
        fragment = paragraphs(fragment)
    safe = _cleaner(base).clean(fragment)
    return _IMG.sub(_drop_pixel, safe).strip()


def plain_text(safe: str) -> str:
    """The words of a cleaned fragment: a line a block, entities resolved, no markup."""
    text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", safe)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def escape(text: str) -> str:
    """Plain text as an HTML fragment: what stood in a text/plain field (X-21, J-02)."""
    return paragraphs(html.escape(text.strip(), quote=False)) if text.strip() else ""


def title_text(raw: str, *, is_html: bool) -> str:
    """A title as text after one decode (X-21, F25): tags go, "<3" stays.

    RSS does not say whether a title is HTML. What looks like a tag is taken for one, and one level of entities is
    resolved; "A < B" is not a tag.
    """
    text = _ANY_TAG.sub("", raw)
    if is_html or text != raw or re.search(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+\d*);", text):
        text = html.unescape(text)
    return " ".join(text.split())


def absolute(url: str, base: str = "") -> str:
    """A link as an absolute web address, or "" where it cannot be one."""
    url = "".join(url.split()) if "\n" in url or "\t" in url else url.strip()
    if not url:
        return ""
    try:
        # "example.org/post" in a feed of example.org: a scheme was forgotten, nobody means a folder of that name.
        if base and "." in url.split("/")[0] and url.split("/")[0] == urlsplit(base).hostname:
            url = "//" + url
        joined = urljoin(base, url) if base else url
    except ValueError:
        return ""
    return joined.replace(" ", "%20") if is_web_url(joined) else ""


def has_blocks(fragment: str) -> bool:
    """Whether a fragment has block elements or line breaks of its own."""
    return bool(_BLOCK.search(fragment))


def paragraphs(text: str, *, every_line: bool = False) -> str:
    """Text whose only structure is its blank lines (or, where asked and there are none, its lines), as paragraphs."""
    parts = _BLANK_LINE.split(text.replace("\r\n", "\n").strip())
    if len(parts) < 2 and every_line:
        parts = text.strip().splitlines()
    if len(parts) < 2:
        return text
    return "".join(f"<p>{part.strip()}</p>" for part in parts if part.strip())


def _cleaner(base: str) -> nh3.Cleaner:
    def resolve(url: str) -> str | None:
        return absolute(url, base) or None

    def check(tag: str, attribute: str, value: str) -> str | None:
        # The sanitiser knows href and src; poster and cite are ours to check.
        if attribute in ("poster", "cite"):
            return absolute(value, base) or None
        return value

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=check,
        url_schemes=_SCHEMES,
        url_relative=resolve,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"img": {"referrerpolicy": "no-referrer"}},
    )


def _drop_pixel(match: re.Match[str]) -> str:
    return "" if _PIXEL.search(match[0]) or "src=" not in match[0] else match[0]
