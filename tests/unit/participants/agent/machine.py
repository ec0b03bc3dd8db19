"""One agent's machine on the ledger model: journal, models and updates on a real disk; ledger, gateway, trainer fake.

Every effect is a point at which the machine can be made to die, and what was said to whom is kept in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from grpc import StatusCode

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.store import ArtifactStore
from gateway.artifacts.transfer import Held
from gateway.fabric.errors import EndorseError, ErrorDetail
from gateway.ledger import Ledger, Retry
from participants.agent.config import DatasetSection
from participants.agent.context import AgentContext
from participants.agent.journal import Entry, Journal
from participants.agent.local_policy import LocalPolicy
from participants.agent.models import ModelCache
from participants.agent.participation import Participation
from participants.data.bindings import CsvBinding
from quorate import canonical
from quorate.digest import digest_of
from quorate.errors import NotFoundError, QuorateError
from quorate.fixedpoint import quantise, to_float32
from quorate.identifiers import DatasetId
from tests.unit.gateway.aggregator.house import BASE_VALUES, initial_model, plain_ledger, update_of
from tests.unit.gateway.aggregator.ledger_model import DATASET, EPOCH, MEMBERS, LedgerModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from gateway.artifacts.transfer import Origin
    from quorate.digest import Digest
    from quorate.records.study import Study, StudyView, Terms

ME = MEMBERS[0]
WARD = DatasetSection(id=DatasetId(DATASET), binding=CsvBinding(path="ward.csv"))


class DeathError(BaseException):
    """The machine has died here: nothing catches this, and nothing happens after it."""


class Fate:
    """Counts effects, keeps their names, and lets the machine die before the one with a number."""

    def __init__(self, dies_before: int | None = None) -> None:
        self.dies_before = dies_before
        self.done: list[str] = []
        self.dead = False

    def point(self, name: str) -> None:
        if self.dead or len(self.done) == self.dies_before:
            self.dead = True
            raise DeathError(name)
        self.done.append(name)


class ModelContract:
    """Stands in for `gateway.fabric.Contract`: the ledger model behind the real typed calls."""

    def __init__(self, model: LedgerModel, fate: Fate) -> None:
        self.model = model
        self.fate = fate
        self.now = EPOCH
        self.failing: Exception | None = None
        self.lose_answers = False

    async def evaluate(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        raise AssertionError(f"{transaction_name} is not expected with {arguments}")

    async def submit(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        if self.failing is not None:
            raise self.failing
        function = transaction_name.split(":")[1]
        self.fate.point(function)
        given: Any = canonical.loads(cast("bytes", arguments[0]), limit=65_536)
        try:
            answer = getattr(self, f"_{function.lower()}")(given)
        except QuorateError as error:
            detail = ErrorDetail("peer:7051", "AlderMSP", f"chaincode response 500, {error.code}: {error.message}")
            raise EndorseError(
                "failed to endorse", transaction_id="0" * 64, status=StatusCode.ABORTED, details=[detail]
            ) from error
        self.fate.point(f"{function} answered")
        return canonical.dumps(answer)

    def _reserve(self, given: dict[str, Any]) -> object:
        return self.model.reserve(given["round"], ME, now=self.now)

    def _decline(self, given: dict[str, Any]) -> object:
        return self.model.decline(given["round"], ME, reason=given["reason"], now=self.now)

    def _commit(self, given: dict[str, Any]) -> object:
        return self.model.commit(given["round"], ME, base=given["base"], update=given["update"], now=self.now)


@dataclass
class GatewayArtifacts:
    """Stands in for `ArtifactClient`: what the own gateway has."""

    fate: Fate
    held: dict[Digest, bytes] = field(default_factory=dict)
    failing: QuorateError | None = None

    async def stat(self, digest: Digest) -> Held:
        self._reach("stat")
        data = self.held.get(digest, b"")
        return Held(complete=bool(data), size=len(data), kept=0, labels=())

    async def put(self, description: Description, origin: Origin, *, within: float) -> None:
        assert within > 0
        self._reach("put")
        data = b"".join([chunk async for chunk in origin.read(offset=0)])
        assert (digest_of(data), len(data)) == (description.digest, description.size)
        assert description.label == Label(
            kind=Kind.UPDATE,
            study=description.label.study,
            round=description.label.round,
            msp=ME,
            dataset=DatasetId(DATASET),
        )
        self.held[description.digest] = data
        self.fate.point("put answered")

    async def get(self, description: Description, store: ArtifactStore, *, within: float) -> None:
        assert within > 0
        self._reach("get")
        if description.digest not in self.held:
            raise NotFoundError(f"{description.digest} is not here")
        await store.put_bytes(description.label, self.held[description.digest])

    def _reach(self, name: str) -> None:
        if self.failing is not None:
            raise self.failing
        self.fate.point(name)


@dataclass
class FakeTrainer:
    """Trains to weights that are a function of the secret alone, and remembers with which secrets it trained."""

    fate: Fate
    secrets: list[bytes] = field(default_factory=list)
    failing: list[QuorateError] = field(default_factory=list)
    weights: Mapping[str, NDArray[np.float32]] | None = None

    async def train(
        self, *, dataset: DatasetSection, entry: Entry, terms: Terms, base: Mapping[str, NDArray[np.float32]]
    ) -> Mapping[str, NDArray[np.float32]]:
        assert dataset is WARD
        assert terms.scale_bits == 16
        self.secrets.append(entry.secret)
        self.fate.point("train")
        if self.failing:
            raise self.failing.pop(0)
        return self.weights if self.weights is not None else trained_with(entry.secret, base["w"])


def trained_with(secret: bytes, base: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    change = np.frombuffer(secret[:4], np.uint8).astype(np.float32) / np.float32(65_536)
    return {"w": base + change}


def update_with(secret: bytes, model: LedgerModel, *, number: int = 1) -> bytes:
    """Return the update file that training the first round with this secret makes."""
    base = np.array(BASE_VALUES, np.int64)
    weights = trained_with(secret, to_float32(base, scale_bits=16))["w"]
    change = quantise(weights, base, scale_bits=16, bound=model.bound)
    return update_of(ME, change.tolist(), base=model.round_records[number]["base"], round_=number)


@dataclass
class FakeLedgerPolicy:
    """Stands in for the consortium's policies."""

    answer: str | None = None

    async def objection(self, study: Study, dataset: str) -> str | None:
        assert (study.study, dataset) == ("heart", DATASET)
        return self.answer


