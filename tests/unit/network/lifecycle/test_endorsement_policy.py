import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.lifecycle import CHANNEL_POLICY, endorsement_policy, signature_policy
from network.lifecycle.collection import Collection, collection_package
from quorate.blocks import protos
from quorate.errors import UsageError

ROLES = {"member": 0, "admin": 1, "client": 2, "peer": 3, "orderer": 4}


def principals(envelope):
    roles = [protos.MSPRole.FromString(each.principal) for each in envelope.identities]
    return [(role.msp_identifier, role.role) for role in roles]


def shape(rule):
    if rule.WhichOneof("Type") == "signed_by":
        return rule.signed_by
    return (rule.n_out_of.n, [shape(each) for each in rule.n_out_of.rules])


def test_without_a_text_the_channels_own_policy():
    policy = protos.ApplicationPolicy.FromString(endorsement_policy())
    assert policy.channel_config_policy_reference == CHANNEL_POLICY == "/Channel/Application/Endorsement"
    assert endorsement_policy() == endorsement_policy(" /Channel/Application/Endorsement ")


def test_another_policy_of_the_channel():
    policy = protos.ApplicationPolicy.FromString(endorsement_policy("/Channel/Application/Strict"))
    assert policy.channel_config_policy_reference == "/Channel/Application/Strict"


@pytest.mark.parametrize("role", ROLES)
def test_each_role(role):
    envelope = signature_policy(f"OR('Org-1.MSP.{role}')")
    assert principals(envelope) == [("Org-1.MSP", ROLES[role])]
    assert shape(envelope.rule) == (1, [0])


@pytest.mark.parametrize(
    ("text", "expected", "who"),
    [
        ("AND('A.peer','B.peer')", (2, [0, 1]), "AB"),
        ("or( 'A.peer' , \"B.peer\" )", (1, [0, 1]), "AB"),
        ("OutOf(2, 'A.peer', 'B.peer', 'C.peer')", (2, [0, 1, 2]), "ABC"),
        # Fabric's own programs number what is nested first, and merge nothing.
        ("AND('A.peer', OR('B.peer', 'C.peer'), 'D.peer')", (3, [2, (1, [0, 1]), 3]), "BCAD"),
        ("OR(AND('A.peer', 'B.peer'), AND('A.peer', 'C.peer'))", (1, [(2, [0, 1]), (2, [2, 3])]), "ABAC"),
        ("OR('A.peer', AND('B.peer', OR('C.peer')))", (1, [2, (2, [1, (1, [0])])]), "CBA"),
    ],
)
def test_gates_and_how_principals_are_numbered(text, expected, who):
    envelope = signature_policy(text)
    assert shape(envelope.rule) == expected
    assert "".join(msp for msp, _ in principals(envelope)) == who
    policy = protos.ApplicationPolicy.FromString(endorsement_policy(text))
    assert policy.signature_policy == envelope


PRINCIPALS = st.builds("'{}.{}'".format, st.sampled_from(["A", "B-1", "C.x"]), st.sampled_from(sorted(ROLES)))
POLICIES = st.recursive(
    st.lists(PRINCIPALS, min_size=1, max_size=3),
    lambda inner: st.lists(st.one_of(PRINCIPALS, inner), min_size=1, max_size=3),
    max_leaves=12,
)


def written(items, blank):
    """Return the text of a policy that asks for the first half of its items, rounded up."""
    parts = [item if isinstance(item, str) else written(item, blank) for item in items]
    return f"OutOf({blank}{(len(items) + 1) // 2}{blank},{blank}" + f"{blank},{blank}".join(parts) + f"{blank})"


def read_back(rule, names):
    if rule.WhichOneof("Type") == "signed_by":
        return names[rule.signed_by]
    return [read_back(each, names) for each in rule.n_out_of.rules]


@given(POLICIES, st.sampled_from(["", " ", "\n\t "]))
def test_what_is_written_is_what_is_built(policy, blank):
    envelope = signature_policy(written(policy, blank))
    roles = {number: name for name, number in ROLES.items()}
    names = [f"'{msp}.{roles[role]}'" for msp, role in principals(envelope)]
    assert read_back(envelope.rule, names) == policy
    assert envelope.rule.n_out_of.n == (len(policy) + 1) // 2
    assert len(names) == written(policy, "").count("'") // 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1),
        ("'A.peer'", 1),
        ("AND()", 5),
        ("AND('A.peer'", 13),
        ("AND('A.peer',)", 14),
        ("AND('A.peer' 'B.peer')", 14),
        ("OutOf('A.peer', 'B.peer')", 7),
        ("OutOf(3, 'A.peer')", 1),
        ("OutOf(0, 'A.peer')", 1),
        ("AND('A.boss')", 5),
        ("AND('A.peer\")", 5),
        ("AND('A.peer'))", 14),
        ("XOR('A.peer')", 1),
    ],
)
def test_what_is_no_policy_and_where(text, place):
    with pytest.raises(UsageError, match=f"wrong at character {place}:") as caught:
        endorsement_policy(text)
    assert "OutOf(1, " in caught.value.hint


@pytest.mark.parametrize("text", ["/", "/Channel//Application", "/Channel/App lication", "/" + "a/" * 9])
def test_what_is_no_path(text):
    with pytest.raises(UsageError, match="no path of a channel policy"):
        endorsement_policy(text)


def test_texts_without_end():
    with pytest.raises(UsageError, match="too long"):
        signature_policy("AND(" + "'A.peer'," * 1000 + "'A.peer')")
    with pytest.raises(UsageError, match="nested deeper"):
        signature_policy("AND(" * 20 + "'A.peer'" + ")" * 20)


def test_a_collection():
    collection = Collection(name="secret", members="OR('A.member')", maximum_peers=2, endorsement="AND('A.peer')")
    (found,) = protos.CollectionConfigPackage.FromString(collection_package([collection])).config
    static = found.static_collection_config
    assert (static.name, static.required_peer_count, static.maximum_peer_count) == ("secret", 0, 2)
    assert (static.member_only_read, static.member_only_write, static.block_to_live) == (True, True, 0)
    assert principals(static.member_orgs_policy.signature_policy) == [("A", 0)]
    assert principals(static.endorsement_policy.signature_policy) == [("A", 3)]
    assert collection_package([]) == b""


@pytest.mark.parametrize(
    "changes", [{"name": "_x"}, {"required_peers": 2}, {"required_peers": -1}, {"blocks_to_live": -1}]
)
def test_collections_that_peers_refuse(changes):
    with pytest.raises(UsageError):
        Collection(**({"name": "secret", "members": "OR('A.member')"} | changes))
