"""Say what the definition of a U-Net joins, and what DeepCache keeps of it: ../corpus/skip-joins.json.

    python3 skip_joins.py

A network of the corpus runs in PyTorch, where each join's module tells what goes in, and as an
export with all of its values in onnxruntime. Values with the same numbers are those of the join;
there can be several, the earliest first. Then the definition computes what DeepCache does
(arXiv 2312.00858, equation 5): the main branch kept from one call goes into the join at another
call, whose inputs are others. The export must give the same with that value in its place, at
every branch. Needs what corpus.py needs with PyTorch 2.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import corpus_exporters
from block_ends import all_values
from corpus_forms import FORMS
from corpus_networks import NETWORKS
from corpus_unets import UNETS

OUTPUT = Path(__file__).resolve().parent.parent / "corpus" / "skip-joins.json"
FILES = [name for name, form in FORMS.items() if form.network in UNETS]
TOLERANCE = 1e-5


def joins_of(model, inputs, kept=None):
    """The output, and what goes into each join, in the order in which they run.

    `kept` is a pair: the number of a join, and what its main branch is to be.
    """
    seen = []

    def hook(_, given):
        index = len(seen)
        seen.append(given)
        return (kept[1], *given[1:]) if kept and kept[0] == index else None

    hooks = [
        module.register_forward_pre_hook(hook)
        for module in model.modules()
        if getattr(module, "is_join", False)
    ]
    output = model(*inputs)
    for each in hooks:
        each.remove()
    return output, seen


def with_input(path, name, shape):
    """The model in which whatever reads a value reads an input of that name in its place."""
    model = onnx.load(str(path))
    for node in model.graph.node:
        for index, read in enumerate(node.input):
            if read == name:
                node.input[index] = "kept"
    kind = onnx.TensorProto.FLOAT
    model.graph.input.append(onnx.helper.make_tensor_value_info("kept", kind, shape))
    return onnxruntime.InferenceSession(model.SerializeToString())


def draw(form, network, seed):
    torch.manual_seed(seed)
    return {key: make(2) for key, make in form.inputs(network).items()}


def rows_of(name, folder):
    torch.manual_seed(0)
    form = FORMS[name]
    network = NETWORKS[form.network]
    model = corpus_exporters.build(form)
    first, second = draw(form, network, 1), draw(form, network, 2)
    path = folder / f"{name}.onnx"
    exporter = {"torchscript": corpus_exporters.by_script, "dynamo": corpus_exporters.by_dynamo}
    exporter[form.exporter](form, network, model, list(first), tuple(first.values()), path)
    values = all_values(path, first)

    def names(tensor):
        shape, numbers = tuple(tensor.shape), tensor.numpy()
        return [
            key
            for key, value in values.items()
            if value.shape == shape and np.allclose(value, numbers, atol=TOLERANCE)
        ]

    _, joins = joins_of(model, first.values())
    rows = []
    for index, (main, skip) in enumerate(joins):
        row = {"main": names(main), "skip": names(skip)}
        expected, _ = joins_of(model, second.values(), (index, main))
        plain, _ = joins_of(model, second.values())
        session = with_input(path, row["main"][0], main.shape)
        given = {each.name for each in session.get_inputs()}
        feeds = {key: value.numpy() for key, value in second.items() if key in given}
        [made] = session.run(None, {**feeds, "kept": main.numpy()})
        error = np.abs(made - expected.numpy()).max() / np.abs(expected.numpy()).max()
        assert error < TOLERANCE, f"{name}, join {index}: {error}"
        assert not torch.allclose(plain, expected, atol=1e-3), f"{name}, join {index}: unused"
        rows.append(row)
    # the last join is the outermost branch
    return rows[::-1]


def main():
    with tempfile.TemporaryDirectory() as folder:
        rows = {name: rows_of(name, Path(folder)) for name in FILES}
    OUTPUT.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
