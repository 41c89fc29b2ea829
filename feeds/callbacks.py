"""Requests to callbacks, which strangers chose: asked and brought to, never followed or listened to for long.

In: a callback's address; a body to bring. Out: a status and the first bytes of the answer, or Failed. Never: a redirect
followed, an address that was not checked at the moment of connecting (W-28, X-01), a body read that is longer than expected.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from feeds import guard
from feeds.model import Failed, FailureKind
from feeds.transport import Wire
from feeds.trouble import failure, printable

SECONDS = 10.0
"""How long a callback may take in all."""
_LOOK_UPS = 32
_PRIVATE = "the host is at a private or reserved address (settings.hub_allow_private opens networks to callbacks)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a callback answered: its status, and its body as far as it was read."""

    status: int
    body: bytes = b""


class Caller:
    """Asks callbacks. One for the life of a program; `close` it. `allowed` are private networks that may be reached."""

    def __init__(self, user_agent: str, allowed: Sequence[guard.Network] = (), *, seconds: float = SECONDS) -> None:
        self._agent = user_agent
        self._seconds = seconds
        # Of its own: callbacks with slow names hold up no poll.
        self._dns = guard.Resolve(_LOOK_UPS)
        self._context = ssl.create_default_context()
        self._context.set_alpn_protocols(["http/1.1"])
        self.reach(allowed)

    def reach(self, allowed: Sequence[guard.Network]) -> None:
        """Reach other private networks from now on; requests under way go on."""
        self._wire = Wire(self._dns, self._context, allowed)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._wire.aclose()
        self._dns.close()

    async def ask(self, url: str, most: int) -> Heard | Failed:
        """GET, with up to `most` bytes of what is answered, and one more where there is more."""
        return await self._do(httpx.Request("GET", url, headers={"User-Agent": self._agent, "Accept": "*/*"}), most)

    async def bring(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard | Failed:
        """POST a body; what is answered beside the status is not read (W-25)."""
        said = {"User-Agent": self._agent, "Accept": "*/*", **headers}
        return await self._do(httpx.Request("POST", url, content=body, headers=said), 0)

    async def _do(self, request: httpx.Request, most: int) -> Heard | Failed:
        refused = guard.refuse_url(str(request.url))
        if refused:
            return Failed(kind=FailureKind.FORBIDDEN_ADDRESS, detail=refused)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._heard(request, most)
        except TimeoutError:
            return Failed(kind=FailureKind.TIMEOUT, detail=f"no answer within {self._seconds:g} seconds")
        except guard.ForbiddenAddressError:
            return Failed(kind=FailureKind.FORBIDDEN_ADDRESS, detail=_PRIVATE)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            failed = failure(error)
            return replace(failed, detail=printable(failed.detail))

    async def _heard(self, request: httpx.Request, most: int) -> Heard:
        response = await self._wire.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        body = b""
        try:
            if most:
                async for piece in response.stream:
                    body += piece[: most + 1 - len(body)]
                    if len(body) > most:
                        break
        finally:
            await response.stream.aclose()
        return Heard(status=response.status_code, body=body)
