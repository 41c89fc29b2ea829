# cython: language_level=3, boundscheck=False, wraparound=False
"""Well-formed XML in UTF-8 -> a tree of plain elements, in native code.

In: bytes without a DTD. Out: the tree, as lxml would give it, or None for all that is not plain.
Never: an error of its own, an entity, a DTD, a recursion, or a byte read behind the end of the body.

Where this reader has the least doubt, it gives up, and lxml decides: tests compare both. `bytes` always end with a NUL and
a body that holds one is declined first, so that a scan over characters of one kind stops at the end.
"""

import re

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(str)
    int PyUnicode_KIND(str)
    void* PyUnicode_DATA(str)

from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy, memset

cdef enum:
    DEEPEST = 200               # lxml refuses more than 256
    MOST_ATTRIBUTES = 300       # of one element, as in feeds/mend.py
    MOST_ELEMENTS = 400_000     # more would fill the memory
    MOST_DECLARATIONS = 1000    # of namespaces, in one document
    LONGEST_TEXT = 9_000_000    # lxml refuses more than 10 million
    LONGEST_NAME = 200
    NAMES = 512                 # names that are remembered at a time

cdef enum:                      # what a byte may be
    BEGINS = 1                  # a name
    GOES_ON = 2                 # inside a name
    SPACE = 4
    BREAKS = 8                  # to be looked at in an attribute's value: "&", "<", white space

cdef unsigned char LOWER[256]
cdef unsigned char KIND[256]
memset(KIND, 0, 256)
cdef int _code
for _code in range(256):
    LOWER[_code] = _code + 32 if 65 <= _code <= 90 else _code
for _code in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_":
    KIND[_code] = BEGINS | GOES_ON
for _code in b"0123456789.-":
    KIND[_code] = GOES_ON
for _code in b" \t\r\n":
    KIND[_code] = SPACE
for _code in b"&<\t\r\n":
    KIND[_code] |= BREAKS

# What XML 1.0 section 2.8 allows, in the order in which it must stand; who reads this has settled the encoding.
_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["'](?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*"""
    rb"""(?:"[A-Za-z][A-Za-z0-9._-]{0,40}"|'[A-Za-z][A-Za-z0-9._-]{0,40}'))?(?:[ \t\r\n]+standalone="(?:yes|no)")?[ \t\r\n]*\?>"""
)
cdef str XML_SPACE = "http://www.w3.org/XML/1998/namespace"
cdef str XML_ID = f"{{{XML_SPACE}}}id"
cdef str XMLNS_SPACE = "http://www.w3.org/2000/xmlns/"

ctypedef const unsigned char* Bytes


class _Declined(Exception):
    """For lxml."""


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Element:
    """An element: its name as `{namespace}local`, and the texts in it and directly behind it."""

    cdef readonly str tag
    cdef readonly str prefix
    cdef readonly str text
    cdef readonly str tail
    cdef list children
    cdef dict attributes

    def __len__(self):
        return 0 if self.children is None else len(self.children)

    def __iter__(self):
        return iter(() if self.children is None else self.children)

    def get(self, key, default=None):
        """The value of an attribute."""
        return default if self.attributes is None else self.attributes.get(key, default)

    def items(self):
        """Names and values of its attributes, in their order."""
        return [] if self.attributes is None else [*self.attributes.items()]


@cython.final
cdef class Tree:
    """A document. `scoped`: whether an element in the root has xml:base or its like; `controls`: whether a C1 control
    stands in a text or is referred to."""

    cdef readonly Element root
    cdef readonly dict nsmap
    cdef readonly bint scoped
    cdef readonly bint controls


cdef struct Name:
    Bytes start
    Py_ssize_t size
    int scope       # of the namespaces in which it was resolved
    int known       # where it stands in the list of resolved names


