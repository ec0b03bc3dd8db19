"""The channel's first block: made once by ``configtxgen``, and kept."""

import os
from pathlib import Path

from network.fabric.configtx import PROFILE
from network.fabric.run_program import run_program


def keep_or_make_genesis(path: Path, *, configtxgen: Path, channel: str, configtx: str, scratch: Path) -> bytes:
    """Return the first block that is stored at `path`; make and store it if there is none.

    Parameters
    ----------
    path : Path
        Where the block is kept.
    configtxgen : Path
        Fabric's program.
    channel : str
        The channel's name.
    configtx : str
        What the block is made from, as `network.fabric.configtx.configtx` writes it.
    scratch : Path
        A directory for it.

    Raises
    ------
    UnreachableError
        If the program refuses what it is given.
    """
    if not path.exists():
        (scratch / "configtx.yaml").write_text(configtx, encoding="utf-8")
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        run_program(
            configtxgen, "-profile", PROFILE, "-channelID", channel, "-configPath", scratch, "-outputBlock", temporary
        )
        temporary.replace(path)
    return path.read_bytes()
