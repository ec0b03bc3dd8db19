"""Stands in for the embedded network's program: reads its configuration, opens its ports, says that it is ready."""

import hashlib
import json
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    options = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    config = json.loads(Path(options["--config"]).read_text(encoding="utf-8"))
    data = Path(options["--data"])
    data.mkdir(exist_ok=True)
    print("stand-in: serving", config["channel"], file=sys.stderr, flush=True)  # noqa: T201 - its log
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in (*config["organisations"], config["orderer"])]
    addresses = [f"127.0.0.1:{listening.getsockname()[1]}" for listening in sockets]
    line = {
        "schema": "quorate.embedded.ready/1",
        "channel": config["channel"],
        "genesis": "sha256:" + hashlib.sha256(str(data).encode()).hexdigest(),
        "height": 1,
        "peers": dict(zip([member["msp_id"] for member in config["organisations"]], addresses, strict=False)),
        "orderer": addresses[-1],
        "notice": "for development only",
    }
    print(json.dumps(line), flush=True)  # noqa: T201 - its ready line
    signal.pause()


if __name__ == "__main__":
    main()
