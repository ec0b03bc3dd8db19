"""Processes of ours whose clock is wrong: Python runs `sitecustomize` before anything else, which shifts time here."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Proposals, and what is due, go by `time_ns`. `time` is left alone: gRPC adds time-outs to it and compares the sum with
# what its core reads from the machine, whose clock is right here.
_SHIFTED = """
import time
_right = time.time_ns
time.time_ns = lambda: _right() + {ms} * 1_000_000
"""


@contextmanager
def shifted(directory: Path, *, ms: int) -> Iterator[None]:
    """Whatever Python process is started inside has a clock that is so many milliseconds ahead."""
    directory.mkdir(exist_ok=True)
    (directory / "sitecustomize.py").write_text(_SHIFTED.format(ms=ms))
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(directory), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
