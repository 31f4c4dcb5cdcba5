"""The states of an image: arrays, or the engine's own tensors on a device, kept without a copy. A call's writes are taken
over together when it has ended, so that a failed call leaves everything as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from . import errors
from .bindings import Sizes, changed_symbol
from .schedules import Schedule
from .tensors import Value, constant

# stands for the call that wrote an initial value
BEFORE = -1


@dataclass(frozen=True)
class Held:
    """A state's value, with the sizes of the inputs' symbols at the call that wrote it."""

    value: Value
    sizes: Sizes
    call: int


class States:
    def __init__(self, schedule: Schedule, held: Mapping[str, Held] | None = None) -> None:
        self._states = schedule["states"]
        self._followers = {own["follows"]: id for id, own in self._states.items() if "follows" in own}
        self.held = dict(_initial(schedule) if held is None else held)

    def fitting(self, id: str, sizes: Sizes) -> Value | None:
        """The value of a state that nothing looks at, where it has one of the sizes of this call."""
        held = self.held.get(id)
        if held is None or changed_symbol(self._states[id]["shape"], held.sizes, sizes) is not None:
            return None
        return held.value

    def read(self, id: str, sizes: Sizes, call: int) -> Value:
        """The value that a call reads; the schedule's check has made sure that it was written.

        Raises:
            StepfoldError: STATE_SHAPE_CHANGED
        """
        held = self.held[id]
        symbol = changed_symbol(self._states[id]["shape"], held.sizes, sizes)
        if symbol is not None:
            raise errors.state_shape_changed(call, id, symbol, held.sizes[symbol], sizes.get(symbol), held.call)
        return held.value

    def after(self, written: Mapping[str, Value], sizes: Sizes, call: int) -> dict[str, Held]:
        """What is held once a call has ended."""
        held = dict(self.held)
        for id, value in written.items():
            self._push(held, id, Held(value, sizes, call))
        return held

    def _push(self, held: dict[str, Held], id: str, value: Held) -> None:
        """What a state held goes on to the one that follows it; where it held nothing, the new value does."""
        follower = self._followers.get(id)
        if follower is not None:
            self._push(held, follower, held.get(id, value))
        held[id] = value


def _initial(schedule: Schedule) -> dict[str, Held]:
    return {
        id: Held(constant(own["type"], own["shape"], own["initial"], id), {}, BEFORE)
        for id, own in schedule["states"].items()
        if "initial" in own
    }
