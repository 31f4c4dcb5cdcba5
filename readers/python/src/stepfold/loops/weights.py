"""The weights of a forecast, as docs/schedule.md has them: written from its table, with another elimination than Stepfold's own."""

from __future__ import annotations

from math import factorial
from typing import Sequence

Numbers = Sequence[float]


def weights(basis: str, order: int, positions: Numbers, at: float, length: float) -> list[float]:
    """One for each of the order + 1 last values; 0 where there are fewer.

    positions: of the values, the last first; at: the position that is forecast; length: steps that are taken.
    """
    known = positions[: order + 1]
    found = {"lagrange": lagrange, "hermite": hermite, "chebyshev": chebyshev}[basis](known, at, length)
    return found + [0.0] * (order + 1 - len(known))


def lagrange(positions: Numbers, at: float, _: float) -> list[float]:
    found = []
    for own in positions:
        weight = 1.0
        for other in positions:
            if other != own:
                weight *= (at - other) / (own - other)
        found.append(weight)
    return found


def hermite(positions: Numbers, at: float, _: float) -> list[float]:
    """Divided differences d_o without their factorials, on Hermite polynomials: sum of d_o / o! 0.5^o H_o(0.5 k)."""
    found = []
    for own in range(len(positions)):
        column = [1.0 if i == own else 0.0 for i in range(len(positions))]
        total = 0.0
        for o in range(len(positions)):
            total += column[0] / factorial(o) * 0.5**o * polynomial(o, 0.5 * (at - positions[0]))
            column = [
                (column[i] - column[i + 1]) / (positions[i] - positions[i + 1]) for i in range(len(column) - 1)
            ]
        found.append(total)
    return found


def polynomial(n: int, x: float) -> float:
    if n == 0:
        return 1.0
    return 2 * x if n == 1 else 2 * x * polynomial(n - 1, x) - 2 * (n - 1) * polynomial(n - 2, x)


DEGREE, RIDGE = 4, 0.1


def chebyshev(positions: Numbers, at: float, length: float) -> list[float]:
    """row(at) . (X'X + 0.1 I)^-1 X', by Cholesky."""
    rows = [features(position, length) for position in positions]
    size = DEGREE + 1
    matrix = [
        [sum(row[i] * row[j] for row in rows) + (RIDGE if i == j else 0.0) for j in range(size)] for i in range(size)
    ]
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = rest**0.5 if i == j else rest / lower[j][j]
    target = features(at, length)
    forward: list[float] = []
    for i in range(size):
        forward.append((target[i] - sum(lower[i][k] * forward[k] for k in range(i))) / lower[i][i])
    solved = [0.0] * size
    for i in reversed(range(size)):
        solved[i] = (forward[i] - sum(lower[k][i] * solved[k] for k in range(i + 1, size))) / lower[i][i]
    return [sum(a * b for a, b in zip(row, solved)) for row in rows]


def features(position: float, length: float) -> list[float]:
    tau = 2 * position / length - 1
    values = [1.0, tau]
    while len(values) <= DEGREE:
        values.append(2 * tau * values[-1] - values[-2])
    return values
