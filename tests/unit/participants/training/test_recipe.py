"""Every line of the training recipe, on a network small enough to do by hand."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

import pytorch_lightning as pl  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from participants.data.errors import DataError  # noqa: E402
from participants.data.records import Records, Unit  # noqa: E402
from participants.plans.approved import AuthorsOwn  # noqa: E402
from participants.plans.errors import PlanRefusedError, Refusal  # noqa: E402
from participants.plans.loader import load_plan  # noqa: E402
from participants.training.fit import quiet, trainer  # noqa: E402
from participants.training.gaussian import GaussianStream  # noqa: E402
from participants.training.hardware import Hardware  # noqa: E402
from participants.training.initial import get_weights  # noqa: E402
from participants.training.loader import Prepared, batches  # noqa: E402
from participants.training.private import train_private  # noqa: E402
from participants.training.refusals import require_poisson  # noqa: E402
from participants.training.request import TrainingResult  # noqa: E402
from participants.training.round import train_records  # noqa: E402
from participants.training.sampling import PassSampler, PoissonSampler  # noqa: E402
from participants.training.secrets import KeyStream, Purpose, derive  # noqa: E402

BASE = {
    "network.weight": np.array([[0.3, -0.2]], dtype=np.float32),
    "network.bias": np.array([0.1], dtype=np.float32),
}


def train(document, records, request):
    return train_records(load_plan(document.encode(), approval=AuthorsOwn()), records, request).weights


def by_hand(records, request):
    """DP-SGD on logistic regression as the paper writes it (Abadi et al., 2016), in float64, learning rate 1."""
    terms = request.privacy
    sampling = KeyStream(derive(request.secret, request.context, Purpose.SAMPLING))
    noise = GaussianStream(KeyStream(derive(request.secret, request.context, Purpose.NOISE)))
    inputs = np.c_[records.features.astype(np.float32), np.ones(len(records))]
    weights = np.array([0.3, -0.2, 0.1])
    clip, deviation = float(terms.clipping_norm), float(terms.noise_multiplier * terms.clipping_norm)
    for rows in PoissonSampler(
        stream=sampling, records=len(records), rate=terms.sample_rate, steps=terms.steps_per_round
    ):
        x, y = inputs[rows], records.targets[rows]
        gradients = (1 / (1 + np.exp(-x @ weights)) - y)[:, None] * x
        norms = np.linalg.norm(gradients, axis=1)
        total = (gradients * np.minimum(1, clip / (norms + 1e-6))[:, None]).sum(axis=0)
        drawn = deviation * np.concatenate([noise.normal(2), noise.normal(1)])
        weights = weights - (total + drawn) / terms.expected_batch_size
    return weights


def flat(weights):
    return np.concatenate([weights["network.weight"].reshape(-1), weights["network.bias"]]).astype(np.float64)


def test_a_round_is_dp_sgd_by_hand(document_of, records, request_of):
    """Lines 1, 2, 3 and 8: clipping per record, exact sampling, zeroed gradients, our noise, a public denominator."""
    request = request_of(document_of(), BASE)
    assert np.allclose(flat(train(document_of(), records, request)), by_hand(records, request), atol=2e-6)


@pytest.mark.parametrize("unit", list(Unit))
def test_no_records_make_a_round_of_noise(document_of, request_of, unit):
    """A member without records must not differ from one with a single record by declining."""
    none = Records(features=np.empty((0, 2)), targets=np.empty(0, np.int64), groups=np.empty(0, np.int64))
    request = request_of(document_of(), BASE, unit=unit)
    assert np.allclose(flat(train(document_of(), none, request)), by_hand(none, request), atol=2e-6)
    with pytest.raises(DataError, match="no records"):
        train(document_of(), none, request_of(document_of(), BASE, privacy=None))


def test_clipping_bounds_every_record(document_of, records, request_of, terms):
    """With the same noise, one more record moves one step of a full batch by at most C over the public batch size."""
    clipped = replace(terms, sample_rate=Fraction(1), steps_per_round=1, clipping_norm=Decimal("0.01"))
    request = request_of(document_of(), BASE, privacy=clipped)
    huge = Records(features=np.full((1, 2), 1e6), targets=np.array([0]))
    more = Records(
        features=np.concatenate([records.features, huge.features]),
        targets=np.concatenate([records.targets, huge.targets]),
    )
    moved = flat(train(document_of(), more, request)) - flat(train(document_of(), records, request))
    assert 0.9 * 0.01 / 10 < np.linalg.norm(moved) < 1.01 * 0.01 / 10


def test_the_denominator_does_not_depend_on_the_number_of_records(document_of, request_of, terms):
    """The noise's share of the step is the same at 39, 40 and 4 records: records of zero gradient change nothing."""
    full = replace(terms, sample_rate=Fraction(1), clipping_norm=Decimal("0.000001"))
    request = request_of(document_of(), BASE, privacy=full)
    steps = []
    for count in (4, 39, 40):
        some = Records(features=np.zeros((count, 2)), targets=np.zeros(count, dtype=np.int64))
        steps.append(flat(train(document_of(), some, request))[:2] - flat(BASE)[:2])
    assert steps[0].tobytes() == steps[1].tobytes() == steps[2].tobytes()


