"""What is refused reaches people as a stable code, a sentence and a hint, and leaves the ledger as it was."""

import asyncio
import json

import pytest

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from gateway.fabric.errors import GatewayError
from network.consortium import open_contract
from network.identity import Role
from quorate.cli.root import main
from quorate.digest import digest_of
from quorate.errors import ERRORS
from quorate.records.study import Terms
from tests.integration.evidence_walk import save_profile
from tests.integration.ports import nobody_listens

STUDY = "refusals"


@pytest.fixture(scope="module")
def network(consortium):
    """A consortium with one study that waits for votes."""
    asyncio.run(_prepare(consortium.network))
    return consortium.network


async def _prepare(network):
    async with open_contract(network, network.organisation("alder"), Role.STEWARD) as steward:
        await steward.submit("dataset:Register", _document("dataset.register", **_registration()))
    async with open_contract(network, network.organisation("alder"), Role.OPERATOR) as operator:
        await operator.submit("study:Propose", _document("study.propose", study=STUDY, terms=_terms()))


def _document(name, **fields):
    return json.dumps({"schema": f"quorate.{name}/1", **fields}).encode()


def _registration(name=STUDY):
    return {
        "dataset": name,
        "title": "Rows",
        "unit": "record",
        "adjacency": "add-or-remove-one",
        "purposes": ["research"],
        "protection": "unprotected",
        "fingerprint": digest_of(name.encode()),
    }


def _terms():
    return {
        "schema": Terms.SCHEMA,
        "title": "A study",
        "purpose": "research",
        "participants": [{"msp": "AlderMSP", "dataset": STUDY, "weight": 1}],
        "plan": digest_of(b"plan"),
        "model": {"tensors": [{"name": "w", "shape": [2]}], "initial": digest_of(b"initial")},
        "aggregation": {"rule": "weighted-mean", "parameters": {}},
        "scale_bits": 24,
        "bound": 1000,
        "rounds": 1,
        "max_rounds": 2,
        "minimum_commits": 1,
        "commit_timeout_ms": 60_000,
        "attest_timeout_ms": 60_000,
        "attesters": ["AlderMSP", "BirchMSP", "ChestnutMSP"],
        "m": 2,
        "unit": "record",
        "adjacency": "add-or-remove-one",
        "privacy": {"mechanism": "none"},
        "policy_version": 1,
    }


def _height(network):
    """Count the ledger's blocks, of which a refused call may add none."""

    async def count():
        member = network.organisation("alder")
        pair, client = member.paths.identity(Role.OFFICER), member.paths.gateway_client
        identity, signer = FileIdentity(msp_id=member.msp_id, certificate=pair.cert, key=pair.key).load()
        tls = Tls.from_files(
            roots=member.tls_ca, certificate=client.cert, key=client.key, server_name=member.server_name
        )
        async with connect(Endpoint(member.address, tls), identity, signer) as gateway:
            return [block.header.number async for block in gateway.network(network.channel).blocks()][-1]

    return asyncio.run(count())


def _profile(network, directory, *, role=Role.OPERATOR, **changes):
    return str(save_profile(directory / "profile.toml", network.organisation("alder"), role, **changes))


def _says(capsys, code):
    """Check that what was printed is the code's sentence, its reason and a hint; return the sentence."""
    shown = capsys.readouterr()
    assert shown.out == ""
    sentence, why, hint, *_ = shown.err.splitlines()
    assert sentence.startswith(f"{code}: ")
    assert why == f"  why:  {ERRORS[code].meaning}"
    assert hint.startswith("  next: ")
    assert len(hint) > len("  next: ") + 10
    return sentence


