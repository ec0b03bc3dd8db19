"""What the README shows is so."""

import re

import pytest

from quorate.privacy.account import compose
from quorate.privacy.parameters import Mechanism
from quorate.privacy.pld import epsilon_pld
from quorate.privacy.quote import quote
from tests.unit.docs.pages import DOCS, ROOT, fenced, read
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

README = read(ROOT / "README.md")


@pytest.fixture(scope="module")
def ledger():
    consortium = Consortium(Ledger(("Alder", "Birch", "Cedar")))
    consortium.round(1)
    return consortium.ledger


def test_the_python_snippet_runs(ledger, tmp_path, monkeypatch, capsys):
    (code,) = fenced(README, "python")
    export(ledger, tmp_path / "evidence.qeb")
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace("sha256:…", ledger.genesis), "README.md", "exec"), {})  # noqa: S102 - the page's own code
    assert "that there is no fork and nothing newer" in capsys.readouterr().out


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "tutorial" / "demo.md"], ids=lambda path: path.name)
def test_the_epsilons_shown_are_those_of_the_demos_terms(page):
    mechanism = Mechanism(noise_multiplier="4", sample_rate="1/4", steps=48)
    ledgers = quote(mechanism, delta="1e-5")["epsilon_nano"] / 10**9
    tight = epsilon_pld(compose([mechanism]).histogram, "1e-5").value
    shown = set(re.findall(r"Alder +(\d\.\d{4}) +(\d\.\d{4})", read(page)))
    assert shown == {(f"{ledgers:.4f}", f"{tight:.4f}")}


def test_it_is_one_sentence_then_two_commands():
    sentence = README.split("\n\n")[1]
    assert sentence.count(".") == 1
    assert fenced(README, "sh") == ["make demo\nmake test\n"]


def test_it_says_what_is_not_promised():
    missing = README.split("\n## What it does not promise\n")[1].split("\n## ")[0]
    for words in ("trained honestly", "data are good", "noise was really added", "m colluding attesters", "**halt**"):
        assert words in missing
