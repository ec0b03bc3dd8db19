"""What the demo computes itself, all of it on public data or for comparison: run in forked children of the nursery."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from participants.data.bindings import parse_binding, read_table
from participants.data.evaluation import encode_evaluation
from participants.data.fingerprint import fingerprint
from participants.data.records import records_of
from participants.plans.approved import AuthorsOwn
from participants.plans.baselines import baselines as compare
from participants.plans.document import parse_document
from participants.plans.draft import initial_model
from participants.plans.loader import load_plan
from participants.plans.simulate import Simulation
from participants.training.describe import describe
from participants.training.evaluate import evaluate
from participants.training.terms import PrivacyTerms
from quorate import fixedpoint
from quorate.digest import digest_of
from quorate.tensors import Header, Reader, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from participants.data.records import Records
    from participants.plans.plan import Plan


def prepare(*, plan: str, study: str, scale_bits: int, initial: str, evaluation: Any, evaluation_out: str) -> Any:
    """Write the initial model and the evaluation set; return the model's tensors."""
    document = Path(plan).read_bytes()
    schema, data = initial_model(describe(document, approval=AuthorsOwn()), study, scale_bits=scale_bits)
    Path(initial).write_bytes(data)
    Path(evaluation_out).write_bytes(encode_evaluation(_records(_plan(document), evaluation)))
    return {"tensors": schema.to_json(), "initial": digest_of(data)}


def fingerprints(*, bindings: list[Any], keys: list[str]) -> Any:
    """Return the fingerprint of each member's data under that member's key."""
    return [
        fingerprint(read_table(parse_binding(binding)), key=Path(key).read_bytes())
        for binding, key in zip(bindings, keys, strict=True)
    ]


def accuracies(*, plan: str, tensors: Any, models: list[Any], scale_bits: int, evaluation: Any) -> Any:
    """Return each final model's share of correct answers on the public evaluation set."""
    made = _plan(Path(plan).read_bytes())
    records = _records(made, evaluation)
    schema = Schema.from_json(tensors)
    found = []
    for model in models:
        header = Header.model(study=model["study"], round=model["round"], base=model["base"])
        with Reader(Path(model["path"]), schema, header, digest=model["digest"]) as reader:
            integers = reader.read_arrays()
        floats = {name: fixedpoint.to_float32(each, scale_bits=scale_bits) for name, each in integers.items()}
        found.append(evaluate(made, floats, records).accuracy)
    return found


def baselines(
    *, plan: str, bindings: list[Any], evaluation: Any, rounds: int, privacy: Any, delta: str, seed: int
) -> Any:
    """Return the accuracy of the pooled data, without privacy and at the same ε, and of each member alone."""
    document = parse_document(Path(plan).read_bytes())
    made = _plan(document.encode())
    simulation = Simulation(
        plan=document,
        members=[_records(made, binding) for binding in bindings],
        evaluation=_records(made, evaluation),
        rounds=rounds,
        privacy=PrivacyTerms.parse(privacy) if privacy else None,
        delta=delta,
        key=hashlib.sha256(f"quorate demo baselines {seed}".encode()).digest(),
    )

    found = compare(simulation)
    return {
        "centralised_no_dp": found.pooled_no_dp,
        "centralised_same_epsilon": found.pooled_same_epsilon,
        "local": list(found.local),
    }


def _plan(document: bytes) -> Plan:
    return load_plan(document, approval=AuthorsOwn())


def _records(plan: Plan, binding: Any) -> Records:
    return records_of(read_table(parse_binding(binding)), plan.inputs)


JOBS: Final[dict[str, Callable[..., Any]]] = {
    "prepare": prepare,
    "fingerprints": fingerprints,
    "accuracies": accuracies,
    "baselines": baselines,
}
"""Every job by name; arguments and result are JSON."""
