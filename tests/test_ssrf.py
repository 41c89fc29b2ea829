"""Every way to make us ask an address inside: asked directly, behind a redirect, and as the answer of a name service."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from pathlib import Path

import pytest

from feeds import guard
from feeds.fetch import Fetcher, Limits
from feeds.model import Failed, FailureKind, Fetched, Outcome, Validators
from tests.fakes import make_source
from tests.servers import Server, page, redirect
from tests.test_guard import Names

ONE = (ipaddress.ip_network("127.0.0.1/32"),)
# What the look-up of this machine makes of them differs; what none of them may ever be is connected to.
VECTORS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "[::1]", "[::]", "0.0.0.0",
    "0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[fd00:ec2::254]", "[fe80::1]", "169.254.169.254",
    "100.100.100.200", "168.63.129.16", "10.0.0.1", "172.16.0.1", "192.168.0.1", "user@127.0.0.1", "news.example@127.0.0.1",
    "user:pw@127.0.0.1", "127.0.0.1.", "127.0.0.1%2e", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "localhost", "localhost.",
    "LOCALHOST", "localhost.localdomain", "ip6-localhost",
]  # fmt: skip
ADDRESSES = [
    "127.0.0.1", "::1", "::", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254",
    "fe80::1%eth0", "169.254.169.254", "100.100.100.200", "168.63.129.16", "2002:a9fe:a9fe::", "2001:0:7f00:1::", "224.0.0.1",
    "255.255.255.255", "198.18.0.1", "240.0.0.1", "ff02::1", "::ffff:0:127.0.0.1", "fec0::1",
]  # fmt: skip
REFUSED = (FailureKind.FORBIDDEN_ADDRESS, FailureKind.DNS)


def ask(
    url: str, *, allowed: Sequence[guard.Network] = (), resolve: guard.Resolver | None = None, times: int = 1
) -> list[Outcome]:
    """What one fetcher on the real network makes of this address, asked so many times."""

    async def once() -> list[Outcome]:
        fetcher = Fetcher(
            user_agent="test", folder=Path(), allow_private=allowed, resolve=resolve,
            limits=Limits(seconds=10, spacing=0),
        )  # fmt: skip
        source = make_source(url=url, may_be_private=True)
        try:
            return [await fetcher.fetch(source, Validators()) for _ in range(times)]
        finally:
            await fetcher.close()

    return asyncio.run(once())


def failed(outcome: Outcome) -> Failed:
    """The outcome, which is a refusal."""
    assert isinstance(outcome, Failed), outcome
    return outcome


@pytest.mark.parametrize("host", VECTORS)
def test_no_spelling_reaches_inside(host: str) -> None:
    """X-03, F32: each way to write an address inside is refused, with words that tell nothing of what listens there."""
    with Server(page(b"secret")) as server:
        (open_port,) = ask(f"http://{host}:{server.port}/feed")
        (closed_port,) = ask(f"http://{host}:1025/feed")

    assert failed(open_port).kind in REFUSED
    assert open_port == closed_port
    assert server.exchanges == []


@pytest.mark.parametrize("host", VECTORS)
def test_no_redirect_reaches_inside(host: str) -> None:
    """X-03, F32: each of them is refused behind a redirect too, also where the first hop may be private."""
    with Server(page(b"secret")) as inside:
        target = f"http://{host}:{inside.port}/feed".encode()
        with Server(redirect(target)) as server:
            (outcome,) = ask(server.url(), allowed=ONE)

    assert failed(outcome).kind in REFUSED
    assert len(server.exchanges) == 1
    assert inside.exchanges == []


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("public_first", [True, False])
def test_no_name_leads_inside(address: str, public_first: bool) -> None:
    """X-03, F33: a name with an address inside is refused, alone and behind a public one."""
    answer = ["1.1.1.1", address] if public_first else [address]
    with Server(page(b"secret")) as server:
        (outcome,) = ask(server.url(host="news.example"), resolve=Names(answer))

    assert failed(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.exchanges == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_that_turns_inwards_is_refused_from_then_on(address: str) -> None:
    """X-03, F33: a name with no lifetime that answers well once and badly then is looked up and checked at every connection."""
    names = Names(["127.0.0.1"], [address], ["127.0.0.1"])
    allowed = ONE if address not in ("127.0.0.1", "::ffff:127.0.0.1") else (ipaddress.ip_network("127.0.0.0/31"),)
    if address in ("127.0.0.1", "::ffff:127.0.0.1"):
        names = Names(["127.0.0.1"], ["127.0.0.9"], ["127.0.0.1"])
    with Server(page(b"honest")) as server:
        outcomes = ask(server.url(host="news.example"), allowed=allowed, resolve=names, times=3)

    assert [type(outcome) for outcome in outcomes] == [Fetched, Failed, Fetched]
    assert failed(outcomes[1]).kind is FailureKind.FORBIDDEN_ADDRESS
    assert len(server.exchanges) == 2
    assert len(names.asked) == 3


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_redirect_to_a_name_that_leads_inside_is_refused(address: str) -> None:
    """X-03, F33: the name of a redirect's target is looked up and checked as any other."""
    names = Names(["127.0.0.1"], [address])
    with Server() as server:
        server.pages["/feed"] = redirect(server.url("/2", host="elsewhere.example"))
        (outcome,) = ask(server.url(host="news.example"), allowed=ONE, resolve=names)

    assert failed(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert names.asked == ["news.example", "elsewhere.example"]
    assert [exchange.path for exchange in server.exchanges] == ["/feed"]


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd", "file:feed.xml", "gopher://127.0.0.1:70/x", "ftp://127.0.0.1/feed", "data:text/xml,x", "dict://x:1/",
        "http://127.0.0.1:22/", "http://127.0.0.1:25/", "https://127.0.0.1:6379@127.0.0.1:23/", "ldap://127.0.0.1/", "jar:http://x!/",
    ],
)  # fmt: skip
def test_no_redirect_changes_the_scheme_or_the_port(target: str) -> None:
    """X-03, X-04: a redirect stays on http and https, and on the ports of the web."""
    with Server(redirect(target)) as server:
        (outcome,) = ask(server.url(), allowed=ONE)

    assert failed(outcome).kind is FailureKind.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("tail", ["#@127.0.0.2/", "?@127.0.0.2/", "/@127.0.0.2/", "#127.0.0.2", "?x=http://127.0.0.2/"])
def test_what_stands_behind_the_host_is_no_host(tail: str) -> None:
    """X-03: "host#@evil" asks the host, wherever else an at sign stands."""
    names = Names(["127.0.0.1"])
    with Server(page(b"honest")) as server:
        (outcome,) = ask(f"http://news.example:{server.port}{tail}", allowed=ONE, resolve=names)

    assert isinstance(outcome, Fetched)
    assert names.asked == ["news.example"]


def test_a_backslash_is_no_way_to_another_host() -> None:
    """X-03: where readers of one address disagree on its host, the one that is asked is the one that was checked."""
    names = Names(["10.0.0.1"])
    for url in ("http://news.example\\@127.0.0.1/", "http://127.0.0.1\\@news.example/", "http:\\\\127.0.0.1/"):
        (outcome,) = ask(url, allowed=ONE, resolve=names)

        assert failed(outcome).kind in REFUSED
