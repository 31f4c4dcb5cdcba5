"""The session as its users see it: the surface of InferenceSession, images, what is refused and in which words."""

from __future__ import annotations

import json
import pickle
import shutil
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime as ort
import stepfold

from support import CONFORMANCE, at, exact, feeds_of, open_exact, read

SPLIT, MERGED, TURNS = CONFORMANCE / "split", CONFORMANCE / "merged", CONFORMANCE / "two-calls"


class Case(unittest.TestCase):
    def refuses(self, code: str, *words: str) -> Any:
        test = self

        class Refusal:
            def __enter__(self) -> None: ...

            def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
                if not isinstance(error, stepfold.StepfoldError):
                    if error is None:
                        test.fail(f"nothing was refused; expected {code}")
                    return False
                test.assertEqual(error.code, code, str(error))
                for word in words:
                    test.assertIn(word, str(error))
                test.assertTrue(error.hint)
                return True

        return Refusal()

    def copy(self, case: Path) -> Path:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        return Path(shutil.copytree(case, folder / "bundle"))

    def timed(self, case: Path) -> Path:
        """The bundle where it is known which input is the timestep."""
        return self.changed(case, lambda schedule: schedule["source"].update(roles={"latent": "x", "timestep": "t"}))

    def changed(self, case: Path, change: Any) -> Path:
        folder = self.copy(case)
        schedule = read(folder / "schedule.json")
        change(schedule)
        (folder / "schedule.json").write_text(json.dumps(schedule))
        return folder


