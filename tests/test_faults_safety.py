"""Documents and addresses meant to harm: entities, markup, addresses of this machine, names that change their answer.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.fakes import item, rss
from tests.faultserver import FaultServer, good, page, redirect
from tests.stage import FOUR, Stage, brought, failed

ATOM = "{http://www.w3.org/2005/Atom}"
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
SECRET = "a secret that no feed may read"


def with_dtd(dtd: str, *items: str) -> bytes:
    """A feed with a document type."""
    return rss(*items).replace(b"<rss", f"<!DOCTYPE rss {dtd}>".encode() + b"<rss", 1)


def test_f11_a_billion_laughs(stage: Stage) -> None:
    """F11, X-10: entities of entities are not expanded; the entries beside them are read."""
    line = stage.poll(page(with_dtd(f'[<!ENTITY l0 "ha">{LAUGHS}]', item(5, title="&l9;"), item(6, title="Sober"))))

    assert line.outcome == "fetched"
    assert "Sober" in stage.titles()
    assert max(map(len, stage.titles())) < 100
    stage.mends()


def test_f11_a_quadratic_blow_up(stage: Stage) -> None:
    """F11, X-10: one long entity named many thousand times does not grow either."""
    body = with_dtd(f'[<!ENTITY a "{"x" * 50_000}">]', item(5, title="&a;" * 5000), item(6, title="Sober"))
    line = stage.poll(page(body))

    assert line.outcome == "fetched"
    assert "Sober" in stage.titles()
    assert max(map(len, stage.titles())) < 50_000
    stage.mends()


@pytest.mark.parametrize("reach", ["file", "http", "parameter", "doctype", "xinclude", "stylesheet"])
def test_f12_external_entities(stage: Stage, tmp_path: Path, reach: str) -> None:
    """F12, X-10: no file is opened and no address asked for a DTD, an entity, an XInclude or a stylesheet."""
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    with FaultServer({"/x": page(SECRET.encode())}) as other:
        address = {"file": secret.as_uri()}.get(reach, other.url("/x"))
        dtd = {
            "file": f'[<!ENTITY x SYSTEM "{address}">]', "http": f'[<!ENTITY x SYSTEM "{address}">]',
            "parameter": f'[<!ENTITY % p SYSTEM "{address}"> %p;]', "doctype": f'SYSTEM "{address}"',
        }.get(reach, "")  # fmt: skip
        body = (
            with_dtd(dtd, item(5, title="Before &x; after", body="&x;")) if dtd else rss(item(5, title="Before after"))
        )
        if reach == "xinclude":
            include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
            body = rss(item(5, title="Before after", extra=include))
        if reach == "stylesheet":
            body = body.replace(b"<rss", f'<?xml-stylesheet href="{address}" type="text/xsl"?><rss'.encode(), 1)
        line = stage.poll(page(body))
        assert other.requests == []

    brought(line, 1)
    assert stage.titles()[3].startswith("Before")
    assert SECRET.encode() not in stage.published()
    stage.mends()


@pytest.mark.parametrize(
    ("extra", "written", "read"),
    [
        ("", "/a/1", "https://news.example/a/1"),
        ("", "a/1?x=1#y", "https://news.example/a/1?x=1#y"),
        ("", "//cdn.example/1", "https://cdn.example/1"),
        ("", "news.example/1", "https://news.example/1"),
        ("", "https://news.example/ä b", "https://news.example/ä%20b"),
        ("", "tag:news.example,2026:1", ""),
        ("", "javascript:alert(1)", ""),
    ],
)
def test_f24_links_that_are_not_whole(stage: Stage, extra: str, written: str, read: str) -> None:
    """F24, V-07: a relative link starts from the site; what is no web address is no link."""
    body = rss(f"<item><title>T</title><guid isPermaLink='false'>g</guid><link>{written}</link>{extra}</item>")
    brought(stage.poll(page(body)), 1)
    assert stage.entry("g").link == read
    stage.mends()


def test_f24_a_base_on_an_entry_and_one_from_before_a_redirect(stage: Stage) -> None:
    """F24, V-07: xml:base of an entry holds for its links; without one, the address where the redirects ended."""
    entries = (
        '<entry><id>tag:b</id><title>B</title><link href="b/1"/><updated>2026-11-24T02:00:00Z</updated></entry>'
        '<entry xml:base="https://base.example/deep/"><id>urn:a</id><title>A</title><link href="1"/><updated>2026-11-24T01:00:00Z'
        '</updated><content type="html">&lt;a href="two"&gt;x&lt;/a&gt;</content></entry>'
    )
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:f</id>{entries}</feed>'.encode()
    stage.follow("moved", "https://old.example/feed")
    stage.server.pages["old.example/feed"] = redirect("https://new.example/blog/feed.atom")
    stage.server.pages["new.example/blog/feed.atom"] = good(atom)
    brought(stage.poll(slug="moved", world=True), 2)

    assert stage.entry("urn:a", "moved").link == "https://base.example/deep/1"
    assert 'href="https://base.example/deep/two"' in stage.entry("urn:a", "moved").content
    assert stage.entry("tag:b", "moved").link == "https://new.example/blog/b/1"


def test_f24_a_base_holds_for_its_own_entry_only(stage: Stage) -> None:
    """F24, V-07: an entry behind one with an xml:base starts its links from the document again."""
    entries = (
        '<entry xml:base="https://base.example/deep/"><id>urn:a</id><title>A</title><link href="1"/>'
        "<updated>2026-11-24T01:00:00Z</updated></entry>"
        '<entry><id>tag:b</id><title>B</title><link href="b/1"/><updated>2026-11-24T02:00:00Z</updated></entry>'
    )
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:f</id>{entries}</feed>'.encode()
    stage.follow("based", "https://new.example/blog/feed.atom")
    stage.server.pages["new.example/blog/feed.atom"] = good(atom)
    brought(stage.poll(slug="based", world=True), 2)

    assert stage.entry("urn:a", "based").link == "https://base.example/deep/1"
    assert stage.entry("tag:b", "based").link == "https://new.example/blog/b/1"


HOSTILE = [
    "<script>alert(1)</script>", '<img src="x" onerror="alert(1)">', '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>', '<a href="java\tscript:alert(1)">x</a>', "<svg><script>alert(1)</script></svg>",
    '<svg onload="alert(1)">', '<math><mi xlink:href="javascript:alert(1)">', '<iframe srcdoc="<script>alert(1)</script>">',
    '<img srcset="javascript:alert(1) 1x">', '<form action="javascript:alert(1)"><button>',
    "<style>*{background:url(javascript:alert(1))}</style>",
    '<object data="data:text/html,<script>alert(1)</script>">', '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", '<base href="javascript:alert(1)//">',
]  # fmt: skip


ACTING = ("<script", "onerror=", "onload=", "javascript:", "srcdoc", "srcset", "<svg", "<form", "data:text")


@pytest.mark.parametrize("markup", HOSTILE)
def test_f26_markup_that_acts(stage: Stage, markup: str) -> None:
    """F26, X-20, X-21: scripts, handlers and their schemes are gone from every field of what we publish."""
    cdata = f"<![CDATA[Words {markup}]]>"
    one = (
        f"<item><guid isPermaLink='false'>g</guid><title>{cdata}</title><description>{cdata}</description><dc:creator>{cdata}"
        f"</dc:creator><category>{cdata}</category><link><![CDATA[javascript:alert(1)]]></link></item>"
    )
    brought(stage.poll(page(rss(one, title="News"))), 1)
    held = stage.entry("g")

    for html in (held.summary, held.content):
        lower = html.lower()
        assert [bad for bad in ACTING if bad in lower] == []
    assert held.link == ""
    for form in ("atom", "rss"):
        root = ElementTree.fromstring(stage.published(form))
        hrefs = [value for node in root.iter() for name, value in node.attrib.items() if name in ("href", "url", "src")]
        assert not any("script:" in value.lower() for value in hrefs)
    stage.mends()


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
@pytest.mark.parametrize(
    "written",
    ["a ]]> b", '<?xml-stylesheet href="javascript:x"?>', "<!DOCTYPE x [<!ENTITY y 'z'>]> &y;", "&amp;lt;b&amp;gt;",
     "</script><script>x</script>", "\u2028\u2029", "</title></entry></feed>"],
)  # fmt: skip
def test_f27_words_that_would_break_our_output(stage: Stage, written: str, form: str) -> None:
    """F27, V-09, J-04: whatever a title or text says, our feed is one well-formed document with those words as words."""
    escaped = written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    brought(stage.poll(page(rss(item(5, title=f"T {escaped} T", body=f"B {escaped} B")))), 1)
    out = stage.published(form)

    if form == "json":
        assert len(json.loads(out)["items"]) == 4
    else:
        root = ElementTree.fromstring(out)
        assert len([*root.iter(f"{ATOM}entry"), *root.iter("item")]) == 4
        assert b"<?xml-stylesheet" not in out
        assert b"<!ENTITY" not in out
    stage.mends()


@pytest.mark.parametrize("odd", ["\u202e", "\u202d", "\u2067", "\u202b"])
def test_f28_bidi_overrides_in_a_title(stage: Stage, odd: str) -> None:
    """F28: a title that turns the direction of writing turns its own words only: nothing stays open behind its end."""
    brought(stage.poll(page(rss(item(5, title=f"Safe {odd}gpj.exe")))), 1)
    title = stage.entry("id-5").title

    opened = sum(title.count(one) for one in "\u202a\u202b\u202d\u202e")
    isolated = sum(title.count(one) for one in "\u2066\u2067\u2068")
    assert (title.count("\u202c"), title.count("\u2069")) == (opened, isolated)
    assert "\u202e" not in title
    assert "\u202d" not in title
    stage.mends()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/",
        "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://168.63.129.16/", "http://10.0.0.1/", "http://0.0.0.0/",
        "gopher://news.example/", "ftp://news.example/feed", "http://news.example:22/", "http://[::1",
    ],
)  # fmt: skip
def test_f32_addresses_that_no_feed_has(stage: Stage, url: str) -> None:
    """F32, X-02, X-03, X-04: an address of the machine's own network, another scheme or port is refused without a connection."""
    stage.follow("inner", url)
    failed(stage.poll(slug="inner"), "forbidden-address")
    assert stage.kept("inner") == []


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "user@127.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1.",
     "localhost.localdomain", "１２７.0.0.1", "0177.0.0.1"],
)  # fmt: skip
def test_f32_this_machine_under_any_spelling(stage: Stage, spelling: str) -> None:
    """F32, X-01, X-03: a source that may not be private never reaches a server of this machine, however it is written."""
    before = len(stage.server.requests)
    stage.follow("inner", stage.server.url("/feed", host=spelling), may_be_private=False)
    line = stage.poll(slug="inner")

    assert line.kind in ("forbidden-address", "dns")
    failed(line, line.kind)
    assert len(stage.server.requests) == before


