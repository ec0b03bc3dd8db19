"""The page for those who come from fabric-sdk-py: every call of it is named, and what replaces it is held by a test."""

import inspect
import json
import re

import pytest

from gateway.fabric import Contract, GatewayError, Network
from gateway.fabric.profile import ConnectionProfile
from network.fabric import system_chaincodes
from network.identity.fabric_ca import FabricCa
from network.lifecycle import PeerLifecycle, steps
from tests.unit.docs.pages import DOCS, ROOT, fenced, read, tables
from tests.unit.gateway.fabric.authority import Authority

PAGE = read(DOCS / "how-to" / "from-fabric-sdk-py.md")
ROWS = [row for table in tables(PAGE) if table[0] == ["hfc", "here", "held by"] for row in table[1:]]
NAMED = re.compile(r"`([\w/.-]+)::(\w+)`")

# What fabric-sdk-py offers to its callers, read in its main branch of 2025-04-05: methods of Client, Gateway, Network,
# Contract, the wallets, Lifecycle, the CA's services, the event hub, OSNAdmin and the block decoders.
_TEXT = """
init_with_net_profile init_with_discovery close_grpc_channels set_tls_client_cert_and_key get_user get_orderer
get_peer export_net_profile get_net_info channel_create channel_update channel_join get_channel_config
get_channel_config_with_orderer extract_channel_config sign_channel_config channel_signconfigtx generate_channel_tx
chaincode_install chaincode_instantiate chaincode_upgrade chaincode_invoke chaincode_query query_channels query_info
query_block_by_txid query_block_by_hash query_block query_transaction query_instantiated_chaincodes
query_installed_chaincodes query_peers Gateway.connect Gateway.disconnect Gateway.get_network Network.get_contract
Contract.submit_transaction Contract.evaluate_transaction FileSystenWallet.exists FileSystenWallet.remove
FileSystenWallet.create_user Identity.CreateIdentity InMemoryWalletStore.create_user create_user Lifecycle.package
Lifecycle.install Lifecycle.approve_for_my_org Lifecycle.commit_definition Lifecycle.query_installed_chaincodes
Lifecycle.query_approved_chaincodes Lifecycle.query_committed_chaincodes ca_service get_cainfo CAService.enroll
CAService.reenroll CAService.register CAService.revoke CAService.generateCRL IdentityService.create
IdentityService.getOne IdentityService.getAll IdentityService.update IdentityService.delete
AffiliationService.create AffiliationService.getOne AffiliationService.getAll AffiliationService.update
AffiliationService.delete CertificateService.getCertificates newChannelEventHub getChannelEventHubsForOrg
registerBlockEvent unregisterBlockEvent registerTxEvent unregisterTxEvent registerChaincodeEvent
unregisterChaincodeEvent OSNAdmin.join OSNAdmin.list_all_channels OSNAdmin.list_single_channel OSNAdmin.remove
BlockDecoder.decode BlockDecoder.decode_transaction FilteredBlockDecoder.decode
"""
CALLS = re.findall(r"\S+", _TEXT)

OURS = {
    "profile": ConnectionProfile,
    "contract": Contract,
    "network": Network,
    "ca": FabricCa,
    "steps": steps,
    "system_chaincodes": system_chaincodes,
}


@pytest.mark.parametrize(("theirs", "ours", "held_by"), ROWS, ids=[row[0] for row in ROWS])
def test_what_replaces_a_call_is_held_by_a_test_that_exists_or_called_not_offered(theirs, ours, held_by):
    if ours.startswith("not offered"):
        assert held_by == "", theirs
        return
    path, name = NAMED.fullmatch(held_by).groups()
    assert re.search(rf"^(?:async )?def {name}\(", read(ROOT / path), re.MULTILINE), held_by


def test_every_call_is_named():
    named = {name for theirs, _, _ in ROWS for name in re.findall(r"`([\w.]+)", theirs)}
    assert set(CALLS) - named == set()


def test_what_is_named_as_ours_exists():
    found = [
        (room, name)
        for _, ours, _ in ROWS
        for room, name in re.findall(r"\b([a-z_]+)\.([a-z_]+)\(", ours)
        if room in OURS
    ]
    assert len(found) > 25
    for room, name in found:
        assert callable(getattr(OURS[room], name)), f"{room}.{name}"
    assert inspect.iscoroutinefunction(PeerLifecycle.installed)


def test_the_program_of_the_page_runs_up_to_the_peer(tmp_path, monkeypatch):
    """It reads profile and wallet, and then finds no peer; connecting itself is tested where there is one."""
    (code,) = fenced(PAGE, "python")
    issued = Authority().issue("user1")
    (tmp_path / "tlsca.pem").write_bytes(Authority().pem)
    folder = tmp_path / "wallet" / "user1"
    folder.mkdir(parents=True)
    (folder / "enrollmentCert.pem").write_bytes(issued.certificate_pem)
    (folder / "private_sk").write_bytes(issued.key_pem)
    (folder / "private_sk").chmod(0o600)
    profile = {
        "organizations": {"org1.example.com": {"mspid": "Org1MSP", "peers": ["peer0"]}},
        "peers": {"peer0": {"url": "localhost:1", "tlsCACerts": {"path": "tlsca.pem"}}},
    }
    (tmp_path / "network.json").write_text(json.dumps(profile))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GatewayError) as caught:
        exec(compile(code, "how-to", "exec"), {})  # noqa: S102 - the page's own code
    assert caught.value.code == "UNREACHABLE"
