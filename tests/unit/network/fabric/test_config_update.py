import pytest

from gateway.fabric import Endpoint
from network.fabric.broadcast import _refusal
from network.fabric.config_update import changed
from quorate.blocks import protos

PATH = ("Application", "AlderMSP")


def configuration():
    """A channel whose groups and values all have versions of their own."""
    root = protos.ConfigGroup(version=3)
    application = root.groups["Application"]
    application.version = 5
    for name, version in (("AlderMSP", 7), ("BirchMSP", 8)):
        member = application.groups[name]
        member.version = version
        for number, key in enumerate(("MSP", "AnchorPeers")):
            member.values[key].version = 11 + number
            member.values[key].mod_policy = "Admins"
            member.values[key].value = f"{name} {key}".encode()
    return root


def test_an_update_names_the_one_value_and_nothing_beside_it():
    update = changed("quorate", configuration(), PATH, "MSP", b"new")
    assert update.channel_id == "quorate"
    for groups in (update.read_set, update.write_set):
        assert (groups.version, list(groups.groups), list(groups.values)) == (3, ["Application"], [])
        application = groups.groups["Application"]
        assert (application.version, list(application.groups), list(application.values)) == (5, ["AlderMSP"], [])
        assert application.groups["AlderMSP"].version == 7
    assert list(update.read_set.groups["Application"].groups["AlderMSP"].values) == []
    written = update.write_set.groups["Application"].groups["AlderMSP"].values
    assert list(written) == ["MSP"]
    assert (written["MSP"].version, written["MSP"].mod_policy, written["MSP"].value) == (12, "Admins", b"new")


def test_making_an_update_leaves_the_configuration_alone():
    root, before = configuration(), configuration()
    changed("quorate", root, PATH, "MSP", b"new")
    assert root == before


@pytest.mark.parametrize("words", ["did not satisfy policy", ""])
def test_an_orderer_s_refusal_is_told_by_what_it_says(words):
    answer = protos.BroadcastResponse(status=protos.Status.BAD_REQUEST, info=words)
    error = _refusal(Endpoint("localhost:1"), [answer])
    assert error.code == ("DENIED" if words else "CONFLICT")
    assert _refusal(Endpoint("localhost:1"), []).code == "UNREACHABLE"
