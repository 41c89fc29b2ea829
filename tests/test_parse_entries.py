"""What a document says of itself and of its entries: ids, links, words, people, dates, files."""

from __future__ import annotations

import pytest

from feeds.model import Author, Enclosure, Head
from tests.fakes import item, rss
from tests.test_parse import RDF, atom, entry, first, read


@pytest.mark.parametrize(
    ("said", "own_id", "origin", "permalink", "link"),
    [
        ("<guid>https://n.example/1</guid>", "https://n.example/1", "guid", True, "https://n.example/1"),
        ("<guid isPermaLink='true'>https://n.example/1</guid>", "https://n.example/1", "guid", True, "https://n.example/1"),
        ("<guid isPermaLink='false'>https://n.example/1</guid>", "https://n.example/1", "guid", False, ""),
        ("<guid ispermalink='False'>https://n.example/1</guid>", "https://n.example/1", "guid", False, ""),
        ("<guid>abc123</guid>", "abc123", "guid", False, ""),
        ("<guid>tag:n.example,2026:1</guid>", "tag:n.example,2026:1", "guid", False, ""),
        ("<guid> 17\n</guid>", "17", "guid", False, ""),
        ("<guid>https://n.example/?a=1&amp;b=2</guid>", "https://n.example/?a=1&b=2", "guid", True, "https://n.example/?a=1&b=2"),
        ("<guid><![CDATA[https://n.example/?a&b]]></guid>", "https://n.example/?a&b", "guid", True, "https://n.example/?a&b"),
        ("<guid>https://n.example/a b</guid>", "https://n.example/a b", "guid", True, "https://n.example/a%20b"),
        ("<guid>https://n.example/1</guid><link>https://n.example/2</link>", "https://n.example/1", "guid", True,
         "https://n.example/2"),
        ("<guid>17</guid><link>https://n.example/2</link>", "17", "guid", False, "https://n.example/2"),
        ("<link>https://n.example/2</link>", "https://n.example/2", "link", False, "https://n.example/2"),
        ("<guid></guid><link>https://n.example/2</link>", "https://n.example/2", "link", False, "https://n.example/2"),
    ],
)  # fmt: skip
def test_guids_and_permanent_links(said: str, own_id: str, origin: str, permalink: bool, link: str) -> None:
    """I-02, I-05: a guid is the id, and the link where it is a web address that nothing declares to be none; else the link is."""
    found = first(rss(f"<item><title>t</title>{said}</item>"))

    assert (found.id, found.id_origin, found.is_permalink, found.link) == (own_id, origin, permalink, link)


def test_ids_of_atom_and_rdf() -> None:
    """I-02: an Atom id and an rdf:about are the entry's id, never its link; without one the link is."""
    without = entry(1).replace("<id>tag:news.example,2026:1</id>", "")
    about = RDF.format('<item rdf:about="urn:x:1"><title>t</title><link>https://n.example/1</link></item>')

    assert [(one.id, one.id_origin) for one in read(atom(entry(2), without)).entries] == [
        ("tag:news.example,2026:2", "guid"), ("https://news.example/1", "link"),
    ]  # fmt: skip
    assert (first(about).id, first(about).link) == ("urn:x:1", "https://n.example/1")


def test_an_entry_without_id_and_link() -> None:
    """I-02, I-03, F17: neither guid nor link: title and date are the id, which an edit of the text does not change."""
    said = "<item><title>t</title><pubDate>Tue, 24 Nov 2026 02:01:00 GMT</pubDate><description>{}</description></item>"
    one, edited = first(rss(said.format("One."))), first(rss(said.format("Two.")))
    undated = read(
        rss(*(f"<item><title>t</title><description>{words}</description></item>" for words in ("One.", "Two.")))
    )

    assert one.id_origin == "hash"
    assert one.id == edited.id
    assert len({found.id for found in undated.entries}) == 2


def test_an_id_is_not_resolved() -> None:
    """I-04: an id that looks like a relative link stays as it was written, xml:base or not; the link is resolved."""
    said = '<entry xml:base="https://b.example/d/"><id>post/1</id><title>t</title><link href="1.html"/></entry>'
    found = first(atom(said, attributes='xml:base="https://news.example/"'))

    assert (found.id, found.link) == ("post/1", "https://b.example/d/1.html")


