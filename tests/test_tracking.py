"""What rotates in an entry though nobody edited it, and what is left of an address that names a story."""

from __future__ import annotations

import re
import time

import pytest

from feeds import tracking
from feeds.identity import canonical_url, digest, fingerprint, says_the_same, story_url
from feeds.model import Entry
from tests.fakes import make_entry


def same(one: Entry, other: Entry) -> bool:
    """Whether the second is no edit of the first."""
    return says_the_same(other, fingerprint(one))


def told(content: str) -> Entry:
    """An entry with this content."""
    return make_entry(content=content)


ROTATING = {
    "a cache-buster": ('<p><img src="https://i.example/a.jpg?_=17" alt=""></p>', "17", "18"),
    "a version": ('<p><img src="https://i.example/a.jpg?w=600&amp;v=20260101" alt=""></p>', "20260101", "20260102"),
    "a signature": ('<img src="https://i.example/a.jpg?id=4&amp;Expires=17&amp;Signature=aB~c">', "17", "99"),
    "a bare time": ('<img src="https://i.example/a.jpg?20260101120000">', "20260101120000", "20260101130000"),
    "a session": ('<p><a href="https://a.example/x;jsessionid=AB12CD34?y=1">x</a></p>', "AB12CD34", "FF99CD00"),
    "a session as parameter": ('<a href="https://a.example/?y=1&amp;PHPSESSID=ab12">x</a>', "ab12", "cd34"),
    "a campaign in a text": ("<p>https://a.example/?xtor=RSS-1 is it</p>", "RSS-1", "RSS-2"),
    "comments": ('<p>Words.</p><a href="https://a.example/1#c">[1143 comments]</a>', "1143", "1144"),
    "no comments yet": ("<p>Words.</p><p>No comments</p>", "No comments", "1 comment"),
    "views": ("<p>Words.</p><span>1.2K views</span>", "1.2K", "1.3K"),
    "an age": ("<p>Words.</p><small>Updated: 5 minutes ago</small>", "5 minutes", "an hour"),
    "an age behind a dash": ('<p><a href="https://a.example/">Desk</a> — 29 minutes ago</p>', "29", "31"),
    "an age in Russian": ("<p>Слова.</p><span>5 минут назад</span>", "5 минут", "2 часа"),
    "an age in Turkish": ("<p>Söz.</p><span>5 dakika önce</span>", "5 dakika", "2 saat"),
    "an age in Arabic": ("<p>كلمات</p><span>منذ 5 دقائق</span>", "5 دقائق", "ساعتين"),
    "an advertisement": (
        '<p>Words.</p><a href="https://ad.doubleclick.net/x1"><img src="https://s.example/1.png" alt="Buy"></a>', "x1", "x2"
    ),
    "a counting pixel": ('<p>Words.</p><img src="http://feeds.feedburner.com/~r/news/~4/abc" alt="">', "abc", "xyz"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROTATING)
def test_what_rotates_is_no_edit(name: str) -> None:
    """I-08: cache-busters, signatures, sessions, counters, ages and advertisements may change without an edit."""
    html, before, after = ROTATING[name]

    assert before in html
    assert same(told(html), told(html.replace(before, after)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>It broke 5 minutes ago in town.</p>", "<p>It broke 9 minutes ago in town.</p>"),
        ("<p>There were 12 comments on the bill.</p>", "<p>There were 13 comments on the bill.</p>"),
        ('<img src="https://i.example/show?id=4">', '<img src="https://i.example/show?id=5">'),
        ('<a href="https://y.example/watch?v=aaa">x</a>', '<a href="https://y.example/watch?v=bbb">x</a>'),
        ('<a href="https://a.example/?p=1">x</a>', '<a href="https://a.example/?p=2">x</a>'),
        ("<p>12 killed</p>", "<p>13 killed</p>"),
        ("<td>12</td>", "<td>13</td>"),
    ],
)
def test_what_a_writer_may_have_changed_is_an_edit(before: str, after: str) -> None:
    """I-08: an age or a number in a sentence, another picture, another link, another toll: all are edits."""
    assert not same(told(before), told(after))


def first_of_all(entry: Entry) -> str:
    """A fingerprint as the first version of the program stored it."""
    tracked = re.compile(
        r"([?&;])(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|igshid|ns_(?:source|mchannel|campaign|linkname|fee)|"
        r"at_(?:medium|campaign|custom\d|format)|cmpid|ocid|ftag|ref_src|_hs(?:enc|mi))=[^&\"\s]*",
        re.IGNORECASE,
    )
    words = [" ".join(tracked.sub(r"\1", html).split()) for html in (entry.summary, entry.content)]
    return digest(entry.title, *words, entry.link, "\n".join(author.name for author in entry.authors), "", "")


@pytest.mark.parametrize("name", ROTATING)
def test_an_upgrade_makes_no_edits(name: str) -> None:
    """I-08: a fingerprint that was stored before anything rotating was left out is that of the same words still."""
    entry = told(ROTATING[name][0])

    assert says_the_same(entry, first_of_all(entry))
    assert not says_the_same(told("<p>Other words.</p>"), first_of_all(entry))


def test_ordinary_words_keep_their_fingerprint() -> None:
    """I-08: where nothing rotates, the fingerprint is the one hash that it always was."""
    entry = told("<p>The bridge is open.</p>")

    assert fingerprint(entry) == first_of_all(entry)
    assert "~" in fingerprint(told(ROTATING["comments"][0]))


def test_a_link_that_only_tracks_otherwise_is_no_edit() -> None:
    """I-08: a session or a campaign in the entry's own link does not count; what selects does."""
    link = "https://news.example/story?id=7&xtor=RSS-{}"
    one = make_entry(link=link.format(1))

    assert same(one, make_entry(link=link.format(2)))
    assert not same(one, make_entry(link=link.format(1).replace("id=7", "id=8")))


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "<img src=\"https://i.example/a?" * 20_000,
        "<a href=\"https://doubleclick.net/" + "<img src=x>" * 50_000,
        "> 5 minutes" * 50_000 + " ago",
        ">no comments" * 50_000,
        "?" + "utm_" * 100_000,
        "> " + " " * 200_000 + "ago 1 comments",
        "https://" * 60_000 + "doubleclick.net",
        '<a href="https://' * 30_000 + "doubleclick.net",
        'src="https://a.example/x?t=1&amp;' * 20_000,
    ],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_its_length(html: str) -> None:
    """X-11: a long text made to be searched again and again is gone through in a bounded time."""
    started = time.process_time()
    tracking.settled(html)

    assert time.process_time() - started < 10


