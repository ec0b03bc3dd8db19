"""The command line of the ledger: one group per contract, all through the own organisation's gateway."""

from gateway.ledger.commands.consortium import consortium
from gateway.ledger.commands.dataset import dataset
from gateway.ledger.commands.model import model
from gateway.ledger.commands.policy import policy
from gateway.ledger.commands.round import round
from gateway.ledger.commands.study import study

__all__ = ["consortium", "dataset", "model", "policy", "round", "study"]
