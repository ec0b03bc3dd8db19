import json
import resource
import subprocess
import sys

import click
import pytest

from quorate.cli.lazy import LazyGroup
from quorate.cli.mounts import MOUNTS, Mount

HEAVY = {"numpy", "torch", "grpc", "pydantic", "rich", "cryptography", "gateway", "participants", "network"}


@pytest.mark.parametrize("mount", [mount for mount in MOUNTS if mount.is_present()], ids=lambda mount: mount.name)
def test_every_listed_command_loads_and_explains_itself(mount):
    # In a process of its own: some of them import torch, which tests that do not need it must not.
    program = f"from quorate.cli import main; raise SystemExit(main([{mount.name!r}, '--help']))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=280)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("Usage: quorate ")


def test_names_are_used_once():
    names = [mount.name for mount in MOUNTS]
    assert len(set(names)) == len(names)


def test_a_command_that_this_version_lacks_is_not_listed():
    absent = Mount(name="absent", module="network.nothing_here", attribute="x", extra=None, help="")
    group = LazyGroup("quorate", mounts=[absent], help="", params=[])
    context = click.Context(group)
    assert group.list_commands(context) == []
    assert group.get_command(context, "absent") is None


def test_presence_is_found_without_importing_anything():
    program = (
        "import json, sys\n"
        "from quorate.cli.mounts import MOUNTS\n"
        "present = [mount.name for mount in MOUNTS if mount.is_present()]\n"
        "print(json.dumps([present, sorted(sys.modules)]))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    present, modules = json.loads(found.stdout)
    assert "network" in present
    assert not HEAVY & {name.partition(".")[0] for name in modules}


def test_help_imports_nothing_heavy_and_answers_at_once():
    program = (
        "import sys\nfrom quorate.cli import main\nmain(['--help'])\nprint(*sorted(sys.modules), file=sys.stderr)\n"
    )
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert not HEAVY & {name.partition(".")[0] for name in found.stderr.split()}
    assert min(seconds) < 0.2
