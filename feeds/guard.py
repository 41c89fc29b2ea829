"""What may be asked at all: schemes, ports and, at the moment of connecting, addresses.

In: a URL; or a host that is about to be connected to. Out: a reason to refuse, or addresses that passed.
Never: a second look-up between check and connection, which a hostile name server could answer differently (X-01).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

# Our own list: what `ipaddress.is_private` answers has changed between Python releases (CVE-2024-4032).
_NOT_PUBLIC_TEXT = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7
fe80::/10 fec0::/10 ff00::/8
"""
_NOT_PUBLIC: tuple[Network, ...] = tuple(map(ipaddress.ip_network, _NOT_PUBLIC_TEXT.split()))
# Ports of protocols that are not HTTP but read text lines: a request to them could do harm.
_USUAL_PORTS = {80, 443, 8080, 8443}


class ForbiddenAddressError(OSError):
    """The host resolves to an address that this request may not reach."""


class UnknownHostError(OSError):
    """The host's name does not resolve."""


@lru_cache(4096)  # a source's address is the same at every poll
def refuse_url(url: str) -> str | None:
    """Why this URL may not be asked, before any look-up: scheme, host, port (X-04). None if it may."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "the address cannot be read"
    if parts.scheme.lower() not in ("http", "https"):
        return f"only http and https are asked, not {parts.scheme or 'an address without a scheme'}"
    if not parts.hostname:
        return "the address names no host"
    return refuse_port(port) if port is not None else None


def refuse_port(port: int) -> str | None:
    """Why this port may not be connected to, or None."""
    if port < 1024 and port not in _USUAL_PORTS:
        return f"port {port} is no port for feeds"
    return None


def refuse_address(address: str, allowed: Iterable[Network] = ()) -> str | None:
    """Why this IP address may not be connected to, or None. `allowed` are private networks that may be."""
    try:
        ip: Address = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "not an address"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in network for network in allowed if network.version == ip.version):
        return None
    if any(ip in network for network in _NOT_PUBLIC if network.version == ip.version):
        return (
            "the host is at a private or reserved address (settings.allow_private opens networks to declared sources)"
        )
    return None


class Resolve:
    """The system's name service, in threads of its own, so that slow names hold up nothing else."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Every address of `host`, in the system's order of preference. Raises OSError."""
        look_up = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(found[4][0]) for found in await look_up))

    def close(self) -> None:
        """Let waiting look-ups go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def checked(resolve: Resolver, host: str, port: int, allowed: Sequence[Network] = ()) -> Sequence[str]:
    """Every address of `host`, resolved once: all must pass, and exactly these may be connected to (X-01).

    Raises ForbiddenAddressError, UnknownHostError.
    """
    # Two readers of one URL may disagree on its port ("http://[::1]22/"): what counts is what is connected to.
    refused = refuse_port(port)
    if refused:
        raise ForbiddenAddressError(refused)
    try:
        addresses = await resolve(host, port)
    except (OSError, ValueError) as error:  # a label of more than 63 letters is a ValueError
        raise UnknownHostError(
            f"the name {host} does not resolve: {getattr(error, 'strerror', '') or error}"
        ) from error
    if not addresses:
        raise UnknownHostError(f"the name {host} has no address")
    for address in addresses:
        reason = refuse_address(address, allowed)
        if reason:
            raise ForbiddenAddressError(reason)
    return addresses
