"""The ``quorate`` command: its root, how it prints, its exit codes.

Other rooms' commands are mounted by name and loaded when called; nothing here imports them.
"""

from quorate.cli.root import main

__all__ = ["main"]
