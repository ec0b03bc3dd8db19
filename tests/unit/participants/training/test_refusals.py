"""Plans that cannot be accounted for are refused, by name of the reason, before a record is read."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from participants.plans.approved import AuthorsOwn  # noqa: E402
from participants.plans.errors import PlanRefusedError, Refusal  # noqa: E402
from participants.plans.loader import load_plan  # noqa: E402
from participants.plans.scaffold import write_template  # noqa: E402
from participants.plans.shipped.catalogue import names, shipped  # noqa: E402
from participants.plans.sources import open_plan  # noqa: E402
from participants.training.check import CHECKS, check_plan  # noqa: E402
from participants.training.initial import get_weights, initial_weights  # noqa: E402
from participants.training.round import train_records, train_round  # noqa: E402


def module(body: str) -> str:
    return f"class Mine(Module):\n{body}\n\nclass MyPlan(Base):\n    kind = Mine\n"


def network(layers: str) -> str:
    return module(f"    def __init__(self):\n        super().__init__()\n        self.network = {layers}")


def override(name: str, body: str = "pass") -> str:
    return module(f"    def {name}(self, *arguments, **named):\n        {body}")


def loss(expression: str) -> str:
    return module(
        "    def training_step(self, batch, batch_idx):\n"
        "        x, y = batch\n"
        "        losses = nn.functional.binary_cross_entropy_with_logits(self(x)[:, 0], y.float(), reduction='none')\n"
        f"        return {expression}"
    )


def optimizer(expression: str) -> str:
    return module(f"    def configure_optimizers(self):\n        return {expression}")


SGD = "torch.optim.SGD(self.parameters(), lr=1.0)"
FROZEN_NORM = """
class Mine(Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.BatchNorm1d(2, affine=False), nn.Linear(2, 1))

class MyPlan(Base):
    kind = Mine
