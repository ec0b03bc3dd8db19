"""Questions on a ledger made by hand, on ledgers that real Fabric made, and on parts of ledgers."""

from typing import get_args

import pytest

from gateway.audit.trail import EventFilter, Trail, page, transaction
from gateway.audit.trail.bundle import read_bundle
from gateway.audit.trail.questions import QUESTIONS, Memory, ask
from gateway.audit.trail.questions.refusals import RefusalKind
from gateway.audit.trail.witness_report import WitnessReport
from quorate.cli.audit_questions import ASKINGS, OPTIONS
from quorate.errors import IntegrityError, NotFoundError, UsageError
from quorate.records.audit import ReviewState
from quorate.verify.bundle.witness import Statement
from tests.evidence.recorded import recorded
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.witnesses import statements

RECORDED = recorded()


@pytest.fixture(scope="module")
def consortium():
    """Three members; Elm's cap bears one round. The second round has no update of Cedar's."""
    made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=3))
    made.round(1)
    made.round(2, silent=("Cedar",))
    made.ledger.cut()
    return made


@pytest.fixture(scope="module")
def asked(consortium):
    return {
        "lineage": {"model": consortium.record(2).model},
        "descendants": {"artifact": consortium.record(1).included[0].update},
    }


def test_the_command_line_has_every_question_and_its_columns(consortium, asked):
    assert {asking.name for asking in ASKINGS} == QUESTIONS.keys()
    assert {question.number for question in QUESTIONS.values()} == set(range(1, 18))
    for asking in ASKINGS:
        question = QUESTIONS[asking.name]
        assert (asking.number, asking.needs) == (question.number, question.needs)
        assert set(asking.takes) | set(asking.needs) == set(question.takes)
        assert set(asking.takes) <= OPTIONS.keys()
    for name, choices in {"kind": get_args(RefusalKind), "state": get_args(ReviewState)}.items():
        assert OPTIONS[name][2].choices == choices
    filled = Trail.open(None)
    filled.append(block.SerializeToString() for block in consortium.ledger.chain.blocks)
    for asking in ASKINGS:
        for row in ask(filled, asking.name, asked.get(asking.name, {})).as_rows():
            assert {column.key for column in asking.columns} <= row.keys(), asking.name
    filled.close()


def test_a_bundle_answers_as_the_ledger_does(consortium, asked, tmp_path):
    export(consortium.ledger, tmp_path / "b.qeb", artifacts=consortium.artifacts)
    alone, memory = read_bundle(tmp_path / "b.qeb")
    whole = Trail.open(None)
    whole.append(block.SerializeToString() for block in consortium.ledger.chain.blocks)
    for name in QUESTIONS:
        narrowed = asked.get(name, {})
        assert ask(alone, name, narrowed).as_json() == ask(whole, name, narrowed).as_json()
    assert [row.at_hand for row in ask(alone, "recompute", {}, memory).rows] == [True, True]
    alone.close()
    whole.close()


def test_a_part_of_a_ledger_says_what_it_lacks(consortium, tmp_path):
    times = [t for (t,) in _claimed(consortium)]
    export(consortium.ledger, tmp_path / "part.qeb", since=times[len(times) // 2])
    part, _ = read_bundle(tmp_path / "part.qeb")
    gaps = [row for row in ask(part, "agreement", {}).rows if row.kind == "gap"]
    assert gaps
    assert "only the header is here" in gaps[0].what
    facts = {row.what: row.value for row in ask(part, "verifiability", {}).rows}
    assert int(facts["whole blocks"]) < int(facts["height"]) == part.height
    part.close()


def _claimed(consortium):
    whole = Trail.open(None)
    whole.append(block.SerializeToString() for block in consortium.ledger.chain.blocks)
    events = page(whole, EventFilter(severity=0), limit=1000).events
    whole.close()
    return sorted({(event.claimed_time,) for event in events if event.claimed_time})


def test_a_block_that_is_not_its_headers_is_refused(consortium, tmp_path):
    folder = tmp_path / "bundle"
    export(consortium.ledger, folder)
    names = sorted((folder / "blocks").iterdir(), key=lambda path: int(path.stem))
    first, second = names[3].read_bytes(), names[4].read_bytes()
    names[3].write_bytes(second)
    names[4].write_bytes(first)
    with pytest.raises(IntegrityError):
        read_bundle(folder)


@pytest.mark.parametrize("name", RECORDED)
def test_ledgers_that_real_fabric_made(name):
    ledger = RECORDED[name]
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in ledger.blocks())
    assert trail.genesis == ledger.genesis
    assert ask(trail, "members", {}).members == ("AlderMSP", "BirchMSP")
    rows = {row.msp: row for row in ask(trail, "spending", {}).rows if row.study is None}
    assert {row.epsilon for row in rows.values()} == {"0.9876"}
    assert all(row.equal for row in ask(trail, "recount", {}).rows)
    models = ask(trail, "recompute", {}).rows
    assert [(row.round, row.equal, row.needed) for row in models] == [(1, 2, 2), (2, 2, 2)]
    assert "ENDORSEMENT_POLICY_FAILURE" in {row.reason for row in ask(trail, "refusals", {"kind": "invalid"}).rows}
    overtaken = {row.reason for row in ask(trail, "refusals", {"kind": "conflict"}).rows}
    assert "MVCC_READ_CONFLICT" in overtaken <= {"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"}
    assert {row.kind for row in ask(trail, "agreement", {}).rows} <= {"clock"}
    newest = page(trail, EventFilter(kinds=("round.finalized",)), limit=1).events[0]
    shown = transaction(trail, newest.transaction)
    assert (shown.code, shown.function, shown.policy_version) == ("VALID", "round:Finalize", 1)
    assert [write.key.split("~")[0] for write in shown.writes] == ["model", "round", "study"]
    assert shown.endorsers == ("AlderMSP", "BirchMSP")
    trail.close()


class Nothing:
    """An organisation that holds no artefact."""

    def holds(self, _digest):
        return False


def test_what_is_not_at_hand_is_named(consortium):
    whole = Trail.open(None)
    whole.append(block.SerializeToString() for block in consortium.ledger.chain.blocks)
    first, second = ask(whole, "recompute", {}, Memory(holdings=Nothing())).rows
    assert (len(first.missing), len(second.missing)) == (4, 3)
    assert not first.at_hand
    whole.close()


def test_a_study_that_was_stopped_and_went_on_is_a_modification():
    made = Consortium(Ledger(("Alder", "Birch", "Cedar")))
    for by, reason in ((0, "key"), (1, "update")):
        made.ledger.call(made.members[by], "operator", "study:Suspend", study="one", round=0, reason=reason)
    for by in (0, 1):
        made.ledger.call(made.members[by], "operator", "study:Resume", study="one", number=by + 1)
    made.round(1)
    made.ledger.cut()
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in made.ledger.chain.blocks)
    rows = [row for row in ask(trail, "modifications", {}).rows if row.what == "study"]
    trail.close()
    assert [(row.about, row.by, row.before, row.after) for row in rows] == [
        ("one", "AlderMSP", "RUNNING", "SUSPENDED by AlderMSP (key)"),
        ("one", "BirchMSP", "SUSPENDED by AlderMSP (key)", "SUSPENDED by AlderMSP (key), BirchMSP (update)"),
        ("one", "AlderMSP", "SUSPENDED by AlderMSP (key), BirchMSP (update)", "SUSPENDED by BirchMSP (update)"),
        ("one", "BirchMSP", "SUSPENDED by BirchMSP (update)", "RUNNING"),
    ]


