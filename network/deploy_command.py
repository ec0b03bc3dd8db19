"""``quorate network deploy``: a chaincode on a network that the members run already."""

import asyncio
from pathlib import Path

import click

from network.lifecycle.deployment_file import DeploymentFile
from network.lifecycle.rollout import EVERY_STEP, Row, Step, open_rollout
from quorate.cli.output import Column, Format, format_option, print_rows

_COLUMNS = (
    Column(key="step", title="Step"),
    Column(key="member", title="Member"),
    Column(key="peer", title="Peer"),
    Column(key="subject", title="What"),
    Column(key="state", title="State"),
    Column(key="detail", title="Detail"),
)

_BEGUN = {
    Step.PACKAGE: "Writing packages …",
    Step.INSTALL: "Installing on every peer …",
    Step.APPROVE: "Approving, and waiting until the peers have read it …",
    Step.CHECK: "Asking who has approved …",
    Step.COMMIT: "Committing, and waiting until the chaincode answers …",
}


@click.command()
@click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("deployment.toml"),
    show_default=True,
    help="The file that says what is deployed, and how to reach the peers of those who run it from here.",
)
@click.option(
    "--step",
    "named",
    type=click.Choice([*Step, "all"], case_sensitive=False),
    multiple=True,
    default=["all"],
    show_default=True,
    help="What to do; repeat for several. all is install, approve and commit.",
)
@click.option("--member", "members", multiple=True, metavar="MSP-ID", help="Act for this member only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only look: print what is done already, and what is still due.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    show_default=True,
    help="Where --step package writes; a package holds a key, so keep it to yourself.",
)
@format_option
def deploy(
    path: Path, named: tuple[str, ...], members: tuple[str, ...], output: Path, format_: Format, *, dry_run: bool
) -> None:
    """Bring a chaincode into force on a network that exists, or upgrade it.

    Each organisation installs and approves with its own administrator; then anyone commits. Every step may be
    repeated: what is done is not done again. check shows who has approved.
    """
    file = DeploymentFile.load(path)
    steps = EVERY_STEP if "all" in named else tuple(Step(each) for each in named)
    rows = asyncio.run(_deploy(file, path.absolute().parent, steps, members, output=output, dry_run=dry_run))
    print_rows([row.as_document() for row in rows], columns=_COLUMNS, format_=format_)


async def _deploy(
    file: DeploymentFile, base: Path, steps: tuple[Step, ...], only: tuple[str, ...], *, output: Path, dry_run: bool
) -> list[Row]:
    members = file.load_members(base, only)
    async with open_rollout(
        members, channel=file.channel, wanted=file.definition(), sequence=file.sequence, timeout_s=file.timeout_s
    ) as rollout:
        return await rollout.look(steps) if dry_run else await rollout.run(steps, directory=output, begun=_tell)


def _tell(step: Step) -> None:
    click.echo(_BEGUN[step], err=True)
