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


NEEDED = {"gateway", "quorate", "grpc", "google", "cryptography", "fabric_protos"}
"""What importing the client may bring beside Python itself."""

IMPORT = """
import sys
before = set(sys.modules)
import gateway.fabric, gateway.fabric.sync
for name in sorted(set(sys.modules) - before):
    print(name)
"""


def test_the_client_needs_nothing_of_the_rest() -> None:
    found = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True).stdout.split()
    tops = {name.partition(".")[0] for name in found if not name.startswith("_")} - set(sys.stdlib_module_names)
    # gRPC itself brings these where they are.
    assert tops - {"typing_extensions", "grpc_tools", "cython_runtime"} == NEEDED
    ours = {
        name for name in found if name.split(".")[0] in {"gateway", "quorate"} and not name.startswith("gateway.fabric")
    }
    assert ours == {
        "gateway",
        "quorate",
        "quorate.blocks",
        "quorate.blocks.codes",
        "quorate.blocks.protos",
        "quorate.errors",
    }


def test_the_client_imports_no_hardware_before_it_is_asked_for() -> None:
    program = "import sys, gateway.fabric; sys.exit('pkcs11' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
