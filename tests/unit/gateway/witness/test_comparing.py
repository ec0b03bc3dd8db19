"""Gateways that saw the same are content; of those that did not somebody must hear."""

import asyncio

import pytest

from gateway.service.checks.divergence import check_divergence
from gateway.service.checks.finding import Outcome
from gateway.service.protos.quorate.v1 import witness_pb2 as pb
from gateway.witness.divergence import Divergences, read
from gateway.witness.members import Answer, Members, compare, compare_one
from gateway.witness.memory import Memory
from gateway.witness.recall import Recall
from gateway.witness.room import divergences_file, memory_file
from gateway.witness.statement import Witness
from gateway.witness.watch import seen_of, watch
from quorate.errors import StorageError, UnreachableError, UsageError
from quorate.verify.bundle.witness import Witnessed
from tests.unit.gateway.witness.test_memory import seen
from tests.unit.quorate.ledger.consortium import Consortium, Ledger


@pytest.fixture(scope="module")
def ledger():
    made = Consortium(Ledger(("Alder", "Birch")))
    made.ledger.cut()
    return made.ledger


@pytest.fixture
def memory(tmp_path):
    with Memory(memory_file(tmp_path)) as found:
        yield found


@pytest.fixture
def divergences(tmp_path, memory):  # noqa: ARG001 - it makes the folder
    return Divergences(divergences_file(tmp_path))


def clock():
    return 1_790_000_000_000


class Gateways:
    """Stands for the other members' gateways."""

    def __init__(self, data=b""):
        self.data = data

    async def ask(self, msp, blocks):
        assert blocks == ()
        return Answer(msp, self.data, "" if self.data else "it sleeps")


class Stream:
    def __init__(self, blocks):
        self.blocks = blocks

    async def __aenter__(self):
        return self._read()

    async def __aexit__(self, *_):
        return None

    async def _read(self):
        for block in self.blocks:
            yield block
        raise UnreachableError("the stream ends")


async def watched(ledger, memory, divergences, *, blocks=None):
    started, again = [], asyncio.Event()

    def source(start):
        if started:
            again.set()
        started.append(start)
        return Stream((blocks or ledger.chain.blocks)[start:])

    task = asyncio.create_task(watch(source, memory, divergences, clock, msp="AlderMSP"))
    await asyncio.wait_for(again.wait(), 60)
    task.cancel()
    return started


def statement(ledger, memory, *blocks, member=1):
    signer = ledger.members[member].roles["aggregator"]
    return Witness(memory, signer, clock, channel="quorate").state(blocks)


async def test_every_block_is_remembered_and_the_last_one_seen_again(ledger, memory, divergences):
    height = len(ledger.chain.blocks)
    assert (await watched(ledger, memory, divergences))[:2] == [0, height - 1]
    assert memory.height == height
    assert [memory.get(block.header.number) for block in ledger.chain.blocks] == [
        seen_of(block, clock()) for block in ledger.chain.blocks
    ]


async def test_a_peer_that_shows_another_past_is_told(ledger, memory, divergences, tmp_path):
    await watched(ledger, memory, divergences)
    other = Consortium(Ledger(("Alder", "Birch"))).ledger
    other.cut()
    await watched(ledger, memory, divergences, blocks=other.chain.blocks)
    [found] = read(divergences_file(tmp_path))
    assert (found.msp, found.block) == ("AlderMSP", memory.height - 1)


async def test_a_statement_names_what_is_there(ledger, memory, divergences):
    with pytest.raises(UsageError, match="has seen 0 blocks"):
        statement(ledger, memory)
    await watched(ledger, memory, divergences)
    last = memory.height - 1
    for asked, named in [((), [last]), ((3, 1, 3), [1, 3]), ((last, last + 7), [last])]:
        said = Witnessed.read(statement(ledger, memory, *asked)).statement
        assert [found.block for found in said.seen] == named
        assert (said.height, said.msp) == (memory.height, "BirchMSP")
    with pytest.raises(UsageError, match="none of those asked for"):
        statement(ledger, memory, last + 1)
    with pytest.raises(UsageError, match="at most"):
        statement(ledger, memory, *range(10_001))


async def test_who_saw_the_same_is_content(ledger, memory, divergences, tmp_path):
    await watched(ledger, memory, divergences)
    answer = Answer("BirchMSP", statement(ledger, memory, 1, 2), "")
    await compare_one(Gateways(), answer, memory, divergences, clock)
    assert read(divergences_file(tmp_path)) == []
    assert check_divergence(tmp_path).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"header": "00"}, "the ledger of BirchMSP has another block 1: a fork"),
     ({"commit_hash": "00"}, "the peer of BirchMSP decided otherwise on block 1 or one before it")],
)  # fmt: skip
async def test_who_saw_otherwise_is_told_once(ledger, tmp_path, changes, what):
    with Memory(memory_file(tmp_path)) as memory, Memory(tmp_path / "theirs" / "blocks") as theirs:
        memory.append([seen(0), seen(1), seen(2)])
        theirs.append([seen(0), seen(1, **changes)])
        divergences = Divergences(divergences_file(tmp_path))
        answer = Answer("BirchMSP", statement(ledger, theirs, 0, 1), "")
        for _ in range(2):
            await compare_one(Gateways(), answer, memory, divergences, clock)
        again = Divergences(divergences_file(tmp_path))
        assert again.note("BirchMSP", seen(1), seen(1, **changes), now=clock()) is None
    [found] = read(divergences_file(tmp_path))
    assert found.what == what
    finding = check_divergence(tmp_path)
    assert (finding.outcome, finding.message) == (Outcome.FAILED, what)
    recall = Recall(memory, divergences_file(tmp_path), members=list)
    [line], [told] = recall.observations(), recall.divergences()
    assert (line.msp, line.block, line.what, line.observed_time) == ("BirchMSP", 1, what, clock())
    assert (told.organisations, told.block, told.what) == (("BirchMSP",), line.block, line.what)


