"""Reading a program's configuration, and telling where each of its values came from."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, SettingsError

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

C = TypeVar("C", bound=BaseSettings)

_MAX_BYTES: Final = 1024 * 1024
_DELIMITER: Final = "__"


def load_config(path: Path, model: type[C], *, prefix: str) -> C:
    """Return the effective configuration of a file and this process's environment.

    Parameters
    ----------
    path
        A TOML file. Relative paths in it are relative to it; those in the environment, to the working directory.
    model
        What it must hold; takes the file's content as arguments, and its environment before them.
    prefix
        What the model's names in the environment begin with.

    Raises
    ------
    UsageError
        When the file cannot be read, is not TOML, or a value is missing, unknown or malformed; names the place.
    """
    document = _located(_read(path), model, path.absolute().parent)
    try:
        return model(**document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UsageError(f"{path}: {place}: {first['msg']}", cause=error) from error
    except SettingsError as error:
        raise UsageError(f"the environment ({prefix}…): {error}", cause=error) from error


def explain(path: Path, model: type[BaseSettings], *, prefix: str) -> list[dict[str, object]]:
    """Return every effective value with its name and where it came from: ``environment``, ``file`` or ``default``."""
    config, document = load_config(path, model, prefix=prefix), _read(path)
    present = {name.lower() for name in os.environ}
    rows: list[dict[str, object]] = []
    for name, value in _leaves(config.model_dump(mode="json")):
        variable = prefix + _DELIMITER.join(name).upper()
        overridden = any(
            (prefix + _DELIMITER.join(name[:depth])).lower() in present for depth in range(1, len(name) + 1)
        )
        source = f"environment ({variable})" if overridden else "file" if _has(document, name) else "default"
        rows.append({"name": ".".join(name), "value": value, "source": source})
    return rows


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", cause=error) from error
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than {_MAX_BYTES} bytes")
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", cause=error) from error


def _located(value: Any, kind: Any, directory: Path) -> Any:  # noqa: ANN401 - whatever TOML holds, for any annotation
    """Return a value of the file with its relative paths made absolute, also in lists and in choices of tables."""
    if kind is Path:
        return str(directory / Path(value).expanduser()) if isinstance(value, str) else value
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _located_table(value, kind, directory)
    for part in get_args(kind):
        if isinstance(value, list):
            value = [_located(item, part, directory) for item in value]
        else:
            value = _located(value, part, directory)
    return value


def _located_table(value: Any, model: type[BaseModel], directory: Path) -> Any:  # noqa: ANN401 - the same
    fields = model.model_fields
    # Of several tables to choose from, the one that has these names is meant; a wrong name is refused later.
    if not isinstance(value, dict) or (not issubclass(model, BaseSettings) and not fields.keys() >= value.keys()):
        return value
    return {
        name: _located(item, fields[name].annotation, directory) if name in fields else item
        for name, item in value.items()
    }


def _leaves(value: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item, (*above, name))
        else:
            yield (*above, name), item


def _has(document: dict[str, Any], name: tuple[str, ...]) -> bool:
    found: object = document
    for part in name:
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True
