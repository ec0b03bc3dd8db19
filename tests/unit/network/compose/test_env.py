import pytest

from network.compose.env import variable, write_env
from quorate.errors import UsageError


@pytest.mark.parametrize(
    ("prefix", "name", "expected"),
    [("PORT", "peer0.alder", "PORT_PEER0_ALDER"), ("CHAINCODE_ID", "st-anna", "CHAINCODE_ID_ST_ANNA")],
)
def test_a_variable_is_named_after_its_node(prefix, name, expected):
    assert variable(prefix, name) == expected


def test_values_are_written_so_that_nothing_in_them_is_expanded(tmp_path):
    write_env(tmp_path / ".env", {"NET_DIR": "/a b/$c", "NODE_USER": "0:0"})
    text = (tmp_path / ".env").read_text()
    assert text.splitlines()[1:] == ["NET_DIR='/a b/$c'", "NODE_USER='0:0'"]
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]


@pytest.mark.parametrize("value", ["it's", "a\nB=1", "a\\"])
def test_values_that_no_such_file_can_hold_are_refused(tmp_path, value):
    with pytest.raises(UsageError, match="NET_DIR"):
        write_env(tmp_path / ".env", {"NET_DIR": value})
    assert list(tmp_path.iterdir()) == []
