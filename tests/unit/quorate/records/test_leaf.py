from __future__ import annotations

import json
from pathlib import Path

import pytest

from quorate.records.round import leaf_of

VECTOR = json.loads((Path(__file__).parents[4] / "chaincode/records/testdata/leaf.json").read_text())


def fields() -> dict[str, object]:
    found = {name: value for name, value in VECTOR["leaf"].items() if name != "schema"}
    return found | {"round_": found.pop("round")}


def test_a_commit_hashes_to_the_leaf_that_the_chaincode_computes():
    assert leaf_of(**fields()).hex() == VECTOR["hash"]


@pytest.mark.parametrize("name", sorted(fields()))
def test_every_field_of_a_commit_is_in_its_leaf(name: str):
    given = fields()
    other = given[name] + 1 if isinstance(given[name], int) else f"{given[name]}0"

    assert leaf_of(**given | {name: other}).hex() != VECTOR["hash"]
