"""The trainer as a process of its own: what it gives up, how it fails, how it ends."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest

from participants.data.bindings import BundledBinding, CsvBinding, Slice
from participants.data.errors import DataError, DataNotFoundError
from participants.data.evaluation import encode_evaluation
from participants.data.records import Records, Unit
from participants.plans.approved import ApprovedPlans
from participants.plans.errors import PlanNotApprovedError, PlanRefusedError, Refusal
from participants.training.child import TrainerChild
from participants.training.errors import NotFiniteError, TrainerDiedError, TrainerTimedOutError, TrainingFailedError
from participants.training.isolation import Network
from quorate.digest import hex_of
from quorate.errors import StateError

pytestmark = pytest.mark.torch

SOON = 200.0  # the child imports torch first


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    return ApprovedPlans(tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="module")
def child(plans):
    os.environ["QUORATE_TEST_SECRET"] = "of the parent"  # noqa: S105 - nothing but a mark
    try:
        with TrainerChild.start(plans=plans.directory, method="spawn") as started:
            yield started
    finally:
        del os.environ["QUORATE_TEST_SECRET"]


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "data.csv"
    random = np.random.default_rng(0)
    rows = [f"{a:.4f},{b:.4f},{'yes' if a > 0 else 'no'}" for a, b in random.uniform(-1, 1, (60, 2))]
    path.write_text("\n".join(["a,b,label", *rows]) + "\n")
    return CsvBinding(path=path)


@pytest.fixture
def approved(plans, document_of):
    def build(source="class MyPlan(Base):\n    pass\n"):
        document = document_of(source)
        plans.approve(document.digest, document.encode())
        return document

    return build


def module(body):
    text = textwrap.indent(textwrap.dedent(body), "    ")
    return f"class Mine(Module):\n{text}\nclass MyPlan(Base):\n    kind = Mine\n"


def probe(expression):
    """A plan whose module fails with a place that depends on an expression in the trainer's process."""
    return module(f"""
        def on_train_start(self):
            import os, socket, sys
            if {expression}:
                raise AssertionError
    """)


