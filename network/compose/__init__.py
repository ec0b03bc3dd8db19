"""Real Fabric as containers: compose files written from a topology, the docker client that runs them, and their nodes.

What a Fabric network needs whichever way its nodes run is in `network.fabric`; nothing here is for production.
"""

from network.compose.driver import ComposeDriver

__all__ = ["ComposeDriver"]
