"""What a schema cannot say about a schedule: that every reference has its target, that lists have as many entries as
there are calls or steps, and that a tensor is made before it is used. All problems are told by JSON pointer."""

from __future__ import annotations

import math
from typing import Any, Iterator, Mapping

from .loop_checks import loop_problems, rule_problems
from .loops import per_step
from .loops.rows import fed_to
from .loops.states import unwritten
from .pointer import pointer

Schedule = Mapping[str, Any]
Problems = Iterator["tuple[str, str]"]

_RANGES: Mapping[str, tuple[int, int]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32)},
    # JSON numbers are exact only so far
    "int64": (-(2**53) + 1, 2**53 - 1),
    "bool": (0, 1),
}
CONSTANT_TYPES = {"float32", "float64", *_RANGES}


def schedule_problems(schedule: Schedule) -> list[tuple[str, str]]:
    """Of a schedule that fits its schema."""
    found = [
        *_names(schedule),
        *_programs(schedule),
        *_states(schedule),
        *_calls(schedule),
        *_axes(schedule),
        *loop_problems(schedule),
    ]
    # what follows would report the same again, or fail, where references do not hold
    if not found:
        problem = unwritten(schedule, schedule["calls"])
        found = [problem] if problem else list(rule_problems(schedule))
    return found


def _names(schedule: Schedule) -> Problems:
    for kind in ("inputs", "outputs"):
        names = [port["name"] for port in schedule["source"][kind]]
        for i, name in enumerate(names):
            if name in names[:i]:
                yield pointer("source", kind, i, "name"), f"is the name of another {kind[:-1]} too"
    files = [own["file"] for own in schedule["weights"]]
    for i, file in enumerate(files):
        if file in files[:i]:
            yield pointer("weights", i, "file"), "is listed already"
    for id, model in schedule["models"].items():
        if model["file"] in files:
            yield pointer("models", id, "file"), "is a weights file too"


def _programs(schedule: Schedule) -> Problems:
    for id, program in schedule["programs"].items():
        given: set[str] = set()
        written: set[str] = set()
        if program.get("pairs") and schedule["source"].get("guidance", {}).get("mode") != "batch":
            yield (
                pointer("programs", id, "pairs"),
                "must stand only where source.guidance has both halves in one batch",
            )
        for r, run in enumerate(program["runs"]):
            at = pointer("programs", id, "runs", r)
            yield from _references(schedule, run, at)
            yield from _wires(run, at, given)
            yield from _writes(schedule, run, at, written)
            yield from _sources(schedule, run, at)
            for input, constant in run.get("constants", {}).items():
                yield from _constant(at + pointer("constants", input), constant, "/data")


def _references(schedule: Schedule, run: Mapping[str, Any], at: str) -> Problems:
    if run["model"] not in schedule["models"]:
        yield at + "/model", f'names no model: "{run["model"]}"'
    for kind, of, word in (("reads", "states", "state"), ("unused", "states", "state"), ("parameters", "parameters", "parameter")):
        for input, id in run.get(kind, {}).items():
            if id not in schedule.get(of, {}):
                yield at + pointer(kind, input), f'names no {word}: "{id}"'


def _wires(run: Mapping[str, Any], at: str, given: set[str]) -> Problems:
    for input, wire in run.get("takes", {}).items():
        if wire not in given:
            yield at + pointer("takes", input), f'takes the wire "{wire}", which no earlier run of this program gives'
    for wire in run.get("gives", {}):
        if wire in given:
            yield at + pointer("gives", wire), "is given by an earlier run already"
        given.add(wire)


def _writes(schedule: Schedule, run: Mapping[str, Any], at: str, written: set[str]) -> Problems:
    for state in run.get("writes", {}):
        path = at + pointer("writes", state)
        if state not in schedule["states"]:
            yield path, f'names no state: "{state}"'
        elif "follows" in schedule["states"][state]:
            yield path, f'writes "{state}", which follows another state'
        if state in written:
            yield path, "is written by an earlier run already"
        written.add(state)


def _sources(schedule: Schedule, run: Mapping[str, Any], at: str) -> Problems:
    origin = {port["name"]: "an input that the caller feeds" for port in schedule["source"]["inputs"]}
    for kind in ("reads", "parameters", "takes", "constants", "unused"):
        for input in run.get(kind, {}):
            if input in origin:
                yield at + pointer(kind, input), f"is {origin[input]} too"
            else:
                origin[input] = f"listed under {kind}"