def test_an_id_is_not_taken_for_the_end_of_another() -> None:
    """I-04: two ids of which one ends as the other, in an odd spelling, stay two."""
    said = (
        "<item><guid isPermaLink='false'>post-<!-- x -->12</guid></item>",
        "<item><guid isPermaLink='false'>2</guid></item>",
    )

    assert [one.id for one in read(rss(*said)).entries] == ["post-12", "2"]


def test_one_guid_for_all() -> None:
    """I-06, F18: three items under one guid are three entries, and a note says what was done."""
    document = read(rss(*(item(number, guid="0") for number in (1, 2, 3))))

    assert [one.title for one in document.entries] == ["Entry 1", "Entry 2", "Entry 3"]
    assert any("3 items" in note for note in document.notes)


def test_the_newest_of_an_atom_entry() -> None:
    """I-06: of two Atom entries with one id the one updated later is kept."""
    newer = entry(2, title="<title>Edited</title>").replace("2026:2", "2026:1")

    assert [one.title for one in read(atom(entry(1), newer)).entries] == ["Edited"]


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("/rel/1", "https://news.example/rel/1"),
        ("rel/1?x=1&amp;y=2", "https://news.example/rel/1?x=1&y=2"),
        ("//cdn.example/1", "https://cdn.example/1"),
        ("news.example/1", "https://news.example/1"),
        (" https://news.example/1\n", "https://news.example/1"),
        ("javascript:alert(1)", ""),
        ("tag:news.example,2026:1", ""),
        ("mailto:nora@news.example", ""),
        ("https://", ""),
    ],
)
def test_links_of_items(written: str, link: str) -> None:
    """V-07, F24, X-27: a relative link starts from the site, or the feed; what is no web address is no link."""
    assert first(rss(item(1)).replace(b"<link>https://news.example/1<", f"<link>{written}<".encode())).link == link


def test_where_relative_links_start() -> None:
    """F24, V-07: RSS links and images start from the site, Atom ones from the document or its xml:base."""
    picture = "&lt;img src='i.png'&gt;"
    site = rss(f"<item><guid>1</guid><description>{picture}</description></item>").replace(
        b"news.example/<", b"www.example/sub/<"
    )
    plain = f'<entry><id>1</id><link href="1"/><content type="html">{picture}</content></entry>'

    assert 'src="https://www.example/sub/i.png"' in first(site).summary
    assert first(atom(plain), url="https://news.example/a/feed").link == "https://news.example/a/1"
    assert 'src="https://b.example/c/i.png"' in first(atom(plain, attributes='xml:base="https://b.example/c/"')).content


def test_a_redirector_is_not_the_link() -> None:
    """A-05: where the feed tells the original article beside a redirecting link, that is the link."""
    original = "<feedburner:origLink xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'>https://n.example/1</feedburner:origLink>"

    assert first(rss(f"<item><link>https://feeds.example/~r/1</link>{original}</item>")).link == "https://n.example/1"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Bridge &amp; river", "Bridge & river"),
        ("Bridge &amp;amp; river", "Bridge & river"),
        ("&lt;b&gt;Bold&lt;/b&gt; bridge", "Bold bridge"),
        ("<![CDATA[<i>Bold</i> &amp; new]]>", "Bold & new"),
        ("&lt;3 Deno", "<3 Deno"),
        ("Vec&lt;T&gt;", "Vec<T>"),
        ("&amp;lt;3 twice", "<3 twice"),
        ("&nbsp;a&eacute;", "aé"),
        ("grÃ¶ÃŸer", "größer"),
        ("lâ€™espion", "l’espion"),
        ("", ""),
    ],
)
def test_titles_of_items(written: str, title: str) -> None:
    """F25, F46, X-21: titles escaped once, twice or not at all, or encoded twice, come out as words."""
    assert first(rss(f"<item><guid>1</guid><title>{written}</title></item>")).title == title


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<title>How &lt;div&gt; works</title>", "How <div> works"),
        ('<title type="text">a &lt; b</title>', "a < b"),
        ('<title type="html">a &lt;b&gt;b&lt;/b&gt; &amp;lt;c&amp;gt;</title>', "a b <c>"),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b></div></title>', "a b"),
    ],
)
def test_titles_of_atom_entries(written: str, title: str) -> None:
    """F25, X-21: an Atom title is what its type says: text, escaped HTML, or XHTML."""
    assert first(atom(entry(1, title=written))).title == title


