"""Say between which values of an exported transformer its blocks lie: ../corpus/block-ends.json.

    python3 block_ends.py [NAME...]

A network of the corpus runs in PyTorch, where each block's module tells what goes in and what comes
out, and as an export with all of its values in onnxruntime. Values with the same numbers are those of
the module; there can be several, since a Concat of all slices of a value is that value again. Needs
what corpus.py needs with PyTorch 2.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import corpus_exporters
from corpus_forms import FORMS
from corpus_networks import NETWORKS

OUTPUT = Path(__file__).resolve().parent.parent / "corpus" / "block-ends.json"
BLOCKS = {
    "AudioBlock",
    "DitBlock",
    "DoubleBlock",
    "DoubleVideoBlock",
    "HunyuanBlock",
    "JointBlock",
    "LatteBlock",
    "LtxBlock",
    "LuminaBlock",
    "QwenBlock",
    "RefinerBlock",
    "SanaBlock",
    "SharedBlock",
    "SingleBlock",
    "SingleVideoBlock",
    "VideoBlock",
    "WanBlock",
}
FILES = [
    name
    for name, form in FORMS.items()
    if form.torch == 2 and form.exporter == "torchscript" and not form.rewriter
    if NETWORKS[form.network].kind == "transformer"
]


def module_ends(model, inputs):
    """For each block, pairs of what goes in and what comes out of it, one for each of its streams."""
    ends = []

    def hook(_, given, made):
        made = made if isinstance(made, tuple) else (made,)
        ends.append([(x, y) for x, y in zip(given, made) if x is not y])

    for module in model.modules():
        if type(module).__name__ in BLOCKS:
            module.register_forward_hook(hook)
    model(*inputs)
    return ends


def all_values(path, feeds):
    """Every float value of a model, by name."""
    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    given = {value.name for value in model.graph.input}
    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.value_info}
    outputs = {value.name for value in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if kinds.get(name) == onnx.TensorProto.FLOAT and name not in outputs:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [value.name for value in session.get_outputs()]
    values = session.run(None, {name: feeds[name].numpy() for name in feeds if name in given})
    return dict(zip(names, values))


def ends_of(name, folder):
    torch.manual_seed(0)
    form = FORMS[name]
    network = NETWORKS[form.network]
    model = corpus_exporters.build(form)
    feeds = {key: make(2) for key, make in form.inputs(network).items()}
    path = folder / f"{name}.onnx"
    corpus_exporters.by_script(
        form, network, model, list(feeds), tuple(feeds.values()), path
    )
    values = all_values(path, feeds)

    def names(tensor):
        shape, numbers = tuple(tensor.shape), tensor.numpy()
        return [
            key
            for key, value in values.items()
            if value.shape == shape and np.allclose(value, numbers, atol=1e-5)
        ]

    return [
        [{"from": names(x), "to": names(y)} for x, y in streams]
        for streams in module_ends(model, feeds.values())
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FILES))
    chosen = parser.parse_args().names or FILES
    rows = json.loads(OUTPUT.read_text())
    with tempfile.TemporaryDirectory() as folder:
        rows.update({name: ends_of(name, Path(folder)) for name in chosen})
    ordered = {name: rows[name] for name in FILES if name in rows}
    OUTPUT.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
