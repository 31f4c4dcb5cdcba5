"""Whole loops of the corpus's transformers that leave blocks out: ../whole-loops.

    python3 whole_loops.py [NAME...]

Each network runs in PyTorch as its own definition has it, with the weights that `stepfold fill` gives its
export. Calls 0, 3 and 6 run all of it and keep what the last two blocks add to each of their streams; at the
others these add that again to what reaches them (the deviation of Delta-DiT, arXiv 2406.01125). A step takes
0.2 of what the network gives off the latent. For each network there is a file with the latent after the last
call, and loops.json says how far it lies from that of the whole network. A network whose attention is in space and
along time has a second loop, NAME.modules.npy, in which attention of each kind gives again what it gave at the last
call of an interval of its own (PAB, arXiv 2408.12588). Tables that
the exporter computed and the corpus has not got are in NAME.tables.npy, one behind the other. Inputs are numbers by a rule that
test/reference/whole-loops.test.ts has as well. Needs what corpus.py needs with PyTorch 2, and a build of Stepfold.
"""

import argparse
import copy
import json
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import corpus_exporters
from block_ends import BLOCKS, FILES
from corpus_forms import FORMS
from corpus_networks import NETWORKS

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "samples" / "corpus"
OUTPUT = ROOT / "samples" / "whole-loops"
CALLS, INTERVAL, STEP = 8, 3, 0.2
LEFT_OUT = 2
# the stream is in another layout behind two blocks; a skip from afar enters each of the last
OTHERS = {"LatteBlock": 3, "HunyuanBlock": 1}
# By the names of modules: their kind, and the interval at which they are computed.
MODULES = {
    "latte-script2-17": {
        r"^transformer_blocks\.\d+\.attn1$": ("self", 2),
        r"^temporal_transformer_blocks\.\d+\.attn1$": ("temporal", 3),
        r"^transformer_blocks\.\d+\.attn2$": ("cross", 5),
    }
}


def stored(path):
    """Weights of an export, in the order of its file."""
    graph = onnx.load(str(path)).graph
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def take_weights(model, own, filled):
    """Gives each tensor of the model what the filled export has of it; what is none of them is returned by name."""
    tables = []
    # exporters of two versions number what has no name, in one order
    named = own.keys() == filled.keys()
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    left = {name: tensor.numpy() for name, tensor in tensors.items()}
    for number, (key, before) in enumerate(own.items()):
        after = filled[key] if named else list(filled.values())[number]
        if before.shape != after.shape:
            raise ValueError("the export has other weights than the file of the corpus")
        for name, value in left.items():
            turned = value.shape[::-1] == before.shape and np.array_equal(value.T, before)
            if turned or (value.size == before.size and np.array_equal(value.reshape(-1), before.reshape(-1))):
                array = after.T if turned else after.reshape(value.shape)
                tensors[name].data = torch.from_numpy(np.array(array))
                del left[name]
                break
        else:
            if before.dtype == np.float32 and not np.array_equal(before, after):
                tables.append((key if named else list(filled)[number], before))
    return tables


def constants(model):
    return {
        node.output[0]: attribute
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }


def put_tables(own, filled, tables):
    """Gives an export the tables that it was filled with numbers for; all of them, by name."""
    stored_by_name = {tensor.name: tensor for tensor in filled.graph.initializer}
    for key, table in tables:
        stored_by_name[key].CopyFrom(onnx.numpy_helper.from_array(table, key))
    for mine, other in zip(constants(filled).items(), constants(own).values()):
        before, after = (onnx.numpy_helper.to_array(one.t) for one in (other, mine[1]))
        if before.shape != after.shape:
            raise ValueError(f"the export has another {mine[0]}")
        if not np.array_equal(before, after):
            tables.append((mine[0], before.astype("f4")))
            mine[1].t.CopyFrom(onnx.numpy_helper.from_array(before))
    return tables


def by_rule(shapes, dtype, phase):
    count = int(np.prod(shapes))
    if dtype.is_floating_point:
        return torch.from_numpy(np.sin(0.7 * np.arange(count) + phase).astype("f4").reshape(shapes))
    return torch.ones(shapes, dtype=dtype)


def inputs_of(form, network, shapes):
    """The latent comes first, as numbers by the same rule as everything that is no timestep."""
    made = {name: make(2) for name, make in form.inputs(network).items()}
    return {
        name: by_rule(tuple(shapes[name]), tensor.dtype, 1.0 + i)
        for i, (name, tensor) in enumerate(made.items())
    }


