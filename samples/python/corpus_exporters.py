"""Export a network of the corpus in one form, by either of PyTorch's exporters."""

import inspect

import torch
from torch import nn

import script_exporter
from corpus_networks import NETWORKS
from mmdit import RmsNorm
from transformer import GEGLU
from unet_conditional import BasicTransformerBlock, ResnetBlock, TimestepEmbedding

FUNCTION_MODULES = {BasicTransformerBlock, ResnetBlock, TimestepEmbedding, GEGLU, nn.LayerNorm}


def build(form):
    """The network with distinct random weights: the exporter merges those of equal value."""
    model = NETWORKS[form.network].build(form.fused).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, (nn.GroupNorm, nn.LayerNorm)) and module.weight is not None:
            module.weight.normal_(1, 0.1)
            module.bias.normal_(0, 0.1)
        if isinstance(module, RmsNorm):
            module.weight.normal_(1, 0.1)
    return model.half() if form.half else model


def export(form, path):
    network = NETWORKS[form.network]
    inputs = form.inputs(network)
    # two images, so that a size of one is not taken for a fixed one
    values = tuple(make(2) for make in inputs.values())
    model = build(form)
    {"torchscript": by_script, "dynamo": by_dynamo}[form.exporter](
        form, network, model, list(inputs), values, path
    )


def by_script(form, network, model, names, values, path):
    axes = form.axes(network)
    more = {"export_modules_as_functions": FUNCTION_MODULES} if form.functions else {}
    script_exporter.export(model, values, path, form.opset, names, network.output, axes, **more)


def by_dynamo(form, network, model, names, values, path):
    dims = {}

    def dim(name):
        return dims.setdefault(name, torch.export.Dim.DYNAMIC)

    axes = form.axes(network)
    shapes = [
        {axis: dim(free) for axis, free in enumerate(axes[name]) if free} if name in axes else None
        for name in names
    ]
    # those of `*residuals` belong together
    parameters = list(inspect.signature(model.forward).parameters.values())
    if parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL:
        named = len(parameters) - 1
        shapes[named:] = [tuple(shapes[named:])]
    program = torch.onnx.export(
        model,
        values,
        dynamo=True,
        opset_version=form.opset,
        input_names=names,
        output_names=[network.output],
        dynamic_shapes=tuple(shapes) if axes else None,
        optimize=True,
    )
    program.save(str(path), external_data=False)
