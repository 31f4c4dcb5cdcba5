"""One image under way: its place in the schedule, its states, and what tells where another image begins."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

from . import errors
from .binding import Binding, Buffer, Feed, Target
from .bindings import bind
from .call import Call, Request, feed_shapes
from .feeds import checked_feeds, checked_fetches
from .loops import Loop, Plan, plan_for
from .memory import Memory
from .programs import Programs
from .saved import SavedImage, restored, saved_image
from .schedules import Schedule, needs_pairs
from .states import States
from .tensors import Value
from .timesteps import Timestep, read_timestep
from .watch import ImageWatch, NewImage


@dataclass(frozen=True)
class CallInfo:
    """One finished call: its number, from 0, and the program that ran."""

    call: int
    program: str


@dataclass(frozen=True)
class Settings:
    """How an image follows its schedule; `stepfold.open` says what each is."""

    new_image: NewImage = "timestep"
    branches: int | None = None
    loop: Callable[[Mapping[str, Any]], Optional[Loop]] | None = None
    on_call: Callable[[CallInfo], None] | None = None


@dataclass(frozen=True)
class Place:
    """Where an image is: the loop that it follows, the next call in it, and what it has kept."""

    plan: Plan
    next: int
    states: States
    watch: ImageWatch

    @property
    def left_after(self) -> int | None:
        """So many calls, if it were left now; None where none are missing."""
        return self.next if self.next < len(self.plan.calls) else None


class Image:
    """One image: states and a place in the schedule. Its calls depend on each other, and never overlap; those of different
    images may be asked for from different threads and are made one after the other.

    `session.image()` gives one.
    """

    def __init__(self, programs: Programs, plan: Plan, settings: Settings) -> None:
        self._programs, self._settings = programs, settings
        self._lock, self._is_closed = threading.Lock(), False
        self._place = self._beginning(plan, Memory())

    def _beginning(self, plan: Plan, memory: Memory) -> Place:
        schedule, settings = self._programs.schedule, self._settings
        _refuse_branches(schedule, plan, settings.branches)
        watch = ImageWatch(schedule, plan.calls, settings.new_image, memory)
        return Place(plan, 0, States(schedule), watch)

    @property
    def schedule(self) -> Schedule:
        """As it is written in the bundle."""
        return self._programs.schedule

    @property
    def steps(self) -> int:
        """Of the whole loop that the image follows."""
        return self._place.plan.steps

    @property
    def start(self) -> int:
        """The first of them that is taken."""
        return self._place.plan.start

    @property
    def calls(self) -> tuple[str, ...]:
        """The program of each call."""
        return self._place.plan.calls

    @property
    def call_index(self) -> int:
        """Number of the next call, from 0."""
        return self._place.next

    @property
    def program(self) -> str | None:
        """Of the next call; None when all were made."""
        return self.calls[self.call_index] if self.call_index < len(self.calls) else None

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: Any = None
    ) -> list[Any]:
        """Makes the next call. One that fails changes nothing and can be made again.

        Args:
            output_names: outputs of the source model; None for all.
            input_feed: every input of the source model, by name: arrays or OrtValues of its type and rank.
            run_options: `onnxruntime.RunOptions`, for each model that the call runs.

        Returns:
            The outputs as arrays, in the order of `output_names`.

        Raises:
            StepfoldError: SCHEDULE_EXHAUSTED, SESSION_BUSY, SESSION_RELEASED, SESSION_IMAGE_RELEASED, SESSION_NEW_IMAGE,
                SESSION_IMAGES_MIXED, FEED_MISSING, FEED_INVALID, FETCH_INVALID, GUIDANCE_ODD_BATCH, GUIDANCE_TURNS,
                STATE_SHAPE_CHANGED, RUN_FAILED; LOOP_… where the `loop` of the session asks for one that cannot be had
        """
        with self._alone("run"):
            wanted = checked_fetches(self.schedule["source"]["outputs"], output_names)
            outputs = self._call(input_feed, wanted, run_options)
        return [outputs[name] for name in (output_names or wanted)]

    def io_binding(self) -> Binding:
        """Where inputs and outputs of `run_with_iobinding` are bound."""
        source = self.schedule["source"]
        return Binding(*([port["name"] for port in source[kind]] for kind in ("inputs", "outputs")))

    def run_with_iobinding(self, iobinding: Binding, run_options: Any = None) -> None:
        """As `run`, with inputs and outputs where `iobinding` has them.

        Raises:
            StepfoldError: SESSION_BINDING for one that is not from `io_binding()`, and what `run` raises
        """
        if not isinstance(iobinding, Binding):
            raise errors.binding_invalid("it is a model's, not one of the bundle")
        with self._alone("run_with_iobinding"):
            iobinding._results = self._call(iobinding._inputs, iobinding._outputs, run_options)

    def reset(self) -> None:
        """Forgets all states and goes back to call 0: the start of an image. Where the timesteps show it, this happens by
        itself; say it all the same, since an image that was left early and one that starts further down look like one."""
        with self._alone("reset"):
            self._place = self._beginning(self._place.plan, self._place.watch.memory.begun(None))

    def plan(
        self,
        steps: int | None = None,
        start: int | None = None,
        timesteps: Sequence[float] | None = None,
        log_snr: Sequence[float] | None = None,
    ) -> None:
        """Begins an image in a loop of so many steps, from a step on: the models stay as they are. `stepfold.Loop` says
        what each argument is.

        Raises:
            StepfoldError: LOOP_STEPS, LOOP_START, LOOP_TIMESTEPS, LOOP_FIXED, FORECAST_AXIS_MISSING,
                FORECAST_AXIS_UNEVEN, GUIDANCE_BRANCHES
        """
        with self._alone("plan"):
            plan = plan_for(self.schedule, Loop(steps, start, timesteps, log_snr))
            self._place = self._beginning(plan, Memory())

    def save(self) -> SavedImage:
        """Everything that the calls to come depend on, as plain values: dicts, numbers and flat arrays, which can be pickled.
        What was saved stays as it is, whatever is done with the image."""
        with self._alone("save"):
            place = self._place
            return saved_image(self.schedule, place.plan, place.next, place.states, place.watch.memory)

    def restore(self, saved: SavedImage) -> None:
        """Goes on where an image was saved, in this process or another: the same calls give the same bits. Whatever this
        image was at is forgotten. Restored into two images, it goes on twice.

        Raises:
            StepfoldError: SAVED_IMAGE_INVALID, SAVED_IMAGE_VERSION, SAVED_IMAGE_MISMATCH
        """
        with self._alone("restore"):
            plan = self._place.plan
            count, states, memory = restored(saved, self.schedule, plan)
            self._place = replace(self._beginning(plan, memory), next=count, states=states)

    def close(self) -> None:
        """Frees the states; nothing but `close` may be called after it."""
        self._is_closed = True
        self._place = replace(self._place, states=States(self.schedule, {}))

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _refusal(self) -> errors.StepfoldError:
        return errors.session_released() if self._programs.is_closed else errors.image_released()

    @contextmanager
    def _alone(self, method: str) -> Iterator[None]:
        """Nothing else may be asked of the image until this has ended."""
        if self._is_closed or self._programs.is_closed:
            raise self._refusal()
        if not self._lock.acquire(blocking=False):
            raise errors.session_busy(method)
        try:
            yield
        finally:
            self._lock.release()

    def _call(self, given: object, wanted: Mapping[str, Target | None], options: Any) -> dict[str, Value]:
        schedule, place = self.schedule, self._place
        feeds = checked_feeds(schedule["source"]["inputs"], given)
        shapes = feed_shapes(feeds)
        seen = place.watch.look(shapes, lambda name: _timestep(feeds[name]))
        # of another place until the call has ended well: one that fails leaves everything as it was
        if place.watch.begins(seen, place.next):
            place = self._beginning(place.plan, place.watch.memory.begun(place.left_after))
        if place.next == 0:
            place = self._in_its_loop(place, given)
        if place.next >= len(place.plan.calls):
            raise errors.schedule_exhausted(len(place.plan.calls))
        request = Request(place.next, place.plan.calls[place.next], feeds, wanted, options)
        self._refuse_odd_pairs(request, shapes, place.watch)
        sizes = bind(schedule["source"]["inputs"], shapes)
        with self._programs.in_turn():
            steps = self._programs.prepare(request.program)
            call = Call(self._programs.runner, schedule, place.plan, place.states, sizes, request)
            outputs, held = call.make(steps)
        place.watch.note(seen, request.call)
        self._place = Place(place.plan, request.call + 1, States(schedule, held), place.watch)
        if self._settings.on_call:
            self._settings.on_call(CallInfo(request.call, request.program))
        return outputs

    def _in_its_loop(self, place: Place, given: Any) -> Place:
        """Asks which loop it is that begins with this call."""
        loop = self._settings.loop(given) if self._settings.loop else None
        plan = place.plan if loop is None else plan_for(self.schedule, loop)
        return place if plan == place.plan else self._beginning(plan, place.watch.memory)

    def _refuse_odd_pairs(self, request: Request, shapes: Mapping[str, Sequence[int]], watch: ImageWatch) -> None:
        """The graph would cut an odd batch somewhere in the middle and fail far from the cause. One that is even and yet
        smaller than before lacks its other halves, which fails nowhere."""
        source = self.schedule["source"]
        latent = source.get("roles", {}).get("latent")
        if source.get("guidance", {}).get("mode") != "batch" or latent is None or not shapes[latent]:
            return
        batch = shapes[latent][0]
        # earlier calls took as many rows as one half has for both, and their results are wrong already
        if watch.is_grown(batch):
            raise errors.pairs_too_late(request.call, latent, batch)
        if not needs_pairs(self.schedule, request.program):
            return
        if batch % 2 or watch.is_reduced(batch):
            raise errors.odd_pair(request.call, latent, batch)


def image_settings(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, **{name: value for name, value in changes.items() if value is not None})


def _timestep(feed: Feed) -> Timestep | None:
    return None if isinstance(feed, Buffer) else read_timestep(feed)


def _refuse_branches(schedule: Schedule, plan: Plan, branches: int | None) -> None:
    """
    Raises:
        StepfoldError: GUIDANCE_BRANCHES where a program takes a batch for pairs, and the loop has none
    """
    if branches is None or branches == 2:
        return
    is_count = isinstance(branches, int) and not isinstance(branches, bool) and branches > 0
    program = next((name for name in plan.calls if needs_pairs(schedule, name)), None) if is_count else None
    if not is_count or program is not None:
        raise errors.guidance_branches(branches, program)
