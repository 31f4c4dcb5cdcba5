"""Loops of trained networks whose modules keep what they gave: ../module-loops.

    python3 module_loops.py

Each network runs in PyTorch as its own definition has it, with the weights of its export. A hook on each
module of some kinds stores what leaves it at the calls that are full for its kind, and gives that again
at the others: as it was, or on the line through the last two of them (order 1). Modulation, gates and
sums are those of the call. loops.json says which calls are full for which kind; for each loop there is a
file with the images after the last call, float32 [images, channels, height, width].
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import dit
import mmdit_classes
import unet_fashion

SAMPLES = Path(__file__).resolve().parent.parent
OUTPUT = SAMPLES / "module-loops"
CALLS = 8
STEP = 0.2
LABELS = (3, 10)

# What the exporter folds of the U-Net's table of classes.
TABLE = "captions.weight"

# By kind, the ends of the names of its modules.
DIT_KINDS = {"self": (".attn",), "feed-forward": (".mlp",)}
MMDIT_KINDS = {
    "self": (".attn.to_out", ".attn_context.to_out"),
    "feed-forward": (".ff", ".ff_context"),
}
UNET_KINDS = {"self": (".attn1",), "cross": (".attn2",), "feed-forward": (".ff",)}

NETWORKS = {
    "dit": (lambda: dit.Dit(dit.DIGITS), "dit-digits/dit-digits.onnx", DIT_KINDS),
    "mmdit": (
        lambda: mmdit_classes.ClassMmdit(mmdit_classes.DIGITS),
        "flow-digits/transformer/model.onnx",
        MMDIT_KINDS,
    ),
    "unet": (unet_fashion.FashionUNet, "fashion/unet/model.onnx", UNET_KINDS),
}


def every(interval):
    return list(range(0, CALLS, interval))


# Name, network, options of the pass, full calls by kind, order of the forecast.
LOOPS = [
    ("dit-all", "dit", "interval=3", {"self": every(3), "feed-forward": every(3)}, 0),
    ("dit-forecast", "dit", "interval=3,order=1", {"self": every(3), "feed-forward": every(3)}, 1),
    (
        "mmdit-by-kind",
        "mmdit",
        "self=2,feed-forward=4",
        {"self": every(2), "feed-forward": every(4)},
        0,
    ),
    (
        "mmdit-idle",
        "mmdit",
        "self=2,feed-forward=3",
        {"self": every(2), "feed-forward": every(3)},
        0,
    ),
    (
        "unet-by-kind",
        "unet",
        "self=2,cross=5,feed-forward=3",
        {"self": every(2), "cross": every(5), "feed-forward": every(3)},
        0,
    ),
    ("unet-gate", "unet", "kinds=cross,gate=3", {"cross": [0, 1, 2]}, 0),
]

# What nobody needs is not computed, and so not kept: the text goes into attention alone, and at call 3 all
# attention gives what it gave before.
IDLE = {("mmdit-idle", "ff_context"): [0, 6]}


def module_path(node):
    """The name of the module that a node was exported from: /a/net/net.0/MatMul is of a.net.0."""
    segments = node.name.split("/")[1:-1]
    kept = [
        name
        for name, behind in zip(segments, [*segments[1:], ""])
        if not behind.startswith(name + ".")
    ]
    return ".".join(kept)


def weights_of(path):
    """Parameters of an export by their names, whatever the exporter called and reshaped them."""
    graph = onnx.load(str(path)).graph
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    # of parameters that are equal an exporter stores one
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
    readers = {name: node for node in graph.node for name in node.input}
    weights = dict(stored)
    for node in graph.node:
        given = [name for name in node.input if name in stored]
        path_of = module_path(node)
        if node.op_type == "Gemm":
            weights.update(zip((path_of + ".weight", path_of + ".bias"), map(stored.get, given)))
        elif node.op_type == "MatMul" and given:
            # a layer that is called from elsewhere than its own module goes by its bias
            biases = [name for name in readers[node.output[0]].input if name.endswith(".bias")]
            name = biases[0].removesuffix(".bias") if biases else path_of
            weights[name + ".weight"] = stored[given[0]].T
        elif node.op_type in ("Mul", "Add") and given:
            kind = ".weight" if node.op_type == "Mul" else ".bias"
            weights.setdefault(path_of + kind, stored[given[0]].reshape(-1))
        elif node.op_type == "Gather" and given and stored[given[0]].ndim > 1:
            weights.setdefault(TABLE, stored[given[0]].reshape(len(stored[given[0]]), -1))
    return weights


def load(build, path):
    model = build().eval().requires_grad_(False)
    weights = weights_of(path)
    names = model.state_dict().keys()
    model.load_state_dict({name: torch.from_numpy(np.array(weights[name])) for name in names})
    return model


class Keeper:
    """What leaves one module, and what it gives at a call that is not full."""

    def __init__(self, full, order):
        self.full, self.order, self.kept = full, order, []

    def __call__(self, made, call):
        if call in self.full:
            self.kept = [*self.kept, (call, made)][-2:]
            return made
        (at, last) = self.kept[-1]
        if self.order == 0 or len(self.kept) == 1:
            return last
        (before, other) = self.kept[0]
        return last + (last - other) * ((call - at) / (at - before))


def first_image(shape):
    places = np.arange(1, np.prod(shape) + 1, dtype=np.float64)
    return np.sin(1.3 * places).astype(np.float32).reshape(shape)


def timestep_of(call):
    return 900 - 100 * call


def feeds_of(session, image, call):
    types = {value.name: value.type for value in session.get_inputs()}
    kind = np.float32 if types["timestep"] == "tensor(float)" else np.int64
    return {
        "sample": image,
        "timestep": np.full(len(image), timestep_of(call), dtype=kind),
        "class_labels": np.array(LABELS, dtype=np.int64),
    }


def run(model, session, keepers):
    """The images after the last call, of which each is a step along what the model gives."""
    shape = [len(LABELS), *session.get_inputs()[0].shape[1:]]
    image = first_image(shape)
    for call in range(CALLS):
        for keeper in keepers:
            keeper.call = call
        feeds = feeds_of(session, image, call)
        made = model(*(torch.from_numpy(feeds[key]) for key in feeds)).numpy()
        image = image - np.float32(STEP) * made
    return image


def keep(loop, model, kinds, full, order):
    """Hooks on the modules; each reads the number of the call from its keeper."""
    keepers = []
    for name, module in model.named_modules():
        kind = next((kind for kind, ends in kinds.items() if name.endswith(ends)), None)
        if kind not in full or "blocks." not in name:
            continue
        keeper = Keeper(IDLE.get((loop, name.split(".")[-1]), full[kind]), order)
        keepers.append(keeper)
        module.register_forward_hook(lambda _, __, made, keeper=keeper: keeper(made, keeper.call))
    return keepers


def check(model, session):
    """The definition with these weights is what was exported."""
    shape = [len(LABELS), *session.get_inputs()[0].shape[1:]]
    feeds = feeds_of(session, first_image(shape), 0)
    (exported,) = session.run(None, feeds)
    made = model(*(torch.from_numpy(feeds[key]) for key in feeds)).numpy()
    assert np.abs(made - exported).max() < 1e-5 * np.abs(exported).max()


def main():
    torch.set_num_threads(1)
    OUTPUT.mkdir(exist_ok=True)
    rows = []
    for name, network, options, full, order in LOOPS:
        build, file, kinds = NETWORKS[network]
        session = onnxruntime.InferenceSession(str(SAMPLES / file))
        model = load(build, SAMPLES / file)
        check(model, session)
        plain = run(model, session, [])
        keepers = keep(name, model, kinds, full, order)
        images = run(model, session, keepers)
        np.save(OUTPUT / f"{name}.npy", images)
        rows.append(
            {
                "name": name,
                "model": file,
                "options": options,
                "full": full,
                "modules": len(keepers),
                "difference": round(float(np.abs(images - plain).max() / np.abs(plain).max()), 4),
            }
        )
    (OUTPUT / "loops.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
