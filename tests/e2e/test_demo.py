"""`quorate demo` as people run it: a command, an exit status, files, and no process left behind."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("embedded_program"), pytest.mark.timeout(1800)]

QUORATE = [sys.executable, "-m", "quorate"]
SHAPE = {
    "schema": str,
    "engine": str,
    "seed": int,
    "dataset": {"name": str, "rows": int, "source": str},
    "members": list,
    "rounds": int,
    "strategy": str,
    "accuracy": {
        "federated": float,
        "centralised_no_dp": float,
        "centralised_same_epsilon": float,
        "local": dict,
        "per_round": list,
    },
    "privacy": {"delta": str, "noise_multiplier": str, "sample_rate": str, "steps_per_round": int, "members": dict},
    "model": {"digest": str, "rounds_final": int, "quorum": str},
    "ledger": {"height": int, "genesis": str, "bytes_per_member_round": int},
    "audit": {"bundle": str, "verified": bool, "verify_seconds": float},
    "memory_pss_bytes": int,
    "seconds": {
        "total": float,
        "network_up": float,
        "first_training": float,
        "round_median": float,
        "ledger_per_round_median": float,
        "training_per_round_median": float,
    },
}


def quorate(*arguments, seconds=800):
    return subprocess.run([*QUORATE, *arguments], capture_output=True, text=True, timeout=seconds, check=False)


def processes_of(directory):
    """Every process whose command line names the directory."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(directory) in word for word in process.info["cmdline"] or ())
    ]


def matches(value, shape):
    if isinstance(shape, dict):
        return isinstance(value, dict) and set(value) == set(shape) and all(matches(value[k], shape[k]) for k in shape)
    return isinstance(value, shape)


def test_the_main_job_ends_with_a_verified_model_a_report_and_nothing_running(tmp_path):
    out = tmp_path / "demo"
    done = quorate("demo", "--rounds", "2", "--out", str(out), "--summary", str(tmp_path / "s" / "summary.json"))
    assert done.returncode == 0, done.stderr

    summary = json.loads((tmp_path / "s" / "summary.json").read_bytes())
    assert matches(summary, SHAPE)
    assert summary == json.loads((out / "summary.json").read_bytes())
    assert summary["rounds"] == 2
    assert summary["model"]["quorum"] == "3 of 4"
    assert summary["audit"]["verified"] is True
    for spent in summary["privacy"]["members"].values():
        assert 0 < spent["epsilon_pld"] <= spent["epsilon_ledger"] <= spent["cap"] == 2

    for word in (
        "federated",
        "ε (ledger)",
        summary["model"]["digest"],
        "quorate audit verify",
        "quorate portal serve --bundle",
    ):
        assert word in done.stdout
    report = (out / "report.html").read_text()
    assert report.count("<svg") == 3
    assert summary["model"]["digest"] in report

    verified = quorate("audit", "verify", str(out / "evidence.qeb"), "--genesis", summary["ledger"]["genesis"])
    assert verified.returncode == 0, verified.stderr
    other = quorate("audit", "verify", str(out / "evidence.qeb"), "--genesis", "sha256:" + "0" * 64)
    assert other.returncode == 1
    assert processes_of(out) == []


def test_without_privacy_the_data_sets_are_unprotected_and_the_summary_says_none(tmp_path):
    out = tmp_path / "demo"
    done = quorate("demo", "--rounds", "1", "--members", "3", "--no-dp", "--out", str(out))
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["privacy"] is None
    assert summary["members"] == ["Alder", "Birch", "Chestnut"]


def test_a_budget_that_does_not_fit_ends_with_exit_code_6_and_the_numbers(tmp_path):
    done = quorate("demo", "--rounds", "3", "--cap", "0.5", "--out", str(tmp_path / "demo"))
    assert done.returncode == 6
    assert "BUDGET_EXCEEDED" in done.stderr
    assert "over its cap of 0.5" in done.stderr
    assert processes_of(tmp_path / "demo") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--members", "1"], "2<=x<=16"),
        (["--cap", "1/2"], "plain decimal"),
        (["--dataset", "heart"], "--data"),
        (["--dataset", "heart", "--data", "/"], "there is no file /processed.cleveland.data"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_a_sentence(tmp_path, arguments, says):
    done = quorate("demo", "--out", str(tmp_path / "demo"), *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo").exists()


def test_wrong_usage_leaves_no_temporary_directory(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*QUORATE, "demo", "--dataset", "heart"], capture_output=True, timeout=300, check=False, env=environment
    )
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    done = quorate("demo", "--out", str(tmp_path))
    assert done.returncode == 5
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_killed_demo_takes_its_processes_with_it(tmp_path):
    out = tmp_path / "demo"
    demo = subprocess.Popen(
        [*QUORATE, "demo", "--rounds", "50", "--cap", "50", "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: len(list(out.glob("members/*/agent.log"))) == 4, seconds=300)
        family = psutil.Process(demo.pid).children(recursive=True)
    finally:
        demo.send_signal(signal.SIGKILL)
        demo.wait(120)
    wait_for(lambda: processes_of(out) == [], seconds=120)
    wait_for(lambda: not any(process.is_running() for process in family), seconds=120)


@pytest.fixture
def heard():
    """What is started meanwhile does not ignore the signal, though these tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("heard")
def test_a_demo_that_is_told_to_end_while_it_imports_does_so_without_a_traceback(tmp_path, number):
    out = tmp_path / "demo"
    demo = subprocess.Popen(
        [*QUORATE, "demo", "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for((out / "nursery" / "nursery.log").exists, seconds=300)
    finally:
        demo.send_signal(number)
        said = demo.communicate(timeout=240)[1]
    assert demo.returncode == 130
    assert "Interrupted." in said
    assert "Traceback" not in said
    assert processes_of(out) == []


def test_what_is_kept_answers_until_it_is_stopped(tmp_path):
    out = tmp_path / "demo"
    done = quorate("demo", "--rounds", "1", "--keep", "--out", str(out))
    try:
        assert done.returncode == 0, done.stderr
        profile = str(out / "members" / "Alder" / "profiles" / "officer.toml")
        shown = quorate("study", "show", "demo", "--format", "json", "--profile", profile)
        assert shown.returncode == 0, shown.stderr
        assert json.loads(shown.stdout)["study"]["state"] == "COMPLETED"
        again = quorate("round", "recompute", "demo", "1", "--profile", profile, "--format", "json")
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["equal"] is True
        watched = quorate("study", "watch", "demo", "--profile", profile)
        assert watched.returncode == 0, watched.stderr
        assert {"study demo version 1: COMPLETED"} < set(watched.stdout.splitlines())
        assert any(line.startswith("round 1: FINAL") for line in watched.stdout.splitlines())
        wrong = quorate("round", "show", "demo", "7", "--profile", profile)
        assert wrong.returncode == 5
        assert "NOT_FOUND" in wrong.stderr
    finally:
        stopped = quorate("demo", "--stop", "--out", str(out))
    assert stopped.returncode == 0, stopped.stderr
    wait_for(lambda: processes_of(out) == [], seconds=120)


def wait_for(condition, *, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
