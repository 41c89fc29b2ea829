"""What may be asked at all: addresses, ports, schemes, and the address that is really connected to."""

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

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
ONE = (ipaddress.ip_network("127.0.0.1/32"),)


class Names:
    """A name service that answers what it was told, one answer after the other, and counts."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def ask(
    url: str,
    *,
    resolve: guard.Resolver | None = None,
    allowed: Sequence[guard.Network] = (),
    declared: bool = True,
) -> Outcome:
    """What a fetcher on the real network makes of this address."""

    async def once() -> Outcome:
        fetcher = Fetcher(
            user_agent="test", folder=Path(), allow_private=allowed, resolve=resolve, limits=Limits(seconds=10)
        )
        try:
            return await fetcher.fetch(make_source(url=url, may_be_private=declared), Validators())
        finally:
            await fetcher.close()

    return asyncio.run(once())


def failure(outcome: Outcome) -> Failed:
    """The outcome, which is a failure."""
    assert isinstance(outcome, Failed), outcome
    return outcome


@pytest.mark.parametrize(
    "network",
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32", "::/128", "::1/128", "::ffff:127.0.0.0/104",
        "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "::/96", "::ffff:0:7f00:0/104", "2001:20::/28",
    ],
)  # fmt: skip
def test_every_network_that_is_not_public_is_refused(network: str) -> None:
    """X-02: the first and the last address of every private or reserved network are refused."""
    block = ipaddress.ip_network(network)

    assert guard.refuse_address(str(block[0]))
    assert guard.refuse_address(str(block[-1]))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15", "168.63.129.17", "::ffff:1.1.1.1",
        "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2003::1",
    ],
)  # fmt: skip
def test_public_addresses_beside_the_refused_networks_pass(address: str) -> None:
    """X-02: the neighbours of refused networks and other public addresses are allowed."""
    assert guard.refuse_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "169.254.169.254",
        "100.100.100.200", "168.63.129.16", "fe80::1%eth0", "::ffff:10.0.0.1%1", "0.0.0.0", "::", "127.1", "2130706433",
        "0x7f000001", "0177.0.0.1", "１２７.０.０.１", "127.0.0.1.", "localhost", "", " 1.1.1.1",
    ],
)  # fmt: skip
def test_odd_spellings_of_addresses_are_refused(address: str) -> None:
    """X-03: mapped, translated, zoned and numeric forms of private addresses, and what is no address, are refused."""
    assert guard.refuse_address(address)


def test_an_allowed_network_opens_nothing_else() -> None:
    """X-04: a network in the allow-list is open, also in its IPv4-mapped form; its neighbours stay closed."""
    allowed = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")]

    assert guard.refuse_address("10.1.2.3", allowed) is None
    assert guard.refuse_address("::ffff:10.1.2.3", allowed) is None
    assert guard.refuse_address("fd00:1::5", allowed) is None
    assert guard.refuse_address("10.2.0.0", allowed)
    assert guard.refuse_address("fd00:2::5", allowed)
    assert guard.refuse_address("127.0.0.1", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://news.example/", "ftp://news.example/feed", "data:text/xml,x", "javascript:x",
        "//news.example/feed", "news.example/feed", "", "http:", "http:///feed", "http://", "https://:443/", "http://@/",
        "http:feed", "unix:/run/x.sock",
    ],
)  # fmt: skip
def test_only_http_and_https_with_a_host_are_asked(url: str) -> None:
    """X-04: other schemes, and addresses without a host, are refused before any look-up."""
    assert guard.refuse_url(url)


@pytest.mark.parametrize("port", [0, 1, 19, 21, 22, 23, 25, 53, 79, 81, 110, 143, 465, 587, 993, 1023])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    """X-04: below 1024 only the ports of the web are asked."""
    assert guard.refuse_url(f"http://news.example:{port}/feed")
    assert guard.refuse_port(port)


@pytest.mark.parametrize("port", ["", ":", ":80", ":443", ":1024", ":1200", ":8080", ":8443", ":65535"])
def test_ports_of_the_web_pass(port: str) -> None:
    """X-04: 80, 443, 8080, 8443 and everything from 1024 on may be asked."""
    assert guard.refuse_url(f"https://news.example{port}/feed") is None


@pytest.mark.parametrize("port", [":65536", ":-1", ":２２", ":2 2", ":2_2", ":x", ":80:22", ":0x16"])
def test_a_port_that_cannot_be_read_is_refused(port: str) -> None:
    """X-04: what is no port number is refused, in whatever digits it is written."""
    assert guard.refuse_url(f"http://news.example{port}/feed") == "the address cannot be read"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "user@127.0.0.1", "a:b@127.0.0.1",
        "news.example@127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "127.0.0.2@127.0.0.1",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_host_is_asked(host: str) -> None:
    """X-03: however a loopback address is written, a source that is not allowed to be private never reaches it."""
    with Server(page(b"secret")) as server:
        outcome = ask(server.url(host=host))

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.exchanges == []


@pytest.mark.parametrize(
    "host",
    ["0177.0.0.1", "１２７.０.０.１", "①②⑦.0.0.1", "[::1", "[fe80::1%25lo]x", "%31%32%37.0.0.1", "127.0.0.1.", "a..b"],
)
def test_hosts_that_make_no_sense_are_not_asked(host: str) -> None:
    """X-03: leading zeros, other scripts' digits, escapes and broken brackets reach nothing, and raise nothing."""
    with Server(page(b"secret")) as server:
        outcome = ask(server.url(host=host), allowed=[ipaddress.ip_network("10.0.0.0/8")])

    assert failure(outcome).kind in (FailureKind.FORBIDDEN_ADDRESS, FailureKind.DNS)
    assert server.exchanges == []


