"""Step 1: the bundle holds exactly what its manifest says, and the manifest is its exporter's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate import canonical
from quorate.blocks.certificate import load_certificate
from quorate.blocks.signature import verify_exact_signature
from quorate.errors import UsageError
from quorate.verify.bundle import names
from quorate.verify.bundle.manifest import MAX_MANIFEST, File, Manifest
from quorate.verify.errors import Fault
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from quorate.verify.bundle.reader import Bundle, Member

_STEP = Step.BOUNDS
_REQUIRED = (names.HEADERS, names.EVENTS, names.REPORT)


def verify_contents(bundle: Bundle, findings: Findings) -> Manifest:
    """Return the manifest of a bundle whose files are exactly the ones that it names."""
    with at(_STEP, names.MANIFEST):
        data = bundle.read(names.MANIFEST)
        manifest = Manifest.parse(data, limit=MAX_MANIFEST)
        if canonical.dumps(manifest.as_json()) != data:
            raise UsageError("the manifest is not in canonical form (RFC 8785)")
        _ = manifest.scope.extent
    with at(_STEP, names.SIGNATURE):
        certificate = load_certificate(manifest.exporter.certificate.encode())
        verify_exact_signature(certificate.public_key(), bundle.read(names.SIGNATURE), data)
    _verify_files(bundle, manifest, findings)
    total = sum(file.size for file in manifest.files)
    findings.verified(
        _STEP,
        f"{count(len(manifest.files), 'file')} of {total} bytes in all, exactly as the signed manifest lists them",
    )
    return manifest


def _verify_files(bundle: Bundle, manifest: Manifest, findings: Findings) -> None:
    found = [name for name in bundle.members if name not in {names.MANIFEST, names.SIGNATURE}]
    listed = [file.name for file in manifest.files]
    if len(set(listed)) != len(listed):
        raise Fault(_STEP, names.MANIFEST, "the manifest lists a file twice")
    for name in sorted(set(found) ^ set(listed)):
        told = (
            "the manifest lists it and the bundle lacks it" if name in set(listed) else "the manifest does not list it"
        )
        findings.failed(Fault(_STEP, name, told))
    if [name for name in found if name in set(listed)] != [name for name in listed if name in set(found)]:
        message = "the manifest lists the files in another order than they have"
        findings.failed(Fault(_STEP, names.MANIFEST, message))
    for file in manifest.files:
        if file.name in bundle:
            _verify_file(file, bundle.members[file.name], findings)
    for name in _REQUIRED:
        if name not in bundle:
            raise Fault(_STEP, name, "every bundle has this file, and this one lacks it")


def _verify_file(file: File, member: Member, findings: Findings) -> None:
    if (member.size, member.digest) != (file.size, file.digest):
        message = (
            f"the file has {member.size} bytes and digest {member.digest}, "
            f"the manifest lists {file.size} bytes and {file.digest}"
        )
        findings.failed(Fault(_STEP, file.name, message))
    if file.name.startswith("artifacts/") and not member.digest.endswith(file.name.removeprefix("artifacts/")):
        findings.failed(Fault(_STEP, file.name, f"the artefact's name is not its digest, {member.digest}"))
