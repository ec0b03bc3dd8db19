from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import Ledger
from gateway.ledger.calls import nano
from quorate import canonical
from quorate.errors import BudgetError, ExitCode
from quorate.policy import action_of
from quorate.records import consortium, dataset
from quorate.records.common import make
from quorate.records.functions import FUNCTIONS
from quorate.records.study import Terms
from tests.unit.gateway.ledger.scripted import ScriptedContract, reservation
from tests.unit.quorate.records.samples import sample

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = "sha256:" + "0" * 64
ARGUMENTS = {
    "request": None,  # filled per function
    "terms": Terms.of(sample(Terms, full=True)),
    "name": "heart",
    "study": "heart",
    "round_": 1,
    "dataset": "ward",
    "msp": "AlderMSP",
    "proposer": "AlderMSP",
    "charter_digest": DIGEST,
    "terms_digest": DIGEST,
    "digest": DIGEST,
    "base": DIGEST,
    "update": DIGEST,
    "model": DIGEST,
    "possession": DIGEST,
    "address": "localhost:7443",
    "tls_root": "PEM",
    "version": 1,
    "function": "round:Open",
    "document": {},
    "motion": "approve",
    "choice": "approve",
    "attempt": 1,
    "proposal": "change",
    "fingerprint_key": DIGEST,
    "title": "Rules",
    "text": "// none",
    "entries": 1,
    "number": 1,
    "head": DIGEST,
    "excluded": [],
}
REASONS = {"round:Decline": "policy", "model:Retire": DIGEST, "study:Suspend": "key"}


def method_of(ledger: Ledger, name: str) -> Callable[..., object]:
    return getattr(getattr(ledger, name.split(":", maxsplit=1)[0]), action_of(name).split(".")[1])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
async def test_every_function_of_the_chaincode_has_a_method_that_calls_it(name: str):
    function = FUNCTIONS[name]
    answer = sample(function.answer, full=False)
    contract = ScriptedContract([answer | ({"status": "GRANTED"} if name == "privacy:Reserve" else {})])
    method = method_of(Ledger(contract), name)
    given = ARGUMENTS | {"request": function.request.of(sample(function.request, full=False))}
    given["reason"] = REASONS.get(name)
    wanted = {parameter: given[parameter] for parameter in signature(method).parameters if parameter != "fields"}

    found = await method(**wanted)

    assert isinstance(found, function.answer)
    [(how, called, (document,))] = contract.calls
    assert (how, called) == ("submit" if function.submits else "evaluate", name)
    assert function.request.parse(document).encode() == document


async def test_whole_requests_are_sent_as_they_are():
    contract = ScriptedContract([sample(dataset.Dataset, full=False)])
    request = dataset.Register.of(sample(dataset.Register, full=True))

    await Ledger(contract).dataset.register(request)

    assert contract.calls[0][2] == (request.encode(),)


async def test_a_tally_of_the_founding_names_its_motion():
    contract = ScriptedContract([sample(consortium.Charter, full=False)])

    await Ledger(contract).consortium.tally(proposer="AlderMSP")

    expected = make(consortium.Tally, motion="founding", proposer="AlderMSP")
    assert contract.calls[0][2] == (expected.encode(),)


async def test_a_granted_charge_is_returned():
    contract = ScriptedContract([reservation("GRANTED", after="1100000000")])

    assert (await Ledger(contract).privacy.reserve(study="heart", round_=3, dataset="ward")).status == "GRANTED"


async def test_a_refused_charge_is_an_error_with_the_numbers():
    contract = ScriptedContract([reservation("REFUSED")])

    with pytest.raises(BudgetError) as caught:
        await Ledger(contract).privacy.reserve(study="heart", round_=3, dataset="ward")

    assert caught.value.message == (
        "round 3 of heart would bring AlderMSP/ward from ε 0.9000 to 2.3001 at δ 1e-5, over its cap of 2.0000"
    )
    assert (caught.value.code, caught.value.exit_code) == ("BUDGET_EXCEEDED", ExitCode.BUDGET)
    assert len(contract.calls) == 1


async def test_a_quote_takes_a_study_or_a_mechanism():
    contract = ScriptedContract([{"schema": "quorate.ledger_quote/1", "quotes": []}])
    ledger = Ledger(contract)

    await ledger.privacy.quote(study="heart")
    await ledger.privacy.quote(
        msp="AlderMSP", dataset="ward", noise_multiplier="4", sample_rate="1/4", steps=6, study=None
    )

    sent = [canonical.loads(call[2][0], limit=1000) for call in contract.calls]
    assert sent[0] == {"schema": "quorate.privacy.quote/1", "study": "heart"}
    assert set(sent[1]) == {"schema", "msp", "dataset", "noise_multiplier", "sample_rate", "steps"}


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "0.0000"), ("1", "0.0001"), ("100000", "0.0001"), ("100001", "0.0002"), ("2000000000", "2.0000")],
)
def test_amounts_are_shown_rounded_up(amount: str, shown: str):
    assert nano(amount) == shown


@given(amount=st.integers(0, 10**40), places=st.integers(1, 9))
def test_what_is_shown_is_never_below_the_amount_and_less_than_one_unit_above(amount: int, places: int):
    whole, part = nano(str(amount), places=places).split(".")

    shown = int(whole + part) * 10 ** (9 - places)

    assert len(part) == places
    assert 0 <= shown - amount < 10 ** (9 - places)
