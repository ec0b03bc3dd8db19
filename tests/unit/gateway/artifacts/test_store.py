from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from obstore.store import LocalStore, MemoryStore

from gateway.artifacts.catalogue import Entry
from gateway.artifacts.cloud import CloudObjects
from gateway.artifacts.objects import LocalObjects
from gateway.artifacts.store import ArtifactStore
from quorate.digest import digest_of
from quorate.errors import StorageError, UsageError
from tests.unit.gateway.artifacts.examples import UPDATE, chunks, described, some_bytes
from tests.unit.gateway.artifacts.store_contract import StoreContract

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.artifacts.objects import Objects


class TestOnADirectory(StoreContract):
    def objects(self, directory: Path) -> Objects:
        return LocalObjects(directory / "objects")


class TestOnAnObjectStoreInMemory(StoreContract):
    @pytest.fixture(autouse=True)
    def memory(self) -> None:
        self._store = MemoryStore()

    def objects(self, directory: Path) -> Objects:  # noqa: ARG002
        return CloudObjects(self._store)


class TestOnAnObjectStoreOnDisk(StoreContract):
    def objects(self, directory: Path) -> Objects:
        return CloudObjects(LocalStore(directory / "bucket", mkdir=True))


class TestOnAnObjectStoreByUrl(StoreContract):
    def objects(self, directory: Path) -> Objects:
        (directory / "bucket").mkdir(exist_ok=True)
        return CloudObjects.at((directory / "bucket").as_uri())


def test_a_url_of_no_object_store_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        CloudObjects.at("nowhere://bucket")


async def test_bytes_that_were_not_forced_to_disk_do_not_outlive_the_machine(tmp_path: Path) -> None:
    data = some_bytes(1000)
    store = await ArtifactStore.open(tmp_path, reserve=0)
    await store.receive(described(data), chunks(data), durable=False)
    assert (await ArtifactStore.open(tmp_path, reserve=0)).has(digest_of(data))
    entry = tmp_path / "catalogue" / f"{digest_of(data).removeprefix('sha256:')}.volatile"
    text = entry.read_text()
    boot = text.split('"boot":"')[1].split('"')[0]
    entry.write_text(text.replace(boot, "another-start-of-the-machine"))
    assert not (await ArtifactStore.open(tmp_path, reserve=0)).has(digest_of(data))
    assert list((tmp_path / "objects").glob("*/*")) == []


async def test_an_entry_that_was_not_forced_to_disk_may_be_torn(tmp_path: Path) -> None:
    data = some_bytes(1000)
    store = await ArtifactStore.open(tmp_path, reserve=0)
    await store.receive(described(data), chunks(data), durable=False)
    entry = tmp_path / "catalogue" / f"{digest_of(data).removeprefix('sha256:')}.volatile"
    entry.write_text("")
    assert not (await ArtifactStore.open(tmp_path, reserve=0)).has(digest_of(data))
    assert not entry.exists()


async def test_what_is_stored_again_for_good_stays(tmp_path: Path) -> None:
    data = some_bytes(1000)
    store = await ArtifactStore.open(tmp_path, reserve=0)
    await store.receive(described(data), chunks(data))
    await store.attach(digest_of(data), UPDATE)
    assert [path.suffix for path in (tmp_path / "catalogue").iterdir()] == [".json"]


async def test_other_accounts_of_the_machine_are_kept_out(tmp_path: Path) -> None:
    await ArtifactStore.open(tmp_path / "artifacts", reserve=0)
    assert (tmp_path / "artifacts").stat().st_mode & 0o777 == 0o700


async def test_a_damaged_catalogue_is_named_not_guessed_at(tmp_path: Path) -> None:
    store = await ArtifactStore.open(tmp_path, reserve=0)
    data = some_bytes(1000)
    await store.receive(described(data), chunks(data))
    entry = tmp_path / "catalogue" / f"{digest_of(data).removeprefix('sha256:')}.json"
    entry.write_text(entry.read_text()[:-1])
    with pytest.raises(StorageError, match=entry.name):
        await ArtifactStore.open(tmp_path, reserve=0)


async def test_a_directory_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    occupied = tmp_path / "state"
    await asyncio.to_thread(occupied.write_bytes, b"a file where a folder should be")
    with pytest.raises(StorageError):
        await ArtifactStore.open(occupied, reserve=0)


async def test_a_reader_that_gives_up_while_the_file_opens_leaves_no_open_file(tmp_path):
    opened, opening, go_on = [], threading.Event(), threading.Event()

    class Slow(LocalObjects):
        def open(self, digest):
            opening.set()
            go_on.wait(60)
            opened.append(super().open(digest))
            return opened[0]

    store = await ArtifactStore.open(tmp_path, objects=Slow(tmp_path / "objects"))
    digest = await store.put_bytes(UPDATE, b"some bytes")

    async def read():
        async with store.reading(digest) as file:
            return file.read()

    reader = asyncio.create_task(read())
    assert await asyncio.to_thread(opening.wait, 60)
    reader.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reader
    async with asyncio.timeout(60):
        while not (opened and opened[0].closed):  # noqa: ASYNC110 (a thread closes it)
            await asyncio.sleep(0.01)


async def test_what_is_here_is_listed_while_more_comes(tmp_path: Path) -> None:
    store = await ArtifactStore.open(tmp_path, reserve=0)
    catalogue, numbers, listing = store._catalogue, count(), threading.Event()

    class Meanwhile(frozenset):
        """Labels during whose reading a thread keeps another artefact."""

        def __iter__(self):
            self._another_comes()
            return super().__iter__()

        def __contains__(self, label):
            self._another_comes()
            return super().__contains__(label)

        def _another_comes(self):
            if not listing.is_set():
                return
            digest = digest_of(str(next(numbers)).encode())
            thread = threading.Thread(target=catalogue.put, args=(replace(ordinary, digest=digest),))
            thread.start()
            thread.join(60)

    ordinary = Entry(digest=digest_of(b"ordinary"), size=8, labels=frozenset({UPDATE}), since=0)
    catalogue.put(replace(ordinary, digest=digest_of(b"first"), labels=Meanwhile({UPDATE})))
    catalogue.put(ordinary)
    listing.set()
    assert {found.digest for found in store.listing()} >= {digest_of(b"first"), digest_of(b"ordinary")}
    assert store.labelled(UPDATE) >= 2
    assert next(numbers) == 2
