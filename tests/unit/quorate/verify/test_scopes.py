"""What bundles of less than the ledger hold, show, and say that they cannot show."""

import re

import pytest

from quorate.cli.audit_scope import extent_of
from quorate.errors import UsageError
from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.bundle.manifest import Manifest, Scope
from quorate.verify.bundle.scope import Extent
from tests.unit.gateway.portal.ledger import House, TellingLedger
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import sign_block
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.organisations import Organisation
from tests.unit.quorate.ledger.tampering import reseal
from tests.unit.quorate.verify.test_configurations import update


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1), rounds=3)
    for number in (1, 2, 3):
        consortium.round(number)
    consortium.ledger.cut()
    return consortium


def said(report):
    return " | ".join(found.message for found in report.verified)


def left_open(report):
    return " | ".join(found.message for found in report.not_checked)


def blocks(bundle):
    return len(list((bundle / "blocks").iterdir()))


def test_rounds_hold_what_they_rest_on_and_nothing_behind(made, tmp_path):
    export(made.ledger, tmp_path / "study", study="one")
    made_of = export(made.ledger, tmp_path / "rounds", study="one", first_round=2, last_round=2)
    assert (made_of.manifest.scope.kind, made_of.manifest.scope.rounds) == ("rounds", 2)
    assert blocks(tmp_path / "rounds") < blocks(tmp_path / "study")
    report = verify_bundle(tmp_path / "rounds", genesis=made.ledger.genesis)
    assert "1 study with 2 rounds, 2 of them final" in said(report)
    assert "totals and absences" in left_open(report)
    assert any("some rounds of one study" in found.why for found in report.not_checked)


def test_of_rounds_before_the_first_one_only_artefacts_are_left_out(made, tmp_path):
    from gateway.audit.collect import Collector  # noqa: PLC0415 - shown here only
    from gateway.audit.staging import staging  # noqa: PLC0415 - shown here only

    extent = Extent(study="one", first_round=2, last_round=2)
    with staging(tmp_path / "b") as staged, Collector(staged, chaincode="quorate", extent=extent) as collected:
        for block in made.ledger.chain.blocks:
            collected.take(block)
        wanted = collected.artifacts()
    records = [made.record(number) for number in (1, 2, 3)]
    assert {found.update for found in records[1].included} < wanted.keys()
    assert {records[1].base, records[1].model} < wanted.keys()
    assert not {found.update for found in (*records[0].included, *records[2].included)} & wanted.keys()


def test_a_stretch_of_time_shows_signatures_and_events_and_no_more(made, tmp_path):
    opened = [made.record(number).opened.claimed_time for number in (2, 3)]
    made_of = export(made.ledger, tmp_path / "time", since=opened[0], until=opened[1] - 1)
    scope = made_of.manifest.scope
    assert (scope.kind, scope.rounds, scope.first_claimed_time) == ("time", 0, opened[0])
    report = verify_bundle(tmp_path / "time", genesis=made.ledger.genesis)
    lines = (tmp_path / "time" / "events.jsonl").read_bytes().count(b"\n")
    assert f"{lines} lines of events.jsonl" in said(report)
    assert "led to exactly the records" not in said(report)
    assert "that the rules and the access policies led to what was written" in left_open(report)
    assert "rightly counted or did not" in left_open(report)


@pytest.mark.parametrize("left_out", [0, -1])
def test_no_block_in_the_scope_may_be_left_out(made, tmp_path, left_out):
    export(made.ledger, tmp_path / "time", since=made.record(2).opened.claimed_time)
    held = sorted((tmp_path / "time" / "blocks").iterdir(), key=lambda path: int(path.stem))
    held[left_out or 1].unlink()
    with pytest.raises(VerificationError) as caught:
        verify_bundle(reseal(tmp_path / "time", made.ledger.officer), genesis=made.ledger.genesis)
    assert caught.value.report.failed[0].step in {Step.TRANSACTIONS, Step.REPLAY}


def test_a_scope_that_nobody_can_have_asked_for(made, tmp_path):
    export(made.ledger, tmp_path / "study", study="one")
    scope = Scope(kind="study", study="one", rounds=3, first_round=1, last_round=2)
    reseal(tmp_path / "study", made.ledger.officer, scope=scope)
    with pytest.raises(VerificationError, match="a scope that is called study is that of a rounds"):
        verify_bundle(tmp_path / "study", genesis=made.ledger.genesis)


