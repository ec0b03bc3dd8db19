"""Ways of altering a bundle, and of making an altered one consistent with itself again."""

import shutil

from gateway.audit.pack import pack
from gateway.audit.staging import Staged, Staging, staging
from quorate import canonical
from quorate.verify.bundle import names
from quorate.verify.bundle.manifest import File, Manifest


def unpack(bundle, target):
    """Return a directory bundle as a path, copied from another directory bundle."""
    return shutil.copytree(bundle, target)


def reseal(directory, signer, **changes):
    """Sign a manifest of what is in the directory now: what a dishonest exporter would do."""
    data = (directory / names.MANIFEST).read_bytes()
    manifest = Manifest.parse(data, limit=1 << 27)
    for name in (names.MANIFEST, names.SIGNATURE):
        (directory / name).unlink()
    files = [File(name=found.name, size=found.size, digest=found.digest) for found in measure(directory)]
    data = manifest.model_copy(update={"files": files, **changes}).encode()
    (directory / names.MANIFEST).write_bytes(data)
    (directory / names.SIGNATURE).write_bytes(signer.sign(data))
    return directory


def measure(directory) -> list[Staged]:
    return Staging(directory, directory).measure()


def repack(directory, target):
    """Write a directory bundle as a container."""
    with staging(target) as staged:
        for found in measure(directory):
            staged.write(found.name, directory.joinpath(*found.name.split("/")).read_bytes())
        pack(staged, staged.measure(), target)
    return target


def flip(path, offset):
    """Flip one bit of one byte of a file."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << (offset % 8)
    path.write_bytes(data)


def rewrite(key, **changes):
    """Return an alteration of one record that a transaction writes."""

    def alter(writes):
        writes[key] = canonical.dumps({**canonical.loads(writes[key], limit=1 << 20), **changes})

    return alter
