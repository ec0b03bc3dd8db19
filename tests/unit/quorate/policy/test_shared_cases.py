"""Decisions about other policies and entities than Quorate's, on which several engines agree."""

import json
import os
from pathlib import Path

import pytest
from cedarpy import Entities

from quorate.policy import parse

CASES = Path(os.environ.get("QUORATE_POLICY_CASES") or Path(__file__).parents[5] / "shared" / "data" / "policy")


def test_shared_decision_cases():
    if not (CASES / "cases.json").is_file():
        pytest.skip(f"needs the policy decision cases, in {CASES} or where QUORATE_POLICY_CASES says")
    policies = parse((CASES / "default.cedar").read_text())
    shared = json.loads((CASES / "cases.json").read_text())
    entities = {name: Entities.from_json_str(json.dumps(found)) for name, found in shared["entity_sets"].items()}
    assert shared["cases"]
    for case in shared["cases"]:
        expect = case["expect"]
        # Under our rule that any error denies.
        expected = (
            expect["decision"] == "allow" and not expect["errors"],
            tuple(sorted(expect["errors"] or expect["reasons"])),
        )
        assert policies.evaluate(case["request"], entities[case["entities"]]) == expected, case["name"]
