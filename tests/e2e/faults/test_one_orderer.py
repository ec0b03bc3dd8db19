"""Everything that is there only once for somebody: a peer, its chaincode, its gateway, and the only orderer."""

import asyncio
import sys
from functools import partial

import pytest

from network.engine import Engine, driver
from network.status import State
from participants.demo.founding import SKEW_MS
from tests.e2e.faults.clock import shifted
from tests.e2e.faults.disk import ends, small_disk
from tests.e2e.faults.parts import (
    cut_off,
    cut_off_gateway,
    kill,
    kill_gateway,
    return_,
    return_gateway,
    start,
    start_gateway,
    survives_cut,
    survives_kill,
    survives_killed_gateway,
)
from tests.e2e.faults.stand import STEPS, STRUCK, everybody_is_in
from tests.e2e.play import STUDY, agents_listen, charge_of, lives_of

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]

PEER = "peer0.alder"
NODES = {"a peer": PEER, "the only orderer": "orderer0.orderer", "a chaincode process": "chaincode.alder"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_killed(one_orderer, what, step):
    await survives_kill(one_orderer, step, what, NODES[what])


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_is_killed(one_orderer, step):
    await survives_killed_gateway(one_orderer, step)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_and_its_peer_are_killed_at_once(one_orderer, step):
    async def hit():
        await kill(one_orderer, PEER)
        await kill_gateway(one_orderer)

    async def mend():
        await start_gateway(one_orderer)  # before its peer: no order has to be kept
        await start(one_orderer, PEER)

    everybody_is_in(await one_orderer.strike("kill -9 of a gateway and its peer", step, hit, mend))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_cut_off_and_returns(one_orderer, what, step):
    await survives_cut(one_orderer, step, what, NODES[what])


@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_away_for_long(one_orderer, what):
    await survives_kill(one_orderer, "reserve", f"{what} for long", NODES[what], away=25.0)


@pytest.mark.parametrize("step", ["open", "reserve", "commit", "seal", "attest"])
async def test_everything_is_killed_at_once(one_orderer, step):
    """As when the power fails: every peer, chaincode, gateway and agent, and the orderer."""
    consortium = one_orderer.play.consortium
    lives = lives_of(consortium)

    async def hit():
        await asyncio.gather(
            kill(one_orderer, *consortium.network.nodes),
            *map(one_orderer.play.kill_gateway, consortium.places),
            *map(one_orderer.play.kill_agent, consortium.places),
        )

    async def mend():
        await asyncio.gather(
            start(one_orderer, *consortium.network.nodes), *map(consortium.start_gateway, consortium.places)
        )
        await asyncio.gather(*map(consortium.start_agent, consortium.places))
        await agents_listen(consortium, **lives)

    everybody_is_in(await one_orderer.strike("kill -9 of everything", step, hit, mend))


@pytest.mark.parametrize("step", ["open", "seal"])
@pytest.mark.parametrize("what", ["a peer", "the only orderer"])
async def test_a_full_disk(one_orderer, what, step):
    """What can write no block ends; the others wait or go on; with space again it comes back by a plain start."""
    node = NODES[what]
    async with small_disk(one_orderer, node) as disk:

        async def hit():
            disk.fill()
            assert await ends(one_orderer, node, seconds=60)
            found = driver(Engine.NATIVE).status(one_orderer.play.consortium.network.home)
            assert {one.name: one.state for one in found}[node] is State.CRASHED
            assert "no space left on device" in one_orderer.node(node).log.read_text()

        async def mend():
            disk.free()
            await start(one_orderer, node)

        everybody_is_in(await one_orderer.strike(f"a full disk under {what}", step, hit, mend, away=2.0))


@pytest.mark.parametrize(
    ("fault", "hit", "back"),
    [("away for long", kill_gateway, start_gateway), ("cut off for long", cut_off_gateway, return_gateway)],
    ids=["killed", "cut off"],
)
async def test_a_gateway_is_away_until_the_round_has_ended(one_orderer, fault, hit, back):
    """Nobody can have its member's update, which is left out for all to see, and counts again in the next round."""

    async def mend():
        await one_orderer.ended(one_orderer.struck)
        await back(one_orderer)

    view = await one_orderer.strike(f"a gateway {fault}", "commit", partial(hit, one_orderer), mend)
    its_update_is_left_out(one_orderer, view)


@pytest.mark.parametrize(("fault", "hit", "back"), [("killed", kill, start), ("cut off", cut_off, return_)])
async def test_a_peer_is_away_until_the_round_has_ended(one_orderer, fault, hit, back):
    """The others are a quorum, and their peers enough endorsers.

    A gateway whose peer was gone before it told of the seal serves nobody: the update is left out then, for all to see.
    """

    async def mend():
        await one_orderer.ended(one_orderer.struck)
        await back(one_orderer, PEER)

    view = await one_orderer.strike(f"a peer {fault} for long", "seal", partial(hit, one_orderer, PEER), mend)
    if view.round.excluded:
        its_update_is_left_out(one_orderer, view)
    else:
        everybody_is_in(view)


@pytest.mark.parametrize("ms", [10 * SKEW_MS, -10 * SKEW_MS], ids=["ahead", "behind"])
async def test_a_gateway_with_a_wrong_clock(one_orderer, tmp_path, ms):
    """It is further off than the charter allows: peers refuse what the gateway says, and it serves nothing."""
    log = one_orderer.play.consortium.places[STRUCK].log("gateway")
    said_before = log.stat().st_size

    async def hit():
        await kill_gateway(one_orderer)
        with shifted(tmp_path / "clock", ms=ms):
            await start_gateway(one_orderer)

    async def mend():
        await one_orderer.ended(one_orderer.struck)
        await kill_gateway(one_orderer)
        await start_gateway(one_orderer)

    view = await one_orderer.strike(f"a gateway's clock {'ahead' if ms > 0 else 'behind'}", "commit", hit, mend)
    its_update_is_left_out(one_orderer, view)
    said = log.read_bytes()[said_before:].decode()
    assert "the ledger could not be read: the transaction's timestamp is" in said
    assert "check the clock" in said


@pytest.mark.parametrize("ms", [10 * SKEW_MS, -10 * SKEW_MS], ids=["ahead", "behind"])
async def test_an_agent_with_a_wrong_clock(one_orderer, tmp_path, ms):
    """It is missing in the round and charged nothing; with the right time it takes part in the next."""
    it, said = one_orderer.play, tmp_path / "agent.log"
    agent = None

    async def hit():
        nonlocal agent
        await it.kill_agent(STRUCK)
        with shifted(tmp_path / "clock", ms=ms):
            agent = await agent_process(it.consortium.places[STRUCK].agent_config, said)

    async def mend():
        await one_orderer.ended(one_orderer.struck + 1)
        agent.terminate()
        await asyncio.wait_for(agent.wait(), 60)
        await it.consortium.start_agent(STRUCK)

    await one_orderer.strike(f"an agent's clock {'ahead' if ms > 0 else 'behind'}", "finalize", hit, mend)
    view = await it.ledger.round.get(STUDY, one_orderer.struck + 1)
    assert view.round.state == "FINAL"
    assert [(left.msp, left.reason) for left in view.round.left_out] == [(it.msp(STRUCK), "missing")]
    assert charge_of(view, it.msp(STRUCK)) is None
    assert "timestamp" in said.read_text()


async def agent_process(config, said):
    """Start an agent by the command that operators use, and not by the nursery, whose clock is right."""
    with said.open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "quorate", "agent", "run", "--config", str(config)), stdout=log, stderr=log
        )


def its_update_is_left_out(stand, view):
    msp = stand.play.msp(STRUCK)
    assert view.round.state == "FINAL"
    assert [(left.msp, left.reason) for left in view.round.excluded] == [(msp, "unavailable")]
    assert msp not in view.round.attested_by


async def test_the_evidence_of_all_that_happened_verifies(one_orderer, tmp_path):
    await one_orderer.evidence_verifies(tmp_path / "evidence.qeb")
