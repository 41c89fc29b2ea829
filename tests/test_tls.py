"""TLS: the name that was asked for, at the address that was checked; certificates that do not hold."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from feeds.fetch import Fetcher, Limits
from feeds.model import Failed, FailureKind, Fetched, Outcome, Validators
from feeds.transport import Wire
from tests.fakes import make_source
from tests.servers import Handler, Server, head, page
from tests.test_guard import Names
from tests.test_transport import FEED, kept, several

# Made for these tests, for the name news.example, by itself: the key is no secret.
KEY = """
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILa5RJlvD1yq48AU4P4OgS5iczd5c02FPOuFlVuGllxIoAoGCCqGSM49
AwEHoUQDQgAE7fWPCSV8MAwZdEtvZgW295iKIxIWeWbVUGaYWuNB3xsWFfCUz1bK
da1IqKpQYh/15z5qc4h2QZqhRz8mnxkFTQ==
-----END EC PRIVATE KEY-----
"""
GOOD = """
-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxuZXdzLmV4
YW1wbGUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDG5ld3MuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO31jwkl
fDAMGXRLb2YFtveYiiMSFnlm1VBmmFrjQd8bFhXwlM9WynWtSKiqUGIf9ec+anOI
dkGaoUc/Jp8ZBU2jSDBGMBcGA1UdEQQQMA6CDG5ld3MuZXhhbXBsZTAMBgNVHRME
BTADAQH/MB0GA1UdDgQWBBSFDgdC/m5TzHK1vtG2r3iEV01lQjAKBggqhkjOPQQD
AgNHADBEAiAia+r4w7fHh4mt4LLqhsbMpg0n/oMZXOPKk0Wn+vXr+QIgOSJm8kKT
zkaAq4mcVQpWbS8cXG6Hq1Tsn2cbRrCA0EQ=
-----END CERTIFICATE-----
"""
EXPIRED = """
-----BEGIN CERTIFICATE-----
MIIBZjCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxuZXdzLmV4
YW1wbGUwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAXMRUwEwYDVQQD
DAxuZXdzLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATt9Y8JJXww
DBl0S29mBbb3mIojEhZ5ZtVQZpha40HfGxYV8JTPVsp1rUioqlBiH/XnPmpziHZB
mqFHPyafGQVNo0gwRjAXBgNVHREEEDAOggxuZXdzLmV4YW1wbGUwDAYDVR0TBAUw
AwEB/zAdBgNVHQ4EFgQUhQ4HQv5uU8xytb7Rtq94hFdNZUIwCgYIKoZIzj0EAwID
SQAwRgIhALmhbRBpOU8JO24PDYdvVoAcEeGGqRNOcAPwsn81Xk/NAiEArox4Hupp
DoWbsOmQvmeOzSY64aThCv3qCWHXuSfxy2A=
-----END CERTIFICATE-----
"""
ONE = (ipaddress.ip_network("127.0.0.1/32"),)


class SecureServer(Server):
    """A server that speaks TLS with this certificate."""

    def __init__(self, certificate: str, folder: Path, handler: Handler) -> None:
        super().__init__(handler)
        (folder / "server.pem").write_text(KEY.lstrip() + certificate.lstrip())
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(folder / "server.pem")

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection; it shakes hands when it is read from."""
        connection, address = super().get_request()
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def ask(server: Server, trusted: str | None, *, times: int = 1, host: str = "news.example") -> list[Outcome]:
    """What is made of a secure server by one who trusts this certificate and no other."""

    async def once() -> list[Outcome]:
        names = Names(["127.0.0.1"])
        context = ssl.create_default_context(cadata=trusted.lstrip()) if trusted else ssl.create_default_context()
        fetcher = Fetcher(
            user_agent="test", folder=Path(), limits=Limits(seconds=10, spacing=0), transport=Wire(names, context, ONE)
        )  # fmt: skip
        url = server.url(host=host).replace("http:", "https:")
        try:
            return [await fetcher.fetch(make_source(url=url), Validators()) for _ in range(times)]
        finally:
            await fetcher.close()

    return asyncio.run(once())


def test_a_feed_is_read_over_tls_and_the_connection_kept(tmp_path: Path) -> None:
    """X-01: with a certificate that holds, TLS is spoken at the checked address; two requests share a connection."""
    with SecureServer(GOOD, tmp_path, several(kept(FEED), kept(FEED))) as server:
        outcomes = ask(server, GOOD, times=2)

    assert [outcome.body for outcome in outcomes if isinstance(outcome, Fetched)] == [FEED, FEED]
    assert len(server.exchanges) == 1


def test_a_body_without_a_length_ends_with_the_connection(tmp_path: Path) -> None:
    """A body over TLS that ends with its connection is whole."""
    with SecureServer(GOOD, tmp_path, lambda exchange: exchange.send(head() + FEED)) as server:
        (outcome,) = ask(server, GOOD)

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED


@pytest.mark.parametrize(
    ("certificate", "trusted", "host", "word"),
    [
        (EXPIRED, EXPIRED, "news.example", "expired"), (GOOD, None, "news.example", "self-signed"),
        (GOOD, GOOD, "other.example", "mismatch"),
    ],
)  # fmt: skip
def test_a_certificate_that_does_not_hold_is_a_failure(
    tmp_path: Path, certificate: str, trusted: str | None, host: str, word: str
) -> None:
    """F38: an expired certificate, one that nobody vouches for, or one for another name is kind tls, in words; never ignored."""
    with SecureServer(certificate, tmp_path, page(FEED)) as server:
        (outcome,) = ask(server, trusted, host=host)

    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TLS
    assert word in outcome.detail.lower()
