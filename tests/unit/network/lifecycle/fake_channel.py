"""A channel of peers behind real gRPC servers that know the lifecycle, and nothing of what is deployed.

Everything that is approved or committed goes through the fake gateway of the client's own tests, which checks
signatures; queries and installing go through an Endorser service here, which answers in the words of real peers.
"""

import hashlib
import io
import json
import re
import tarfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric import Endpoint, Identity, PrivateKeySigner, Tls
from network.lifecycle import Member
from quorate.blocks import protos
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.gateway.fabric.fake_peer import CHANNEL, FakePeer, RefusedError, handlers

MEMBERS = ("AlderMSP", "BirchMSP", "CedarMSP")
_APPROVE = protos.ApproveChaincodeDefinitionForMyOrgArgs
_COMMIT = protos.CommitChaincodeDefinitionArgs
_AGREED = (
    "sequence",
    "name",
    "version",
    "endorsement_plugin",
    "validation_plugin",
    "validation_parameter",
    "collections",
    "init_required",
)


@dataclass
class Ledger:
    """What the channel's peers agree on."""

    approved: dict[tuple[str, str, int], object] = field(default_factory=dict)
    committed: dict[str, object] = field(default_factory=dict)
    commits: int = 0

    def sequence(self, name):
        return self.committed[name].sequence if name in self.committed else 0

    def approvals(self, wanted):
        return {
            msp: (msp, wanted.name, wanted.sequence) in self.approved
            and same(self.approved[msp, wanted.name, wanted.sequence], wanted)
            for msp in MEMBERS
        }


def same(one, other):
    return all(getattr(one, name) == getattr(other, name) for name in _AGREED)


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status, message, *, from_chaincode=False):
        super().__init__(message)
        self.status, self.message, self.from_chaincode = status, message, from_chaincode


@dataclass
class LifecyclePeer(FakePeer):
    """One organisation's peer."""

    msp: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    installed: dict[str, bytes] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    undiscovered: int = 0
    wrong_id: bool = False
    answers: dict[tuple[str, str], object] = field(default_factory=dict)

    # --- what the gateway of the client's tests calls

    def __post_init__(self):
        self.chaincode = self._endorse

    def _endorse(self, arguments, _transient):
        function, request = arguments[0].decode(), arguments[1]
        if function == "CommitChaincodeDefinition":
            wanted = _COMMIT.FromString(request)
            if sum(self.ledger.approvals(wanted).values()) <= len(MEMBERS) // 2:
                raise RefusedError("chaincode definition not agreed to by this org (BirchMSP)")
        return b""

    async def submit(self, request, context):
        envelope = request.prepared_transaction
        transaction = protos.Transaction.FromString(protos.Payload.FromString(envelope.payload).data)
        action = protos.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
        payload = protos.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
        function, data = protos.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec.input.args
        if function == b"CommitChaincodeDefinition":
            wanted = _COMMIT.FromString(data)
            self.ledger.committed[wanted.name] = wanted
            self.ledger.commits += 1
        else:
            wanted = _APPROVE.FromString(data)
            self.ledger.approved[self.msp, wanted.name, wanted.sequence] = wanted
        return await super().submit(request, context)

    # --- protos.Endorser

    async def process_proposal(self, signed, context):
        proposal = protos.Proposal.FromString(signed.proposal_bytes)
        header = protos.Header.FromString(proposal.header)
        creator = protos.SignatureHeader.FromString(header.signature_header).creator
        await self._signed(creator, signed.proposal_bytes, signed.signature, context)
        channel = protos.ChannelHeader.FromString(header.channel_header)
        chaincode = protos.ChaincodeHeaderExtension.FromString(channel.extension).chaincode_id.name
        payload = protos.ChaincodeProposalPayload.FromString(proposal.payload)
        arguments = protos.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec.input.args
        function = arguments[0].decode()
        self.asked.append(function)
        try:
            answer = self._answer(channel.channel_id, chaincode, function, list(arguments[1:]))
        except Refusal as refusal:
            response = protos.Response(status=refusal.status, message=refusal.message)
            return protos.ProposalResponse(response=response, payload=b"read" if refusal.from_chaincode else b"")
        return protos.ProposalResponse(response=protos.Response(status=200, payload=answer))

    def _answer(self, channel, chaincode, function, arguments):
        if channel not in {"", CHANNEL}:
            raise Refusal(500, f"channel '{channel}' not found")
        if (chaincode, function) in self.answers:
            return self.answers[chaincode, function](channel, arguments)
        if chaincode != "_lifecycle":
            return self._called(chaincode)
        snake_case = re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()
        return getattr(self, snake_case)(arguments[0]).SerializeToString()

    def _called(self, chaincode):
        approved = self.ledger.approved[self.msp, chaincode, self.ledger.sequence(chaincode)]
        if approved.source.local_package.package_id not in self.running:
            raise Refusal(500, "error in simulation: failed to execute transaction: connection refused")
        raise Refusal(500, "INVALID_ARGUMENT: there is no function", from_chaincode=True)

    def install_chaincode(self, request):
        data = protos.InstallChaincodeArgs.FromString(request).chaincode_install_package
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            label = json.load(archive.extractfile("metadata.json"))["label"]
        package_id = f"{label}:{hashlib.sha256(data).hexdigest()}"
        if package_id in self.installed:
            raise Refusal(500, f"chaincode already successfully installed (package ID '{package_id}')")
        self.installed[package_id] = data
        return protos.InstallChaincodeResult(package_id="other:1" if self.wrong_id else package_id, label=label)

    def query_installed_chaincodes(self, _request):
        found = [{"package_id": each, "label": each.partition(":")[0]} for each in self.installed]
        return protos.QueryInstalledChaincodesResult(installed_chaincodes=found)

    def get_installed_chaincode_package(self, request):
        package_id = protos.GetInstalledChaincodePackageArgs.FromString(request).package_id
        if package_id not in self.installed:
            words = f"could not load cc install package: chaincode install package '{package_id}' not found"
            raise Refusal(500, f"failed to invoke backing implementation of 'GetInstalledChaincodePackage': {words}")
        return protos.GetInstalledChaincodePackageResult(chaincode_install_package=self.installed[package_id])

    def query_chaincode_definition(self, request):
        name = protos.QueryChaincodeDefinitionArgs.FromString(request).name
        if name not in self.ledger.committed:
            raise Refusal(404, f"namespace {name} is not defined")
        committed = self.ledger.committed[name]
        agreed = {each: getattr(committed, each) for each in _AGREED if each not in {"name", "collections"}}
        result = protos.QueryChaincodeDefinitionResult(**agreed, approvals=self.ledger.approvals(committed))
        result.collections.CopyFrom(committed.collections)
        return result

    def query_approved_chaincode_definition(self, request):
        wanted = protos.QueryApprovedChaincodeDefinitionArgs.FromString(request)
        found = self.ledger.approved.get((self.msp, wanted.name, wanted.sequence))
        if found is None:
            words = f"could not fetch approved chaincode definition (name: '{wanted.name}')"
            raise Refusal(500, f"failed to invoke backing implementation: {words}")
        agreed = {each: getattr(found, each) for each in _AGREED if each not in {"name", "collections"}}
        result = protos.QueryApprovedChaincodeDefinitionResult(**agreed, source=found.source)
        result.collections.CopyFrom(found.collections)
        return result

    def check_commit_readiness(self, request):
        wanted = protos.CheckCommitReadinessArgs.FromString(request)
        due = self.ledger.sequence(wanted.name) + 1
        if wanted.sequence != due:
            raise Refusal(500, f"requested sequence is {wanted.sequence}, but new definition must be sequence {due}")
        result = protos.CheckCommitReadinessResult(approvals=self.ledger.approvals(wanted))
        for msp in MEMBERS:
            found = self.ledger.approved.get((msp, wanted.name, wanted.sequence))
            if found is None:
                result.mismatches[msp].items.append("ChaincodeParameters")
            elif found.version != wanted.version:
                result.mismatches[msp].items.append("EndorsementInfo")
        return result

    # --- discovery.Discovery

    async def discover(self, request, context):
        payload = protos.DiscoveryRequest.FromString(request.payload)
        who = payload.authentication
        await self._signed(who.client_identity, request.payload, request.signature, context)
        if who.client_tls_cert_hash != self.tls_certificate_hash:
            await context.abort(grpc.StatusCode.UNKNOWN, "access denied")
        if self.undiscovered:
            self.undiscovered -= 1
            error = {"content": "no peer combination can satisfy the endorsement policy"}
            return protos.DiscoveryResponse(results=[{"error": error}])
        return protos.DiscoveryResponse(results=[{"cc_query_res": {}}])


