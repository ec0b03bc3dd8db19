"""Read a numpy archive into a table: one array of features, one of classes; pickled objects are refused."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from participants.data.csvfile import FILE_LIMIT
from participants.data.errors import BadValueError, DataNotFoundError, DataTooLargeError, WrongColumnsError
from participants.data.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_npz(path: Path, *, features: str, target: str) -> Table:
    """Return the table in an ``.npz`` file.

    The array `features` has one record per row; further dimensions are flattened in C order. Its columns are named
    ``x0``, ``x1``, …; the column of the array `target` keeps its name.

    Raises
    ------
    DataError
        When the file or an array is missing, too large, not numeric, or the arrays differ in length.
    """
    values, labels = _arrays(path, (features, target))
    if labels.ndim != 1 or values.ndim < 2 or len(values) != len(labels):  # noqa: PLR2004 - a row and its columns
        raise WrongColumnsError(
            f"{path.name}: {features!r} has shape {values.shape} and {target!r} {labels.shape}",
            hint="Both need one entry per record: shapes (n, …) and (n,).",
        )
    if values.dtype.kind not in "fiub" or labels.dtype.kind not in "fiubU":
        raise BadValueError(f"{path.name}: the arrays hold neither numbers nor class names")
    flat = values.reshape(len(values), -1).astype(np.float64)
    column: Any = labels if labels.dtype.kind == "U" else labels.astype(np.float64)
    names = tuple(f"x{i}" for i in range(flat.shape[1]))
    return Table(names=(*names, target), columns=(*np.ascontiguousarray(flat.T), column))


def _arrays(path: Path, names: tuple[str, str]) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > FILE_LIMIT:
            raise DataTooLargeError(f"{path.name} unpacks to more than {FILE_LIMIT} bytes")
        with np.load(path, allow_pickle=False) as archive:
            return archive[names[0]], archive[names[1]]
    except KeyError as error:
        raise WrongColumnsError(f"{path.name} does not hold the arrays {names[0]!r} and {names[1]!r}") from error
    except OSError as error:
        raise DataNotFoundError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise BadValueError(f"{path.name} is not an archive of numeric arrays") from error
