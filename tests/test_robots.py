"""robots.txt: which group counts, which rule wins."""

from __future__ import annotations

import tracemalloc

import pytest

from feeds.robots import MOST_BYTES, allowed


def may(robots: str | bytes, path: str = "/feed.xml", agent: str = "heliograph") -> bool:
    """Whether a path may be asked."""
    body = robots if isinstance(robots, bytes) else robots.encode()
    return allowed(body, agent, f"https://news.example{path}")


@pytest.mark.parametrize(
    ("robots", "verdict"),
    [
        ("", True), ("User-agent: *\nDisallow:", True), ("User-agent: *\nDisallow: /", False), ("Disallow: /", True),
        ("User-agent: *\nDisallow: /feed", False), ("User-agent: *\nDisallow: /feeds", True),
        ("User-agent: *\nDisallow: /\nAllow: /feed.xml", True), ("User-agent: *\nAllow: /f\nDisallow: /feed", False),
        ("User-agent: *\nDisallow: /feed.xml\nAllow: /feed.xml", True), ("USER-AGENT: * # all\nDISALLOW : /feed # no", False),
        ("User-agent: *\nDisallow: /*.xml$", False), ("User-agent: *\nDisallow: /*.xm$", True),
        ("User-agent: *\nDisallow: *ed*", False), ("User-agent: *\nDisallow: /fe%65d", False), ("<html>Not found</html>", True),
    ],
)  # fmt: skip
def test_the_longest_rule_wins(robots: str, verdict: bool) -> None:
    """F-45: rules are prefixes with * and $; the longest that matches decides, Allow where two are equal (RFC 9309)."""
    assert may(robots) is verdict


def test_the_group_that_names_us_counts() -> None:
    """F-45: the group with our name outranks "*", in any case and with a version; groups of one name are one."""
    ours = "User-agent: other\nUser-agent: Heliograph/1.0\nDisallow: /a\n\nUser-agent: HELIOGRAPH\nDisallow: /b"
    robots = f"User-agent: *\nDisallow: /\n{ours}"

    assert [may(robots, path) for path in ("/feed", "/a", "/b")] == [True, False, False]
    assert [may(robots, path, "other") for path in ("/feed", "/a", "/b")] == [True, False, True]
    assert not may(robots, "/feed", "third")


def test_the_query_is_compared_as_well() -> None:
    """F-45: a rule may speak of the query."""
    assert not may("User-agent: *\nDisallow: /*?feed=", "/?feed=rss2")
    assert may("User-agent: *\nDisallow: /*?feed=", "/feed")


def test_a_hostile_file_is_read_in_good_time() -> None:
    """X-11: rules of nothing but stars, lines without end and bytes of no encoding are read; what is too long is not."""
    assert may("User-agent: *\nDisallow: /" + "*a" * 20_000 + "$", "/" + "a" * 5000)
    assert not may(b"\xff\xfe\nUser-agent: *\nDisallow: /\n")
    assert may(b"#" * MOST_BYTES + b"\nUser-agent: *\nDisallow: /")


def test_names_times_rules_fill_no_memory() -> None:
    """X-11: thousands of names above thousands of rules cost as much as they are long."""
    tracemalloc.start()
    assert not may(b"User-agent: a\n" * 15_000 + b"Disallow: /x\n" * 15_000 + b"User-agent: *\nDisallow: /")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert most < 50_000_000
