"""Reports say what is in a bundle whose contents are known, and nothing of a bundle that does not hold."""

import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from gateway.audit.compliance.evidence import verified_evidence
from gateway.audit.compliance.facts.fact import Fact
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.markdown import markdown_of
from gateway.audit.compliance.page import html_of
from gateway.audit.compliance.report import fill
from quorate.cli.root import root
from quorate.errors import ExitCode, StorageError, UsageError
from quorate.verify import VerificationError
from tests.evidence.recorded import recorded
from tests.unit.docs.test_commands import check
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.tampering import reseal
from tests.unit.quorate.ledger.witnesses import statements

VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Notes which elements there are, and fails where one ends that did not begin."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def facts(filled, framework, article):
    [found] = [each for each in filled[framework].controls if each.control.article == article]
    return {fact.what: fact.value for fact in found.facts}


def events(filled, framework, article):
    [found] = [each for each in filled[framework].controls if each.control.article == article]
    return {event.kind: event.count for event in found.events}


def run(*words):
    return CliRunner().invoke(root(), ["audit", "report", *map(str, words)])


def test_events_are_counted(filled):
    assert events(filled, "ai-act", "Art. 12(2)(a)") == {
        "privacy.refused": 2,
        "round.retried": 2,
        "round.disputed": 1,
        "round.aborted": 0,
        "study.suspended": 0,
        "study.aborted": 0,
        "study.approved": 2,
        "policy.in_force": 1,
        "consortium.amended": 1,
        "dataset.revised": 0,
        "chaincode.defined": 1,
        "channel.configured": 1,
        "ledger.invalid": 0,
    }


def test_rounds_models_and_refusals(filled):
    found = facts(filled, "ai-act", "Art. 12(1)")
    assert found["rounds"] == "DISPUTED 1, FINAL 2, OPEN 1"
    assert found["fewest attestations of a final round"] == "3, where at most 2 were needed"
    assert found["models"] == "FINAL 2"
    assert found["study one"].startswith("RUNNING, “")
    assert "for research, with AlderMSP/records, BirchMSP/records, CedarMSP/records" in found["study one"]
    assert facts(filled, "part-11", "11.10(f)")["refused, or not counted"] == "budget 2, declined 1, left out 1"


def test_accounts_and_refused_charges(filled):
    found = facts(filled, "gdpr", "Art. 25(1)")
    accounts = {name: words for name, words in found.items() if name.startswith("account ")}
    assert len(accounts) == 3
    assert found["charges refused in all"] == "2"
    for name, charges, refused in (("Alder", 3, 1), ("Birch", 3, 1), ("Cedar", 3, 0)):
        [words] = [words for account, words in accounts.items() if f"{name}MSP" in account]
        assert f"; {charges} charges, {refused} refused; recomputed from its history: equal" in words
        assert " of 1.3900 at δ 1e-5" in words
    assert all("charges, as declared" in words for name, words in found.items() if name.startswith("one: "))


def test_policies_members_and_modifications(filled):
    found = facts(filled, "part-11", "11.10(d), (g)")
    assert found["policy version 1"].startswith("REPLACED, sha256:")
    assert found["policy version 2"].startswith("IN_FORCE, sha256:")
    assert found["policy version 2"].endswith("approved by AlderMSP, BirchMSP, CedarMSP")
    assert found["members at the end"] == "AlderMSP, BirchMSP, CedarMSP, ElmMSP"
    assert found["changes of members"] == "admitted 1, founded 3"
    assert found["AlderMSP, officer"] == "4 transactions, 1 certificate"


def test_reviews_and_anchors(filled):
    found = facts(filled, "hipaa", "164.312(b): examine")
    assert found["reviews"] == "ASSIGNED 1, CONCLUDED 1, OPEN 1"
    assert found["review AlderMSP/charter"].endswith(f"approval, accepted, by pseudonym {'cd' * 32}")
    assert found["anchors of access logs"] == "1"
    assert found["access log of AlderMSP"].startswith("3 entries, head sha256:")
    assert found["events that need attention"] == "privacy.refused 2, round.disputed 1, round.retried 2"


