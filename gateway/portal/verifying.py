"""The commands that verify something on a page without believing the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.audit.trail import Trail
    from gateway.audit.trail.detail import TransactionDetail


def verifying(trail: Trail, found: TransactionDetail) -> tuple[str, ...]:
    """Return what exports the smallest evidence that holds a transaction, and what verifies it offline."""
    study = next((event.study for event in found.events if event.study), None)
    number = next((event.round for event in found.events if event.round), None)
    return commands(trail, study, number)


def commands(trail: Trail, study: str | None, number: int | None) -> tuple[str, ...]:
    """Return what exports a study, one of its rounds or the whole ledger, and what verifies that offline."""
    name, scope = "ledger.qeb", ""
    if study is not None:
        name, scope = f"{study}.qeb", f" --study {study}"
        if number is not None:
            name, scope = f"{study}-{number}.qeb", f"{scope} --rounds {number}-{number}"
    return (
        f"quorate audit export {name}{scope} --profile officer.toml",
        f"quorate audit verify {name} --genesis {trail.genesis or 'sha256:…'}",
    )
