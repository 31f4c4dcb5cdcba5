"""Bundles in pipelines, with stand-ins that have what optimum's and diffusers' have; `real-pipelines/` runs the real ones."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import stepfold

from support import CONFORMANCE, at, exact, feeds_of
from test_session import Case

SPLIT, TURNS, SNR = CONFORMANCE / "split", CONFORMANCE / "two-calls", CONFORMANCE / "snr-axis"


class Model:
    """As optimum's ORTUnet."""

    def __init__(self, session: Any) -> None:
        self.session, self.use_io_binding, self._io_binding = session, False, ort.IOBinding(session)


class Legacy:
    """As diffusers' OnnxRuntimeModel."""

    def __init__(self, session: Any) -> None:
        self.model = session


class Scheduler:
    begin_index: Any = None

    def __init__(self) -> None:
        self.timesteps: Any = np.zeros(0)

    def set_timesteps(self, steps: int) -> None:
        self.timesteps = np.array([1 - i / steps for i in range(steps)], np.float32)


class Pipeline:
    def __init__(self, case: Path, legacy: bool = False, scale: float = 1) -> None:
        own = _source_ports(case / "full.onnx")
        self.unet: Any = Legacy(own) if legacy else Model(own)
        self.scheduler, self.feeds, self.scale = Scheduler(), feeds_of(case), scale

    def __call__(self, steps: int, start: int = 0, calls: int | None = None) -> list[Any]:
        self.scheduler.set_timesteps(steps)
        taken = self.scheduler.timesteps[start:][:calls]
        given = []
        for call, timestep in enumerate(taken):
            feeds = {**at(self.feeds, call), "t": np.full(2, timestep / self.scale, np.float32)}
            session = self.unet.session if isinstance(self.unet, Model) else self.unet.model
            given.append(session.run(None, feeds)[0])
        return given


def _source_ports(file: Path) -> Any:
    """A session that has the source's ports alone, as the pipeline's own has."""

    class Source(ort.InferenceSession):  # type: ignore[misc]
        def get_inputs(self) -> Any:
            return [port for port in super().get_inputs() if not port.name.startswith("stepfold.")]

        def get_outputs(self) -> Any:
            return [port for port in super().get_outputs() if not port.name.startswith("stepfold.")]

    return Source(file, exact())


class Pipelines(Case):
    def timed_with(self, case: Path, **source: Any) -> Path:
        roles = {"latent": "x", "timestep": "t"}
        return self.changed(case, lambda schedule: schedule["source"].update(roles=roles, **source))

    def enable(self, pipe: Pipeline, folder: Path) -> stepfold.Session:
        return stepfold.enable(pipe, folder, session_options=exact())

    def test_what_is_set_is_given_back(self) -> None:
        for legacy, names in ((False, ("session", "_io_binding")), (True, ("model",))):
            pipe = Pipeline(SPLIT, legacy)
            before = {name: getattr(pipe.unet, name) for name in names}
            folder = self.timed_with(SPLIT)
            self.enable(pipe, folder)
            session = self.enable(pipe, folder)
            self.assertIs(getattr(pipe.unet, names[0]), session)
            stepfold.disable(pipe)
            stepfold.disable(pipe)
            self.assertEqual({name: getattr(pipe.unet, name) for name in names}, before)
            with self.refuses("SESSION_RELEASED"):
                session.run(None, at(pipe.feeds, 0))

    def test_each_image_has_the_schedulers_loop(self) -> None:
        for scale in (1.0, 1000.0):
            pipe = Pipeline(SPLIT, scale=scale)
            if scale != 1:
                pipe.scheduler.set_timesteps = lambda steps, own=pipe.scheduler: setattr(  # type: ignore[method-assign,misc]
                    own, "timesteps", np.array([1000 - 1000 * i / steps for i in range(steps)])
                )
            session = self.enable(pipe, self.timed_with(SPLIT))
            for steps, start in ((6, 0), (11, 4), (6, 0)):
                given = pipe(steps, start)
                self.assertEqual((session.steps, session.start, session.call_index), (steps, start, steps - start))
                with stepfold.open(SPLIT, session_options=exact(), steps=steps, start=start, new_image="reset") as own:
                    for call, array in enumerate(given):
                        timestep = pipe.scheduler.timesteps[start + call] / scale
                        feeds = {**at(pipe.feeds, call), "t": np.full(2, timestep, np.float32)}
                        np.testing.assert_array_equal(own.run(None, feeds)[0], array)

    def test_an_image_that_was_left_does_not_go_on(self) -> None:
        pipe = Pipeline(SPLIT)
        session = self.enable(pipe, self.timed_with(SPLIT))
        pipe(8, calls=3)
        # begins further down than the one that was left: only the new list of timesteps tells
        pipe(8, start=5)
        self.assertEqual((session.start, session.call_index), (5, 3))

    def test_the_scheduler_says_where_a_loop_begins(self) -> None:
        pipe = Pipeline(SPLIT)
        session = self.enable(pipe, self.timed_with(SPLIT))
        pipe.scheduler.begin_index = 2
        pipe(8, start=2)
        self.assertEqual(session.start, 2)

    def test_noise_levels(self) -> None:
        schedule = json.loads((SNR / "schedule.json").read_text())
        self.assertIn("log-snr", schedule["axes"])
        from stepfold.pipeline_loop import noise_levels

        products = np.linspace(0.99, 0.01, 100)
        found = noise_levels(SimpleNamespace(alphas_cumprod=products), 0, [99, 50])
        np.testing.assert_allclose(found, [math.log(0.01 / 0.99), math.log(products[50] / (1 - products[50]))])
        found = noise_levels(SimpleNamespace(sigmas=[1.0, 0.5, 0.25, 0.0]), 1, [500, 250])
        np.testing.assert_allclose(found, [0, 2 * math.log(3)])
        self.assertIsNone(noise_levels(SimpleNamespace(), 0, [1]))

    def test_what_does_not_fit_is_refused(self) -> None:
        with self.refuses("PIPELINE_UNKNOWN", "SimpleNamespace", "optimum"):
            stepfold.enable(SimpleNamespace(unet=SimpleNamespace()), SPLIT)
        pipe = Pipeline(SPLIT)
        before = pipe.unet.session
        with self.refuses("PIPELINE_MISMATCH", "cond-first"):
            self.enable(pipe, self.timed_with(SPLIT, guidance={"mode": "batch", "order": "cond-first"}))
        with self.refuses("PIPELINE_MISMATCH", "two calls"):
            self.enable(pipe, TURNS)
        inputs = [{"name": "other", "type": "float32", "shape": []}]
        own = json.loads((SPLIT / "schedule.json").read_text())["source"]["inputs"]
        with self.refuses("PIPELINE_MISMATCH", "other"):
            self.enable(pipe, self.timed_with(SPLIT, inputs=[*own, *inputs]))
        self.assertIs(pipe.unet.session, before)


if __name__ == "__main__":
    import unittest

    unittest.main()
