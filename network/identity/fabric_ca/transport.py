"""One request to a Fabric CA over HTTPS: pinned roots, one deadline for all of it, an answer of bounded size."""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import httpx
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.fabric_ca.refusal import refusal
from quorate.errors import IntegrityError, QuorateError, TimedOutError, UnreachableError

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
_NOBODY_BEHIND: Final = range(502, 505)  # a proxy's words, not a CA's
_API: Final = "/api/v1/"


class _Message(BaseModel):
    code: int = 0
    message: str = ""


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    result: JsonValue = None
    errors: list[_Message] | None = None
    success: bool


class Transport:
    """Connections to one CA, reused between requests. Proxies of the environment are not asked.

    Use it in ``async with``.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._http = httpx.AsyncClient(
            base_url=endpoint.url,
            verify=_tls(endpoint),
            trust_env=False,
            # A handshake that our own deadline cut off would leave its socket open; httpx closes what it gives up.
            # Its limit holds for connecting and for the handshake each, so both together stay below ours.
            timeout=httpx.Timeout(endpoint.timeout_s, connect=endpoint.timeout_s * 0.45),
            limits=httpx.Limits(max_connections=8),
            headers={"Accept-Encoding": "identity", "User-Agent": "quorate"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        credential: Credential | None = None,
    ) -> JsonValue:
        """Send a request and return the ``result`` of the answer.

        Parameters
        ----------
        method : str
            HTTP method.
        path : str
            Below ``/api/v1/``, already percent-encoded.
        body : bytes
            JSON, if any.
        query : mapping of str to str, optional
            Query parameters.
        login : (str, str), optional
            Name and secret, for an enrolment.
        credential : Credential, optional
            Who signs for the request.

        Raises
        ------
        QuorateError
            What the CA refused, as `refusal` says.
        TimedOutError
            If the whole exchange took longer than the endpoint's time.
        UnreachableError
            If there is no connection, or the server's certificate does not come from the pinned root.
        IntegrityError
            If the answer is too large or is not a Fabric CA's.
        """
        request = self._http.build_request(method, _API + path, params=query, content=body)
        if body:
            request.headers["Content-Type"] = "application/json"
        if credential is not None:
            request.headers["Authorization"] = credential.token(method, request.url.raw_path.decode("ascii"), body)
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                status, content = await self._exchange(request, httpx.BasicAuth(*login) if login else None)
        except (TimeoutError, httpx.TimeoutException):
            # The cause is left out: it holds the request, and that the secret.
            raise self._timed_out() from None
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError) as error:
            raise self._unreachable(error) from None
        return self._result(status, content)

    async def _exchange(self, request: httpx.Request, login: httpx.BasicAuth | None) -> tuple[int, bytes]:
        response = await self._http.send(request, auth=login, stream=True)
        try:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise self._not_a_ca("its answer is compressed, which was not asked for")
            content = b""
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise self._not_a_ca(f"its answer is larger than {MAX_ANSWER_BYTES} bytes")
            return response.status_code, content
        finally:
            await response.aclose()

    def _result(self, status: int, content: bytes) -> JsonValue:
        try:
            answer = _Answer.model_validate_json(content)
        except ValidationError:
            if status in _NOBODY_BEHIND:
                raise refusal(status, 0, "nobody answers behind that address", where=self._endpoint.where) from None
            raise self._not_a_ca(f"its answer (HTTP {status}) is not a Fabric CA's JSON") from None
        if answer.success and 200 <= status < 300:  # noqa: PLR2004 - HTTP's range of successes
            return answer.result
        first = answer.errors[0] if answer.errors else _Message()
        raise refusal(status, first.code, first.message, where=self._endpoint.where)

    def _timed_out(self) -> QuorateError:
        return TimedOutError(
            f"The CA at {self._endpoint.where} was too slow: a request may take {self._endpoint.timeout_s:g} s.",
            hint="Look whether it runs. An enrolment may have been counted; a registration can be looked up.",
        )

    def _unreachable(self, error: Exception) -> QuorateError:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return UnreachableError(
                f"The TLS certificate of the CA at {self._endpoint.where} does not come from the pinned root, has "
                "expired, or is for another host.",
                hint="Do not go on with another root unless its operator confirms it by another way.",
            )
        return UnreachableError(
            f"The CA at {self._endpoint.where} cannot be reached: {type(error).__name__}.",
            hint="Check that it runs, its address and that it speaks TLS.",
        )

    def _not_a_ca(self, why: str) -> IntegrityError:
        hint = "Check the address: is this a Fabric CA server?"
        return IntegrityError(f"The CA at {self._endpoint.where} is not understood: {why}.", hint=hint)


def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # demands a certificate for the host
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=b"".join(each.public_bytes(Encoding.DER) for each in endpoint.tls_roots))
    return context
