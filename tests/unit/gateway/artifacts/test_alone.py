import subprocess
import sys

import pytest

from gateway.artifacts.alone import alone_in
from quorate.errors import ConflictError, StorageError

HOLD = """
import sys
from pathlib import Path
from gateway.artifacts.alone import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the directory until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "state")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_directory_that_another_process_works_in_is_refused_until_that_one_is_dead(other, tmp_path):
    with pytest.raises(ConflictError, match="another process works in"), alone_in(tmp_path / "state"):
        pass
    other.kill()
    other.wait(60)
    with alone_in(tmp_path / "state"):
        pass


def test_the_directory_is_made_for_its_owner_alone_and_free_again_afterwards(tmp_path):
    for _ in range(2):
        with alone_in(tmp_path / "a" / "state"):
            assert (tmp_path / "a" / "state").stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_a_directory_is_a_storage_error(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StorageError, match="making the directory"), alone_in(tmp_path / "state"):
        pass