class LeavingOut:
    """The last blocks of a network: what they add, kept and added again."""

    def __init__(self, model):
        blocks = [m for m in model.modules() if type(m).__name__ in BLOCKS]
        self.order, self.kept, self.full = [], None, True
        for block in blocks:
            block.register_forward_hook(self.hook)
        self.blocks = blocks
        self.count = OTHERS.get(type(blocks[-1]).__name__, LEFT_OUT)

    def begin(self, full):
        self.order, self.full = [], full

    def hook(self, module, given, made):
        self.order.append(module)
        place = len(self.order) - len(self.blocks)
        if place == 1 - self.count:
            self.entering = given
        if place != 0:
            return None
        one = not isinstance(made, tuple)
        outs = (made,) if one else made
        if self.full:
            self.kept = [y - x if is_stream(x, y) else None for x, y in zip(self.entering, outs)]
            return None
        again = tuple(
            y if kept is None else x + kept
            for x, y, kept in zip(self.entering, outs, self.kept)
        ) + tuple(outs[len(self.kept) :])
        return again[0] if one else again


class KeepingModules:
    """Modules by kind: what each gave at the last call of its interval, given again at the others."""

    def __init__(self, model, kinds):
        self.call, self.counts = 0, {}
        for name, module in model.named_modules():
            for pattern, (kind, interval) in kinds.items():
                if re.search(pattern, name):
                    self.counts[kind] = self.counts.get(kind, 0) + 1
                    self.keep(module, interval)

    def keep(self, module, interval):
        kept = {}

        def hook(_, __, made):
            if self.call % interval == 0:
                kept["made"] = made
            return kept["made"]

        module.register_forward_hook(hook)

    def begin(self, call):
        self.call = call


def modules_kept(name, model, inputs, whole):
    kinds = MODULES.get(name)
    if not kinds:
        return {}
    keeping = KeepingModules(model, kinds)
    latent = loop(model, inputs, keeping.begin)
    np.save(OUTPUT / f"{name}.modules.npy", latent.numpy())
    options = ",".join(f"{kind}={interval}" for kind, interval in kinds.values())
    return {"modules": {"options": options, "counts": keeping.counts, "difference": apart(latent, whole)}}


def apart(latent, whole):
    return round(float((latent - whole).abs().max() / whole.abs().max()), 4)


def is_stream(x, y):
    return isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor) and x is not y and x.shape == y.shape


def loop(model, inputs, run):
    inputs = dict(inputs)
    latent = next(iter(inputs))
    for call in range(CALLS):
        if "timestep" in inputs:
            inputs["timestep"] = torch.full_like(inputs["timestep"], 900 - 100 * call)
        run(call)
        with torch.no_grad():
            out = model(*inputs.values())
        # behind what it takes for noise some give its variance
        inputs[latent] = inputs[latent] - STEP * out[:, : inputs[latent].shape[1]]
    return inputs[latent]


def write(name, folder):
    torch.manual_seed(0)
    form = FORMS[name]
    network = NETWORKS[form.network]
    shapes = json.loads((CORPUS / "corpus.json").read_text())[name]["inputs"]
    model = corpus_exporters.build(form)
    values = {key: make(2) for key, make in form.inputs(network).items()}
    exported = folder / "own.onnx"
    corpus_exporters.by_script(form, network, model, list(values), tuple(values.values()), exported)
    fill = ["node", ROOT / "dist/lib/cli.js", "fill", CORPUS / f"{name}.onnx", "-o", folder / "filled"]
    subprocess.run(fill, check=True, capture_output=True)
    filled = folder / "filled" / f"{name}.onnx"
    tables = take_weights(model, stored(exported), stored(filled))

    inputs = inputs_of(form, network, shapes)
    theirs = onnx.load(str(filled))
    tables = put_tables(onnx.load(str(exported)), theirs, tables)
    session = onnxruntime.InferenceSession(theirs.SerializeToString())
    taken = {value.name for value in session.get_inputs()}
    (expected,) = session.run(None, {k: v.numpy() for k, v in inputs.items() if k in taken})
    with torch.no_grad():
        found = model(*inputs.values()).numpy()
    error = np.abs(found - expected).max() / np.abs(expected).max()
    if not error < 1e-4:
        raise ValueError(f"the definition is {error:.1e} from its export with these weights")

    whole = loop(model, inputs, lambda call: None)
    modules = modules_kept(name, copy.deepcopy(model), inputs, whole)
    left_out = LeavingOut(model)
    latent = loop(model, inputs, lambda call: left_out.begin(call % INTERVAL == 0))
    np.save(OUTPUT / f"{name}.npy", latent.numpy())
    if tables:
        flat = [table.reshape(-1) for _, table in tables]
        np.save(OUTPUT / f"{name}.tables.npy", np.concatenate(flat))
    return {
        "leftOut": [len(left_out.blocks) - left_out.count, len(left_out.blocks) - 1],
        "difference": apart(latent, whole),
        "tables": [key for key, _ in tables],
        **modules,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FILES))
    chosen = parser.parse_args().names or FILES
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / "loops.json"
    rows = json.loads(path.read_text()) if path.exists() else {}
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            try:
                rows[name] = write(name, Path(folder))
            except (ValueError, RuntimeError) as error:
                print(f"{name}: {error}")
                continue
        print(name, rows[name], flush=True)
    ordered = {name: rows[name] for name in FILES if name in rows}
    path.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
