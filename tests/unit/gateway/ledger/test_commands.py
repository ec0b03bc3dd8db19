"""The ledger's commands over a real connection with mutual TLS; the peer behind it answers from the records' forms."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.ledger.commands.common import read_document
from gateway.ledger.commands.consortium import consortium
from gateway.ledger.commands.dataset import dataset
from gateway.ledger.commands.model import model
from gateway.ledger.commands.policy import policy
from gateway.ledger.commands.round import round
from gateway.ledger.commands.study import study
from quorate import canonical
from quorate.digest import digest_of
from quorate.errors import (
    AlreadyExistsError,
    ConflictError,
    DeniedError,
    NotFoundError,
    QuorateError,
    StateError,
    UsageError,
)
from quorate.records.functions import FUNCTIONS
from quorate.records.study import Terms
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.gateway.fabric.fake_peer import FakePeer, RefusedError, handlers
from tests.unit.gateway.ledger.shelf import Shelf
from tests.unit.quorate.records.samples import sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import click

DIGEST = "sha256:" + "0" * 64


class Peer:
    """Answers every function with a valid record, or with what the test says; keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.refuses = ""
        self.before: Callable[[str], None] = lambda _: None
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, arguments: list[bytes], _transient: dict[str, bytes]) -> bytes:
        name = arguments[0].decode()
        self.asked.append((name, canonical.loads(arguments[1], limit=65_536)))
        self.before(name)
        if self.refuses:
            raise RefusedError(self.refuses)
        return canonical.dumps(self.answers.get(name) or sample(FUNCTIONS[name].answer, full=False))

    def asked_once(self, name: str) -> Any:
        [found] = [request for asked, request in self.asked if asked == name]
        return {key: value for key, value in found.items() if key != "schema"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def profile(tmp_path: Path, authority: Authority, peer: Peer, shelf: Shelf) -> AsyncIterator[Path]:
    client, server = authority.issue("client"), authority.issue("server")
    der = client.certificate.public_bytes(Encoding.DER)
    fake = FakePeer(endorser=server.certificate_pem, chaincode=peer, tls_certificate_hash=hashlib.sha256(der).digest())
    grpc_server = grpc.aio.server()
    grpc_server.add_generic_rpc_handlers([*handlers(fake), shelf.handler()])
    credentials = grpc.ssl_server_credentials(
        [(server.key_pem, server.certificate_pem)], root_certificates=authority.pem, require_client_auth=True
    )
    port = grpc_server.add_secure_port("127.0.0.1:0", credentials)
    await grpc_server.start()
    for name, data in {"ca": authority.pem, "c": client.certificate_pem, "k": client.key_pem}.items():
        (tmp_path / f"{name}.pem").write_bytes(data)
        (tmp_path / f"{name}.pem").chmod(0o600)
    path = tmp_path / "profile.toml"
    path.write_text(
        f'msp_id = "AlderMSP"\ngateway = "localhost:{port}"\ntls_ca = "ca.pem"\n'
        'tls_certificate = "c.pem"\ntls_key = "k.pem"\ncertificate = "c.pem"\nkey = "k.pem"\n'
    )
    yield path
    await grpc_server.stop(None)


@pytest.fixture
def call(profile: Path) -> Callable[..., Any]:
    """Return what runs a command in a thread, beside the peer."""

    async def run(group: click.Group, *arguments: str, format_: str = "json") -> Result:
        given = [*arguments, "--profile", str(profile), "--format", format_]
        async with asyncio.timeout(120):
            return await asyncio.to_thread(CliRunner().invoke, group, given)

    return run


def failure(result: Result) -> QuorateError:
    assert isinstance(result.exception, QuorateError), result.output
    return result.exception


CALLS = [
    (consortium, ("activate", "AlderMSP"), "consortium:Tally", {"motion": "founding", "proposer": "AlderMSP"}),
    (consortium, ("show",), "consortium:Get", {}),
    (dataset, ("retire", "ward"), "dataset:Retire", {"dataset": "ward"}),
    (dataset, ("show", "AlderMSP", "ward"), "dataset:Get", {"msp": "AlderMSP", "dataset": "ward"}),
    (study, ("tally", "heart"), "study:Tally", {"study": "heart", "motion": "approve"}),
    (study, ("tally", "heart", "abort-round/3"), "study:Tally", {"study": "heart", "motion": "abort-round/3"}),
    (study, ("withdraw", "heart"), "study:Withdraw", {"study": "heart", "version": 1}),
    (study, ("start", "heart"), "study:Start", {"study": "heart"}),
    (study, ("show", "heart"), "study:Get", {"study": "heart"}),
    (round, ("show", "heart", "3"), "round:Get", {"study": "heart", "round": 3}),
    (round, ("abort", "heart", "3"), "round:Abort", {"study": "heart", "round": 3}),
    (
        round,
        ("receipt", "heart", "3", "AlderMSP", "ward"),
        "round:Receipt",
        {"study": "heart", "round": 3, "msp": "AlderMSP", "dataset": "ward"},
    ),
    (model, ("show", DIGEST), "model:Get", {"model": DIGEST}),
    (model, ("retire", DIGEST, "--reason", DIGEST), "model:Retire", {"model": DIGEST, "reason": DIGEST}),
    (policy, ("show", "--version", "2"), "policy:Get", {"version": 2}),
    (policy, ("tally", "stricter"), "policy:Tally", {"proposal": "stricter"}),
    (policy, ("proposal", "stricter"), "policy:Proposal", {"proposal": "stricter"}),
    (policy, ("history",), "policy:History", {}),
    (
        consortium,
        ("propose-member", "elm", "ElmMSP", "--fingerprint-key", DIGEST),
        "consortium:ProposeMember",
        {"proposal": "elm", "member": {"msp": "ElmMSP", "fingerprint_key": DIGEST}},
    ),
    (
        consortium,
        ("propose-removal", "out", "ElmMSP"),
        "consortium:ProposeRemoval",
        {"proposal": "out", "msp": "ElmMSP"},
    ),
    (consortium, ("tally", "elm"), "consortium:Tally", {"motion": "members", "proposal": "elm"}),
]


@pytest.mark.parametrize("one", CALLS, ids=lambda one: one[2])
async def test_a_command_asks_one_function_and_prints_its_record(call: Callable[..., Any], peer: Peer, one: Any):
    group, arguments, function, request_ = one

    result = await call(group, *arguments)

    assert result.exit_code == 0, result.output
    assert peer.asked_once(function) == request_
    assert json.loads(result.output) == sample(FUNCTIONS[function].answer, full=False)


@pytest.mark.parametrize(
    ("group", "arguments"),
    [
        (study, ("show", "heart")),
        (study, ("list",)),
        (round, ("show", "heart", "1")),
        (dataset, ("list",)),
        (consortium, ("show",)),
        (consortium, ("proposals",)),
        (policy, ("show",)),
        (policy, ("history",)),
        (model, ("list", "heart")),
        (model, ("lineage", DIGEST)),
    ],
    ids=str,
)
async def test_tables_are_printed_for_full_and_for_bare_records(
    call: Callable[..., Any], peer: Peer, group: click.Group, arguments: tuple[str, ...]
):
    for full in (False, True):
        peer.answers = {name: sample(found.answer, full=full) for name, found in FUNCTIONS.items()}
        result = await call(group, *arguments, format_="table")
        assert result.exit_code == 0, result.output
        assert result.output.strip()


async def test_the_charter_is_shown_with_its_rules(call: Callable[..., Any], peer: Peer):
    view = sample(FUNCTIONS["consortium:Get"].answer, full=True)
    key = view["charter"]["members"][0]["fingerprint_key"]
    view["charter"] |= {
        "quorum": {"studies": "majority", "members": "two-thirds", "policies": "all"},
        "members": [{"msp": f"{name}MSP", "fingerprint_key": key} for name in ("Alder", "Birch", "Chestnut", "Elm")],
        "voting_period_ms": 604_800_000,
        "clock_skew_ms": 30_000,
    }
    peer.answers["consortium:Get"] = view

    result = await call(consortium, "show", format_="table")

    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert {
        "studies are decided by majority, 3 of 4 members",
        "members are decided by two-thirds, 3 of 4 members",
        "policies are decided by all, 4 of 4 members",
        "votes are open for 7 days",
        "clocks may be off by 30 s",
        f"ElmMSP {key} -",
    } <= set(lines)


async def test_a_charter_that_is_proposed_is_shown_with_who_confirmed_it(call: Callable[..., Any], peer: Peer):
    view = sample(FUNCTIONS["consortium:Get"].answer, full=True)
    del view["charter"]
    [founding], [confirmed] = view["foundings"], view["confirmations"]
    confirmed |= {"proposer": founding["proposer"], "charter_digest": founding["charter_digest"], "msp": "BirchMSP"}
    view["confirmations"] = [confirmed, confirmed | {"msp": "ElmMSP", "charter_digest": "sha256:" + "1" * 64}]
    peer.answers["consortium:Get"] = view

    result = await call(consortium, "show", format_="table")

    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "confirmed by BirchMSP" in lines
    assert f"digest {founding['charter_digest']}" in lines
    assert "No charter is in force yet" in result.stderr


async def test_nothing_is_voted_on_terms_that_were_not_read(call: Callable[..., Any], peer: Peer):
    unread = failure(await call(study, "vote", "heart", "approve"))
    other = failure(await call(study, "vote", "heart", "approve", "--digest", "sha256:" + "1" * 64))

    assert isinstance(unread, StateError)
    assert DIGEST in unread.message
    assert "not sha256:111" in other.message
    assert {name for name, _ in peer.asked} == {"study:Get"}


async def test_a_study_is_suspended_after_the_round_that_is_then_the_last(call: Callable[..., Any], peer: Peer):
    view = sample(FUNCTIONS["study:Get"].answer, full=False)
    peer.answers["study:Get"] = view | {"rounds": [{"round": 1, "state": "FINAL", "base": DIGEST}]}

    def a_round_opens(name: str) -> None:
        if name == "study:Suspend" and len(peer.answers["study:Get"]["rounds"]) == 1:
            peer.answers["study:Get"]["rounds"] += [{"round": 2, "state": "OPEN", "base": DIGEST}]
            raise RefusedError("CONFLICT: round 2 of study heart was opened after round 1; name the last one")

    peer.before = a_round_opens
    result = await call(study, "suspend", "heart", "--reason", "key")

    assert result.exit_code == 0, result.exception
    asked = [request for name, request in peer.asked if name == "study:Suspend"]
    assert [(each["study"], each["round"], each["reason"]) for each in asked] == [
        ("heart", 1, "key"),
        ("heart", 2, "key"),
    ]


async def test_a_suspension_that_contradicts_the_own_one_is_refused_once(call: Callable[..., Any], peer: Peer):
    def contradicts(name: str) -> None:
        if name == "study:Suspend":
            raise RefusedError("CONFLICT: AlderMSP has suspended study heart already")

    peer.before = contradicts

    refused = failure(await call(study, "suspend", "heart", "--reason", "legal"))

    assert isinstance(refused, ConflictError)
    assert peer.asked_once("study:Suspend") == {"study": "heart", "round": 0, "reason": "legal"}


async def test_the_own_suspension_is_withdrawn_and_no_others(call: Callable[..., Any], peer: Peer):
    view = sample(FUNCTIONS["study:Get"].answer, full=False)
    by = sample(FUNCTIONS["study:Get"].answer, full=True)["study"]["suspension"]["by"][0]
    standing = {name: value for name, value in by.items() if name != "lifted"}
    view["study"]["suspension"] = {"number": 2, "round": 0, "by": [standing | {"msp": "BirchMSP"}]}
    peer.answers["study:Get"] = view

    none = failure(await call(study, "resume", "heart"))
    view["study"]["suspension"]["by"] += [standing | {"msp": "AlderMSP", "number": 2}]
    result = await call(study, "resume", "heart")

    assert isinstance(none, StateError)
    assert "no suspension by AlderMSP stands" in none.message
    assert "resume/<number>" in none.hint
    assert result.exit_code == 0, result.exception
    assert peer.asked_once("study:Resume") == {"study": "heart", "number": 2}


async def test_a_vote_names_version_and_digest_of_what_was_read(call: Callable[..., Any], peer: Peer):
    result = await call(study, "vote", "heart", "reject", "--motion", "abort", "--digest", DIGEST)

    assert result.exit_code == 0
    assert peer.asked_once("study:Vote") == {
        "study": "heart",
        "version": 1,
        "terms_digest": DIGEST,
        "motion": "abort",
        "choice": "reject",
    }


@pytest.mark.parametrize(("group", "query"), [(consortium, "consortium:Get"), (policy, "policy:Proposal")], ids=str)
async def test_a_ballot_names_the_digest_of_what_was_read(
    call: Callable[..., Any], peer: Peer, group: click.Group, query: str
):
    peer.answers[query] = sample(FUNCTIONS[query].answer, full=True)
    proposal = peer.answers[query].get("proposals", [peer.answers[query].get("proposal")])[0]
    name = proposal["proposal"]

    unread = failure(await call(group, "vote", name, "approve"))
    assert isinstance(unread, StateError)
    assert DIGEST in unread.message
    assert {asked for asked, _ in peer.asked} == {query}
    result = await call(group, "vote", name, "reject", "--digest", DIGEST)

    assert result.exit_code == 0
    assert peer.asked_once(f"{group.name}:Vote") == {"proposal": name, "digest": DIGEST, "choice": "reject"}


async def test_a_ballot_on_no_proposal_is_refused(call: Callable[..., Any], peer: Peer):
    assert isinstance(failure(await call(consortium, "vote", "nothing", "approve")), NotFoundError)
    assert {asked for asked, _ in peer.asked} == {"consortium:Get"}


async def test_a_policy_set_is_proposed_in_place_of_the_one_in_force(
    call: Callable[..., Any], peer: Peer, tmp_path: Path
):
    text = '@id("all") permit (principal, action, resource);'
    (tmp_path / "rules.cedar").write_text(text)

    result = await call(policy, "propose", "open", str(tmp_path / "rules.cedar"), "--title", "Open to all")

    assert result.exit_code == 0, result.output
    assert peer.asked_once("policy:Propose") == {
        "proposal": "open",
        "title": "Open to all",
        "base": DIGEST,
        "text": text,
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"permit (principal, action, resource);", "id"),
        (b"allow everyone", "policy|Cedar"),
        (b"\xff", "UTF-8"),
        (b" " * 65_537, "65536"),
    ],
)
async def test_a_text_that_no_policy_set_can_be_is_not_proposed(
    call: Callable[..., Any], peer: Peer, tmp_path: Path, data: bytes, reason: str
):
    (tmp_path / "rules.cedar").write_bytes(data)

    refused = failure(await call(policy, "propose", "open", str(tmp_path / "rules.cedar"), "--title", "x"))

    assert re.search(reason, refused.message)
    assert peer.asked == []


