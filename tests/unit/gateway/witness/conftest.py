import errno
import os
from contextlib import contextmanager

import pytest


@pytest.fixture
def filling(monkeypatch):
    """Let writes take so many bytes each, all of them where None is given; behind the last one the disk is full."""

    @contextmanager
    def fill(*rooms):
        left, write = list(rooms), os.pwrite

        def pwrite(descriptor, data, offset):
            if not left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, data[: left.pop(0)], offset)

        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", pwrite)
            yield

    return fill
