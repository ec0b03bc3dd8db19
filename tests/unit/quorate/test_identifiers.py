import pytest

from quorate import identifiers
from quorate.errors import UsageError

LONGEST = "a" * 64


@pytest.mark.parametrize("text", ["a", "0", "heart-2026.v_1", LONGEST])
def test_good_ids(text):
    assert identifiers.parse_id(text) == text
    assert identifiers.parse_study_id(text) == text
    assert identifiers.parse_dataset_id(text) == text


@pytest.mark.parametrize("text", ["", "A", "-a", ".a", "_a", "a b", "a/b", "..", "a\n", "ä", "a\x00", LONGEST + "a"])
def test_bad_ids(text):
    with pytest.raises(UsageError, match="not an id"):
        identifiers.parse_id(text)


@pytest.mark.parametrize("text", ["AlderMSP", "0", "elm.example", "A-1", "A" * 64])
def test_good_msp_ids(text):
    assert identifiers.parse_msp_id(text) == text


@pytest.mark.parametrize("text", ["", "-A", ".A", "A_B", "A~B", "A/B", "A\n", "A" * 65])
def test_bad_msp_ids(text):
    with pytest.raises(UsageError, match="not an MSP id"):
        identifiers.parse_msp_id(text)


@pytest.mark.parametrize("number", [1, 2, identifiers.MAX_ROUND])
def test_good_rounds(number):
    assert identifiers.parse_round(number) == number


@pytest.mark.parametrize("number", [-1, 0, identifiers.MAX_ROUND + 1])
def test_bad_rounds(number):
    with pytest.raises(UsageError, match="not a round number"):
        identifiers.parse_round(number)
