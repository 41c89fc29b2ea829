"""A stranger's HTML -> HTML that we dare to republish, and its words.

In: a fragment as a feed carried it, and the address that its links are relative to. Out: a fragment of an allow-list,
absolute links only (X-20, X-22, X-27, V-07); or plain text. Never: a fetch.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

import nh3

from feeds.decode import legal, undoubled
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
    r"pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_NAMES = "|".join(sorted(_TAGS | _GONE_WITH_CONTENT | {"big", "body", "center", "font", "head", "html", "input", "link",
                         "meta", "nobr", "strike", "title", "tt"}, reverse=True))  # fmt: skip
# No "<" inside a tag or comment: each character is looked at once, however many of them an attacker opens.
_COMMENT = r"!--(?:(?!<!--).)*?--"
_ANY_TAG = re.compile(rf"<(?:/?[a-z][a-z0-9]*(?:[\s/][^<>]*)?|{_COMMENT})>", re.DOTALL | re.IGNORECASE)
_HTML_TAG = re.compile(rf"<(?:/?(?:{_NAMES})(?:[\s/][^<>]*)?|{_COMMENT})>", re.DOTALL | re.IGNORECASE)
_SURE_TAG = re.compile(rf"</(?:{_NAMES})\s*>|<(?:br|hr|img|p|wbr)(?:[\s/][^<>]*)?>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]+\d*);")
_ENDLESS_NUMBER = re.compile(r"&#\d{30,};?")
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n\s*")
_UNFIT_FOR_URLS = re.compile(r'[\x00-\x20"<>^`{|}\x7f]')

# Deeper than any writer goes. The sanitiser's time grows with the square of the depth, as every HTML parser's does.
_DEEPEST = 250
_MOST_OPEN = 2_000_000
_MOST_REFERENCES = 200_000  # in one text, each costs it as much as all that stands before it
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_NEVER_OPEN = {"br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "p", "source", "tbody", "td", "tfoot", "th",
               "thead", "tr", "wbr"}  # fmt: skip
_WALLS = {"table", "caption", "object", "applet", "marquee", "template", "button"}


def clean(fragment: str, base: str = "") -> str:
    """HTML of the allow-list with absolute links; the same again when cleaned again (X-23).

    `base` resolves relative links; without one they are dropped, since a reader of our feeds could not follow them.
    A fragment without block elements gets its blank lines as paragraphs, as browsers would otherwise run it together.
    """
    if not fragment.strip():
        return ""
    if is_too_deep(fragment) or fragment.count("&") > _MOST_REFERENCES:
        return escape(legal(unescape(_ANY_TAG.sub("", _BLOCK.sub("\n\n", fragment)))))
    cleaner = _cleaner(base)
    safe = _pass(cleaner, fragment)
    # What a parser repairs, it may repair again: misnested tables and links, the first line break of a <pre>.
    for _ in range(5):
        again = _pass(cleaner, safe)
        if again == safe:
            return safe
        safe = again
    return escape(plain_text(safe))


def _pass(cleaner: nh3.Cleaner, fragment: str) -> str:
    safe = _IMG.sub(_drop_pixel, legal(cleaner.clean(fragment))).strip()
    return safe if has_blocks(safe) else paragraphs(safe)


def is_too_deep(fragment: str) -> bool:
    """Whether more elements are open inside one another than can be parsed in good time (X-11, F13)."""
    if fragment.count("<") <= _DEEPEST:
        return False
    open_now: list[str] = []
    work = 0
    for closing, tag in _TAG_NAME.findall(fragment):
        name = tag.lower()
        work += len(open_now)
        if closing:
            inner = next(
                (i for i in reversed(range(len(open_now))) if open_now[i] == name or open_now[i] in _WALLS), -1
            )
            if inner >= 0 and open_now[inner] == name:
                del open_now[inner:]
        elif name not in _NEVER_OPEN:
            open_now.append(name)
        if len(open_now) > _DEEPEST or work > _MOST_OPEN:
            return True
    return False


def plain_text(safe: str) -> str:
    """The words of a cleaned fragment: a line a block, entities resolved, no markup."""
    if has_blocks(safe):
        safe = safe.replace("\n", " ")  # its line breaks are white space, as in any HTML
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", safe)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def escape(text: str) -> str:
    """Plain text as an HTML fragment: what stood in a text/plain field (X-21, J-02)."""
    return paragraphs(html.escape(text.strip(), quote=False)) if text.strip() else ""


def unescape(text: str) -> str:
    """Entities resolved; `html.unescape` itself stops at a number of thousands of digits."""
    return html.unescape(_ENDLESS_NUMBER.sub("\ufffd", text))


def looks_like_html(text: str) -> bool:
    """Whether what was declared as plain text is HTML after all: an end tag, a line break, a reference."""
    return bool(_SURE_TAG.search(text) or _REFERENCE.search(text))


def title_text(raw: str, *, is_html: bool) -> str:
    """A title as text after one decode (X-21, F25): tags go, "<3" stays.

    RSS does not say whether a title is HTML. Where it has an end tag or a line break, the elements of HTML are taken
    for tags, and one level of entities is resolved; "A < B" and "List<T>" are words.
    """
    text = raw = undoubled(raw)
    if is_html:
        text = _ANY_TAG.sub("", raw)
    elif _SURE_TAG.search(raw):
        text = _HTML_TAG.sub("", raw)
    if is_html or text != raw or _REFERENCE.search(text):
        text = unescape(text)
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
        if url.lower() in ("http:", "http://", "https:", "https://"):
            return ""  # a form that nobody filled in
        joined = urljoin(base, url) if base else url
    except ValueError:
        return ""
    joined = _UNFIT_FOR_URLS.sub(lambda found: f"%{ord(found[0]):02X}", joined)
    return joined if is_web_url(joined) else ""


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
        return " ".join(value.split())

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