@pytest.mark.parametrize("host", ["localhost", "localhost.", "localhost.localdomain", "LOCALHOST", "ip6-localhost"])
def test_a_name_for_this_machine_is_refused_by_its_address(host: str) -> None:
    """X-01: what counts is the address that a name has, not the name."""
    names = Names(["::1", "127.0.0.1"])
    with Server(page(b"secret")) as server:
        outcome = ask(server.url(host=host), resolve=names)

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.exchanges == []


def test_the_part_behind_the_number_sign_is_no_host() -> None:
    """X-03: in "host#@other" the host is the first; the rest is not sent."""
    names = Names(["127.0.0.1"])
    with Server(page(b"body")) as server:
        outcome = ask(server.url(host="news.example") + "#@127.0.0.2/", resolve=names, allowed=ONE)

    assert isinstance(outcome, Fetched)
    assert names.asked == ["news.example"]
    assert [exchange.path for exchange in server.exchanges] == ["/feed"]


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"), ("faß.example", "xn--fa-hia.example"),
        ("новости.рф", "xn--b1amnebsh.xn--p1ai"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"), ("NEWS.example.", "news.example."),
    ],
)  # fmt: skip
def test_a_host_in_any_script_is_asked_by_its_ascii_form(host: str, asked: str) -> None:
    """F39 (faults): an international name is looked up in its ASCII form, one that has it already as it is."""
    names = Names(["127.0.0.1"])
    with Server(page(b"body")) as server:
        outcome = ask(server.url(host=host), resolve=names, allowed=ONE)

    assert isinstance(outcome, Fetched)
    assert names.asked == [asked]


def test_the_checked_address_is_the_one_connected_to() -> None:
    """X-01: the name is resolved once a connection, and that answer is used: a second one would come too late."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with Server(page(b"honest")) as server, Server(page(b"secret"), host="127.0.0.2") as other:
        outcome = ask(server.url(host="news.example"), resolve=names, allowed=ONE)

    assert isinstance(outcome, Fetched)
    assert outcome.body == b"honest"
    assert names.asked == ["news.example"]
    assert server.exchanges[0].header("Host") == f"news.example:{server.port}".encode()
    assert other.exchanges == []


def test_a_name_that_moves_to_a_private_address_is_refused_then() -> None:
    """X-01: every connection checks anew: a name that was fine an hour ago is refused once it points inwards."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with Server(page(b"honest")) as server:
        url = server.url(host="news.example")
        first = ask(url, resolve=names, allowed=ONE)
        second = ask(url, resolve=names, allowed=ONE)

    assert isinstance(first, Fetched)
    assert failure(second).kind is FailureKind.FORBIDDEN_ADDRESS
    assert len(server.exchanges) == 1


