"""A stranger's HTML -> HTML that we dare to republish, and its words.

In: a fragment as a feed carried it, and the address that its links are relative to. Out: a fragment of an allow-list,
absolute links only (X-20, X-22, X-27, V-07); or plain text. Never: a fetch.
"""

from __future__ import annotations

import html
import re
import threading
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import nh3

from feeds.decode import legal, undoubled
from feeds.identity import is_plain_web_url, is_web_url
from feeds.settled import depth, is_settled

TAGS = {
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
ATTRIBUTES = {
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
_ELEMENT = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?:[\s/][^<>]*)?>")
_SAFE_TAG = re.compile(r'<([a-z0-9/]*+)(?:>|[^>"]*+(?:"[^"]*"[^>"]*+)*+>)')
_IMG = re.compile(r'<img\b[^>"]*+(?:"[^"]*"[^>"]*+)*+>')
# A picture of no size, or from those who count readers.
_TINY = re.compile(r'\b(?:width|height)="[01](?:px)?"')
_COUNTED = re.compile(
    r'src="https?://(?:pixel\.|stats?\.|feeds\.feedburner\.com/~|[^/"]*\.'
    r"(?:doubleclick\.net|scorecardresearch\.com|quantserve\.com))"
)
_BLOCKS = frozenset({
    "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
# Where a block begins or ends, a line ends: with a character that no XML holds, so that none stood there before.
_LINE_END = "\x1e"
_BREAKING = _BLOCKS | {f"/{name}" for name in _BLOCKS}
_BREAKS = {tag: _LINE_END if tag in _BREAKING else "" for name in TAGS for tag in (name, f"/{name}")}
_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS, reverse=True))})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_NAMES = "|".join(sorted(TAGS | _GONE_WITH_CONTENT | {"big", "body", "center", "font", "head", "html", "input", "link",
                         "meta", "nobr", "strike", "title", "tt"}, reverse=True))  # fmt: skip
# No "<" inside a tag or comment: each character is looked at once, however many of them an attacker opens.
_COMMENT = r"!--(?:(?!<!--).)*?--"
_COMMENTS = re.compile(rf"<{_COMMENT}>", re.DOTALL)
_ANY_TAG = re.compile(rf"<(?:/?[a-z][a-z0-9]*(?:[\s/][^<>]*)?|{_COMMENT})>", re.DOTALL | re.IGNORECASE)
_HTML_TAG = re.compile(rf"<(?:/?(?:{_NAMES})(?:[\s/][^<>]*)?|{_COMMENT})>", re.DOTALL | re.IGNORECASE)
_SURE_TAG = re.compile(rf"</(?:{_NAMES})\s*>|<(?:br|hr|img|p|wbr)(?:[\s/][^<>]*)?>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]+\d*);")
_MEANT = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": "\xa0"}
_WRITTEN = re.compile("&(?:amp|lt|gt|nbsp);")
_ENDLESS_NUMBER = re.compile(r"&#\d{30,};?")
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n\s*")
# White space that is neither a space, a line break nor the no-break space: most texts have none.
_RARE_SPACES = "\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_SPACES = re.compile("  +")
_LINE_STARTS = re.compile("\n[\n ]+")
_TURN_ENDS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u2066": "\u2069", "\u2067": "\u2069", "\u2068": "\u2069"}
_TURN = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_UNFIT_FOR_URLS = re.compile(r'[\x00-\x20"<>^`{|}\x7f]')

# Deeper than any writer goes. The sanitiser's time grows with the square of the depth, as every HTML parser's does.
_DEEPEST = 250
_MOST_ROUNDS = 5  # tags inside tags in a title: nobody's honest work
_FEW = 1500
_MOST_OPEN = 2_000_000
_MOST_ADDED = 20_000_000  # characters that a base may add to all links of one text
_MOST_REFERENCES = 200_000  # in one text, each costs it as much as all that stands before it
_TAG_NAME = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9-]*)")
_NEVER_OPEN = {"br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "p", "source", "tbody", "td", "tfoot", "th",
               "thead", "tr", "wbr"}  # fmt: skip
_WALLS = {"table", "caption", "object", "applet", "marquee", "template", "button"}


class Safe(NamedTuple):
    """A fragment that is fit to be republished, and its words as `plain_text` has them."""

    html: str
    text: str


NO_WORDS = Safe("", "")


def clean(fragment: str, base: str = "") -> str:
    """HTML of the allow-list with absolute links; the same again when cleaned again (X-23).

    `base` resolves relative links; without one they are dropped, since a reader of our feeds could not follow them.
    A fragment without block elements gets its blank lines as paragraphs, as browsers would otherwise run it together.
    """
    return cleaned(fragment, base).html