class Surface(Case):
    def test_inputs_and_outputs_are_those_of_the_source(self) -> None:
        with open_exact(SPLIT) as session:
            ports = [(port.name, port.type, port.shape) for port in session.get_inputs()]
            self.assertEqual(ports, [("x", "tensor(float)", ["batch", 2, "height", "width"]), ("t", "tensor(float)", ["batch"])])
            self.assertEqual([port.name for port in session.get_outputs()], ["eps"])
            self.assertEqual(session.get_providers(), ["CPUExecutionProvider"])
            self.assertIn("CPUExecutionProvider", session.get_provider_options())

    def test_outputs_come_in_the_order_in_which_they_are_asked_for(self) -> None:
        with open_exact(SPLIT) as session:
            feeds = at(feeds_of(SPLIT), 0)
            self.assertEqual(len(session.run(["eps", "eps"], feeds)), 2)
            session.reset()
            self.assertEqual(len(session.run([], feeds)), 1)

    def test_what_a_caller_does_with_results_changes_no_state(self) -> None:
        # the output itself is kept, here under the same name
        case = self.copy(CONFORMANCE / "chebyshev-even")
        schedule = (case / "schedule.json").read_text()
        (case / "schedule.json").write_text(schedule.replace('"stepfold.out.output.0"', '"eps"'))
        for state_device in ("host", "cpu"):
            with open_exact(case, new_image="reset", state_device=state_device) as one, open_exact(
                CONFORMANCE / "chebyshev-even", new_image="reset", state_device=state_device
            ) as other:
                for call in range(len(one.calls)):
                    (given,) = one.run(None, at(feeds_of(case), call))
                    (wanted,) = other.run(None, at(feeds_of(case), call))
                    np.testing.assert_array_equal(given, wanted)
                    if given.flags.writeable:
                        given[:] = 1000

    def test_io_binding(self) -> None:
        for state_device in ("host", "cpu"):
            with open_exact(SPLIT, new_image="reset") as session, open_exact(
                SPLIT, new_image="reset", state_device=state_device
            ) as bound:
                for call in range(len(session.calls)):
                    feeds = at(feeds_of(SPLIT), call)
                    (wanted,) = session.run(None, feeds)
                    binding = bound.io_binding()
                    # as optimum has it: the output goes to where the sample lies
                    sample = feeds["x"].copy()
                    binding.bind_input("x", "cpu", 0, np.float32, sample.shape, sample.ctypes.data)
                    binding.bind_ortvalue_input("t", ort.OrtValue.ortvalue_from_numpy(feeds["t"]))
                    binding.bind_output("eps", "cpu", 0, np.float32, sample.shape, sample.ctypes.data)
                    bound.run_with_iobinding(binding)
                    np.testing.assert_array_equal(sample, wanted)
                    np.testing.assert_array_equal(binding.copy_outputs_to_cpu()[0], wanted)

    def test_io_binding_into_a_tensor(self) -> None:
        with open_exact(SPLIT, state_device="cpu") as session:
            feeds = at(feeds_of(SPLIT), 0)
            (wanted,) = session.run(None, feeds)
            session.reset()
            into = ort.OrtValue.ortvalue_from_numpy(np.zeros_like(wanted))
            binding = session.io_binding()
            for name, array in feeds.items():
                binding.bind_cpu_input(name, array)
            binding.bind_ortvalue_output("eps", into)
            session.run_with_iobinding(binding)
            np.testing.assert_array_equal(into.numpy(), wanted)
            with self.refuses("SESSION_BINDING", "no output"):
                binding.bind_output("nothing")

    def test_a_binding_of_a_model_is_refused(self) -> None:
        with open_exact(SPLIT) as session, self.refuses("SESSION_BINDING"):
            session.run_with_iobinding(session._programs.any_session().io_binding())  # type: ignore[arg-type]

    def test_a_factory_takes_the_place_of_onnxruntime(self) -> None:
        made: list[str] = []

        def create(path: str) -> Any:
            made.append(Path(path).name)
            return ort.InferenceSession(path, exact())

        with stepfold.open(SPLIT, session_factory=create, load="lazy") as session:
            self.assertEqual(made, [])
            session.run(None, at(feeds_of(SPLIT), 0))
            self.assertEqual(made, ["full.onnx"])

    def test_providers_can_be_set_and_begin_anew(self) -> None:
        with open_exact(SPLIT, new_image="reset") as session:
            (first,) = session.run(None, at(feeds_of(SPLIT), 0))
            session.set_providers(["CPUExecutionProvider"])
            self.assertEqual(session.call_index, 0)
            np.testing.assert_array_equal(session.run(None, at(feeds_of(SPLIT), 0))[0], first)

    def test_calls_are_told(self) -> None:
        seen: list[Any] = []
        with open_exact(SPLIT, on_call=seen.append) as session:
            session.run(None, at(feeds_of(SPLIT), 0))
        self.assertEqual(seen, [stepfold.CallInfo(0, "full")])

    def test_a_pipelines_folder_will_do(self) -> None:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(SPLIT, folder / "unet")
        with open_exact(folder) as session:
            self.assertEqual(session._model_path, str(folder / "unet/full.onnx"))


