"""``quorate portal``: log in to a portal, or look at a bundle in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gateway.audit.sign import ProfileSealer
from gateway.ledger.session import Profile
from gateway.portal.challenge import challenge_of, make_answer, to_text
from quorate.cli.terminal import printable
from quorate.errors import UsageError

_PROFILE = click.option(
    "--profile",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="QUORATE_PROFILE",
    required=True,
    help="The profile (TOML) of your organisation's officer; also QUORATE_PROFILE.",
)


@click.group("portal")
def group() -> None:
    """Log in to the officer's portal, or look at a bundle in a browser."""


@group.command("login")
@click.argument("challenge")
@_PROFILE
def login(challenge: str, profile: Path) -> None:
    """Sign the CHALLENGE that a portal's login page shows, and print the answer to paste there.

    Nothing is sent. What the challenge says is printed on standard error: sign only for a portal that you opened.
    """
    asked, identity = challenge_of(challenge), Profile.load(profile)
    if (asked.msp, asked.channel) != (identity.msp_id, identity.channel):
        raise UsageError(
            f"the challenge is of {asked.msp} on channel {asked.channel}, and the profile of {identity.msp_id} on "
            f"{identity.channel}",
            hint="Take the profile of the portal's own organisation.",
        )
    sealer = ProfileSealer.of(identity)
    answer = make_answer(
        asked,
        msp=sealer.msp_id,
        certificate=sealer.certificate,
        signature=sealer.sign(asked.signed_bytes),
    )
    click.echo(printable(f"Signed for {asked.origin}, {asked.msp} on {asked.channel}. Paste this there:"), err=True)
    click.echo(to_text(answer))


@group.command("serve")
@click.option("--bundle", type=click.Path(path_type=Path), help="An evidence bundle to look at.")
@click.option(
    "--trail", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A copy of a gateway's trail.db."
)
@click.option("--port", type=click.IntRange(0, 65535), default=7480, show_default=True, help="0 takes a free one.")
def serve(bundle: Path | None, trail: Path | None, port: int) -> None:
    """Show a bundle, or a copy of a trail, in a browser on this machine: read-only, nobody logs in.

    Nothing is verified here: `quorate audit verify` does that.
    """
    if (bundle is None) == (trail is None):
        raise UsageError("give either --bundle or --trail")
    from gateway.portal.look import look  # noqa: PLC0415 - `--help` must not pay for the web server

    def ready(origin: str) -> None:
        click.echo(f"{origin}/ shows {printable(str(bundle or trail))}, read-only and without a login; Ctrl-C ends it.")

    asyncio.run(look(bundle=bundle, trail=trail, port=port, ready=ready))
