"""``quorate network ca``: identities from a Fabric CA."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from network.connection import Connection
from network.home import NetworkHome
from network.identity import Role
from quorate.cli.output import Column, Format, format_option, print_document, print_rows
from quorate.errors import StorageError, UsageError

# As `network.identity.fabric_ca.records` has them, which is not imported for `--help`.
KINDS: Final = ("client", "peer", "admin", "orderer")
REASONS: Final = (
    "unspecified",
    "keycompromise",
    "affiliationchanged",
    "superseded",
    "cessationofoperation",
    "privilegewithdrawn",
)
_MAX_CRL_BYTES: Final = 2 * 1024 * 1024
_IDENTITY_COLUMNS: Final = (
    Column(key="id", title="Name"),
    Column(key="type", title="Kind"),
    Column(key="affiliation", title="Affiliation"),
    Column(key="role", title="Role"),
    Column(key="max_enrolments", title="Enrolments", justify="right"),
)


@click.group("ca", context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Enrol, register and revoke identities at a Fabric CA.

    The CA is the one that the file given with --ca describes. Keys are made here and stay here.
    """


def _operations() -> ModuleType:
    from network.identity.fabric_ca import operations  # noqa: PLC0415 - `--help` must not pay for HTTP and gRPC

    return operations


def _ca_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--ca",
        "profile",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        required=True,
        envvar="QUORATE_CA",
        help="The file that describes the CA; QUORATE_CA names it once for a session.",
    )(command)


def _secret_out_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--secret-file",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="New file for the secret, readable by its owner only.",
    )(command)


def _out_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for cert.pem and key.pem; it must not hold them yet.",
    )(command)


def _profile_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--profile",
        "signing",
        default="",
        help="The CA's signing profile, such as tls; without it, its default one.",
    )(command)


def _attributes(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = dict(value.partition("=")[::2] for value in values if "=" in value.lstrip("="))
    if len(found) != len(values):
        raise UsageError("Write each attribute once, as NAME=VALUE.")
    return found


@group.command()
@_ca_option
@format_option
def info(profile: Path, format_: Format) -> None:
    """Show what the CA says of itself."""
    print_document(_operations().info(profile), format_=format_)


@group.command()
@click.argument("name")
@_ca_option
@_secret_out_option
@click.option("--kind", type=click.Choice(KINDS), default="client", show_default=True, help="What it is (the node OU).")
@click.option("--role", type=click.Choice(Role, case_sensitive=False), help="Attribute quorate.role of a client.")
@click.option(
    "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", callback=_attributes, help="Further attribute."
)
@click.option("--affiliation", default="", help="Path of an affiliation that exists; without it, the registrar's own.")
@click.option(
    "--max-enrolments",
    type=int,
    default=1,
    show_default=True,
    help="How often the secret may be used; -1 for any number.",
)
def register(profile: Path, role: Role | None, **wanted: Any) -> None:  # noqa: ANN401 - click's options, checked below
    """Register an identity.

    Its secret is written to a file, to be handed to whoever enrols.
    """
    _operations().register(profile, wanted.pop("name"), role=role.value if role else None, **wanted)
    click.echo(f"Registered. Its secret is in {wanted['secret_file']}.", err=True)


@group.command()
@click.argument("name")
@_ca_option
@_secret_out_option
@click.option("--max-enrolments", type=int, help="How often the secret may be used in all; without it, as before.")
def secret(profile: Path, name: str, secret_file: Path, max_enrolments: int | None) -> None:
    """Give a registered identity a new secret.

    This also unlocks one that was locked after wrong secrets.
    """
    _operations().renew_secret(profile, name, secret_file=secret_file, max_enrolments=max_enrolments)
    click.echo(f"The new secret is in {secret_file}.", err=True)


@group.command()
@click.argument("name")
@_ca_option
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="File of the secret; others must not be able to read it.",
)
@_out_option
@click.option("--organisation", default="", help="Organisation (O) in the certificate's subject.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="Host name or address of a TLS server.")
@_profile_option
@format_option
def enrol(profile: Path, name: str, secret_file: Path, out: Path, format_: Format, **more: Any) -> None:  # noqa: ANN401 - click's options
    """Exchange a secret for a certificate.

    The key is made here; the CA never has it. With --host and --profile tls it is a TLS server's certificate.
    """
    found = _operations().enrol(profile, name, secret_file=secret_file, out=out, **more)
    print_document(found, format_=format_)


@group.command()
@click.argument("current", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_ca_option
@_out_option
@_profile_option
@format_option
def reenrol(profile: Path, current: Path, out: Path, signing: str, format_: Format) -> None:
    """Exchange the certificate in the folder CURRENT for a new one.

    The new one has a new key and the identity's present attributes. The old one stays valid until it expires or is
    revoked.
    """
    print_document(_operations().reenrol(profile, current, out=out, signing=signing), format_=format_)


@group.command()
@click.argument("name", required=False)
@_ca_option
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Revoke this one certificate instead of an identity.",
)
@click.option("--reason", type=click.Choice(REASONS), default="unspecified", show_default=True, help="Why.")
@click.option("--crl", type=click.Path(dir_okay=False, path_type=Path), help="Write the new revocation list here.")
@format_option
def revoke(
    profile: Path, *, name: str | None, certificate: Path | None, reason: str, crl: Path | None, format_: Format
) -> None:
    """Revoke an identity with all its certificates, or one certificate.

    Members go on accepting what is revoked until the channel's configuration has the revocation list.
    """
    if (name is None) == (certificate is None):
        raise UsageError("Name either an identity or, with --certificate, one certificate.")
    serials = _operations().revoke(profile, name=name or "", certificate=certificate, reason=reason, crl=crl)
    print_rows([{"serial": each} for each in serials], columns=[Column(key="serial", title="Revoked")], format_=format_)


@group.command()
@_ca_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File for the list (PEM).")
@format_option
def crl(profile: Path, out: Path, format_: Format) -> None:
    """Make a new list of what is revoked and has not expired."""
    print_document(_operations().crl(profile, out=out), format_=format_)


@group.command()
@click.argument("crl", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", required=True, help="Whose list it is, by name or MSP id.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("quorate-network"),
    show_default=True,
    help="Where the network keeps its keys, ledger and log.",
)
def publish(crl: Path, organisation: str, directory: Path) -> None:
    """Put a revocation list into the channel of a network on this machine.

    Every peer refuses what it names from then on. The organisation's own administrator signs; nobody else need to.
    """
    from network.fabric.publish import publish_crl  # noqa: PLC0415 - `--help` must not pay for gRPC

    connection = Connection.load(NetworkHome(directory.absolute()).connection)
    changed = asyncio.run(publish_crl(connection, organisation, _read(crl)))
    click.echo("The channel has the new list." if changed else "The channel has that list already.", err=True)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_CRL_BYTES)
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror}.", cause=error) from error


@group.command()
@click.argument("name", required=False)
@_ca_option
@format_option
def identities(profile: Path, name: str | None, format_: Format) -> None:
    """List the identities that the registrar may act on, or show one."""
    rows = [
        {
            "id": each.id,
            "type": each.type,
            "affiliation": each.affiliation,
            "role": each.attributes.get("quorate.role", ""),
            "max_enrolments": each.max_enrollments,
            "attributes": each.attributes,
        }
        for each in _operations().identities(profile, name)
    ]
    print_rows(rows, columns=_IDENTITY_COLUMNS, format_=format_)