@pytest.mark.parametrize(
    ("arguments", "role", "code", "says"),
    [
        (["study", "start", STUDY], Role.OFFICER, "DENIED", "no policy permits it"),
        (["dataset", "retire", STUDY], Role.AGENT, "DENIED", "no policy permits it"),
        (["study", "show", "absent"], Role.OPERATOR, "NOT_FOUND", "absent"),
        (["study", "tally", "absent"], Role.OPERATOR, "NOT_FOUND", "absent"),
        (["round", "show", STUDY, "1"], Role.OFFICER, "NOT_FOUND", STUDY),
        (["study", "start", STUDY], Role.OPERATOR, "INVALID_STATE", "PROPOSED"),
        (["study", "withdraw", STUDY], Role.STEWARD, "INVALID_STATE", "PROPOSED"),
        (["round", "abort", STUDY, "1"], Role.OPERATOR, "NOT_FOUND", STUDY),
        (["study", "show", "Not an id"], Role.OPERATOR, "INVALID_ARGUMENT", "study: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_call_that_does_not_fit(network, tmp_path, capsys, *, arguments, role, code, says):
    before = _height(network)
    assert main([*arguments, "--profile", _profile(network, tmp_path, role=role)]) == ERRORS[code].exit_code
    assert says in _says(capsys, code)
    assert _height(network) == before


def test_a_certificate_of_another_organisation(network, tmp_path, capsys):
    before = _height(network)
    other = network.organisation("birch").paths.identity(Role.OPERATOR)
    profile = _profile(network, tmp_path, certificate=other.cert, key=other.key)
    assert main(["study", "tally", STUDY, "--profile", profile]) == ERRORS["DENIED"].exit_code
    assert "AlderMSP" in _says(capsys, "DENIED")
    assert _height(network) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"dataset": "cut', "JSON"),
        (json.dumps(_registration("more") | {"colour": "red"}), "colour"),
        (json.dumps({key: value for key, value in _registration("less").items() if key != "title"}), "title"),
        (json.dumps(_registration("big") | {"title": "x" * 300_000}), "bytes"),
        (json.dumps(_registration("real") | {"weight": 0.5}), "0.5"),
        ("[]", "object"),
    ],
    ids=["malformed", "unknown-field", "missing-field", "oversized", "float", "not-an-object"],
)
def test_a_document_that_is_not_of_its_form(network, tmp_path, capsys, text, says):
    before = _height(network)
    file = tmp_path / "dataset.json"
    file.write_text(text)
    profile = _profile(network, tmp_path, role=Role.STEWARD)
    assert main(["dataset", "register", str(file), "--profile", profile]) == ERRORS["INVALID_ARGUMENT"].exit_code
    assert says in _says(capsys, "INVALID_ARGUMENT")
    assert _height(network) == before


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b'{"schema":"quorate.study.start/1","study":', "INVALID_ARGUMENT"),
        (_document("study.start", study=STUDY, more=1), "INVALID_ARGUMENT"),
        (_document("study.start", study="x" * 65_536), "INVALID_ARGUMENT"),
        (b'{"schema":"quorate.study.start/2","study":"refusals"}', "UNSUPPORTED_VERSION"),
        (_document("study.start", study=STUDY), "INVALID_STATE"),
    ],
    ids=["malformed", "unknown-field", "oversized", "newer", "wrong-state"],
)
async def test_what_no_client_of_ours_would_send_is_refused_by_every_peer(network, document, code):
    async with open_contract(network, network.organisation("birch"), Role.OPERATOR) as contract:
        with pytest.raises(GatewayError) as caught:
            await contract.submit("study:Start", document)
    assert (caught.value.code, caught.value.exit_code) == (code, ERRORS[code].exit_code)
    assert caught.value.hint
    assert caught.value.details


def test_a_network_that_cannot_be_reached(network, tmp_path, capsys):
    with nobody_listens() as port:
        profile = _profile(network, tmp_path, gateway=f"localhost:{port}")
        assert main(["study", "show", STUDY, "--profile", profile]) == ERRORS["UNREACHABLE"].exit_code
    _says(capsys, "UNREACHABLE")
