from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.artifacts.label import Description, Kind, Label, label_from_json
from gateway.artifacts.wire import artifact_message, description_of, label_message, label_of
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from quorate.digest import Digest, digest_of
from quorate.errors import UsageError

IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
MSPS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,20}", fullmatch=True)
ROUNDS = st.integers(1, 10_000)
LABELS = st.one_of(
    st.builds(Label, kind=st.sampled_from([Kind.PLAN, Kind.INITIAL_MODEL, Kind.EVALUATION]), study=IDS),
    st.builds(Label, kind=st.just(Kind.FINAL_MODEL), study=IDS, round=ROUNDS),
    st.builds(Label, kind=st.just(Kind.UPDATE), study=IDS, round=ROUNDS, msp=MSPS, dataset=IDS),
)


@given(LABELS, st.integers(1, 2**40))
def test_labels_survive_the_wire_and_the_disk(label: Label, size: int) -> None:
    description = Description(digest=digest_of(b""), size=size, label=label)
    assert label_from_json(label.as_json()) == label
    assert label_of(label_message(label)) == label
    assert description_of(artifact_message(description)) == description


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "update", "study": "heart", "round": 1, "msp": "AlderMSP"},
        {"kind": "update", "study": "heart", "round": 0, "msp": "AlderMSP", "dataset": "ward"},
        {"kind": "update", "study": "heart", "round": 1, "msp": "../../etc", "dataset": "ward"},
        {"kind": "final-model", "study": "heart"},
        {"kind": "final-model", "study": "heart", "round": 1, "msp": "AlderMSP", "dataset": "ward"},
        {"kind": "plan", "study": "heart", "round": 1},
        {"kind": "plan", "study": "heart", "msp": "AlderMSP"},
        {"kind": "plan", "study": "../heart"},
        {"kind": "plan", "study": ""},
        {"kind": "pickle", "study": "heart"},
        {"kind": "plan", "study": "heart", "more": "x"},
        {"kind": "plan", "study": "heart", "round": "1"},
        {},
    ],
)
def test_malformed_labels_are_refused(parts: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        label_from_json(parts)


@pytest.mark.parametrize(
    "message",
    [
        pb.Artifact(),
        pb.Artifact(digest="sha256:1", size=1, label=pb.Label(kind=pb.KIND_PLAN, study="heart")),
        pb.Artifact(digest=digest_of(b""), size=0, label=pb.Label(kind=pb.KIND_PLAN, study="heart")),
        pb.Artifact(digest=digest_of(b""), size=1, label=pb.Label(study="heart")),
    ],
)
def test_malformed_messages_are_refused(message: pb.Artifact) -> None:
    with pytest.raises(UsageError):
        description_of(message)


def test_a_description_needs_a_digest_and_a_size() -> None:
    label = Label.of(kind="plan", study="heart")
    with pytest.raises(UsageError):
        Description(digest=Digest("../x"), size=1, label=label)
    with pytest.raises(UsageError):
        Description(digest=digest_of(b""), size=0, label=label)
