"""What the pages on evidence say, held to the code."""

import json
import re
import shutil

import pytest

from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.bundle import bounds, names
from quorate.verify.bundle.manifest import Manifest
from tests.unit.docs.pages import DOCS, fenced, read, tables

REFERENCE = read(DOCS / "reference" / "evidence.md")
TUTORIAL = read(DOCS / "tutorial" / "verify-a-bundle.md")
FILES, MANIFEST, SCOPES, STEPS = (list(table[1:]) for table in tables(REFERENCE))
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def names_in(cell):
    return re.findall(r"`([\w.\-/]+)`", cell)


def example(name):
    return (
        name.replace("MSP.json", "AlderMSP.json")
        .replace("N.block", "7.block")
        .replace("N.tsr", "7.tsr")
        .replace("STUDY", "one")
        .replace("ROUND", "000001")
        .replace("HEX", "0" * 64)
    )


def test_the_files_stand_in_the_documented_order():
    listed = [example(names_in(row[0])[0]) for row in FILES]
    assert listed == sorted(listed, key=names.order)


@pytest.mark.parametrize("row", FILES, ids=lambda row: row[0])
def test_files_may_be_as_large_as_documented(row):
    count, unit = row[2].split()[:2]
    name, limit = example(names_in(row[0])[0]), int(count) * UNITS[unit]
    bounds.require_size(name, limit)
    with pytest.raises(Exception, match="more than"):
        bounds.require_size(name, limit + 1)


def test_every_field_of_the_manifest_is_documented():
    documented = {name for row in MANIFEST for name in names_in(row[0])}
    assert documented == {field.alias or name for name, field in Manifest.model_fields.items()} - {"schema"}


def test_every_step_is_documented():
    assert [names_in(row[1])[0] for row in STEPS] == [step.value for step in Step]


def test_the_documented_report_has_the_reports_shape(honest, walked):
    documented = json.loads(fenced(REFERENCE, "json")[0])
    report = json.loads(json.dumps(verify_bundle(honest, genesis=walked.ledger.genesis).as_json()))
    assert list(documented) == list(report)
    assert documented["verified"][0].keys() == report["verified"][0].keys()
    assert documented["not_checked"][0].keys() == report["not_checked"][0].keys()


def test_the_documented_code_runs(container, tmp_path, monkeypatch, capsys):
    shutil.copy(container, tmp_path / "evidence.qeb")
    monkeypatch.chdir(tmp_path)
    exec(fenced(REFERENCE, "python")[0], {})  # noqa: S102 - the page's own code
    assert capsys.readouterr().out == "block 0\n"


def test_the_tutorials_broken_bundle_is_found(container, tmp_path, monkeypatch, walked):
    shutil.copy(container, tmp_path / "evidence.qeb")
    monkeypatch.chdir(tmp_path)
    exec(fenced(TUTORIAL, "python")[0], {})  # noqa: S102 - the page's own code
    with pytest.raises(VerificationError):
        verify_bundle(tmp_path / "broken.qeb", genesis=walked.ledger.genesis)
