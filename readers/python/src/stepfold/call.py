"""One call of an image: its models in order, with the states that earlier calls left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

import numpy as np

from . import errors
from .binding import Feed, Target, fill
from .bindings import Sizes
from .loops import Plan
from .runner import Runner
from .schedules import Schedule
from .states import Held, States
from .steps import Step
from .tensors import Value, placeholder, shape_of, to_array


@dataclass(frozen=True)
class Request:
    """What is asked of a call; of `wanted` outputs None goes to memory, as an array."""

    call: int
    program: str
    feeds: Mapping[str, Feed]
    wanted: Mapping[str, Target | None]
    options: Any


class Call:
    """One call under way: what it has made so far, none of it taken over yet."""

    def __init__(self, runner: Runner, schedule: Schedule, plan: Plan, states: States, sizes: Sizes, request: Request) -> None:
        self.runner, self.schedule, self.plan = runner, schedule, plan
        self.states, self.sizes, self.request = states, sizes, request
        self.wires: dict[str, Value] = {}
        self.written: dict[str, Value] = {}
        self.outputs: dict[str, Value] = {}

    def make(self, steps: Sequence[Step]) -> tuple[dict[str, Value], dict[str, Held]]:
        """The outputs of the call, and what is held after it."""
        for i, step in enumerate(steps):
            self._run(step, is_last=i == len(steps) - 1)
        held = self.states.after(self.written, self.sizes, self.request.call)
        return self._delivered(), held

    def _run(self, step: Step, is_last: bool) -> None:
        fetches = self._fetches(step, is_last)
        # nobody wants anything of this run; an empty list would mean every output to the engine
        if not fetches:
            return
        feeds = self._feeds(step)
        try:
            results = self.runner.run(step.session, feeds, fetches, self.request.options)
        except Exception as error:  # engines raise whatever they like
            raise errors.run_failed(self.request.call, self.request.program, step.file, error) from error
        for name in step.outputs:
            if name in self.request.wanted:
                self.outputs[name] = results[name]
        for wire, output in step.wires.items():
            self.wires[wire] = results[output]
        for state, output in step.run.get("writes", {}).items():
            # the caller may change or free what it gets, so a state never shares a tensor with it
            is_shared = output in step.outputs and output in self.request.wanted
            self.written[state] = self.runner.copy(results[output]) if is_shared else results[output]

    def _feeds(self, step: Step) -> dict[str, Feed]:
        run, call = step.run, self.request.call
        feeds: dict[str, Feed] = dict(step.constants)
        feeds.update((name, self.request.feeds[name]) for name in step.feeds)
        for name, id in run.get("reads", {}).items():
            feeds[name] = self.states.read(id, self.sizes, call)
        for name, id in run.get("parameters", {}).items():
            shape = tuple(self.schedule["parameters"][id]["shape"])
            # the schedule's check has made sure that it is there
            feeds[name] = np.array(self.plan.fed[id][call], np.float32).reshape(shape)
        for name, wire in run.get("takes", {}).items():
            feeds[name] = self.wires[wire]
        for name, id in run.get("unused", {}).items():
            held = self.states.fitting(id, self.sizes)
            feeds[name] = placeholder(self.schedule["states"][id], id) if held is None else held
        return feeds

    def _fetches(self, step: Step, is_last: bool) -> dict[str, Target | None]:
        kept = [*step.run.get("writes", {}).values(), *step.wires.values()]
        fetches: dict[str, Target | None] = dict.fromkeys(kept)
        for name in step.outputs:
            if name not in self.request.wanted:
                continue
            target = self.request.wanted[name]
            on_device = target and target.buffer and not target.buffer.is_in_memory
            if on_device and not is_last:
                raise errors.binding_invalid(
                    f'"{name}" comes from model "{step.file}", which is not the last of program "{self.request.program}", '
                    "and might be written over what the others are fed"
                )
            # what is a state too is fetched to where states are kept, and copied from there
            if name not in kept or on_device:
                fetches[name] = target if target and target.value is None else Target()
        return fetches

    def _delivered(self) -> dict[str, Value]:
        outputs: dict[str, Value] = {}
        for name, target in self.request.wanted.items():
            value = self.outputs[name]
            outputs[name] = to_array(value) if target is None else fill(name, target, value)
        return outputs


def feed_shapes(feeds: Mapping[str, Feed]) -> dict[str, Sequence[int]]:
    return {name: shape_of(value) for name, value in feeds.items()}