def test_an_empty_batch_releases_noise_like_any_other(document_of, records, request_of, terms):
    """Line 3: no record is ever sampled, and still every step is noise of full size, with no NaN in sight."""
    rare = replace(terms, sample_rate=Fraction(1, 1 << 30))
    request = request_of(document_of(), BASE, privacy=rare)
    noise = GaussianStream(KeyStream(derive(request.secret, request.context, Purpose.NOISE)))
    drawn = sum(np.concatenate([noise.normal(2), noise.normal(1)]) for _ in range(rare.steps_per_round))
    expected = flat(BASE) - 0.5 * drawn / rare.expected_batch_size
    assert np.allclose(flat(train(document_of(), records, request)), expected, atol=1e-6)


def test_the_same_secret_and_base_repeat_the_release(document_of, records, request_of):
    """Line 8: a restarted round is the same release, whatever the process's own generators did meanwhile."""
    dropout = """
        class WithDropout(Module):
            def __init__(self):
                super().__init__()
                self.network = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        class MyPlan(Base):
            kind = WithDropout
    """
    document = document_of(dropout)
    plan = load_plan(document.encode(), approval=AuthorsOwn())
    base = {name: array + np.float32(0.1) for name, array in get_weights(plan.module()).items()}
    request = request_of(document, base)
    torch.manual_seed(1)
    first = train(document, records, request)
    torch.manual_seed(2)
    np.random.seed(3)  # noqa: NPY002 - it must not matter
    state = torch.random.get_rng_state()
    on_gpus = torch.cuda.get_rng_state_all()
    again = train(document, records, request)
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(map(torch.equal, torch.cuda.get_rng_state_all(), on_gpus))


def test_no_noise_is_used_for_two_bases_rounds_or_data_sets(document_of, records, request_of, terms):
    rare = replace(terms, sample_rate=Fraction(1, 1 << 30))
    request = request_of(document_of(), BASE, privacy=rare)
    changed = [
        request,
        replace(request, context=replace(request.context, base="sha256:" + "1" * 64)),
        replace(request, context=replace(request.context, round=2)),
        replace(request, context=replace(request.context, dataset="e")),
        replace(request, secret=bytes(32)),
    ]
    moves = {tuple(flat(train(document_of(), records, each)).tolist()) for each in changed}
    assert len(moves) == len(changed)


def test_every_layer_repeats_the_release_too(document_of, request_of, terms):
    """Line 8, where sums of a GPU could come out in any order: convolutions, embeddings, norms and groups."""
    layered = """
        class Layered(Module):
            def __init__(self):
                super().__init__()
                self.embedding = nn.Embedding(3, 8)
                self.network = nn.Sequential(
                    nn.Conv1d(1, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ReLU(), nn.Flatten(), nn.Linear(16, 8)
                )
                self.last = nn.Linear(8, 1)
            def forward(self, x):
                return self.last(self.network(x[:, None, :]) + self.embedding((x[:, 0] > 0).long()))
        class MyPlan(Base):
            kind = Layered
    """
    document = document_of(layered)
    random = np.random.default_rng(0)
    features = random.uniform(-1, 1, (700, 2))
    many = Records(features=features, targets=(features[:, 0] > 0).astype(np.int64), groups=np.arange(700) // 7)
    base = get_weights(load_plan(document.encode(), approval=AuthorsOwn()).module())
    request = request_of(document, base, unit=Unit.GROUP, privacy=replace(terms, expected_batch_size=50))
    first, again = (train(document, many, request) for _ in range(2))
    assert any(first[name].tobytes() != base[name].tobytes() for name in base)
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)


def test_one_module_trains_round_after_round(document_of, records, request_of, terms):
    """Line 4: after the teardown nothing of Opacus is left, so the next round does not fail with hooks set twice."""
    module = load_plan(document_of().encode(), approval=AuthorsOwn()).module()
    request = request_of(document_of(), BASE)
    data = Prepared(records.features.astype(np.float32), records.targets)
    names = set(get_weights(module))
    for _ in range(3):
        train_private(
            module, data, terms=terms, secret=request.secret, context=request.context, hardware=request.hardware
        )
        assert set(get_weights(module)) == names
        for parameter in module.parameters():
            assert parameter.grad is None
            assert not {"grad_sample", "summed_grad", "_forward_counter"} & set(vars(parameter))
        for layer in module.modules():
            assert not layer._forward_hooks
            assert not layer._backward_hooks
            assert not {"activations", "max_batch_len", "autograd_grad_sample_hooks"} & set(vars(layer))