SPELLINGS = {
    "https://news.example/story/7": [
        "http://www.news.example/story/7/", "https://m.news.example/story/7?utm_source=rss&xtor=RSS-1#top",
        "https://amp.news.example/story/7", "https://news.example/story/7/amp", "https://news.example/story/7/amp/?ref=rss",
        "https://news.example/amp/story/7", "https://news.example/story/7?amp", "https://news.example/story/7?amp=1&amp_js_v=0.1",
        "https://news.example/story/7?outputType=amp", "https://news.example:443/story/7?source=rss-b1----2",
        "https://www.google.com/amp/s/www.news.example/story/7", "https://www-news-example.cdn.ampproject.org/c/s/news.example/story/7",
        "https://news.example/story/7;jsessionid=AB12CD34EF", "https://news.example/story/7?partner=rss&emc=rss",
        "https://news.example/story/7?rss=1", "https://www.m.news.example/story/7",
    ],
    "https://news.example/a.html": ["http://news.example/a.amp.html", "https://mobile.news.example/a.html?gift=x"],
    "https://news.example/?p=7": ["http://www.news.example/?p=7&amp=1"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("story", "url"), [(story, url) for story, urls in SPELLINGS.items() for url in [story, *urls]]
)
def test_one_story_has_one_address(story: str, url: str) -> None:
    """N-01: tracking, AMP, mobile hosts, www., http and a slash at the end do not make another story."""
    assert story_url(url) == story
    assert story_url(story_url(url)) == story


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/?p=7", "https://news.example/?p=8"),
        ("https://news.example/watch?v=a", "https://news.example/watch?v=b"),
        ("https://news.example/a?ref=7", "https://news.example/a?ref=8"),
        ("https://news.example/ampere", "https://news.example/ere"),
        ("https://m.example/a", "https://example/a"),
        ("https://a.news.example/x", "https://news.example/x"),
        ("https://news.example/a?source=army", "https://news.example/a"),
    ],
)
def test_two_stories_keep_two_addresses(one: str, other: str) -> None:
    """N-01: what selects a story stays in its address."""
    assert story_url(one) != story_url(other)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://news.example/",
        "http://www.news.example",
        "tag:a,2026:1",
        "mailto:a@b.example",
        "https://[",
        "x" * 5000,
    ],
)
def test_what_names_no_story(url: str) -> None:
    """N-01: a home page, an id or nothing at all is the address of no story."""
    assert story_url(url) == ""


def test_the_address_of_a_source_is_not_folded_so_far() -> None:
    """I-08: what may select a feed stays in the canonical address, and so do its host and its AMP path."""
    url = "https://m.news.example/amp/feed?source=rss&feedName=world"

    assert canonical_url(url) == url
    assert canonical_url(url + "&wt_mc=rss.1#x") == url
