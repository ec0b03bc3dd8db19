"""Record what real Fabric does: ``python -m tests.parity.record``, with Fabric's programs at hand."""

import sys
import tempfile
from pathlib import Path

from network.fabric.programs import FabricPrograms
from network.native import NativeDriver
from tests.parity import recordings, situations
from tests.parity.registry import SITUATIONS
from tests.parity.stage import build_chaincode, opened


def main() -> None:
    """Run every situation on a native network and keep what was seen."""
    situations.load()
    release = FabricPrograms.find().version()
    version = ".".join(release.split(".")[:2])
    with (
        tempfile.TemporaryDirectory(prefix="parity-") as folder,
        opened(NativeDriver(), Path(folder), build_chaincode(), fabric_version=version) as stage,
    ):
        observed = {name: stage.observe(name, run) for name, run in SITUATIONS.items()}
    sys.stdout.write(f"{recordings.save(version, release, observed)}: {len(observed)} situations on Fabric {release}\n")


if __name__ == "__main__":
    main()
