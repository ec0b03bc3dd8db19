"""Everything that is there only once for somebody: a peer, its chaincode, its gateway, and the only orderer."""

from functools import partial

import pytest

from network.engine import Engine, driver
from network.status import State
from participants.demo.founding import SKEW_MS
from tests.e2e.faults.clock import shifted
from tests.e2e.faults.disk import ends, small_disk
from tests.e2e.faults.parts import cut_off, kill, kill_gateway, return_, start, start_gateway
from tests.e2e.faults.stand import STEPS, STRUCK, everybody_is_in

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]

PEER = "peer0.alder"
NODES = {"a peer": PEER, "the only orderer": "orderer0.orderer", "a chaincode process": "chaincode.alder"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_killed(one_orderer, what, step):
    node = NODES[what]
    view = await one_orderer.strike(
        f"kill -9 of {what}", step, partial(kill, one_orderer, node), partial(start, one_orderer, node)
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_is_killed(one_orderer, step):
    view = await one_orderer.strike(
        "kill -9 of a gateway", step, partial(kill_gateway, one_orderer), partial(start_gateway, one_orderer)
    )
    everybody_is_in(view)


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
    node = NODES[what]
    view = await one_orderer.strike(
        f"{what} cut off",
        step,
        partial(cut_off, one_orderer, node),
        partial(return_, one_orderer, node),
        away=6.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_away_for_long(one_orderer, what):
    node = NODES[what]
    view = await one_orderer.strike(
        f"{what} away for long",
        "reserve",
        partial(kill, one_orderer, node),
        partial(start, one_orderer, node),
        away=25.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", ["open", "seal"])
async def test_a_full_disk_under_a_peer(one_orderer, step):
    """It can write no block and ends; everybody else goes on; with space again it comes back by a plain start."""
    async with small_disk(one_orderer, PEER) as disk:

        async def hit():
            disk.fill()
            assert await ends(one_orderer, PEER, seconds=60)
            found = driver(Engine.NATIVE).status(one_orderer.play.consortium.network.home)
            assert {one.name: one.state for one in found}[PEER] is State.CRASHED
            assert "no space left on device" in one_orderer.node(PEER).log.read_text()

        async def mend():
            disk.free()
            await start(one_orderer, PEER)

        everybody_is_in(await one_orderer.strike("a full disk under a peer", step, hit, mend, away=2.0))


@pytest.mark.parametrize("ms", [10 * SKEW_MS, -10 * SKEW_MS], ids=["ahead", "behind"])
async def test_a_gateway_with_a_wrong_clock(one_orderer, tmp_path, ms):
    """It is further off than the charter allows: peers refuse what the gateway says, and nobody needs it."""
    log = one_orderer.play.consortium.places[STRUCK].log("gateway")
    said_before = log.stat().st_size

    async def hit():
        await kill_gateway(one_orderer)
        with shifted(tmp_path / "clock", ms=ms):
            await start_gateway(one_orderer)

    async def mend():
        await kill_gateway(one_orderer)
        await start_gateway(one_orderer)

    view = await one_orderer.strike(
        f"a gateway's clock {'ahead' if ms > 0 else 'behind'}", "commit", hit, mend, away=20.0
    )
    everybody_is_in(view)
    assert one_orderer.play.msp(STRUCK) not in view.round.attested_by
    assert "timestamp" in log.read_bytes()[said_before:].decode()
