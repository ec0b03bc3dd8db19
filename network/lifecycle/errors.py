"""What can go wrong when several organisations deploy one chaincode.

::

    QuorateError
    └── DeploymentError    a step failed for some members: .step, .failures; its code is that of the first failure
"""

from collections.abc import Mapping
from types import MappingProxyType

from quorate.errors import QuorateError


class DeploymentError(QuorateError):
    """A step did not succeed everywhere. What succeeded is kept, and running it again does only the rest.

    Attributes
    ----------
    step
        Which one.
    failures
        What happened, by whoever is missing: a peer's address with its MSP id, or an MSP id.
    """

    def __init__(self, step: str, failures: Mapping[str, QuorateError], *, of: int) -> None:
        said = "; ".join(f"{who}: {error}" for who, error in failures.items())
        first = next(iter(failures.values()))
        super().__init__(
            f"{step}: {len(failures)} of {of} are missing: {said}",
            hint=f"{first.hint} Then run the same again: what is done is not done twice.",
            cause=first,
        )
        # The base declares these per class; here one class meets every kind of cause.
        vars(self).update(code=first.code, exit_code=first.exit_code, meaning=first.meaning)
        self.step = step
        self.failures = MappingProxyType(dict(failures))
