"""Errors about loops: how many steps, from which one, and whether a bundle can follow."""

from __future__ import annotations

from typing import Sequence

from .base import StepfoldError


def loop_in_words(steps: int, start: int) -> str:
    return f"{steps} step{'' if steps == 1 else 's'}{f' from step {start} on' if start else ''}"


def loop_steps(found: object) -> StepfoldError:
    return StepfoldError(
        "LOOP_STEPS",
        f"A loop has a whole number of steps from 1 up, found {found}.",
        hint="Give the number of steps of the whole loop, such as 30.",
    )


def loop_start(found: object, steps: int) -> StepfoldError:
    return StepfoldError(
        "LOOP_START",
        f"A loop of {steps} steps begins at one of its steps 0 to {steps - 1}, found {found}.",
        hint="Steps count from 0, the noisiest; a strength s of image to image begins at steps - floor(steps * s).",
    )


def loop_timesteps(steps: int, start: int, found: Sequence[float]) -> StepfoldError:
    taken = steps - start
    return StepfoldError(
        "LOOP_TIMESTEPS",
        f"Timesteps of a loop never rise from step to step, and these do: {', '.join(map(str, found))}."
        if len(found) == taken
        else f"A loop of {loop_in_words(steps, start)} takes {taken} steps, and was told {len(found)} timesteps.",
        hint="Give the timestep of each step that is taken, without those before the first of them; or none.",
    )


def loop_fixed(asked: tuple[int, int], written: tuple[int, int], why: str | None) -> StepfoldError:
    other = "one whose steps lie elsewhere" if asked == written else loop_in_words(*asked)
    return StepfoldError(
        "LOOP_FIXED",
        f"This schedule is for one loop alone, {loop_in_words(*written)}, and was asked for {other}{f': {why}' if why else ''}.",
        path="/loop",
        hint="Run that loop, or make a bundle that serves others: `stepfold transform` without `--fixed-loop`.",
    )


def loop_unreachable(steps: int, start: int, problem: str) -> StepfoldError:
    return StepfoldError(
        "LOOP_UNREACHABLE",
        f"The rules of this schedule do not lead through a loop of {loop_in_words(steps, start)}: a program {problem}.",
        path="/loop/rules",
        hint="Run `stepfold transform` for that loop; and please report it, since rules are tried before they are written.",
    )


def axis_missing(axis: str, steps: int, found: int | None) -> StepfoldError:
    what = "timesteps" if axis == "timestep" else "noise levels"
    return StepfoldError(
        "FORECAST_AXIS_MISSING",
        f"A forecast by {axis} needs the {what} of the loop, which are not known."
        if found is None
        else f"A forecast by {axis} needs them for each of {steps} steps, and there are {found}.",
        hint=f"Give {'timesteps' if axis == 'timestep' else 'log_snr'}, one for each step that is taken.",
    )


def axis_uneven(axis: str, step: int, place: float) -> StepfoldError:
    return StepfoldError(
        "FORECAST_AXIS_UNEVEN",
        f"Step {step} lies at {axis} {-place if axis == 'timestep' else place}, where a forecast by {axis} needs "
        "finite places, each beyond the one before.",
        hint="Choose another spacing, or make the bundle with axis=call.",
        data={"step": step, "place": place},
    )
