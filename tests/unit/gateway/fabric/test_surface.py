"""The public names, and that the messages come without gRPC."""

from __future__ import annotations

import subprocess
import sys

import gateway.fabric
from gateway.fabric.backoff import pause
from quorate.blocks import codes, protos


def test_every_public_name_exists_and_is_listed_once() -> None:
    assert sorted(set(gateway.fabric.__all__)) == gateway.fabric.__all__
    assert all(hasattr(gateway.fabric, name) for name in gateway.fabric.__all__)


def test_validation_codes_are_those_of_fabric() -> None:
    assert {code.name: code.value for code in codes.TxValidationCode} == dict(protos.TxValidationCode.items())


def test_an_unnamed_validation_code_counts_as_another_reason() -> None:
    assert codes.TxValidationCode.of(99) is codes.TxValidationCode.INVALID_OTHER_REASON
    assert codes.TxValidationCode.of(11) is codes.TxValidationCode.MVCC_READ_CONFLICT


def test_messages_come_without_grpc() -> None:
    program = "import sys, quorate.blocks.protos; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_pauses_grow_to_a_second_and_are_spread() -> None:
    assert all(0.025 <= pause(0) <= 0.05 for _ in range(100))
    assert all(0.5 <= pause(attempt) <= 1.0 for attempt in (5, 10, 10_000))
    assert len({pause(20) for _ in range(100)}) > 50
