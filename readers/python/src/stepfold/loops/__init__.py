"""Loops of any length: what a schedule runs in so many steps, by the procedure of docs/schedule.md.

Plain Python, without NumPy, written from that page alone; the conformance suite's reader uses it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from .. import errors
from .fed import Fed, axis, fed_of
from .rows import place_in_history, programs_of, row_of
from .states import unwritten
from .when import choices

__all__ = ["Loop", "Plan", "per_step", "plan_for", "place_in_history", "written_loop"]


@dataclass(frozen=True)
class Loop:
    """A loop that is wanted; what is left out is as the schedule has it.

    Attributes:
        steps: of the whole loop, from 1 up.
        start: the first step that is taken, from 0 (the noisiest); above 0 from image to image.
        timesteps: of each step that is taken, never rising.
        log_snr: of each step that is taken, the logarithm of signal over noise in variance, rising.
    """

    steps: int | None = None
    start: int | None = None
    timesteps: Sequence[float] | None = None
    log_snr: Sequence[float] | None = None

    def says_something(self) -> bool:
        return any(asked is not None for asked in (self.steps, self.start, self.timesteps, self.log_snr))


@dataclass(frozen=True)
class Plan:
    """What each call of one loop runs and is fed.

    Attributes:
        steps: of the whole loop.
        start: the first that is taken.
        calls: the program of each call.
        fed: by parameter, the numbers that it is fed at each call; None where nothing takes it.
    """

    steps: int
    start: int
    calls: tuple[str, ...]
    fed: Fed


def per_step(schedule: Mapping[str, Any]) -> int:
    """Calls of one step: two where guidance takes two calls."""
    return 2 if schedule["source"].get("guidance", {}).get("mode") == "two-calls" else 1


def written_loop(schedule: Mapping[str, Any]) -> tuple[int, int]:
    """Steps and start of the loop that a schedule is written out for."""
    loop = schedule.get("loop")
    return (loop["steps"], loop["start"]) if loop else (len(schedule["calls"]) // per_step(schedule), 0)


def plan_for(schedule: Mapping[str, Any], loop: Loop) -> Plan:
    """
    Raises:
        StepfoldError: LOOP_STEPS, LOOP_START, LOOP_TIMESTEPS, LOOP_FIXED, FORECAST_AXIS_MISSING,
            FORECAST_AXIS_UNEVEN, LOOP_UNREACHABLE
    """
    written = written_loop(schedule)
    steps = written[0] if loop.steps is None else loop.steps
    start = loop.start if loop.start is not None else written[1] if loop.steps is None else 0
    if loop.says_something():
        _check(steps, start, loop.timesteps)
    if not loop.says_something() or ((steps, start) == written and not _lies_elsewhere(schedule, loop)):
        fed = {id: own["calls"] for id, own in schedule.get("parameters", {}).items()}
        return Plan(*written, tuple(schedule["calls"]), fed)
    own = schedule.get("loop", {})
    if "rules" not in own:
        raise errors.loop_fixed((steps, start), written, own.get("fixed"))
    timesteps, log_snr = _places(schedule, steps, start, loop)
    calls = follow_rules(schedule, steps, start, timesteps)
    axes = {name: axis(name, steps - start, timesteps, log_snr) for name in schedule.get("axes", {})}
    problem = unwritten(schedule, calls)
    if problem:
        raise errors.loop_unreachable(steps, start, problem[1])
    return Plan(steps, start, tuple(calls), fed_of(schedule, calls, per_step(schedule), axes))


def follow_rules(schedule: Mapping[str, Any], steps: int, start: int, timesteps: Sequence[float] | None) -> list[str]:
    """The program of each call, as the rules lead to it."""
    loop = schedule["loop"]
    asked = [choices(rule["when"], steps, start, timesteps) for rule in loop["rules"]]
    rows = [row_of(loop, [own[i] for own in asked]) for i in range(steps - start)]
    return programs_of(schedule, [names for row in rows for names in row["programs"]])


def _check(steps: int, start: int, timesteps: Sequence[float] | None) -> None:
    if not _is_whole(steps) or steps < 1:
        raise errors.loop_steps(steps)
    if not _is_whole(start) or not 0 <= start < steps:
        raise errors.loop_start(start, steps)
    if timesteps is None:
        return
    falls = all(now <= before for before, now in zip(timesteps, timesteps[1:]))
    if len(timesteps) != steps - start or not falls:
        raise errors.loop_timesteps(steps, start, timesteps)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _lies_elsewhere(schedule: Mapping[str, Any], loop: Loop) -> bool:
    """Do the steps of the written loop lie otherwise than it says, where calls or weights depend on that?"""
    for name, own in schedule.get("axes", {}).items():
        if (loop.timesteps if name == "timestep" else loop.log_snr) is not None:
            asked = axis(name, len(own), loop.timesteps, loop.log_snr)
            # beyond what is left of places that were stretched
            if any(abs(a - b) > 1e-9 * len(own) for a, b in zip(asked, own)):
                return True
    own = schedule.get("loop", {})
    if "rules" not in own or loop.timesteps is None:
        return False
    known = schedule.get("timesteps", own.get("timesteps"))
    if known is not None:
        return list(loop.timesteps) != list(known)
    return any("timesteps" in rule["when"] for rule in own["rules"])


def _places(
    schedule: Mapping[str, Any], steps: int, start: int, loop: Loop
) -> tuple[Sequence[float] | None, Sequence[float] | None]:
    """As the request has them or, within the loop that is written out, as the schedule does."""
    written_steps, written_start = written_loop(schedule)
    first = start - written_start
    within = steps == written_steps and first >= 0
    timesteps, log_snr = written_places(schedule) if within else (None, None)
    return (
        loop.timesteps if loop.timesteps is not None else timesteps and timesteps[first:],
        loop.log_snr if loop.log_snr is not None else log_snr and log_snr[first:],
    )


def written_places(schedule: Mapping[str, Any]) -> tuple[Sequence[float] | None, Sequence[float] | None]:
    """Where the steps lie of the loop that a schedule is written out for, as far as it says."""
    axes = schedule.get("axes", {})
    by_axis = [-place for place in axes["timestep"]] if "timestep" in axes else None
    timesteps = schedule.get("timesteps", schedule.get("loop", {}).get("timesteps", by_axis))
    return timesteps, axes.get("log-snr")
