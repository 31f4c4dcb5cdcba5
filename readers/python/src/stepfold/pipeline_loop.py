"""The loop that a pipeline is in, as its scheduler says: it sets its timesteps at the start of each image, before the denoiser
is first called. So the number of steps is known then, and a new list of timesteps is a new image, whatever its first is."""

from __future__ import annotations

import math
import weakref
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from .loops import Loop
from .sessions import Session
from .tensors import is_in_memory, to_array

# pipelines of flows feed the time from 1 to 0 where the scheduler counts from 1000
_SCALES = (1.0, 1000.0)


class PipelineLoop:
    """What `stepfold.open` takes as `loop`."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = weakref.ref(pipe)
        self._timesteps: Any = None
        self._role: str | None = None
        self._needs_noise_levels = False

    def follow(self, session: Session) -> None:
        """Resets the session where the scheduler's timesteps are set anew."""
        source = session.schedule["source"]
        self._role = source.get("roles", {}).get("timestep")
        self._needs_noise_levels = "log-snr" in session.schedule.get("axes", {})
        session._before_call = self._reset_where_set_anew  # noqa: SLF001

    def _reset_where_set_anew(self, session: Session) -> None:
        timesteps = self._scheduler_timesteps()
        if timesteps is not self._timesteps and session.call_index > 0:
            session.reset()
        self._timesteps = timesteps

    def _scheduler_timesteps(self) -> Any:
        return getattr(getattr(self._pipe(), "scheduler", None), "timesteps", None)

    def __call__(self, feeds: Mapping[str, Any]) -> Optional[Loop]:
        timesteps = self._scheduler_timesteps()
        if timesteps is None or len(timesteps) == 0:
            return None
        scheduler = getattr(self._pipe(), "scheduler", None)
        known = [float(t) for t in timesteps]
        start = self._start(known, scheduler, feeds.get(self._role) if self._role else None)
        taken = known[start:]
        # samplers that go back within an image have no list that a schedule could follow
        falls = all(now <= before for before, now in zip(taken, taken[1:]))
        log_snr = noise_levels(scheduler, start, taken) if self._needs_noise_levels else None
        return Loop(len(known), start, _whole(taken) if falls else None, log_snr)

    def _start(self, timesteps: Sequence[float], scheduler: Any, fed: Any) -> int:
        """The step that the first call is fed, which lies in the middle from image to image."""
        begin = getattr(scheduler, "begin_index", None)
        if isinstance(begin, int) and 0 <= begin < len(timesteps):
            return begin
        if fed is None or not is_in_memory(fed) or to_array(fed).size == 0:
            return 0
        own = float(to_array(fed).ravel()[0])
        for scale in _SCALES:
            near = [abs(t - own * scale) <= 1e-3 * max(1.0, abs(t)) for t in timesteps]
            if any(near):
                return near.index(True)
        return 0


def _whole(timesteps: Sequence[float]) -> list[float]:
    """Whole numbers as such: schedules that know theirs compare them."""
    return [int(t) if t.is_integer() else t for t in timesteps]


def noise_levels(scheduler: Any, start: int, timesteps: Sequence[float]) -> list[float] | None:
    """Of each step, the logarithm of signal over noise in variance; None where the scheduler does not say."""
    products = getattr(scheduler, "alphas_cumprod", None)
    if products is not None:
        alphas = np.asarray(products, dtype=np.float64)
        at = np.interp(timesteps, np.arange(len(alphas)), alphas)
        return [math.log(a / (1 - a)) for a in at]
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is None or len(sigmas) < start + len(timesteps):
        return None
    # of flows, where signal is 1 - sigma
    own = [float(sigma) for sigma in sigmas[start : start + len(timesteps)]]
    return [2 * math.log(max(1 - sigma, 1e-12) / sigma) for sigma in own]
