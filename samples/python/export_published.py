"""Export transformers at their published sizes, without their weights and without room for them.

    python3 export_published.py [NAME...]

As `export_architectures.py`, for networks whose weights fit into no small machine: tensors have shapes
and no numbers (PyTorch's fake tensors), and PyTorch's dynamo exporter writes the graph. Takes PyTorch 2,
onnxscript, a gigabyte of memory and some minutes for each.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

import onnx
import onnx_ir
import torch
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    InlinePass,
    RemoveUnusedNodesPass,
)
from onnxscript import optimizer
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import strip
from flux import Flux, FluxConfig
from lumina import LUMINA, Z_IMAGE, Lumina
from mmdit import SD35_MEDIUM, Mmdit
from qwen_image import QwenConfig, QwenImage
from wan import Wan, WanConfig

OUTPUT = Path(__file__).resolve().parent.parent / "architectures"
OPSET = 18
FLOAT_BYTES = 4
# elements of what is folded: sizes, and no weights
FOLDED = 64


@dataclass(frozen=True)
class Published:
    """How to build a network, and makers of its inputs by name, the latent first."""

    build: Callable[[], nn.Module]
    inputs: dict
    axes: dict


def drawn(*shape):
    return lambda batch: torch.randn(batch, *shape)


def moment(value):
    return lambda batch: torch.full((batch,), value)


def published(build, **inputs):
    return Published(build, inputs, {name: "batch" for name in inputs})


def flux():
    side, config = 64, FluxConfig(guidance=True)
    network = published(
        lambda: Flux(config),
        hidden_states=drawn(side * side, config.channels),
        encoder_hidden_states=drawn(512, config.context),
        pooled_projections=drawn(config.pooled),
        timestep=moment(0.5),
        img_ids=lambda _: torch.zeros(side * side, 3),
        txt_ids=lambda _: torch.zeros(512, 3),
        guidance=moment(3.5),
    )
    axes = {name: axis for name, axis in network.axes.items() if not name.endswith("_ids")}
    return replace(network, axes=axes)


def lumina(config):
    return published(
        lambda: Lumina(config),
        hidden_states=drawn(config.channels, config.input_size, config.input_size),
        encoder_hidden_states=drawn(config.tokens, config.context),
        timestep=moment(0.5),
    )


PUBLISHED = {
    "sd35-medium": published(
        lambda: Mmdit(SD35_MEDIUM),
        hidden_states=drawn(16, 128, 128),
        encoder_hidden_states=drawn(333, 4096),
        pooled_projections=drawn(2048),
        timestep=moment(500.0),
    ),
    "flux1-dev": flux(),
    "lumina2": lumina(LUMINA),
    "z-image": lumina(Z_IMAGE),
    "qwen-image": published(
        lambda: QwenImage(QwenConfig()),
        hidden_states=drawn(4096, 64),
        encoder_hidden_states=drawn(512, 3584),
        timestep=moment(0.5),
    ),
    "wan21-1.3b": published(
        lambda: Wan(WanConfig()),
        hidden_states=drawn(16, 21, 60, 104),
        encoder_hidden_states=drawn(512, 4096),
        timestep=moment(500.0),
    ),
}


def program_of(network):
    with FakeTensorMode(allow_non_fake_inputs=True):
        model = network.build().eval().requires_grad_(False)
        count = sum(parameter.numel() for parameter in model.parameters())
        free = torch.export.Dim.DYNAMIC
        shapes = tuple({0: free} if name in network.axes else None for name in network.inputs)
        program = torch.onnx.export(
            model,
            tuple(make(2) for make in network.inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(network.inputs),
            output_names=["out_hidden_states"],
            dynamic_shapes=shapes,
            optimize=False,
            verbose=False,
        )
    return program, count


def strip_fake(model):
    """Every tensor without numbers becomes a reference to a file that is not there; its size."""
    end = 0
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if tensor.dtype != onnx_ir.DataType.FLOAT:
            raise ValueError(f"{value.name} is no float tensor, so that its numbers matter")
        offset = -(-end // strip.ALIGNMENT) * strip.ALIGNMENT
        length = tensor.size * FLOAT_BYTES
        end = offset + length
        value.const_value = onnx_ir.ExternalTensor(
            strip.LOCATION, offset, length, tensor.dtype, shape=tensor.shape, name=value.name
        )
    return end


def call_batch(model):
    """The exporter gives free axes names of its own; here there is one."""
    free = model.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param == free:
                size.dim_param = "batch"


def export(name, network):
    program, count = program_of(network)
    weights_size = strip_fake(program.model)
    # as the exporter itself simplifies, but for tensors that have no numbers
    InlinePass()(program.model)
    optimizer.fold_constants(program.model, input_size_limit=FOLDED, output_size_limit=FOLDED)
    CommonSubexpressionEliminationPass()(program.model)
    RemoveUnusedNodesPass()(program.model)
    model = onnx_ir.to_proto(program.model)
    for item in (*model.graph.node, *model.graph.value_info):
        del item.metadata_props[:]
    call_batch(model)
    OUTPUT.mkdir(exist_ok=True)
    target = OUTPUT / f"{name}.onnx"
    onnx.save(model, str(target))
    print(f"{name}: {count:,} parameters, {len(model.graph.node):,} nodes, ", end="")
    print(f"{target.stat().st_size:,} bytes; {strip.LOCATION} would hold {weights_size:,} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PUBLISHED))
    for name in parser.parse_args().names or PUBLISHED:
        export(name, PUBLISHED[name])


if __name__ == "__main__":
    main()