async def test_what_a_proposal_changes_is_shown_line_by_line(call: Callable[..., Any], peer: Peer):
    proposed = sample(FUNCTIONS["policy:Proposal"].answer, full=True)
    proposed["proposal"]["text"] = "permit\nforbid\n"
    current = sample(FUNCTIONS["policy:Get"].answer, full=True) | {"text": "permit\nallow\n"}
    peer.answers = {
        "policy:Proposal": proposed,
        "policy:Get": current,
        "policy:History": sample(FUNCTIONS["policy:History"].answer, full=True),
    }

    result = await call(policy, "proposal", "abort", format_="table")

    assert result.exit_code == 0, result.output
    assert "\n-allow\n+forbid\n" in result.output


async def test_a_charter_is_confirmed_only_by_its_digest(call: Callable[..., Any], peer: Peer):
    peer.answers["consortium:Get"] = sample(FUNCTIONS["consortium:Get"].answer, full=True)
    proposer = peer.answers["consortium:Get"]["foundings"][0]["proposer"]

    shown = failure(await call(consortium, "confirm", proposer))
    result = await call(consortium, "confirm", proposer, "--digest", DIGEST)

    assert isinstance(shown, UsageError)
    assert DIGEST in shown.message
    assert result.exit_code == 0
    assert peer.asked_once("consortium:Confirm") == {"proposer": proposer, "charter_digest": DIGEST}
    with pytest.raises(NotFoundError, match="ElmMSP has proposed no charter"):
        raise failure(await call(consortium, "confirm", "ElmMSP"))


