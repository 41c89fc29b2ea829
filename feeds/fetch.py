"""One polite conditional GET.

In: a source and the validators of last time. Out: Fetched, Unchanged or Failed; never an exception for what a
stranger's server does. Never: a cookie, a referrer, a disguise, or a request that the guard did not allow (F-10, X-01).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlencode, urljoin, urlsplit

import httpx

from feeds import guard
from feeds.decode import MOST_PAGE_BYTES
from feeds.hop import Hop, Redirect, headers_of
from feeds.identity import without_credentials
from feeds.model import Answer, Failed, FailureKind, Fetched, Outcome, Source, Unchanged, Validators
from feeds.secrets import NO_SECRETS, Secrets
from feeds.transport import Wire
from feeds.trouble import failure, printable, refusal
from feeds.turns import Turn, Turns
from feeds.unpack import ACCEPT_ENCODING, Unpacker

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
    "application/json;q=0.8, */*;q=0.1"
)
_ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_parsed = lru_cache(4096)(httpx.URL)  # a source's address is the same at every poll
_FORM_HEADERS = [(b"Content-Type", b"application/x-www-form-urlencoded"), (b"Accept", b"*/*")]
_FIRST_WORDS = 300  # bytes of a hub's answer, for people
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much: seconds for the whole answer, bytes after decompression, redirects (F-35, F-44, X-12).

    `spacing` is seconds between the end of one visit to a public host and the start of the next (F-43).
    """

    seconds: float = 30.0
    bytes: int = 15_000_000
    redirects: int = 5
    spacing: float = 1.0


