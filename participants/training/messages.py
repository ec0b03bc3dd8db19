"""The requests and answers between agent and trainer, to and from messages."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from safetensors.numpy import load, save

from participants.data.bindings import parse_binding
from participants.data.errors import BadValueError, DataError, DataNotFoundError, DataTooLargeError, WrongColumnsError
from participants.data.records import Unit
from participants.plans.errors import PlanDocumentError, PlanNotApprovedError, PlanRefusedError, Refusal
from participants.training.errors import AcceleratorMissingError, NotFiniteError, TrainingFailedError
from participants.training.hardware import Hardware
from participants.training.request import TrainingRequest
from participants.training.secrets import ReleaseContext
from participants.training.terms import PrivacyTerms
from participants.training.wire import Message
from quorate.digest import parse_digest
from quorate.errors import ERRORS, QuorateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

_OURS: Final[tuple[type[QuorateError], ...]] = (
    DataError,
    DataNotFoundError,
    WrongColumnsError,
    BadValueError,
    DataTooLargeError,
    PlanDocumentError,
    PlanNotApprovedError,
    TrainingFailedError,
    NotFiniteError,
    AcceleratorMissingError,
)
_BY_CODE: Final[dict[str, type[QuorateError]]] = dict(ERRORS) | {error.code: error for error in _OURS}


def train_message(request: TrainingRequest) -> Message:
    """Return the message that asks for a round."""
    context = request.context
    header: dict[str, Any] = {
        "do": "train",
        "data": request.data.model_dump(mode="json"),
        "privacy": None if request.privacy is None else request.privacy.to_json(),
        "unit": str(request.unit),
        "secret": request.secret.hex(),
        "context": {
            "study": context.study,
            "round": context.round,
            "base": context.base,
            "msp": context.msp,
            "dataset": context.dataset,
        },
        "hardware": asdict(request.hardware),
    }
    return Message(header=header, blobs=(request.plan, encode_weights(request.base)))


def train_request(message: Message) -> TrainingRequest:
    """Return the request in a message that asks for a round."""
    header: Any = message.header
    plan, base = message.blobs
    context = header["context"]
    return TrainingRequest(
        plan=plan,
        data=parse_binding(header["data"]),
        base=decode_weights(base),
        privacy=None if header["privacy"] is None else PrivacyTerms.parse(header["privacy"]),
        unit=Unit(header["unit"]),
        secret=bytes.fromhex(header["secret"]),
        context=ReleaseContext(**{**context, "base": parse_digest(context["base"])}),
        hardware=Hardware(**header["hardware"]),
    )


def encode_weights(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return weights as safetensors."""
    return save(dict(weights))


def decode_weights(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the weights in safetensors bytes, sorted by name: the library gives them in no order."""
    return dict(sorted(load(data).items()))


def error_message(error: QuorateError) -> Message:
    """Return the message that tells the agent of an error: its code and its sentences, never its cause."""
    refusal = error.refusal if isinstance(error, PlanRefusedError) else ""
    text = error.message.removeprefix(f"{refusal}: ") if refusal else error.message
    return Message(header={"error": {"code": error.code, "message": text, "hint": error.hint, "refusal": str(refusal)}})


def raised(message: Message) -> QuorateError | None:
    """Return the error that an answer tells of, if any."""
    error: Any = message.header.get("error")
    if error is None:
        return None
    if error["refusal"]:
        return PlanRefusedError(Refusal(error["refusal"]), error["message"], hint=error["hint"])
    return _BY_CODE.get(error["code"], TrainingFailedError)(error["message"], hint=error["hint"])