class Loops(Case):
    def test_a_loop_is_asked_for_where_an_image_begins(self) -> None:
        asked: list[float] = []

        def loop(feeds: Any) -> stepfold.Loop:
            asked.append(float(feeds["t"][0]))
            return stepfold.Loop(steps=4)

        with open_exact(self.timed(SPLIT), loop=loop) as session:
            self.assertEqual(len(session.calls), 8)
            for _ in range(2):
                for call in range(4):
                    session.run(None, at(feeds_of(SPLIT), call))
                self.assertEqual((session.steps, session.call_index), (4, 4))
            self.assertEqual(asked, [1.0, 1.0])

    def test_plan(self) -> None:
        with open_exact(SPLIT) as session:
            session.run(None, at(feeds_of(SPLIT), 0))
            session.plan(steps=30, start=12)
            self.assertEqual((session.steps, session.start, len(session.calls), session.call_index), (30, 12, 18, 0))
            for code, request in (
                ("LOOP_STEPS", {"steps": 0}),
                ("LOOP_START", {"steps": 4, "start": 4}),
                ("LOOP_TIMESTEPS", {"steps": 2, "timesteps": [1, 2]}),
                ("LOOP_TIMESTEPS", {"steps": 2, "timesteps": [1]}),
            ):
                with self.refuses(code):
                    session.plan(**request)

    def test_timesteps_begin_an_image(self) -> None:
        feeds = feeds_of(SPLIT)
        with open_exact(self.timed(SPLIT)) as session:
            (first,) = session.run(None, at(feeds, 0))
            session.run(None, at(feeds, 1))
            (again,) = session.run(None, at(feeds, 0))
            np.testing.assert_array_equal(again, first)
            self.assertEqual(session.call_index, 1)
            for call in (1, 3):
                session.run(None, at(feeds, call))
            with self.refuses("SESSION_IMAGES_MIXED", "Call 3"):
                session.run(None, at(feeds, 2))
            self.assertEqual(session.call_index, 3)

    def test_calls_end(self) -> None:
        feeds = feeds_of(SPLIT)
        with open_exact(SPLIT) as session:
            for call in range(len(session.calls)):
                session.run(None, at(feeds, call))
            with self.refuses("SCHEDULE_EXHAUSTED", "8 calls"):
                session.run(None, at(feeds, 8))

    def test_halves_of_a_step_go_together(self) -> None:
        feeds = feeds_of(TURNS)
        with open_exact(self.timed(TURNS)) as session:
            for call in range(3):
                session.run(None, at(feeds, call))
            with self.refuses("GUIDANCE_TURNS"):
                session.run(None, at(feeds, 4))

    def test_branches(self) -> None:
        with self.refuses("GUIDANCE_BRANCHES", "0"):
            open_exact(SPLIT, branches=0)
        with self.refuses("GUIDANCE_BRANCHES", "3"):
            open_exact(TURNS, branches=3)
        open_exact(SPLIT, branches=3).close()


class Images(Case):
    def test_images_over_one_bundle_do_not_mix(self) -> None:
        feeds = feeds_of(MERGED)
        with open_exact(MERGED) as session:
            wanted = [session.run(None, at(feeds, call))[0] for call in range(8)]
            images = [session.image() for _ in range(3)]
            for call in range(8):
                for image in images:
                    np.testing.assert_array_equal(image.run(None, at(feeds, call))[0], wanted[call])
            images[0].close()
            with self.refuses("SESSION_IMAGE_RELEASED"):
                images[0].run(None, at(feeds, 0))
        with self.refuses("SESSION_RELEASED"):
            images[1].run(None, at(feeds, 0))
        with self.refuses("SESSION_RELEASED"):
            session.image()

    def test_images_of_other_loops(self) -> None:
        with open_exact(MERGED) as session:
            self.assertEqual(len(session.image(steps=30, start=20).calls), 10)
            self.assertEqual(len(session.calls), 8)

    def test_saved_images_go_on(self) -> None:
        feeds = feeds_of(MERGED)
        for state_device in ("host", "cpu"):
            with open_exact(MERGED, state_device=state_device) as session:
                for call in range(3):
                    session.run(None, at(feeds, call))
                saved = pickle.loads(pickle.dumps(session.save()))
                rest = [session.run(None, at(feeds, call))[0] for call in range(3, 8)]
                image = session.image(saved=saved)
                for call in range(3, 8):
                    np.testing.assert_array_equal(image.run(None, at(feeds, call))[0], rest[call - 3])

    def test_what_is_no_saved_image_is_refused(self) -> None:
        with open_exact(MERGED) as session, open_exact(SPLIT) as other:
            session.run(None, at(feeds_of(MERGED), 0))
            saved = session.save()
            with self.refuses("SAVED_IMAGE_MISMATCH", "programs"):
                other.restore(saved)
            session.plan(steps=5)
            with self.refuses("SAVED_IMAGE_MISMATCH", "calls"):
                session.restore(saved)
            session.plan()
            state = next(iter(saved["states"]))

            def state_with(**fields: Any) -> Any:
                return {**saved, "states": {**saved["states"], state: {**saved["states"][state], **fields}}}

            for broken, word in (
                (None, "nothing"),
                ({**saved, "callIndex": 99}, "callIndex"),
                ({**saved, "states": {}}, state),
                ({**saved, "watch": {}}, "watch"),
                ({**saved, "states": {**saved["states"], "other": 1}}, "other"),
                (state_with(type="float64"), "float64"),
                (state_with(dims=[1]), "[1]"),
                (state_with(data=np.zeros(1, np.float32)), "elements"),
                (state_with(call=7), "written by call 7"),
            ):
                with self.refuses("SAVED_IMAGE_INVALID", word):
                    session.restore(broken)  # type: ignore[arg-type]
            with self.refuses("SAVED_IMAGE_VERSION"):
                session.restore({**saved, "version": 2})

    def test_calls_of_one_image_do_not_overlap(self) -> None:
        feeds = at(feeds_of(SPLIT), 0)
        inside, go_on = threading.Event(), threading.Event()
        with open_exact(SPLIT) as session:
            runner = session._programs.runner
            real = runner.run

            def slow(*given: Any) -> Any:
                inside.set()
                go_on.wait(10)
                return real(*given)

            with mock.patch.object(runner, "run", slow):
                thread = threading.Thread(target=lambda: session.run(None, feeds))
                thread.start()
                inside.wait(10)
                try:
                    for method in (session.reset, session.save, lambda: session.run(None, feeds)):
                        with self.refuses("SESSION_BUSY"):
                            method()
                finally:
                    go_on.set()
                    thread.join()
            self.assertEqual(session.call_index, 1)