async def test_a_denied_check_prints_the_decision_and_exits_with_four(
    call: Callable[..., Any], peer: Peer, tmp_path: Path
):
    (tmp_path / "document.json").write_text("{}")
    decision = {"decision": "deny", "policies": ["only-agents-commit"]}
    peer.answers["policy:Check"] = sample(FUNCTIONS["policy:Check"].answer, full=False) | decision

    result = await call(policy, "check", "round:Commit", str(tmp_path / "document.json"))

    assert peer.asked_once("policy:Check")["document"] == {"schema": "quorate.round.commit/1"}
    denied = failure(result)
    assert isinstance(denied, DeniedError)
    assert denied.exit_code == 4
    assert "only-agents-commit" in denied.message
    assert json.loads(result.output)["decision"] == "deny"


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.fixture
def evaluation(peer: Peer) -> str:
    """Return the digest of the evaluation set that the study's terms name."""
    view = sample(FUNCTIONS["study:Get"].answer, full=True)
    view["study"]["terms"]["evaluation"]["digest"] = digest_of(b"records that everybody may see")
    peer.answers["study:Get"] = view
    return view["study"]["terms"]["evaluation"]["digest"]


async def test_a_public_evaluation_set_is_fetched_to_a_new_file(
    call: Callable[..., Any], shelf: Shelf, evaluation: str, tmp_path: Path
):
    shelf[evaluation] = b"records that everybody may see"
    place = tmp_path / "place"
    place.mkdir()

    result = await call(study, "pull-evaluation", "heart", str(place / "e.safetensors"))

    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout) == {
        "schema": "quorate.study_evaluation/1",
        "digest": evaluation,
        "file": str(place / "e.safetensors"),
        "bytes": 30,
    }
    assert [(each.name, each.read_bytes()) for each in place.iterdir()] == [("e.safetensors", shelf[evaluation])]


