"""A plan document: files, entry point, parameters and dependency lock in one content-addressed artefact."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from participants.plans.errors import PlanDocumentError
from quorate import canonical
from quorate.digest import Digest, digest_of
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quorate.canonical import JSON

SCHEMA: Final = "quorate.plan/1"
DOCUMENT_LIMIT: Final = 1 << 20
MANIFEST: Final = "plan.toml"
MAX_FILES: Final = 64
MAX_REQUIRES: Final = 256

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE = re.compile(r"(?:[a-z_][a-z0-9_]{0,63}/){0,3}[a-z_][a-z0-9_]{0,63}\.py")
_ENTRY = re.compile(r"([a-z_][a-z0-9_]{0,63}(?:\.[a-z_][a-z0-9_]{0,63}){0,3}):([A-Za-z_][A-Za-z0-9_]{0,63})")
_FIELDS: Final = frozenset({"schema", "name", "entry_point", "files", "parameters", "requires"})


@dataclass(frozen=True, kw_only=True)
class PlanDocument:
    """A checked plan document.

    Attributes
    ----------
    name
        What people call the plan.
    entry_point
        ``module:Class``, both within `files`.
    files
        Python source by path.
    parameters
        What the class is created with: JSON without floating point.
    requires
        The dependency lock: lines ``name==version`` that must be installed, optionally with `` --hash=…``.
    """

    name: str
    entry_point: str
    files: Mapping[str, str]
    parameters: Mapping[str, JSON]
    requires: tuple[str, ...]

    def __post_init__(self) -> None:
        _require(_NAME.fullmatch(self.name), "name", "letters, digits and . _ - in lower case, at most 64")
        entry = _ENTRY.fullmatch(self.entry_point)
        _require(entry, "entry_point", "module:Class")
        _require(0 < len(self.files) <= MAX_FILES, "files", f"between 1 and {MAX_FILES} files")
        for path in self.files:
            _require(_FILE.fullmatch(path), "files", "paths such as model.py or layers/norm.py in lower case")
        if entry is not None:
            _require(f"{entry[1].replace('.', '/')}.py" in self.files, "entry_point", "a module among the files")
        _require(len(self.requires) <= MAX_REQUIRES, "requires", f"at most {MAX_REQUIRES} lines")

    @property
    def module(self) -> str:
        """The entry point's module."""
        return self.entry_point.partition(":")[0]

    @property
    def class_name(self) -> str:
        """The entry point's class."""
        return self.entry_point.partition(":")[2]

    def encode(self) -> bytes:
        """Return the document's canonical bytes.

        Raises
        ------
        PlanDocumentError
            When they are more than `DOCUMENT_LIMIT`.
        """
        document = {
            "schema": SCHEMA,
            "name": self.name,
            "entry_point": self.entry_point,
            "files": dict(self.files),
            "parameters": dict(self.parameters),
            "requires": list(self.requires),
        }
        try:
            data = canonical.dumps(document)
        except UsageError as error:
            hint = "Write decimals as strings." if "float" in error.message else ""
            raise PlanDocumentError(f"the plan has no canonical form: {error.message}", hint=hint) from error
        if len(data) > DOCUMENT_LIMIT:
            raise PlanDocumentError(f"the plan has {len(data)} bytes, more than the {DOCUMENT_LIMIT} allowed")
        return data

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical bytes: what members vote on and operators approve."""
        return digest_of(self.encode())


def parse_document(data: bytes) -> PlanDocument:
    """Return the checked document in canonical bytes.

    Raises
    ------
    PlanDocumentError
        When the bytes are too many, not canonical JSON, or a field is missing, unknown or of the wrong form.
    """
    try:
        value = canonical.require_canonical(data, limit=DOCUMENT_LIMIT)
    except UsageError as error:
        raise PlanDocumentError(error.message) from error
    if not isinstance(value, dict) or set(value) != _FIELDS:
        raise PlanDocumentError(f"a plan has exactly the fields {', '.join(sorted(_FIELDS))}")
    _require(value["schema"] == SCHEMA, "schema", SCHEMA)
    return _from_fields(value)


def read_directory(directory: Path) -> PlanDocument:
    """Return the plan that an author keeps in a directory: ``plan.toml`` and Python files.

    Raises
    ------
    PlanDocumentError
        When the manifest or a file cannot be read or has not the required form.
    """
    try:
        manifest: dict[str, Any] = tomllib.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        paths = sorted(path for path in directory.rglob("*.py") if "__pycache__" not in path.parts)
        files = {path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    except OSError as error:
        raise PlanDocumentError(f"{error.filename} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanDocumentError(f"{directory / MANIFEST} or a file beside it is not valid: {error}") from error
    unknown = set(manifest) - {"name", "entry_point", "parameters", "requires"}
    if unknown:
        raise PlanDocumentError(f"{MANIFEST} has the unknown field {min(unknown)!r}")
    return _from_fields({"parameters": {}, "requires": []} | manifest | {"files": files})


def _from_fields(value: Mapping[str, Any]) -> PlanDocument:
    files, parameters, requires = value["files"], value["parameters"], value["requires"]
    _require(isinstance(value.get("name"), str), "name", "a string")
    _require(isinstance(value.get("entry_point"), str), "entry_point", "a string")
    _require(_is_map(files) and all(isinstance(text, str) for text in files.values()), "files", "source text by path")
    _require(_is_map(parameters), "parameters", "an object")
    _require(isinstance(requires, list) and all(isinstance(x, str) for x in requires), "requires", "a list of lines")
    document = PlanDocument(
        name=value["name"],
        entry_point=value["entry_point"],
        files=files,
        parameters=parameters,
        requires=tuple(requires),
    )
    document.encode()
    return document


def _is_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _require(condition: object, field: str, form: str) -> None:
    if not condition:
        raise PlanDocumentError(f"the plan's {field} must be {form}")
