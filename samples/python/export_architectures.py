"""Export published denoiser architectures to ONNX, without their weights.

    python3 export_architectures.py [NAME...]

Each network is built with random weights, exported by PyTorch's TorchScript exporter with
dynamic axes, and stripped (see strip.py) into ../architectures. Nothing is simplified: the
shape arithmetic is what a user's export has. Stable Diffusion takes up to 10 GB of memory and
3.5 GB of temporary files, Stable Diffusion XL three times as much; PixArt, with its 4,096
tokens, about ten minutes. What was made by PyTorch 2 (see ../README.md) needs it again.
"""

import argparse
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable

import onnx
import torch
from torch import nn

import layer_norm_export
import script_exporter
import strip
from dit import S_2_512, XL_2_256, XL_2_512, Dit
from macs import attention_macs, macs_by_branch, macs_by_layer
from mmdit import SD3, Mmdit
from pixart import CAPTION_CHANNELS, DEPTH, HIDDEN, INPUT_SIZE, LATENT_CHANNELS, PixArtTransformer
from unet_conditional import SD15, SD21, SDXL, ConditionalUNet
from unet_ddpm import CIFAR10, LSUN256, DdpmUNet
from unet_ldm import LdmUNet

OUTPUT = Path(__file__).resolve().parent.parent / "architectures"


@dataclass(frozen=True)
class Architecture:
    """How to build a network, call it with one image, and name what goes in and out.

    `attention` counts the attention modules of a transformer, by (query tokens, key tokens,
    channels).
    """

    build: Callable[[], nn.Module]
    inputs: dict
    output: str
    axes: dict
    opset: int
    attention: dict = field(default_factory=dict)


def ddpm(config):
    size = config.resolution
    return Architecture(
        build=lambda: DdpmUNet(config),
        inputs={
            "x": lambda batch: torch.randn(batch, 3, size, size),
            "t": lambda batch: torch.randint(1000, (batch,)),
        },
        output="eps",
        axes={"x": ("batch", None, "height", "width"), "t": ("batch",)},
        opset=13,
    )


def dit(config, opset):
    latent = (config.channels, config.input_size, config.input_size)
    return Architecture(
        build=lambda: Dit(config),
        inputs={
            "x": lambda batch: torch.randn(batch, *latent),
            "t": lambda batch: torch.randint(1000, (batch,)),
            "y": lambda batch: torch.randint(config.classes, (batch,)),
        },
        output="out",
        # The table of positions fixes height and width.
        axes={"x": ("batch",), "t": ("batch",), "y": ("batch",)},
        opset=opset,
        attention={(config.side**2, config.side**2, config.hidden): config.depth},
    )


def stable_diffusion(config, opset, size=64):
    inputs = {
        "sample": lambda batch: torch.randn(batch, 4, size, size),
        "timestep": lambda batch: torch.tensor(500),
        "encoder_hidden_states": lambda batch: torch.randn(batch, 77, config.context),
    }
    axes = {
        "sample": ("batch", None, "height", "width"),
        "encoder_hidden_states": ("batch", "sequence"),
    }
    if config.pooled:
        inputs["text_embeds"] = lambda batch: torch.randn(batch, config.pooled)
        inputs["time_ids"] = lambda batch: torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]] * batch)
        axes["text_embeds"] = axes["time_ids"] = ("batch",)
    return Architecture(
        build=lambda: ConditionalUNet(config),
        inputs=inputs,
        output="out_sample",
        axes=axes,
        opset=opset,
    )


