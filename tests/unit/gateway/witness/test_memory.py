"""What a gateway has seen stays as it was seen."""

import pytest

from gateway.witness.memory import Memory
from quorate.errors import IntegrityError, StorageError
from quorate.verify.bundle.witness import Seen


def seen(block, *, header="ab", commit_hash="cd"):
    return Seen(
        block=block,
        header="sha256:" + 32 * header,
        commit_hash=32 * commit_hash if block else "",
        observed_time=1_790_000_000_000 + block,
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "witness" / "blocks"


def test_it_is_there_after_a_restart(path):
    with Memory(path) as memory:
        memory.append([seen(0), seen(1)])
        memory.append([seen(2)])
    with Memory(path) as memory:
        assert memory.height == 3
        assert [memory.get(block) for block in range(4)] == [seen(0), seen(1), seen(2), None]
        assert memory.get(-1) is None
        memory.append([seen(3)])
        assert memory.height == 4


def test_a_disk_that_takes_a_part_of_a_record_is_full(path, filling):
    with Memory(path) as memory:
        memory.append([seen(0), seen(1)])
        with filling(5), pytest.raises(StorageError, match="No space left"):
            memory.append([seen(2)])
        assert (memory.height, memory.get(2)) == (2, None)
        with filling(5, 5, None):
            memory.append([seen(2)])
    with Memory(path) as memory:
        assert [memory.get(block) for block in range(3)] == [seen(0), seen(1), seen(2)]


@pytest.mark.parametrize("block", [0, 1, 3])
def test_only_the_next_block_is_taken(path, block):
    with Memory(path) as memory:
        memory.append([seen(0), seen(1)])
        with pytest.raises(IntegrityError, match="where 2 was due"):
            memory.append([seen(block)])
        assert memory.height == 2


def test_a_record_that_was_not_written_to_its_end_is_forgotten(path):
    with Memory(path) as memory:
        memory.append([seen(0), seen(1)])
    path.write_bytes(path.read_bytes()[:-5])
    with Memory(path) as memory:
        assert memory.height == 1
        memory.append([seen(1)])
        assert memory.get(1) == seen(1)


def test_any_other_change_is_found(path):
    with Memory(path) as memory:
        memory.append([seen(0), seen(1), seen(2)])
    before = path.read_bytes()
    for spot in range(0, len(before), 7):
        altered = bytearray(before)
        altered[spot] ^= 1
        path.write_bytes(altered)
        with pytest.raises(IntegrityError, match="was changed at block"):
            Memory(path)
