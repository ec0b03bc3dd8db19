import tracemalloc

import numpy as np

from quorate.aggregation import UpdateTerms, aggregate, possession, validate_update
from quorate.aggregation.aggregate import STEP
from quorate.tensors import DEFAULT_CHUNK, Header, Reader, Schema, TensorSpec, Writer

MEMBERS = 5
BOUND = 1 << 20


def write_streaming(path, schema, header):
    """Write a large file out of one small random block, repeated."""
    block = np.random.default_rng(1).integers(-BOUND, BOUND, 1 << 18).astype(header.dtype.native)
    missing = schema.elements
    with path.open("wb") as file:
        writer = Writer(file, schema, header)
        while missing:
            writer.append(block[:missing])
            missing -= min(missing, block.size)
        return writer.finish()


def peak_of(folder, megabytes):
    """The most bytes held while validating, proving possession of and aggregating updates of this size."""
    schema = Schema((TensorSpec("w", (megabytes * 250_000,)),))
    initial = Header.initial_model("s")
    base = write_streaming(folder / "base", schema, initial)
    paths = []
    for place in range(MEMBERS):
        header = Header.update(study="s", round=1, msp=f"M{place}", dataset="d", base=base)
        paths.append((folder / f"update-{place}", header, write_streaming(folder / f"update-{place}", schema, header)))
    tracemalloc.start()
    try:
        for path, header, digest in paths:
            validate_update(path, terms=UpdateTerms(schema=schema, header=header, bound=BOUND), digest=digest)
        possession("M0", "s", 1, 1, [path for path, *_ in paths])
        updates = [(place, Reader(path, schema, header)) for place, (path, header, _) in enumerate(paths, 1)]
        with Reader(folder / "base", schema, initial) as model:
            aggregate(model, updates, folder / "out", bound=BOUND)
        for _, reader in updates:
            reader.close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_a_few_chunks_per_member_whatever_the_size(tmp_path):
    small, large = peak_of(tmp_path, 20), peak_of(tmp_path, 40)
    assert large < 1.1 * small
    assert large < max(3 * DEFAULT_CHUNK, (MEMBERS + 5) * STEP)
