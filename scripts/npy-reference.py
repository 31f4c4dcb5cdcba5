"""Files that numpy.save wrote, and binary16 numbers as NumPy rounds them, for the tests of src/io.

    python3 scripts/npy-reference.py > test/io/npy-reference.json
    npx biome format --write test/io/npy-reference.json
"""

import base64
import io
import json
import sys

import numpy as np

VALUES = {
    "bool": [True, False, True, True, False, False],
    "uint8": [0, 1, 2, 3, 254, 255],
    "int8": [-128, -1, 0, 1, 2, 127],
    "uint16": [0, 1, 2, 256, 65534, 65535],
    "int16": [-32768, -1, 0, 1, 258, 32767],
    "uint32": [0, 1, 2, 3, 65536, 4294967295],
    "int32": [-2147483648, -1, 0, 1, 2, 2147483647],
    "uint64": [0, 1, 2, 3, 4, 18446744073709551615],
    "int64": [-9223372036854775808, -1, 0, 1, 2, 9223372036854775807],
    "float16": [-1.5, 0.0, 0.1, 65504.0, 6e-8, 3.0],
    "float32": [-1.5, 0.0, 0.1, 1e30, 1e-40, 3.0],
    "float64": [-1.5, 0.0, 0.1, 1e300, 5e-324, 3.0],
}


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return base64.b64encode(file.getvalue()).decode()


def text(array):
    """64-bit integers do not fit JSON's numbers."""
    return [str(v) for v in array.flatten().tolist()]


def main():
    cases = []

    def add(name, array, canonical, version=None):
        kind = array.dtype.newbyteorder("=").name
        cases.append(
            {
                "name": name,
                "type": kind,
                "dims": list(array.shape),
                "values": text(array.astype(kind, order="C")),
                "canonical": canonical,
                "base64": saved(array, version),
            }
        )

    for kind, values in VALUES.items():
        add(kind, np.array(values, dtype=kind).reshape(2, 3), True)
    grid = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    add("three dimensions", grid, True)
    add("scalar", np.array(2.5, dtype="<f8"), True)
    add("one dimension", np.array([1, 2, 3], dtype="<i8"), True)
    add("empty", np.zeros((0, 4), dtype="<f4"), True)
    add("fortran order", np.asfortranarray(grid), False)
    add("fortran order, two bytes", np.asfortranarray(np.arange(6, dtype="<i2").reshape(3, 2)), False)
    add("big endian", np.array([[1, 256], [-2, 70000]], dtype=">i4"), False)
    add("big endian, float", np.array([0.1, -3.5e10], dtype=">f8"), False)
    add("version 2", grid, False, (2, 0))
    add("version 3", grid, False, (3, 0))

    refused = {
        "complex": saved(np.array([1 + 2j])),
        "text": saved(np.array(["abc"])),
        "record": saved(np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")])),
    }

    # Every tie between two neighbours, and both sides of it, over all finite magnitudes.
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    upper = np.append(halves[1:], 65536.0)
    ties = ((halves + upper) / 2).astype(np.float32)
    probes = np.concatenate([ties, np.nextafter(ties, np.float32(0)), np.nextafter(ties, np.float32(1e9))])
    with np.errstate(over="ignore"):
        rounded = probes.astype(np.float16).view(np.uint16)
    # Position-weighted sums stand for the 95,000 results; a few are given in full.
    weights = np.arange(1, len(rounded) + 1, dtype=np.int64)
    sample = np.array(
        [0.1, -2.5, 65519.996, 65520, 1e9, 2**-25, 2**-25 * 1.0001, 6.0e-5, -6.1e-5, 1 / 3, 1e-30],
        dtype=np.float32,
    )
    with np.errstate(over="ignore"):
        sample_bits = sample.astype(np.float16).view(np.uint16)
    json.dump(
        {
            "cases": cases,
            "refused": refused,
            "float16": {
                "values": sample.astype(np.float64).tolist(),
                "bits": sample_bits.tolist(),
                "tieSums": [
                    int(np.sum(part.astype(np.int64) * (weights[: len(part)] % 1009)))
                    for part in np.split(rounded, 3)
                ],
            },
        },
        sys.stdout,
        indent=2,
    )


main()
