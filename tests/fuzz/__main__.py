"""``python -m tests.fuzz TARGET [libFuzzer's options]``: fuzz a target with atheris from its seeds, until stopped."""

import sys
import tempfile
from pathlib import Path


def main():
    import atheris  # noqa: PLC0415 - only here

    with atheris.instrument_imports(include=["quorate"]):
        from tests.fuzz.targets import TARGETS, run  # noqa: PLC0415 - instrumented

    name, options = sys.argv[1], sys.argv[2:]
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(TARGETS[name][1]()):
        (corpus / f"seed{number}").write_bytes(seed)
    atheris.Setup(
        [sys.argv[0], "-rss_limit_mb=700", "-timeout=10", *options, str(corpus)], lambda data: run(name, data)
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
