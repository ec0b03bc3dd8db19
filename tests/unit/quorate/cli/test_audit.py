import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from quorate.cli import main
from quorate.errors import ExitCode
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import flip


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch"), development=True))
    consortium.round(1)
    return consortium


@pytest.fixture
def bundle(made, tmp_path):
    export(made.ledger, tmp_path / "bundle.qeb", artifacts=made.artifacts)
    return tmp_path / "bundle.qeb"


@pytest.fixture
def broken(bundle):
    flip(bundle, 5000)
    return bundle


def verify(*arguments):
    return main(["audit", "verify", *map(str, arguments)])


def test_a_bundle_that_holds_ends_with_zero(bundle, made, capsys):
    assert verify(bundle, "--genesis", made.ledger.genesis) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "Verified" in shown
    assert "Not checked" in shown
    assert shown.rstrip().endswith("bundle.qeb: verified")


def test_a_bundle_that_does_not_ends_with_one_and_says_where(broken, made, capsys):
    assert verify(broken, "--genesis", made.ledger.genesis) == ExitCode.CHECK_FAILED
    shown = capsys.readouterr()
    assert shown.out.rstrip().endswith("bundle.qeb: failed")
    assert "Failed" in shown.out
    assert "CHECK_FAILED" in shown.err


def test_json_is_the_documented_report(bundle, made, capsys):
    assert verify(bundle, "--genesis", made.ledger.genesis, "--format", "json") == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "quorate.verification/1"
    assert document["result"] == "verified"
    assert document["failed"] == []


def test_json_of_a_failure_names_step_place_and_message(broken, made, capsys):
    assert verify(broken, "--genesis", made.ledger.genesis, "--format", "json") == ExitCode.CHECK_FAILED
    document = json.loads(capsys.readouterr().out)
    assert document["result"] == "failed"
    assert [sorted(found) for found in document["failed"]] == [["message", "place", "step"]]


def test_jsonl_is_one_line(bundle, made, capsys):
    verify(bundle, "--genesis", made.ledger.genesis, "--format", "jsonl")
    assert capsys.readouterr().out.count("\n") == 1


def test_who_pins_nothing_is_told_both_ways(bundle, capsys):
    assert verify(bundle) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "no genesis is pinned" in said
    assert "--genesis sha256:" in said
    assert "--trust-bundle-genesis" in said


@pytest.mark.parametrize("arguments", [[], ["--genesis", "sha256:short"], ["--trust-bundle-genesis", "--genesis", "x"]])
def test_without_a_usable_pin_it_is_wrong_usage(bundle, arguments, capsys):
    assert verify(bundle, *arguments) == ExitCode.USAGE
    assert "genesis" in capsys.readouterr().err or arguments


def test_trusting_the_bundles_genesis_is_possible_and_said(bundle, capsys):
    assert verify(bundle, "--trust-bundle-genesis") == ExitCode.DONE
    assert "no genesis was pinned" in capsys.readouterr().out


def test_a_bundle_that_is_not_there_is_wrong_usage(tmp_path, made):
    assert verify(tmp_path / "none", "--genesis", made.ledger.genesis) == ExitCode.USAGE


class Page(HTMLParser):
    """Notes what a page would load or run."""

    def __init__(self):
        super().__init__()
        self.foreign = []

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "link", "img", "iframe"} or any(name in {"src", "href", "onclick"} for name, _ in attrs):
            self.foreign.append(tag)


def test_the_page_stands_alone_and_says_what_was_not_checked(bundle, made, tmp_path):
    page = tmp_path / "report.html"
    assert verify(bundle, "--genesis", made.ledger.genesis, "--report", page) == ExitCode.DONE
    text = page.read_text(encoding="utf-8")
    parser = Page()
    parser.feed(text)
    assert parser.foreign == []
    assert "What was not checked, and why" in text
    assert "embedded network" in text
    assert "Verified, within what is listed below" in text


def test_the_page_of_a_failure_says_so_first(broken, made, tmp_path):
    page = tmp_path / "report.html"
    assert verify(broken, "--genesis", made.ledger.genesis, "--report", page) == ExitCode.CHECK_FAILED
    text = page.read_text(encoding="utf-8")
    assert text.index("What failed") < text.index("What was verified")


