"""Opens a bundle: its models, loaded once, for any number of images; and an image by itself, with the surface of
`onnxruntime.InferenceSession`, so that code which drives a denoiser changes one line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Literal, Mapping, Optional, Sequence, Union
from weakref import WeakSet

from . import errors
from .binding import Binding
from .engine import Models, SessionFactory, default_factory
from .files import check_files
from .folders import bundle_in
from .images import CallInfo, Image, Settings, image_settings
from .loops import Loop, plan_for
from .programs import Programs
from .saved import SavedImage
from .schedules import Schedule, read_schedule
from .tensors import ort_type
from .watch import NewImage

Load = Literal["eager", "all", "lazy"]
LoopSource = Callable[[Mapping[str, Any]], Optional[Loop]]


@dataclass(frozen=True)
class NodeArg:
    """An input or output of the source model, as `onnxruntime.NodeArg` has it.

    Attributes:
        name: of the tensor.
        type: such as ``tensor(float)``.
        shape: sizes; names of symbols where they are open, None where nothing is known.
    """

    name: str
    type: str
    shape: list[Union[int, str, None]]


class Session(Image):
    """A bundle's models, loaded once; and an image by itself. `stepfold.open` gives one."""

    def __init__(self, folder: str, programs: Programs, loop: Loop, settings: Settings) -> None:
        super().__init__(programs, plan_for(programs.schedule, loop), settings)
        self._folder, self._images = folder, WeakSet[Image]()
        # what a pipeline does before each call
        self._before_call: Callable[[Session], None] | None = None

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: Any = None
    ) -> list[Any]:
        if self._before_call:
            self._before_call(self)
        return super().run(output_names, input_feed, run_options)

    def run_with_iobinding(self, iobinding: Binding, run_options: Any = None) -> None:
        if self._before_call:
            self._before_call(self)
        super().run_with_iobinding(iobinding, run_options)

    def get_inputs(self) -> list[NodeArg]:
        """Of the source model: what `run` is fed."""
        return [_node_arg(port) for port in self.schedule["source"]["inputs"]]

    def get_outputs(self) -> list[NodeArg]:
        """Of the source model: what `run` gives."""
        return [_node_arg(port) for port in self.schedule["source"]["outputs"]]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """None: a bundle's models take none."""
        return []

    def get_modelmeta(self) -> Any:
        """Of the first model that was loaded."""
        return self._programs.any_session().get_modelmeta()

    def get_providers(self) -> list[str]:
        return self._programs.providers()[0]

    def get_provider_options(self) -> Mapping[str, Mapping[str, str]]:
        return self._programs.providers()[1]

    def set_providers(self, providers: Sequence[Any] | None = None, provider_options: Sequence[Any] | None = None) -> None:
        """Moves all models; every image begins anew, since states may lie where no model reaches them any more."""
        with self._alone("set_providers"):
            self._programs.set_providers(providers, provider_options)
        for image in (self, *self._images):
            if not image._is_closed:
                image.reset()

    def image(
        self,
        *,
        steps: int | None = None,
        start: int | None = None,
        timesteps: Sequence[float] | None = None,
        log_snr: Sequence[float] | None = None,
        saved: SavedImage | None = None,
        new_image: NewImage | None = None,
        branches: int | None = None,
        on_call: Callable[[CallInfo], None] | None = None,
    ) -> Image:
        """A further image over the same models, with states and a place of its own.

        Args:
            saved: goes on where this one was saved, in place of beginning at call 0.
            steps, start, timesteps, log_snr, new_image, branches, on_call: as for `stepfold.open`; left out, as the
                session has them.

        Raises:
            StepfoldError: SESSION_RELEASED, GUIDANCE_BRANCHES, LOOP_…, and what `restore` raises
        """
        if self._programs.is_closed:
            raise errors.session_released()
        asked = Loop(steps, start, timesteps, log_snr)
        plan = plan_for(self.schedule, asked) if asked.says_something() else self._place.plan
        settings = image_settings(self._settings, new_image=new_image, branches=branches, on_call=on_call)
        image = Image(self._programs, plan, settings)
        if saved is not None:
            image.restore(saved)
        self._images.add(image)
        return image

    def close(self) -> None:
        """Frees the models and the states of all images."""
        for image in list(self._images):
            image.close()
        super().close()
        self._programs.close()

    def _refusal(self) -> errors.StepfoldError:
        return errors.session_released()

    @property
    def _model_path(self) -> str:
        """Where pipelines look for the configuration beside a model."""
        return os.path.join(self._folder, next(iter(self.schedule["models"].values()))["file"])

    @property
    def _sess(self) -> Any:
        """A session of the engine's own, which pipelines make an IO binding of although they do not use it."""
        return self._programs.any_session()._sess


