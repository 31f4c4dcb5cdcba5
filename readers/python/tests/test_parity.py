"""The package against Stepfold's own session on onnxruntime-node: equal to the bit, in every form, for loops of several
lengths and starts; and images that go on in Python where they were saved in Node."""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any

import numpy as np
from stepfold.identity import fingerprint
from stepfold.timesteps import Timestep
from stepfold.watch import ImageWatch
from stepfold import StepfoldError
from stepfold.memory import Memory

from support import PARITY, at, cases, feeds_of, open_exact, read, request_of


@unittest.skipIf(PARITY is None, "STEPFOLD_PARITY names no folder")
class Parity(unittest.TestCase):
    def setUp(self) -> None:
        assert PARITY is not None
        self.folder: Path = PARITY

    def test_outputs_equal_those_of_node_to_the_bit(self) -> None:
        for case in cases(self.folder):
            for loop in read(case / "case.json")["loops"]:
                for state_device in ("host", "cpu"):
                    with self.subTest(case=case.name, loop=loop["name"], state_device=state_device):
                        self.check_loop(case, loop, state_device)

    def check_loop(self, case: Path, loop: Any, state_device: str) -> None:
        expected = read(case / "expected" / f"{loop['name']}.json")
        feeds = feeds_of(case)
        options = {**request_of(loop), "new_image": "reset", "state_device": state_device}
        with open_exact(case, **options) as session:
            self.assertEqual(list(session.calls), expected["programs"])
            given = [session.run(None, at(feeds, call)) for call in range(len(session.calls))]
            names = [port.name for port in session.get_outputs()]
        for name, arrays in zip(names, zip(*given)):
            wanted = np.load(case / "expected" / f"{loop['name']}.{name}.npy")
            np.testing.assert_array_equal(np.stack(arrays), wanted)

    def test_an_image_goes_on_where_it_was_saved_in_node(self) -> None:
        for case in cases(self.folder):
            with self.subTest(case=case.name):
                saved = read(case / "saved/image.json")
                for state in saved["states"].values():
                    state["data"] = np.load(case / "saved" / state["data"])
                loop = read(case / "case.json")["loops"][0]
                feeds = feeds_of(case)
                with open_exact(case) as session:
                    session.restore(saved)
                    self.assertEqual(session.call_index, saved["callIndex"])
                    self.assertEqual(plain(session.save()), plain(saved))
                    rest = [session.run(None, at(feeds, call))[0] for call in range(session.call_index, len(session.calls))]
                    (output,) = (port.name for port in session.get_outputs())
                wanted = np.load(case / "expected" / f"{loop['name']}.{output}.npy")
                np.testing.assert_array_equal(np.stack(rest), wanted[saved["callIndex"] :])

    def test_where_an_image_begins(self) -> None:
        runs = read(self.folder / "watched.json")
        for i, run in enumerate(runs):
            with self.subTest(run=i):
                self.assertEqual(follow(run["schedule"], run["fed"], run["mode"]), run["seen"])
        codes = {own for run in runs for own in run["seen"] if isinstance(own, str)}
        self.assertEqual(
            codes, {"SESSION_IMAGES_MIXED", "SESSION_NEW_IMAGE", "SCHEDULE_EXHAUSTED", "GUIDANCE_TURNS"}
        )

    def test_fingerprints(self) -> None:
        for own in read(self.folder / "fingerprints.json"):
            self.assertEqual(fingerprint(own["value"]), own["fingerprint"], own["value"])


def plain(saved: Any) -> Any:
    states = {id: {**own, "data": own["data"].tolist()} for id, own in saved["states"].items()}
    # Node says "nothing" of what is not there, and Python leaves it out
    return {**saved, "states": states, "watch": {key: value for key, value in saved["watch"].items() if value is not None}}


def follow(schedule: Any, fed: Any, mode: Any) -> list[Any]:
    watch = ImageWatch(schedule, schedule["calls"], mode, Memory())
    seen: list[Any] = []
    next = 0
    for own in fed:
        now = watch.look({"x": own["size"], "t": [1]}, lambda _: Timestep(own["t"], own["t"]))
        try:
            if watch.begins(now, next):
                left = next if next < len(schedule["calls"]) else None
                watch, next = ImageWatch(schedule, schedule["calls"], mode, watch.memory.begun(left)), 0
        except StepfoldError as error:
            return [*seen, error.code]
        if next == len(schedule["calls"]):
            return [*seen, "SCHEDULE_EXHAUSTED"]
        watch.note(now, next)
        seen.append(next)
        next += 1
    return seen


if __name__ == "__main__":
    unittest.main()
