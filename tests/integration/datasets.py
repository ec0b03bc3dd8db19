"""A data set for tests that only need something to write."""

from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.dataset import Register


def unprotected(name: str) -> Register:
    """Return the registration of a data set without a privacy account."""
    return make(
        Register,
        dataset=name,
        title="A data set",
        unit="record",
        adjacency="add-or-remove-one",
        purposes=["research"],
        protection="unprotected",
        fingerprint=digest_of(name.encode()),
    )