"""
REFUSED = {
    "trainable BatchNorm": (
        network("nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))"),
        Refusal.BATCH_NORM,
    ),
    "frozen BatchNorm in train mode": (FROZEN_NORM, Refusal.BATCH_NORM),
    "frozen BatchNorm by requires_grad": (
        network("nn.Sequential(nn.BatchNorm1d(2).requires_grad_(False), nn.Linear(2, 1))"),
        Refusal.BATCH_NORM,
    ),
    "SyncBatchNorm": (network("nn.Sequential(nn.SyncBatchNorm(2), nn.Linear(2, 1))"), Refusal.BATCH_NORM),
    "InstanceNorm with running statistics": (
        network("nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True), nn.Linear(2, 1))"),
        Refusal.RUNNING_STATISTICS,
    ),
    "nn.LSTM": (network("nn.LSTM(2, 1)"), Refusal.RECURRENT_LAYER),
    "nn.GRU": (network("nn.GRU(2, 1)"), Refusal.RECURRENT_LAYER),
    "a parameter in the module itself": (
        module("    def __init__(self):\n        super().__init__()\n        self.scale = nn.Parameter(torch.ones(1))"),
        Refusal.DIRECT_PARAMETERS,
    ),
    "no trainable parameter": (network("nn.Linear(2, 1).requires_grad_(False)"), Refusal.NO_PARAMETERS),
    "double precision": (network("nn.Linear(2, 1).double()"), Refusal.UNSUPPORTED_TENSOR),
    "an unused trainable parameter": (
        network("nn.Linear(2, 1)\n        self.spare = nn.Linear(2, 2)"),
        Refusal.UNUSED_PARAMETERS,
    ),
    "manual optimization": (
        network("nn.Linear(2, 1)\n        self.automatic_optimization = False"),
        Refusal.OWN_LOOP,
    ),
    "an own optimizer step": (override("optimizer_step"), Refusal.OWN_LOOP),
    "an own backward": (override("backward"), Refusal.OWN_LOOP),
    "an own gradient clipping": (override("configure_gradient_clipping"), Refusal.OWN_LOOP),
    "gradients changed on the way": (override("on_before_optimizer_step"), Refusal.OWN_LOOP),
    "gradients not zeroed": (override("optimizer_zero_grad"), Refusal.OWN_LOOP),
    "own callbacks": (override("configure_callbacks", "return []"), Refusal.OWN_LOOP),
    "an own shuffled loader": (override("train_dataloader"), Refusal.LOADER),
    "two optimizers": (optimizer(f"[{SGD}, {SGD}]"), Refusal.OPTIMIZER),
    "a scheduler": (optimizer(f"{{'optimizer': {SGD}}}"), Refusal.OPTIMIZER),
    "LBFGS, which asks for gradients again": (optimizer("torch.optim.LBFGS(self.parameters())"), Refusal.OPTIMIZER),
    "a subclass that may step otherwise": (
        optimizer("type('Own', (torch.optim.SGD,), {})(self.parameters(), lr=1.0)"),
        Refusal.OPTIMIZER,
    ),
    "an optimizer over some parameters": (
        optimizer("torch.optim.SGD([self.network.weight], lr=1.0)"),
        Refusal.FOREIGN_PARAMETERS,
    ),
    "an optimizer over others": (
        optimizer("torch.optim.SGD([*self.parameters(), nn.Parameter(torch.ones(1))], lr=1.0)"),
        Refusal.FOREIGN_PARAMETERS,
    ),
    "a sum instead of a mean": (loss("losses.sum()"), Refusal.LOSS_REDUCTION),
    "a loss over the batch's largest": (loss("losses.max()"), Refusal.LOSS_MIXES_RECORDS),
    "losses weighted by the batch": (loss("(losses * losses.detach().softmax(0)).sum()"), Refusal.LOSS_MIXES_RECORDS),
    "inputs centred by the batch": (
        module("    def forward(self, x):\n        return self.network(x - x.mean(0))"),
        Refusal.LOSS_MIXES_RECORDS,
    ),
    "functional batch normalisation": (
        module(
            "    def forward(self, x):\n"
            "        return self.network(nn.functional.batch_norm(x, None, None, training=True))"
        ),
        Refusal.LOSS_MIXES_RECORDS,
    ),
    "several rows per record": (
        module(
            "    def __init__(self):\n        super().__init__()\n        self.network = nn.Linear(1, 1)\n"
            "    def forward(self, x):\n"
            "        return self.network(x.reshape(-1, 1)).reshape(-1, 2).sum(1, keepdim=True)"
        ),
        Refusal.LOSS_MIXES_RECORDS,
    ),
    "no loss": (loss("None"), Refusal.STEPS),
    "a loss per record": (loss("losses"), Refusal.STEPS),
    "a batch that must not be empty": (
        module("    def forward(self, x):\n        return self.network(x.view(x.shape[0], -1))"),
        Refusal.EMPTY_BATCH,
    ),
    "scores of another shape": (
        "class MyPlan(Base):\n    def scores(self, module, features):\n        return module(features)",
        Refusal.SCORES,
    ),
    "preparation by the batch's mean": (
        (
            "class MyPlan(Base):\n    def prepare(self, features):\n"
            "        return (features - features.mean(0)).astype('f4')"
        ),
        Refusal.PREPARE_MIXES_RECORDS,
    ),
    "preparation by the batch's order": (
        (
            "class MyPlan(Base):\n    def prepare(self, features):\n"
            "        return (features + np.arange(len(features))[:, None]).astype('f4')"
        ),
        Refusal.PREPARE_MIXES_RECORDS,
    ),
    "preparation that loses records": (
        "class MyPlan(Base):\n    def prepare(self, features):\n        return features[1:].astype('f4')",
        Refusal.PREPARE,
    ),
    "preparation in double precision": (
        "class MyPlan(Base):\n    def prepare(self, features):\n        return features",
        Refusal.PREPARE,
    ),
    "preparation that leaves gaps": (
        "class MyPlan(Base):\n    def prepare(self, features):\n        return np.log(features - 9).astype('f4')",
        Refusal.PREPARE,
    ),
    "weights drawn anew": (
        (
            "class MyPlan(Base):\n    def initial_weights(self, drawn):\n"
            "        return {name: np.random.rand(*a.shape).astype('f4') for name, a in drawn.items()}"
        ),
        Refusal.CODE,
    ),
    "weights of another name": (
        "class MyPlan(Base):\n    def initial_weights(self, drawn):\n        return {'w': np.zeros(1, 'f4')}",
        Refusal.UNSUPPORTED_TENSOR,
    ),
    "no LightningModule": ("class MyPlan(Base):\n    kind = lambda self: nn.Linear(2, 1)", Refusal.CODE),
    "code that fails": (module("    def forward(self, x):\n        raise KeyError('patient 42')"), Refusal.CODE),
}


def plan_of(document):
    return load_plan(document.encode(), approval=AuthorsOwn())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(document_of, case):
    source, refusal = REFUSED[case]
    with pytest.raises(PlanRefusedError) as caught:
        check_plan(plan_of(document_of(source)))
    assert caught.value.refusal is refusal, caught.value.diagnostics()
    assert "patient 42" not in caught.value.diagnostics()


def test_group_norm_is_offered(document_of):
    with pytest.raises(PlanRefusedError) as caught:
        check_plan(plan_of(document_of(REFUSED["trainable BatchNorm"][0])))
    assert "GroupNorm" in caught.value.hint


@pytest.mark.parametrize(
    "layers",
    [
        "nn.Sequential(nn.Linear(2, 4), nn.GroupNorm(2, 4), nn.Linear(4, 1))",
        "nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.Dropout(0.3), nn.Linear(4, 1))",
        "nn.Sequential(nn.Linear(2, 3).requires_grad_(False), nn.Tanh(), nn.Linear(3, 1))",
    ],
)
def test_what_can_be_accounted_for_passes(document_of, layers):
    assert check_plan(plan_of(document_of(network(layers)))) == [name for name, _ in CHECKS]


@pytest.mark.parametrize("name", names())
def test_shipped_plans_pass(name):
    check_plan(plan_of(shipped(name)))


def test_the_template_passes(tmp_path):
    write_template(tmp_path / "new", data=None, target="")
    check_plan(plan_of(open_plan(str(tmp_path / "new"))))


def test_a_plan_is_checked_before_records_are_read(document_of, request_of):
    document = document_of(REFUSED["frozen BatchNorm in train mode"][0])
    with pytest.raises(PlanRefusedError):  # not DataNotFoundError: the binding's file does not exist
        train_round(request_of(document, {}), approval=AuthorsOwn())


def test_a_step_that_is_skipped_on_real_records_is_found_out(document_of, records, request_of):
    """On made-up records it behaves; on real ones it returns no loss, so that no noise would be released."""
    document = document_of(
        module(
            "    def training_step(self, batch, batch_idx):\n"
            "        return super().training_step(batch, batch_idx) if batch_idx == 0 else None"
        )
    )
    base = get_weights(plan_of(document).module())
    check_plan(plan_of(document))
    with pytest.raises(PlanRefusedError) as caught:
        train_records(plan_of(document), records, request_of(document, base))
    assert caught.value.refusal is Refusal.UNUSED_PARAMETERS


def test_state_that_remembers_records_is_found_out(document_of, records, request_of):
    document = document_of(
        module(
            "    def __init__(self):\n        super().__init__()\n"
            "        self.register_buffer('seen', torch.zeros(2))\n"
            "    def forward(self, x):\n        self.seen += x.detach().sum(0)\n        return self.network(x)"
        )
    )
    base = get_weights(plan_of(document).module())
    with pytest.raises(PlanRefusedError) as caught:
        train_records(plan_of(document), records, request_of(document, base))
    assert caught.value.refusal is Refusal.STATE_CHANGED


def test_frozen_weights_keep_their_bytes(document_of, records, request_of):
    document = document_of(network("nn.Sequential(nn.Linear(2, 3).requires_grad_(False), nn.Tanh(), nn.Linear(3, 1))"))
    base = initial_weights(plan_of(document))
    after = train_records(plan_of(document), records, request_of(document, base)).weights
    assert after["network.0.weight"].tobytes() == base["network.0.weight"].tobytes()
    assert not np.array_equal(after["network.2.weight"], base["network.2.weight"])
