"""proofs/: for every sealed round, that each included update is under its root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate import canonical, merkle

if TYPE_CHECKING:
    from quorate.records.round import Round


def proofs_document(record: Round) -> bytes:
    """Return the file of a sealed round, in canonical form."""
    leaves = [bytes.fromhex(update.leaf) for update in record.included]
    return canonical.dumps(
        {
            "leaves": [
                {
                    "dataset": update.dataset,
                    "index": index,
                    "leaf": update.leaf,
                    "msp": update.msp,
                    "proof": [step.hex() for step in merkle.inclusion_proof(leaves, index)],
                    "update": update.update,
                }
                for index, update in enumerate(record.included)
            ],
            "root": record.root,
            "round": record.round,
            "schema": "quorate.proofs/1",
            "size": len(leaves),
            "study": record.study,
        }
    )
