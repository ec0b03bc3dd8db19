import json

import pytest
from click.testing import CliRunner

from quorate.cli.privacy import group
from quorate.errors import UsageError

FLAGS = ["--noise-multiplier", "1.1", "--sample-rate", "1/32", "--steps", "320", "--delta", "1e-5"]


def run(*arguments):
    return CliRunner().invoke(group, ["quote", *arguments], catch_exceptions=False)


def test_json_is_the_documented_shape():
    result = run(*FLAGS, "--format", "json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "quorate.quote/1"
    assert document["epsilon_nano"] == 3_369_951_357
    assert document["order"] == 6
    assert document.keys() >= {"rdp_nano", "epsilon_pld", "notes"}


def test_jsonl_is_one_line():
    assert run(*FLAGS, "--format", "jsonl").stdout.count("\n") == 1


def test_table_shows_both_values_and_every_note():
    result = run(*FLAGS)
    assert "3.3700" in result.stdout
    assert "ε ≤ 2 needs a noise multiplier of at least 1.5" in result.stdout


def test_values_may_be_typed_in_several_ways():
    typed = ["--noise-multiplier", "1.10", "--sample-rate", "0.03125", "--steps", "320", "--delta", "0.00001"]
    assert run(*typed, "--format", "jsonl").stdout == run(*FLAGS, "--format", "jsonl").stdout


def test_a_rate_above_one_is_wrong_usage():
    with pytest.raises(UsageError, match="greater than one"):
        run(*FLAGS[:2], "--sample-rate", "5/4", *FLAGS[4:])


def test_every_flag_is_required():
    for i in range(0, len(FLAGS), 2):
        result = run(*FLAGS[:i], *FLAGS[i + 2 :])
        assert result.exit_code == 2
        assert FLAGS[i] in result.stderr