@cython.final
cdef class _Reader:
    cdef Bytes at
    cdef Bytes end
    cdef unsigned char* buffer     # where a text of several pieces is put together: no longer than the body
    cdef Py_ssize_t filled
    cdef Name names[NAMES]
    cdef list tags                 # of resolved names
    cdef list prefixes
    cdef list blanks               # white space that was met, by length
    cdef dict spaces               # prefix -> namespace, where we are
    cdef int scope
    cdef int scopes
    cdef object is_plain           # whether lxml takes an address of a namespace without complaint
    cdef Tree tree
    cdef Py_ssize_t name_size      # of the element that began last

    def __cinit__(self, bytes body, is_plain):
        self.at = <Bytes>PyBytes_AS_STRING(body)
        self.end = self.at + PyBytes_GET_SIZE(body)
        self.buffer = <unsigned char*>malloc(PyBytes_GET_SIZE(body) + 1)
        if self.buffer == NULL:
            raise MemoryError
        memset(self.names, 0, sizeof(self.names))
        self.tags, self.prefixes = [], []
        self.blanks = [None] * 64
        self.spaces = {"xml": XML_SPACE}
        self.is_plain = is_plain
        self.tree = Tree()

    def __dealloc__(self):
        free(self.buffer)

    cdef int check_characters(self) except -1:
        """No C0 control but white space; no U+FFFE, U+FFFF; whether there are C1 controls."""
        cdef Bytes at = self.at
        cdef Py_ssize_t i, n = self.end - self.at
        cdef unsigned char bad = 0
        for i in range(n):
            bad |= (at[i] < 32) & (at[i] != 9) & (at[i] != 10) & (at[i] != 13)
        if bad:
            raise _Declined
        while True:
            at = <Bytes>memchr(at, 0xEF, self.end - at)
            if at == NULL:
                break
            if at[1] == 0xBF and at[2] >= 0xBE:
                raise _Declined
            at += 1
        at = self.at
        while True:
            at = <Bytes>memchr(at, 0xC2, self.end - at)
            if at == NULL:
                break
            if at[1] < 0xA0:
                self.tree.controls = True
                break
            at += 1
        return 0

    cdef int blank(self) except -1:
        while KIND[self.at[0]] & SPACE:
            self.at += 1
        return 0

    cdef int expect(self, const char* word, Py_ssize_t size) except -1:
        if self.end - self.at < size or memcmp(self.at, word, size) != 0:
            raise _Declined
        self.at += size
        return 0

    cdef int misc(self) except -1:
        """White space, comments and processing instructions outside of the root."""
        cdef Bytes start
        while True:
            self.blank()
            if self.at[0] != c'<':
                return 0
            if self.at[1] == c'!':
                self.comment()
            elif self.at[1] == c'?':
                self.at += 2
                start = self.at
                while KIND[self.at[0]] & GOES_ON:
                    self.at += 1
                if not KIND[start[0]] & BEGINS or not KIND[self.at[0]] & SPACE or (start[0] | 32) == c'x' and (
                    (start[1] | 32) == c'm' and (start[2] | 32) == c'l' and start + 3 == self.at
                ):
                    raise _Declined
                start = self.at
                self.skip_to(b"?>", 2)
                self.check_skipped(start)
                self.at += 2
            else:
                return 0

    cdef int comment(self) except -1:
        cdef Bytes start
        self.expect(b"<!--", 4)
        start = self.at
        self.skip_to(b"--", 2)
        if self.at[2] != c'>':
            raise _Declined
        self.check_skipped(start)
        self.at += 3
        return 0

    cdef int skip_to(self, const char* mark, Py_ssize_t size) except -1:
        """Move to the next mark of so many bytes."""
        while True:
            self.at = <Bytes>memchr(self.at, mark[0], self.end - self.at)
            if self.at == NULL or self.end - self.at < size:
                raise _Declined
            if memcmp(self.at, mark, size) == 0:
                return 0
            self.at += 1

    cdef int check_skipped(self, Bytes start) except -1:
        """What is left out is text all the same: of bounded length, in UTF-8."""
        if self.at - start > LONGEST_TEXT:
            raise _Declined
        PyUnicode_DecodeUTF8(<char*>start, self.at - start, NULL)
        return 0

    cdef int reference(self, Bytes* where) except -1:
        """A reference at `where`, which moves behind it; its character goes into the buffer."""
        cdef Bytes at = where[0] + 1
        cdef unsigned int code = 0
        cdef int digits = 0
        cdef unsigned char one, c
        if at[0] == c'#':
            at += 1
            if at[0] == c'x':
                at += 1
                while digits < 8:
                    c = at[0]
                    if c'0' <= c <= c'9':
                        code = code * 16 + (c - c'0')
                    elif c'a' <= (c | 32) <= c'f':
                        code = code * 16 + ((c | 32) - c'a' + 10)
                    else:
                        break
                    digits += 1
                    at += 1
            else:
                while digits < 8 and c'0' <= at[0] <= c'9':
                    code = code * 10 + (at[0] - c'0')
                    digits += 1
                    at += 1
            if not digits or at[0] != c';' or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or 0xFFFE <= code <= 0xFFFF:
                raise _Declined
            if code < 32 and code != 9 and code != 10 and code != 13:
                raise _Declined
            if 0x80 <= code <= 0x9F:
                self.tree.controls = True
            where[0] = at + 1
            return self.put_character(code)
        if at[0] == c'l' and at[1] == c't' and at[2] == c';':
            one = c'<'
            at += 3
        elif at[0] == c'g' and at[1] == c't' and at[2] == c';':
            one = c'>'
            at += 3
        elif at[0] == c'a' and at[1] == c'm' and at[2] == c'p' and at[3] == c';':
            one = c'&'
            at += 4
        elif at[0] == c'q' and at[1] == c'u' and at[2] == c'o' and at[3] == c't' and at[4] == c';':
            one = c'"'
            at += 5
        elif at[0] == c'a' and at[1] == c'p' and at[2] == c'o' and at[3] == c's' and at[4] == c';':
            one = c"'"
            at += 5
        else:
            raise _Declined
        where[0] = at
        self.buffer[self.filled] = one
        self.filled += 1
        return 0

    cdef int put_character(self, unsigned int code) except -1:
        cdef unsigned char* out = self.buffer + self.filled
        if code < 0x80:
            out[0] = code
            self.filled += 1
        elif code < 0x800:
            out[0] = 0xC0 | code >> 6
            out[1] = 0x80 | code & 63
            self.filled += 2
        elif code < 0x10000:
            out[0] = 0xE0 | code >> 12
            out[1] = 0x80 | code >> 6 & 63
            out[2] = 0x80 | code & 63
            self.filled += 3
        else:
            out[0] = 0xF0 | code >> 18
            out[1] = 0x80 | code >> 12 & 63
            out[2] = 0x80 | code >> 6 & 63
            out[3] = 0x80 | code & 63
            self.filled += 4
        return 0

    cdef int put_raw(self, Bytes start, Bytes end) except -1:
        """Text without references; its line ends become line feeds (XML 1.0 section 2.11)."""
        cdef Bytes found
        while start < end:
            found = <Bytes>memchr(start, c'\r', end - start)
            if found == NULL:
                memcpy(self.buffer + self.filled, start, end - start)
                self.filled += end - start
                return 0
            memcpy(self.buffer + self.filled, start, found - start)
            self.filled += found - start
            self.buffer[self.filled] = c'\n'
            self.filled += 1
            start = found + 1
            if start[0] == c'\n':
                start += 1
        return 0

    cdef int put_text(self, Bytes start, Bytes end) except -1:
        """Text with references, of which escaped HTML is full: the commonest are known here."""
        cdef Bytes found
        cdef unsigned char one
        cdef Py_ssize_t size
        while start < end:
            found = <Bytes>memchr(start, c'&', end - start)
            if found == NULL:
                return self.put_raw(start, end)
            size = found - start
            if size and memchr(start, c'\r', size) != NULL:
                self.put_raw(start, found)
            elif size:
                memcpy(self.buffer + self.filled, start, size)
                self.filled += size
            start = found
            one = 0
            if found[2] == c't' and found[3] == c';':
                one = c'<' if found[1] == c'l' else c'>' if found[1] == c'g' else 0
            if one:
                self.buffer[self.filled] = one
                self.filled += 1
                start += 4
            else:
                self.reference(&start)
        return 0

    cdef str text_before_tag(self):
        """The text from here to the next tag, which may consist of several pieces."""
        cdef Bytes start, found, lt
        cdef Py_ssize_t size
        self.filled = 0
        while True:
            start = self.at
            lt = <Bytes>memchr(start, c'<', self.end - start)
            if lt == NULL:
                raise _Declined
            found = start
            while True:
                found = <Bytes>memchr(found, c']', lt - found)
                if found == NULL:
                    break
                if found[1] == c']' and found[2] == c'>':
                    raise _Declined
                found += 1
            self.at = lt
            if lt[1] == c'!':
                self.put_text(start, lt)
                if lt[2] == c'-':
                    self.comment()
                    continue
                self.expect(b"<![CDATA[", 9)
                start = self.at
                self.skip_to(b"]]>", 3)
                found = self.at
                self.at += 3
                if self.filled == 0 and self.at[0] == c'<' and self.at[1] != c'!' and (
                    memchr(start, c'\r', found - start) == NULL
                ):
                    return self.plain_text(start, found - start) if found > start else None
                self.put_raw(start, found)
                continue
            size = lt - start
            if self.filled == 0:
                if size == 0:
                    return None
                if memchr(start, c'&', size) == NULL and memchr(start, c'\r', size) == NULL:
                    return self.plain_text(start, size)
            self.put_text(start, lt)
            if self.filled > LONGEST_TEXT:
                raise _Declined
            return PyUnicode_DecodeUTF8(<char*>self.buffer, self.filled, NULL) if self.filled else None

    cdef str plain_text(self, Bytes start, Py_ssize_t size):
        """A text as it stands. White space between elements is the same again and again: it is one string."""
        cdef Py_ssize_t i
        cdef str blank
        cdef bytes raw
        if size > LONGEST_TEXT:
            raise _Declined
        if size < 64 and KIND[start[0]] & SPACE and KIND[start[size - 1]] & SPACE:
            for i in range(size):
                if not KIND[start[i]] & SPACE:
                    break
            else:
                known = self.blanks[size]
                if known is not None:
                    raw = known[0]
                    if memcmp(PyBytes_AS_STRING(raw), start, size) == 0:
                        return known[1]
                raw = start[:size]
                blank = raw.decode("ascii")
                self.blanks[size] = (raw, blank)
                return blank
        return PyUnicode_DecodeUTF8(<char*>start, size, NULL)

    cdef int skip_name(self) except -1:
        """Move behind a name with at most one prefix; others are declined, and names beyond ASCII."""
        cdef Bytes start = self.at
        if not KIND[start[0]] & BEGINS:
            raise _Declined
        while KIND[self.at[0]] & GOES_ON:
            self.at += 1
        if self.at[0] == c':':
            self.at += 1
            if not KIND[self.at[0]] & BEGINS:
                raise _Declined
            while KIND[self.at[0]] & GOES_ON:
                self.at += 1
        if self.at[0] >= 0x80 or self.at[0] == c':' or self.at - start > LONGEST_NAME:
            raise _Declined
        return 0

    cdef int resolved(self, Bytes start, Py_ssize_t size, bint is_attribute) except -1:
        """Where in `tags` the full name stands that these bytes mean here."""
        cdef int scope = self.scope * 2 + is_attribute
        cdef unsigned int slot = (size * 31 + start[0] * 7 + start[size - 1] * 131 + start[size >> 1] * 17 + scope) % NAMES
        cdef Name* name = &self.names[slot]
        cdef str written, prefix, local
        if name.size == size and name.scope == scope and memcmp(name.start, start, size) == 0:
            return name.known
        written = (<char*>start)[:size].decode("ascii")
        if ":" in written:
            prefix, local = written.split(":")
            if prefix not in self.spaces or (prefix == "xml" and not is_attribute):
                raise _Declined
            space = self.spaces[prefix]
        else:
            prefix, local = None, written
            space = None if is_attribute else self.spaces.get(None)
        name.start, name.size, name.scope, name.known = start, size, scope, len(self.tags)
        self.tags.append(f"{{{space}}}{local}" if space else local)
        self.prefixes.append(prefix)
        return name.known

    cdef str value(self):
        """The value of an attribute, which begins here with its quotation mark (XML 1.0 section 3.3.3)."""
        cdef unsigned char mark = self.at[0]
        cdef Bytes start, found, end
        if mark != c'"' and mark != c"'":
            raise _Declined
        self.at += 1
        start = self.at
        end = <Bytes>memchr(start, mark, self.end - start)
        if end == NULL or end - start > LONGEST_TEXT:
            raise _Declined
        self.at = end + 1
        found = start
        while not KIND[found[0]] & BREAKS and found < end:
            found += 1
        if found == end:
            return PyUnicode_DecodeUTF8(<char*>start, end - start, NULL)
        memcpy(self.buffer, start, found - start)
        self.filled = found - start
        while found < end:
            if found[0] == c'&':
                self.reference(&found)
                continue
            if found[0] == c'<':
                raise _Declined
            if found[0] == c'\r' and found[1] == c'\n':
                found += 1
            self.buffer[self.filled] = c' ' if KIND[found[0]] & SPACE else found[0]
            self.filled += 1
            found += 1
        return PyUnicode_DecodeUTF8(<char*>self.buffer, self.filled, NULL)

    cdef int declare(self, dict declared, Bytes start, Py_ssize_t size, str space) except -1:
        cdef str prefix = None
        if size > 5:
            prefix = (<char*>start + 6)[: size - 6].decode("ascii")
        if prefix in declared or prefix == "xml" or prefix == "xmlns" or not space or space in (XML_SPACE, XMLNS_SPACE):
            raise _Declined
        if not self.is_plain(space):
            raise _Declined
        declared[prefix] = space
        return 0

    cdef Element element(self, bint is_root):
        """The element whose start tag begins here, and the namespaces that it declares; `at` is behind its attributes."""
        cdef Element found = Element.__new__(Element)
        cdef Bytes start, name
        cdef Py_ssize_t size
        cdef dict declared = None
        cdef int count = 0, i, known
        cdef str value
        cdef Bytes starts[MOST_ATTRIBUTES]
        cdef Py_ssize_t sizes[MOST_ATTRIBUTES]
        cdef list values = None
        self.at += 1
        name = self.at
        self.skip_name()
        self.name_size = self.at - name
        while True:
            if self.at[0] == c'>' or self.at[0] == c'/':
                break
            if not KIND[self.at[0]] & SPACE:
                raise _Declined
            self.blank()
            if self.at[0] == c'>' or self.at[0] == c'/':
                break
            start = self.at
            self.skip_name()
            size = self.at - start
            self.blank()
            if self.at[0] != c'=':
                raise _Declined
            self.at += 1
            self.blank()
            value = self.value()
            if size >= 5 and memcmp(start, b"xmlns", 5) == 0 and (size == 5 or start[5] == c':'):
                if declared is None:
                    declared = {}
                self.declare(declared, start, size, value)
                continue
            if count == MOST_ATTRIBUTES:
                raise _Declined
            starts[count], sizes[count] = start, size
            count += 1
            if values is None:
                values = []
            values.append(value)
        if declared is not None:
            self.spaces = self.spaces | declared
            self.scopes += 1
            self.scope = self.scopes
            if self.scopes > MOST_DECLARATIONS or len(self.spaces) > MOST_DECLARATIONS:
                raise _Declined
            if is_root:
                self.tree.nsmap = declared
        known = self.resolved(name, self.name_size, False)
        found.tag = self.tags[known]
        found.prefix = self.prefixes[known]
        if count:
            found.attributes = {}
            for i in range(count):
                known = self.resolved(starts[i], sizes[i], True)
                key = self.tags[known]
                if key in found.attributes:
                    raise _Declined
                if sizes[i] > 4 and memcmp(starts[i], b"xml:", 4) == 0:
                    self.tree.scoped = self.tree.scoped or not is_root
                    if key == XML_ID:
                        raise _Declined
                found.attributes[key] = values[i]
        return found

    cdef Tree read(self, Py_ssize_t start):
        cdef Element now = None, last = None, found
        cdef list outer = []
        cdef str text
        cdef Bytes names[DEEPEST]
        cdef Py_ssize_t sizes[DEEPEST]
        cdef int scopes[DEEPEST]
        cdef list spaces = []
        cdef int depth = 0
        cdef long count = 0
        cdef dict outside
        cdef int outside_scope
        self.check_characters()
        self.tree.nsmap = {}
        self.at += start
        self.misc()
        while True:
            # Here a tag begins, or the document is not plain.
            if self.at[0] != c'<':
                raise _Declined
            if self.at[1] == c'/':
                if depth == 0:
                    raise _Declined
                self.at += 2
                if self.end - self.at <= sizes[depth - 1] or memcmp(self.at, names[depth - 1], sizes[depth - 1]) != 0:
                    raise _Declined
                self.at += sizes[depth - 1]
                self.blank()
                if self.at[0] != c'>':
                    raise _Declined
                self.at += 1
                depth -= 1
                last = now
                now = outer.pop()
                if self.scope != scopes[depth]:
                    self.scope = scopes[depth]
                    self.spaces = spaces[depth]
                spaces.pop()
            else:
                count += 1
                if depth == DEEPEST or count > MOST_ELEMENTS:
                    raise _Declined
                outside, outside_scope = self.spaces, self.scope
                names[depth] = self.at + 1
                found = self.element(depth == 0)
                if now is None:
                    if self.tree.root is not None:
                        raise _Declined
                    self.tree.root = found
                elif now.children is None:
                    now.children = [found]
                else:
                    now.children.append(found)
                if self.at[0] == c'/':
                    if self.at[1] != c'>':
                        raise _Declined
                    self.at += 2
                    self.spaces, self.scope = outside, outside_scope
                    last = found
                else:
                    self.at += 1
                    sizes[depth] = self.name_size
                    scopes[depth] = outside_scope
                    spaces.append(outside)
                    outer.append(now)
                    now = found
                    last = None
                    depth += 1
            if depth == 0:
                self.misc()
                if self.at != self.end:
                    raise _Declined
                return self.tree
            text = self.text_before_tag()
            if text is not None:
                if last is None:
                    now.text = text
                else:
                    last.tail = text


