"""The package against the conformance suite, whose outputs come from a plain reader and which Stepfold's own session passes."""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import stepfold
from stepfold.call import Call
from stepfold.loops import place_in_history
from stepfold.states import States

from support import CONFORMANCE, at, cases, feeds_of, open_exact, read, request_of

CODES = {"fixed": "LOOP_FIXED", "axis": "FORECAST_AXIS_MISSING", "version": "SCHEDULE_VERSION"}


def traced(session: stepfold.Session, feeds: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    """What each call does, seen where calls take and leave their states, and what it gives."""
    calls: list[Any] = []
    outputs: dict[str, list[Any]] = {}
    real_read, real_feeds, real_after = States.read, Call._feeds, States.after

    def read_(self: States, id: str, sizes: Any, call: int) -> Any:
        calls[-1]["reads"][id] = self.held[id].call
        return real_read(self, id, sizes, call)

    def feeds_(self: Call, step: Any) -> Any:
        found = real_feeds(self, step)
        for name, id in step.run.get("parameters", {}).items():
            calls[-1]["parameters"][id] = np.ravel(found[name]).tolist()
        return found

    def after(self: States, written: Any, sizes: Any, call: int) -> Any:
        calls[-1]["writes"] = sorted({place_in_history(session.schedule["states"], id)[0] for id in written})
        return real_after(self, written, sizes, call)

    with mock.patch.object(States, "read", read_), mock.patch.object(Call, "_feeds", feeds_), mock.patch.object(
        States, "after", after
    ):
        for call, program in enumerate(session.calls):
            calls.append({"program": program, "parameters": {}, "reads": {}, "writes": []})
            given = session.run(None, at(feeds, call))
            for port, array in zip(session.get_outputs(), given):
                outputs.setdefault(port.name, []).append(array)
    return calls, outputs


class Conformance(unittest.TestCase):
    def check(self, case: Path, state_device: str) -> None:
        for loop in read(case / "case.json")["loops"]:
            with self.subTest(case=case.name, loop=loop["name"], state_device=state_device):
                expected = read(case / "expected" / f"{loop['name']}.json")
                options = {**request_of(loop), "new_image": "reset", "state_device": state_device}
                if "refused" in expected:
                    with self.assertRaises(stepfold.StepfoldError) as raised:
                        open_exact(case, **options)
                    self.assertEqual(raised.exception.code, CODES[expected["refused"]])
                    continue
                with open_exact(case, **options) as session:
                    calls, outputs = traced(session, feeds_of(case))
                self.compare(calls, expected["calls"])
                for file in (case / "expected").glob(f"{loop['name']}.*.npy"):
                    wanted = np.load(file)
                    found = np.stack(outputs[file.name.split(".", 1)[1][:-4]])
                    self.assertEqual((found.dtype, found.shape), (wanted.dtype, wanted.shape))
                    self.assertLessEqual(np.abs(found - wanted).max(), 1e-5 * max(1, np.abs(wanted).max()))

    def compare(self, calls: list[Any], expected: list[Any]) -> None:
        for call, (own, wanted) in enumerate(zip(calls, expected)):
            for kind in ("program", "reads", "writes"):
                self.assertEqual(own[kind], wanted[kind], f"call {call}")
            self.assertEqual(own["parameters"].keys(), wanted["parameters"].keys())
            for id, numbers in own["parameters"].items():
                np.testing.assert_allclose(numbers, wanted["parameters"][id], rtol=1e-6, atol=1e-6)
        self.assertEqual(len(calls), len(expected))

    def test_arrays(self) -> None:
        for case in cases(CONFORMANCE):
            self.check(case, "host")

    def test_bound_tensors(self) -> None:
        for case in cases(CONFORMANCE):
            self.check(case, "cpu")


if __name__ == "__main__":
    unittest.main()
