"""``quorate doctor``: what works here, what does not, and how to repair it. Says nothing that it has not tried."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gateway.service.checks.finding import Outcome, failed, not_checked, ok
from gateway.service.checks.installation import check_installation
from quorate.cli.output import Column, Format, format_option, print_rows
from quorate.errors import CheckFailedError, QuorateError

if TYPE_CHECKING:
    from gateway.service.checks.finding import Finding
    from gateway.service.config import GatewayConfig
    from quorate.identifiers import MspId

_LOST_PEER: Final = "The gateway goes on with the others. Start it, or take it out of peer.others."
_COLUMNS = (
    Column(key="check", title="check"),
    Column(key="outcome", title="outcome"),
    Column(key="message", title="found"),
    Column(key="hint", title="what to do"),
)


@click.command()
@click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="A gateway's TOML file, to check it too."
)
@format_option
def doctor(path: Path | None, format_: Format) -> None:
    """Check this installation; with --config, also a gateway's files, portal, peer, members and policies."""
    findings = list(check_installation())
    if path is not None:
        findings += asyncio.run(_check_gateway(path))
    rows = [
        {"check": f.check, "outcome": f.outcome.value, "message": f.message, "hint": f.hint or None} for f in findings
    ]
    print_rows(rows, columns=_COLUMNS, format_=format_)
    wrong = [finding.check for finding in findings if finding.outcome is Outcome.FAILED]
    if wrong:
        raise CheckFailedError(f"{len(wrong)} of {len(findings)} checks failed: {', '.join(wrong)}")


async def _check_gateway(path: Path) -> list[Finding]:
    # Imports gRPC, which the checks of the installation must be able to do without.
    from gateway.service.checks.divergence import check_divergence  # noqa: PLC0415
    from gateway.service.checks.files import check_files  # noqa: PLC0415
    from gateway.service.checks.portal import check_portal  # noqa: PLC0415
    from gateway.service.config import PREFIX, GatewayConfig  # noqa: PLC0415
    from gateway.service.config_file import load_config  # noqa: PLC0415

    try:
        config = load_config(path, GatewayConfig, prefix=PREFIX)
    except QuorateError as error:
        return [failed("configuration", error.message, error.hint)]
    findings = [ok("configuration", str(path)), *check_files(config)]
    portal = [] if config.portal is None else list(check_portal(config.portal, config.state))
    if any(finding.outcome is Outcome.FAILED for finding in findings):
        return [*findings, *portal]  # what follows would only fail for the same reasons
    return [*findings, *portal, check_divergence(config.state), *await _check_ledger(config)]


async def _check_ledger(config: GatewayConfig) -> list[Finding]:
    from gateway.fabric.secret_file import read_pem, read_private_pem  # noqa: PLC0415
    from gateway.ledger import Ledger, Retry  # noqa: PLC0415
    from gateway.service.checks.endorsement import check_endorsement  # noqa: PLC0415
    from gateway.service.checks.members import check_members  # noqa: PLC0415
    from gateway.service.peer import open_peer  # noqa: PLC0415

    pair = read_pem(config.tls.client_certificate), read_private_pem(config.tls.client_key)
    async with open_peer(config, pair) as (channel, network):
        ledger = Ledger(network.contract(config.chaincode), retry=Retry(stale=0))
        try:
            info = await ledger.audit.info()
            consortium = await ledger.consortium.members()
        except QuorateError as error:
            return [failed("peer", f"{channel.address}: {error.message}", error.hint)]
        others = [member for member in consortium.members if member.msp != config.msp]
        return [
            ok("peer", f"{channel.address} answers, chaincode {info.chaincode_version}"),
            *(failed(f"peer {address}", "cannot be reached", _LOST_PEER) for address in await channel.unreachable()),
            _membership(config, [member.msp for member in consortium.members]),
            *await check_members(others, consortium.charter, certificate=pair[0], key=pair[1]),
            *await check_endorsement(network, config.chaincode),
        ]


def _membership(config: GatewayConfig, members: list[MspId]) -> Finding:
    if not members:
        return not_checked("membership", "no charter is in force yet")
    if config.msp in members:
        return ok("membership", f"{config.msp} is one of {len(members)} members")
    return failed("membership", f"{config.msp} is not a member", "Have the members vote it in.")