def test_a_page_that_cannot_be_written_is_a_storage_error(bundle, made, tmp_path):
    assert (
        verify(bundle, "--genesis", made.ledger.genesis, "--report", tmp_path / "no" / "page.html")
        == ExitCode.UNREACHABLE
    )


def test_what_cannot_be_written_leaves_the_answer_as_it_is(bundle, made, tmp_path, capsys):
    nowhere, pin = tmp_path / "no" / "page", ("--genesis", made.ledger.genesis, "--format", "json")
    for option in ("--report", "--remember"):
        assert verify(bundle, *pin, option, nowhere) == ExitCode.UNREACHABLE
        assert json.loads(capsys.readouterr().out)["result"] == "verified"
    flip(bundle, 5000)
    assert verify(bundle, *pin, "--report", nowhere) == ExitCode.CHECK_FAILED
    shown = capsys.readouterr()
    assert json.loads(shown.out)["result"] == "failed"
    assert [line.partition(":")[0] for line in shown.err.splitlines()[::3]] == ["STORAGE", "CHECK_FAILED"]


def test_what_is_too_large_for_roots_is_refused(bundle, made, tmp_path, capsys):
    (tmp_path / "roots.pem").write_bytes(bytes((1 << 20) + 1))
    assert verify(bundle, "--genesis", made.ledger.genesis, "--timestamp-root", tmp_path / "roots.pem") == 2
    assert "has more than 1048576 bytes" in capsys.readouterr().err


def test_names_in_a_bundle_reach_no_terminal_unescaped(tmp_path, made, capsys):
    (tmp_path / "evil\x1b[2J.qeb").write_bytes(b"")
    assert verify(tmp_path / "evil\x1b[2J.qeb", "--genesis", made.ledger.genesis) == ExitCode.CHECK_FAILED
    shown = capsys.readouterr()
    assert "\x1b[2J" not in shown.out + shown.err


def test_help_costs_no_verifier():
    program = (
        "import sys\n"
        "from quorate.cli import main\n"
        "main(['audit', '--help'])\n"
        "sys.exit('loaded' if {'quorate.verify', 'cryptography', 'numpy', 'fabric_protos'} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr


def test_export_without_the_gateways_packages_names_the_extra(tmp_path):
    program = (
        "import sys\n"
        "sys.modules['grpc'] = None\n"
        "from quorate.cli import main\n"
        f"sys.exit(main(['audit', 'export', {str(tmp_path / 'x.qeb')!r}, '--profile', 'none.toml']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == ExitCode.USAGE
    assert "pip install 'quorate[gateway]'" in done.stderr


def test_what_was_verified_is_remembered_and_pins_the_genesis(bundle, made, tmp_path, capsys):
    known = tmp_path / "known.json"
    assert verify(bundle, "--genesis", made.ledger.genesis, "--remember", known) == ExitCode.DONE
    assert json.loads(known.read_text())["height"] == len(made.ledger.chain.blocks)
    assert verify(bundle, "--remember", known) == ExitCode.DONE
    assert "that was verified before" in capsys.readouterr().out
    other = Consortium(Ledger(("Alder", "Birch")))
    export(other.ledger, tmp_path / "other.qeb")
    before = known.read_bytes()
    assert verify(tmp_path / "other.qeb", "--remember", known) == ExitCode.CHECK_FAILED
    assert known.read_bytes() == before


def test_without_anything_known_a_genesis_is_needed_all_the_same(bundle, tmp_path, capsys):
    assert verify(bundle, "--remember", tmp_path / "known.json") == ExitCode.USAGE
    assert "pinned" in capsys.readouterr().err


def test_the_first_failure_or_all(bundle, capsys):
    zeros = "sha256:" + 64 * "0"
    assert verify(bundle, "--genesis", zeros, "--first-failure", "--format", "json") == ExitCode.CHECK_FAILED
    first = json.loads(capsys.readouterr().out)
    assert verify(bundle, "--genesis", zeros, "--format", "json") == ExitCode.CHECK_FAILED
    every = json.loads(capsys.readouterr().out)
    assert [len(report["failed"]) for report in (first, every)] == [1, 1]
    assert len(every["verified"]) > len(first["verified"])


def test_nothing_is_shown_of_progress_where_nobody_watches(bundle, made, capsys):
    verify(bundle, "--genesis", made.ledger.genesis)
    assert capsys.readouterr().err == ""
