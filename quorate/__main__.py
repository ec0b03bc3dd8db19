"""``python -m quorate``: the same command, and never importing from the directory it is run in."""

import sys
from pathlib import Path


def _forget_working_directory() -> None:
    # `-m` puts the working directory first on the path, where a folder named `network` would hide ours.
    installed_in = Path(__file__).resolve().parents[1]
    if not sys.flags.safe_path and sys.path and Path(sys.path[0]).resolve() != installed_in:
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_directory()

    from quorate.cli import main

    sys.exit(main())
