import pickle

import pytest

from quorate import errors

TABLE = {
    "CHECK_FAILED": 1,
    "INTEGRITY": 1,
    "INVALID_ARGUMENT": 2,
    "UNSUPPORTED_VERSION": 2,
    "UNREACHABLE": 3,
    "LIMIT_REACHED": 3,
    "TIMED_OUT": 3,
    "STORAGE": 3,
    "NO_SPACE": 3,
    "DENIED": 4,
    "INVALID_STATE": 5,
    "CONFLICT": 5,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 5,
    "EXPIRED": 5,
    "BUDGET_EXCEEDED": 6,
    "DEFECT": 70,
}


def test_codes_and_exit_codes_are_stable():
    assert {code: int(error.exit_code) for code, error in errors.ERRORS.items()} == TABLE


@pytest.mark.parametrize("error", errors.ERRORS.values())
def test_the_tree_in_the_docstring_is_the_tree(error):
    line = next(line for line in errors.__doc__.splitlines() if error.__name__ in line)
    assert line.split()[-2:] == [error.code, str(int(error.exit_code))]


@pytest.mark.parametrize("error", errors.ERRORS.values())
def test_every_error_says_what_why_and_what_next(error):
    assert error("the kettle is empty").diagnostics() == (
        f"{error.code}: the kettle is empty\n  why:  {error.meaning}\n  next: {error.advice}"
    )


def test_a_hint_replaces_the_general_advice():
    assert errors.UsageError("no", hint="Say please.").diagnostics().endswith("next: Say please.")


def test_a_cause_is_chained():
    cause = OSError("disk")
    assert errors.StorageError("cannot write", cause=cause).__cause__ is cause


@pytest.mark.parametrize("code", sorted(errors.LEDGER_CODES))
def test_codes_of_the_ledger_become_their_errors(code):
    error = errors.from_ledger_code(code, "because")
    assert type(error) is errors.ERRORS[code]
    assert error.message == "because"


@pytest.mark.parametrize("code", ["", "not_found", "CHECK_FAILED", "NO_SPACE", "UNREACHABLE", "NEWER"])
def test_other_codes_from_a_peer_are_not_believed(code):
    error = errors.from_ledger_code(code, "because")
    assert type(error) is errors.DefectError
    assert repr(code) in error.message


def test_errors_survive_the_way_between_processes():
    error = pickle.loads(pickle.dumps(errors.BudgetError("too much", hint="less")))  # noqa: S301 (our own bytes)
    assert (type(error), error.message, error.hint) == (errors.BudgetError, "too much", "less")


def test_the_first_error_of_groups_of_groups_is_the_one_that_ended_them():
    ended = errors.UsageError("this one")
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [ended, ValueError("a later one")]), OSError()])
    assert errors.first_error(group) is ended
    assert errors.first_error(ended) is ended
