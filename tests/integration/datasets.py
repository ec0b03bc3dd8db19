"""Data sets for tests that only need something to write."""

from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.dataset import Cap, Register


def unprotected(name: str) -> Register:
    """Return the registration of a data set without a privacy account."""
    return _registration(name, protection="unprotected")


def capped(name: str) -> Register:
    """Return the registration of a data set whose budget is ε 2 at δ 1e-5."""
    return _registration(name, protection="dp", cap=Cap(epsilon="2", delta="1e-5"))


def _registration(name: str, **more: object) -> Register:
    return make(
        Register,
        dataset=name,
        title="A data set",
        unit="record",
        adjacency="add-or-remove-one",
        purposes=["research"],
        fingerprint=digest_of(name.encode()),
        **more,
    )
