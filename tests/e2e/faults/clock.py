"""Processes of ours whose clock is wrong: Python runs `sitecustomize` before anything else, which shifts time here."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHIFTED = """
import time
_ns, _s = time.time_ns, time.time
time.time_ns = lambda: _ns() + {ms} * 1_000_000
time.time = lambda: _s() + {ms} / 1000
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
