"""What can be wrong with a tensor file, as a closed list."""

from __future__ import annotations

from enum import StrEnum

from quorate.errors import UsageError


class Fault(StrEnum):
    """The first thing found wrong with a file; the same for everybody who reads the same bytes."""

    HEADER = "header"
    KIND = "kind"
    DTYPE = "dtype"
    STUDY = "study"
    ROUND = "round"
    MEMBER = "member"
    DATASET = "dataset"
    BASE = "base"
    NAMES = "names"
    SHAPES = "shapes"
    SIZE = "size"


class TensorFileError(UsageError):
    """A file is not the canonical tensor file that was expected.

    Parameters
    ----------
    fault
        The first thing found wrong.
    message
        A sentence with what was found and what was expected.
    """

    meaning = "The file is not the canonical safetensors file that the study's terms ask for."
    advice = "Nobody can use this file; its writer's software is broken or the file is damaged."

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault

    def __reduce__(self) -> tuple[type[TensorFileError], tuple[Fault, str]]:
        return type(self), (self.fault, self.message)
