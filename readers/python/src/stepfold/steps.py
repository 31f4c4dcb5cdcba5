"""A program made ready to run: for each of its runs the session, the constants, what to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from . import errors
from .engine import Models
from .schedules import Schedule
from .tensors import Array, constant


@dataclass(frozen=True)
class Step:
    """
    Attributes:
        run: as the schedule has it.
        file: of the model, for messages.
        constants: by input.
        feeds: inputs of the source model that the model declares.
        outputs: of the source model that this run gives.
        wires: that a later run takes, with the model output of each.
    """

    run: Mapping[str, Any]
    file: str
    session: Any
    constants: Mapping[str, Array]
    feeds: Sequence[str]
    outputs: Sequence[str]
    wires: Mapping[str, str]


def prepare_steps(schedule: Schedule, models: Models, program: str) -> list[Step]:
    """
    Raises:
        StepfoldError: MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH where no run gives one of the source's outputs
    """
    runs = schedule["programs"][program]["runs"]
    inputs = [port["name"] for port in schedule["source"]["inputs"]]
    missing = {port["name"] for port in schedule["source"]["outputs"]}
    last_taken = {wire: i for i, run in enumerate(runs) for wire in run.get("takes", {}).values()}
    steps = []
    for i, run in enumerate(runs):
        session = models.get(run["model"])
        declared = {own.name for own in session.get_inputs()}
        outputs = [own.name for own in session.get_outputs() if own.name in missing]
        missing -= set(outputs)
        steps.append(
            Step(
                run,
                schedule["models"][run["model"]]["file"],
                session,
                {name: constant(own["type"], own["shape"], own["data"], name) for name, own in run.get("constants", {}).items()},
                [name for name in inputs if name in declared],
                outputs,
                {wire: output for wire, output in run.get("gives", {}).items() if last_taken.get(wire, i) > i},
            )
        )
    if missing:
        why = f'program "{program}" nowhere gives the output "{sorted(missing)[0]}"'
        raise errors.model_mismatch(runs[-1]["model"], steps[-1].file, why)
    return steps
