"""The trainer's side: isolate, then answer one request after the other until the agent is gone."""

from __future__ import annotations

import os
import random
import select
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from participants.plans.approved import ApprovedPlans
from participants.training import messages
from participants.training.errors import TrainingFailedError
from participants.training.hardware import Hardware
from participants.training.isolation import Isolation, isolate
from participants.training.wire import Deadline, Message, receive, send
from quorate.errors import QuorateError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quorate.canonical import JSON

_FOREVER: Final = Deadline(None)


def run(channel: socket.socket, *, plans: Path, parent: int, start: str) -> None:
    """Serve the agent at the other end of `channel` until it closes, in a process of our own."""
    achieved = isolate(keep=channel.fileno(), parent=parent, start=start)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # repeatable matrix products on GPUs
    _reseed()
    threading.Thread(target=_exit_on_hangup, args=(channel.fileno(),), daemon=True).start()
    serve(channel, ApprovedPlans(plans), achieved)


def serve(channel: socket.socket, plans: ApprovedPlans, isolation: Isolation) -> None:
    """Say what was isolated, then answer requests until the other side is gone."""
    import torch  # noqa: PLC0415 - a spawned trainer isolates itself before it imports

    torch.set_num_threads(1)
    send(channel, Message(header={"isolation": isolation.to_json()}), _FOREVER)
    while True:
        try:
            request = receive(channel, _FOREVER)
        except UnreachableError:
            return
        send(channel, _answer(request, plans), _FOREVER)


def _answer(request: Message, plans: ApprovedPlans) -> Message:
    handlers: dict[object, Callable[[Message, ApprovedPlans], Message]] = {
        "train": _train,
        "describe": _describe,
        "evaluate": _evaluate,
        "require": _require,
    }
    handler = handlers.get(request.header.get("do"))
    if handler is None:
        return messages.error_message(UsageError("the trainer does not know this request"))
    try:
        return handler(request, plans)
    except QuorateError as error:
        return messages.error_message(error)
    except MemoryError:
        return messages.error_message(TrainingFailedError("memory ran out"))
    except Exception as error:  # noqa: BLE001 - nothing of it but its type may leave this process
        return messages.error_message(TrainingFailedError(f"the trainer failed with {type(error).__name__}"))


def _train(request: Message, plans: ApprovedPlans) -> Message:
    from participants.training.round import train_round  # noqa: PLC0415 - see serve

    result = train_round(messages.train_request(request), approval=plans)
    return Message(header={}, blobs=(messages.encode_weights(result.weights),))


def _describe(request: Message, plans: ApprovedPlans) -> Message:
    from participants.training.describe import describe  # noqa: PLC0415 - see serve

    description = describe(request.blobs[0], approval=plans)
    tensors: list[JSON] = [{"name": name, "shape": list(shape)} for name, shape in description.tensors]
    return Message(header={"tensors": tensors}, blobs=(messages.encode_weights(description.weights),))


def _evaluate(request: Message, plans: ApprovedPlans) -> Message:
    from participants.training.evaluate import evaluate_document  # noqa: PLC0415 - see serve

    plan, weights, records = request.blobs
    found = evaluate_document(plan, messages.decode_weights(weights), records, approval=plans)
    return Message(header={"correct": found.correct, "records": found.records})


def _require(request: Message, plans: ApprovedPlans) -> Message:
    from participants.training.accelerator import require_accelerator  # noqa: PLC0415 - see serve

    del plans
    hardware: Any = request.header["hardware"]
    require_accelerator(Hardware(**hardware))
    return Message(header={})


def _reseed() -> None:
    random.seed()
    np.random.seed()  # noqa: NPY002 - the process's own generator, which a fork would share


def _exit_on_hangup(descriptor: int) -> None:
    """End the process as soon as the agent's end is closed, also in the middle of a round."""
    watch = select.poll()
    watch.register(descriptor, getattr(select, "POLLRDHUP", select.POLLHUP))
    watch.poll()
    os._exit(0)


def main() -> None:
    """Run as ``python -m participants.training.serve DESCRIPTOR PLANS PARENT``."""
    descriptor, plans, parent = sys.argv[1:]
    run(socket.socket(fileno=int(descriptor)), plans=Path(plans), parent=int(parent), start="spawn")


if __name__ == "__main__":
    main()
