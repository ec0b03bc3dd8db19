"""Small tensor files that the tests of this folder and of the aggregation share."""

import numpy as np

from quorate.digest import digest_of
from quorate.tensors import Header, Schema, TensorSpec

SCHEMA = Schema((TensorSpec("layer.weight", (3, 5)), TensorSpec("layer.bias", (5,)), TensorSpec("a", ())))
BASE = digest_of(b"base")
UPDATE = Header.update(study="s-1", round=2, msp="AlderMSP", dataset="wards", base=BASE)
MODEL = Header.model(study="s-1", round=2, base=BASE)
INITIAL = Header.initial_model("s-1")


def arrays(schema, header, values):
    """Shape flat values into the schema's tensors."""
    flat = np.array(values, header.dtype.native)
    ends = np.cumsum([tensor.elements for tensor in schema.tensors])
    pieces = np.split(flat, ends[:-1])
    return {tensor.name: piece.reshape(tensor.shape) for tensor, piece in zip(schema.tensors, pieces, strict=True)}


def counting(schema, header):
    """Arrays that hold 0, 1, 2, … in file order."""
    return arrays(schema, header, range(schema.elements))
