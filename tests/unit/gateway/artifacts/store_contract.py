"""What every artefact store keeps to, whatever its bytes lie on. Implementations subclass it in `test_store.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

from gateway.artifacts.label import Kind, Label
from gateway.artifacts.store import ArtifactStore
from quorate.digest import digest_of
from quorate.errors import ConflictError, IntegrityError, NoSpaceError, NotFoundError, StateError, UsageError
from quorate.identifiers import StudyId
from tests.unit.gateway.artifacts.examples import PLAN, UPDATE, broken_after, chunks, described, some_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.artifacts.objects import Objects

OTHER = Label(kind=Kind.PLAN, study=StudyId("lung"))


async def read_all(store: ArtifactStore, digest: str, offset: int = 0) -> bytes:
    return b"".join([chunk async for chunk in store.read(digest, offset=offset)])


class StoreContract(ABC):
    @abstractmethod
    def objects(self, directory: Path) -> Objects:
        """Return the same objects each time it is called within one test."""

    async def reopened(self, directory: Path) -> ArtifactStore:
        return await ArtifactStore.open(directory, objects=self.objects(directory), reserve=0)

    @pytest.fixture
    async def store(self, tmp_path: Path) -> ArtifactStore:
        return await self.reopened(tmp_path)

    async def test_what_was_received_can_be_read_from_any_offset(self, store: ArtifactStore) -> None:
        data = some_bytes()
        await store.receive(described(data), chunks(data))
        assert store.has(digest_of(data))
        assert store.size(digest_of(data)) == len(data)
        assert await read_all(store, digest_of(data)) == data
        assert await read_all(store, digest_of(data), 2_999_990) == data[2_999_990:]
        assert await read_all(store, digest_of(data), len(data)) == b""

    async def test_a_broken_upload_is_kept_and_goes_on_where_it_ended(self, store: ArtifactStore) -> None:
        data = some_bytes()
        with pytest.raises(ConnectionResetError):
            await store.receive(described(data), broken_after(data, 1_500_000))
        assert not store.has(digest_of(data))
        assert store.partial(digest_of(data), len(data)) == 1_500_000
        await store.receive(described(data), chunks(data[1_500_000:]), offset=1_500_000)
        assert await read_all(store, digest_of(data)) == data
        assert store.partial(digest_of(data), len(data)) == 0

    async def test_a_broken_upload_outlives_the_process(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes()
        with pytest.raises(ConnectionResetError):
            await store.receive(described(data), broken_after(data, 2_000_000))
        again = await self.reopened(tmp_path)
        assert again.partial(digest_of(data), len(data)) == 2_000_000
        await again.receive(described(data), chunks(data[2_000_000:]), offset=2_000_000)
        assert await read_all(again, digest_of(data)) == data

    async def test_an_upload_may_begin_again_before_what_is_kept(self, store: ArtifactStore) -> None:
        data = some_bytes()
        with pytest.raises(ConnectionResetError):
            await store.receive(described(data), broken_after(b"x" * len(data), 2_000_000))
        await store.receive(described(data), chunks(data), offset=0)
        assert await read_all(store, digest_of(data)) == data

    async def test_an_upload_cannot_skip_bytes(self, store: ArtifactStore) -> None:
        data = some_bytes(1000)
        with pytest.raises(StateError, match="0 bytes are kept"):
            await store.receive(described(data), chunks(data[10:]), offset=10)

    async def test_a_flipped_byte_is_caught_and_nothing_of_it_kept(self, store: ArtifactStore) -> None:
        data = some_bytes()
        wrong = bytearray(data)
        wrong[1_234_567] ^= 1
        with pytest.raises(IntegrityError) as caught:
            await store.receive(described(data), chunks(bytes(wrong)))
        assert caught.value.code == "INTEGRITY"
        assert not store.has(digest_of(data))
        assert store.partial(digest_of(data), len(data)) == 0

    async def test_a_truncated_upload_is_refused_and_kept_for_resumption(self, store: ArtifactStore) -> None:
        data = some_bytes()
        with pytest.raises(UsageError, match="ends after 1000000 of 3000000"):
            await store.receive(described(data), chunks(data[:1_000_000]))
        assert not store.has(digest_of(data))
        assert store.partial(digest_of(data), len(data)) == 1_000_000

    async def test_more_bytes_than_announced_are_refused(self, store: ArtifactStore) -> None:
        data = some_bytes(100)
        with pytest.raises(UsageError, match="more bytes than the 100"):
            await store.receive(described(data), chunks(data + b"x"))
        assert not store.has(digest_of(data))

    async def test_without_room_nothing_is_written(self, tmp_path: Path) -> None:
        objects = self.objects(tmp_path)
        store = await ArtifactStore.open(tmp_path, objects=objects, reserve=1000, room=lambda _: 2_000_000)
        data = some_bytes()
        with pytest.raises(NoSpaceError) as caught:
            await store.receive(described(data), chunks(data))
        assert caught.value.code == "NO_SPACE"
        assert list((tmp_path / "staging").iterdir()) == []
        assert not store.has(digest_of(data))

    async def test_uploads_together_do_not_exceed_the_room(self, tmp_path: Path) -> None:
        objects = self.objects(tmp_path)
        store = await ArtifactStore.open(tmp_path, objects=objects, reserve=0, room=lambda _: 4_000_000)
        first, second = some_bytes(seed=1), some_bytes(seed=2)

        async def with_another_inside() -> AsyncIterator[bytes]:
            yield first[:1000]
            with pytest.raises(NoSpaceError):
                await store.receive(described(second), chunks(second))
            yield first[1000:]

        await store.receive(described(first), with_another_inside())
        await store.receive(described(second), chunks(second))

    async def test_a_disk_that_fills_up_leaves_nothing_behind(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes()
        part = tmp_path / "staging" / f"{digest_of(data).removeprefix('sha256:')}-{len(data)}.part"
        part.symlink_to("/dev/full")
        with pytest.raises(NoSpaceError):
            await store.receive(described(data), chunks(data))
        assert not part.is_symlink()
        assert not store.has(digest_of(data))

    async def test_a_newer_upload_takes_over_from_one_that_hangs(self, store: ArtifactStore) -> None:
        data = some_bytes()

        async def hanging() -> AsyncIterator[bytes]:
            yield data[:1_000_000]
            await store.receive(described(data), chunks(data[1_000_000:]), offset=1_000_000)
            yield data[1_000_000:]

        with pytest.raises(ConflictError):
            await store.receive(described(data), hanging())
        assert await read_all(store, digest_of(data)) == data

    async def test_the_same_bytes_may_be_several_things(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes(1000)
        await store.receive(described(data), chunks(data))
        await store.attach(digest_of(data), OTHER)
        assert (await self.reopened(tmp_path)).labels(digest_of(data)) == {PLAN, OTHER}
        await store.remove(digest_of(data), PLAN)
        assert store.labels(digest_of(data)) == {OTHER}
        assert await read_all(store, digest_of(data)) == data
        await store.remove(digest_of(data), OTHER)
        assert not store.has(digest_of(data))
        assert self.objects(tmp_path).size(digest_of(data)) is None

    async def test_bytes_that_are_here_are_not_read_again(self, store: ArtifactStore) -> None:
        data = some_bytes(1000)
        await store.receive(described(data), chunks(data))
        await store.receive(described(data, OTHER), broken_after(b"", 0))
        assert store.labels(digest_of(data)) == {PLAN, OTHER}

    async def test_what_is_not_here_cannot_be_read_or_labelled(self, store: ArtifactStore) -> None:
        missing = digest_of(b"missing")
        with pytest.raises(NotFoundError):
            await read_all(store, missing)
        with pytest.raises(NotFoundError):
            await store.attach(missing, PLAN)
        assert store.size(missing) is None
        assert store.labels(missing) == frozenset()
        await store.remove(missing, PLAN)

    async def test_a_product_is_kept_when_committed(self, store: ArtifactStore) -> None:
        data = some_bytes(100_000)
        async with store.producing(UPDATE, size=len(data)) as product:
            product.file.write(data)
            digest = await product.commit()
        assert digest == digest_of(data)
        assert await read_all(store, digest) == data
        assert store.labels(digest) == {UPDATE}

    async def test_a_product_that_is_not_committed_leaves_nothing(self, tmp_path: Path, store: ArtifactStore) -> None:
        async with store.producing(UPDATE, size=1000) as product:
            product.file.write(b"x" * 1000)
        async with store.producing(UPDATE, size=1000) as product:
            product.file.write(b"abc")
            with pytest.raises(UsageError, match="3 bytes were written, not the 1000"):
                await product.commit()
        assert list((tmp_path / "staging").iterdir()) == []
        assert store.listing() == ()

    async def test_a_product_needs_room(self, tmp_path: Path) -> None:
        store = await ArtifactStore.open(tmp_path, objects=self.objects(tmp_path), reserve=0, room=lambda _: 10)
        with pytest.raises(NoSpaceError):
            async with store.producing(UPDATE, size=11):
                pytest.fail("there is no room")

    async def test_bytes_without_an_entry_are_removed_at_the_start(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes(1000)
        await store.receive(described(data), chunks(data))
        (tmp_path / "catalogue" / f"{digest_of(data).removeprefix('sha256:')}.json").unlink()
        assert not (await self.reopened(tmp_path)).has(digest_of(data))
        assert self.objects(tmp_path).size(digest_of(data)) is None

    async def test_an_entry_without_bytes_is_forgotten_at_the_start(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes(1000)
        await store.receive(described(data), chunks(data))
        self.objects(tmp_path).remove(digest_of(data))
        assert not (await self.reopened(tmp_path)).has(digest_of(data))

    async def test_old_unfinished_uploads_are_dropped(self, store: ArtifactStore) -> None:
        data = some_bytes()
        with pytest.raises(ConnectionResetError):
            await store.receive(described(data), broken_after(data, 1_500_000))
        assert await store.discard_older(1.0) == 0
        assert await store.discard_older(4e9) == 1
        assert store.partial(digest_of(data), len(data)) == 0

    async def test_files_and_bytes_are_stored_whole(self, tmp_path: Path, store: ArtifactStore) -> None:
        data = some_bytes()
        (tmp_path / "plan").write_bytes(data)
        assert await store.put_file(PLAN, tmp_path / "plan") == digest_of(data)
        assert await store.put_bytes(UPDATE, data[:10]) == digest_of(data[:10])
        async with store.reading(digest_of(data)) as file:
            file.seek(2_999_000)
            assert file.read() == data[2_999_000:]