@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/latest/", "http://127.0.0.1:{port}/secret", "http://localhost:{port}/secret", "file:///etc/passwd",
     "gopher://x/", "ftp://x/", "//127.0.0.1:{port}/secret", "/secret", "http://[::ffff:127.0.0.1]:{port}/secret",
     "http://x@127.0.0.1:{port}/secret", "http://news.example#@127.0.0.1:{port}/secret"],
)  # fmt: skip
def test_f32_a_redirect_into_this_machine(stage: Stage, to: str) -> None:
    """F32, X-03, X-04: a declared private source opens nothing by its redirects: each hop is judged like a stranger's."""
    stage.server.pages["/secret"] = good(FOUR)
    line = stage.poll(redirect(to.format(port=stage.server.port)))

    assert line.kind in ("forbidden-address", "dns")
    failed(line, line.kind)
    assert "/secret" not in {one.target for one in stage.server.requests}
    stage.mends()


class Names:
    """A name service that gives one answer after the other, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [*answers]
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "answers",
    [
        [["127.0.0.1"]], [["::ffff:127.0.0.1"]], [["100.64.0.1"]], [["169.254.169.254"]], [["198.51.100.1"]],
        [["203.0.113.9", "127.0.0.1"]], [["8.8.8.8", "127.0.0.1"]], [["64:ff9b::7f00:1"]], [["2002:7f00:1::"]], [["fe80::1%1"]],
    ],
)  # fmt: skip
def test_f33_a_name_for_an_inner_address(stage: Stage, answers: list[list[str]]) -> None:
    """F33, X-01, X-02: a name is judged by every address that it has, at the moment of connecting."""
    names = Names(*answers)
    before = len(stage.server.requests)
    stage.follow("named", f"http://rebind.example:{stage.server.port}/feed", may_be_private=False)

    failed(stage.poll(slug="named", resolve=names), "forbidden-address")
    assert names.asked == 1
    assert len(stage.server.requests) == before


def test_f33_a_name_that_changes_its_answer(stage: Stage) -> None:
    """F33, X-01, X-03: a name is resolved once a connection, so that a later answer cannot replace the one that was checked."""
    names = Names(["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"])
    stage.follow("named", f"http://rebind.example:{stage.server.port}/feed")
    stage.server.pages["/feed"] = good(FOUR)

    brought(stage.poll(slug="named", resolve=names), 4)  # may be private, and is at an allowed address
    assert names.asked == 1
    failed(stage.poll(slug="named", resolve=names), "forbidden-address")  # 10.0.0.1 is not allowed
    assert names.asked == 2