async def test_what_is_there_already_is_not_overwritten(
    call: Callable[..., Any], shelf: Shelf, evaluation: str, tmp_path: Path
):
    shelf[evaluation] = b"records that everybody may see"
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("nowhere")

    for name in ("mine", "link"):
        refused = failure(await call(study, "pull-evaluation", "heart", str(tmp_path / name)))
        assert isinstance(refused, AlreadyExistsError)

    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    "one",
    [
        (b"other records of the same size", "e", "INTEGRITY"),
        (None, "e", "INVALID_STATE"),
        (b"records that everybody may see", "no/such/folder/e", "STORAGE"),
    ],
)
async def test_nothing_is_left_of_an_evaluation_set_that_cannot_be_had(
    call: Callable[..., Any], shelf: Shelf, evaluation: str, tmp_path: Path, one: tuple[bytes | None, str, str]
):
    data, where, code = one
    if data is not None:
        shelf[evaluation] = data
    before = names_in(tmp_path)

    assert failure(await call(study, "pull-evaluation", "heart", str(tmp_path / where))).code == code

    assert names_in(tmp_path) == before


async def test_a_study_may_have_no_public_evaluation_set(call: Callable[..., Any], tmp_path: Path):
    refused = failure(await call(study, "pull-evaluation", "heart", str(tmp_path / "e")))
    assert isinstance(refused, NotFoundError)


