"""The native engine: Fabric's own orderers and peers as processes on this machine.

What does not depend on how nodes run is in `network.fabric`.
"""

from network.native.driver import NativeDriver

__all__ = ["NativeDriver"]
