"""Whole loops of the corpus's networks that leave blocks of a transformer, or the deep part of a U-Net, out: ../whole-loops.

    python3 whole_loops.py [NAME...]

Each network runs in PyTorch as its own definition has it, with the weights that `stepfold fill` gives its
export. Calls 0, 3 and 6 run all of it and keep what the last two blocks add to each of their streams; at the
others these add that again to what reaches them (the deviation of Delta-DiT, arXiv 2406.01125). Of a U-Net they
keep what goes into the middle one of its joins beside the skip, which is what it gets at the others (DeepCache,
arXiv 2312.00858, equation 5). A step takes 0.2 of what the network gives off the latent. For each network there
is a file with the latent after the last call, and loops.json says how far it lies from that of the whole network.

A network whose attention is in space and along time has a second loop, NAME.modules.npy, in which attention of
each kind gives again what it gave at the last call of an interval of its own (PAB, arXiv 2408.12588).

Tables that the exporter computed and the corpus has not got are in NAME.tables.npy, one behind the other. Inputs
are numbers by a rule that test/reference/whole-loops.test.ts has as well. Needs what corpus.py needs with
PyTorch 2, and a build of Stepfold.
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
from skip_joins import FILES as JOINED

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "samples" / "corpus"
OUTPUT = ROOT / "samples" / "whole-loops"
CALLS, INTERVAL, STEP = 8, 3, 0.2
LEFT_OUT = 2
# U-Nets whose joins are no modules of their own, but whose definitions name the stages around them
STAGED = ["unet-script2-17", "unet-xl-optimum-17", "unet-controlled-17", "unet-video-17"]
NAMES = [*FILES, *STAGED, *(name for name in JOINED if FORMS[name].exporter == "torchscript")]
# the stream is in another layout behind two blocks; a skip from afar enters each of the last
OTHERS = {"LatteBlock": 3, "HunyuanBlock": 1}
# By the names of modules: their kind, and the interval at which they are computed.
MODULES = {
    "latte-script2-17": {
        r"^transformer_blocks\.\d+\.attn1$": ("self", 2),
        r"^temporal_transformer_blocks\.\d+\.attn1$": ("temporal", 3),
        r"^transformer_blocks\.\d+\.attn2$": ("cross", 5),
    },
    "unet-motion-17": {
        r"^(?!motion).*\.attn1$": ("self", 2),
        r"^motion.*\.attn[12]$": ("temporal", 3),
        r"^(?!motion).*\.attn2$": ("cross", 5),
    },
}


def stored(path):
    """Weights of an export, in the order of its file."""
    graph = onnx.load(str(path)).graph
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def same_numbers(value, stored_as):
    """Whether an export stores a tensor as this, and whether transposed."""
    if value.shape[::-1] == stored_as.shape and np.array_equal(value.T, stored_as):
        return "turned"
    same = value.size == stored_as.size and np.array_equal(value.reshape(-1), stored_as.reshape(-1))
    return "as it is" if same else None


def take_weights(model, own, filled):
    """Gives each tensor of the model what the filled export has of it; what is none of them is returned by name."""
    # exporters of two versions number what has no name, in one order
    named = own.keys() == filled.keys()
    others = dict(zip(own, own)) if named else dict(zip(own, filled))
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    # of tensors that are equal an exporter stores one for all of them
    equal = {
        key: [(name, way) for name, tensor in tensors.items() if (way := same_numbers(tensor.numpy(), before))]
        for key, before in own.items()
    }
    tables = [key for key, before in own.items() if not equal[key] and before.dtype == np.float32]
    for key, before in own.items():
        after = filled[others[key]]
        if before.shape != after.shape:
            raise ValueError("the export has other weights than the file of the corpus")
        # what is stored once more, in a table with others, stays as it is
        if equal[key] and any(is_within(before, own[table]) for table in tables):
            tables.append(key)
            continue
        for name, way in equal[key]:
            array = after.T if way == "turned" else after.reshape(tensors[name].shape)
            tensors[name].data = torch.from_numpy(np.array(array))
    return [(others[key], own[key]) for key in tables if not np.array_equal(own[key], filled[others[key]])]


def is_within(part, table):
    """Whether a table begins or ends with these numbers."""
    ends = (table.reshape(-1)[: part.size], table.reshape(-1)[-part.size :])
    return part.size < table.size and any(np.array_equal(part.reshape(-1), end) for end in ends)


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

    def says(self):
        return {"leftOut": [len(self.blocks) - self.count, len(self.blocks) - 1]}

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


class KeepingMain:
    """What goes into one join of a U-Net beside the skip, kept and given again; joins run from the innermost on."""

    def __init__(self, model):
        self.joins = [m for m in model.modules() if getattr(m, "is_join", False)]
        # where joins are no modules, the first layer behind one is given main branch and skip in its channels
        self.apart = bool(self.joins)
        if not self.apart:
            encoder, _, decoder = model.skip_stages()
            self.joins = [stage[0] for stage in decoder]
        self.branch = (len(self.joins) + 1) // 2
        if not self.apart:
            # as branches are numbered, from the outermost on
            encoder[self.branch - 1][-1].register_forward_hook(self.see_skip)
        for join in self.joins:
            join.register_forward_pre_hook(self.hook)

    def says(self):
        return {"branch": self.branch}

    def begin(self, full):
        self.place, self.full = 0, full

    def see_skip(self, _, __, made):
        self.skip = made.shape[1]

    def hook(self, _, given):
        self.place += 1
        if self.place != len(self.joins) + 1 - self.branch:
            return None
        if self.apart:
            return (self.main(given[0]), *given[1:])
        joined, *others = given
        main, skip = joined[:, : -self.skip], joined[:, -self.skip :]
        return (torch.cat([self.main(main), skip], dim=1), *others)

    def main(self, now):
        if self.full:
            self.kept = now
        return self.kept


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
        # behind what it takes for noise some give its variance, and some take a picture behind the latent
        both = tuple(slice(0, min(sizes)) for sizes in zip(inputs[latent].shape, out.shape))
        inputs[latent] = inputs[latent].clone()
        inputs[latent][both] -= STEP * out[both]
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
    method = KeepingMain(model) if network.kind == "unet" else LeavingOut(model)
    latent = loop(model, inputs, lambda call: method.begin(call % INTERVAL == 0))
    np.save(OUTPUT / f"{name}.npy", latent.numpy())
    if tables:
        flat = [table.reshape(-1) for _, table in tables]
        np.save(OUTPUT / f"{name}.tables.npy", np.concatenate(flat))
    return {
        **method.says(),
        "difference": apart(latent, whole),
        "tables": [key for key, _ in tables],
        **modules,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    chosen = parser.parse_args().names or NAMES
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
    ordered = {name: rows[name] for name in NAMES if name in rows}
    path.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