async def test_a_function_that_there_is_not_is_refused_with_what_is_near_it(
    call: Callable[..., Any], peer: Peer, tmp_path: Path
):
    (tmp_path / "document.json").write_text("{}")

    refused = failure(await call(policy, "check", "round:Comit", str(tmp_path / "document.json")))

    assert isinstance(refused, UsageError)
    assert refused.hint.startswith("Such as round:Commit, ")
    assert peer.asked == []


async def test_a_proposal_is_read_from_toml_as_from_json(call: Callable[..., Any], peer: Peer, tmp_path: Path):
    terms = {name: value for name, value in sample(Terms, full=False).items() if name != "schema"}
    (tmp_path / "terms.json").write_text(json.dumps(terms))
    lines = [f"{name} = {json.dumps(value)}" for name, value in terms.items() if not isinstance(value, dict | list)]
    tables = [f"{name} = {_inline(value)}" for name, value in terms.items() if isinstance(value, dict | list)]
    (tmp_path / "terms.toml").write_text("\n".join(lines + tables))

    for name in ("terms.json", "terms.toml"):
        peer.asked.clear()
        result = await call(study, "propose", "heart", str(tmp_path / name))
        assert result.exit_code == 0, result.exception
        assert peer.asked_once("study:Propose") == {"study": "heart", "terms": sample(Terms, full=False)}


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_inline(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)


async def test_a_refusal_of_the_chaincode_is_the_commands_own_error(call: Callable[..., Any], peer: Peer):
    peer.refuses = "DENIED: forbidden by only-operators-start"

    refused = failure(await call(study, "start", "heart"))

    assert (refused.code, refused.exit_code) == ("DENIED", 4)
    assert refused.message == "forbidden by only-operators-start"


async def test_an_announcement_needs_text_as_its_root(call: Callable[..., Any], peer: Peer, tmp_path: Path):
    (tmp_path / "root.pem").write_bytes(b"\xff\xfe")

    refused = failure(await call(consortium, "announce", "localhost:7443", str(tmp_path / "root.pem")))

    assert isinstance(refused, UsageError)
    assert peer.asked == []


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", b"[]", "does not hold an object"),
        ("a.json", b"{", "JSON"),
        ("a.json", b'{"a": 0.5}', "0.5"),
        ("a.json", b'{"a": 1, "a": 2}', "twice|duplicate"),
        ("a.json", b"\xff", "UTF-8"),
        ("a.json", b" " * 262_145, "more than 262144 bytes"),
        ("a.toml", b"a = 0.5", "0.5"),
        ("a.toml", b"a = nan", "NaN"),
        ("a.toml", b"a = 2026-01-01", "not TOML that JSON can say"),
        ("a.toml", b"a = ", "not TOML"),
        ("a.toml", b"\xff", "not TOML"),
        ("nothing.json", None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, name: str, data: bytes | None, reason: str):
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(UsageError, match=reason):
        read_document(tmp_path / name)