ARCHITECTURES = {
    "ddpm-cifar10": ddpm(CIFAR10),
    "ddpm-lsun256": ddpm(LSUN256),
    "ldm4-imagenet": Architecture(
        build=LdmUNet,
        inputs={
            "x": lambda batch: torch.randn(batch, 3, 64, 64),
            "timesteps": lambda batch: torch.randint(1000, (batch,)),
            "context": lambda batch: torch.randn(batch, 1, 512),
        },
        output="out",
        axes={
            "x": ("batch", None, "height", "width"),
            "timesteps": ("batch",),
            "context": ("batch", "tokens"),
        },
        # From opset 17 on, LayerNormalization is one node.
        opset=17,
    ),
    "sd15-unet": stable_diffusion(SD15, opset=14),
    "sd21-unet": stable_diffusion(replace(SD21, fused_attention=True), opset=14, size=96),
    "sdxl-unet": stable_diffusion(replace(SDXL, fused_attention=True), opset=17, size=128),
    "sd3-medium": Architecture(
        build=lambda: Mmdit(SD3),
        inputs={
            "hidden_states": lambda batch: torch.randn(batch, 16, 128, 128),
            "encoder_hidden_states": lambda batch: torch.randn(batch, 333, 4096),
            "pooled_projections": lambda batch: torch.randn(batch, 2048),
            "timestep": lambda batch: torch.full((batch,), 500.0),
        },
        output="out_hidden_states",
        axes={
            "hidden_states": ("batch_size",),
            "encoder_hidden_states": ("batch_size", "sequence_length"),
            "pooled_projections": ("batch_size",),
            "timestep": ("batch_size",),
        },
        opset=17,
        attention={(4429, 4429, SD3.hidden): SD3.depth},
    ),
    # Below opset 17, LayerNormalization is a chain of simple nodes.
    "dit-xl-2-256": dit(XL_2_256, opset=17),
    "dit-xl-2-512": dit(XL_2_512, opset=14),
    "dit-s-2-512": dit(S_2_512, opset=17),
    "pixart-sigma-1024": Architecture(
        build=PixArtTransformer,
        inputs={
            "hidden_states": lambda batch: torch.randn(
                batch, LATENT_CHANNELS, INPUT_SIZE, INPUT_SIZE
            ),
            "encoder_hidden_states": lambda batch: torch.randn(batch, 300, CAPTION_CHANNELS),
            "timestep": lambda batch: torch.randint(1000, (batch,)),
            "encoder_attention_mask": lambda batch: torch.ones(batch, 300, dtype=torch.int64),
        },
        output="out_sample",
        axes={
            "hidden_states": ("batch", None, "height", "width"),
            "encoder_hidden_states": ("batch", "sequence"),
            "timestep": ("batch",),
            "encoder_attention_mask": ("batch", "sequence"),
        },
        opset=14,
        attention={(4096, 4096, HIDDEN): DEPTH, (4096, 300, HIDDEN): DEPTH},
    ),
}


def build(architecture):
    """The network with distinct random weights.

    The exporter merges initializers of equal value, so the ones and zeros that norms start
    with would come out as one shared tensor; in a trained network they differ.
    """
    torch.manual_seed(0)
    model = architecture.build().eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, (nn.GroupNorm, nn.LayerNorm)) and module.weight is not None:
            module.weight.normal_(1, 0.1)
            module.bias.normal_(0, 0.1)
    return model


def export(name, architecture):
    model = build(architecture)
    parameters = sum(parameter.numel() for parameter in model.parameters())

    one_image = [make(1) for make in architecture.inputs.values()]
    macs = macs_by_layer(model, one_image)
    print(f"{name}: {parameters:,} parameters, {sum(macs.values()) / 1e9:.2f} GMACs")
    if hasattr(model, "skip_stages"):
        branches = macs_by_branch(model, macs)
        print("  shallow, by branch:", " ".join(f"{branch / 1e9:.2f}" for branch in branches))
    for (queries, keys, hidden), modules in architecture.attention.items():
        linear, products = attention_macs(queries, keys, hidden)
        print(f"  {modules} attention modules of {queries} by {keys} tokens:", end=" ")
        print(f"{linear / 1e9:.2f} GMACs in linear layers, {products / 1e9:.2f} in products, each")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        script_exporter.export(
            model,
            tuple(make(2) for make in architecture.inputs.values()),
            path,
            architecture.opset,
            list(architecture.inputs),
            architecture.output,
            architecture.axes,
        )
        # Past 2 GB the exporter writes each weight to a file of its own; none is read back.
        exported = onnx.load(str(path), load_external_data=False)
    weights_size = strip.strip(exported)

    OUTPUT.mkdir(exist_ok=True)
    target = OUTPUT / f"{name}.onnx"
    onnx.save(exported, str(target))
    strip.check(target, weights_size)
    print(f"  {len(exported.graph.node):,} nodes, {target.stat().st_size:,} bytes;", end=" ")
    print(f"{strip.LOCATION} would hold {weights_size:,} bytes")


if __name__ == "__main__":
    if script_exporter.TORCH == 1:
        layer_norm_export.register()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ARCHITECTURES))
    arguments = parser.parse_args()
    for chosen in arguments.names or ARCHITECTURES:
        export(chosen, ARCHITECTURES[chosen])