def test_a_review_has_what_a_signature_shows(filled):
    words = facts(filled, "part-11", "11.50(a)")["review AlderMSP/charter"]
    assert "CONCLUDED 2026-" in words
    assert "(claimed), approval" in words
    [control] = [each for each in filled["part-11"].controls if each.control.article == "11.50(a)"]
    assert any("pseudonyms" in each for each in control.absent)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_verifiers_result_comes_first_and_every_control_follows(filled, framework):
    text = markdown_of(filled[framework])
    assert text.index("**Verifier: verified.**") < text.index("## What was verified")
    assert "that there is no fork" in text.split("## What was not checked")[1].split("\n## ")[0]
    places = [text.index(f"\n## {each.control.article}\n") for each in filled[framework].controls]
    assert places == sorted(places)
    assert text.count("**Remains the organisation's duty:**") == len(places) == len(FRAMEWORKS[framework].controls)
    assert "not legal advice" in text


def test_commands_name_the_bundle_its_genesis_and_its_last_model(filled, house, bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = [command for each in filled["ai-act"].controls for command in each.commands]
    assert any(f"--genesis {house.ledger.genesis}" in command for command in named)
    assert any(f"lineage {house.record(2).model} --bundle {bundle.name}" in command for command in named)
    for command in named:
        check(command)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_page_is_whole_and_loads_and_runs_nothing(filled, framework):
    page = html_of(filled[framework])
    parsed = Balanced()
    parsed.feed(page)
    assert parsed.open == []
    assert parsed.seen.isdisjoint({"script", "link", "img", "iframe", "a", "form"})
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in parsed.attributes
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in {"src", "href", "style"}]
    assert page.index("Verifier: verified") < page.index("What was not checked")
    assert page.count("<h2") == len(FRAMEWORKS[framework].controls) + 2


def test_text_from_a_ledger_is_nothing_but_text(filled):
    nasty = Fact("study <script>alert(1)</script>", "a | b\n## c \u202e [d](https://e.test) `f` www.g.test")
    [first, *rest] = filled["gdpr"].controls
    report = replace(filled["gdpr"], controls=(replace(first, facts=(nasty,)), *rest))
    page, text = html_of(report), markdown_of(report)
    assert "<script>" not in page
    assert "study &lt;script&gt;" in page
    assert "\u202e" not in page + text
    [line] = [line for line in text.splitlines() if "alert" in line]
    assert line == (
        r"| study \<script\>alert(1)\</script\> | "
        r"a \| b\\n## c \\u202e \[d\](https\://e.test) \`f\` www\.g.test |"
    )


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
def test_the_same_bundle_makes_the_same_report(house, bundle, form, tmp_path):
    again = tmp_path / bundle.name
    export(house.ledger, again)
    first, second = (
        run("--framework", "hipaa", "--bundle", path, "--genesis", house.ledger.genesis, "--format", form)
        for path in (bundle, again)
    )
    assert first.exit_code == 0, first.output
    assert first.stdout == second.stdout
    assert len(first.stdout) > 2000


@pytest.mark.parametrize(("ending", "begins"), [("md", "# EU AI Act"), ("html", "<!doctype html>"), ("json", "{")])
def test_a_file_is_in_the_form_of_its_ending(house, bundle, tmp_path, ending, begins):
    out = tmp_path / f"report.{ending}"
    ran = run("--framework", "ai-act", "--bundle", bundle, "--genesis", house.ledger.genesis, "--out", out)
    assert (ran.exit_code, ran.output) == (0, "")
    assert out.read_text(encoding="utf-8").startswith(begins)


def test_json_says_the_same(filled):
    document = json.loads(json.dumps(filled["gdpr"].as_json()))
    assert document["schema"] == "quorate.compliance/1"
    assert document["verification"]["result"] == "verified"
    assert document["bundle"]["scope"] == "the whole ledger"
    assert document["controls"][0]["article"] == "Art. 5(2)"
    assert {"what": "charges refused in all", "value": "2"} in document["controls"][3]["facts"]


def test_of_a_bundle_that_does_not_hold_there_is_no_report(house, bundle, tmp_path):
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    altered, out = tmp_path / "altered.qeb", tmp_path / "report.md"
    altered.write_bytes(data)
    ran = run("--framework", "gdpr", "--bundle", altered, "--genesis", house.ledger.genesis, "--out", out)
    assert isinstance(ran.exception, VerificationError)
    assert ran.exception.exit_code == 1
    assert ran.stdout == ""
    assert not out.exists()


def test_nor_of_another_ledgers(bundle):
    ran = run("--framework", "gdpr", "--bundle", bundle, "--genesis", f"sha256:{'0' * 64}")
    assert isinstance(ran.exception, VerificationError)
    assert ran.stdout == ""


def test_without_a_pin_there_is_none(bundle):
    ran = run("--framework", "gdpr", "--bundle", bundle)
    assert isinstance(ran.exception, UsageError)
    assert ran.stdout == ""


