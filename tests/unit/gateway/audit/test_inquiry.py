"""A bundle's timeline has what its witnesses saw otherwise, as a gateway's has: in tables, JSON, JSON Lines and CSV."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from quorate.cli.root import main, root
from quorate.digest import digest_of
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import reseal
from tests.unit.quorate.ledger.witnesses import statement

FORK = 4


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle in which Birch's gateway states another block 4."""
    made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))
    made.ledger.cut()
    path = tmp_path_factory.mktemp("bundle") / "b"
    export(made.ledger, path)
    (path / "witnesses").mkdir()
    data = statement(
        made.ledger, made.members[1], blocks=[FORK], alter=lambda seen: seen.update(header=digest_of(b"another"))
    )
    (path / "witnesses" / "BirchMSP.json").write_bytes(data)
    return reseal(path, made.ledger.officer)


def log(bundle, form, *more):
    found = CliRunner().invoke(root(), ["audit", "log", "--bundle", str(bundle), "--format", form, *more])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_every_form_has_the_same_lines(bundle):
    whole = json.loads(log(bundle, "json", "--limit", "1000"))["rows"]
    assert [json.loads(line) for line in log(bundle, "jsonl", "--limit", "1000").splitlines()] == whole
    rows = list(csv.DictReader(io.StringIO(log(bundle, "csv", "--limit", "1000"))))
    assert [(row["source"], row["type"], row["block"]) for row in rows] == [
        (row["source"], row["type"], str(row["block"])) for row in whole
    ]
    [place] = [place for place, row in enumerate(whole) if row["source"] == "witness"]
    seen = whole[place]
    assert (seen["type"], seen["block"], seen["msp"]) == ("witness.diverged", FORK, "BirchMSP")
    assert (seen["sequence"], seen["transaction"], seen["actor"]) == (None, None, None)
    assert whole[place - 1]["block"] > FORK >= whole[place + 1]["block"]


def test_a_table_marks_what_no_block_says(bundle):
    table = log(bundle, "table", "--kind", "witness")
    assert "witness.diverged" in table
    assert "BirchMSP" in table
    lines = [line for line in table.splitlines() if line.strip().startswith(str(FORK))]
    assert len(lines) == 1
    assert "witness" in lines[0]


def test_a_profile_for_the_whole_session_is_in_no_bundles_way(bundle, monkeypatch, capfd):
    monkeypatch.setenv("QUORATE_PROFILE", "none.toml")
    for asked, status in ((["log"], 0), (["ask", "limits"], 0), (["transaction", "0" * 64], 5)):
        assert main(["audit", *asked, "--bundle", str(bundle)]) == status
    assert main(["audit", "log", "--bundle", str(bundle), "--profile", "none.toml"]) == 2
    assert "either a gateway is asked or a bundle" in capfd.readouterr().err


def test_a_file_that_is_no_bundle_is_named(tmp_path, capfd):
    (tmp_path / "text.qeb").write_text("text", encoding="utf-8")
    assert main(["audit", "log", "--bundle", str(tmp_path / "text.qeb")]) == 2
    assert f"INVALID_ARGUMENT: {tmp_path}/text.qeb is no bundle: " in capfd.readouterr().err


@pytest.mark.parametrize(
    "source", [("--bundle", "none.qeb"), ("--profile", "none.toml"), ("--profile", "n", "--follow")]
)
def test_a_kind_that_there_is_not_is_refused_before_anything_is_read(source, capfd):
    assert main(["audit", "log", "--kind", "round.seald", *source]) == 2
    what, _, hint = capfd.readouterr().err.splitlines()
    assert what == "INVALID_ARGUMENT: 'round.seald' is no kind of event"
    assert hint.startswith("  next: Near it: round.sealed, ")