class Machine:
    """What survives the agent's death, and how to start the agent again."""

    def __init__(self, directory: Path, model: LedgerModel | None = None, **terms: Any) -> None:
        self.directory = directory
        self.model = model or plain_ledger(**{"private": True} | terms)
        self.fate = Fate()
        self.contract = ModelContract(self.model, self.fate)
        self.artifacts = GatewayArtifacts(self.fate, {self.model.initial: initial_model()})
        self.trainer = FakeTrainer(self.fate)
        self.ledger_policy = FakeLedgerPolicy()
        self.policy = LocalPolicy()
        self.approved = True
        self.context: AgentContext

    @property
    def journal(self) -> Journal:
        return self.context.journal

    async def start(self, *, dies_before: int | None = None) -> AgentContext:
        """Start the agent on what the disk and the ledger hold."""
        self.fate.done, self.fate.dies_before, self.fate.dead = [], dies_before, False
        store = await ArtifactStore.open(self.directory / "models", reserve=0)
        self.context = AgentContext(
            msp=ME,
            ledger=Ledger(self.contract, retry=Retry(stale=0)),
            artifacts=cast("Any", self.artifacts),
            models=ModelCache(store, cast("Any", self.artifacts)),
            trainer=cast("Any", self.trainer),
            journal=Journal(self.directory / "journal"),
            policy=self.policy,
            ledger_policy=cast("Any", self.ledger_policy),
            is_approved=lambda _: self.approved,
        )
        return self.context

    def participation(self, *, number: int = 1, study: StudyView | None = None) -> Participation:
        view = self.model.round_view(number)
        assert view is not None
        return Participation(context=self.context, dataset=WARD, study=study or self.model.study_view(), view=view)

    async def take_part(self, *, number: int = 1) -> None:
        await self.participation(number=number).take_part()

    def entry(self, number: int = 1) -> Entry | None:
        return self.journal.find("heart", number, DATASET)

    def secrets_on_disk(self) -> set[bytes]:
        """Return those secrets that training used and that are still somewhere on this machine."""
        files = [path.read_bytes() for path in self.directory.rglob("*") if path.is_file()]
        return {secret for secret in self.trainer.secrets if any(secret.hex().encode() in data for data in files)}


async def machine_in(directory: Path, **terms: Any) -> Machine:
    """Return a machine whose agent runs, with the first round open."""
    machine = Machine(directory, **terms)
    machine.model.open(1, now=EPOCH)
    await machine.start()
    return machine
