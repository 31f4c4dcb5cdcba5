"""Puts a bundle into a pipeline of optimum or diffusers, in place of its denoiser's session, and takes it out again."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

from . import errors
from .engine import SessionFactory
from .loops import per_step
from .pipeline_loop import PipelineLoop
from .schedules import Schedule, needs_pairs
from .sessions import Session, open as open_session
from .watch import NewImage

_NAMES = ("unet", "transformer")
_KNOWN = (
    "known are optimum's ORT…Pipeline (its unet or transformer), and diffusers' OnnxStableDiffusion…Pipeline "
    "(its unet, an OnnxRuntimeModel)"
)


@dataclass(frozen=True)
class _Slot:
    """Where a pipeline keeps its denoiser's session.

    Attributes:
        model: the pipeline's unet or transformer.
        names: the attributes of it that a bundle takes the place of.
        session: the one among them that is called.
    """

    model: Any
    names: tuple[str, ...]
    session: str


@dataclass(frozen=True)
class _Enabled:
    slot: _Slot
    before: Mapping[str, Any]
    session: Session


_enabled: weakref.WeakKeyDictionary[Any, _Enabled] = weakref.WeakKeyDictionary()


def enable(
    pipe: Any,
    folder: str | os.PathLike[str],
    *,
    session_options: Any = None,
    session_factory: SessionFactory | None = None,
    providers: Sequence[Any] | None = None,
    provider_options: Sequence[Any] | None = None,
    state_device: str = "auto",
    new_image: NewImage = "timestep",
    verify_hashes: bool = True,
) -> Session:
    """Lets a pipeline run a bundle in place of its denoiser. Each image runs the loop that the pipeline's scheduler has at its
    first call: as many steps, from that step on, at those timesteps.

    Args:
        pipe: optimum's ``ORT…Pipeline``, or diffusers' ``OnnxStableDiffusion…Pipeline``.
        folder: the bundle's, or that of a pipeline whose denoiser is one.
        providers, provider_options: left out, those of the session that the pipeline has.
        session_options, session_factory, state_device, new_image, verify_hashes: as for `stepfold.open`.

    Returns:
        The session, which `disable` closes.

    Raises:
        StepfoldError: PIPELINE_UNKNOWN, PIPELINE_MISMATCH, and what `stepfold.open` raises
    """
    slot = _slot_of(pipe)
    disable(pipe)
    loop = PipelineLoop(pipe)
    before = {name: getattr(slot.model, name) for name in slot.names}
    old = before[slot.session]
    if providers is None and session_factory is None:
        providers, provider_options = _providers_of(old)
    session = open_session(
        folder,
        loop=loop,
        providers=providers,
        provider_options=provider_options,
        session_options=session_options,
        session_factory=session_factory,
        state_device=state_device,
        new_image=new_image,
        verify_hashes=verify_hashes,
        # which programs are run is known once a loop is
        load="lazy",
    )
    try:
        _refuse_other(pipe, session, old)
        loop.follow(session)
        for name, value in _attributes(slot, session).items():
            setattr(slot.model, name, value)
    except BaseException:
        session.close()
        raise
    _enabled[pipe] = _Enabled(slot, before, session)
    return session


def disable(pipe: Any) -> None:
    """Gives a pipeline back what it had before `enable`, and closes the bundle. Does nothing where none is enabled."""
    enabled = _enabled.pop(pipe, None)
    if enabled is None:
        return
    for name, value in enabled.before.items():
        setattr(enabled.slot.model, name, value)
    enabled.session.close()


def _slot_of(pipe: Any) -> _Slot:
    for name in _NAMES:
        model = getattr(pipe, name, None)
        if model is None:
            continue
        # optimum's ORTUnet and ORTTransformer
        if all(hasattr(model, own) for own in ("session", "_io_binding", "use_io_binding")):
            return _Slot(model, ("session", "_io_binding"), "session")
        # diffusers' OnnxRuntimeModel
        if hasattr(getattr(model, "model", None), "get_inputs"):
            return _Slot(model, ("model",), "model")
    raise errors.pipeline_unknown(type(pipe).__name__, _KNOWN)


def _attributes(slot: _Slot, session: Session) -> Mapping[str, Any]:
    """A pipeline that binds its inputs and outputs does so in a binding of the bundle."""
    made: Mapping[str, Callable[[], Any]] = {"session": lambda: session, "model": lambda: session, "_io_binding": session.io_binding}
    return {name: made[name]() for name in slot.names}


def _providers_of(session: Any) -> tuple[list[str], list[Mapping[str, str]]]:
    names = list(session.get_providers())
    options = session.get_provider_options()
    return names, [options.get(name, {}) for name in names]


def _refuse_other(pipe: Any, session: Session, old: Any) -> None:
    """
    Raises:
        StepfoldError: PIPELINE_MISMATCH
    """
    name = type(pipe).__name__
    for kind, get in (("input", "get_inputs"), ("output", "get_outputs")):
        own = {port.name: port for port in getattr(session, get)()}
        had = {port.name: port for port in getattr(old, get)()}
        if own.keys() != had.keys():
            why = f"its {kind}s are {', '.join(own)}, those of the pipeline's model {', '.join(had)}"
            raise errors.pipeline_mismatch(name, why)
        for port in had.values():
            if port.type != own[port.name].type:
                why = f'its {kind} "{port.name}" is {own[port.name].type}, that of the pipeline\'s model {port.type}'
                raise errors.pipeline_mismatch(name, why)
    _refuse_guidance(name, session.schedule)


def _refuse_guidance(name: str, schedule: Schedule) -> None:
    guidance = schedule["source"].get("guidance")
    if guidance is None:
        return
    needed = any(needs_pairs(schedule, program) for program in schedule["programs"])
    # only Flux asks twice a step, for the condition first; all others have both halves in one batch, without it first
    calls_twice, made_for_two = "Flux" in name, per_step(schedule) == 2
    if calls_twice != made_for_two and (needed or made_for_two):
        how = "in two calls a step" if made_for_two else "in one batch"
        raise errors.pipeline_mismatch(name, f"it is made for guidance {how}, and the pipeline does it otherwise")
    order = "cond-first" if calls_twice else "uncond-first"
    if needed and guidance["order"] != order:
        raise errors.pipeline_mismatch(name, f"it is made for pairs that come {guidance['order']}, the pipeline's come {order}")
