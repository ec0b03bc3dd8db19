"""The ``_lifecycle`` system chaincode of one peer: what is asked of that peer alone, without ordering."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from network.fabric.endorser import Endorser, ProposalError
from network.lifecycle.definition import Definition
from network.lifecycle.package import ChaincodePackage, check_package_id
from quorate.blocks import protos
from quorate.errors import IntegrityError

LIFECYCLE: Final = "_lifecycle"
INSTALL_DEADLINE_S: Final = 120.0
_NOT_FOUND: Final = 404
_INSTALLED_ALREADY: Final = "chaincode already successfully installed"
_NOT_APPROVED: Final = "could not fetch approved chaincode definition"
_PARTS: Final = {
    "EndorsementInfo": "version, endorsement plugin or need of initialisation",
    "ValidationInfo": "policy or validation plugin",
    "Collections": "collections",
}
_NOTHING_APPROVED: Final = "ChaincodeParameters"
_NO_PACKAGE: Final = "could not load cc install package: chaincode install package"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A package on a peer.

    Attributes
    ----------
    channels
        Where the peer uses it: by channel, the names and versions of its chaincodes.
    """

    package_id: str
    label: str
    channels: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Committed:
    """The definition in force, and who had approved it."""

    definition: Definition
    approvals: Mapping[str, bool]


@dataclass(frozen=True, kw_only=True)
class Approved:
    """What an organisation has approved, and which package it serves it from; empty when from none."""

    definition: Definition
    package_id: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Who has approved exactly this definition.

    Attributes
    ----------
    approvals
        By MSP id, of every member of the channel.
    mismatches
        By MSP id, what differs in what was approved instead, of those who approved something. Peers before 3.0 do
        not say.
    """

    approvals: Mapping[str, bool]
    mismatches: Mapping[str, tuple[str, ...]]

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Whoever has not approved."""
        return tuple(sorted(msp_id for msp_id, approved in self.approvals.items() if not approved))


@dataclass(frozen=True)
class PeerLifecycle:
    """Asks one peer. Installing and listing need its own organisation's administrator."""

    endorser: Endorser

    async def install(self, package: ChaincodePackage) -> bool:
        """Install a package; tell whether it was not there yet.

        Raises
        ------
        ProposalError
            The peer did not answer or refused.
        IntegrityError
            It gave the package another id.
        """
        request = protos.InstallChaincodeArgs(chaincode_install_package=package.data)
        try:
            answer = await self._call("", "InstallChaincode", request, deadline_s=INSTALL_DEADLINE_S)
        except ProposalError as error:
            if _INSTALLED_ALREADY in error.reason:
                return False
            raise
        result = self._decode(protos.InstallChaincodeResult, answer)
        if result.package_id != package.package_id:
            raise IntegrityError(
                f"{self.endorser.address} calls the package {result.package_id[:200]!r}, not {package.package_id}.",
                hint="Do not trust this peer: something between here and there changed the package.",
            )
        return True

    async def installed(self) -> tuple[Installed, ...]:
        """Return what is installed."""
        answer = await self._call("", "QueryInstalledChaincodes", protos.QueryInstalledChaincodesArgs())
        result = self._decode(protos.QueryInstalledChaincodesResult, answer)
        found = [
            Installed(
                package_id=each.package_id,
                label=each.label,
                channels={
                    channel: tuple((chaincode.name, chaincode.version) for chaincode in references.chaincodes)
                    for channel, references in sorted(each.references.items())
                },
            )
            for each in result.installed_chaincodes
        ]
        return tuple(sorted(found, key=lambda each: each.package_id))

    async def installed_package(self, package_id: str) -> ChaincodePackage | None:
        """Return an installed package, checked against its id; None when it is not installed.

        Raises
        ------
        IntegrityError
            The bytes have another digest.
        """
        request = protos.GetInstalledChaincodePackageArgs(package_id=check_package_id(package_id))
        try:
            answer = await self._call("", "GetInstalledChaincodePackage", request)
        except ProposalError as error:
            if _NO_PACKAGE in error.reason:
                return None
            raise
        data = self._decode(protos.GetInstalledChaincodePackageResult, answer).chaincode_install_package
        package = ChaincodePackage.parse(data)
        if package.package_id != package_id:
            raise IntegrityError(f"{self.endorser.address} sent {package.package_id} as the package {package_id}.")
        return package

    async def committed(self, channel: str, name: str) -> Committed | None:
        """Return the definition of a chaincode in force on a channel, as far as this peer has read it."""
        try:
            answer = await self._call(
                channel, "QueryChaincodeDefinition", protos.QueryChaincodeDefinitionArgs(name=name)
            )
        except ProposalError as error:
            if error.response_status == _NOT_FOUND:
                return None
            raise
        result = self._decode(protos.QueryChaincodeDefinitionResult, answer)
        return Committed(definition=Definition.of(name, result), approvals=dict(result.approvals))

    async def approved(self, channel: str, name: str, sequence: int) -> Approved | None:
        """Return what this peer's organisation has approved under a sequence."""
        request = protos.QueryApprovedChaincodeDefinitionArgs(name=name, sequence=sequence)
        try:
            answer = await self._call(channel, "QueryApprovedChaincodeDefinition", request)
        except ProposalError as error:
            if _NOT_APPROVED in error.reason:
                return None
            raise
        result = self._decode(protos.QueryApprovedChaincodeDefinitionResult, answer)
        return Approved(definition=Definition.of(name, result), package_id=result.source.local_package.package_id)

    async def readiness(self, channel: str, definition: Definition) -> Readiness:
        """Return who has approved a definition of the next sequence."""
        request = protos.CheckCommitReadinessArgs(**definition.arguments())
        answer = await self._call(channel, "CheckCommitReadiness", request)
        result = self._decode(protos.CheckCommitReadinessResult, answer)
        return Readiness(
            approvals=dict(sorted(result.approvals.items())),
            mismatches={
                msp_id: tuple(_PARTS.get(item, item) for item in found.items)
                for msp_id, found in sorted(result.mismatches.items())
                if _NOTHING_APPROVED not in found.items
            },
        )

    async def _call(
        self, channel: str, function: str, request: protos.AnyMessage, *, deadline_s: float | None = None
    ) -> bytes:
        return await self.endorser.call(
            channel, LIFECYCLE, function, request.SerializeToString(), deadline_s=deadline_s
        )

    def _decode(self, message: protos.AnyMessage, data: bytes) -> protos.AnyMessage:
        try:
            return message.FromString(data)
        except DecodeError as error:
            address = self.endorser.address
            raise IntegrityError(f"{address} answered with bytes that cannot be read.", cause=error) from error
