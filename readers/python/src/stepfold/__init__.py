"""Runs Stepfold's bundles with onnxruntime: denoisers that skip work between the steps of a diffusion loop.

    import stepfold

    session = stepfold.open("unet-cached", steps=30)   # in place of onnxruntime.InferenceSession("unet/model.onnx")
    for t, latent in loop:
        (prediction,) = session.run(None, {"sample": latent, "timestep": t, "encoder_hidden_states": condition})

Everything is imported when it is first used: `stepfold.loops` alone needs nothing but Python.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .binding import Binding as Binding
    from .errors import StepfoldError as StepfoldError
    from .images import CallInfo as CallInfo
    from .images import Image as Image
    from .loops import Loop as Loop
    from .pipelines import disable as disable
    from .pipelines import enable as enable
    from .saved import SavedImage as SavedImage
    from .schedules import read_schedule as read_schedule
    from .sessions import NodeArg as NodeArg
    from .sessions import Session as Session
    from .sessions import open as open

__version__ = "0.1.0"

_PLACES = {
    "Binding": "binding",
    "CallInfo": "images",
    "Image": "images",
    "Loop": "loops",
    "NodeArg": "sessions",
    "SavedImage": "saved",
    "Session": "sessions",
    "StepfoldError": "errors",
    "disable": "pipelines",
    "enable": "pipelines",
    "open": "sessions",
    "read_schedule": "schedules",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'stepfold' has no attribute '{name}'")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
