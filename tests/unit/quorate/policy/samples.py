"""Records of a small consortium, and the chaincode's own texts and corpora."""

import json
from pathlib import Path

import pytest

from quorate.digest import digest_of
from quorate.policy import World
from quorate.records.dataset import Dataset
from quorate.records.model import Model
from quorate.records.round import Round
from quorate.records.study import Study

CHAINCODE = Path(__file__).parents[4] / "chaincode"
DEFAULT = (CHAINCODE / "authz" / "default.cedar").read_text()
SCHEMA = (CHAINCODE / "authz" / "schema.cedarschema").read_text()

ALDER, BIRCH, CEDAR, STRANGER = "AlderMSP", "BirchMSP", "CedarMSP", "StrangerMSP"
MEMBERS = [ALDER, BIRCH, CEDAR]
ROLES = ["agent", "aggregator", "officer", "operator", "steward"]
CERTIFICATE = "sha256:" + "c" * 64
NOW = 1_800_000_000_000
MODEL = "sha256:" + "a" * 64
STAMP = {"tx": "0" * 64, "claimed_time": NOW, "msp": ALDER, "role": "operator", "certificate": CERTIFICATE}
TERMS = {
    "schema": "quorate.terms/1",
    "title": "A study",
    "plan": digest_of(b"plan"),
    "model": {"tensors": [{"name": "w", "shape": [2]}], "initial": digest_of(b"initial")},
    "aggregation": {"rule": "weighted-mean", "parameters": {}},
    "scale_bits": 24,
    "bound": 1000,
    "rounds": 2,
    "max_rounds": 4,
    "minimum_commits": 1,
    "commit_timeout_ms": 60_000,
    "attest_timeout_ms": 60_000,
    "m": 2,
    "unit": "record",
    "adjacency": "add-or-remove-one",
    "privacy": {"mechanism": "none"},
    "policy_version": 1,
}

SUBJECT_OF = {
    "consortium": {"consortium.", "policy.", "dataset.list", "study.list", "audit."},
    "dataset": {"dataset.", "privacy.account", "privacy.quote", "data.train"},
    "study": {"study.", "round.open", "artifact.read"},
    "round": {"round.", "privacy.reserve"},
    "model": {"model."},
    "trail": {"audit.read", "audit.export"},
}
"""What each action is done to, by its whole name or its beginning."""


def corpus(name):
    """Read a corpus that the chaincode's tests publish."""
    path = CHAINCODE / "authz" / "testdata" / name
    if not path.is_file():
        pytest.skip(f"needs {path}, which the chaincode's tests write")
    return json.loads(path.read_text())


def kind_of(action):
    """Name the kind of thing that an action is done to."""
    kinds = {beginning: kind for kind, beginnings in SUBJECT_OF.items() for beginning in beginnings}
    return kinds.get(action) or kinds[action.split(".")[0] + "."]


def study(
    name="one",
    *,
    state="RUNNING",
    proposer=ALDER,
    participants=((ALDER, "rows"),),
    attesters=(ALDER, BIRCH),
    purpose="research",
):
    terms = {
        **TERMS,
        "purpose": purpose,
        "participants": [{"msp": msp, "dataset": dataset, "weight": 1} for msp, dataset in participants],
        "attesters": list(attesters),
    }
    return Study.of(
        {
            "schema": "quorate.study/1",
            "study": name,
            "version": 1,
            "state": state,
            "proposer": proposer,
            "terms": terms,
            "terms_digest": digest_of(b"terms"),
            "proposed": STAMP,
            "expires_time": NOW,
            "started": STAMP,
        }
    )


def round_(name="one", number=3, *, state="OPEN", attesters=(ALDER, BIRCH)):
    return Round.of(
        {
            "schema": "quorate.round/1",
            "study": name,
            "round": number,
            "state": state,
            "base": MODEL,
            "commit_by": NOW,
            "attesters": list(attesters),
            "m": 2,
            "finals_before": 2,
            "opened": STAMP,
            "attempt": 0,
            "included": [],
            "left_out": [],
            "excluded": [],
            "attested_by": [],
        }
    )


def dataset(msp=ALDER, name="rows", *, purposes=("research",), protection="dp", state="ACTIVE"):
    return Dataset.of(
        {
            "schema": "quorate.dataset/1",
            "msp": msp,
            "dataset": name,
            "title": "Rows",
            "unit": "record",
            "adjacency": "add-or-remove-one",
            "purposes": list(purposes),
            "protection": protection,
            **({"cap": {"epsilon": "8", "delta": "1e-5"}} if protection == "dp" else {}),
            "fingerprint": digest_of(b"rows"),
            "state": state,
            "revision": 1,
            "registered": STAMP,
        }
    )


def model(name="one", *, digest=MODEL, state="FINAL"):
    return Model.of(
        {
            "schema": "quorate.model/1",
            "digest": digest,
            "study": name,
            "round": 2,
            "base": digest_of(b"initial"),
            "terms_digest": digest_of(b"terms"),
            "plan": digest_of(b"plan"),
            "policy_version": 1,
            "updates": [],
            "excluded": [],
            "attested_by": [ALDER, BIRCH],
            "state": state,
            "finalized": STAMP,
        }
    )


def subject(world: World, kind):
    """Add one thing of a kind to a world."""
    return {
        "consortium": lambda: world.consortium,
        "study": lambda: world.study(study()),
        "round": lambda: world.round(study(), round_()),
        "dataset": lambda: world.dataset(dataset()),
        "model": lambda: world.model(study(), model()),
        "trail": world.audit_trail,
    }[kind]()
