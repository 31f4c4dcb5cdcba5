"""Whether every state that a loop's calls read was written by an earlier one."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ..pointer import pointer
from .rows import place_in_history, writes_of


def unwritten(schedule: Mapping[str, Any], calls: Sequence[str]) -> tuple[str, str] | None:
    """The first read of what no earlier call wrote: a JSON path, and a sentence. References must hold."""
    states = schedule["states"]
    written = {place_in_history(states, id)[0] for id, state in states.items() if "initial" in state}
    for call, name in enumerate(calls):
        program = schedule["programs"][name]
        for r, run in enumerate(program["runs"]):
            for input, state in run.get("reads", {}).items():
                if place_in_history(states, state)[0] not in written:
                    path = pointer("programs", name, "runs", r, "reads", input)
                    return path, f'reads state "{state}" at call {call} (program "{name}"), but no earlier call writes it'
        # a state changes when its call has ended, so a call never reads what it writes itself
        written |= writes_of(program)
    return None
