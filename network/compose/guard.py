"""Runs a command when whoever started it is gone: containers cannot die with the process that had them started.

Started with a pipe as standard input, which the kernel closes whichever way the other side ends. A line read from it
first means that there is nothing left to do. Stands alone, so that it starts at once and needs nothing of ours.

``python -I -S guard.py COMMAND ARGUMENT…``
"""

import subprocess
import sys

if __name__ == "__main__" and not sys.stdin.buffer.readline():
    sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False, timeout=120).returncode)  # noqa: S603
