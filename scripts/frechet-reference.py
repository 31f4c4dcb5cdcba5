"""Reference values for the Frechet distance, by SciPy's matrix square root.

    python3 frechet-reference.py > ../test/bench/frechet.json
"""

import json

import numpy as np
from scipy.linalg import sqrtm

generator = np.random.RandomState(0)

def case(size, rank, shift):
    def moments():
        rows = generator.randn(rank, size) @ generator.randn(size, size) + shift * generator.randn(size)
        return rows.mean(0), np.cov(rows, rowvar=False)

    (m1, c1), (m2, c2) = moments(), moments()
    root = sqrtm(c1 @ c2)
    distance = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2) - 2 * np.trace(np.real(root))
    as_json = lambda m, c: {"mean": m.tolist(), "covariance": c.tolist()}
    return {"a": as_json(m1, c1), "b": as_json(m2, c2), "distance": float(distance)}

cases = [case(3, 50, 1), case(8, 100, 0), case(16, 400, 5)]
print(json.dumps({"scipy": __import__("scipy").__version__, "cases": cases}))
