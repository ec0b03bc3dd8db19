"""docs/reference/gateway.md says who may call what, and which status each error has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

from gateway.artifacts.label import Kind
from gateway.audit.access import Desk
from gateway.audit.access.query import Own
from gateway.service.artifacts import MOST_ALIKE
from gateway.service.audit import AuditService
from gateway.service.callers import Roots
from gateway.service.config import LimitsSection, TimeoutsSection
from gateway.service.drain import Drain
from gateway.service.failover import PeerChannel
from gateway.service.limiter import Slots
from gateway.service.methods import Door
from gateway.service.reflection import ReflectionService
from gateway.service.relay.forward import DELIVER, GATEWAY, Relay
from gateway.service.relay.guard import Guard
from gateway.service.status import STATUS
from gateway.witness.members import Members
from gateway.witness.service import WitnessService
from gateway.witness.statement import Witness
from quorate.identifiers import MspId

if TYPE_CHECKING:
    import grpc

    from network.identity import OrganisationPaths
    from tests.unit.gateway.service.house import House

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "gateway.md").read_text(encoding="utf-8")


def methods(handler: grpc.GenericRpcHandler) -> set[str]:
    return {path.rpartition("/")[2] for path in handler._method_handlers}


def rows(heading: str) -> list[list[str]]:
    lines = PAGE.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return cells[2:]


def listed() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for service, names, who in rows("Who is calling"):
        for name in re.findall(r"`(\w+)`", names):
            found.setdefault(service.strip("`"), {})[name] = who
    return found


def test_every_method_is_listed(alder: House, identities: dict[str, OrganisationPaths]) -> None:
    door = Door(Roots(MspId("AlderMSP"), identities["alder"].tls_ca.cert.read_bytes()))
    served = {service: methods(handler) for service, handler in alder.services.items()}
    served["grpc.reflection.v1.ServerReflection"] = methods(ReflectionService([], Drain()).handlers(door))
    own = Own(msp=MspId("AlderMSP"), channel="quorate", names=tuple)
    audit = AuditService(Mock(spec=Desk), own, slots=Mock(spec=Slots), drain=Drain())
    witness = WitnessService(Mock(spec=Witness), Mock(spec=Members), msp=MspId("AlderMSP"))
    served["quorate.v1.Witness"] = methods(witness.handlers(door))
    served["quorate.v1.Audit"] = methods(audit.handlers(door))
    gateway, deliver = Relay(Mock(spec=PeerChannel), Mock(spec=Guard), TimeoutsSection()).handlers()
    served |= {GATEWAY: methods(gateway), DELIVER: methods(deliver)}
    assert {service: set(names) for service, names in listed().items()} == served


def test_every_code_has_its_status() -> None:
    assert {code.strip("`"): status.strip("`") for code, status in rows("Errors")} == {
        code: status.name for code, status in STATUS.items()
    }


def test_every_kind_of_artefact_has_its_readers() -> None:
    kinds = [kind for cell, _ in rows("Who may read what") for kind in re.findall(r"`([a-z-]+)`", cell)]
    assert sorted(kinds) == sorted(Kind)
    assert MOST_ALIKE == 4
    assert "At most four artefacts carry one label" in PAGE


def test_every_limit_on_callers_is_listed_with_its_default_and_status() -> None:
    stores = {"plan_bytes", "model_bytes", "evaluation_bytes", "disk_reserve_bytes", "fetches_at_once"}
    table = {
        limit.strip("`").removeprefix("limits."): (default, beyond) for limit, default, _, beyond in rows("Limits")
    }
    assert {*table, "burst"} == set(LimitsSection.model_fields) - stores
    assert table.pop("functions") == ("every function of the contract", "`PERMISSION_DENIED`")
    assert table.pop("unlisted_callers") == ("`true`", "`PERMISSION_DENIED`")
    assert LimitsSection().unlisted_callers
    for name, (default, beyond) in table.items():
        assert json.loads(default.strip("`")) == getattr(LimitsSection(), name)
        assert beyond == f"`{STATUS['LIMIT_REACHED'].name}`"
