from __future__ import annotations

from pathlib import Path

import gateway.service.protos
from gateway.service.protos.generate import generate, sources


def test_what_is_committed_is_what_the_compiler_makes(tmp_path: Path) -> None:
    generate(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*_pb2.py*")}
    here = Path(gateway.service.protos.__file__).parent
    committed = {path.relative_to(here): path.read_bytes() for path in here.rglob("*_pb2.py*") if path.suffix != ".pyc"}
    assert len(made) == 2 * len(sources())
    assert made == committed