def read_tree(bytes body not None, is_plain):
    """The tree of a document, or None where it is not plain. `is_plain(address)` says whether lxml takes the address of
    a namespace without complaint."""
    declaration = _DECLARATION.match(body)
    try:
        return (<_Reader>_Reader(body, is_plain)).read(declaration.end() if declaration else 0)
    except (_Declined, UnicodeDecodeError):
        return None


def text_of(element):
    """As `feeds.elements.text_of`, also for an element of lxml."""
    cdef Element own, part
    cdef str text
    if type(element) is Element:
        own = <Element>element
        text = own.text
        if own.children is not None:
            text = (text or "") + "".join([part.tail or "" for part in own.children])
        if text is None:
            return ""
        return mended(text.strip())
    text = element.text
    if len(element):
        text = (text or "") + "".join([other.tail or "" for other in element])
    return mended(text.strip()) if text else ""


def attributes_of(element):
    """As `feeds.elements.attributes_of`, also for an element of lxml."""
    cdef dict found = {}
    cdef str key, value
    for written, value in element.items() if type(element) is not Element else (<Element>element).attributes.items() if (
        (<Element>element).attributes is not None
    ) else ():
        key = written.lower()
        found[key] = value.lower() if key == "rel" or key == "type" else value
    href = found.get("url") or found.get("uri") or found.get("href")
    if href:
        found["href"] = href
    return found


