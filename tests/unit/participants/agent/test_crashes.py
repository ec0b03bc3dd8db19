"""kill -9 between any two of an agent's steps, and a restart: one secret, one charge, one release, no second training.

Real processes are killed in `tests/e2e/test_kill.py`; here every moment is visited.
"""

import numpy as np
import pytest

from participants.agent.journal import Journal, Stage
from participants.agent.update import read_base, update_writer
from quorate.digest import digest_of
from quorate.identifiers import DatasetId, MspId, StudyId
from quorate.records.study import PrivacyTerms
from quorate.tensors import Header
from tests.unit.participants.agent.farm import BASE, DATASET, INITIAL, FakeTrainer, Farm
from tests.unit.quorate.policy.samples import ALDER, study

MOMENTS = 11  # one more than there are, so that the last runs show a round that nothing interrupts


class Killed(BaseException):
    """Nothing after this happens; no handler of the agent may catch it."""


class Fuse:
    """Ends the agent at one of its steps: before the step takes effect for an even number, after it for an odd one."""

    def __init__(self):
        self.moment = None
        self.steps = 0

    def burn(self, *, after):
        if self.moment == self.steps * 2 + after:
            raise Killed
        self.steps += after

    def around(self, function):
        async def fused(*arguments, **named):
            self.burn(after=False)
            result = await function(*arguments, **named)
            self.burn(after=True)
            return result

        return fused


class FusedJournal(Journal):
    def __init__(self, directory, fuse):
        super().__init__(directory)
        self._fuse = fuse

    def record(self, entry):
        self._fuse.burn(after=False)
        kept = super().record(entry)
        self._fuse.burn(after=True)
        return kept


class SeededTrainer(FakeTrainer):
    """Trains with and without differential privacy alike."""

    async def train(self, *, dataset, entry, terms, base):
        assert (dataset.id, terms.plan) == (DATASET, study().terms.plan)
        self.secrets.append(entry.secret)
        return trained(base, entry.secret)


class FusedFarm(Farm):
    def __init__(self, directory, *, private):
        super().__init__(directory)
        self.fuse = Fuse()
        self.trainer = SeededTrainer()
        if not private:
            terms = self.study.terms.model_copy(update={"privacy": PrivacyTerms(mechanism="none")})
            self.study = self.study.model_copy(update={"terms": terms})
        for owner, name in (
            (self.models, "hold"),
            (self.ledger, "submit"),
            (self.trainer, "train"),
            (self.gateway, "put"),
        ):
            setattr(owner, name, self.fuse.around(getattr(owner, name)))

    @property
    def journal(self):
        return FusedJournal(self.directory / "journal", self.fuse)


def trained(base, secret):
    return {"w": base["w"] + np.float32(secret[0] + 1) / 256}


def what_the_secret_makes(farm, secret, directory):
    """Return the digest of the update that this secret stands for."""
    terms = farm.study.terms
    path = directory / "base"
    path.write_bytes(INITIAL)
    with path.open("rb") as file:
        base = read_base(farm.agent().study, BASE, file)
    header = Header.update(study=StudyId("one"), round=3, msp=MspId(ALDER), dataset=DatasetId(DATASET), base=BASE)
    weights = trained(base.floats(scale_bits=terms.scale_bits), secret)
    write = update_writer(base, weights, header=header, scale_bits=terms.scale_bits, bound=terms.bound)
    with (directory / "update").open("wb") as out:
        return write(out)


@pytest.mark.parametrize("private", [True, False], ids=["with-privacy", "without-privacy"])
@pytest.mark.parametrize("moment", range(MOMENTS * 2))
async def test_a_kill_at_any_moment_changes_nothing_of_what_is_released(tmp_path, moment, private):
    farm = FusedFarm(tmp_path, private=private)
    farm.fuse.moment = moment
    try:
        await farm.take_part()
        killed = False
    except Killed:
        killed = True
    entry, before = farm.entry(), (list(farm.trainer.secrets), list(farm.ledger.commits))
    farm.fuse.moment = None

    await farm.take_part()

    (commit,) = farm.ledger.commits
    (secret,) = set(farm.trainer.secrets)
    assert farm.ledger.calls.count("privacy:Reserve") <= (2 if killed else 1)
    assert len(farm.ledger.reservations) == int(private)
    assert farm.ledger.declines == []
    assert commit.update == what_the_secret_makes(farm, secret, tmp_path)
    assert set(farm.gateway.stored) == {commit.update}
    assert digest_of(farm.gateway.stored[commit.update]) == commit.update
    if entry is not None and entry.secret:
        assert secret == entry.secret  # what was written down before the kill is what is released after it
    if before[1]:
        assert (before[0], before[1]) == (farm.trainer.secrets, farm.ledger.commits)  # not trained again, not changed
    assert (farm.entry().stage, farm.entry().secret) == (Stage.COMMITTED, b"")


async def test_every_step_of_a_round_is_among_the_moments(tmp_path):
    farm = FusedFarm(tmp_path, private=True)
    await farm.take_part()
    assert farm.fuse.steps == MOMENTS - 1
