"""A native network that runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from network.connection import Connection
from network.home import NetworkHome
from network.process_node import ProcessNode, stop_all

NOTICE = (
    "Fabric's own peers and orderers, all on this machine, with every organisation's keys unencrypted beside them: for "
    "development and tests only."
)


@dataclass(frozen=True, kw_only=True)
class NativeNetwork:
    """A network that this process started: `network.engine.RunningNetwork`."""

    home: NetworkHome
    connection: Connection
    nodes: Mapping[str, ProcessNode]

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""
        stop_all(self.nodes.values())
        self.home.connection.unlink(missing_ok=True)

    def release(self) -> None:
        """Let it outlive this process."""
        for node in self.nodes.values():
            node.release()
