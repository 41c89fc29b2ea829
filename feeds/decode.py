"""A feed's bytes -> its characters, and only those that XML 1.0 allows.

In: bytes, the charset of the HTTP header. Out: text without its XML declaration's encoding, and notes.
Never: a guess that depends on which libraries are installed (feedparser asks chardet where it finds it).
"""

from __future__ import annotations

import codecs
import re
import zlib

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A document without a mark that begins with "<" or "{" shows its width in its first bytes (XML 1.0 appendix F).
_WIDTHS = (
    (re.compile(rb"(?:[ \t\r\n]\0\0\0)*[<{]\0\0\0"), "utf-32-le"),
    (re.compile(rb"(?:\0\0\0[ \t\r\n])*\0\0\0[<{]"), "utf-32-be"),
    (re.compile(rb"(?:[ \t\r\n]\0)*[<{]\0"), "utf-16-le"),
    (re.compile(rb"(?:\0[ \t\r\n])*\0[<{]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>\s*")
# What browsers read where a page says the left, since writers meant the right (WHATWG Encoding Standard section 4.2).
_MEANT = {
    "iso8859-1": "cp1252", "iso8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "iso8859-11": "cp874", "tis-620": "cp874",
}  # fmt: skip
# Encodings in which a body of ASCII alone is what it seems.
_ASCII_INSIDE = {
    "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-2", "iso-8859-9", "iso-8859-15", "latin1",
    "windows-1250", "windows-1251", "windows-1252", "windows-1254", "koi8-r", "gb2312", "gbk", "big5", "euc-jp", "euc-kr",
}  # fmt: skip
_REFUSED = {"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "mbcs", "oem"}
# Everything that XML 1.0 section 2.2 leaves out: C0 controls, surrogates, U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_C0 = bytes({*range(0x20)} - {*b"\t\n\r"})
# The semicolon may be missing and the number may have any length: feedparser reads those too.
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
# What the first two bytes of letters and punctuation become: "Ã¼", "Ð¸", "â€".
_DOUBLED = re.compile("[ÂÃÄÅÎÏÐÑØÙ][\u0080-\u00bf\u0152-\u2122]|â[€‚„][\u0080-\u00bf\u0152-\u2122]")
_PERHAPS_DOUBLED = re.compile(rb"\xc3(?:[\x82-\x85\x8e-\x91\x98\x99]|\xa2\xe2)")
_SHORT = 300  # what is printable is legal, and of names, titles and addresses that is the fastest to find out
_MOST_REFERENCES = 500_000  # more are left to the parsers, which refuse the illegal ones

MOST_BYTES = 20_000_000
MOST_PAGE_BYTES = 4_000_000
"""Larger web pages are no articles: those of news sites take one million bytes at most."""


def unpacked(body: bytes) -> bytes:
    """The body without a compression that no header told of (F05), never more than `MOST_BYTES` of it.

    gzip and zlib say what they are; a raw deflate stream is tried where the body does not look like text at all.
    """
    packed_start = body[:2]
    if packed_start == b"\x1f\x8b" or packed_start in (b"x\x01", b"x\x9c", b"x\xda"):
        return _inflate(body, 47) or body
    if body[:1] and not re.search(rb"[<{]", body[:1000]):
        return _inflate(body, -15) or body
    return body


def _inflate(body: bytes, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    try:
        return stream.decompress(body, MOST_BYTES)
    except zlib.error:
        return b""


def is_utf8(body: bytes, http_charset: str = "") -> bool:
    """Whether a body is XML that `decode` would surely read as UTF-8 if it is valid UTF-8, which the reader finds out."""
    start = body[:200].removeprefix(codecs.BOM_UTF8)
    if start[:1] not in b"<\t\r\n " or b"\0" in start:
        return False
    if not body.isascii():
        return True
    declared = _DECLARED.search(start)
    return {http_charset.lower(), declared[1].decode("ascii").lower() if declared else ""} <= _ASCII_INSIDE


def decode(body: bytes, http_charset: str = "") -> tuple[str, tuple[str, ...]]:
    """The body's text, cleaned of what no XML document may hold (F07, F08, F14), and what had to be mended.

    A byte order mark decides; then UTF-8 that is valid, or nearly so, with characters beyond ASCII, since other
    encodings practically never look like it; then the HTTP header, the XML declaration, UTF-8. In UTF-8 each byte that
    does not fit is read as Windows-1252, so that one bad byte costs one character, not the feed.
    """
    text, notes = _characters(body, http_charset)
    clean = legal(text)
    if len(clean) != len(text):
        notes.append(f"{len(text) - len(clean)} characters that XML does not allow were removed")
    clean = _DECLARATION.sub("", clean.lstrip("\ufeff"))
    if clean.count("&#") <= _MOST_REFERENCES:
        clean = _REFERENCE.sub(_legal_reference, clean)
    return clean, tuple(notes)


def decode_page(body: bytes, content_type: str) -> str:
    """A web page's text: the header's charset, else that of its meta element, else as `decode` finds."""
    told, meant = _HEADER_CHARSET.search(content_type), _META_CHARSET.search(body[:10_000])
    return decode(body, told[1] if told else meant[1].decode("ascii") if meant else "")[0]


def legal(text: str) -> str:
    """Only characters that XML 1.0 allows (V-09, X-14)."""
    if len(text) < _SHORT and text.isprintable():
        return text
    try:
        written = text.encode()
    except UnicodeEncodeError:  # half a surrogate
        text = text.encode("utf-8", "ignore").decode()
        written = text.encode()
    kept = written.translate(None, _C0)
    if len(kept) == len(written) and "\ufffe" not in text and "\uffff" not in text:
        return text
    return kept.decode().replace("\ufffe", "").replace("\uffff", "")


def undoubled(text: str) -> str:
    """Words as they were before UTF-8 was taken for Windows-1252 and encoded again; any others as they are (F46).

    feedparser mends what was taken for Latin-1. Only a text that is such UTF-8 throughout is touched: "«été»" is not.
    """
    # In UTF-8 all of them begin with one byte, which is found faster.
    if (
        text.isascii()
        or not _PERHAPS_DOUBLED.search(text.encode("utf-8", "surrogatepass"))
        or not _DOUBLED.search(text)
    ):
        return text
    try:
        return text.encode("cp1252", "heliograph-c1").decode("utf-8")
    except UnicodeError:
        return text


def _characters(body: bytes, http_charset: str) -> tuple[str, list[str]]:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), []
    for width, name in _WIDTHS:
        if width.match(body):
            return body.decode(name, "replace"), []
    marked = body.startswith(codecs.BOM_UTF8)
    body = body.removeprefix(codecs.BOM_UTF8)
    utf8 = _strict(body, "utf-8")
    if utf8 is not None and (marked or not body.isascii()):
        return utf8, []
    if utf8 is None and _nearly(body, "utf-8") is not None:
        return _mended(body)
    declared = _DECLARED.search(body[:2000])
    names = (http_charset, declared[1].decode("ascii") if declared else "")
    told = [codec for codec in map(_codec, names) if codec and codec != "utf-8"]
    for codec in told:
        text = _strict(body, codec)
        # .NET writes encoding="utf-16" into bytes that are not: in a wrong width no feed has a tag.
        if text is not None and ("<" in text or "{" in text):
            return text, []
    if utf8 is not None:
        return utf8, []
    for codec in told:
        text = _nearly(body, codec)
        if text is not None:
            return text, [f"the encoding is broken: bytes that are not {codec} were replaced"]
    return _mended(body)


def _nearly(body: bytes, codec: str) -> str | None:
    """The text where all but a stray or cut character is in this encoding: in a wrong one, most would not be."""
    text = body.decode(codec, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if beyond_ascii > 11 * text.count("\ufffd") else None


def _mended(body: bytes) -> tuple[str, list[str]]:
    note = "the encoding is broken: bytes that are not UTF-8 were read as Windows-1252"
    return body.decode("utf-8", "heliograph-cp1252"), [note]


def _strict(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (UnicodeError, LookupError):
        return None


def _codec(name: str) -> str | None:
    try:
        found = codecs.lookup(name.strip().lower())
    except (LookupError, ValueError):
        return None
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return _MEANT.get(found.name, found.name)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


def _c1_as_is(error: UnicodeError) -> tuple[bytes, int]:
    """The five bytes that Windows-1252 leaves open, as they are."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    try:
        return error.object[error.start : error.end].encode("latin-1"), error.end
    except UnicodeEncodeError:
        raise error from None


codecs.register_error("heliograph-cp1252", _as_cp1252)
codecs.register_error("heliograph-c1", _c1_as_is)


def _legal_reference(match: re.Match[str]) -> str:
    """A numeric reference as it stands where it names a legal character, else nothing (`&#xD800;` stops feedparser)."""
    digits = (match[1] or match[2]).lstrip("0")
    number = int(digits or "0", 16 if match[1] else 10) if len(digits) < 8 else 0
    return "" if number > 0x10FFFF or _ILLEGAL.match(chr(number)) else match[0]