def test_a_study_that_is_said_to_be_held_and_is_not(made, tmp_path):
    export(made.ledger, tmp_path / "study", study="one")
    scope = Scope(kind="study", study="two", rounds=0)
    reseal(tmp_path / "study", made.ledger.officer, scope=scope)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(tmp_path / "study", genesis=made.ledger.genesis)
    assert "holds nothing of the study two" in str([found.message for found in caught.value.report.failed])


@pytest.mark.parametrize(
    ("extent", "words"),
    [
        ({}, "the whole ledger"),
        ({"study": "one"}, "the study one"),
        ({"study": "one", "first_round": 2, "last_round": 3}, "rounds 2 to 3 of the study one"),
        ({"since": 0}, "what claims a time from 1970-01-01T00:00:00.000+00:00"),
        ({"until": 2**53 - 1}, "what claims a time to 9007199254740991 ms"),
    ],
)
def test_a_report_says_what_it_is_about(extent, words):
    assert Scope(kind=Extent(**extent).kind, rounds=0, **extent).words == words


def test_a_policy_set_that_was_left_out_is_not_said_to_have_been_in_force(tmp_path):
    """Whoever exports a study can leave out what was voted meanwhile; nothing that it rests on is missing."""
    house = House(TellingLedger(per_block=1))
    house.adopt()
    house.round(1)
    export(house.ledger, tmp_path / "study", study="one")
    for path in (tmp_path / "study" / "blocks").iterdir():
        if re.search(rb"policy:(Propose|Vote|Tally)", path.read_bytes()):
            path.unlink()
    events = tmp_path / "study" / "events.jsonl"
    kept = [line for line in events.read_bytes().splitlines(keepends=True) if b'"type":"policy.' not in line]
    events.write_bytes(b"".join(kept))
    manifest = Manifest.parse((tmp_path / "study" / "manifest.json").read_bytes())
    assert [found.version for found in manifest.policies] == [1, 2]
    bundle = reseal(tmp_path / "study", house.ledger.officer, policies=manifest.policies[:1])
    report = verify_bundle(bundle, genesis=house.ledger.genesis)
    assert "by the access policies that the bundle holds: all were allowed" in said(report)
    assert "no vote, commit, study, change of the members or of the access policies" in left_open(report)


def test_an_update_of_the_configuration_that_was_left_out_is_not_ruled_out(tmp_path):
    """Headers do not name the configuration, so one orderer can sign them again with an older one beside them."""
    made = Consortium(Ledger(per_block=1))
    update(made.ledger, members=[*made.members, Organisation.new("Dogwood")])
    made.round(1)
    hidden = made.ledger.chain.last_config
    for block in made.ledger.chain.blocks[hidden:]:
        sign_block(block, made.ledger.ordering.orderer, 0)
    export(made.ledger, tmp_path / "study", study="one")
    (tmp_path / "study" / "blocks" / f"{hidden}.block").unlink()
    bundle = reseal(tmp_path / "study", made.ledger.officer)
    report = verify_bundle(bundle, genesis=made.ledger.genesis)
    assert "1 configuration in force" in said(report)
    assert "that no update of the configuration is left out" in left_open(report)
    export(made.ledger, tmp_path / "whole")
    with pytest.raises(VerificationError, match=f"block {hidden}, transaction 0: a transaction of type 1 cannot"):
        verify_bundle(tmp_path / "whole", genesis=made.ledger.genesis)


def test_options_of_the_command():
    asked = {"study": None, "rounds": None, "since": None, "until": None}
    assert extent_of(**asked).kind == "ledger"
    assert extent_of(**asked | {"study": "one", "rounds": "2-9"}) == Extent(study="one", first_round=2, last_round=9)
    assert extent_of(**asked | {"since": "2026-11-23T08:00:00.250+01:00"}) == Extent(since=1_795_417_200_250)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": "1-2"},
        {"study": "one", "rounds": "2-1"},
        {"study": "one", "rounds": "0-1"},
        {"study": "one", "rounds": "1"},
        {"study": "one", "since": "2026-11-23T08:00Z"},
        {"since": "2026-11-23T08:00"},
        {"since": "yesterday"},
        {"since": "2026-11-23T08:00Z", "until": "2026-11-22T08:00Z"},
    ],
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(UsageError):
        extent_of(**{"study": None, "rounds": None, "since": None, "until": None} | wrong)
