"""What a bundle's models are run by: onnxruntime's sessions, or whatever has their surface. Each model is loaded once, and
checked against the schedule when it is: a wrong file is named at once, not at the call that first misses an input."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Callable, Mapping, Protocol, Sequence

from . import errors
from .schedules import Schedule
from .tensors import ort_type


class ModelSession(Protocol):
    """As much of `onnxruntime.InferenceSession` as is used of one."""

    def get_inputs(self) -> Sequence[Any]: ...
    def get_outputs(self) -> Sequence[Any]: ...
    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: Any = None) -> Sequence[Any]: ...


#: Makes the session of a model file, given its path.
SessionFactory = Callable[[str], Any]


def onnxruntime() -> Any:
    """The engine, imported when it is first needed.

    Raises:
        StepfoldError: ENGINE_MISSING
    """
    try:
        engine = import_module("onnxruntime")
    except ImportError as error:
        raise errors.engine_missing(str(error)) from error
    return engine


def default_factory(providers: Any, provider_options: Any, session_options: Any, takes_turns: bool) -> SessionFactory:
    """Sessions of onnxruntime.

    Args:
        takes_turns: a loop may run more than one model. Then threads of those that wait do not spin, or they would take
            the processor from the one that runs (decision 10), unless `session_options` are the caller's own.
    """
    engine = onnxruntime()
    if session_options is None:
        session_options = engine.SessionOptions()
        if takes_turns:
            session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def create(path: str) -> Any:
        return engine.InferenceSession(path, session_options, providers=providers, provider_options=provider_options)

    return create


class Models:
    """Sessions by model id."""

    def __init__(self, folder: str, schedule: Schedule, create: SessionFactory) -> None:
        self.folder, self.schedule, self.create = folder, schedule, create
        self.sessions: dict[str, Any] = {}

    def get(self, id: str) -> Any:
        """
        Raises:
            StepfoldError: MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH
        """
        if id not in self.sessions:
            file = self.schedule["models"][id]["file"]
            path = os.path.join(self.folder, file)
            try:
                session = self.create(path)
            except errors.StepfoldError:
                raise
            except Exception as error:  # engines raise whatever they like
                raise errors.model_load_failed(id, path, error) from error
            why = self._misfit(id, session)
            if why is not None:
                raise errors.model_mismatch(id, path, why)
            self.sessions[id] = session
        return self.sessions[id]

    def _misfit(self, id: str, session: Any) -> str | None:
        """What the schedule expects of the model and does not find, or the other way round."""
        source, states = self.schedule["source"], self.schedule["states"]
        inputs = {own.name: own for own in session.get_inputs()}
        outputs = {own.name: own for own in session.get_outputs()}
        feeds = {port["name"]: port for port in source["inputs"]}
        for run in (run for program in self.schedule["programs"].values() for run in program["runs"] if run["model"] == id):
            kinds = [run.get(kind, {}) for kind in ("reads", "parameters", "takes", "constants", "unused")]
            fed = {name for kind in kinds for name in kind}
            for name in sorted(fed - inputs.keys()):
                return f'it has no input "{name}"'
            for name in sorted(inputs.keys() - fed - feeds.keys()):
                return f'nothing feeds its input "{name}"'
            given = [*run.get("writes", {}).values(), *run.get("gives", {}).values()]
            for name in (name for name in given if name not in outputs):
                return f'it has no output "{name}"'
            for kind in ("reads", "unused"):
                for name, state in run.get(kind, {}).items():
                    why = _unlike(inputs[name], states[state])
                    if why is not None:
                        return f'its input "{name}" is {why}, the state "{state}" that it is fed {_said(states[state])}'
        for name in sorted(inputs.keys() & feeds.keys()):
            why = _unlike(inputs[name], feeds[name])
            if why is not None:
                return f'its input "{name}" is {why}, the source\'s {_said(feeds[name])}'
        return None


def _unlike(port: Any, wanted: Mapping[str, Any]) -> str | None:
    """What a model's port is, where its type or rank is not what the schedule says; engines need not tell either."""
    type, shape = getattr(port, "type", None), getattr(port, "shape", None)
    if type is not None and type != ort_type(wanted["type"]):
        return f"{type}"
    # a rank of 0 is also what a model says that does not know it
    if shape and len(shape) != len(wanted["shape"]):
        return f"of rank {len(shape)}"
    return None


def _said(port: Mapping[str, Any]) -> str:
    return f"{ort_type(port['type'])} of rank {len(port['shape'])}"