def test_what_is_not_there(trail):
    with pytest.raises(NotFoundError, match="no round 9"):
        ask(trail, "members", {"study": "one", "round": 9})
    with pytest.raises(NotFoundError, match="no final model"):
        ask(trail, "lineage", {"model": "sha256:" + "0" * 64})
    with pytest.raises(NotFoundError, match="no final model is or was made"):
        ask(trail, "descendants", {"artifact": "sha256:" + "0" * 64})
    with pytest.raises(NotFoundError, match="no transaction"):
        transaction(trail, "00")
    with pytest.raises(UsageError, match="needs 'model'"):
        ask(trail, "lineage", {})
    with pytest.raises(UsageError, match="model"):
        ask(trail, "lineage", {"model": "x"})


def test_an_empty_trail_answers_too():
    trail = Trail.open(None)
    for name, question in QUESTIONS.items():
        if not question.needs:
            assert ask(trail, name, {}).height == 0
    trail.close()


def test_the_witnesses_of_a_bundle_are_heard(consortium, tmp_path):
    folder = tmp_path / "bundle"
    export(consortium.ledger, folder)
    (folder / "witnesses").mkdir()
    every = range(1, len(consortium.ledger.chain.blocks))
    for name, data in statements(consortium.ledger, consortium.members[:2], blocks=every).items():
        (folder / name).write_bytes(data)
    part, memory = read_bundle(folder)
    answer = ask(part, "agreement", {}, memory)
    assert (answer.members_heard, answer.rows) == (("AlderMSP", "BirchMSP"), ())
    assert all(row.observed_time is not None for row in ask(part, "members", {}, memory).rows)
    part.close()


def test_a_witness_that_saw_another_ledger_is_named():
    def saw(msp, *seen):
        block = {"schema": "quorate.witness/1", "channel": "c", "msp": msp, "certificate": "", "height": 9}
        return Statement.of(block | {"signed_time": 1, "seen": [dict(one) for one in seen]})

    def block(number, letter, commit="c"):
        digest = f"sha256:{letter * 64}"
        return {"block": number, "header": digest, "commit_hash": commit * 64, "observed_time": 10 + number}

    same = saw("AlderMSP", block(1, "a"), block(2, "b"))
    fork = saw("BirchMSP", block(1, "a"), block(2, "d"))
    other = saw("CedarMSP", block(1, "a", commit="e"), block(2, "b"))
    report = WitnessReport([same, fork, other], observer="AlderMSP")
    report.about({1: (f"sha256:{'a' * 64}", "c" * 64), 2: (f"sha256:{'b' * 64}", None)})
    assert report.heard() == ["AlderMSP", "BirchMSP", "CedarMSP"]
    assert report.times([1, 2, 3]) == {1: 11, 2: 12}
    assert [(found.organisations, found.what) for found in report.divergences()] == [
        (("BirchMSP",), "the ledger of BirchMSP has another block 2: a fork"),
        (("CedarMSP",), "the ledger of CedarMSP decided otherwise on block 1"),
    ]
