from __future__ import annotations

from pathlib import Path

import pytest

from gateway.artifacts.access import Facts
from gateway.service.policy import LedgerPolicies
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UnsupportedVersionError
from quorate.identifiers import MspId
from quorate.records.policy import Policy
from tests.unit.gateway.service.ledger_double import ALLOW_PARTIES, STAMP, study_record

ALDER, BIRCH, DOGWOOD = MspId("AlderMSP"), MspId("BirchMSP"), MspId("DogwoodMSP")
MEMBERS = frozenset({ALDER, BIRCH, MspId("CedarMSP"), DOGWOOD})
FACTS = Facts(own=ALDER, members=MEMBERS, study=study_record())
DEFAULT = Path(__file__).parents[4] / "chaincode" / "authz" / "default.cedar"


def policy(text: str, digest: str | None = None) -> Policy:
    digest = digest or digest_of(text.encode())
    return Policy.of({"schema": Policy.SCHEMA, "version": 1, "digest": digest, "text": text, "in_force": STAMP})


def decide(text: str, reader: MspId, facts: Facts = FACTS) -> tuple[bool, tuple[str, ...]]:
    decision = LedgerPolicies(lambda: policy(text)).decide(action="artifact.read", reader=reader, facts=facts)
    return decision.allowed, decision.policies


def test_a_permit_allows_and_is_named() -> None:
    assert decide(ALLOW_PARTIES, BIRCH) == (True, ("parties-read-artifacts",))
    assert decide(ALLOW_PARTIES, DOGWOOD) == (False, ())


def test_a_forbid_wins_and_is_named() -> None:
    text = ALLOW_PARTIES + '@id("no") forbid (principal in Org::"BirchMSP", action in Action::"off-ledger", resource);'
    assert decide(text, BIRCH) == (False, ("no",))
    assert decide(text, ALDER) == (True, ("parties-read-artifacts",))


def test_the_policies_that_every_consortium_begins_with() -> None:
    text = DEFAULT.read_text()
    assert decide(text, BIRCH) == (True, ("parties-read-artifacts",))
    assert not decide(text, DOGWOOD)[0]
    assert not decide(text, BIRCH, Facts(own=ALDER, members=MEMBERS - {BIRCH}, study=study_record()))[0]


def test_an_error_in_any_policy_denies() -> None:
    text = ALLOW_PARTIES + '@id("wrong") forbid (principal, action, resource) when { resource.nothing == 1 };'
    assert decide(text, BIRCH) == (False, ("wrong",))


def test_a_denial_is_logged_with_the_text_and_the_block_that_it_rests_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "gateway.service.policy")
    decide(ALLOW_PARTIES, DOGWOOD, Facts(own=ALDER, members=MEMBERS, study=study_record(), height=7))
    text = f"policy version 1, {digest_of(ALLOW_PARTIES.encode())}"
    assert caplog.messages == [f"artifact.read by DogwoodMSP is denied by default ({text}), as of block 7"]


def test_without_policies_or_a_study_everything_is_denied() -> None:
    assert not LedgerPolicies(lambda: None).decide(action="artifact.read", reader=ALDER, facts=FACTS).allowed
    assert not decide(ALLOW_PARTIES, ALDER, Facts(own=ALDER, members=MEMBERS))[0]


def test_a_new_version_takes_effect_with_the_next_decision() -> None:
    current = [policy(ALLOW_PARTIES)]
    policies = LedgerPolicies(lambda: current[0])
    assert policies.decide(action="artifact.read", reader=BIRCH, facts=FACTS).allowed
    current[0] = policy('@id("nothing") forbid (principal, action, resource);')
    assert not policies.decide(action="artifact.read", reader=BIRCH, facts=FACTS).allowed


def test_a_text_without_its_digest_or_without_sense_decides_nothing() -> None:
    with pytest.raises(IntegrityError):
        LedgerPolicies(lambda: policy(ALLOW_PARTIES, digest_of(b"another"))).decide(
            action="artifact.read", reader=BIRCH, facts=FACTS
        )
    with pytest.raises(UnsupportedVersionError, match="unfinished-policy"):
        decide("permit everything", BIRCH)
    with pytest.raises(UnsupportedVersionError, match="not Cedar"):
        decide('@id("everything") permit;', BIRCH)