HOSTILE = "<script>alert(1)</script><p onclick='x'>Words</p><a href='javascript:x'>here</a><img src=x onerror=y><svg/onload=x>"


def test_markup_is_dangerous_nowhere() -> None:
    """X-20, F26: titles, summaries, contents, authors, categories, rights and the head are free of what runs."""
    evil = HOSTILE.replace("&", "&amp;").replace("<", "&lt;")
    parts = "".join(f"<{tag}>{evil}</{tag}>" for tag in ("category", "dc:creator", "dc:rights"))
    parts += f"<content:encoded>{evil}{evil}</content:encoded>"
    document = read(
        rss(item(1, title=evil, body=evil, extra=parts), title=evil, extra=f"<copyright>{evil}</copyright>")
    )
    found = document.entries[0]
    texts = [
        document.head.title,
        document.head.rights,
        found.title,
        found.authors[0].name,
        *found.categories,
        found.rights,
    ]

    assert found.summary.startswith("<p>Words</p><a rel=")
    assert not any(
        bad in found.summary + found.content for bad in ("script", "onclick", "onerror", "svg", "javascript")
    )
    assert not any("<" in text for text in texts)


def test_plain_text_is_escaped_not_obeyed() -> None:
    """X-21: an Atom text that speaks of tags keeps them as words; one that is HTML after all is cleaned."""
    spoken = first(atom(entry(1, extra='<content type="text">Use &lt;script&gt; with care &amp; love</content>')))
    careless = first(atom(entry(1, extra="<summary>&lt;p&gt;One&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;</summary>")))

    assert spoken.content == "Use &lt;script&gt; with care &amp; love"
    assert careless.summary == "<p>One</p>"


def test_summary_and_content() -> None:
    """A summary stands beside the content; where there is none, the first paragraph that is not the title is it."""
    body = (
        "<content:encoded>&lt;h2&gt;Entry 1&lt;/h2&gt;&lt;p&gt;The bridge was opened\nat noon.&lt;/p&gt;"
        "&lt;p&gt;More.&lt;/p&gt;</content:encoded>"
    )
    told = first(rss(item(1, body="A standfirst.", extra=body)))
    alone = first(rss(item(1, body="", extra=body)))

    assert (told.summary, told.text.split("\n")[0]) == ("A standfirst.", "A standfirst.")
    assert alone.summary == "The bridge was opened at noon."
    assert alone.text == "Entry 1\nThe bridge was opened at noon.\nMore."


def test_words_that_were_encoded_twice() -> None:
    """F46: a text that was encoded twice comes out as words, as its title does."""
    assert first(rss(item(1, body="&lt;p&gt;Die grÃ¶ÃŸte BrÃ¼cke â€“ neu&lt;/p&gt;"))).text == "Die größte Brücke – neu"


def test_a_long_description_is_the_content() -> None:
    """A description as long as an article is the content, and its first paragraph the summary."""
    found = first(rss(item(1, body=f"&lt;p&gt;The bridge was opened.&lt;/p&gt;&lt;p&gt;{'Words. ' * 200}&lt;/p&gt;")))

    assert found.summary == "The bridge was opened."
    assert found.content.startswith("<p>The bridge was opened.</p><p>Words.")


def test_a_summary_that_repeats_the_content_is_not_said_twice() -> None:
    """The same words as description and content are one text, once."""
    found = first(
        rss(item(1, body="The bridge was opened.", extra="<content:encoded>The bridge was opened.</content:encoded>"))
    )

    assert found.text == "The bridge was opened."