def test_a_bundle_that_is_trusted_is_called_so(bundle):
    ran = run("--framework", "gdpr", "--bundle", bundle, "--trust-bundle-genesis")
    assert ran.exit_code == 0
    assert "genesis" in ran.stdout.split("## What was not checked")[1].split("\n## ")[0].lower()


@pytest.mark.parametrize("words", [("--out", "report.pdf"), ("--out", "report.md", "--format", "html")])
def test_a_form_that_is_not_there_or_contradicts_is_refused(bundle, words):
    ran = run("--framework", "gdpr", "--bundle", bundle, "--trust-bundle-genesis", *words)
    assert isinstance(ran.exception, UsageError)


def test_without_the_gateways_packages_the_extra_is_named(bundle):
    program = (
        "import sys\n"
        "sys.modules['sqlalchemy'] = None\n"
        "from quorate.cli import main\n"
        f"sys.exit(main(['audit', 'report', '--framework', 'gdpr', '--bundle', {str(bundle)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == ExitCode.USAGE
    assert "pip install 'quorate[gateway]'" in done.stderr


def test_a_file_that_cannot_be_written_is_told(bundle, tmp_path):
    out = tmp_path / "missing" / "report.md"
    ran = run("--framework", "gdpr", "--bundle", bundle, "--trust-bundle-genesis", "--out", out)
    assert isinstance(ran.exception, StorageError)


def test_a_part_of_a_ledger_tells_no_totals(house, tmp_path):
    part = tmp_path / "part.qeb"
    export(house.ledger, part, study="one")
    with verified_evidence(part, genesis=house.ledger.genesis) as evidence:
        report = fill(FRAMEWORKS["gdpr"], evidence)
    [control] = [each for each in report.controls if each.control.article == "Art. 25(1)"]
    assert not [fact for fact in control.facts if fact.what.startswith(("account", "charges"))]
    assert any(each.startswith("Totals and what is in force") for each in control.absent)
    assert Fact("scope", "study one") in report.about


def test_statements_of_witnesses_are_named_and_then_not_missing(house, tmp_path):
    path = tmp_path / "witnessed"
    export(house.ledger, path)
    (path / "witnesses").mkdir()
    for name, data in statements(house.ledger, house.members[1:]).items():
        (path / name).write_bytes(data)
    reseal(path, house.ledger.officer)
    with verified_evidence(path, genesis=house.ledger.genesis) as evidence:
        report = fill(FRAMEWORKS["part-11"], evidence)
    found = {fact.what: fact.value for each in report.controls for fact in each.facts}
    assert found["statements of members' gateways"] == "BirchMSP, CedarMSP"
    assert not [
        each for control in report.controls for each in control.absent if each.startswith("When blocks were seen")
    ]


@pytest.mark.parametrize(
    ("extent", "scope"),
    [
        ({"study": "one", "first_round": 2, "last_round": 2}, "study one, rounds 2 to 2"),
        ({"since": 1_790_000_000_000}, "claimed times from 2026-09-21 14:13:20Z to none"),
    ],
)
def test_a_narrow_scope_fills_every_framework_and_says_so(house, tmp_path, extent, scope):
    part = tmp_path / "part.qeb"
    export(house.ledger, part, **extent)
    with verified_evidence(part, genesis=house.ledger.genesis) as evidence:
        reports = [fill(framework, evidence) for framework in FRAMEWORKS.values()]
    for report in reports:
        assert Fact("scope", scope) in report.about
        assert markdown_of(report)
        assert html_of(report)


@pytest.mark.parametrize("name", recorded())
def test_of_a_ledger_of_real_fabric(name, tmp_path):
    ledger = recorded()[name]
    target = tmp_path / "recorded.qeb"
    ledger.export(target)
    with verified_evidence(target, genesis=ledger.genesis) as evidence:
        reports = {name: fill(framework, evidence) for name, framework in FRAMEWORKS.items()}
    blocks = ledger.blocks()
    codes = [code for block in blocks for code in block.metadata.metadata[2]]
    valid = codes.count(0)
    assert len(codes) - valid > 100  # abuse was recorded with it
    found = {fact.what: fact.value for fact in reports["ai-act"].controls[0].facts}
    assert found["blocks"] == f"{len(blocks)}, of which {len(blocks)} are in the bundle whole"
    words = f"{valid} took effect, {len(codes) - valid} were found invalid"
    assert found["transactions in whole blocks"] == words
    assert found["rounds"] == "FINAL 2"
    assert found["models"] == "FINAL 2"
    assert facts(reports, "gdpr", "Art. 25(1)")["charges refused in all"] == "0"