def test_every_round_has_a_fresh_optimizer(document_of, records, request_of, terms):
    """Line 1: momentum of one round must not reach into the next."""
    momentum = """
        class Heavy(Module):
            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=1.0, momentum=0.9)
        class MyPlan(Base):
            kind = Heavy
    """
    document = document_of(momentum)
    request = request_of(document, BASE, privacy=replace(terms, steps_per_round=1))
    first = train(document, records, request)
    train(document, records, replace(request, secret=bytes(32)))
    assert train(document, records, request)["network.weight"].tobytes() == first["network.weight"].tobytes()


def test_the_trainer_adds_nothing_of_its_own(tmp_path):
    """Line 5."""
    with quiet():
        made = trainer(steps=7, hardware=Hardware(accelerator="cpu"), root=str(tmp_path), callbacks=[])
    assert made.max_steps == 7
    assert made.loggers == []
    assert made.checkpoint_callbacks == []
    assert made.num_sanity_val_steps == 0
    assert made.limit_val_batches == 0
    assert made.accumulate_grad_batches == 1
    assert made.gradient_clip_val is None
    assert made.precision_plugin.precision == "32-true"
    assert made._accelerator_connector.use_distributed_sampler is False
    assert isinstance(made.strategy, pl.strategies.SingleDeviceStrategy)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty directory that everything relative or temporary would be written to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_nothing_but_weights_leaves_not_even_what_the_module_logs(document_of, records, request_of, nowhere, capfd):
    talkative = """
        class Talkative(Module):
            def training_step(self, batch, batch_idx):
                loss = super().training_step(batch, batch_idx)
                self.log("secret_loss", loss, prog_bar=True)
                return loss
        class MyPlan(Base):
            kind = Talkative
    """
    document = document_of(talkative)
    plain = train(document_of(), records, request_of(document_of(), BASE))
    result = train_records(load_plan(document.encode(), approval=AuthorsOwn()), records, request_of(document, BASE))
    assert [field.name for field in fields(TrainingResult)] == ["weights"]
    assert result.weights["network.weight"].tobytes() == plain["network.weight"].tobytes()
    assert list(nowhere.iterdir()) == []
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_only_our_sampler_may_choose_records(records):
    """Line 5: a plain shuffled loader would silently be accounted as Poisson."""
    data = TensorDataset(torch.zeros(40, 2), torch.zeros(40))
    passes = PassSampler(stream=KeyStream(bytes(32)), records=40, batch_size=8, steps=3)
    prepared = Prepared(records.features.astype(np.float32), records.targets)
    for loader in (DataLoader(data, batch_size=8, shuffle=True), batches(prepared, passes)):
        with pytest.raises(PlanRefusedError) as caught:
            require_poisson(loader)
        assert caught.value.refusal is Refusal.LOADER
    poisson = PoissonSampler(stream=KeyStream(bytes(32)), records=40, rate=Fraction(1, 4), steps=3)
    require_poisson(batches(prepared, poisson))


@pytest.mark.parametrize(
    "hardware",
    [
        Hardware(accelerator="cpu", strategy="ddp"),
        Hardware(accelerator="cpu", strategy="fsdp"),
        Hardware(accelerator="cpu", devices=2),
    ],
)
def test_several_devices_are_refused(document_of, records, request_of, hardware):
    with pytest.raises(PlanRefusedError) as caught:
        train(document_of(), records, request_of(document_of(), BASE, hardware=hardware))
    assert caught.value.refusal is Refusal.STRATEGY


def test_the_noise_has_its_size_in_every_coordinate(document_of, request_of, terms):
    """2,000 coordinates of pure noise after one step: deviation σ·C over the public batch size."""
    wide = """
        class Wide(Module):
            def __init__(self):
                super().__init__()
                self.network = nn.Sequential(nn.Linear(2, 500), nn.Linear(500, 1))
        class MyPlan(Base):
            kind = Wide
    """
    document = document_of(wide)
    plan = load_plan(document.encode(), approval=AuthorsOwn())
    base = get_weights(plan.module())
    loud = replace(terms, noise_multiplier=Decimal(4), sample_rate=Fraction(1, 1 << 30), steps_per_round=1)
    none = Records(features=np.zeros((3, 2)), targets=np.zeros(3, dtype=np.int64))
    after = train(document, none, request_of(document, base, privacy=loud))
    moved = np.concatenate([(after[name] - base[name]).reshape(-1) for name in base])
    assert len(moved) == 2001
    assert abs(moved.std() / (4 * 0.5 / 10) - 1) < 0.07