def _constant(path: str, constant: Mapping[str, Any], suffix: str) -> Problems:
    count, data = math.prod(constant["shape"]), constant["data"]
    if len(data) != count:
        yield path + suffix, f"must have {count} elements by its shape, found {len(data)}"
        return
    if constant["type"] not in _RANGES:
        return
    least, most = _RANGES[constant["type"]]
    for i, value in enumerate(data):
        if not (float(value).is_integer() and least <= value <= most):
            yield path + suffix + pointer(i), f"must be an integer that {constant['type']} holds, found {value}"


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """Type and shape: which sizes have which names in a model is each state's own."""
    return {name: value for name, value in state.items() if name not in ("follows", "symbols")}


def _states(schedule: Schedule) -> Problems:
    states = schedule["states"]
    followers: dict[str, str] = {}
    for id, state in states.items():
        follows = state.get("follows")
        if follows is not None:
            path = pointer("states", id, "follows")
            if follows not in states:
                yield path, f'names no state: "{follows}"'
            elif follows in followers:
                yield path, f'is what "{followers[follows]}" follows already'
            elif _is_circle(states, id):
                yield path, "closes a circle"
            elif _plain(state) != _plain(states[follows]):
                yield path, f'names "{follows}", which is of another type or shape'
            followers[follows] = id
        if "initial" not in state:
            continue
        path, shape = pointer("states", id, "initial"), state["shape"]
        if not all(isinstance(size, int) for size in shape):
            yield path, "stands where the shape is not fixed"
        elif state["type"] not in CONSTANT_TYPES:
            yield path, f"stands where the type is {state['type']}"
        else:
            yield from _constant(path, {"type": state["type"], "shape": shape, "data": state["initial"]}, "")


def _is_circle(states: Mapping[str, Any], id: str) -> bool:
    met: set[str] = set()
    next: str | None = id
    while next is not None and next in states:
        if next in met:
            return True
        met.add(next)
        next = states[next].get("follows")
    return False


def _calls(schedule: Schedule) -> Problems:
    programs, calls = schedule["programs"], schedule["calls"]
    for call, name in enumerate(calls):
        if name not in programs:
            yield pointer("calls", call), f'names no program: "{name}"'
    steps = len(calls) / per_step(schedule)
    if "timesteps" in schedule and len(schedule["timesteps"]) != steps:
        yield "/timesteps", f"must be one for each of the {steps:g} steps, found {len(schedule['timesteps'])}"
    for id, site in schedule.get("sites", {}).items():
        if len(site["strategies"]) != len(calls):
            path = pointer("sites", id, "strategies")
            yield path, f"must have a strategy for each of the {len(calls)} calls, found {len(site['strategies'])}"
    for id, own in schedule.get("parameters", {}).items():
        path, count = pointer("parameters", id, "calls"), math.prod(own["shape"])
        if len(own["calls"]) != len(calls):
            yield path, f"must have an entry for each of the {len(calls)} calls, found {len(own['calls'])}"
            continue
        for call, (name, numbers) in enumerate(zip(calls, own["calls"])):
            if numbers is None:
                if name in programs and id in fed_to(programs[name]):
                    yield path + pointer(call), f'is null, and program "{name}" takes it'
            elif len(numbers) != count:
                yield path + pointer(call), f"must have {count} elements, found {len(numbers)}"


def _axes(schedule: Schedule) -> Problems:
    axes, steps = schedule.get("axes", {}), len(schedule["calls"]) / per_step(schedule)
    for kind in ("parameters", "sites"):
        for id, own in schedule.get(kind, {}).items():
            name = own.get("forecast", {}).get("axis")
            if name is not None and name not in axes:
                yield pointer(kind, id, "forecast", "axis"), f'names no axis: "{name}"'
    for name, positions in axes.items():
        if len(positions) != steps:
            yield pointer("axes", name), f"must have a position for each of the {steps:g} steps, found {len(positions)}"
        back = next((i for i in range(1, len(positions)) if positions[i] <= positions[i - 1]), None)
        if back is not None:
            yield pointer("axes", name, back), "is not beyond the one before"
