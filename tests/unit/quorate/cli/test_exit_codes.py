import re
from pathlib import Path

from participants.data import errors as data
from participants.plans import errors as plans
from participants.training import errors as training
from quorate.cli.exit_codes import BROKEN_PIPE, EXIT_CODE_OF, INTERRUPTED, MEANINGS
from quorate.errors import ERRORS, LEDGER_CODES, ExitCode, QuorateError

ROOT = Path(__file__).parents[4]
ROOMS = {module.__name__ for module in (plans, data, training)}
PAGE = ROOT / "docs" / "reference" / "exit-codes.md"


def table_rows(heading):
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    return rows[2:]


def test_the_page_lists_every_exit_status_with_its_meaning():
    assert {int(number): meaning for number, meaning in table_rows("Exit statuses")} == dict(MEANINGS)


def test_the_page_lists_every_error_code_with_its_exit_status_and_meaning():
    found = {code: (int(number), meaning) for code, number, meaning in table_rows("Error codes")}
    assert found == {code: (error.exit_code, error.meaning) for code, error in ERRORS.items()}


def test_the_page_lists_the_codes_of_plans_data_and_training_too():
    found = {code: (int(number), meaning) for code, number, meaning in table_rows("Codes of plans, data and training")}
    known = {cls.code: (cls.exit_code, cls.meaning) for cls in _below(QuorateError) if cls.__module__ in ROOMS}
    assert found == known


def _below(root):
    return [found for child in root.__subclasses__() for found in (child, *_below(child))]


def test_every_exit_status_has_a_meaning():
    assert set(MEANINGS) == {*ExitCode, INTERRUPTED, BROKEN_PIPE}


def test_every_code_of_the_ledger_has_an_exit_status():
    assert set(EXIT_CODE_OF) >= LEDGER_CODES
    assert EXIT_CODE_OF["BUDGET_EXCEEDED"] == 6
    assert EXIT_CODE_OF["DENIED"] == 4


def test_every_code_that_the_chaincode_can_answer_is_known():
    source = (ROOT / "chaincode" / "ledger" / "errors.go").read_text(encoding="utf-8")
    found = set(re.findall(r'\bCode = "([A-Z_]+)"', source))
    assert {"NOT_FOUND", "DENIED", "CONFLICT"} <= found <= set(EXIT_CODE_OF)
