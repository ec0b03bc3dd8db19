from __future__ import annotations

import hashlib

import pytest

from participants.plans.document import DOCUMENT_LIMIT, PlanDocument, parse_document, read_directory
from participants.plans.errors import PlanDocumentError
from quorate import canonical

FIELDS = {
    "name": "mine",
    "entry_point": "plan:Mine",
    "files": {"plan.py": "x = 1\n"},
    "parameters": {"rate": "0.5", "widths": [1, 2]},
    "requires": ("numpy==2.0.0",),
}


def document(**changes):
    return PlanDocument(**FIELDS | changes)


def test_the_bytes_are_canonical_and_name_everything():
    expected = (
        b'{"entry_point":"plan:Mine","files":{"plan.py":"x = 1\\n"},"name":"mine",'
        b'"parameters":{"rate":"0.5","widths":[1,2]},"requires":["numpy==2.0.0"],"schema":"quorate.plan/1"}'
    )
    assert document().encode() == expected
    assert document().digest == f"sha256:{hashlib.sha256(expected).hexdigest()}"
    assert parse_document(expected) == document()


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"plan.py": "x = 2\n"}},
        {"files": {"plan.py": "x = 1\n", "other.py": ""}},
        {"entry_point": "plan:Other"},
        {"parameters": {}},
        {"requires": ("numpy==2.0.1",)},
        {"name": "yours"},
    ],
)
def test_the_digest_covers_every_part(change):
    assert document(**change).digest != document().digest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Mine"}, "name"),
        ({"name": ""}, "name"),
        ({"entry_point": "plan"}, "entry_point"),
        ({"entry_point": "other:Mine"}, "entry_point"),
        ({"files": {}, "entry_point": "plan:Mine"}, "files"),
        ({"files": {"plan.py": "", "../evil.py": ""}}, "files"),
        ({"files": {"plan.py": "", "/abs.py": ""}}, "files"),
        ({"files": {"plan.py": "", "data.bin": ""}}, "files"),
        ({"files": {f"plan{i}.py": "" for i in range(64)} | {"plan.py": ""}}, "files"),
        ({"requires": ("a==1",) * 257}, "requires"),
    ],
)
def test_other_forms_are_refused(change, field):
    with pytest.raises(PlanDocumentError, match=f"plan's {field} must be") as caught:
        document(**change)
    assert caught.value.code == "PLAN_INVALID"


def test_floating_point_parameters_are_refused_with_the_way_out():
    with pytest.raises(PlanDocumentError) as caught:
        document(parameters={"rate": 0.5}).encode()
    assert "strings" in caught.value.hint


def test_a_document_is_at_most_a_mebibyte():
    with pytest.raises(PlanDocumentError, match="more than the 1048576"):
        document(files={"plan.py": "#" * DOCUMENT_LIMIT}).encode()
    with pytest.raises(PlanDocumentError, match="more than the 1048576"):
        parse_document(b"{" * (DOCUMENT_LIMIT + 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        document().encode() + b"\n",
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "extra": 1}),
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "schema": "quorate.plan/2"}),
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "requires": "numpy"}),
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "files": {"plan.py": 1}}),
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "parameters": []}),
        canonical.dumps({**canonical.loads(document().encode(), limit=9999), "name": 1}),
    ],
)
def test_bytes_of_another_form_are_refused(data):
    with pytest.raises(PlanDocumentError):
        parse_document(data)


def test_an_authors_directory_becomes_a_document(tmp_path):
    (tmp_path / "plan.toml").write_text('name = "mine"\nentry_point = "plan:Mine"\n[parameters]\nrate = "0.5"\n')
    (tmp_path / "plan.py").write_text("x = 1\n")
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "norm.py").write_text("")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "junk.py").write_text("")
    found = read_directory(tmp_path)
    assert sorted(found.files) == ["layers/norm.py", "plan.py"]
    assert found.parameters == {"rate": "0.5"}


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "name = ",
        'name = "a"\nentry_point = "plan:P"\nextra = 1',
        'name = "a"\nentry_point = "plan:P"\nrequires = 1',
    ],
)
def test_a_manifest_of_another_form_is_refused(tmp_path, manifest):
    (tmp_path / "plan.toml").write_text(manifest)
    (tmp_path / "plan.py").write_text("")
    with pytest.raises(PlanDocumentError):
        read_directory(tmp_path)


def test_a_directory_without_manifest_is_refused(tmp_path):
    with pytest.raises(PlanDocumentError, match=r"plan\.toml"):
        read_directory(tmp_path)