def gone(pid):
    """Wait until a process that is not ours to wait for is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    watch = select.poll()
    watch.register(descriptor, select.POLLIN)
    found = bool(watch.poll(60_000))
    os.close(descriptor)
    return found


def test_a_round_in_the_child_is_a_round(child, approved, csv, request_of):
    document = approved()
    base = child.describe(document.encode(), timeout=SOON)
    assert base.tensors == (("network.weight", (1, 2)), ("network.bias", (1,)))
    request = request_of(document, base.weights, data=csv)
    first = child.train(request, timeout=SOON)
    again = child.train(request, timeout=SOON)
    assert {name: array.shape for name, array in first.weights.items()} == dict(base.tensors)
    assert all(first.weights[name].tobytes() == again.weights[name].tobytes() for name in first.weights)
    assert any(not np.array_equal(first.weights[name], base.weights[name]) for name in first.weights)


def test_the_child_evaluates_on_public_records(child, approved):
    weights = {"network.weight": np.array([[9.0, 0.0]], np.float32), "network.bias": np.zeros(1, np.float32)}
    public = Records(features=np.array([[1.0, 0.0], [-1.0, 0.0], [0.5, 0.0]]), targets=np.array([1, 0, 0]))
    found = child.evaluate(approved().encode(), weights, encode_evaluation(public), timeout=SOON)
    assert (found.correct, found.records) == (2, 3)


def test_the_network_is_cut(child, approved, csv, request_of):
    """Whatever way the kernel allowed, nothing can be connected to: not even on this machine."""
    assert child.isolation.network is not Network.OPEN
    document = approved(
        module("""
            def on_train_start(self):
                import errno, socket
                try:
                    with socket.socket() as made:
                        made.connect(("127.0.0.1", 9))
                except OSError as error:
                    if error.errno in (errno.EACCES, errno.ENETUNREACH):
                        return
                raise AssertionError
        """)
    )
    base = child.describe(document.encode(), timeout=SOON).weights
    child.train(request_of(document, base, data=csv), timeout=SOON)


@pytest.mark.parametrize(
    "leak",
    [
        "'QUORATE_TEST_SECRET' in os.environ",
        "b'QUORATE_TEST_SECRET' in open('/proc/self/environ', 'rb').read()",
        "len(os.listdir('/proc/self/fd')) > 16",
        "any(os.readlink(f'/proc/self/fd/{n}') != '/dev/null' for n in (0, 1, 2))",
    ],
)
def test_nothing_of_the_parent_is_left(child, approved, csv, request_of, leak):
    document = approved(probe(leak))
    base = child.describe(document.encode(), timeout=SOON).weights
    child.train(request_of(document, base, data=csv), timeout=SOON)


def test_a_probe_that_finds_something_fails(child, approved, csv, request_of):
    document = approved(probe("True"))
    base = child.describe(document.encode(), timeout=SOON).weights
    with pytest.raises(TrainingFailedError, match=r"AssertionError at plan\.py"):
        child.train(request_of(document, base, data=csv), timeout=SOON)


def test_a_plan_that_is_not_approved_does_not_run(child, document_of, csv, request_of):
    document = document_of("raise SystemExit\nclass MyPlan(Base):\n    pass\n")
    with pytest.raises(PlanNotApprovedError):
        child.train(request_of(document, {}, data=csv), timeout=SOON)
    assert child.alive()


def test_errors_come_back_with_code_and_reason_but_without_data(child, approved, csv, request_of):
    base = child.describe(approved().encode(), timeout=SOON).weights
    with pytest.raises(DataNotFoundError):
        child.train(request_of(approved(), base, data=CsvBinding(path="/nowhere.csv")), timeout=SOON)
    quoting = approved(module("def training_step(self, batch, batch_idx):\n    raise KeyError(str(batch[0]))"))
    with pytest.raises(PlanRefusedError) as refused:
        child.train(request_of(quoting, base, data=csv), timeout=SOON)
    assert refused.value.refusal is Refusal.CODE
    assert "tensor" not in refused.value.diagnostics()


def test_weights_that_are_not_finite_do_not_leave(child, approved, csv, request_of, terms):
    heavy = "def configure_optimizers(self):\n    return torch.optim.SGD(self.parameters(), lr=3e38, momentum=0.99)"
    document = approved(module(heavy))
    base = child.describe(document.encode(), timeout=SOON).weights
    with pytest.raises(NotFiniteError):
        child.train(request_of(document, base, data=csv, privacy=replace(terms, steps_per_round=50)), timeout=SOON)


def test_a_fork_trains_like_a_spawned_child(plans, child, approved):
    """In a process of its own, because pytest's holds threads and a used torch."""
    document = approved()
    path = plans.directory / "approved" / f"{hex_of(document.digest)}.json"
    program = textwrap.dedent(f"""
        import sys, hashlib
        from pathlib import Path
        from participants.preload import import_training_stack
        import_training_stack()
        import os
        assert len(os.listdir("/proc/self/task")) == 1, "importing started a thread"
        from participants.training.child import TrainerChild
        with TrainerChild.start(plans=Path({str(plans.directory)!r})) as child:
            assert child.isolation.start == "fork"
            assert child.isolation.dies_with_parent
            found = child.describe(Path({str(path)!r}).read_bytes(), timeout=200)
            print(hashlib.sha256(b"".join(array.tobytes() for array in found.weights.values())).hexdigest())
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    weights = child.describe(document.encode(), timeout=SOON).weights
    assert done.stdout.strip() == hashlib.sha256(b"".join(array.tobytes() for array in weights.values())).hexdigest()


def test_a_process_with_threads_does_not_fork(plans):
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        with pytest.raises(StateError, match="several threads"):
            TrainerChild.start(plans=plans.directory, method="fork")
    finally:
        waiting.set()
        thread.join()


def test_a_child_that_is_late_is_killed(plans, approved, csv, request_of):
    document = approved(module("def on_train_start(self):\n    import time\n    time.sleep(600)"))
    with TrainerChild.start(plans=plans.directory, method="spawn") as child:
        base = child.describe(document.encode(), timeout=SOON).weights
        with pytest.raises(TrainerTimedOutError, match=r"within 3 s"):
            child.train(request_of(document, base, data=csv), timeout=3)
        assert not child.alive()
        with pytest.raises(TrainerDiedError):
            child.describe(document.encode(), timeout=SOON)


def test_a_child_that_dies_is_noticed_at_once(plans, approved, csv, request_of):
    document = approved(module("def on_train_start(self):\n    import os\n    os.abort()"))
    with TrainerChild.start(plans=plans.directory, method="spawn") as child:
        base = child.describe(document.encode(), timeout=SOON).weights
        with pytest.raises(TrainerDiedError):
            child.train(request_of(document, base, data=csv), timeout=SOON)
        assert not child.alive()


def test_a_child_dies_with_its_parent_even_in_the_middle_of_a_round(plans):
    """The parent is killed with SIGKILL, so it cannot clean up after itself."""
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from participants.training.child import TrainerChild
        child = TrainerChild.start(plans=Path({str(plans.directory)!r}), method="spawn")
        print(child.pid, flush=True)
        sys.stdin.read()
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait(60)
    assert gone(pid)


def test_closing_twice_is_fine(plans):
    child = TrainerChild.start(plans=plans.directory, method="spawn")
    pid = child.pid
    child.close()
    child.close()
    assert gone(pid)


def test_a_bundled_binding_is_read_by_the_child(child, approved, request_of):
    request = request_of(
        approved(), {}, data=BundledBinding(name="breast-cancer", slice=Slice(seed=0, members=4, part=0))
    )
    with pytest.raises(Exception, match="no column 'a'"):
        child.train(request, timeout=SOON)


def test_the_child_knows_the_unit(child, approved, tmp_path, request_of):
    path = tmp_path / "visits.csv"
    rows = [f"{i % 7 / 7},{i % 3 / 3},{'yes' if i % 2 else 'no'},patient {i // 5}" for i in range(60)]
    path.write_text("\n".join(["a,b,label,patient", *rows]) + "\n")
    base = child.describe(approved().encode(), timeout=SOON).weights
    trained = [
        child.train(request_of(approved(), base, data=binding, unit=unit), timeout=SOON).weights["network.weight"]
        for binding, unit in (
            (CsvBinding(path=path, group="patient"), Unit.GROUP),
            (CsvBinding(path=path, group="patient"), Unit.RECORD),
        )
    ]
    assert not np.array_equal(trained[0], trained[1])
    with pytest.raises(DataError, match="one group"):
        child.train(request_of(approved(), base, data=CsvBinding(path=path), unit=Unit.GROUP), timeout=SOON)
