"""Where one image ends and the next begins, told from what the calls are fed: within an image the timestep goes one way
and the latent keeps its size. What tells two images apart starts the schedule anew; what could be either, or two images
in turns, is refused. docs/decisions/0023 has the rules and their reasons; Stepfold's own session has the same."""

from __future__ import annotations

import copy
from typing import Any, Callable, Literal, Mapping, Optional, Sequence

from . import errors
from .loops import per_step
from .memory import Memory, Seen
from .schedules import Schedule, needs_pairs
from .timesteps import Timestep

NewImage = Literal["timestep", "error", "reset"]

# timesteps that are whole numbers may be rounded to one where they lie closer than this
_ROUNDED = 2
# a loop whose timesteps rise begins at most here; one that falls begins above
_NOISE_END = 0.05

# how a call stands to the one before it, by the timestep or by sizes: on, new, unclear, unknown
Course = Literal["on", "new", "unclear", "unknown"]


class ImageWatch:
    def __init__(self, schedule: Schedule, calls: Sequence[str], mode: NewImage, memory: Memory) -> None:
        self.schedule, self.calls, self.mode = schedule, calls, mode
        self.per_step = per_step(schedule)
        # its own, since calls are noted in it
        self.memory = copy.deepcopy(memory)
        roles: Mapping[str, str] = schedule["source"].get("roles", {})
        self.latent, self.timestep = roles.get("latent"), roles.get("timestep")

    def look(self, shapes: Mapping[str, Sequence[int]], timestep: Callable[[str], Optional[Timestep]]) -> Seen:
        """What is seen of a call; a size that the model fixes is as it says, since another is a mistake and no image."""
        sized = [port for port in self.schedule["source"]["inputs"] if port["name"] == (self.latent or port["name"])]
        sizes = []
        for port in sized:
            fixed, own = port["shape"], shapes[port["name"]]
            sizes.append(
                [fixed[i] if i < len(fixed) and isinstance(fixed[i], int) else size for i, size in enumerate(own)]
            )
        known = self.mode != "reset" and self.timestep is not None
        return Seen(timestep(self.timestep) if known and self.timestep else None, sizes)

    def begins(self, now: Seen, next: int) -> bool:
        """Does this call, `next` calls after the image began, begin another? Changes nothing.

        Raises:
            StepfoldError: SESSION_NEW_IMAGE, SESSION_IMAGES_MIXED, GUIDANCE_TURNS
        """
        if next == 0 or self.mode == "reset" or self.memory.last is None:
            return False
        course = self._course(now, next)
        before = self.memory.last.timestep
        change = (
            next,
            self._course_of_sizes(now, next) != "on",
            before.largest if before else None,
            now.timestep.largest if now.timestep else None,
        )
        if course == "unclear":
            raise errors.images_mixed(*change)
        if course == "new" and self.mode == "error":
            raise errors.new_image_begun(*change)
        return course == "new"

    def is_reduced(self, batch: int) -> bool:
        """Is the batch smaller than it was in this image: is guidance off?"""
        return batch < self.memory.largest_batch

    def is_grown(self, batch: int) -> bool:
        """Is the batch larger than one that an earlier call took for pairs: was guidance off there?"""
        return self.memory.smallest_pairs is not None and batch > self.memory.smallest_pairs

    def note(self, now: Seen, call: int) -> None:
        """Takes note of a call that ended well."""
        memory = self.memory
        batch = now.sizes[0][0] if now.sizes and now.sizes[0] else 0
        memory.largest_batch = max(memory.largest_batch, batch)
        if needs_pairs(self.schedule, self.calls[call]):
            memory.smallest_pairs = min(batch if memory.smallest_pairs is None else memory.smallest_pairs, batch)
        if self.mode == "reset":
            return
        if call > 0 and self._turns_up(now):
            memory.rises = True
        before = memory.last.timestep if memory.last else None
        if call > 0 and before and now.timestep:
            if now.timestep.largest != before.largest:
                memory.stride, memory.reached = abs(now.timestep.largest - before.largest), call
            elif call == self.per_step:
                memory.repeats_first = True
            elif call == 2 * self.per_step:
                memory.repeats = True
        memory.first = now if call == 0 else memory.first
        memory.last = now
        kind = call % self.per_step
        memory.last_of_kind += [None] * (kind + 1 - len(memory.last_of_kind))
        memory.last_of_kind[kind] = now
        if memory.left and call >= memory.left.calls:
            memory.left = None

    def _course(self, now: Seen, next: int) -> Course:
        time, sizes = self._course_of_time(now, next), self._course_of_sizes(now, next)
        # guidance off, or on, makes half the batch or twice, between two steps of one image
        if sizes == "unclear":
            if time == "unknown":
                return "unclear" if self.schedule["source"].get("guidance") else "new"
            is_doubtful = time == "unclear" or self.memory.stride is None
            return "new" if is_doubtful and self._is_repeated(now) else time
        if sizes == "new":
            return "new"
        return "on" if time == "unknown" else time

    def _course_of_time(self, seen: Seen, next: int) -> Course:
        memory, timestep = self.memory, seen.timestep
        first = memory.first.timestep if memory.first else None
        last = memory.last.timestep if memory.last else None
        if not timestep or not first or not last:
            return "unknown"
        rises = memory.rises or self._turns_up(seen)

        def noise(of: Timestep) -> float:
            return -of.smallest if rises else of.largest

        now, before, start = noise(timestep), noise(last), noise(first)
        if next == len(self.calls):
            return "new" if now > before or now >= start else "on"
        if now > before:
            return "new" if now >= start else "unclear"
        if next % self.per_step == 1:
            if now < before and needs_pairs(self.schedule, self.calls[next]):
                raise errors.guidance_turns(next, last.largest, timestep.largest)
            return "on"
        if now == before:
            return "on" if self._may_repeat(now, next // self.per_step) else "unclear"
        # the first timestep twice and then another: nobody but two images in turns
        if memory.repeats_first:
            return "unclear"
        return "unclear" if self._goes_on_with_the_one_left(seen, noise, next) else "on"

    def _may_repeat(self, timestep: float, step: int) -> bool:
        """Samplers that evaluate twice in a step do so at the end of the step too, which is where the next begins: Heun's
        method at t0, t1, t1, t2, t2, …, pseudo-linear multistep at t1 alone; none at t0. One timestep all the time is
        somebody who measures or compares."""
        if self.memory.stride is None:
            return True
        if step % 2 == 0 and (step == 2 or self.memory.repeats):
            return True
        return float(timestep).is_integer() and self.memory.stride <= _ROUNDED

    def _goes_on_with_the_one_left(self, now: Seen, noise: Callable[[Timestep], float], next: int) -> bool:
        """Has a new image come further down than the one that it interrupted, in fewer calls? Then it is that one which
        goes on. One that began noisier needs a call more."""
        left, first = self.memory.left, self.memory.first.timestep if self.memory.first else None
        if not left or not left.first.timestep or not left.last.timestep or not first or not now.timestep:
            return False
        if _compare_sizes(left.last, now) == "others":
            return False
        later = 1 if noise(first) > noise(left.first.timestep) else 0
        is_at, was_at = noise(now.timestep), noise(left.last.timestep)
        return next < left.calls + later if is_at < was_at else is_at == was_at and next < left.reached + later

    def _turns_up(self, seen: Seen) -> bool:
        """Does the first timestep that differs show that those of this loop rise?"""
        first = self.memory.first.timestep if self.memory.first else None
        if not seen.timestep or not first or self.memory.stride is not None:
            return False
        return first.largest <= _NOISE_END and seen.timestep.smallest > first.largest

    def _is_repeated(self, now: Seen) -> bool:
        before = self.memory.last.timestep if self.memory.last else None
        return (now.timestep.largest if now.timestep else None) == (before.largest if before else None)

    def _course_of_sizes(self, now: Seen, next: int) -> Course:
        kinds = self.memory.last_of_kind
        kind = next % self.per_step
        before = self.memory.last if self.latent is not None else kinds[kind] if kind < len(kinds) else None
        difference = _compare_sizes(before, now) if before else "none"
        if difference == "none":
            return "on"
        return "unclear" if self.latent is not None and difference == "paired" else "new"


def _compare_sizes(before: Seen, now: Seen) -> Literal["none", "paired", "others"]:
    """`paired` where the batch alone is twice what it was, or half."""
    if before.sizes == now.sizes:
        return "none"
    was, own = (seen.sizes[0] if seen.sizes else [] for seen in (before, now))
    batch, other = (sizes[0] if sizes else 0 for sizes in (was, own))
    is_paired = (other == 2 * batch or batch == 2 * other) and was[1:] == own[1:]
    return "paired" if is_paired else "others"
