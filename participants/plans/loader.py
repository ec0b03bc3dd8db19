"""Run a plan document's code from its approved bytes, and from nowhere else."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import linecache
import re
import sys
from typing import TYPE_CHECKING, Final

from participants.plans.document import PlanDocument, parse_document
from participants.plans.errors import PlanRefusedError, Refusal
from participants.plans.plan import Plan
from quorate.digest import digest_of, hex_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from participants.plans.approved import Approval

PACKAGE: Final = "quorate_plan_"
"""Prefix of the package that a plan's files become; the digest's first digits follow."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)(?: --hash=[a-z0-9]+:[0-9a-f]+)*")


def load_plan(data: bytes, *, approval: Approval) -> Plan:
    """Return a new plan of the class that an approved document names, created with its parameters.

    Files import each other relatively (``from .layers import Norm``). The modules of one digest are created once per
    process.

    Raises
    ------
    PlanNotApprovedError
        When the digest is not approved. No code has run then.
    PlanDocumentError
        When the bytes are no plan document.
    PlanRefusedError
        When a required version is not installed, the code fails, or the entry point is not a `Plan`.
    """
    digest = digest_of(data)
    approval.require(digest)
    document = parse_document(data)
    require_installed(document.requires)
    package = PACKAGE + hex_of(digest)
    found = _class(document, package)
    if not isinstance(found, type) or not issubclass(found, Plan):
        raise PlanRefusedError(Refusal.CODE, f"{document.entry_point} is not a subclass of participants.plans.Plan")
    try:
        plan = found(document.parameters)
        _ = plan.inputs
    except Exception as error:
        raise PlanRefusedError(Refusal.CODE, f"the plan cannot be created: {described(error)}") from error
    return plan


def require_installed(requires: Sequence[str]) -> None:
    """Return when every line of a dependency lock is installed in that very version.

    Raises
    ------
    PlanRefusedError
        When a line is malformed, or another version or none is installed.
    """
    for line in requires:
        match = _REQUIREMENT.fullmatch(line.strip())
        if match is None:
            raise PlanRefusedError(Refusal.REQUIREMENT, f"not a line name==version: {line[:80]!r}")
        name, version = match[1], match[2]
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise PlanRefusedError(Refusal.REQUIREMENT, f"{name} is not installed; the plan needs {version}") from error
        if installed.partition("+")[0] != version.partition("+")[0]:
            raise PlanRefusedError(Refusal.REQUIREMENT, f"{name} is {installed} here; the plan needs {version}")


def described(error: BaseException) -> str:
    """Return an error's type and the plan's line that raised it, without its message, which may quote records."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.startswith("plan:"):
            place = f" at {filename.partition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place


def _class(document: PlanDocument, package: str) -> object:
    if package not in sys.modules:
        sys.meta_path.append(_Finder(package, document))  # stays, for imports inside functions
    try:
        module = importlib.import_module(f"{package}.{document.module}")
    except Exception as error:
        _forget(package)
        raise PlanRefusedError(
            Refusal.CODE, f"the plan's code does not load: {described(error)}", cause=error
        ) from error
    return getattr(module, document.class_name, None)


def _forget(package: str) -> None:
    sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "package", None) != package]
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one document's files as modules of one package."""

    def __init__(self, package: str, document: PlanDocument) -> None:
        self.package = package
        self._sources = {path.removesuffix(".py").replace("/", "."): path for path in document.files}
        self._files = document.files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self.package and not fullname.startswith(f"{self.package}."):
            return None
        name = fullname[len(self.package) + 1 :]
        if name in self._sources:
            return importlib.machinery.ModuleSpec(fullname, self)
        if not name or any(other.startswith(f"{name}.") for other in self._sources):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def exec_module(self, module: ModuleType) -> None:
        path = self._sources.get(module.__name__[len(self.package) + 1 :])
        if path is None:
            return
        source = self._files[path]
        filename = f"plan:{self.package[len(PACKAGE) :][:12]}/{path}"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - approved by digest
