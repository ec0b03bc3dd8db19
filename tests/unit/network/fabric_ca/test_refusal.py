import pytest

from network.identity.fabric_ca.refusal import refusal


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, 20, "DENIED"),
        (401, 73, "DENIED"),
        (403, 71, "DENIED"),
        (403, 56, "DENIED"),
        (403, 77, "INVALID_ARGUMENT"),
        (400, 31, "INVALID_ARGUMENT"),
        (400, 82, "INVALID_ARGUMENT"),
        (404, 19, "NOT_FOUND"),
        (404, 8, "NOT_FOUND"),
        (404, 63, "NOT_FOUND"),
        (404, 66, "INVALID_STATE"),
        (409, 74, "ALREADY_EXISTS"),
        (500, 0, "INVALID_STATE"),
        (503, 0, "UNREACHABLE"),
        (418, 999, "UNREACHABLE"),
    ],
)
def test_a_ca_s_code_becomes_one_of_ours(status, code, expected):
    error = refusal(status, code, "its words", where="https://ca")
    assert error.code == expected
    assert f"its words (HTTP {status}, code {code})" in str(error)
    assert error.hint


def test_a_refusal_without_words_says_so():
    assert "refused: no reason (" in str(refusal(500, 0, " \n", where="https://ca"))
