"""A contract that answers as it was told, and failures as `gateway.fabric` raises them."""

from __future__ import annotations

from dataclasses import dataclass, field

from grpc import StatusCode

from gateway.fabric.errors import CommitError, CommitStatusError, EndorseError, ErrorDetail, GatewayError, SubmitError
from quorate import canonical
from quorate.blocks.codes import TxValidationCode
from quorate.digest import digest_of

STAMP = {
    "tx": "0" * 64,
    "claimed_time": 1_700_000_000_000,
    "msp": "AlderMSP",
    "role": "agent",
    "certificate": digest_of(b"certificate"),
}
DECLINE = {
    "schema": "quorate.decline/1",
    "study": "heart",
    "round": 1,
    "msp": "AlderMSP",
    "dataset": "ward",
    "reason": "policy",
    "declined": STAMP,
}


def reservation(status: str, *, after: str = "2300000001") -> dict[str, canonical.JSON]:
    return {
        "schema": "quorate.reservation/1",
        "study": "heart",
        "round": 3,
        "msp": "AlderMSP",
        "dataset": "ward",
        "status": status,
        "charge": {"noise_multiplier": "4", "sample_rate": "1/4", "steps": 6},
        "delta": "1e-5",
        "epsilon_before_nano": "900000000",
        "epsilon_after_nano": after,
        "cap_nano": "2000000000",
        "reserved": STAMP,
    }


@dataclass
class ScriptedContract:
    """Stands in for `gateway.fabric.Contract`: gives or raises one answer per call, the last one for ever."""

    answers: list[object]
    calls: list[tuple[str, str, tuple[bytes | str, ...]]] = field(default_factory=list)

    async def evaluate(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        return self._answer("evaluate", transaction_name, arguments)

    async def submit(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        return self._answer("submit", transaction_name, arguments)

    def _answer(self, how: str, name: str, arguments: tuple[bytes | str, ...]) -> bytes:
        self.calls.append((how, name, arguments))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else canonical.dumps(answer)


def conflict(code: TxValidationCode = TxValidationCode.MVCC_READ_CONFLICT) -> CommitError:
    return CommitError(transaction_id="0" * 64, validation_code=code, block_number=7)


def refused(words: str) -> EndorseError:
    """Return the failure of a chaincode that answered `words`."""
    detail = ErrorDetail("peer:7051", "BirchMSP", f"chaincode response 500, {words}")
    return EndorseError(
        "failed to endorse transaction", transaction_id="0" * 64, status=StatusCode.ABORTED, details=[detail]
    )


def mismatched() -> EndorseError:
    detail = ErrorDetail("peer:7051", "BirchMSP", "ProposalResponsePayloads do not match")
    return EndorseError("failed to collect", transaction_id="0" * 64, status=StatusCode.ABORTED, details=[detail])


def under_way() -> CommitStatusError:
    """A transaction that the orderer took, and that is in no block."""
    return CommitStatusError("Deadline Exceeded", transaction_id="0" * 64, status=StatusCode.DEADLINE_EXCEEDED)


def not_taken() -> SubmitError:
    """A transaction of which no orderer has said that it took it."""
    return SubmitError("no orderers", transaction_id="0" * 64, status=StatusCode.UNAVAILABLE)


def unavailable() -> GatewayError:
    return GatewayError("the gateway is away", status=StatusCode.UNAVAILABLE)
