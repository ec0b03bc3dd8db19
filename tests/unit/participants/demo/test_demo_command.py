"""What a demo cannot do with is refused before anything is started."""

import pytest

from quorate.cli import main


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("--cap", "0"), "a plain decimal above zero"),
        (("--cap", "0.000"), "a plain decimal above zero"),
        (("--cap", "x"), "a plain decimal above zero"),
        (("--summary", "file/such/summary.json"), "file/such cannot be made: Not a directory"),
    ],
)
def test_a_value_that_no_demo_can_have_is_refused_at_once(tmp_path, monkeypatch, capfd, given, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", "out", *given]) == 2
    assert reason in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
