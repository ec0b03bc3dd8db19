import pytest

from network.topology import Batch, Topology
from quorate.errors import UsageError

GOOD = '[[organisations]]\nname = "alder"\nmsp_id = "AlderMSP"\n'


def test_members_get_names_and_msp_ids():
    topology = Topology.for_members(["Alder", "St. Mary Hospital", "Zürich 2", "Groß-Gerau"])
    assert [(o.name, o.msp_id) for o in topology.organisations] == [
        ("alder", "AlderMSP"),
        ("st-mary-hospital", "StMaryHospitalMSP"),
        ("zurich-2", "Zurich2MSP"),
        ("gross-gerau", "GrossGerauMSP"),
    ]


def test_defaults():
    topology = Topology.for_members(["Alder"])
    assert (topology.channel, topology.chaincode, topology.batch.timeout_ms) == ("quorate", "quorate", 10)
    assert topology.orderer.msp_id == "OrdererMSP"


def test_what_is_written_loads_to_the_same(tmp_path):
    topology = Topology.for_members(["Alder", "Birch"], batch=Batch(timeout_ms=50, max_count=7))
    path = tmp_path / "topology.toml"
    path.write_text(topology.to_toml(), encoding="utf-8")
    assert Topology.load(path) == topology


def test_files_of_before_there_was_a_choice_of_engines_still_load(tmp_path):
    path = tmp_path / "topology.toml"
    path.write_text(GOOD + '[orderer]\nname = "orderer"\nmsp_id = "OrdererMSP"\nport = 0\n', encoding="utf-8")
    topology = Topology.load(path)
    assert (topology.fabric_version, topology.consensus, topology.ca) == ("3.1", "raft", "development")
    assert (topology.organisations[0].peers, topology.orderer.nodes) == (1, 1)


@pytest.mark.parametrize(
    ("consensus", "nodes", "stand_in"), [("raft", 1, False), ("raft", 3, True), ("smartbft", 4, False)]
)
def test_one_of_several_raft_orderers_stands_in_for_another(consensus, nodes, stand_in):
    plain = Topology.for_members(["Alder"]).model_dump(by_alias=True)
    topology = Topology.model_validate(plain | {"consensus": consensus, "orderer": {"nodes": nodes}})
    assert topology.orderers_stand_in is stand_in


def test_four_nodes_agree_by_smartbft(tmp_path):
    path = tmp_path / "topology.toml"
    path.write_text('consensus = "smartbft"\n' + GOOD + "peers = 2\n[orderer]\nnodes = 4\n", encoding="utf-8")
    topology = Topology.load(path)
    assert (topology.consensus, topology.orderer.nodes, topology.organisations[0].peers) == ("smartbft", 4, 2)
    path.write_text(topology.to_toml(), encoding="utf-8")
    assert Topology.load(path) == topology


@pytest.mark.parametrize(
    "members", [[], ["…"], ["Alder", "alder"], ["Orderer"], ["x" * 40], ["Alder", "AL-DER", "al der"]]
)
def test_members_that_give_no_topology(members):
    with pytest.raises(UsageError):
        Topology.for_members(members)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "organisations"),
        (GOOD + "colour = 1\n", "organisations.0.colour"),
        ("surprise = 1\n" + GOOD, "surprise"),
        (GOOD.replace("alder", "../alder"), "organisations.0.name"),
        (GOOD.replace("AlderMSP", "Alder MSP"), "organisations.0.msp_id"),
        (GOOD + "port = 70000\n", "organisations.0.port"),
        (GOOD + 'port = "1"\n', "organisations.0.port"),
        ('schema = "quorate.topology/2"\n' + GOOD, "schema"),
        ('channel = "Q!"\n' + GOOD, "channel"),
        ("[batch]\ntimeout_ms = 0\n" + GOOD, "batch.timeout_ms"),
        (GOOD + GOOD, "each name may be used only once"),
        (
            GOOD + GOOD.replace('"alder"', '"birch"').replace("AlderMSP", "alderMsp"),
            "each MSP id may be used only once",
        ),
        (
            GOOD + "port = 7051\n" + '[orderer]\nname = "o"\nmsp_id = "O"\nport = 7051\n',
            "each port may be used only once",
        ),
        (GOOD + "peers = 5\n", "organisations.0.peers"),
        (GOOD + "lag_blocks = 65\n", "organisations.0.lag_blocks"),  # the embedded program takes no more than 64
        ('fabric_version = "1.4"\n' + GOOD, "fabric_version"),
        ('consensus = "kafka"\n' + GOOD, "consensus"),
        ('ca = "other"\n' + GOOD, "ca"),
        (GOOD + "[orderer]\nnodes = 2\n", "Raft with two orderer nodes"),
        (GOOD + "[orderer]\nnodes = 8\n", "orderer.nodes"),
        ('consensus = "smartbft"\n' + GOOD + "[orderer]\nnodes = 3\n", "at least 4 orderer nodes, not 3"),
        (
            'consensus = "smartbft"\nfabric_version = "2.5"\n' + GOOD + "[orderer]\nnodes = 4\n",
            r"Fabric 2\.5 has no SmartBFT",
        ),
        ("not toml", "is not TOML"),
    ],
)
def test_a_file_that_describes_no_topology_names_the_place(tmp_path, text, place):
    path = tmp_path / "topology.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=place):
        Topology.load(path)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "topology.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not TOML"):
        Topology.load(path)


def test_a_file_that_is_too_large_is_not_parsed(tmp_path):
    path = tmp_path / "topology.toml"
    path.write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(UsageError, match="larger than"):
        Topology.load(path)


def test_a_file_that_is_absent_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError) as caught:
        Topology.load(tmp_path / "topology.toml")
    assert "quorate network init" in caught.value.hint