def test_the_environment_is_left_as_it_was(document_of, records, request_of):
    before = dict(os.environ)
    train(document_of(), records, request_of(document_of(), BASE))
    assert {name for name in os.environ if name not in before} <= {"CUBLAS_WORKSPACE_CONFIG"}
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')", "3e38"])
def test_a_record_whose_gradient_is_not_finite_moves_nothing(document_of, records, request_of, terms, value):
    """Otherwise one record could turn the whole update into NaN, and its absence would show."""
    spoilt = f"""
        class Spoilt(Module):
            def forward(self, x):
                odd = (x[:, :1] > 50).float()
                return self.network(torch.where(odd > 0, torch.full_like(x, {value}), x))
        class MyPlan(Base):
            kind = Spoilt
    """
    document = document_of(spoilt)
    full = replace(terms, sample_rate=Fraction(1))
    more = Records(
        features=np.concatenate([records.features, [[99.0, 0.0]]]), targets=np.concatenate([records.targets, [0]])
    )
    without = flat(train(document, records, request_of(document, BASE, privacy=full)))
    assert np.allclose(flat(train(document, more, request_of(document, BASE, privacy=full))), without, atol=1e-6)


GROUPS = np.arange(40) // 7  # five groups of seven records, and one of five


def by_hand_in_groups(records, request):
    """The same as `by_hand`, where a group is sampled, averaged and clipped as a whole."""
    terms = request.privacy
    sampling = KeyStream(derive(request.secret, request.context, Purpose.SAMPLING))
    noise = GaussianStream(KeyStream(derive(request.secret, request.context, Purpose.NOISE)))
    inputs = np.c_[records.features.astype(np.float32), np.ones(len(records))]
    weights = np.array([0.3, -0.2, 0.1])
    clip, deviation = float(terms.clipping_norm), float(terms.noise_multiplier * terms.clipping_norm)
    for drawn in PoissonSampler(stream=sampling, records=6, rate=terms.sample_rate, steps=terms.steps_per_round):
        total = deviation * np.concatenate([noise.normal(2), noise.normal(1)])
        for group in drawn:
            x, y = inputs[records.groups == group], records.targets[records.groups == group]
            gradient = ((1 / (1 + np.exp(-x @ weights)) - y)[:, None] * x).mean(axis=0)
            total += gradient * min(1, clip / (np.linalg.norm(gradient) + 1e-6))
        weights = weights - total / terms.expected_batch_size
    return weights


def test_groups_are_sampled_and_clipped_as_a_whole(document_of, records, request_of):
    grouped = replace(records, groups=GROUPS[::-1].copy())
    request = request_of(document_of(), BASE, unit=Unit.GROUP)
    assert np.allclose(flat(train(document_of(), grouped, request)), by_hand_in_groups(grouped, request), atol=2e-6)
    shuffled = np.random.default_rng(1).permutation(40)
    mixed = Records(
        features=grouped.features[shuffled], targets=grouped.targets[shuffled], groups=grouped.groups[shuffled]
    )
    assert np.allclose(flat(train(document_of(), mixed, request)), by_hand_in_groups(grouped, request), atol=2e-6)


def test_a_group_of_many_records_moves_a_step_no_more_than_one_record(document_of, records, request_of, terms):
    clipped = replace(terms, sample_rate=Fraction(1), steps_per_round=1, clipping_norm=Decimal("0.01"))
    request = request_of(document_of(), BASE, privacy=clipped, unit=Unit.GROUP)
    more = Records(
        features=np.concatenate([records.features, np.full((500, 2), 1.0)]),
        targets=np.concatenate([records.targets, np.zeros(500, dtype=np.int64)]),
        groups=np.concatenate([GROUPS, np.full(500, 6)]),
    )
    without = flat(train(document_of(), replace(records, groups=GROUPS), request))
    moved = flat(train(document_of(), more, request)) - without
    assert 0.9 * 0.01 / 10 < np.linalg.norm(moved) < 1.01 * 0.01 / 10


def test_a_study_that_protects_groups_needs_them_named(document_of, records, request_of):
    with pytest.raises(DataError, match="does not say which records are one group"):
        train(document_of(), records, request_of(document_of(), BASE, unit=Unit.GROUP))


def test_an_empty_draw_of_groups_is_a_step_too(document_of, records, request_of, terms):
    rare = replace(terms, sample_rate=Fraction(1, 1 << 30))
    one, other = (request_of(document_of(), BASE, privacy=rare, unit=unit) for unit in Unit)
    grouped = replace(records, groups=GROUPS)
    assert np.allclose(flat(train(document_of(), grouped, one)), flat(train(document_of(), grouped, other)), atol=1e-7)
