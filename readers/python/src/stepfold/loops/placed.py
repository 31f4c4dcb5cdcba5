"""Choices that were found for the steps of one loop, in another: "Placing" in docs/schedule.md."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Mapping, Sequence


def placed(when: Mapping[str, Any], steps: int, start: int, timesteps: Sequence[float] | None) -> list[int]:
    if when.get("apart"):
        full = {start, *apart(when["base"], steps)}
        return [0 if i in full else 1 for i in range(start, steps)]
    return nearest(when, steps, start, timesteps)


def nearest(when: Mapping[str, Any], steps: int, start: int, timesteps: Sequence[float] | None) -> list[int]:
    base, covers, order = when["base"], when["covers"], when["order"]
    if timesteps is not None and "timesteps" in when:
        near = [_least([abs(other - t) for other in when["timesteps"]]) for t in timesteps]
    else:
        near = [
            _least([abs(i * (len(base) - 1) - j * (steps - 1)) for j in range(len(base))])
            for i in range(start, steps)
        ]
    found: list[int] = []
    passed = 0
    for i, (first, last) in enumerate(near):
        end = len(base) if i == len(near) - 1 else last + 1
        places = range(min(first, passed), end)
        passed = max(passed, end)
        if i == 0:
            found.append(base[0] if start == 0 and len(places) == 1 else 0)
            continue
        wanted = {base[j] for j in places}
        enough = [choice for choice in order if wanted <= set(covers[choice])]
        found.append(next((choice for choice in enough if choice in wanted), enough[0]))
    return found


def _least(distances: Sequence[float]) -> tuple[int, int]:
    """The first and the last place of the least distance."""
    least = min(distances)
    return distances.index(least), len(distances) - 1 - list(reversed(distances)).index(least)


def apart(base: Sequence[int], steps: int) -> list[int]:
    """The full steps of the whole loop."""
    own, length = [j for j, choice in enumerate(base) if choice == 0], len(base)
    count = math.floor(Fraction(len(own) * steps, length) + Fraction(1, 2))
    if steps == 1:
        return [0]
    if len(own) > 1 and own[-1] == length - 1:
        return [*_spread(own[:-1], length - 1, max(count - 1, 1), steps - 1), steps - 1]
    return _spread(own, length, max(count, 1), steps)


def _spread(own: Sequence[int], length: int, count: int, steps: int) -> list[int]:
    ends = [*own, length]
    found: list[int] = []
    for k in range(count):
        place = Fraction(k * len(own), count)
        j = math.floor(place)
        lies = (ends[j] + (place - j) * (ends[j + 1] - ends[j])) * steps / length
        step = math.floor(lies + Fraction(1, 2))
        # no two on one step, and room for those that follow
        found.append(min(max([step, *(other + 1 for other in found[-1:])]), steps - count + k))
    return found
