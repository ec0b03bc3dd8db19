"""Generate the messages: ``python -m gateway.service.protos.generate``. Needs grpcio-tools, which only developers have.

Only messages are generated, no stubs: the services are few, and hand-written method tables can be typed.
"""

import sys
from pathlib import Path

from quorate.errors import DefectError

_HERE = Path(__file__).parent


def sources() -> list[str]:
    """Return every `.proto` file, relative to this folder, in a fixed order."""
    return sorted(path.relative_to(_HERE).as_posix() for path in _HERE.rglob("*.proto"))


def generate(out: Path) -> None:
    """Write ``*_pb2.py`` and ``*_pb2.pyi`` of every source under `out`, in the folders of the sources.

    Raises
    ------
    DefectError
        When the compiler refuses a source.
    """
    # A developer's tool, absent where this package is only used.
    from grpc_tools import protoc  # type: ignore[import-untyped]  # noqa: PLC0415

    arguments = ["protoc", f"-I{_HERE}", f"--python_out={out}", f"--pyi_out={out}", *sources()]
    if status := protoc.main(arguments):
        raise DefectError(f"protoc ended with status {status}")


if __name__ == "__main__":
    generate(_HERE)
    sys.stdout.write("\n".join(sources()) + "\n")
