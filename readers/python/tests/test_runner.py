"""What the engine is asked for where states lie on a device, which the machines that run these tests do not have: an engine
that writes down what is bound."""

from __future__ import annotations

import unittest
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime as ort
from stepfold.binding import Buffer, Target
from stepfold.runner import ArrayRunner, BoundRunner, runner_for

from support import CONFORMANCE, at, feeds_of, open_exact
from test_session import Case


class Recorded:
    """As `onnxruntime.IOBinding`."""

    def __init__(self) -> None:
        self.bound: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.bound.append((name, *given))

    def get_outputs(self) -> list[str]:
        return [f"value of {call[1]}" for call in self.bound if call[0] == "bind_output"]


class Engine:
    def __init__(self) -> None:
        self.binding = Recorded()

    def io_binding(self) -> Recorded:
        return self.binding

    def run_with_iobinding(self, binding: Recorded, options: Any) -> None:
        binding.bound.append(("run", options))


class Devices(Case):
    def test_which_device(self) -> None:
        options = {"CUDAExecutionProvider": {"device_id": "1"}, "CPUExecutionProvider": {}}
        cuda = runner_for("auto", ["CUDAExecutionProvider", "CPUExecutionProvider"], options)
        assert isinstance(cuda, BoundRunner)
        self.assertEqual((cuda.device_type, cuda.device_id), ("cuda", 1))
        self.assertIsInstance(runner_for("auto", ["CPUExecutionProvider"], {}), ArrayRunner)
        self.assertIsInstance(runner_for("host", ["CUDAExecutionProvider"], {}), ArrayRunner)
        named = runner_for("dml:2", [], {})
        assert isinstance(named, BoundRunner)
        self.assertEqual((named.device_type, named.device_id), ("dml", 2))

    def test_what_is_bound(self) -> None:
        engine, value = Engine(), ort.OrtValue.ortvalue_from_numpy(np.ones(1, np.float32))
        sample = Buffer("cuda", 0, np.float32, (2, 3), 4096)
        feeds = {"x": sample, "s": value, "t": np.zeros(1, np.float32)}
        fetches = {"eps": Target("cuda", 0, sample), "other": Target(), "kept": None}
        results = BoundRunner("cuda", 0).run(engine, feeds, fetches, "options")
        self.assertEqual(list(results), ["eps", "other", "kept"])
        bound = engine.binding.bound
        self.assertEqual(bound[0], ("bind_input", "x", "cuda", 0, np.float32, [2, 3], 4096))
        self.assertEqual(bound[1][:2], ("bind_ortvalue_input", "s"))
        self.assertEqual(bound[2][:2], ("bind_cpu_input", "t"))
        self.assertEqual(bound[3], ("bind_output", "eps", "cuda", 0, np.float32, [2, 3], 4096))
        self.assertEqual(bound[4:6], [("bind_output", "other", "cpu", 0), ("bind_output", "kept", "cuda", 0)])
        self.assertEqual([call[0] for call in bound[6:]], ["synchronize_inputs", "run", "synchronize_outputs"])

    def test_scalars_stay_scalars(self) -> None:
        engine, turned = Engine(), np.arange(6, dtype=np.float32).reshape(2, 3).T
        BoundRunner("cuda", 0).run(engine, {"t": np.array(500), "x": turned}, {}, None)
        (_, _, scalar), (_, _, matrix) = engine.binding.bound[:2]
        self.assertEqual(scalar.shape, ())
        self.assertEqual(matrix.tolist(), turned.tolist())
        self.assertTrue(matrix.flags.c_contiguous)

    def test_an_output_is_not_written_over_what_later_models_are_fed(self) -> None:
        case = CONFORMANCE / "chain"
        feeds = at(feeds_of(case), 0)
        with open_exact(case) as session:
            binding = session.io_binding()
            for name, array in feeds.items():
                binding.bind_cpu_input(name, array)
            binding.bind_output("eps", "cuda", 0, np.float32, feeds["x"].shape, 4096)
            steps = session._programs.prepare(session.calls[0])
            turned = [*steps[-1:], *steps[:-1]]
            with mock.patch.object(session._programs, "prepare", return_value=turned):
                with self.refuses("SESSION_BINDING", "not the last"):
                    session.run_with_iobinding(binding)


if __name__ == "__main__":
    unittest.main()
