"""The native reader of XML: the same tree as lxml's, or none at all; and all the same feeds without it."""

from __future__ import annotations

import subprocess
import sys
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from benchmarks.material import make_feed
from feeds import elements
from feeds.elements import Node
from feeds.trees import IS_NATIVE, grown
from tests.fakes import item, rss

MISSING = "the native reader is not built: install a C compiler and Python's headers (Debian: gcc python3-dev), then make test"


def test_it_is_built() -> None:
    """X-11: where tests are run, the native reader is there to be tested."""
    assert IS_NATIVE, MISSING


if IS_NATIVE:
    from feeds import nativexml


def by_lxml(body: bytes) -> etree._Element:
    """The root as lxml reads it with the settings of feeds/trees.py."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
        collect_ids=False, huge_tree=False,
    )  # fmt: skip
    return etree.fromstring(body, parser)


def said(element: Node | etree._Element) -> object:
    """All that a tree says, in a shape that can be compared."""
    return (
        element.tag, element.prefix, element.text or "", element.tail or "", [*element.items()], [said(one) for one in element]
    )  # fmt: skip


def agrees(body: bytes) -> bool:
    """Whether the native reader read it, and then as lxml did."""
    tree = nativexml.read_tree(body, lambda address: address.startswith("urn:"))
    if tree is None:
        return False
    root = by_lxml(body)
    assert said(tree.root) == said(root)
    assert tree.nsmap == root.nsmap
    assert tree.scoped == bool(root.xpath("boolean(/*/descendant::*/@xml:*)"))
    values = [value for element in root.iter() for _, value in element.items()]
    assert tree.controls or not elements.holds_control([*root.itertext(), *values])
    return True


@pytest.mark.parametrize(
    "body",
    [
        "<a/>",
        "<a></a >",
        '<?xml version="1.0"?>\n<a>x</a>\n',
        '<?xml version=\'1.0\' encoding="utf-8" standalone="yes" ?><!-- c --><?style x="y"?><a/><!-- d --><?p q?>',
        "<a b='1' c = \"2&quot;'\" d='a&#10;b\tc\r\nd\re'/>",
        "<a>x&lt;y&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;</a>",
        "<a>one<!-- two -->three<![CDATA[ <four> & ]]>five</a>",
        "<a><![CDATA[]]></a>",
        "<a><![CDATA[x]]]]><![CDATA[>]]></a>",
        "<a><![CDATA[only\rthis\r\n]]></a>",
        "<a>\r\n <b>x\ry</b>\r\n <b/>tail\n </a>",
        '<a xmlns="urn:a" xmlns:p="urn:p"><p:b p:c="1" c="2"><c xmlns="urn:c"><d/></c><d/></p:b></a>',
        '<p:a xmlns:p="urn:p"><p:b xmlns:p="urn:q"/><p:b/></p:a>',
        "<a xml:base='x'><b xml:lang='de'/></a>",
        "<a>Бишкек 比什凯克 😀 é\u0085</a>",
        "<a-b.c_d1><_x/></a-b.c_d1>",
        "<a>]] > ]></a>",
        "<a>" + "<b>" * 150 + "</b>" * 150 + "</a>",
    ],
)
def test_plain_documents_are_read_as_lxml_does(body: str) -> None:
    """X-11: texts, references, sections, line ends, attributes and namespaces come out the same."""
    assert agrees(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "x",
        "<a",
        "<a>",
        "<a></b>",
        "<a></ab>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        ' <?xml version="1.0"?><a/>',
        '<?xml version="1.1"?><a/>',
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "<a>&nbsp;</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFF;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999999999999;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>\x08</a>",
        "<a>\0</a>",
        "<a/>\0",
        "<a>\ufffe</a>",
        "<a>]]></a>",
        "<a><![CDATA[x</a>",
        "<a><!-- x -- y --></a>",
        "<a><!-- x --->",
        "<a b=1/>",
        "<a b='<'/>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b/>",
        "<a b='1",
        "<p:a/>",
        "<a p:b='1'/>",
        '<a xmlns:p=""/>',
        '<a xmlns="not plain"/>',
        '<a xmlns:p="urn:p" xmlns:q="urn:p" p:b="1" q:b="2"/>',
        '<a xmlns:xml="urn:x"/>',
        "<a:b:c xmlns:a='urn:a'/>",
        "<:a/>",
        "<é/>",
        "<1/>",
        "<a><?xml x?></a>",
        "<a><?pi x?></a>",
        "<a xml:id='x'/>",
        "<a " + " ".join(f"b{n}=''" for n in range(301)) + "/>",
        "<a>" + "<b>" * 250 + "</b>" * 250 + "</a>",
    ],
)
def test_whatever_is_not_plain_is_left_to_lxml(body: str) -> None:
    """X-10, X-11: nothing but a plain document is read; what lxml would refuse never is."""
    assert (
        nativexml.read_tree(body.encode("utf-8", "surrogatepass"), lambda address: address.startswith("urn:")) is None
    )


@pytest.mark.parametrize(
    "bad", [b"<a>\xff</a>", b"<a>\xed\xa0\x80</a>", b"<a b='\xc0\x80'/>", b"<a><!--\xff--></a>", b"<a>\xe2\x82"]
)
def test_bytes_that_are_not_utf8_are_left_to_lxml(bad: bytes) -> None:
    """F07: no byte is guessed."""
    assert nativexml.read_tree(bad, bool) is None


PIECES = st.sampled_from([
    "<a>", "</a>", "<b x='1'>", "</b>", "<p:c/>", "<br />", "text", " ", "\r\n", "&lt;", "&#x41;", "&#133;", "&bad;",
    "&", "<", ">", "]]>", "<![CDATA[", "<![CDATA[x]]>", "<!--", "-->", "<!-- y -->", "<?pi z?>", "é", "Мост", "\x85",
    "\x07", '"', "'", "=", " y='&amp;'", " xmlns='urn:d'", " xmlns:p='urn:e'", "<a", "/>", " xml:lang='ru'", "/", ":",
    "\0",
])  # fmt: skip


@settings(deadline=None, max_examples=600)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_never_read_what_lxml_refuses(inner: str) -> None:
    """X-14: of any mixture of tags, sections and references, either nothing is read or the same as by lxml."""
    for body in (f'<r xmlns:p="urn:p">{inner}</r>', f"<r>{inner}", inner):
        agrees(body.encode())


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_broken_document_is_read_as_lxml_does_or_not(data: st.DataObject) -> None:
    """X-14, F03: a real document with bytes cut, doubled or changed anywhere."""
    body = bytearray(make_feed(data.draw(st.integers(0, 14)), 2, 0).body)
    body = body[body.index(b"<", 1) :] if data.draw(st.booleans()) else body
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        end = min(len(body), at + data.draw(st.integers(0, 40)))
        body[at:end] = data.draw(
            st.sampled_from([b"", bytes(body[at:end]) * 2, b"<", b"&", b"\xff", b"]]>", b"\x00", b'"', b"/"])
        )
    agrees(bytes(body))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\x80\x85\x9f\n\t ÃÂ¼©"), max_size=30)


@given(st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner)))
def test_texts_are_judged_as_in_python(record: object) -> None:
    """F14, F46: the native forms of the small functions say what those in Python say."""
    assert nativexml.holds_control(record) == elements.holds_control(record)
    if isinstance(record, str):
        assert nativexml.mended(record) == elements.mended(record)


@given(st.text(st.sampled_from("abAB-о\u0130é"), max_size=12))
def test_words_are_found_as_in_python(text: str) -> None:
    """X-11: signs of author boxes are found in any case of their letters, and no longer than the text goes."""
    for needles in ((b"ab",), (b"aba", b"b-a"), (b"abab",)):
        assert nativexml.holds_any(text, needles) == elements.holds_any(text, needles)


ATTRIBUTES = st.dictionaries(st.sampled_from(["rel", "URL", "uri", "href", "type", "x"]), TEXTS)


@given(TEXTS, TEXTS, ATTRIBUTES)
def test_elements_are_judged_as_in_python(text: str, tail: str, said_of: dict[str, str]) -> None:
    """A-05: the text of an element and the attributes of a link, from either tree."""
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in said_of.items())
    body = f"<a{attributes}>{escape(text)}<b>x</b>{escape(tail)}</a>".replace("\x80", "").encode()
    for root in (grown(body).root, by_lxml(body)):  # type: ignore[union-attr] # both trees are there
        assert nativexml.text_of(root) == elements.text_of(root)  # type: ignore[arg-type] # lxml's element is one
        assert nativexml.attributes_of(root) == elements.attributes_of(root)  # type: ignore[arg-type] # the same


@pytest.mark.parametrize("name", ["test_parse.py", "test_wellformed.py"])
def test_all_is_read_without_it(name: str) -> None:
    """X-14: where no compiler was, the same tests of reading pass in Python alone."""
    hidden = "import sys; sys.modules['feeds.nativexml'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", hidden, "-q", "-p", "no:xdist", f"tests/{name}"], capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-2000:]
    assert " passed" in run.stdout


def test_a_feed_is_read_natively() -> None:
    """X-11: an ordinary feed is for the native reader, and is not handed on."""
    tree = grown(rss(item(1, title="Café")))

    assert tree is not None
    assert type(tree.root).__module__ == "feeds.nativexml"