def _endorser_handlers(peer):
    def unary(work, request):
        return grpc.unary_unary_rpc_method_handler(work, request.FromString, lambda out: out.SerializeToString())

    return (
        grpc.method_handlers_generic_handler(
            "protos.Endorser", {"ProcessProposal": unary(peer.process_proposal, protos.SignedProposal)}
        ),
        grpc.method_handlers_generic_handler(
            "discovery.Discovery", {"Discover": unary(peer.discover, protos.SignedRequest)}
        ),
    )


@dataclass
class Organisation:
    """A member, its administrator and its peers."""

    msp: str
    peers: list[LifecyclePeer]
    servers: list[grpc.aio.Server]
    endpoints: tuple[Endpoint, ...]
    identity: Identity
    signer: PrivateKeySigner

    def member(self, package):
        return Member(identity=self.identity, signer=self.signer, peers=self.endpoints, package=package)


@asynccontextmanager
async def channel(*, peers=1):
    """Yield the ledger, and the organisations by MSP id."""
    authority, ledger, organisations = Authority(), Ledger(), {}
    server_certificate = authority.issue("server")
    for msp in MEMBERS:
        admin = authority.issue("admin")
        tls = Tls(roots=authority.pem, certificate=admin.certificate_pem, key=admin.key_pem)
        der = admin.certificate.public_bytes(Encoding.DER)
        organisation = Organisation(msp, [], [], (), Identity(msp, admin.certificate_pem), PrivateKeySigner(admin.key))
        for _ in range(peers):
            peer = LifecyclePeer(
                endorser=server_certificate.certificate_pem,
                tls_certificate_hash=hashlib.sha256(der).digest(),
                msp=msp,
                ledger=ledger,
                events=False,
            )
            server = grpc.aio.server()
            server.add_generic_rpc_handlers((*handlers(peer), *_endorser_handlers(peer)))
            credentials = grpc.ssl_server_credentials(
                [(server_certificate.key_pem, server_certificate.certificate_pem)],
                authority.pem,
                require_client_auth=True,
            )
            port = server.add_secure_port("127.0.0.1:0", credentials)
            await server.start()
            organisation.peers.append(peer)
            organisation.servers.append(server)
            organisation.endpoints += (Endpoint(f"localhost:{port}", tls),)
        organisations[msp] = organisation
    try:
        yield ledger, organisations
    finally:
        for organisation in organisations.values():
            for server in organisation.servers:
                await server.stop(grace=None)
