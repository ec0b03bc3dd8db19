import sys

import pytest

from network.fabric.genesis import keep_or_make_genesis
from network.fabric.ordering import join_orderer
from network.fabric.run_program import run_program
from network.identity import issue_orderer
from quorate.errors import TimedOutError, UnreachableError, UsageError


@pytest.fixture
def program(tmp_path):
    def make(source):
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable} -IS\nimport os, sys, time\n{source}\n")
        path.chmod(0o755)
        return path

    return make


def test_a_program_answers_on_standard_output(program):
    assert run_program(program("print('x', *sys.argv[1:])"), "a", 1) == "x a 1\n"


def test_a_program_that_fails_is_quoted(program):
    with pytest.raises(UnreachableError, match="program failed with exit status 3") as caught:
        run_program(program("print('first'); sys.stderr.write('no such channel'); sys.exit(3)"))
    assert "no such channel" in str(caught.value)


def test_a_program_that_takes_too_long_is_ended(program):
    with pytest.raises(TimedOutError, match=r"took more than 0\.2 s"):
        run_program(program("time.sleep(60)"), timeout_s=0.2)


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="Cannot run"):
        run_program(tmp_path / "absent")


def test_settings_of_another_network_in_the_environment_are_kept_out(program, monkeypatch):
    monkeypatch.setenv("CONFIGTX_ORDERER_ORDERERTYPE", "solo")
    monkeypatch.setenv("FABRIC_CFG_PATH", "/elsewhere")
    assert (
        run_program(program("print(sorted(k for k in os.environ if k.startswith(('CONFIGTX_', 'FABRIC_'))))")) == "[]\n"
    )


MAKES = "open(sys.argv[sys.argv.index('-outputBlock') + 1], 'wb').write(b'%d' % time.monotonic_ns())"


def test_the_first_block_is_made_once(program, tmp_path):
    path, configtxgen = tmp_path / "genesis.block", program(MAKES)
    again = {"configtxgen": configtxgen, "channel": "quorate", "configtx": "Profiles: {}\n", "scratch": tmp_path}
    first = keep_or_make_genesis(path, **again)
    assert (tmp_path / "configtx.yaml").read_text() == "Profiles: {}\n"
    assert keep_or_make_genesis(path, **again) == first == path.read_bytes()


def test_a_refused_configuration_leaves_no_block(program, tmp_path):
    path, configtxgen = tmp_path / "genesis.block", program("sys.exit('bad profile')")
    with pytest.raises(UnreachableError, match="bad profile"):
        keep_or_make_genesis(path, configtxgen=configtxgen, channel="quorate", configtx="", scratch=tmp_path)
    assert not path.exists()


@pytest.fixture
def join(program, tmp_path):
    paths = issue_orderer(tmp_path, "orderer")

    def call(answer):
        osnadmin = program(f"print({answer!r})")
        return join_orderer(
            osnadmin, admin="127.0.0.1:9443", paths=paths, channel="quorate", genesis=tmp_path / "genesis.block"
        )

    return call


def test_an_orderer_joins_once(join):
    assert join('Status: 201\n{"name": "quorate"}')
    assert not join('Status: 405\n{"error": "cannot join: channel already exists"}')


@pytest.mark.parametrize(
    "answer", ["Status: 400\n{}", "Status: 405\n{}", "nothing", "Status: 500\nchannel already exists"]
)
def test_an_orderer_that_refuses_is_quoted(join, answer):
    with pytest.raises(UnreachableError, match=r"orderer at 127\.0\.0\.1:9443 did not join the channel quorate"):
        join(answer)
