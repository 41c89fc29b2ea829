"""One polite conditional GET.

In: a source and the validators of last time. Out: Fetched, Unchanged or Failed; never an exception for what a
stranger's server does. Never: a cookie, a referrer, a disguise, or a request that the guard did not allow (F-10, X-01).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from weakref import WeakValueDictionary

import httpcore
import httpx

from feeds import guard
from feeds.identity import without_credentials
from feeds.model import Answer, Failed, FailureKind, Fetched, Outcome, Source, Unchanged, Validators

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
    "application/json;q=0.8, */*;q=0.1"
)
_KEPT_HEADERS = (
    "age", "cache-control", "content-type", "date", "etag", "expires", "last-modified", "link", "retry-after",
)  # fmt: skip
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much: seconds for the whole answer, bytes after decompression, redirects (F-35, F-44, X-12)."""

    seconds: float = 30.0
    bytes: int = 15_000_000
    redirects: int = 5


class Fetcher:
    """Asks publishers. One for the life of a program; `close` it.

    `transport` stands in for the network in tests; by default there are two, one that reaches public addresses only,
    and one that also reaches `allow_private`, used for the first request to a source that may be private.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        folder: Path,
        allow_private: Sequence[guard.Network] = (),
        limits: Limits = Limits(),
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: guard.Resolver | None = None,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._allow_private = tuple(allow_private)
        self._dns = guard.Resolve() if resolve is None and transport is None else None
        resolver, context = resolve or self._dns, None if transport else ssl.create_default_context()
        self._public = _client(user_agent, transport or _transport(resolver, (), context))
        self._private = _client(user_agent, transport or _transport(resolver, self._allow_private, context))
        self._hosts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._public.aclose()
        await self._private.aclose()
        if self._dns:
            self._dns.close()

    async def fetch(self, source: Source, validators: Validators) -> Outcome:
        """Ask for `source`, following redirects, within the limits."""
        if source.url.startswith("file:"):
            outcome = await asyncio.to_thread(self._read_file, source, validators)
        else:
            outcome = await self._ask(source, validators)
        return replace(outcome, detail=_printable(outcome.detail)) if isinstance(outcome, Failed) else outcome

    async def _ask(self, source: Source, validators: Validators) -> Outcome:
        try:
            return await self._follow(source, validators)
        except TimeoutError:
            return Failed(kind=FailureKind.TIMEOUT, detail=f"no whole answer within {self._limits.seconds:g} seconds")
        except _TooLargeError as error:
            return Failed(kind=FailureKind.TOO_LARGE, detail=str(error), answer=error.answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            return _failure(error)

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """One connection a host at a time (F-43), except to hosts that the operator calls his own."""
        host = httpx.URL(url).raw_host.decode("ascii").rstrip(".")
        own = self._allow_private and (
            host == "localhost" or guard.refuse_address(host, self._allow_private) is None
        ) and guard.refuse_address(host) is not None  # fmt: skip
        async with nullcontext() if own else self._hosts.setdefault(host, asyncio.Lock()):
            yield

    async def _follow(self, source: Source, validators: Validators) -> Outcome:
        url, permanent, seen = source.url, True, {source.url}
        permanent_url: str | None = None
        clock, left = asyncio.get_running_loop().time, self._limits.seconds
        for hop in range(self._limits.redirects + 1):
            refused = guard.refuse_url(url)
            if refused:
                return Failed(kind=FailureKind.FORBIDDEN_ADDRESS, detail=refused)
            client = self._private if hop == 0 and source.may_be_private else self._public
            async with self._turn(url):  # waiting for one's turn is no fault of the publisher's
                started = clock()
                async with asyncio.timeout(left):
                    answered = await self._one(client, url, permanent_url, validators)
                left -= clock() - started
            if not isinstance(answered, _Redirect):
                return answered
            if answered.target in seen:
                return Failed(kind=FailureKind.REDIRECT, detail="the redirects lead in a circle")
            seen.add(answered.target)
            downgrade = urlsplit(url).scheme == "https" != urlsplit(answered.target).scheme
            permanent = permanent and answered.status in _PERMANENT and not downgrade
            url = answered.target
            permanent_url = url if permanent else permanent_url
        return Failed(kind=FailureKind.REDIRECT, detail=f"more than {self._limits.redirects} redirects")

    async def _one(
        self, client: httpx.AsyncClient, url: str, moved: str | None, validators: Validators
    ) -> Outcome | _Redirect:
        """One request: what was answered, or where to ask instead."""
        request = client.build_request("GET", url, headers=_conditional(url, validators))
        response = await client.send(request, stream=True)
        try:
            if response.status_code in _REDIRECTS and "location" in response.headers:
                target = urljoin(url, response.headers["location"].strip())
                return _Redirect(status=response.status_code, target=target)
            return await self._read(response, url, moved, validators)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, url: str, moved: str | None, validators: Validators) -> Outcome:
        headers = _headers(response)
        status = response.status_code
        # What is read or shown further on takes its address from here: no password goes along.
        shown = without_credentials(url)
        answer = Answer(status=status, url=shown, headers=headers, permanent_url=moved)
        asked = bool(_conditional(url, validators))
        if status == 304:
            if not asked:
                return Failed(
                    kind=FailureKind.PROTOCOL, detail="304, though nothing was shown to compare with", answer=answer
                )
            return Unchanged(answer=answer, validators=_renewed(validators, headers))
        if status == 410:
            return Failed(
                kind=FailureKind.GONE, detail="410: the publisher says that this feed is gone for good", answer=answer
            )
        if status in (429, 503):
            return Failed(kind=FailureKind.BUSY, detail=f"{status}: the publisher asks us to come later", answer=answer)
        if not 200 <= status < 300:
            return Failed(kind=FailureKind.HTTP, detail=f"{status} {response.reason_phrase}".strip(), answer=answer)
        body = await self._body(response, answer)
        answer = replace(answer, size=len(body))
        fresh = Validators(
            url=url,
            etag=headers.get("etag", ""),
            last_modified=headers.get("last-modified", ""),
            body_hash=hashlib.sha256(body).hexdigest(),
        )
        if fresh.body_hash == validators.body_hash:
            return Unchanged(answer=answer, validators=fresh)
        return Fetched(answer=answer, body=body, validators=fresh)

    async def _body(self, response: httpx.Response, answer: Answer) -> bytes:
        """The body, unpacked here: each step is bounded, which a decoder that unpacks a whole chunk is not (X-12)."""
        unpack = _Unpacker(response.headers.get("content-encoding", ""), self._limits.bytes)
        async for chunk in response.aiter_raw():
            unpack.feed(chunk)
            if unpack.too_large:
                raise _TooLargeError(f"the body is larger than {self._limits.bytes:,} bytes", answer)
        return unpack.finish()

    def _read_file(self, source: Source, validators: Validators) -> Outcome:
        """A file inside the configuration's folder, links resolved; only for sources that the configuration declares."""
        parts = urlsplit(source.url)
        folder = self._folder.resolve()
        try:
            path = (folder / unquote(parts.path)).resolve()
            if not source.may_be_private or parts.netloc or not path.is_relative_to(folder):
                return Failed(
                    kind=FailureKind.FILE, detail="file: sources are read only from inside the configuration's folder"
                )
            if not path.is_file():
                return Failed(
                    kind=FailureKind.FILE,
                    detail=f"there is no file {unquote(parts.path)} in the configuration's folder",
                )
            with path.open("rb") as file:
                body = file.read(self._limits.bytes + 1)
        except (OSError, ValueError, RuntimeError) as error:  # links in a circle are a RuntimeError before Python 3.13
            return Failed(kind=FailureKind.FILE, detail=f"the file cannot be read: {error}")
        if len(body) > self._limits.bytes:
            return Failed(kind=FailureKind.TOO_LARGE, detail=f"the file is larger than {self._limits.bytes:,} bytes")
        fresh = Validators(url=source.url, body_hash=hashlib.sha256(body).hexdigest())
        answer = Answer(status=200, url="", size=len(body))
        if fresh.body_hash == validators.body_hash:
            return Unchanged(answer=answer, validators=fresh)
        return Fetched(answer=answer, body=body, validators=fresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redirect:
    status: int
    target: str


class _TooLargeError(Exception):
    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class _Unpacker:
    """Undoes gzip and deflate chunk by chunk, never past the limit; a body that is not packed as it says stays (F05)."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._limit = limit
        self._raw = bytearray()
        self._plain = bytearray()
        # One layer only: chains of encodings are how bombs are built.
        self._packed = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
        self._stream = zlib.decompressobj(47) if self._packed else None

    @property
    def too_large(self) -> bool:
        return len(self._plain) > self._limit or len(self._raw) > self._limit

    def feed(self, chunk: bytes) -> None:
        self._raw += chunk
        while chunk and self._stream is not None and not self.too_large:
            try:
                self._plain += self._stream.decompress(chunk, self._limit + 1 - len(self._plain))
            except zlib.error:
                # Never packed, broken on the way, or something else behind the end: what was unpacked so far counts.
                self._packed = bool(self._plain)
                self._stream = None
                return
            chunk = b""
            if self._stream.eof:
                # A gzip body may be several, one behind the other (RFC 1952 section 2.2).
                chunk, self._stream = self._stream.unused_data, zlib.decompressobj(31)

    def finish(self) -> bytes:
        return bytes(self._plain if self._packed else self._raw)


def _client(user_agent: str, transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip"},
        cookies=no_cookies,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(20.0, pool=None),
    )


def _transport(
    resolve: guard.Resolver | None, allowed: Sequence[guard.Network], context: ssl.SSLContext | None
) -> httpx.AsyncBaseTransport:
    assert resolve is not None
    assert context is not None
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    transport = httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False)
    # httpx has no door for a network backend; httpcore, which it stands on, has.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=context, max_connections=None, max_keepalive_connections=0,
        network_backend=guard.GuardedBackend(resolve, allowed),
    )  # fmt: skip
    return transport


def _conditional(url: str, validators: Validators) -> list[tuple[bytes, bytes]]:
    """What to show, byte for byte as it was received, and only to the address that issued it (F-03 to F-05, F-07)."""
    if validators.url != url:
        return []
    pairs = ((b"If-None-Match", validators.etag), (b"If-Modified-Since", validators.last_modified))
    return [(name, value.encode("latin-1")) for name, value in pairs if value]


def _headers(response: httpx.Response) -> dict[str, str]:
    """The headers that we read, as Latin-1, which loses no byte. A repeated field is joined, validators excepted."""
    kept: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        if name not in _KEPT_HEADERS:
            continue
        if name in kept and name not in ("etag", "last-modified", "date", "expires", "age", "retry-after"):
            kept[name] += ", " + value
        else:
            kept.setdefault(name, value)
    return kept


def _renewed(validators: Validators, headers: dict[str, str]) -> Validators:
    """A 304 may bring newer validators (F-08)."""
    return Validators(
        url=validators.url,
        etag=headers.get("etag") or validators.etag,
        last_modified=headers.get("last-modified") or validators.last_modified,
        body_hash=validators.body_hash,
    )


def _failure(error: Exception) -> Failed:
    """Which kind of trouble an exception of the network is."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    kinds: tuple[tuple[type[BaseException], FailureKind, str], ...] = (
        (guard.ForbiddenAddress, FailureKind.FORBIDDEN_ADDRESS, ""),
        (guard.UnknownHost, FailureKind.DNS, ""),
        (ssl.SSLError, FailureKind.TLS, "the secure connection failed"),
        (httpx.TimeoutException, FailureKind.TIMEOUT, "the server did not answer in time"),
        (httpx.ConnectError, FailureKind.CONNECT, "the server could not be reached"),
        (httpx.ReadError, FailureKind.PROTOCOL, "the server broke the connection off"),
        (httpx.InvalidURL, FailureKind.FORBIDDEN_ADDRESS, "the address cannot be read"),
    )
    for wanted, kind, words in kinds:
        for found in causes:
            if isinstance(found, wanted):
                return Failed(kind=kind, detail=": ".join(filter(None, [words, str(found)])))
    words = str(error) or type(error).__name__
    return Failed(kind=FailureKind.PROTOCOL, detail=f"the answer broke off or made no sense: {words}")


def _printable(detail: str) -> str:
    """Words fit for a log line and a terminal, whatever a server put into them (X-25)."""
    return "".join(c if c.isprintable() else " " for c in detail[:_LONGEST_DETAIL])
