"""A reader of bundles in plain Python, written from docs/schedule.md alone: states, wires and feeds are here, what a loop runs
is in the Python package's `loops`.

    python3 conformance/reader/reader.py expect CASE…   writes what each loop of a case gives, into its expected/
    python3 conformance/reader/reader.py check CASE…    compares it with what lies there
    python3 conformance/reader/reader.py sweep SCHEDULE LONGEST   prints the calls of loops of up to so many steps, from
                                                                  every seventh step on

It needs Python 3.9 and onnxruntime's C library: that of node_modules, or the one that ONNXRUNTIME names.
"""

import json
import os
import sys

import npy
from engine import Engine
from npy import Tensor

# the procedure for loops of any length stands once in Python, in the package; it is plain Python too
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../readers/python/src"))

from stepfold.errors import StepfoldError, unknown_version  # noqa: E402
from stepfold.loops import Loop, plan_for  # noqa: E402

REFUSED = {"LOOP_FIXED": "fixed", "FORECAST_AXIS_MISSING": "axis", "SCHEDULE_VERSION": "version"}


class Bundle:
    def __init__(self, folder, engine):
        with open(os.path.join(folder, "schedule.json"), encoding="utf-8") as file:
            self.schedule = json.load(file)
        self.folder, self.engine, self.models = folder, engine, {}

    def model(self, id):
        if id not in self.models:
            self.models[id] = self.engine.open(os.path.join(self.folder, self.schedule["models"][id]["file"]))
        return self.models[id]


class Image:
    """The states of one image, with the call that made each; -1 where it was there from the start."""

    def __init__(self, bundle):
        self.bundle, self.states, self.made = bundle, {}, {}
        for id, state in bundle.schedule["states"].items():
            if "initial" in state:
                self.states[id] = Tensor.of(state["type"], state["shape"], state["initial"])
                self.made[id] = -1

    def run(self, call, name, parameters, feeds):
        """Outputs of the call, and what it took and left."""
        schedule = self.bundle.schedule
        reads, fed, written, wires, outputs = {}, {}, {}, {}, {}
        for run in schedule["programs"][name]["runs"]:
            model, given = self.bundle.model(run["model"]), {}
            for input in model.inputs:
                if input in run.get("reads", {}):
                    state = run["reads"][input]
                    given[input], reads[state] = self.states[state], self.made[state]
                elif input in run.get("parameters", {}):
                    id = run["parameters"][input]
                    fed[id] = parameters[id][call]
                    given[input] = Tensor.of("float32", schedule["parameters"][id]["shape"], fed[id])
                elif input in run.get("takes", {}):
                    given[input] = wires[run["takes"][input]]
                elif input in run.get("constants", {}):
                    constant = run["constants"][input]
                    given[input] = Tensor.of(constant["type"], constant["shape"], constant["data"])
                elif input in run.get("unused", {}):
                    given[input] = self.anything(run["unused"][input])
                else:
                    given[input] = feeds[input]
            results = model.run(given)
            for port in schedule["source"]["outputs"]:
                if port["name"] in results:
                    outputs.setdefault(port["name"], results[port["name"]])
            for wire, output in run.get("gives", {}).items():
                wires[wire] = results[output]
            for state, output in run.get("writes", {}).items():
                written[state] = results[output]
        for state, tensor in written.items():
            self.write(state, tensor, call)
        step = {"program": name, "parameters": fed, "reads": reads, "writes": sorted(written)}
        return outputs, step

    def anything(self, id):
        state = self.bundle.schedule["states"][id]
        shape = [size if isinstance(size, int) else 1 for size in state["shape"]]
        return self.states.get(id) or Tensor.zeros(state["type"], shape)

    def write(self, state, tensor, call):
        for id, other in self.bundle.schedule["states"].items():
            if other.get("follows") == state:
                self.write(id, self.states.get(state, tensor), self.made.get(state, call))
        self.states[state], self.made[state] = tensor, call


def results(folder, engine):
    """By loop, what comes out: calls, and stacked outputs where they are asked for."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    bundle = Bundle(folder, engine)
    schedule, fed = bundle.schedule, os.path.join(folder, "feeds")
    feeds = {name[:-4]: npy.read(os.path.join(fed, name)) for name in sorted(os.listdir(fed))} if os.path.isdir(fed) else {}
    for loop in case["loops"]:
        try:
            if schedule.get("version") not in (1, 2):
                raise unknown_version(folder, schedule.get("version"), (1, 2))
            asked = Loop(loop["steps"], loop.get("start", 0), loop.get("timesteps"), loop.get("logSnr"))
            plan = plan_for(schedule, asked)
        except StepfoldError as error:
            yield loop["name"], {"refused": REFUSED[error.code]}, {}
            continue
        calls, parameters = plan.calls, plan.fed
        image, steps, outputs = Image(bundle), [], {}
        for call, name in enumerate(calls):
            # traces of loops longer than what there is to feed take the feeds again from the start
            inputs = {id: tensor.at(call % tensor.shape[0]) for id, tensor in feeds.items()}
            given, step = image.run(call, name, parameters, inputs)
            steps.append(step)
            for id, tensor in given.items():
                outputs.setdefault(id, []).append(tensor)
        kept = loop.get("outputs")
        yield loop["name"], {"calls": steps}, {id: npy.stacked(own) for id, own in outputs.items()} if kept else {}


def text(result):
    if "refused" in result:
        return json.dumps(result) + "\n"
    lines = ",\n".join("    " + json.dumps(step) for step in result["calls"])
    return f'{{\n  "calls": [\n{lines}\n  ]\n}}\n'


def expect(folders):
    engine = Engine()
    for folder in folders:
        into = os.path.join(folder, "expected")
        os.makedirs(into, exist_ok=True)
        for name, result, outputs in results(folder, engine):
            with open(os.path.join(into, f"{name}.json"), "w", encoding="utf-8") as file:
                file.write(text(result))
            for id, tensor in outputs.items():
                npy.write(os.path.join(into, f"{name}.{id}.npy"), tensor)


def check(folders):
    engine, wrong = Engine(), 0
    for folder in folders:
        into = os.path.join(folder, "expected")
        for name, result, outputs in results(folder, engine):
            with open(os.path.join(into, f"{name}.json"), encoding="utf-8") as file:
                same = json.load(file) == result
            for id, tensor in outputs.items():
                kept = npy.read(os.path.join(into, f"{name}.{id}.npy"))
                same = same and (kept.type, kept.shape) == (tensor.type, tensor.shape)
                same = same and close(kept, tensor)
            if not same:
                wrong += 1
                print(f"{folder}, {name}: differs")
    return wrong


def close(a, b):
    if a.type != "float32":
        return a.data == b.data
    x, y = memoryview(a.data).cast("f"), memoryview(b.data).cast("f")
    scale = max(map(abs, x), default=0)
    return all(abs(i - j) <= 1e-5 * scale for i, j in zip(x, y))


def sweep(schedule, longest):
    with open(schedule, encoding="utf-8") as file:
        own = json.load(file)
    for steps in range(1, int(longest) + 1):
        for start in range(0, steps, 7):
            plan = plan_for(own, Loop(steps, start))
            print(json.dumps([steps, start, plan.calls, plan.fed]))


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    sys.exit({"expect": lambda: expect(rest), "check": lambda: check(rest), "sweep": lambda: sweep(*rest)}[verb]())