def cleaned(fragment: str, base: str = "") -> Safe:
    """What `clean` makes of a fragment, with its words, which cost little once its tags are known."""
    if "<" not in fragment and "&" not in fragment:
        return _with_words(_words_alone(fragment)) if fragment.strip() else NO_WORDS
    # A few hundred elements are parsed in good time however deep they are, which is then easily seen.
    if fragment.count("<") > _FEW and is_too_deep(fragment):
        # Word hides hundreds of its own elements in a comment.
        fragment = _COMMENTS.sub("", fragment)
        if is_too_deep(fragment):
            return _stripped(fragment)
    if fragment.count("&") > _MOST_REFERENCES:
        return _stripped(fragment)
    # Each relative link repeats its base: of a few kilobytes a hostile one would make hundreds of megabytes.
    _HERE.base = base if len(base) * fragment.count("=") <= _MOST_ADDED else ""
    safe, parts = _pass(fragment)
    # What a parser repairs, it may repair again: misnested tables and links, the first line break of a <pre>.
    for _ in range(5):
        if is_settled(safe, parts[1::2]):
            return Safe(safe, _words_between(parts))
        if depth(parts[1::2]) > _DEEPEST:
            return _stripped(fragment)
        again, parts = _pass(safe)
        if again == safe:
            return Safe(safe, _words_between(parts))
        safe = again
    return _with_words(escape(plain_text(safe)))


def _stripped(fragment: str) -> Safe:
    """The words of what could not be parsed in good time."""
    return _with_words(escape(legal(unescape(_ANY_TAG.sub("", _BLOCK.sub("\n\n", fragment))))))


def _with_words(safe: str) -> Safe:
    return Safe(safe, plain_text(safe))


def _words_alone(text: str) -> str:
    """What the sanitiser makes of words without a tag or a reference."""
    text = legal(text).replace("\r\n", "\n").replace("\r", "\n")
    return paragraphs(text.replace(">", "&gt;").replace("\xa0", "&nbsp;").strip())


def _pass(fragment: str) -> tuple[str, list[str]]:
    """The fragment sanitised once, and the same as words and the names of tags by turns."""
    checked = "cite" in fragment or "poster" in fragment
    safe = _tidied((_CHECKING if checked else _PLAIN).clean(fragment))
    parts = _SAFE_TAG.split(safe)
    if "\n" not in safe or not _BREAKING.isdisjoint(parts[1::2]):
        return safe, parts
    if not checked:
        safe = _tidied(_CHECKING.clean(fragment))  # no line break in an attribute may become a paragraph
    safe = paragraphs(safe)
    return safe, _SAFE_TAG.split(safe)


def _tidied(safe: str) -> str:
    safe = legal(safe)
    return (_IMG.sub(_drop_pixel, safe) if "<img" in safe else safe).strip()


def is_too_deep(fragment: str) -> bool:
    """Whether more elements are open inside one another than can be parsed in good time (X-11, F13)."""
    if fragment.count("<") <= _DEEPEST:
        return False
    open_now: list[str] = []
    work = 0
    names = " ".join(_TAG_NAME.findall(fragment)).lower()
    for tag in names.split():
        if tag[0] != "/":
            if tag not in _NEVER_OPEN:
                open_now.append(tag)
                if len(open_now) > _DEEPEST:
                    return True
        elif open_now and open_now[-1] == tag[1:]:
            open_now.pop()
        elif open_now:
            work += len(open_now)
            if work > _MOST_OPEN:
                return True
            _close(open_now, tag[1:])
    return False


def _close(open_now: list[str], name: str) -> None:
    """Take out what an end tag ends that does not fit the last start tag."""
    inner = next((i for i in reversed(range(len(open_now))) if open_now[i] == name or open_now[i] in _WALLS), -1)
    if inner >= 0 and open_now[inner] == name:
        del open_now[inner:]


def plain_text(safe: str) -> str:
    """The words of a cleaned fragment: a line a block, entities resolved, no markup."""
    return _words_between(_SAFE_TAG.split(safe)) if "<" in safe else _lines(safe)


def _words_between(parts: list[str]) -> str:
    """The words of a cleaned fragment that is split at its tags, whose names it replaces."""
    if len(parts) == 1:
        return _lines(parts[0])
    try:
        parts[1::2] = [_BREAKS[tag] for tag in parts[1::2]]
    except KeyError:  # not from the sanitiser
        parts[1::2] = [_BREAKS.get(tag, "") for tag in parts[1::2]]
    text = "".join(parts)
    if _LINE_END in text:
        text = text.replace("\n", " ").replace(_LINE_END, "\n")  # its line breaks are white space, as in any HTML
    return _lines(text)


