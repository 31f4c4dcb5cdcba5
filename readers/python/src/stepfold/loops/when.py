"""The choice that a rule makes for each step of a loop: step 1 of the procedure in docs/schedule.md."""

from __future__ import annotations

import cmath
import math
from typing import Any, Mapping, Sequence

from .placed import placed

When = Mapping[str, Any]


def choices(when: When, steps: int, start: int, timesteps: Sequence[float] | None) -> list[int]:
    """The number of a choice for each of the steps that are taken."""
    if when["kind"] == "placed":
        return placed(when, steps, start, timesteps)
    taken = steps - start
    full = {"every": every, "even": even, "crowded": crowded}[when["kind"]](when, taken)
    return [0 if i in full else between(when["between"], i, taken) for i in range(taken)]


def every(when: When, taken: int) -> set[int]:
    warmup = when.get("warmup", 0)
    first, last = max(0, warmup - 1), taken - when.get("cooldown", 0)
    regular = {i for i in range(first, taken) if (i - first) % when["interval"] == 0}
    return regular | {i for i in range(taken) if i < warmup or i >= last}


def even(when: When, taken: int) -> set[int]:
    count = min(when["count"], taken)
    if count == 1:
        return {0}
    # round(j (taken - 1) / (count - 1)), halves up, in whole numbers
    return {(2 * j * (taken - 1) + count - 1) // (2 * (count - 1)) for j in range(count)}


def crowded(when: When, taken: int) -> set[int]:
    """Around one step, by equation 7 of DeepCache (arXiv 2312.00858) as its authors' code computes it."""
    interval, center, power = when["interval"], when["center"], when["power"]
    wanted = -(-taken // interval)
    while center < taken and power > 1:
        found = _equation7(taken, wanted, center, power)
        if len(found) == wanted:
            return set(found)
        power -= 0.02
    return every({"interval": interval}, taken)


def _equation7(taken: int, wanted: int, center: int, power: float) -> list[int]:
    first, last = _raised(complex(-center), 1 / power), _raised(complex(taken - center), 1 / power)
    points = [first + (last - first) * i / wanted for i in range(wanted)] + [last]
    inner = sorted({int(_raised(point, power).real) for point in points})[1:-1]
    return [0] + [offset + center for offset in inner]


def _raised(base: complex, exponent: float) -> complex:
    if exponent == 2:
        return base * base
    return cmath.rect(abs(base) ** exponent, cmath.phase(base) * exponent) if base else 0j


def between(entries: Sequence[Mapping[str, Any]], step: int, taken: int) -> int:
    """Of a step that is not full."""
    for entry in entries:
        if "before" in entry:
            holds = step < entry["before"]
        else:
            holds = "beforePart" not in entry or step < math.floor(entry["beforePart"] * taken)
        if holds:
            break
    # the check of the schedule has made sure that the last entry always holds
    return int(entry["choice"])
