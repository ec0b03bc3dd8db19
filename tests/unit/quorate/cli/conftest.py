import sys
import textwrap

import pytest

from quorate.cli.mounts import Mount


@pytest.fixture
def mount(tmp_path, monkeypatch):
    """Make a module whose attribute `command` is the command under test, and return its mount."""
    made = []

    def make(source, *, extra=None):
        module = f"mounted_{tmp_path.name}_{len(made)}".replace("-", "_")
        made.append(module)
        package = tmp_path / module
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "commands.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(tmp_path)
        return Mount(name="try", module=f"{module}.commands", attribute="command", extra=extra, help="Try it.")

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]