def _node_arg(port: Mapping[str, Any]) -> NodeArg:
    return NodeArg(port["name"], ort_type(port["type"]), list(port["shape"]))


def open(
    folder: str | os.PathLike[str],
    *,
    steps: int | None = None,
    start: int | None = None,
    timesteps: Sequence[float] | None = None,
    log_snr: Sequence[float] | None = None,
    loop: LoopSource | None = None,
    providers: Sequence[Any] | None = None,
    provider_options: Sequence[Any] | None = None,
    session_options: Any = None,
    session_factory: SessionFactory | None = None,
    state_device: str = "auto",
    new_image: NewImage = "timestep",
    branches: int | None = None,
    on_call: Callable[[CallInfo], None] | None = None,
    load: Load = "eager",
    verify_hashes: bool = True,
) -> Session:
    """Opens a bundle's folder, or a pipeline's whose denoiser is one.

    Args:
        steps: of the whole loop; left out, as many as the schedule is written out for.
        start: the first step that is taken, from 0; above 0 from image to image.
        timesteps: of each step that is taken, never rising, where a method goes by them.
        log_snr: of each step that is taken, the logarithm of signal over noise in variance, where a forecast goes by it.
        loop: asked at each call that begins an image, with what it is fed, which loop that is; None keeps the one before.
        providers, provider_options, session_options: for the session of every model, as `InferenceSession` takes them. Where
            session_options are left out, the threads of models that wait their turn do not spin.
        session_factory: makes the session of a model from its path, in place of onnxruntime's.
        state_device: where states and tensors between models are kept: "auto" (the providers' device, or arrays), "host"
            (arrays, as every session takes them), or a device such as "cuda:0" (onnxruntime's tensors, bound).
        new_image: what to do with a call that begins another image though `reset()` was not called: "timestep" begins anew
            where the timestep or the latent's size shows it, and refuses what could be two images in turns; "error" refuses
            it; "reset" looks at nothing.
        branches: parts of the loop's guidance: 1 without it, 2 for a pair. Where some call needs pairs, others are refused.
        on_call: is told of every call that ended well.
        load: models of the loop's calls now ("eager"), all ("all"), or each when it is first needed ("lazy").
        verify_hashes: compares models with the schedule's hashes, and samples of the weights.

    Raises:
        StepfoldError: FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID,
            SCHEDULE_FILE_ESCAPES, SCHEDULE_HASH_MISMATCH, SCHEDULE_WEIGHTS_SIZE, SCHEDULE_WEIGHTS_CHANGED, ENGINE_MISSING,
            MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH, TENSOR_TYPE_UNSUPPORTED, LOOP_STEPS, LOOP_START, LOOP_TIMESTEPS,
            LOOP_FIXED, FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN, GUIDANCE_BRANCHES
    """
    place = bundle_in(os.fspath(folder))
    schedule = read_schedule(place)
    check_files(place, schedule, verify_hashes)
    create = session_factory or default_factory(providers, provider_options, session_options, takes_turns(schedule))
    programs = Programs(schedule, Models(place, schedule, create), state_device)
    settings = Settings(new_image, branches, loop, on_call)
    session = Session(place, programs, Loop(steps, start, timesteps, log_snr), settings)
    names = () if load == "lazy" else schedule["programs"] if load == "all" else dict.fromkeys(session.calls)
    for name in names:
        programs.prepare(name)
    return session


def takes_turns(schedule: Schedule) -> bool:
    """May a loop run more than one model?"""
    return len({run["model"] for program in schedule["programs"].values() for run in program["runs"]}) > 1
