"""The Rényi orders at which charges are computed, and the unit they are counted in."""

from typing import Final

UNIT: Final = 1_000_000_000
"""Nano-units in one unit of RDP or of ε."""

ORDERS: Final = (*range(2, 65), 72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024)
"""Ascending. Accounts on the ledger depend on them: a change needs a new version of the account record."""