class Refusals(Case):
    def test_feeds(self) -> None:
        with open_exact(SPLIT) as session:
            feeds = at(feeds_of(SPLIT), 0)
            for code, change, words in (
                ("FEED_MISSING", {"t": None}, ['"t"']),
                ("FEED_INVALID", {"t": [1.0]}, ['"t"', "list"]),
                ("FEED_INVALID", {"t": feeds["t"].astype(np.float64)}, ['"t"', "float64", "float32"]),
                ("FEED_INVALID", {"x": feeds["x"][0]}, ['"x"', "3 axes"]),
                ("FEED_INVALID", {"x": feeds["x"][:, :1]}, ['"x"', "axis 1"]),
                ("FEED_INVALID", {"y": feeds["x"]}, ['"y"', "no input"]),
                ("FEED_INVALID", {"t": ort.OrtValue.ortvalue_from_numpy(np.zeros(2, np.int64))}, ['"t"', "int64"]),
            ):
                with self.refuses(code, *words):
                    session.run(None, {**feeds, **change})
            with self.refuses("FEED_INVALID"):
                session.run(None, None)  # type: ignore[arg-type]
            with self.refuses("FETCH_INVALID", '"noise"', "eps"):
                session.run(["noise"], feeds)
            self.assertEqual(session.call_index, 0)

    def test_a_state_of_other_sizes(self) -> None:
        feeds = feeds_of(SPLIT)
        with open_exact(SPLIT, new_image="reset") as session:
            session.run(None, at(feeds, 0))
            wide = {name: np.concatenate([array, array]) for name, array in at(feeds, 1).items()}
            with self.refuses("STATE_SHAPE_CHANGED", "batch = 2", "4"):
                session.run(None, wide)

    def test_a_call_that_fails_changes_nothing(self) -> None:
        feeds = feeds_of(SPLIT)
        with open_exact(self.timed(SPLIT)) as session:
            for call in range(2):
                session.run(None, at(feeds, call))
            before = session.save()
            with mock.patch.object(session._programs.runner, "run", side_effect=ValueError("no\nmemory")):
                with self.refuses("RUN_FAILED", "Call 2", "no memory"):
                    session.run(None, at(feeds, 2))
                with self.refuses("RUN_FAILED", "Call 0"):
                    session.run(None, at(feeds, 0))
            self.assertEqual(repr(session.save()), repr(before))
            session.run(None, at(feeds, 2))

    def test_files(self) -> None:
        with self.refuses("FILE_NOT_FOUND", "schedule.json"):
            stepfold.open(tempfile.gettempdir() + "/nowhere")
        folder = self.copy(SPLIT)
        (folder / "shallow.onnx").unlink()
        with self.refuses("FILE_NOT_FOUND", "shallow.onnx"):
            open_exact(folder)
        (folder / "shallow.onnx").write_bytes(b"something")
        with self.refuses("SCHEDULE_HASH_MISMATCH", "shallow.onnx"):
            open_exact(folder)
        with self.refuses("MODEL_LOAD_FAILED", "shallow.onnx"):
            open_exact(folder, verify_hashes=False)
        (folder / "shallow.onnx").write_bytes((folder / "full.onnx").read_bytes())
        with self.refuses("SCHEDULE_MODEL_MISMATCH", "has no input"):
            open_exact(folder, verify_hashes=False)

    def test_files_outside(self) -> None:
        folder = self.copy(SPLIT)
        (folder / "shallow.onnx").rename(folder.parent / "shallow.onnx")
        (folder / "shallow.onnx").symlink_to("../shallow.onnx")
        with self.refuses("SCHEDULE_FILE_ESCAPES", "shallow.onnx"):
            open_exact(folder)

    def test_engines(self) -> None:
        def too_old(path: str) -> Any:
            raise RuntimeError("ONNX Runtime only *guarantees* support for models stamped with official opset; opset 99 is under development")

        with self.refuses("MODEL_LOAD_FAILED", "newer onnxruntime"):
            stepfold.open(SPLIT, session_factory=too_old)
        with mock.patch.dict("sys.modules", {"onnxruntime": None}), self.refuses("ENGINE_MISSING", "Install"):
            stepfold.open(SPLIT)

    def test_schedules(self) -> None:
        def set_at(*keys: Any, value: Any) -> Any:
            def change(schedule: Any) -> None:
                for key in keys[:-1]:
                    schedule = schedule[key]
                schedule[keys[-1]] = value

            return change

        name = next(iter(read(SPLIT / "schedule.json")["states"]))
        for path, change in (
            ("/emit", set_at("emit", value="other")),
            ("/more", set_at("more", value=1)),
            ("/calls/1", set_at("calls", 1, value="nothing")),
            ("/calls/1", set_at("calls", 1, value="full")),
            ("/calls", set_at("calls", value=["full"])),
            ("/programs/shallow/runs/0/reads", set_at("calls", 0, value="shallow")),
            (f"/states/{name}/type", set_at("states", name, "type", value="float33")),
            (f"/programs/full/runs/0/writes/{name}", set_at("states", value={})),
            ("/programs/full/runs/0/model", set_at("programs", "full", "runs", 0, "model", value="other")),
            ("/loop/start", set_at("loop", "start", value=8)),
            ("/loop/rules/0/when/between", set_at("loop", "rules", 0, "when", "between", value=[{"choice": 7}])),
            ("/models/full/file", set_at("models", "full", "file", value="../full.onnx")),
            ("/models/full/sha256", set_at("models", "full", "sha256", value="0")),
            ("/version", set_at("version", value=True)),
        ):
            with self.subTest(path=path), self.refuses("SCHEDULE_INVALID", path):
                open_exact(self.changed(SPLIT, change))
        with self.refuses("SCHEDULE_VERSION", "version 3"):
            open_exact(self.changed(SPLIT, set_at("version", value=3)))
        folder = self.copy(SPLIT)
        (folder / "schedule.json").write_text("{")
        with self.refuses("SCHEDULE_NOT_JSON", "schedule.json"):
            open_exact(folder)

    def test_errors_can_be_pickled(self) -> None:
        try:
            stepfold.open("nowhere")
        except stepfold.StepfoldError as error:
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((again.code, str(again), again.file), (error.code, str(error), error.file))


if __name__ == "__main__":
    unittest.main()
