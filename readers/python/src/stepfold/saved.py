"""An image as plain values, to go on with later or elsewhere: a dict of dicts, numbers and flat arrays, in the form that
`save()` of Stepfold's own session gives. A saved image may come from anywhere: nothing of it is taken on trust."""

from __future__ import annotations

import math
from typing import Any, Iterator, Mapping

import numpy as np

from . import errors
from .identity import identity_of
from .loops import Plan
from .memory import Memory, memory_from
from .schedules import Schedule
from .states import Held, States
from .tensors import Array, dtype_of, to_array

#: What `Image.save` gives.
SavedImage = Mapping[str, Any]


def saved_image(schedule: Schedule, plan: Plan, call_index: int, states: States, memory: Memory) -> SavedImage:
    copies: dict[int, Any] = {}
    held = {}
    for id, own in states.held.items():
        # states that are one tensor share their elements
        data = copies.setdefault(id_of(own), _elements(to_array(own.value)))
        type = schedule["states"][id]["type"]
        held[id] = {"type": type, "dims": _dims(own), "data": data, "call": own.call, "sizes": dict(own.sizes)}
    return {
        "format": "stepfold.image",
        "version": 1,
        "schedule": identity_of(schedule, plan),
        "callIndex": call_index,
        "states": held,
        "watch": memory.to_plain(),
    }


def id_of(held: Held) -> int:
    return id(held.value)


def _dims(held: Held) -> list[int]:
    shape = held.value.shape
    return [int(size) for size in (shape() if callable(shape) else shape)]


def _elements(array: Array) -> Any:
    """A flat copy in row-major order; of float16 as bits, of bool as bytes."""
    if array.dtype == object:
        return [str(element) for element in array.ravel()]
    flat = array.ravel().copy()
    return flat.view({"float16": np.uint16, "bool": np.uint8}.get(array.dtype.name, array.dtype))


def restored(saved: object, schedule: Schedule, plan: Plan) -> tuple[int, States, Memory]:
    """The next call, the states and the memory of an image that goes on in this loop.

    Raises:
        StepfoldError: SAVED_IMAGE_INVALID, SAVED_IMAGE_VERSION, SAVED_IMAGE_MISMATCH
    """
    if not isinstance(saved, Mapping) or saved.get("format") != "stepfold.image":
        raise errors.saved_invalid("it is nothing that save() gave")
    if saved.get("version") != 1:
        raise errors.saved_version(saved.get("version"))
    _check_identity(saved.get("schedule"), schedule, plan)
    calls = len(plan.calls)
    if not _is_count(saved.get("callIndex")) or saved["callIndex"] > calls:
        raise errors.saved_invalid(f"callIndex is no number of calls from 0 to {calls}")
    count = int(saved["callIndex"])
    states = saved.get("states")
    if not isinstance(states, Mapping):
        raise errors.saved_invalid("it has no states")
    held = {id: _held(id, own, schedule, count) for id, own in _matched(states, schedule, plan, count)}
    memory = memory_from(saved.get("watch"))
    if memory is None:
        raise errors.saved_invalid("watch is not what save() gave")
    return count, States(schedule, held), memory


def _check_identity(of: object, schedule: Schedule, plan: Plan) -> None:
    if not isinstance(of, Mapping):
        raise errors.saved_invalid("it does not say what it was saved from")
    for differs, here in identity_of(schedule, plan).items():
        if of.get(differs) != here:
            raise errors.saved_mismatch(differs, of.get(differs), here)


def _matched(states: Mapping[str, Any], schedule: Schedule, plan: Plan, calls: int) -> Iterator[tuple[str, Any]]:
    """Held are the states that the calls so far have written, those that follow them, and those that began with a value."""
    runs = [run for name in set(plan.calls[:calls]) for run in schedule["programs"][name]["runs"]]
    written = {id for run in runs for id in run.get("writes", {})}

    def is_held(id: str) -> bool:
        own = schedule["states"][id]
        return id in written or "initial" in own or ("follows" in own and is_held(own["follows"]))

    held = {id for id in schedule["states"] if is_held(id)}
    for id in sorted(held):
        if id not in states:
            raise errors.saved_invalid(f'it has no state "{id}"')
    for id, own in states.items():
        if id not in held:
            raise errors.saved_invalid(f'state "{id}" is held by nothing at call {calls}')
        yield id, own


def _held(id: str, saved: Any, schedule: Schedule, calls: int) -> Held:
    state = schedule["states"][id]
    why = _misfit(saved, state, calls) if isinstance(saved, Mapping) else "no state"
    if why is None:
        dtype, dims = dtype_of(state["type"], id), tuple(int(size) for size in saved["dims"])
        array = _array(saved["data"], dtype)
        if array is not None and array.size == math.prod(dims):
            sizes = {str(symbol): int(size) for symbol, size in saved["sizes"].items()}
            return Held(array.reshape(dims), sizes, int(saved["call"]))
        why = f"without {math.prod(dims)} elements of {state['type']}"
    raise errors.saved_invalid(f'state "{id}" is {why}')


def _misfit(saved: Mapping[str, Any], state: Mapping[str, Any], calls: int) -> str | None:
    """Why it cannot be the state that the schedule says."""
    if saved.get("type") != state["type"]:
        return f"of type {saved.get('type')} in place of {state['type']}"
    dims, shape, sizes, call = saved.get("dims"), state["shape"], saved.get("sizes"), saved.get("call")
    if not isinstance(dims, (list, tuple)) or not all(map(_is_count, dims)):
        return "without dims"
    if len(dims) != len(shape) or any(isinstance(want, int) and want != own for want, own in zip(shape, dims)):
        return f"{list(dims)} in place of {[want if want is not None else '?' for want in shape]}"
    if not isinstance(sizes, Mapping) or not all(map(_is_count, sizes.values())):
        return "without sizes"
    if not isinstance(call, int) or isinstance(call, bool) or not -1 <= call < calls:
        return f"written by call {call}, where {calls} were made"
    return None


def _array(data: Any, dtype: np.dtype[Any]) -> Array | None:
    """A copy of its own, of exactly this type."""
    if dtype == object:
        texts = list(data) if isinstance(data, (list, tuple)) else [None]
        return np.array(texts, object) if all(isinstance(text, str) for text in texts) else None
    if not isinstance(data, np.ndarray) or data.ndim != 1:
        return None
    stored = {"float16": np.dtype(np.uint16), "bool": np.dtype(np.uint8)}.get(dtype.name, dtype)
    return data.copy().view(dtype) if data.dtype == stored else None


def _is_count(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0)
