"""How long calls of bundles take on a GPU, by Stepfold's reader for Python and onnxruntime's CUDA provider.

    PYTHONPATH=readers/python/src python bench/cuda.py SOURCE BUNDLE... [--size batch=2]... [--loops 3] [--json FILE]

Loops of the source and of each bundle in turn, the first of each thrown away; of every kind of call the median, and of
loops the least, beside that of the source. Inputs are NumPy arrays of random numbers; states stay on the GPU.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime
import stepfold

CUDA = "CUDAExecutionProvider"
# what is searched for a convolution would be most of the first loop
OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("source")
    add("bundles", nargs="*")
    add("--size", action="append", default=[], help="NAME=N, of a symbol")
    add("--loops", type=int, default=3)
    add("--json", type=Path)
    return parser.parse_args()


def feeds_for(ports, sizes):
    random = np.random.default_rng(0)
    feeds = {}
    for port in ports:
        shape = [size if isinstance(size, int) else sizes[size] for size in port.shape]
        dtype = TYPES[port.type]
        if np.issubdtype(dtype, np.integer):
            feeds[port.name] = np.full(shape, 500, dtype)
        else:
            feeds[port.name] = np.asarray(random.standard_normal(shape), dtype)
    return feeds


def loop_of(session, feeds, steps):
    """Milliseconds of each call, and the program that it ran."""
    calls = []
    for _ in range(steps):
        program = getattr(session, "program", "full")
        start = time.perf_counter()
        session.run(None, feeds)
        calls.append((program, 1000 * (time.perf_counter() - start)))
    return calls


def summary(loops):
    kinds = {}
    for loop in loops:
        for program, spent in loop:
            kinds.setdefault(program, []).append(spent)
    medians = {program: statistics.median(spent) for program, spent in kinds.items()}
    counts = {program: len(spent) // len(loops) for program, spent in kinds.items()}
    return {"calls": counts, "ms": medians, "loop": min(sum(spent for _, spent in loop) for loop in loops)}


def main(given):
    sizes = {name: int(size) for name, size in (one.split("=") for one in given.size)}
    providers = [(CUDA, OPTIONS)]
    source = onnxruntime.InferenceSession(given.source, providers=providers)
    assert source.get_providers()[0] == CUDA, "onnxruntime has no CUDA here"
    feeds = feeds_for(source.get_inputs(), sizes)
    results = {"source": given.source, "sizes": sizes, "onnxruntime": onnxruntime.__version__, "bundles": []}
    for folder in given.bundles:
        try:
            session = stepfold.open(folder, providers=providers, verify_hashes=False)
            mine, theirs = [], []
            for _ in range(given.loops + 1):
                theirs.append(loop_of(source, feeds, session.steps))
                session.reset()
                mine.append(loop_of(session, feeds, session.steps))
            row = {"folder": folder, "steps": session.steps, "source": summary(theirs[1:]), "bundle": summary(mine[1:])}
            row["speedup"] = row["source"]["loop"] / row["bundle"]["loop"]
            session.close()
        except Exception as error:  # of one bundle: the others are measured
            row = {"folder": folder, "failed": str(error)[:2000]}
        print(json.dumps(row), flush=True)
        results["bundles"].append(row)
        if given.json:
            given.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main(arguments())
