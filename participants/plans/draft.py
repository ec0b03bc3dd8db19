"""Everything that a study of a plan begins with, in one directory: its files, and terms for people to complete."""

from __future__ import annotations

import re
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomli_w

from gateway.artifacts.label import Kind
from gateway.ledger.offer import FILES
from participants.data.evaluation import encode_evaluation
from participants.plans.approved import AuthorsOwn
from participants.plans.final import read_integers
from participants.plans.simulate import BOUND, SCALE_BITS
from participants.training.describe import describe
from quorate import fixedpoint
from quorate.digest import digest_of
from quorate.errors import AlreadyExistsError, StorageError, UsageError
from quorate.records.study import Terms
from quorate.tensors import Header, Schema, TensorSpec, encode

if TYPE_CHECKING:
    from participants.data.records import Records
    from participants.plans.document import PlanDocument
    from participants.training.request import Description
    from participants.training.terms import PrivacyTerms
    from quorate.digest import Digest

TERMS: Final = "terms.toml"
SPARE_ROUNDS: Final = 4
"""How many more rounds than are wanted may be opened, for those that are aborted."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A study as its proposer begins to write it.

    Attributes
    ----------
    study
        Its name on the ledger, which its initial model carries.
    participants
        MSP id and data set of each.
    rounds
        How many final rounds are wanted.
    privacy, delta
        DP-SGD's terms and the δ at which ε is stated; no terms to train without privacy.
    evaluation
        Records that the terms declare public, if there are any.
    start
        A model's file to go on from; the plan's own initial weights where there is none.
    """

    study: str
    title: str
    purpose: str
    participants: tuple[tuple[str, str], ...]
    rounds: int
    privacy: PrivacyTerms | None
    delta: str
    evaluation: Records | None
    start: Path | None = None


def write_draft(plan: PlanDocument, draft: Draft, directory: Path) -> dict[str, Digest]:
    """Write plan, initial model, evaluation set and terms into a new directory; return each file's name and digest.

    The directory appears whole or not at all.

    Raises
    ------
    AlreadyExistsError
        When there is something of that name.
    UsageError
        When the terms cannot hold.
    PlanRefusedError
        As describing the plan raises it.
    StorageError
        When it cannot be written.
    """
    if directory.exists():
        raise AlreadyExistsError(f"{directory} exists already", hint="Name a new directory.")
    files = _files(plan, draft)
    try:
        with tempfile.TemporaryDirectory(prefix=".quorate-", dir=directory.parent) as temporary:
            made = Path(temporary) / directory.name
            made.mkdir()
            for name, data in files.items():
                (made / name).write_bytes(data)
            made.rename(directory)
    except OSError as error:
        raise StorageError(f"{directory} cannot be written: {error.strerror}", cause=error) from error
    return {name: digest_of(data) for name, data in files.items()}


def initial_model(described: Description, study: str, *, scale_bits: int) -> tuple[Schema, bytes]:
    """Return the schema of a plan's model, and the file that a study of it begins with."""
    schema = Schema(tuple(TensorSpec(name, tuple(shape)) for name, shape in described.tensors))
    integers = {
        name: fixedpoint.from_float32(array, scale_bits=scale_bits) for name, array in described.weights.items()
    }
    return schema, encode(schema, Header.initial_model(study), integers)


def _files(plan: PlanDocument, draft: Draft) -> dict[str, bytes]:
    document = plan.encode()
    schema, initial = initial_model(describe(document, approval=AuthorsOwn()), draft.study, scale_bits=SCALE_BITS)
    if draft.start is not None:
        initial = _gone_on_from(draft.start, schema, draft.study)
    files = {FILES[Kind.PLAN]: document, FILES[Kind.INITIAL_MODEL]: initial}
    if draft.evaluation is not None:
        files[FILES[Kind.EVALUATION]] = encode_evaluation(draft.evaluation)
    terms = _terms(draft, schema, {name: digest_of(data) for name, data in files.items()})
    Terms.of({"schema": Terms.SCHEMA, **tomllib.loads(terms)})
    return files | {TERMS: terms.encode()}


def _gone_on_from(path: Path, schema: Schema, study: str) -> bytes:
    found, integers = read_integers(path)
    if found.schema != schema:
        raise UsageError(
            f"{path} is a model of another form than the plan's", hint="Name the plan that it was made by."
        )
    return encode(schema, Header.initial_model(study), integers)


def _terms(draft: Draft, schema: Schema, digests: dict[str, str]) -> str:
    members = sorted({msp for msp, _ in draft.participants})
    evaluation = digests.get(FILES[Kind.EVALUATION])
    marks = {
        "STUDY": draft.study,
        "TITLE": _toml({"title": draft.title}),
        "PURPOSE": _toml({"purpose": draft.purpose}),
        "ROUNDS": str(draft.rounds),
        "MAX_ROUNDS": str(draft.rounds + SPARE_ROUNDS),
        "MINIMUM": str(min(2, len(draft.participants))),
        "ATTESTERS": _value(members),
        "QUORUM": str(max(2, len(members) // 2 + 1)),
        "PLAN": digests[FILES[Kind.PLAN]],
        "SCALE_BITS": str(SCALE_BITS),
        "BOUND": str(BOUND),
        "PARTICIPANTS": _tables(
            "participants",
            [{"msp": msp, "dataset": dataset, "weight": 1} for msp, dataset in draft.participants],
        ),
        "PRIVACY": _toml(_privacy(draft)),
        "EVALUATION": "[evaluation]\n" + _toml({"digest": evaluation, "metrics": ["accuracy"]}) + "\n\n"
        if evaluation
        else "",
        "INITIAL": digests[FILES[Kind.INITIAL_MODEL]],
        "TENSORS": _tables(
            "model.tensors", [{"name": each.name, "shape": list(each.shape)} for each in schema.tensors]
        ),
    }
    text = resources.files("participants.plans.template").joinpath(TERMS).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda mark: marks[mark[1]], text)


def _privacy(draft: Draft) -> dict[str, Any]:
    if draft.privacy is None:
        return {"mechanism": "none"}
    return {"mechanism": "dp-sgd", "delta": draft.delta, **draft.privacy.to_json()}


def _toml(values: dict[str, Any]) -> str:
    """Return keys and values a line each, lists on one line too."""
    return "\n".join(f"{key} = {_value(value)}" for key, value in values.items())


def _value(value: Any) -> str:  # noqa: ANN401 - whatever terms hold
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return tomli_w.dumps({"key": value}).removeprefix("key = ").rstrip("\n")


def _tables(name: str, rows: list[dict[str, Any]]) -> str:
    return "\n".join(f"[[{name}]]\n{_toml(row)}\n" for row in rows)
