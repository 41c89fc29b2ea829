"""When two entries are the same: ids, canonical addresses, fingerprints, slugs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import (
    address_key,
    canonical_url,
    digest,
    fallback_id,
    fingerprint,
    is_iri,
    is_web_url,
    media_type,
    mint_public_id,
    slugify,
    unique_entries,
    without_credentials,
)
from feeds.model import Author, Enclosure, Entry
from tests.fakes import NOON, make_entry

FEED = "https://news.example/feed"


def ids(entries: tuple[Entry, ...]) -> list[str]:
    """The ids, in order."""
    return [entry.id for entry in entries]


@pytest.mark.parametrize(
    "text", ["tag:news.example,2026:1", "https://news.example/1", "urn:uuid:1", "https://пример.рф/мост", "x:y"]
)
def test_what_an_iri_is(text: str) -> None:
    """A-02: an absolute IRI, in any script, can stand as an atom:id."""
    assert is_iri(text)


@pytest.mark.parametrize(
    "text", ["", "17", "/relative", "a b:c", "x:", "x:a b", "x:<y>", "x:a|b", "1x:y", "x:a\n", "é:1"]
)
def test_what_an_iri_is_not(text: str) -> None:
    """A-02: a number, a relative path or anything with spaces and delimiters is no atom:id."""
    assert not is_iri(text)


@pytest.mark.parametrize(
    "url", ["http://a.example", "HTTPS://A.example/x?y#z", "http://[::1]:8080/", "https://пример.рф/"]
)
def test_what_a_web_address_is(url: str) -> None:
    """X-27: http and https addresses with a host are links."""
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "ftp://a.example/", "//a.example/x", "/x",
        "http:", "http:///x", "https://", "http://[", "ht\ntp://a.example/", "http://a.example/a b", "http://a b/",
        'http://a.example/"onclick=x', "http://a.example/\x00",
    ],
)  # fmt: skip
def test_what_a_web_address_is_not(url: str) -> None:
    """X-27, X-25: other schemes, missing hosts, line breaks, quotes and spaces make no link."""
    assert not is_web_url(url)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://News.Example/a", "https://news.example/a"),
        ("HTTPS://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80", "http://news.example/"),
        ("https://news.example/a?utm_source=rss&id=1&fbclid=z", "https://news.example/a?id=1"),
        ("https://news.example/a#top", "https://news.example/a"),
        (" https://news.example/a\n", "https://news.example/a"),
        ("https://user:word@news.example/a", "https://news.example/a"),
    ],
)
def test_addresses_of_one_page(one: str, other: str) -> None:
    """N-01: case of host, default port, tracking and fragment do not make another page."""
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/a", "https://news.example/A"),
        ("https://news.example/a", "http://news.example/a"),
        ("https://news.example/a?id=1", "https://news.example/a?id=2"),
        ("https://news.example/a?id=", "https://news.example/a"),
        ("https://news.example:8443/a", "https://news.example/a"),
        ("https://news.example/?q=%EC%EE%F1%F2", "https://news.example/?q=%F0%E5%EA%E0"),
        ("http://[::1:8080]/", "http://[::1]:8080/"),
    ],
)
def test_addresses_of_two_pages(one: str, other: str) -> None:
    """N-01: path, scheme, query (also one escaped in Windows-1251) and port make another page."""
    assert canonical_url(one) != canonical_url(other)


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_canonical_form(text: str) -> None:
    """N-01: whatever stands in a link, its canonical form is found without an exception, and is its own canonical form."""
    once = canonical_url("https://news.example/" + text)

    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@a.example/x?y", "https://a.example/x?y"),
        ("https://u@a.example:8080/", "https://a.example:8080/"),
        ("https://u:p@ss@a.example/", "https://a.example/"),
        ("https://a.example/@u:p", "https://a.example/@u:p"),
        ("http://[", ""),
    ],
)
def test_credentials_are_not_shown(url: str, shown: str) -> None:
    """X-33: an address is shown without its user name and password, and an unreadable one not at all."""
    assert without_credentials(url) == shown


def test_parts_of_a_digest_cannot_run_into_each_other() -> None:
    """I-03: ("ab", "c") and ("a", "bc") have different digests, and so do parts that hold the separator."""
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("a\x1fb", "c"), digest("a", "b\x1fc")}) == 5


def test_the_fallback_id_survives_an_edit() -> None:
    """I-03: with a date, title and date are the id, whatever the body says; without one, title and body are."""
    dated = fallback_id(title="Bridge opens", published="24 Nov", body="One.")

    assert fallback_id(title="Bridge opens", published="24 Nov", body="Two.") == dated
    assert fallback_id(title="Bridge opens", published="25 Nov", body="One.") != dated
    assert fallback_id(title="Bridge opens", published="", body="One.") != fallback_id(
        title="Bridge opens", published="", body="Two."
    )


@pytest.mark.parametrize("guid", ["tag:news.example,2026:1", "https://news.example/?p=1", "urn:uuid:7"])
def test_an_iri_is_republished_unchanged(guid: str) -> None:
    """A-01: a guid that is an IRI is its own public id, wherever the feed lives."""
    entry = make_entry(id=guid)

    assert mint_public_id(FEED, entry) == mint_public_id("https://elsewhere.example/", entry) == guid


@pytest.mark.parametrize("guid", ["17", "post 17", "C:\\17"])
def test_another_id_becomes_a_stable_iri(guid: str) -> None:
    """A-02, I-01: a guid that is no IRI becomes one that depends on feed and guid and on nothing else."""
    minted = mint_public_id(FEED, make_entry(id=guid, title="One"))

    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", minted)
    assert minted == mint_public_id(FEED, make_entry(id=guid, title="Two", link="https://news.example/other"))
    assert minted != mint_public_id("https://other.example/feed", make_entry(id=guid))
    assert minted != mint_public_id(FEED, make_entry(id=guid + "0"))


def test_a_hash_is_never_republished_as_it_is() -> None:
    """A-02: "hash:..." looks like an IRI, but is ours, and a UUID goes out instead."""
    entry = make_entry(id="hash:00ff", id_origin="hash")

    assert mint_public_id(FEED, entry).startswith("urn:uuid:")


def test_ids_are_compared_byte_for_byte() -> None:
    """I-04: a guid is opaque: another case, a slash or an encoded letter more is another entry."""
    guids = ["https://n.example/a", "https://N.example/a", "https://n.example/a/", "https://n.example/%61"]
    kept, note = unique_entries([make_entry(id=guid) for guid in guids], atom=False)

    assert ids(kept) == guids
    assert note == ""


@pytest.mark.parametrize(
    "same",
    [
        {"link": "https://news.example/1?utm_campaign=x"},
        {"title": " A \n title "},
        {"content": "<p>Words\n   here.</p>"},
        {"content": '<p>Words here.</p>', "published": NOON, "updated": NOON},
        {"text": "other", "public_id": "urn:x", "lang": "fr"},
    ],
)  # fmt: skip
def test_what_is_no_edit(same: dict[str, object]) -> None:
    """I-08, F19: white space, tracking parameters and dates alone do not make an entry edited."""
    entry = make_entry(content="<p>Words here.</p>")

    assert fingerprint(entry) == fingerprint(make_entry(**{"content": "<p>Words here.</p>", **same}))


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Another title"},
        {"summary": "<p>New.</p>"},
        {"content": "<p>New.</p>"},
        {"link": "https://news.example/2"},
        {"authors": (Author(name="Nora Quill"),)},
        {"categories": ("rivers",)},
        {"enclosures": (Enclosure(url="https://news.example/a.mp3"),)},
    ],
)
def test_what_is_an_edit(edit: dict[str, object]) -> None:
    """I-07, I-08: title, summary, content, link, authors, categories and enclosures each tell an edit."""
    assert fingerprint(make_entry()) != fingerprint(make_entry(**edit))


def test_tracking_inside_the_content_is_no_edit() -> None:
    """I-08: a campaign that changes in the links of the text is no edit, another link is one."""
    told = [
        make_entry(content=f'<a href="https://a.example/{page}?utm_content={campaign}&amp;id=1">Map</a>')
        for page, campaign in (("x", "monday"), ("x", "tuesday"), ("y", "monday"))
    ]

    assert fingerprint(told[0]) == fingerprint(told[1]) != fingerprint(told[2])


def test_one_guid_for_all_items() -> None:
    """I-06, F18: ten items of one guid with different links are ten entries, told apart by guid and link."""
    items = [make_entry(id="0", link=f"https://news.example/{number}") for number in range(10)]
    kept, note = unique_entries(items, atom=False)

    assert ids(kept) == [f"0|https://news.example/{number}" for number in range(10)]
    assert {entry.id_origin for entry in kept} == {"guid"}
    assert note == "10 items have the guid of another: guid and link together tell them apart"


@pytest.mark.parametrize("origin", ["guid", "link"])
def test_one_guid_and_one_link_for_all_items(origin: str) -> None:
    """I-06, F17, F18: where even the link is the same for all (the home page, say), the title tells items apart."""
    items = [make_entry(id="https://n.example/", link="https://n.example/", title=t, id_origin=origin) for t in "abc"]
    kept, _ = unique_entries(items, atom=False)

    assert [entry.title for entry in kept] == ["a", "b", "c"]
    assert len(set(ids(kept))) == 3
    assert ids(kept) == ids(unique_entries(items[::-1], atom=False)[0])[::-1]


def test_a_widened_link_is_no_permanent_link() -> None:
    """A-05, I-06: an id made of a link and something else is no longer announced as a link."""
    items = [make_entry(id="https://n.example/", title=t, id_origin="link", is_permalink=True) for t in "ab"]
    kept, _ = unique_entries(items, atom=False)

    assert {(entry.id_origin, entry.is_permalink) for entry in kept} == {("hash", False)}


def test_some_items_share_a_guid() -> None:
    """I-06, F18: two articles under one guid, with other titles and links, both live; the rest keep their ids."""
    items = [
        make_entry(id="1", title="Bridge", link="https://news.example/bridge"),
        make_entry(id="1", title="River", link="https://news.example/river"),
        make_entry(id="2", title="Road", link="https://news.example/road"),
    ]
    kept, note = unique_entries(items, atom=False)

    assert [entry.title for entry in kept] == ["Bridge", "River", "Road"]
    assert ids(kept)[2] == "2"
    assert "2 items" in note


def test_an_entry_that_is_there_twice() -> None:
    """I-06: the same item twice is one entry, and the note says so."""
    kept, note = unique_entries([make_entry(id="1"), make_entry(id="2"), make_entry(id="1")], atom=False)

    assert ids(kept) == ["1", "2"]
    assert note == "1 entries repeat the id of another: the newest of each is kept"
    assert ids(unique_entries([make_entry(id="1")] * 2, atom=False)[0]) == ["1"]


@pytest.mark.parametrize(
    "edit", [{"title": "Edited"}, {"content": "<p>Edited.</p>"}, {"link": "https://news.example/edited"}]
)
def test_an_edit_that_stands_beside_what_it_replaces(edit: dict[str, object]) -> None:
    """I-06: an item under the same guid with another title, or text, or link is the same one, later: the newer one is kept."""
    older, newer = make_entry(id="1", updated=NOON), make_entry(id="1", updated=NOON + timedelta(hours=1), **edit)
    kept, _ = unique_entries([older, newer, make_entry(id="2")], atom=False)

    assert kept[0] == newer
    assert ids(kept) == ["1", "2"]


def test_items_without_any_id_and_the_same_title() -> None:
    """F17, I-03: two items with neither guid nor link, under one title and date, differ by what they say."""
    items = [make_entry(id="hash:1", id_origin="hash", link="", summary=said) for said in ("One.", "Two.", "One.")]
    kept, _ = unique_entries([*items, make_entry(id="x")], atom=False)

    assert [entry.summary for entry in kept[:2]] == ["One.", "Two."]
    assert len(kept) == 3
    assert ids(unique_entries([items[0], items[2], make_entry(id="x")], atom=False)[0]) == ["hash:1", "x"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_of_an_atom_entry_wins(newest_first: bool) -> None:
    """I-06: of two Atom entries with one id, the one updated later is kept, wherever it stands (RFC 4287, 4.1.1)."""
    old = make_entry(id="1", title="Old", updated=NOON, link="https://news.example/old")
    new = make_entry(id="1", title="New", updated=NOON + timedelta(hours=1), link="https://news.example/new")
    kept, _ = unique_entries([new, old] if newest_first else [old, new], atom=True)

    assert [entry.title for entry in kept] == ["New"]


def test_without_dates_the_first_one_stands() -> None:
    """I-06: where no date tells which of two is newer, the first one in the document is kept."""
    kept, _ = unique_entries([make_entry(id="1", title="First"), make_entry(id="1", title="Second")], atom=True)

    assert [entry.title for entry in kept] == ["First"]


def test_addresses_of_one_feed_are_known_as_such() -> None:
    """F39: scheme, www., default port, letter case, punycode, escapes, final slash and dot, fragment, tracking and password
    do not make another address; without a scheme it is none."""
    same = [
        "https://bücher.example/ü", "http://bücher.example/ü/", "https://www.Bücher.EXAMPLE:443/%C3%BC",
        "http://xn--bcher-kva.example:80/%c3%bc", "https://XN--BCHER-KVA.example./ü#top",
        "https://n:b@bücher.example/ü?utm_source=x",
    ]  # fmt: skip

    assert {address_key(url) for url in same} == {"xn--bcher-kva.example/%C3%BC"}
    assert address_key("//bücher.example/ü") == "//bücher.example/ü"


def test_addresses_of_different_feeds_stay_apart() -> None:
    """F39: path, query, letter case of the path, another port and a subdomain make another address."""
    base = "https://news.example"
    urls = [
        base, f"{base}/a", f"{base}/A", f"{base}/a?b=1", f"{base}/a?b=2", f"{base}:8080/a", "https://m.news.example/a",
        f"{base}/a%2Fb", f"{base}/a/b", "file:feed.xml", "https://192.0.2.7/", "http://[2001:db8::1]/", "http://[::1",
    ]  # fmt: skip

    assert len({address_key(url) for url in urls}) == len(urls)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_address_has_a_key_that_stays(rest: str) -> None:
    """F39: whatever stands in an address, its key is made, and made the same of http and https."""
    assert address_key(f"http://news.example/{rest}") == address_key(f"https://www.news.example/{rest}")
    assert isinstance(address_key(rest), str)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Nora Quill", "nora-quill"),
        ("Зоя Мостовая", "zoya-mostovaya"),
        ("Şükrü Köprü", "sukru-kopru"),
        ("O'Reed, J. P.", "oreed-j-p"),
        ("bridge " * 20, "bridge-bridge-bridge-bridge-bridge-bridge-bridge-bridge"),
        ("b" * 90, "b" * 60),
        ("  --  ", "x" + digest("  --  ")[:8]),
    ],
)
def test_a_name_becomes_the_end_of_an_address(name: str, slug: str) -> None:
    """A slug is ASCII, in lower case, with hyphens, in whatever script the name was; never empty."""
    assert slugify(name) == slug


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_name_has_a_short_slug(name: str) -> None:
    """A slug is never empty, never longer than asked for, and safe in a path."""
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slugify(name, limit=30))
    assert len(slugify(name, limit=30)) <= 30


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("audio/mpeg", "audio/mpeg"),
        (" image/svg+xml ; charset=utf-8", "image/svg+xml ; charset=utf-8"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("mp3", ""),
        ("<script>alert(1)</script>", ""),
        ('audio/mpeg"><script>', ""),
        ("audio/mpeg\r\nX: y", ""),
    ],
)
def test_media_types_are_media_types(written: str, kept: str) -> None:
    """V-10, X-27: the type of an enclosure is one, or nothing."""
    assert media_type(written) == kept
