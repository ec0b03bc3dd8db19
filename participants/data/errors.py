"""What can be wrong with an institution's data; no message ever quotes a value of a record.

::

    UsageError
    └── DataError                 DATA_INVALID
        ├── DataNotFoundError     DATA_NOT_FOUND
        ├── WrongColumnsError     DATA_WRONG_COLUMNS
        ├── BadValueError         DATA_BAD_VALUE
        └── DataTooLargeError     DATA_TOO_LARGE
"""

from __future__ import annotations

from quorate.errors import UsageError


class DataError(UsageError):
    """The data do not have the form that their binding or the plan asks for."""

    code = "DATA_INVALID"
    meaning = "The data do not have the form that their binding or the plan asks for."
    advice = "Correct the data or the binding; nothing was trained."


class DataNotFoundError(DataError):
    """A file or directory of the binding is not there, or cannot be read."""

    code = "DATA_NOT_FOUND"
    meaning = "The file or directory of the data cannot be read."
    advice = "Check its path, on the command line or in the binding, and its permissions."


class WrongColumnsError(DataError):
    """A column is missing, doubled, or a row has another number of cells."""

    code = "DATA_WRONG_COLUMNS"
    meaning = "The columns are not the ones that are needed."
    advice = "Compare the header with the plan's columns."


class BadValueError(DataError):
    """A cell holds text, nothing, infinity or an unknown class where a number or a class is needed."""

    code = "DATA_BAD_VALUE"
    meaning = "A cell does not hold what its column promises."
    advice = "Correct the cell at its source, or choose a plan that allows missing values."


class DataTooLargeError(DataError):
    """The data exceed the bound on what is read into memory."""

    code = "DATA_TOO_LARGE"
    meaning = "The data are larger than what is read into memory."
    advice = "Divide the data set, and register each part."
