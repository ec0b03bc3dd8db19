"""``quorate portal``: log in to a portal, or look at a bundle in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gateway.audit.sign import ProfileSealer
from gateway.ledger.session import Profile
from gateway.portal.challenge import challenge_of, make_answer, to_text
from quorate.cli.options import profile_option
from quorate.cli.terminal import printable
from quorate.errors import DeniedError, UsageError


@click.group("portal")
def group() -> None:
    """Log in to the officer's portal, or look at a bundle in a browser."""


@group.command("login")
@click.argument("challenge")
@profile_option(officer=True)
@click.option("--yes", is_flag=True, help="Sign without asking when the profile names no portal; for scripts.")
def login(challenge: str, profile: Path, *, yes: bool) -> None:
    """Sign the CHALLENGE that a portal's login page shows, and print the answer to paste there.

    Nothing is sent. A profile that names its `portal` signs for that one only; with another profile, the portal that
    the challenge names is shown on standard error, and you are asked whether it is the one that you opened.
    """
    asked, identity = challenge_of(challenge), Profile.load(profile)
    if (asked.msp, asked.channel) != (identity.msp_id, identity.channel):
        raise UsageError(
            f"the challenge is of {asked.msp} on channel {asked.channel}, and the profile of {identity.msp_id} on "
            f"{identity.channel}",
            hint="Take the profile of the portal's own organisation.",
        )
    _require_portal(asked.origin, identity.portal, yes=yes)
    sealer = ProfileSealer.of(identity)
    answer = make_answer(
        asked,
        msp=sealer.msp_id,
        certificate=sealer.certificate,
        signature=sealer.sign(asked.signed_bytes),
    )
    click.echo(printable(f"Signed for {asked.origin}, {asked.msp} on {asked.channel}. Paste this there:"), err=True)
    click.echo(to_text(answer))


def _require_portal(origin: str, own: str | None, *, yes: bool) -> None:
    if own is not None:
        if origin.lower() != own.lower():
            raise DeniedError(
                f"the challenge is of {origin}, and this profile logs in at {own} only",
                hint="Look at the browser's address: a page that passes another portal's challenge on would be logged "
                "in as you. If the portal has moved, change `portal` in the profile.",
            )
        return
    if yes:
        return
    click.echo(printable(f"The challenge is of the portal at {origin}."), err=True)
    try:
        meant = click.confirm("Is that the address in your browser?", err=True)
    except click.Abort as error:
        raise UsageError(
            "nobody was there to say whether that is the portal that you opened",
            hint='Name your portal in the profile, portal = "https://…", or give --yes.',
            cause=error,
        ) from error
    if not meant:
        raise DeniedError("nothing was signed", hint="Open the portal by its own address, and sign what it shows then.")


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
