"""What parameters are fed at each call: step 4 of the procedure in docs/schedule.md."""

from __future__ import annotations

import math
from typing import Any, Callable, Mapping, Optional, Sequence

from ..errors import axis_missing, axis_uneven
from .rows import fed_to, writes_of
from .weights import weights

Fed = Mapping[str, Sequence[Optional[Sequence[float]]]]


def axis(
    name: str, taken: int, timesteps: Sequence[float] | None, log_snr: Sequence[float] | None
) -> list[float]:
    """The position of each step: 0 of the first, `taken - 1` of the last.

    Raises:
        StepfoldError: FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN
    """
    given = log_snr if name != "timestep" else None if timesteps is None else [-t for t in timesteps]
    if given is None or len(given) != taken:
        raise axis_missing(name, taken, None if given is None else len(given))
    for i, place in enumerate(given):
        if not math.isfinite(place) or (i > 0 and place <= given[i - 1]):
            raise axis_uneven(name, i, place)
    if taken == 1:
        return [0.0]
    return [(at - given[0]) / (given[-1] - given[0]) * (taken - 1) for at in given]


def fed_of(schedule: Mapping[str, Any], calls: Sequence[str], per_step: int, axes: Mapping[str, Sequence[float]]) -> Fed:
    """By parameter, what is fed at each call; None where nothing takes it."""
    parameters: Mapping[str, Any] = schedule.get("parameters", {})
    found: dict[str, list[Optional[Sequence[float]]]] = {id: [] for id in parameters}
    written: dict[str, list[int]] = {}
    for call, name in enumerate(calls):
        program = schedule["programs"][name]
        fed = fed_to(program)
        for id, parameter in parameters.items():
            rule = parameter.get("forecast")
            if id not in fed or rule is None:
                found[id].append(None)
                continue
            at = _places(axes.get(rule.get("axis", "")), per_step)
            before = [at(c) for c in written.get(rule["state"], [])]
            found[id].append(weights(rule["basis"], rule["order"], before, at(call), len(calls) // per_step))
        for state in writes_of(program):
            written[state] = [call, *written.get(state, [])]
    # what follows no rule is as it is written; rows that ask for it have been refused
    return {id: own["calls"] if "forecast" not in own else found[id] for id, own in parameters.items()}


def _places(positions: Sequence[float] | None, per_step: int) -> Callable[[int], float]:
    return lambda call: positions[call // per_step] if positions else call // per_step
