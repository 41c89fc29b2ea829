"""A feed's bytes -> its characters, and only those that XML 1.0 allows.

In: bytes, the charset of the HTTP header. Out: text without its XML declaration's encoding, and notes.
Never: a guess that depends on which libraries are installed (feedparser asks chardet where it finds it).
"""

from __future__ import annotations

import codecs
import re
import zlib

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A document without a mark that begins with "<" or "{" shows its width in its first bytes (XML 1.0 appendix F).
_WIDTHS = (
    (re.compile(rb"[<{]\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00\x00\x00[<{]"), "utf-32-be"),
    (re.compile(rb"[<{]\x00"), "utf-16-le"),
    (re.compile(rb"\x00[<{]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>\s*")
# What browsers read where a page says the left, since writers meant the right (WHATWG Encoding Standard section 4.2).
_MEANT = {
    "iso8859-1": "cp1252", "latin-1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252", "iso8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "iso8859-11": "cp874", "tis-620": "cp874",
}  # fmt: skip
_REFUSED = {"utf-7", "utf7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}
# Everything that XML 1.0 section 2.2 leaves out: C0 controls, surrogates, U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,16})|([0-9]{1,16}));")


MOST_BYTES = 20_000_000


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


def decode(body: bytes, http_charset: str = "") -> tuple[str, tuple[str, ...]]:
    """The body's text, cleaned of what no XML document may hold (F07, F08, F14), and what had to be mended.

    A byte order mark decides; then valid UTF-8 with at least one character beyond ASCII, since other encodings
    practically never look like it; then the HTTP header, the XML declaration, UTF-8. Where none fits, the text is
    UTF-8 and each byte that is not is read as Windows-1252, so that one bad byte costs one character, not the feed.
    """
    text, notes = _characters(body, http_charset)
    clean = _ILLEGAL.sub("", text)
    if len(clean) != len(text):
        notes.append(f"{len(text) - len(clean)} characters that XML does not allow were removed")
    return _REFERENCE.sub(_legal_reference, _DECLARATION.sub("", clean.lstrip("\ufeff"))), tuple(notes)


def _characters(body: bytes, http_charset: str) -> tuple[str, list[str]]:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), []
    start = body[:64].lstrip(b" \t\r\n")
    for width, name in _WIDTHS:
        if width.match(start):
            return body.decode(name, "replace"), []
    utf8 = _strict(body, "utf-8")
    if utf8 is not None and not body.isascii():
        return utf8, []
    declared = _DECLARED.match(body[:400])
    names = [http_charset, declared[1].decode("ascii") if declared else ""]
    for name in filter(None, names):
        codec = _codec(name)
        text = _strict(body, codec) if codec and codec != "utf-8" else None
        if text is not None:
            return text, []
    if utf8 is not None:
        return utf8, []
    return body.decode("utf-8", "heliograph-cp1252"), [
        "the encoding is broken: bytes that are not UTF-8 were read as Windows-1252"
    ]


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


codecs.register_error("heliograph-cp1252", _as_cp1252)


def _legal_reference(match: re.Match[str]) -> str:
    """A numeric reference as it stands where it names a legal character, else nothing (`&#xD800;` stops feedparser)."""
    number = int(match[1], 16) if match[1] else int(match[2])
    if number > 0x10FFFF or _ILLEGAL.match(chr(number)):
        return ""
    return match[0]
