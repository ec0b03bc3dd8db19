from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from gateway.aggregator.doubt import Doubt, Watchman, disagreement, doubts
from gateway.aggregator.inputs import Inputs
from gateway.aggregator.recompute import Sources, unproven
from quorate.aggregation import possession
from quorate.digest import digest_of
from tests.unit.gateway.aggregator.house import initial_model, plain_ledger, update_of
from tests.unit.gateway.aggregator.ledger_model import EPOCH, INITIAL, MEMBERS, STUDY, LedgerModel

if TYPE_CHECKING:
    import pytest

    from quorate.identifiers import MspId
    from quorate.records.round import RoundView

ALDER, BIRCH, CEDAR, DEODAR = MEMBERS
GOOD, BAD = digest_of(b"good"), digest_of(b"bad")


def sealed() -> LedgerModel:
    ledger = LedgerModel()
    ledger.open(1, now=EPOCH)
    for msp in MEMBERS:
        ledger.commit(1, msp, base=INITIAL, update=digest_of(msp.encode()), now=EPOCH)
    ledger.seal(1, now=EPOCH)
    return ledger


def attest(ledger: LedgerModel, msp: MspId, model: str = GOOD, *, possession: MspId | None = None) -> None:
    ledger.attest(1, msp, attempt=1, model=model, excluded=[], now=EPOCH)
    for said in ledger.attestations.values():
        if said["msp"] == msp:
            said["possession"] = digest_of(f"possession of {possession or msp}".encode())


def view_of(ledger: LedgerModel) -> RoundView:
    view = ledger.round_view()
    assert view is not None
    return view


def test_honest_attestations_raise_no_doubt() -> None:
    ledger = sealed()
    for msp in MEMBERS:
        attest(ledger, msp)
    assert doubts(view_of(ledger)) == ()
    ledger.finalize(1, now=EPOCH)
    assert doubts(view_of(ledger)) == ()


def test_a_copied_attestation_is_noticed_before_anything_is_final() -> None:
    ledger = sealed()
    attest(ledger, ALDER)
    attest(ledger, BIRCH, possession=ALDER)
    assert doubts(view_of(ledger)) == (
        Doubt(1, ALDER, "gave the same possession hash as BirchMSP: one has copied"),
        Doubt(1, BIRCH, "gave the same possession hash as AlderMSP: one has copied"),
    )


def test_who_attested_something_else_than_the_quorum_is_named_once_there_is_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = sealed()
    attest(ledger, ALDER, BAD)
    for msp in (BIRCH, CEDAR, DEODAR):
        attest(ledger, msp)
    assert doubts(view_of(ledger)) == ()
    ledger.finalize(1, now=EPOCH)
    assert doubts(view_of(ledger)) == (Doubt(1, ALDER, "attested another model or other exclusions than the quorum"),)
    watchman = Watchman()
    with caplog.at_level(logging.WARNING, logger="gateway.aggregator.doubt"):
        for _ in range(3):
            watchman.look(view_of(ledger))
    (said,) = caplog.messages
    assert said.endswith("attempt 1: AlderMSP attested another model or other exclusions than the quorum")


def test_a_dispute_says_who_said_what() -> None:
    ledger = sealed()
    attest(ledger, ALDER, BAD)
    attest(ledger, BIRCH)
    said = disagreement(view_of(ledger))
    assert said.startswith("no 3 attesters agreed in 1 attempts; in the last ")
    assert f"AlderMSP attested {BAD[:19]}…, BirchMSP attested {GOOD[:19]}…" in said
    assert said.endswith(f"{CEDAR}, {DEODAR} attested nothing")


def test_a_possession_hash_that_is_made_up_is_found_with_the_bytes() -> None:
    ledger = plain_ledger()
    updates = {msp: update_of(msp, (1, 2, 3, 4), base=ledger.initial) for msp in MEMBERS}
    ledger.open(1, now=EPOCH)
    for msp, data in updates.items():
        ledger.commit(1, msp, base=ledger.initial, update=digest_of(data), now=EPOCH)
    ledger.seal(1, now=EPOCH)
    for msp in MEMBERS:
        attest(ledger, msp)
    ledger.finalize(1, now=EPOCH)
    for said in ledger.attestations.values():
        if said["msp"] != BIRCH:
            said["possession"] = possession(said["msp"], STUDY, 1, 1, list(updates.values()))

    view = view_of(ledger)
    inputs = Inputs.of(ledger.study_view(), view.round)
    files = {digest_of(data): io.BytesIO(data) for data in updates.values()}
    sources = Sources(base=io.BytesIO(initial_model()), updates=files)
    assert unproven(view, inputs, sources, view.round.included) == [BIRCH]
    assert doubts(view) == ()  # without the bytes it looks like any other