def test_the_author_box_moves_to_the_author() -> None:
    """What an author box in the content says stands with the author, not in the text that topics search."""
    box = "&lt;p&gt;About Nora Quill&lt;/p&gt;&lt;p&gt;Likes ferries.&lt;/p&gt;&lt;p&gt;View all posts by Nora Quill&lt;/p&gt;"
    found = first(
        rss(
            item(
                1,
                body=f"&lt;p&gt;Words.&lt;/p&gt;&lt;p&gt;More.&lt;/p&gt;{box}",
                extra="<dc:creator>Nora Quill</dc:creator>",
            )
        )
    )

    assert found.text == "Words.\nMore."
    assert found.authors == (Author(name="Nora Quill", bio="Likes ferries."),)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("<author>nora@news.com (Nora Quill)</author>", ["Nora Quill"]),
        ("<author>nora@paper.online (Nora Quill)</author>", ["Nora Quill"]),
        ("<author>Nora Quill &lt;nora@paper.press&gt;</author>", ["Nora Quill"]),
        ("<author>nora@paper.online</author>", []),
        ("<dc:creator>Nora Quill</dc:creator><dc:creator>Tom Reed</dc:creator>", ["Nora Quill", "Tom Reed"]),
        ("<author>Nora Quill</author><dc:creator>Nora Quill</dc:creator>", ["Nora Quill"]),
        ("<dc:creator>&lt;a href='x'&gt;Nora&lt;/a&gt; O&amp;#39;Reed</dc:creator>", ["Nora O'Reed"]),
        ("<dc:creator>https://news.example/nora</dc:creator>", []),
        ("<dc:creator> </dc:creator>", []),
        ("<dc:creator>Нора Квилл</dc:creator>", ["Нора Квилл"]),
    ],
)  # fmt: skip
def test_authors_of_items(said: str, names: list[str]) -> None:
    """A-06: names from author and dc:creator, each once, without mail addresses, links and markup."""
    assert [author.name for author in first(rss(item(1, extra=said))).authors] == names


def test_authors_of_atom_entries() -> None:
    """A-04, X-27: an entry's own authors with their pages; the feed's author stays with the feed."""
    people = "<author><name>Nora Quill</name><uri>https://n.example/nora</uri></author><author><name>Tom</name><uri>javascript:x</uri></author>"
    document = read(atom(entry(1, extra=people), entry(2), extra="<author><name>Desk</name></author>"))

    assert document.entries[0].authors == (Author(name="Nora Quill", url="https://n.example/nora"), Author(name="Tom"))
    assert document.entries[1].authors == ()
    assert document.head.authors == (Author(name="Desk"),)


def test_files_that_come_with_an_entry() -> None:
    """V-10: enclosures of RSS and Atom with absolute address, type and length; nonsense lengths are 0, unsafe addresses go."""
    said = '<enclosure url="/a.mp3" length=" 12 " type="audio/mpeg"/><enclosure url="https://c.example/b" length="-1"/>'
    found = first(rss(item(1, extra=said + '<enclosure url="javascript:x" length="1"/>' + said)))
    other = first(
        atom(entry(1, extra='<link rel="enclosure" href="/e.mp3" type="audio/mpeg" length="7" title="Talk"/>'))
    )

    assert found.enclosures == (
        Enclosure(url="https://news.example/a.mp3", type="audio/mpeg", length=12),
        Enclosure(url="https://c.example/b"),
    )
    assert other.enclosures == (Enclosure(url="https://news.example/e.mp3", type="audio/mpeg", length=7, title="Talk"),)
    assert other.link == "https://news.example/1"


def test_categories() -> None:
    """Categories come once each, as plain words, by their label where they have one."""
    said = "<category>Rivers</category><category>&lt;b&gt;Bridges&lt;/b&gt;</category><category> </category>" * 2

    assert first(rss(item(1, extra=said))).categories == ("Rivers", "Bridges")
    assert first(atom(entry(1, extra='<category term="r-1" label="Rivers"/>'))).categories == ("Rivers",)


def test_an_entry_that_brings_its_own_source() -> None:
    """A-10: the inner source of an entry is kept: atom:source whole, RSS source by name and address."""
    inner = (
        '<source><id>tag:i.example,2026:f</id><title>Inner</title><link rel="self" href="https://i.example/f"/>'
        '<link href="https://i.example/"/><author><name>Inner Desk</name></author><rights>CC</rights></source>'
    )
    found = first(atom(entry(1, extra=inner)))

    assert found.source == Head(
        title="Inner", id="tag:i.example,2026:f", url="https://i.example/f", site_url="https://i.example/",
        authors=(Author(name="Inner Desk"),), rights="CC",
    )  # fmt: skip
    assert found.authors == ()
    assert first(rss(item(1, extra='<source url="https://i.example/f">Inner</source>'))).source == Head(
        title="Inner", id="https://i.example/f", url="https://i.example/f"
    )
    assert first(rss(item(1, extra='<source url="javascript:x">Inner</source>'))).source == Head(title="Inner")
    assert first(rss(item(1, extra='<source url="javascript:x"/>'))).source is None