@pytest.mark.parametrize("answer", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1"] * 9 + ["::1"]])
def test_every_address_of_an_answer_is_checked(answer: list[str]) -> None:
    """X-01: one private address among many, wherever it stands, refuses the whole answer."""
    with Server(page(b"body")) as server:
        outcome = ask(server.url(host="news.example"), resolve=Names(answer), allowed=ONE)

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.exchanges == []


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    """A host is reached by any of its addresses, when the first one has no server."""
    with Server(page(b"body")) as server:
        outcome = ask(server.url(host="news.example"), resolve=Names(["127.0.0.9", "127.0.0.1"]), allowed=LOOPBACK)

    assert isinstance(outcome, Fetched)


@pytest.mark.parametrize(
    "answer",
    [OSError(-2, "Name or service not known"), UnicodeError("label too long"), ValueError("embedded null byte"), []],
)
def test_a_name_without_an_address_is_a_dns_failure(answer: Sequence[str] | Exception) -> None:
    """A name service that fails, in whatever way, is a failure of kind dns that names the host."""
    outcome = failure(ask("http://news.example/feed", resolve=Names(answer)))

    assert outcome.kind is FailureKind.DNS
    assert "news.example" in outcome.detail


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a" * 300, "name.invalid", "%00", "-"])
def test_the_systems_name_service_raises_nothing_else(host: str) -> None:
    """Names that the system's own look-up stumbles over are failures of kind dns."""
    assert failure(ask(f"http://{host}/feed")).kind is FailureKind.DNS


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_never_leads_to_a_private_address(status: str) -> None:
    """X-01: allow_private opens declared addresses only: what they redirect to must be public."""
    with Server(page(b"secret")) as inner, Server(redirect(inner.url(), status=status)) as server:
        outcome = ask(server.url(), allowed=LOOPBACK)

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert len(server.exchanges) == 1
    assert inner.exchanges == []


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "file:feed.xml", "gopher://x/", "ftp://x/", "unix:/run/x", "http://10.0.0.1:22/"]
)
def test_a_redirect_never_leaves_the_web(target: str) -> None:
    """X-04: schemes and ports are checked at every hop."""
    with Server(redirect(target)) as server:
        outcome = ask(server.url(), allowed=LOOPBACK)

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS


def test_a_source_that_no_file_declares_is_never_private() -> None:
    """X-01: allow_private does not hold for sources that were added by a command or a page."""
    with Server(page(b"secret")) as server:
        outcome = ask(server.url(), allowed=LOOPBACK, declared=False)

    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert server.exchanges == []


def test_the_port_is_checked_where_it_is_connected_to() -> None:
    """X-04: a port that two readers of one address see differently ("[::1]22") is refused at the connection."""
    names = Names(["2606:4700:4700::1111"])
    outcome = failure(ask("http://[2606:4700:4700::1111]22/feed", resolve=names))

    assert outcome.kind is FailureKind.FORBIDDEN_ADDRESS
    assert names.asked == []


def test_the_words_do_not_tell_an_open_port_from_a_closed_one() -> None:
    """X-04: of a private address nobody learns whether something listens there."""
    with Server(page(b"secret")) as server:
        there, nowhere = ask(server.url()), ask("http://127.0.0.1:1025/feed")

    assert there == nowhere


def test_at_most_four_addresses_are_tried() -> None:
    """A name with very many addresses costs a few attempts, not one for each."""
    with Server(page(b"body")) as server:
        dead = [f"127.0.0.{number}" for number in range(20, 24)]
        url = server.url(host="news.example")
        outcome = ask(url, resolve=Names([*dead, "127.0.0.1"]), allowed=LOOPBACK)

    assert failure(outcome).kind is FailureKind.CONNECT
    assert server.exchanges == []


def test_a_secure_connection_names_the_host_not_the_address() -> None:
    """X-01: TLS is spoken with the name that was asked for, at the address that was checked; a plain answer is kind tls."""
    with Server(page(b"plain")) as server:
        url = server.url(host="news.example").replace("http:", "https:")
        outcome = ask(url, resolve=Names(["127.0.0.1"]), allowed=ONE)

    assert failure(outcome).kind is FailureKind.TLS
    assert b"news.example" in server.exchanges[0].head