class Fetcher:
    """Asks publishers. One for the life of a program; `close` it.

    `transport` stands in for the network in tests; by default there are two, one that reaches public addresses only,
    and one that also reaches `allow_private`, used for the first request to a source that may be private. `secrets` are
    those of the sources that the configuration declares, by slug.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        folder: Path,
        allow_private: Sequence[guard.Network] = (),
        limits: Limits = Limits(),
        secrets: Mapping[str, Secrets] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: guard.Resolver | None = None,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._allow_private = tuple(allow_private)
        self._secrets = dict(secrets or {})
        self._dns = guard.Resolve() if resolve is None and transport is None else None
        self._public, self._private = _transports(transport, resolve or self._dns, self._allow_private)
        self._headers = [
            (b"User-Agent", user_agent.encode("ascii")),
            (b"Accept", ACCEPT.encode("ascii")),
            (b"Accept-Encoding", ACCEPT_ENCODING.encode("ascii")),
        ]
        self._turns = Turns(limits.spacing)
        self._is_own = lru_cache(4096)(self._looks_own)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._public.aclose()
        await self._private.aclose()
        if self._dns:
            self._dns.close()

    def for_pages(self) -> Fetcher:
        """The same connections and turns, to ask for web pages: of public hosts only, with no source's secrets.

        A redirect is not followed: it is Failed, and its answer's "location" says where it leads, so that leave can be
        asked for there too (F-45). `close` is for the fetcher that this one was made from.
        """
        other = copy(self)
        other._private, other._secrets = self._public, {}
        other._limits = replace(self._limits, redirects=0, bytes=min(self._limits.bytes, MOST_PAGE_BYTES))
        other._headers = [(name, _ACCEPT_PAGE.encode() if name == b"Accept" else said) for name, said in self._headers]
        return other

    async def fetch(self, source: Source, validators: Validators) -> Outcome:
        """Ask for `source`, following redirects, within the limits."""
        if source.url.startswith("file:"):
            outcome = await asyncio.to_thread(self._read_file, source, validators)
            secrets = NO_SECRETS
        else:
            secrets = self._secrets_of(source)
            outcome = await self._ask(source, validators, secrets)
        if isinstance(outcome, Failed):
            return replace(outcome, detail=printable(secrets.conceal_all(outcome.detail)))
        return outcome

    def _secrets_of(self, source: Source) -> Secrets:
        found = self._secrets.get(source.slug)
        return found if found is not None else (Secrets(url=source.url) if "@" in source.url else NO_SECRETS)

    async def _ask(self, source: Source, validators: Validators, secrets: Secrets) -> Outcome:
        if missing := secrets.missing(source.url):
            detail = f"the configuration that this poller goes by gives the source no {missing[0]}"
            return Failed(kind=FailureKind.CREDENTIALS, detail=detail)
        try:
            return await self._follow(source, validators, secrets)
        except TimeoutError:
            return Failed(kind=FailureKind.TIMEOUT, detail=f"no whole answer within {self._limits.seconds:g} seconds")
        except _TooLargeError as error:
            return Failed(kind=FailureKind.TOO_LARGE, detail=str(error), answer=error.answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            return failure(error)

    async def post(self, url: str, form: Mapping[str, str]) -> Answer | Failed:
        """Post a form to a public address; 307 and 308 are followed with the form (W-03), never from https to http.

        An answer that is not 2xx is Failed, with the first words of its body.
        """
        try:
            answered = await self._posted(url, urlencode(form).encode())
        except TimeoutError:
            return Failed(kind=FailureKind.TIMEOUT, detail=f"no answer within {self._limits.seconds:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            answered = failure(error)
        return replace(answered, detail=printable(answered.detail)) if isinstance(answered, Failed) else answered

    async def _posted(self, url: str, form: bytes) -> Answer | Failed:
        for _ in range(self._limits.redirects + 1):
            refused = guard.refuse_url(url)
            if refused:
                return Failed(kind=FailureKind.FORBIDDEN_ADDRESS, detail=refused)
            turn = await self._next_turn(None, httpx.URL(url))
            try:
                async with asyncio.timeout(self._limits.seconds):
                    answer, said, target = await self._post_once(url, form)
            finally:
                if turn:
                    turn.give_back()
            if 200 <= answer.status < 300:
                return answer
            if not target:
                return Failed(kind=FailureKind.HTTP, detail=f"{answer.status} {said}".strip(), answer=answer)
            if urlsplit(url).scheme == "https" != urlsplit(target).scheme:
                return Failed(kind=FailureKind.REDIRECT, detail="the redirect leads from https to http", answer=answer)
            url = target
        return Failed(kind=FailureKind.REDIRECT, detail=f"more than {self._limits.redirects} redirects")

    async def _post_once(self, url: str, form: bytes) -> tuple[Answer, str, str]:
        """The answer, its first words, and where it leads with the same form."""
        request = httpx.Request("POST", url, content=form, headers=[self._headers[0], *_FORM_HEADERS])
        response = await self._public.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        said = b""
        try:
            async for chunk in response.stream:
                said += chunk
                if len(said) >= _FIRST_WORDS:
                    break
        finally:
            await response.stream.aclose()
        answer = Answer(status=response.status_code, url=without_credentials(url), headers=headers_of(response))
        leads = response.status_code in (307, 308) and "location" in response.headers
        target = urljoin(url, response.headers["location"].strip()) if leads else ""
        return answer, " ".join(said[:_FIRST_WORDS].decode("utf-8", "replace").split()), target

    def _looks_own(self, host: str) -> bool:
        """Whether the operator calls this host his own: those are neither spaced nor asked one at a time (F-43)."""
        if not self._allow_private:
            return False
        allowed = host == "localhost" or guard.refuse_address(host, self._allow_private) is None
        return allowed and guard.refuse_address(host) is not None

    async def _follow(self, source: Source, validators: Validators, secrets: Secrets) -> Outcome:
        url, permanent, permanent_url = secrets.expand(source.url), True, None
        seen, turn, led = {url}, None, None
        clock, left = asyncio.get_running_loop().time, self._limits.seconds
        try:
            for number in range(self._limits.redirects + 1):
                refused = guard.refuse_url(url)
                if refused:
                    return Failed(kind=FailureKind.FORBIDDEN_ADDRESS, detail=refused)
                where = _parsed(url)
                turn = await self._next_turn(turn, where)  # waiting for one's turn is no fault of the publisher's
                hop = Hop(where=where, url=url, moved=permanent_url, validators=validators, secrets=secrets)
                started = clock()
                async with asyncio.timeout(left):
                    answered = await self._one(hop, may_be_private=number == 0 and source.may_be_private)
                left -= clock() - started
                if not isinstance(answered, Redirect):
                    return answered
                if answered.target in seen:
                    return Failed(kind=FailureKind.REDIRECT, detail="the redirects lead in a circle")
                seen.add(answered.target)
                downgrade = urlsplit(url).scheme == "https" != urlsplit(answered.target).scheme
                permanent = permanent and answered.status in _PERMANENT and not downgrade
                target = secrets.conceal(answered.target)
                led = Answer(status=answered.status, url=hop.shown, headers={"location": target})
                url = answered.target
                permanent_url = target if permanent else permanent_url
            detail = f"more than {self._limits.redirects} redirects"
            return Failed(kind=FailureKind.REDIRECT, detail=detail, answer=led)
        finally:
            if turn:
                turn.give_back()

    async def _next_turn(self, held: Turn | None, where: httpx.URL) -> Turn | None:
        """The turn at this host, in place of that at the one before: one connection a host at a time (F-43)."""
        host = where.raw_host.decode("ascii").rstrip(".")
        if held and held.name == host:
            return held
        if held:
            held.give_back()
        return None if self._is_own(host) else await self._turns.take(host)

    async def _one(self, hop: Hop, *, may_be_private: bool) -> Outcome | Redirect:
        """One request: what was answered, or where to ask instead."""
        special = hop.headers()
        plain = self._headers
        if special and hop.secrets.headers:  # which may name any of ours
            replaced = {name.lower() for name, _ in special}
            plain = [pair for pair in plain if pair[0].lower() not in replaced]
        transport = self._private if may_be_private else self._public
        response = await _get(transport, hop.where, [*plain, *special])
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            if response.status_code in _REDIRECTS and "location" in response.headers:
                return Redirect(status=response.status_code, target=hop.target(response.headers["location"]))
            return await self._read(response, hop)
        finally:
            await response.stream.aclose()

    async def _read(self, response: httpx.Response, hop: Hop) -> Outcome:
        received = headers_of(response)
        headers = hop.secrets.conceal_in(received)
        # A validator that holds a secret could not be kept as it came, and only as it came is it worth showing.
        kept = {name: value for name, value in headers.items() if received[name] == value}
        status = response.status_code
        # What is read or shown further on takes its address from here: no password goes along.
        answer = Answer(
            status=status, url=without_credentials(hop.shown), headers=headers, permanent_url=hop.moved
        )  # fmt: skip
        if status == 304 and hop.conditional:
            return Unchanged(answer=answer, validators=_renewed(hop.validators, kept))
        if not 200 <= status < 300:
            return refusal(response, answer)
        if answer.partial and headers.get("im", "feed").strip().lower() != "feed":
            detail = f"226 with the manipulation {headers['im']}, which nobody asked for"
            return Failed(kind=FailureKind.PROTOCOL, detail=detail, answer=answer)
        packed = await self._body(response, answer)
        body = hop.secrets.conceal_body(packed.finish())
        answer = replace(answer, size=len(body), wire_bytes=packed.wire_bytes)
        fresh = Validators(
            url=hop.shown,
            etag=kept.get("etag", ""),
            last_modified=kept.get("last-modified", ""),
            body_hash=hashlib.sha256(body).hexdigest(),
        )
        if fresh.body_hash == hop.validators.body_hash:
            return Unchanged(answer=answer, validators=fresh)
        return Fetched(answer=answer, body=body, validators=fresh)

    async def _body(self, response: httpx.Response, answer: Answer) -> Unpacker:
        """The body, unpacked here: each step is bounded, which a decoder that unpacks a whole chunk is not (X-12)."""
        unpack = Unpacker(response.headers.get("content-encoding", ""), self._limits.bytes)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for chunk in response.stream:
            unpack.feed(chunk)
            if unpack.too_large:
                answer = replace(answer, wire_bytes=unpack.wire_bytes)
                raise _TooLargeError(f"the body is larger than {self._limits.bytes:,} bytes", answer)
        return unpack

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


class _TooLargeError(Exception):
    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


def _transports(
    given: httpx.AsyncBaseTransport | None, resolve: guard.Resolver | None, allowed: Sequence[guard.Network]
) -> tuple[httpx.AsyncBaseTransport, httpx.AsyncBaseTransport]:
    """The way to public addresses, and the one to those of the operator's own networks too."""
    if given:
        return given, given
    assert resolve is not None
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return Wire(resolve, context), Wire(resolve, context, allowed)


async def _get(
    transport: httpx.AsyncBaseTransport, url: httpx.URL, headers: list[tuple[bytes, bytes]]
) -> httpx.Response:
    """Ask in the cheapest way that a transport has."""
    if isinstance(transport, Wire):
        return await transport.get(url, headers)
    return await transport.handle_async_request(httpx.Request("GET", url, headers=headers))


def _renewed(validators: Validators, headers: dict[str, str]) -> Validators:
    """A 304 may bring newer validators (F-08)."""
    return Validators(
        url=validators.url,
        etag=headers.get("etag", "") or validators.etag,
        last_modified=headers.get("last-modified", "") or validators.last_modified,
        body_hash=validators.body_hash,
    )