@pytest.mark.parametrize("written", [0, 1, 200, -1])
def test_a_divergence_that_was_not_written_to_its_end_is_found_again(divergences, tmp_path, written):
    divergences.note("BirchMSP", seen(1), seen(1, header="00"), now=clock())
    before = divergences_file(tmp_path).read_bytes()
    divergences.note("CedarMSP", seen(2), seen(2, header="00"), now=clock())
    both = divergences_file(tmp_path).read_bytes()
    divergences_file(tmp_path).write_bytes(before + both[len(before) :][:written])
    again = Divergences(divergences_file(tmp_path))
    assert [found.msp for found in read(divergences_file(tmp_path))] == ["BirchMSP"]
    assert again.note("CedarMSP", seen(2), seen(2, header="00"), now=clock()) is not None
    assert divergences_file(tmp_path).read_bytes() == both


def test_a_divergence_for_which_there_is_no_room_is_kept_once_there_is(divergences, tmp_path, filling):
    told = ("BirchMSP", seen(1), seen(1, header="00"))
    with filling(9), pytest.raises(StorageError, match="No space left"):
        divergences.note(*told, now=clock())
    assert read(divergences_file(tmp_path)) == []
    assert divergences.note(*told, now=clock()) is not None
    assert [found.msp for found in read(divergences_file(tmp_path))] == ["BirchMSP"]


async def test_what_cannot_be_compared_ends_no_comparing(ledger, memory, divergences, tmp_path, monkeypatch):
    """Whoever is asked behind a member with whom it went wrong is compared with too, then and later."""
    memory.append([seen(0), seen(1), seen(2)])
    with Memory(tmp_path / "theirs" / "blocks") as theirs:
        theirs.append([seen(0), seen(1), seen(2, header="00")])
        said = [Answer("BirchMSP", b"no statement", ""), Answer("CedarMSP", statement(ledger, theirs, 2), "")]

    class Others:
        async def gather(self, blocks):
            assert list(blocks) == [1, 2]
            return said

    monkeypatch.setattr("gateway.witness.members._PERIOD", 0)
    told, note = asyncio.Event(), divergences.note
    loop = asyncio.get_running_loop()

    def noting(*found, **how):
        note(*found, **how)
        loop.call_soon_threadsafe(told.set)

    divergences.note = noting
    task = asyncio.create_task(compare(Others(), memory, divergences, clock))
    await asyncio.wait_for(told.wait(), 60)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [found.msp for found in read(divergences_file(tmp_path))] == ["CedarMSP"]


async def test_who_is_behind_is_asked_for_its_own_last_block(ledger, tmp_path):
    with Memory(memory_file(tmp_path)) as memory, Memory(tmp_path / "theirs" / "blocks") as theirs:
        memory.append([seen(0), seen(1), seen(2)])
        theirs.append([seen(0, header="00")])
        divergences = Divergences(divergences_file(tmp_path))
        gateways = Gateways(statement(ledger, theirs))
        await compare_one(gateways, Answer("BirchMSP", b"", "none of those"), memory, divergences, clock)
    assert [found.block for found in read(divergences_file(tmp_path))] == [0]


class Talker:
    """A member's gateway that answers whatever it is asked with the same statement."""

    def __init__(self, statement):
        self._statement = statement

    def channel(self, _msp):
        return self

    def unary_unary(self, *_):
        return self

    async def __call__(self, *_, **__):
        return pb.StateResponse(statement=self._statement)


async def test_a_statement_longer_than_it_was_asked_to_be_is_not_read(ledger, tmp_path, monkeypatch):
    with Memory(tmp_path / "theirs" / "blocks") as theirs:
        theirs.append(seen(block) for block in range(400))
        short, long = statement(ledger, theirs, 399), statement(ledger, theirs, *range(400))
    assert (await Members(Talker(short)).ask("BirchMSP", (399,))).statement == short
    assert (await Members(Talker(long)).ask("BirchMSP", range(400))).statement == long
    monkeypatch.delattr(Witnessed, "read")
    answer = await Members(Talker(long)).ask("BirchMSP", (399,))
    assert answer.statement == b""
    assert answer.reason.startswith(f"the statement has {len(long)} bytes, and at most ")


async def test_who_says_nothing_is_no_divergence(memory, divergences, tmp_path):
    await compare_one(Gateways(), Answer("BirchMSP", b"", "it sleeps"), memory, divergences, clock)
    assert read(divergences_file(tmp_path)) == []


def test_the_doctor_knows_when_no_gateway_ran(tmp_path):
    assert check_divergence(tmp_path).outcome is Outcome.NOT_CHECKED
