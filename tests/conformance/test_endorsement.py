"""Naming the organisations that endorse, with a key in a file."""

from __future__ import annotations

from tests.conformance.endorsing import Endorsing


class TestEndorsementWithAKeyInAFile(Endorsing):
    """The connection of the other scenarios."""
