"""One agent with doubles behind every seam: a ledger that answers, a gateway that stores, a trainer that counts."""

import io
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import numpy as np

from gateway.ledger import Ledger
from participants.agent.config import DatasetSection
from participants.agent.context import AgentContext
from participants.agent.journal import Journal
from participants.agent.local_policy import LocalPolicy
from participants.agent.participation import Participation
from quorate.digest import digest_of
from quorate.errors import UnreachableError
from quorate.identifiers import StudyId
from quorate.records.common import make
from quorate.records.privacy import Charge, Reservation
from quorate.records.round import CommitRecord, DeclineRecord, RoundView
from quorate.records.study import PrivacyTerms, StudyView
from quorate.tensors import Header, Schema, TensorSpec, encode
from tests.unit.quorate.policy.samples import ALDER, STAMP, round_, study

DATASET = "rows"
SCHEMA = Schema((TensorSpec("w", (2,)),))
INITIAL = encode(SCHEMA, Header.initial_model(StudyId("one")), {"w": np.array([0, 1 << 24], np.int64)})
BASE = digest_of(INITIAL)
DP = PrivacyTerms(
    mechanism="dp-sgd",
    noise_multiplier="4",
    sample_rate="1/4",
    steps_per_round=6,
    clipping_norm="1",
    expected_batch_size=8,
    delta="1e-5",
)


class FakeLedger:
    """Answers reservations, commits and declines as the chaincode does, and keeps them."""

    def __init__(self, *, status="GRANTED"):
        self.status = status
        self.fails_once = set()
        self.calls = []
        self.reservations, self.commits, self.declines = [], [], []

    async def submit(self, name, document):
        asked = json.loads(document)
        asked.pop("schema")
        self.calls.append(name)
        made = {"privacy:Reserve": self._reserve, "round:Commit": self._commit, "round:Decline": self._decline}[name]
        record = made(asked)
        if name in self.fails_once:
            self.fails_once.remove(name)
            raise UnreachableError("the answer was lost")
        return record.encode()

    def _reserve(self, asked):
        after = "500000000" if self.status == "GRANTED" else "2500000000"
        record = make(
            Reservation,
            msp=ALDER,
            status=self.status,
            charge=Charge(noise_multiplier="4", sample_rate="1/4", steps=6),
            delta="1e-5",
            epsilon_before_nano="0",
            epsilon_after_nano=after,
            cap_nano="2000000000",
            reserved=STAMP,
            **asked,
        )
        self.reservations = [record]
        return record

    def _commit(self, asked):
        record = make(CommitRecord, msp=ALDER, status="ON_TIME", leaf="0" * 64, committed=STAMP, **asked)
        self.commits = [record]
        return record

    def _decline(self, asked):
        record = make(DeclineRecord, msp=ALDER, declined=STAMP, **asked)
        self.declines = [record]
        return record


class FakeGateway:
    """Keeps what is stored, by digest."""

    def __init__(self):
        self.stored = {}
        self.is_away = False

    async def put(self, description, origin, *, within):
        assert within > 0
        if self.is_away:
            raise UnreachableError("the gateway is away")
        data = origin.path.read_bytes()
        assert (digest_of(data), len(data)) == (description.digest, description.size)
        self.stored[description.digest] = data

    async def stat(self, digest):
        return SimpleNamespace(complete=digest in self.stored)


class FakeModels:
    """Has the initial model."""

    is_away = False

    async def hold(self, _study, digest, *, within):
        assert within > 0
        if self.is_away or digest != BASE:
            raise UnreachableError("the gateway does not serve it yet")

    @asynccontextmanager
    async def open(self, study_, digest, *, within):
        await self.hold(study_, digest, within=within)
        yield io.BytesIO(INITIAL)


class FakeTrainer:
    """Returns weights that depend on the entry's secret alone, as noise does; `error` is raised instead."""

    def __init__(self):
        self.secrets = []
        self.error = None

    async def train(self, *, dataset, entry, terms, base):
        assert (dataset.id, terms.privacy.mechanism) == (DATASET, "dp-sgd")
        self.secrets.append(entry.secret)
        if self.error is not None:
            raise self.error
        return {"w": base["w"] + np.float32(entry.secret[0] + 1) / 256}


class FakeConsortiumPolicy:
    """Objects to nothing."""

    async def objection(self, _study, _dataset):
        return None


class Farm:
    """The agent's world; `agent()` starts the agent anew, as after a crash."""

    def __init__(self, directory):
        self.directory = directory
        self.ledger, self.gateway, self.models, self.trainer = FakeLedger(), FakeGateway(), FakeModels(), FakeTrainer()
        self.policy, self.approved = LocalPolicy(), True
        self.study = self._study("RUNNING")
        self.round_state = "OPEN"
        self.withdrawals = []

    @property
    def journal(self):
        return Journal(self.directory / "journal")

    def entry(self):
        return self.journal.find("one", 3, DATASET)

    def end_study(self):
        self.study = self._study("COMPLETED")

    async def take_part(self):
        await self.agent().take_part()

    def agent(self):
        context = AgentContext(
            msp=ALDER,
            ledger=Ledger(self.ledger),
            artifacts=self.gateway,
            models=self.models,
            trainer=self.trainer,
            journal=self.journal,
            policy=self.policy,
            ledger_policy=FakeConsortiumPolicy(),
            is_approved=lambda _: self.approved,
        )
        current = round_(state=self.round_state).model_copy(update={"base": BASE})
        return Participation(
            context=context,
            dataset=DatasetSection(id=DATASET, binding={"kind": "csv", "path": self.directory / "rows.csv"}),
            study=self._view(),
            view=make(
                RoundView,
                round=current,
                reservations=self.ledger.reservations,
                commits=self.ledger.commits,
                declines=self.ledger.declines,
                attestations=[],
            ),
        )

    def _view(self):
        return make(StudyView, study=self.study, votes=[], accepts=[], withdrawals=self.withdrawals, rounds=[])

    @staticmethod
    def _study(state):
        made = study(state=state)
        model = made.terms.model.model_copy(update={"initial": BASE})
        return made.model_copy(update={"terms": made.terms.model_copy(update={"privacy": DP, "model": model})})