def _lines(text: str) -> str:
    """Text with references as lines without them, each without white space around it and with single spaces in it."""
    if "&" in text:
        text = _resolved(text)
    if "\xa0" in text:
        text = text.replace("\xa0", " ")
    for space in _RARE_SPACES:
        if space in text:
            return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))
    text = text.strip(" \n")
    if "\n" in text:
        text = _LINE_STARTS.sub("\n", text)
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return text.replace(" \n", "\n")


def _resolved(text: str) -> str:
    """The references of the sanitiser resolved, which writes four of them; of other texts any."""
    resolved, number = _WRITTEN.subn(lambda found: _MEANT[found[0]], text)
    return resolved if number == text.count("&") else unescape(text)


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
    if raw.isascii() and "<" not in raw and "&" not in raw:
        return " ".join(raw.split())
    text = raw = undoubled(raw)
    if is_html:
        text = _untagged(_ANY_TAG, raw)
    elif _SURE_TAG.search(raw):
        text = _untagged(_HTML_TAG, raw)
    if is_html or text != raw or _REFERENCE.search(text):
        text = unescape(text)
    return straight(" ".join(text.split()))


def _untagged(tags: re.Pattern[str], text: str) -> str:
    """Without tags, and without those that only stand together once others are gone: "<<b>script>"."""
    for _ in range(_MOST_ROUNDS):
        text, found = tags.subn("", text)
        if not found:
            return text
    return text.replace("<", "")


def straight(text: str) -> str:
    """One line of words that turns the direction of writing for itself only (F28, Unicode UAX 9).

    Overrides go, since no honest title needs them; embeddings and isolates end with the text that opened them.
    """
    if not _TURN.search(text):
        return text
    open_now: list[str] = []
    kept = []
    for one in _OVERRIDE.sub("", text):
        if one in _TURN_ENDS:
            open_now.append(_TURN_ENDS[one])
        elif one in _TURN_ENDS.values():
            if not open_now or open_now[-1] != one:
                continue
            open_now.pop()
        kept.append(one)
    return "".join([*kept, *reversed(open_now)])


def absolute(url: str, base: str = "") -> str:
    """A link as an absolute web address, or "" where it cannot be one."""
    if not url or is_plain_web_url(url):
        return url
    url = "".join(url.split()) if "\n" in url or "\t" in url else url.strip()
    if not url:
        return ""
    try:
        # "example.org/post" in a feed of example.org: a scheme was forgotten, nobody means a folder of that name.
        host = url.split("/", 1)[0] if base else ""
        if "." in host and host == urlsplit(base).hostname:
            url = "//" + url
        if len(url) < 9 and url.lower() in ("http:", "http://", "https:", "https://"):
            return ""  # a form that nobody filled in
        joined = urljoin(base, url) if base else url
    except ValueError:
        return ""
    joined = _UNFIT_FOR_URLS.sub(lambda found: f"%{ord(found[0]):02X}", joined)
    return joined if is_web_url(joined) else ""


def has_blocks(fragment: str) -> bool:
    """Whether a fragment has block elements or line breaks of its own."""
    return any(found[1].lower() in _BLOCKS for found in _ELEMENT.finditer(fragment))


def paragraphs(text: str, *, every_line: bool = False) -> str:
    """Text whose only structure is its blank lines (or, where asked and there are none, its lines), as paragraphs."""
    parts = _BLANK_LINE.split(text.replace("\r\n", "\n").strip())
    if len(parts) < 2 and every_line:
        parts = text.strip().splitlines()
    if len(parts) < 2:
        return text
    return "".join(f"<p>{part.strip()}</p>" for part in parts if part.strip())


class _Here(threading.local):
    """The base of the fragment that this thread cleans: a sanitiser for each base would cost more than its work."""

    base = ""


_HERE = _Here()


def _resolve(url: str) -> str | None:
    return absolute(url, _HERE.base) or None


def _check(tag: str, attribute: str, value: str) -> str | None:
    # The sanitiser knows href and src; poster and cite are ours to check.
    if attribute in ("poster", "cite"):
        return absolute(value, _HERE.base) or None
    return " ".join(value.split())


def _cleaner(*, checking: bool) -> nh3.Cleaner:
    """A sanitiser that asks `_check` for each attribute, or one without the attributes that need it, which is faster."""
    attributes = {tag: names - (set() if checking else {"poster", "cite"}) for tag, names in ATTRIBUTES.items()}
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=attributes,
        attribute_filter=_check if checking else None,
        url_schemes=_SCHEMES,
        url_relative=_resolve,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"img": {"referrerpolicy": "no-referrer"}},
    )


_PLAIN = _cleaner(checking=False)
_CHECKING = _cleaner(checking=True)


def _drop_pixel(match: re.Match[str]) -> str:
    tag = match[0]
    if "src=" not in tag or (('="1' in tag or '="0' in tag) and _TINY.search(tag)) or _COUNTED.search(tag):
        return ""
    return tag