cpdef str mended(str text):
    """As `feeds.elements.mended`: only a text of characters up to U+00FF can have been encoded twice."""
    if PyUnicode_IS_ASCII(text) or PyUnicode_KIND(text) != 1:
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


cpdef bint has_control(str text):
    """Whether a C1 control stands in a text."""
    cdef Py_ssize_t i, n = len(text)
    cdef int kind = PyUnicode_KIND(text)
    cdef void* data = PyUnicode_DATA(text)
    cdef bint found = False
    if PyUnicode_IS_ASCII(text):
        return False
    if kind == 1:
        for i in range(n):
            found |= ((<unsigned char*>data)[i] & 0xE0) == 0x80
    elif kind == 2:
        for i in range(n):
            found |= ((<unsigned short*>data)[i] & 0xFFE0) == 0x80
    else:
        for i in range(n):
            found |= ((<unsigned int*>data)[i] & 0xFFFFFFE0) == 0x80
    return found


cdef inline unsigned char upper(unsigned char c) noexcept:
    return c - 32 if 97 <= c <= 122 else c


def holds_any(str text not None, tuple needles not None):
    """Whether any of these, in lower-case ASCII, stands in a text, whatever the case of its ASCII letters.

    Raises UnicodeEncodeError for a text with half a surrogate.
    """
    cdef Py_ssize_t size, at, k, n = len(needles)
    cdef const char* body = PyUnicode_AsUTF8AndSize(text, &size)
    cdef const char* words[64]
    cdef Py_ssize_t sizes[64]
    cdef unsigned long long firsts[256]    # which words begin with a letter, a bit each
    cdef unsigned long long seconds[256]
    cdef unsigned long long met
    cdef Py_ssize_t i
    if n > 64 or any(len(needle) < 2 for needle in needles):
        raise ValueError("at most 64 words, of two letters and more")
    memset(firsts, 0, sizeof(firsts))
    memset(seconds, 0, sizeof(seconds))
    for i in range(n):
        words[i] = PyBytes_AS_STRING(needles[i])
        sizes[i] = PyBytes_GET_SIZE(needles[i])
        firsts[<unsigned char>words[i][0]] |= 1ULL << i
        firsts[upper(words[i][0])] |= 1ULL << i
        seconds[<unsigned char>words[i][1]] |= 1ULL << i
        seconds[upper(words[i][1])] |= 1ULL << i
    for at in range(size - 1):
        met = firsts[<unsigned char>body[at]] & seconds[<unsigned char>body[at + 1]]
        if not met:
            continue
        for i in range(n):
            if not met >> i & 1 or at + sizes[i] > size:
                continue
            k = 2
            while k < sizes[i] and LOWER[<unsigned char>body[at + k]] == <unsigned char>words[i][k]:
                k += 1
            if k >= sizes[i]:
                return True
    return False


def walk(dict acts, descend, reader, context, Element parent, depth):
    """Do for each child what `acts` says of its name; for one that is not in it, `reader.known` tells."""
    cdef Element child
    cdef tuple known
    if parent.children is None:
        return
    for child in parent.children:
        known = <tuple>acts.get(child.tag)
        if known is None:
            known = reader.known(child)
        act = known[0]
        if act is None or (act is descend and child.children is None):
            continue
        act(reader, context, child, depth, known[1])


cpdef bint holds_control(said):
    """Whether a C1 control stands in any text of a record."""
    if type(said) is str:
        return has_control(<str>said)
    if type(said) is dict:
        for value in (<dict>said).values():
            if holds_control(value):
                return True
    elif type(said) is list:
        for value in <list>said:
            if holds_control(value):
                return True
    return False
