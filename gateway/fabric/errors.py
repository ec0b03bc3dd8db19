"""What can go wrong with a transaction, one class per step.

::

    QuorateError
    └── GatewayError                       a call to the gateway failed: .status, .details
        ├── TransactionError               ... in the life of one transaction: .transaction_id
        │   ├── EndorseError               peers did not endorse the proposal
        │   │   └── PreparedTransactionError   what came back is not what was proposed; nothing was signed
        │   ├── SubmitError                the orderer did not confirm that it took the transaction: .commit
        │   └── CommitStatusError          whether it committed could not be learned
        └── CommitError                    it is in a block and is not valid: .transaction_id, .validation_code

The classes follow the step, as in the official clients. The stable `code` and the exit code follow the cause: the
chaincode's own code where it gave one, otherwise the gRPC status.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from grpc import StatusCode

from gateway.fabric import refusal
from quorate import errors
from quorate.blocks.codes import TxValidationCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.fabric.commit import Commit

_CAUSES: Final[Mapping[StatusCode, type[errors.QuorateError]]] = MappingProxyType(
    {
        StatusCode.DEADLINE_EXCEEDED: errors.TimedOutError,
        StatusCode.PERMISSION_DENIED: errors.DeniedError,
        StatusCode.UNAUTHENTICATED: errors.DeniedError,
        StatusCode.INVALID_ARGUMENT: errors.UsageError,
        StatusCode.OUT_OF_RANGE: errors.UsageError,
        StatusCode.NOT_FOUND: errors.NotFoundError,
        StatusCode.ALREADY_EXISTS: errors.AlreadyExistsError,
        StatusCode.ABORTED: errors.StateError,
        StatusCode.FAILED_PRECONDITION: errors.StateError,
        StatusCode.UNIMPLEMENTED: errors.UnsupportedVersionError,
        StatusCode.DATA_LOSS: errors.IntegrityError,
    }
)
_ACCESS_DENIED: Final = "access denied: "  # what a peer says to a creator that its channel does not know
_CONFLICTS: Final = frozenset({TxValidationCode.MVCC_READ_CONFLICT, TxValidationCode.PHANTOM_READ_CONFLICT})


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What one peer or orderer had to say."""

    address: str
    msp_id: str
    message: str

    def __str__(self) -> str:
        return f"{self.address} ({self.msp_id}): {self.message}"


class GatewayError(errors.QuorateError):
    """A call to the gateway failed.

    Attributes
    ----------
    status
        The gRPC status code; `DEADLINE_EXCEEDED` too when this client gave up first.
    details
        What each peer or orderer said, as the gateway reports it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: StatusCode = StatusCode.UNKNOWN,
        details: Sequence[ErrorDetail] = (),
        hint: str = "",
        cause: BaseException | None = None,
    ) -> None:
        kind = _kind(message, status, details)
        super().__init__(message, hint=hint or _hint(kind, message, status, details), cause=cause)
        self.status = status
        self.details = tuple(details)
        self._adopt(kind)

    def _adopt(self, kind: type[errors.QuorateError]) -> None:
        # The base declares these per class; here one class per step meets every kind of cause.
        vars(self).update(code=kind.code, exit_code=kind.exit_code, meaning=kind.meaning)

    def __str__(self) -> str:
        return "; ".join([self.message, *map(str, self.details)])


class TransactionError(GatewayError):
    """A step in the life of one transaction failed."""

    def __init__(
        self,
        message: str,
        *,
        transaction_id: str,
        status: StatusCode = StatusCode.UNKNOWN,
        details: Sequence[ErrorDetail] = (),
        hint: str = "",
        cause: BaseException | None = None,
    ) -> None:
        super().__init__(message, status=status, details=details, hint=hint, cause=cause)
        self.transaction_id = transaction_id

    @classmethod
    def at(cls, error: GatewayError, transaction_id: str) -> Self:
        """Return the same failure as one of this step."""
        return cls(
            error.message,
            transaction_id=transaction_id,
            status=error.status,
            details=error.details,
            hint=error.hint,
            cause=error.__cause__,
        )


class EndorseError(TransactionError):
    """Peers did not endorse the proposal; nothing was sent for ordering."""


class PreparedTransactionError(EndorseError):
    """The gateway returned a transaction that is not the one proposed; it was not signed."""

    def __init__(self, message: str, *, transaction_id: str) -> None:
        super().__init__(
            f"the endorsed transaction was not signed: {message}",
            transaction_id=transaction_id,
            status=StatusCode.DATA_LOSS,
            hint="Do not trust this gateway: compare its answer with another organisation's, and tell its operator.",
        )


class SubmitError(TransactionError):
    """The orderer did not confirm that it took the transaction.

    It may have taken it all the same. `commit`, signed before the attempt, can say; never repeat the work with a new
    proposal before it has been asked.
    """

    commit: Commit | None = None


class CommitStatusError(TransactionError):
    """Whether the transaction committed could not be learned; it may have."""


class CommitError(GatewayError):
    """The transaction is in a block and is not valid: it changed nothing.

    Attributes
    ----------
    validation_code
        Why. `MVCC_READ_CONFLICT` and `PHANTOM_READ_CONFLICT` mean that what it read had changed: a new proposal may
        succeed.
    """

    def __init__(self, *, transaction_id: str, validation_code: TxValidationCode, block_number: int) -> None:
        conflict = validation_code in _CONFLICTS
        super().__init__(
            f"transaction {transaction_id} is in block {block_number} but not valid: "
            f"{validation_code.name} ({validation_code.value})",
            status=StatusCode.ABORTED if conflict else StatusCode.FAILED_PRECONDITION,
            hint="What it read had changed meanwhile: read again and propose anew." if conflict else "",
        )
        self.transaction_id = transaction_id
        self.validation_code = validation_code
        self.block_number = block_number
        self._adopt(errors.ConflictError if conflict else errors.StateError)


def _kind(message: str, status: StatusCode, details: Sequence[ErrorDetail]) -> type[errors.QuorateError]:
    refused = refusal.find(message, (detail.message for detail in details))
    if refused is not None and refused.code in errors.LEDGER_CODES:
        return errors.ERRORS[refused.code]
    if _is_stranger(message, details):
        return errors.DeniedError
    return _CAUSES.get(status, errors.UnreachableError)


def _hint(kind: type[errors.QuorateError], message: str, status: StatusCode, details: Sequence[ErrorDetail]) -> str:
    if _is_stranger(message, details):
        return "The peers do not know this certificate as one of this organisation: compare the two in your profile."
    if status is StatusCode.PERMISSION_DENIED and not details:
        return "The gateway or its peer refused, not a policy: compare your profile with the gateway's configuration."
    return kind.advice


def _is_stranger(message: str, details: Sequence[ErrorDetail]) -> bool:
    return any(_ACCESS_DENIED in said for said in (message, *(detail.message for detail in details)))
