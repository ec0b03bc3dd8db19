import pytest

from network.compose.docker import DockerError, docker
from quorate.errors import TimedOutError, UsageError


def test_returns_what_the_client_wrote(fake_docker):
    fake_docker.answers([("info", (0, "all is well\n", "a warning"))])
    assert docker("info") == "all is well\n"
    assert fake_docker.calls == [["info"]]


def test_a_failure_quotes_the_last_words(fake_docker):
    fake_docker.answers([("up", (17, "", "\n".join(f"line {number}" for number in range(30))))])
    with pytest.raises(DockerError) as caught:
        docker("compose", "--file=/some/where", "up", "--wait")
    assert caught.value.message == "docker compose up failed. Its last words:\n" + "\n".join(
        f"line {number}" for number in range(18, 30)
    )
    assert caught.value.code == "UNREACHABLE"


def test_a_client_that_does_not_end_is_killed(empty_path):
    program = empty_path / "docker"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(TimedOutError, match=r"^docker ps did not end within 0\.2 s\.$"):
        docker("ps", timeout_s=0.2)


def test_no_client_is_a_matter_of_installing_it(empty_path):
    assert list(empty_path.iterdir()) == []
    with pytest.raises(UsageError, match="Cannot run docker: No such file"):
        docker("ps")
