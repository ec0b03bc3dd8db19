"""Rules of contract `model`: a final model may be withdrawn from use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.model import Model, Retire
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require
from quorate.verify.replay.studies import organisations

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call


def retire(call: Call) -> dict[str, Document]:
    """Return what `Retire` writes."""
    asked = call.asked(Retire)
    model = call.world.need(Model, keys.model(asked.model))
    require(call.msp in organisations(call.study(model.study)), f"{call.msp} is no participant of {model.study}")
    require(model.state == "FINAL", "a model was retired twice")
    changes = {"state": "RETIRED", "retired": call.stamp, "retired_reason": asked.reason}
    return {keys.model(asked.model): model.model_copy(update=changes)}
