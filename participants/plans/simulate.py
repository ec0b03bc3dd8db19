"""A whole federation in one process: the same training, arithmetic and accountant as on the ledger, and no ledger.

Nothing is recorded, nobody attests, and the noise comes from a key that the caller injects, so that results repeat.
Never present a simulation's ε as one that a ledger holds.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from participants.data.bindings import CsvBinding
from participants.data.records import concatenate_records
from participants.plans.approved import AuthorsOwn
from participants.plans.loader import load_plan
from participants.training.check import check_plan
from participants.training.evaluate import evaluate
from participants.training.hardware import Hardware
from participants.training.initial import initial_weights, schema
from participants.training.request import TrainingRequest
from participants.training.round import train_records
from participants.training.secrets import ReleaseContext
from quorate import fixedpoint
from quorate.aggregation import UpdateTerms, aggregate, validate_update
from quorate.digest import digest_of
from quorate.privacy.account import Account
from quorate.privacy.conversion import epsilon
from quorate.privacy.parameters import Mechanism
from quorate.tensors import Header, Reader, Schema, TensorSpec, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from participants.data.records import Records
    from participants.plans.document import PlanDocument
    from participants.training.request import Evaluation
    from participants.training.terms import PrivacyTerms
    from quorate.digest import Digest

SCALE_BITS: Final = 24
BOUND: Final = 2**31 - 1
STUDY: Final = "simulation"
_DATASET: Final = "records"
_IN_MEMORY: Final = CsvBinding(path=Path("simulated"))


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What is simulated.

    Attributes
    ----------
    plan
        The plan's document; the caller answers for its code.
    members
        Each member's records.
    evaluation
        Public records that no member has.
    rounds
        How many rounds.
    privacy
        DP-SGD's terms, or None to train without privacy.
    delta
        The δ at which ε is stated.
    key
        32 bytes from which every member's secrets derive. Injected, so not fit for real records that must stay private.
    """

    plan: PlanDocument
    members: Sequence[Records]
    evaluation: Records
    rounds: int
    privacy: PrivacyTerms | None
    delta: str
    key: bytes


@dataclass(frozen=True, kw_only=True)
class SimulatedRound:
    """A round's outcome.

    Attributes
    ----------
    round
        Its number, from 1.
    model
        Digest of the model file, as the ledger would hold it.
    correct, evaluated
        Counts over the evaluation set.
    epsilon_nano
        What every member has spent so far at the simulation's δ, in nano-units; None without privacy.
    """

    round: int
    model: Digest
    correct: int
    evaluated: int
    epsilon_nano: int | None

    @property
    def accuracy(self) -> float:
        """The share of evaluation records whose class has the highest score."""
        return self.correct / self.evaluated


def simulate(
    simulation: Simulation, *, progress: Callable[[SimulatedRound], None] | None = None
) -> list[SimulatedRound]:
    """Return the outcome of every round, having shown each to `progress` when it was done.

    Raises
    ------
    PlanRefusedError, TrainingFailedError, UsageError
        As training, arithmetic and accounting raise them.
    """
    outcomes = []
    for outcome in _rounds(simulation):
        if progress is not None:
            progress(outcome)
        outcomes.append(outcome)
    return outcomes


def pooled(simulation: Simulation) -> Simulation:
    """Return the same training on all members' records in one place.

    With privacy, at the same ε: the expected batch is that of all members together. Without, with as many steps as all
    members make together.
    """
    records, members = [concatenate_records(list(simulation.members))], len(simulation.members)
    if simulation.privacy is None:
        return replace(simulation, members=records, rounds=simulation.rounds * members)
    privacy = replace(simulation.privacy, expected_batch_size=simulation.privacy.expected_batch_size * members)
    return replace(simulation, members=records, privacy=privacy)


def alone(simulation: Simulation, member: int) -> Simulation:
    """Return the same training by one member on its own records, under the same terms and so the same ε."""
    return replace(simulation, members=[simulation.members[member]])


def _rounds(simulation: Simulation) -> Iterator[SimulatedRound]:
    federation = _Federation(simulation)
    account = Account()
    for number in range(1, simulation.rounds + 1):
        digest = federation.step(number)
        found = federation.evaluate()
        if simulation.privacy is not None:
            account = account.add(mechanism(simulation.privacy))
        yield SimulatedRound(
            round=number,
            model=digest,
            correct=found.correct,
            evaluated=found.records,
            epsilon_nano=epsilon(account.spent, simulation.delta).nano if simulation.privacy is not None else None,
        )


def mechanism(terms: PrivacyTerms) -> Mechanism:
    """Return what one round is charged for."""
    exact = terms.to_json()
    return Mechanism(
        noise_multiplier=str(exact["noise_multiplier"]),
        sample_rate=str(exact["sample_rate"]),
        steps=terms.steps_per_round,
    )


class _Federation:
    """The present model of a simulated study, as the file that the ledger would name, and the step to the next."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._document = simulation.plan.encode()
        self._plan = load_plan(self._document, approval=AuthorsOwn())
        check_plan(self._plan)
        self._schema = Schema(tuple(TensorSpec(name, shape) for name, shape in schema(self._plan.module())))
        self._header = Header.initial_model(STUDY)
        initial = initial_weights(self._plan)
        model = {name: fixedpoint.from_float32(array, scale_bits=SCALE_BITS) for name, array in initial.items()}
        self._file = encode(self._schema, self._header, model)

    def step(self, number: int) -> Digest:
        """Run a round, replace the model, and return the new one's digest."""
        base = digest_of(self._file)
        model = self._model()
        updates = [self._update(number, base, model, member) for member in range(len(self._simulation.members))]
        made = BytesIO()
        with Reader(self._file, self._schema, self._header) as reader:
            digest = aggregate(reader, [(1, update) for update in updates], made, bound=BOUND)
        self._file, self._header = made.getvalue(), Header.model(study=STUDY, round=number, base=base)
        return digest

    def evaluate(self) -> Evaluation:
        """Return the present model's counts on the evaluation set."""
        return evaluate(self._plan, _floats(self._model()), self._simulation.evaluation)

    def _model(self) -> dict[str, NDArray[np.int64]]:
        with Reader(self._file, self._schema, self._header) as reader:
            return reader.read_arrays()

    def _update(self, number: int, base: Digest, model: Mapping[str, NDArray[np.int64]], member: int) -> Reader:
        owner = Header.update(study=STUDY, round=number, msp=f"Member{member}", dataset=_DATASET, base=base)
        context = ReleaseContext(study=STUDY, round=number, base=base, msp=owner.msp, dataset=owner.dataset)
        request = TrainingRequest(
            plan=self._document,
            data=_IN_MEMORY,
            base=_floats(model),
            privacy=self._simulation.privacy,
            secret=hmac.digest(self._simulation.key, f"{owner.msp}/{number}".encode(), "sha256"),
            context=context,
            hardware=Hardware(accelerator="cpu"),
        )
        trained = train_records(self._plan, self._simulation.members[member], request).weights
        update = {
            name: fixedpoint.quantise(trained[name], model[name], scale_bits=SCALE_BITS, bound=BOUND) for name in model
        }
        data = encode(self._schema, owner, update)
        validate_update(data, terms=UpdateTerms(schema=self._schema, header=owner, bound=BOUND))
        return Reader(data, self._schema, owner)


def _floats(model: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.float32]]:
    return {name: fixedpoint.to_float32(array, scale_bits=SCALE_BITS) for name, array in model.items()}
