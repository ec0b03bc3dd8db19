import json
import sys

import pytest

PROGRAM = """\
#!{python} -IS
import json, sys
answers, calls = "{answers}", "{calls}"
said = " ".join(sys.argv[1:])
with open(calls, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
with open(answers) as file:
    found = [answer for part, answer in json.load(file) if part in said]
status, out, err = found[0] if found else (125, "", f"unexpected: {{said}}")
sys.stdout.write(out)
sys.stdout.flush()
sys.stderr.write(err)
sys.exit(status)
"""


class FakeDocker:
    """A program named docker that gives the answer whose words its arguments hold."""

    def __init__(self, directory):
        self._answers, self._calls = directory / "answers.json", directory / "calls.jsonl"
        self._calls.touch()
        self.answers([])
        program = directory / "docker"
        program.write_text(PROGRAM.format(python=sys.executable, answers=self._answers, calls=self._calls))
        program.chmod(0o755)

    def answers(self, found):
        self._answers.write_text(json.dumps(found))

    @property
    def calls(self):
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.fixture
def fake_docker(empty_path):
    return FakeDocker(empty_path)
