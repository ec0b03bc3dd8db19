"""What the steps are called for people."""

from __future__ import annotations

from typing import Final

from quorate.verify.report import Step

TITLES: Final = {
    Step.BOUNDS: "Contents",
    Step.GENESIS: "Genesis",
    Step.HEADERS: "Chain of headers",
    Step.WITNESSES: "Witnesses",
    Step.BLOCKS: "Blocks",
    Step.TRANSACTIONS: "Transactions",
    Step.VALIDITY: "Validity",
    Step.REPLAY: "Rules and budgets",
    Step.ARTIFACTS: "Models",
}
