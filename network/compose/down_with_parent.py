"""Runs a command when whoever started it is gone: containers cannot die with the process that had them started.

Started with a pipe as standard input, which the kernel closes whichever way the other side ends. A line read from it
first means that there is nothing left to do; so does a file that no longer holds the token, since then somebody else
has started the network anew. Stands alone, so that it starts at once and needs nothing of ours.

``python -I -S down_with_parent.py FILE TOKEN COMMAND ARGUMENT…``
"""

import contextlib
import subprocess
import sys

_TIMEOUT_S = 120.0


def _is_ours(path: str, token: str) -> bool:
    with contextlib.suppress(OSError), open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib takes longer to load
        return file.read() == token
    return False


if __name__ == "__main__" and not sys.stdin.buffer.readline() and _is_ours(*sys.argv[1:3]):
    sys.exit(
        subprocess.run(sys.argv[3:], stdin=subprocess.DEVNULL, check=False, timeout=_TIMEOUT_S).returncode  # noqa: S603
    )
