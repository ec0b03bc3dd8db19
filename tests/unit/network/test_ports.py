import json
import socket

import pytest

from network.ports import is_free, keep_or_choose, read_ports
from quorate.errors import IntegrityError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ports.json"


def test_ports_are_chosen_once_and_kept(path):
    first = keep_or_choose(path, ["a", "b"])
    assert len(set(first.values())) == 2
    assert keep_or_choose(path, ["a", "b"]) == first
    more = keep_or_choose(path, ["a", "b", "c"])
    assert {name: more[name] for name in first} == first
    assert json.loads(path.read_text()) == more


def test_chosen_ports_are_out_of_the_way_of_outgoing_connections(path):
    assert all(20_000 <= port < 32_000 for port in keep_or_choose(path, map(str, range(20))).values())


def test_a_port_that_somebody_asked_for_is_taken_and_zero_is_no_wish(path):
    ports = keep_or_choose(path, ["a", "b"], asked={"a": 7051, "b": 0})
    assert ports["a"] == 7051
    assert ports["b"] not in {0, 7051}


def test_a_port_in_use_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free(taken.getsockname()[1])


@pytest.mark.parametrize("text", ["", "[]", '{"a": "7051"}', '{"a": 0}', '{"a": 70000}'])
def test_a_file_of_something_else_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(IntegrityError, match="is not a file of ports"):
        read_ports(path)


def test_without_a_file_there_are_none(path):
    assert read_ports(path) == {}
