"""Which Go builds our programs into a wheel: whoever only verifies needs none, and an old one is as good as none."""

import pytest

from hatch_build import _builds


@pytest.mark.parametrize(
    ("said", "status", "builds"),
    [
        ("go1.26.0", 0, True),
        ("go1.26.8", 0, True),
        ("devel go1.27-abcdef", 0, True),
        ("go2.0", 0, True),
        ("go1.25.9", 0, False),
        ("go1.19.8", 0, False),
        ("", 0, False),
        ("go1.26.0", 1, False),
    ],
)
def test_a_go_that_is_new_enough_builds(said, status, builds, tmp_path):
    go = tmp_path / "go"
    go.write_text(f'#!/bin/sh\n[ "$*" = "env GOVERSION" ] || exit 3\necho "{said}"\nexit {status}\n')
    go.chmod(0o700)
    assert _builds(str(go), tmp_path) == builds
