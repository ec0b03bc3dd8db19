"""Whether something that was started answers yet: a condition looked at again and again until a deadline."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable

from network.process import Process
from quorate.errors import TimedOutError

_PROBE_TIMEOUT_S = 3.0
_LOOK_AGAIN_S = 0.02
_OK = 200


def wait_until(process: Process, answers: Callable[[], bool], timeout_s: float) -> None:
    """Wait until a process that was just launched answers.

    Raises
    ------
    UnreachableError
        If it ended first; the message quotes the end of its log.
    TimedOutError
        If it did not answer within `timeout_s` seconds. It is ended then.
    """
    deadline = time.monotonic() + timeout_s
    while not answers():
        if (status := process.poll()) is not None:
            raise process.why_it_ended(status)
        if time.monotonic() >= deadline:
            process.stop(grace_s=1.0)
            raise TimedOutError(
                f"{process.program.name} was not ready after {timeout_s:g} s.",
                hint=f"Read its log: {process.program.log}",
            )
        time.sleep(_LOOK_AGAIN_S)  # none of these programs says when it is ready


def is_healthy(operations: str) -> bool:
    """Tell whether a Fabric node's operations service says that the node is well."""
    connection = http.client.HTTPConnection(operations, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == _OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def shakes_hands(address: str, context: ssl.SSLContext) -> bool:
    """Tell whether a TLS server at an address is there and alive, not merely its port."""
    host, _, port = address.rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), timeout=_PROBE_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except OSError:
        return False
