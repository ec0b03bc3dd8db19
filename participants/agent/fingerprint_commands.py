"""``quorate agent fingerprint`` and ``fingerprint-key``: what a data set is registered under, and the key behind it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import click

from gateway.fabric.secret_file import read_private_pem, write_new_secret
from gateway.service.config_file import load_config
from participants.agent.config import PREFIX, AgentConfig
from participants.data.bindings import read_table
from participants.data.fingerprint import KEY_SIZE
from participants.data.fingerprint import fingerprint as fingerprint_of
from quorate.cli.output import Format, format_option, print_document
from quorate.digest import digest_of
from quorate.errors import NotFoundError

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command("fingerprint-key")
@click.argument("file", type=_FILE)
@format_option
def fingerprint_key(file: Path, format_: Format) -> None:
    """Make your organisation's key for fingerprints in FILE, and print its digest, which the charter names."""
    key = secrets.token_bytes(KEY_SIZE)
    write_new_secret(
        file, key, hint="One key serves the organisation: with another, fingerprints of the same data would differ."
    )
    print_document(
        {"schema": "quorate.fingerprint_key/1", "file": str(file), "digest": digest_of(key)}, format_=format_
    )


@click.command()
@click.argument("dataset")
@click.option(
    "--config",
    type=_FILE,
    required=True,
    envvar="QUORATE_AGENT_CONFIG",
    help="The agent's configuration, agent.toml, which says where the data set's records are.",
)
@click.option("--key", type=_FILE, required=True, help="The organisation's key for fingerprints (mode 0600).")
@format_option
def fingerprint(dataset: str, config: Path, key: Path, format_: Format) -> None:
    """Print the fingerprint of DATASET, to be registered. It reveals nothing of the records without the key."""
    bindings = {str(each.id): each.binding for each in load_config(config, AgentConfig, prefix=PREFIX).datasets}
    if dataset not in bindings:
        raise NotFoundError(f"{config} has no data set {dataset!r}", hint=f"It has {', '.join(sorted(bindings))}.")
    print_document(
        {
            "schema": "quorate.fingerprint/1",
            "dataset": dataset,
            "fingerprint": fingerprint_of(read_table(bindings[dataset]), key=read_private_pem(key)),
        },
        format_=format_,
    )
