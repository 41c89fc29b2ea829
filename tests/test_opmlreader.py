"""Lists of feeds as other programs write them: what is read of them, and which line is to blame for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.opml import SETTINGS, Outline, write_opml
from feeds.opmlreader import DEEPEST, MOST_BYTES, MOST_OUTLINES, Listed, Reading, read_opml
from tests.fakes import NOON

A = 'xmlUrl="https://a.example/feed"'


def read(body: str, version: str = "2.0") -> Reading:
    """What stands in a list with this body, one line further down for each line break."""
    return read_opml(f'<?xml version="1.0"?>\n<opml version="{version}"><head/><body>\n{body}\n</body></opml>'.encode())


def only(body: str) -> Listed:
    """The one feed of a list without complaints."""
    reading = read(body)
    assert reading.complaints == ()
    (one,) = reading.feeds
    return one


def told(reading: Reading) -> list[tuple[int, str]]:
    """Complaints as lines and words."""
    return [(one.line, one.message) for one in reading.complaints]


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", ""])
def test_every_version_is_read(version: str) -> None:
    """O-02: OPML 1.0, 1.1 and 2.0, and one that does not say, are the same to us."""
    assert [one.url for one in read(f'<outline text="A" {A}/>', version).feeds] == ["https://a.example/feed"]


@pytest.mark.parametrize(
    "kind", ['type="rss"', 'type="RSS"', 'type="Atom"', 'type="pie"', "", 'type=""', 'type="link"']
)
def test_what_has_an_address_is_a_feed(kind: str) -> None:
    """O-02: the type is compared without case, and may be absent or odd where there is an xmlUrl."""
    assert only(f'<outline {kind} text="A" {A}/>').name == "A"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('text="Text" title="Title"', "Text"), ('title="Title"', "Title"), ('text="" title="Title"', "Title"), ("", ""),
        ('text="&lt;b&gt;Bold&lt;/b&gt; &amp;amp; &lt;i&gt;fine&lt;/i&gt;"', "Bold & fine"), ('text="A &lt; B"', "A < B"),
        ('text=" two \n lines "', "two lines"),
    ],
)  # fmt: skip
def test_names_are_plain_text(said: str, name: str) -> None:
    """O-02, O-05: the name is the text, else the title, else none; HTML in it is shown as text."""
    assert only(f"<outline {said} {A}/>").name == name


def test_other_spellings_of_attributes() -> None:
    """O-02: attributes are found in any case; those that we do not know are passed over."""
    one = only(
        '<outline TEXT="A" XMLURL=" https://a.example/feed " HtmlUrl="https://a.example/" Language="en" foo="bar"/>'
    )

    assert one == Listed(line=3, url="https://a.example/feed", name="A", site_url="https://a.example/", lang="en")


def test_folders_and_categories_become_tags() -> None:
    """O-02: the names of folders, outermost first, and the parts of categories are tags, each once."""
    folders = '<outline text="World"><outline title="Central  Asia">{}</outline></outline>'
    one = only(folders.format(f'<outline text="A" {A} category="/Defence/Air,World, plain"/>'))

    assert one.tags == ("World", "Central Asia", "Defence", "Air", "plain")


def test_folders_at_any_depth() -> None:
    """O-02, X-11: deep folders cost no recursion; the names of the first twenty are kept."""
    deep = 200
    one = only(
        "".join(f'<outline text="f{number}">' for number in range(deep)) + f"<outline {A}/>" + "</outline>" * deep
    )

    assert one.tags == tuple(f"f{number}" for number in range(DEEPEST))


def test_a_feed_may_hold_others() -> None:
    """O-02: an outline with an address is a feed; those inside it are feeds of its folder, in document order."""
    inner = '<outline text="B" xmlUrl="https://b.example/"/>'
    reading = read(f'<outline text="F"><outline text="A" {A}>{inner}</outline></outline><outline text="C" xmlUrl="c"/>')

    assert [(one.name, one.tags) for one in reading.feeds] == [("A", ("F",)), ("B", ("F",)), ("C", ())]


def test_each_bad_line_is_named_and_good_ones_are_kept() -> None:
    """O-02, O-03: what is no feed is told with its line: other lists, which are never asked for, recipes, no address; empty
    folders and what is commented out are passed over."""
    reading = read(
        f'<outline text="A" {A}/>\n'
        '<outline text="More" type="include" url="https://b.example/more.opml"/>\n'
        '<outline text="Page" type="HTML+XPath" xmlUrl="https://c.example/"/>\n'
        '<outline text="None" type="rss"/>\n'
        '<outline text="Empty"/><outline text="Was" isComment="true"><outline xmlUrl="https://d.example/"/></outline>\n'
        '<outline text="Z" xmlUrl="https://z.example/"/>'
    )

    assert [one.name for one in reading.feeds] == ["A", "Z"]
    assert [line for line, _ in told(reading)] == [4, 5, 6]
    assert [message.partition(":")[2] for _, message in told(reading)][1:] == [
        " html+xpath is a recipe for a page, not a feed", " there is no xmlUrl, so no feed",
    ]  # fmt: skip
    assert "https://b.example/more.opml is not read" in told(reading)[0][1]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1"]
)
def test_encodings(encoding: str) -> None:
    """O-05: UTF-8 and UTF-16 with and without mark, Windows-1252 and Latin-1 are read, lines counted the same."""
    declared = encoding.removesuffix("-sig")
    body = f'<?xml version="1.0" encoding="{declared}"?>\n<opml version="1.0"><body>\n<outline text="Café" {A}/>\n</body></opml>'

    reading = read_opml(body.encode(encoding))

    assert [(one.name, one.line) for one in reading.feeds] == [("Café", 3)]


@pytest.mark.parametrize(
    ("said", "name", "url"),
    [
        ('text="News & Views" xmlUrl="https://a.example/?a=1&b=2&copy=3"', "News & Views", "https://a.example/?a=1&b=2&copy=3"),
        ('text="1 &nbsp; 2" xmlUrl="https://a.example/"', "1 2", "https://a.example/"),
        ('text="<b>Bold</b> & fine" xmlUrl="https://a.example/"', "Bold & fine", "https://a.example/"),
        ("text='A \"B\" <i>C</i>' xmlUrl='https://a.example/'", 'A "B" C', "https://a.example/"),
    ],
)  # fmt: skip
def test_what_is_usually_wrong_is_mended(said: str, name: str, url: str) -> None:
    """O-05: a bare & and HTML that was not escaped are read as they were meant, without a complaint."""
    one = only(f"<outline {said}/>")

    assert (one.name, one.url) == (name, url)


def test_a_file_that_breaks_off_keeps_what_came_before() -> None:
    """O-03: of a file that is not well-formed the good lines are read, and the bad place is named."""
    reading = read_opml(
        f'<opml version="2.0"><body>\n<outline text="A" {A}/>\n<outline text="B" xmlUrl="https://b.exa'.encode()
    )

    assert [one.name for one in reading.feeds] == ["A"]
    assert told(reading)[0][0] == 3
    assert "not well-formed" in told(reading)[0][1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"words",
        b"<html><body>no</body></html>",
        b'<rss version="2.0"><channel/></rss>',
        b"{}",
        b"\0\1\2",
    ],
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    """O-03: a file that is no OPML has no feeds and one complaint, which says what to give instead."""
    reading = read_opml(body)

    assert reading.feeds == ()
    assert "there is no <opml> in it" in told(reading)[0][1]


BOMB = '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "doctype",
    [BOMB, '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE opml [<!ENTITY % p SYSTEM "http://h.example/">%p;]>'],
)  # fmt: skip
def test_declarations_are_refused(doctype: str) -> None:
    """X-10: a DTD that declares anything is refused with its line, so nothing expands and nothing is fetched."""
    reading = read_opml(
        f'<?xml version="1.0"?>\n{doctype}\n<opml><body><outline text="&x;&b;" {A}/></body></opml>'.encode()
    )

    assert reading.feeds == ()
    assert told(reading) == [(2, "a DTD with declarations is not read: remove it")]


def test_a_doctype_without_declarations_is_harmless() -> None:
    """X-10: a plain DOCTYPE is passed over, and what it points to is not fetched; lines are counted on."""
    reading = read_opml(
        f'<!DOCTYPE opml\n SYSTEM "http://127.0.0.1:1/opml.dtd">\n<opml><body><outline {A}/></body></opml>'.encode()
    )

    assert [(one.url, one.line) for one in reading.feeds] == [("https://a.example/feed", 3)]


def test_size_and_number_are_bounded() -> None:
    """O-03, X-11: a file that is too large is refused; of too many outlines the first are read, and that is said."""
    assert "larger than" in told(read_opml(b" " * (MOST_BYTES + 1)))[0][1]
    reading = read('<outline xmlUrl="a"/>' * (MOST_OUTLINES + 1))
    assert len(reading.feeds) == MOST_OUTLINES
    assert told(reading) == [(0, "only the first 50,000 outlines are read")]


def test_our_own_settings_are_read_back() -> None:
    """O-04: what only we understand is written in a namespace of ours, and read from it."""
    settings = {name: f"{name} of it" for name in SETTINGS}
    one = Outline(text="A", xml_url="https://a.example/feed", settings=settings)
    content = write_opml("List", NOON, [("Folder", [one])])

    assert b'xmlns:heliograph="tag:heliograph,2026:opml"' in content
    assert [found.settings for found in read_opml(content).feeds] == [settings]
    plain = write_opml("List", NOON, [("", [Outline(text="A", xml_url="https://a.example/feed")])])
    assert b"heliograph" not in plain


@settings(deadline=None)
@given(st.binary(max_size=400), st.text(max_size=50))
def test_any_bytes_are_read(noise: bytes, words: str) -> None:
    """X-14: whatever stands in a file, reading it ends with a Reading."""
    for body in (
        noise,
        b"<opml><body><outline " + noise + b"/></body></opml>",
        f'<opml><outline text="{words}"/>'.encode(),
    ):
        assert isinstance(read_opml(body), Reading)
