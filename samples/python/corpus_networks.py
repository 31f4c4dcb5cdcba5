"""The networks of the corpus: published layouts at small widths.

`holds` is what a reader of any exported form should find: skip branches, attention modules to
themselves and to a context, transformer blocks. It follows from the definition alone.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F

from aura import Aura, AuraConfig
from cogview import CogView
from corpus_network import FRAMES, SIZE, TOKENS, Network, context, image, transformer
from corpus_newer import NEWER
from corpus_unets import UNETS
from dit import Dit, DitConfig
from flux import Flux, FluxConfig
from mmdit import Mmdit, MmditConfig
from unet_conditional import ConditionalUNet, ControlledUNet, UNetConfig
from unet_video import VideoUNet

UNET = UNetConfig(
    levels=(32, 64),
    depths=(1, 0),
    heads=(2, 4),
    context=24,
    residual_blocks=1,
)
UNET_LINEAR = replace(UNET, linear_projection=True)
UNET_XL = replace(
    UNET_LINEAR, levels=(32, 32, 64), depths=(0, 1, 2), heads=(2, 2, 4), middle_depth=2, pooled=16
)
DIT = DitConfig(
    input_size=SIZE, channels=4, hidden=64, depth=3, heads=4, classes=10, learn_sigma=True
)
MMDIT = MmditConfig(
    input_size=SIZE, channels=4, hidden=64, depth=3, heads=4, context=24, pooled=16
)
FLUX = FluxConfig(
    channels=16,
    hidden=64,
    double_depth=2,
    single_depth=3,
    heads=4,
    context=24,
    pooled=16,
    axes=(4, 6, 6),
)
AURA = AuraConfig(
    input_size=SIZE,
    channels=4,
    hidden=48,
    joint_depth=2,
    single_depth=3,
    heads=4,
    context=24,
    registers=2,
)


class EvenUNet(ConditionalUNet):
    """Pads images whose sides are no multiple of four, which a scripted branch decides."""

    def forward(self, sample, timestep, encoder_hidden_states):
        padded = pad_to_four(sample)
        out = super().forward(padded, timestep, encoder_hidden_states)
        return out[:, :, : sample.shape[2], : sample.shape[3]]


@torch.jit.script
def pad_to_four(x):
    height, width = x.shape[2], x.shape[3]
    if height % 4 != 0 or width % 4 != 0:
        return F.pad(x, [0, -width % 4, 0, -height % 4])
    else:
        return x


def unet(build, config, **more):
    # a level's encoder has its residual blocks, the decoder one more; the middle has its own depth
    encoder = sum(config.depths) * config.residual_blocks
    decoder = sum(config.depths) * (config.residual_blocks + 1)
    blocks = encoder + decoder + config.middle_depth
    levels = len(config.levels)
    holds = {
        "kind": "unet",
        "branches": levels * (config.residual_blocks + 1),
        "selfAttentions": blocks,
        "crossAttentions": blocks,
    }
    inputs = {"sample": image, "timestep": None, "encoder_hidden_states": context}
    axes = {
        "sample": ("batch", None, "height", "width"),
        "encoder_hidden_states": ("batch", "sequence"),
    }
    inputs.update(more.get("inputs", {}))
    axes.update(more.get("axes", {}))
    return Network(build, "unet", inputs, axes, {**holds, **more.get("holds", {})})


def residual_inputs(config):
    """The inputs of a ControlNet's residuals: sizes of the encoder's stages, then the middle's."""
    inputs, axes = {}, {}

    def add(name, channels, scale):
        side = SIZE // scale
        inputs[name] = lambda batch: torch.randn(batch, channels, side, side) * 0.1
        axes[name] = ("batch", None, f"height_{scale}", f"width_{scale}")

    sizes, scale = [(config.levels[0], 1)], 1
    for level, width in enumerate(config.levels):
        sizes += [(width, scale)] * config.residual_blocks
        if level < len(config.levels) - 1:
            scale *= 2
            sizes.append((width, scale))
    for index, (channels, scale) in enumerate(sizes):
        add(f"down_block_additional_residual_{index}", channels, scale)
    add("mid_block_additional_residual", *sizes[-1])
    return {"inputs": inputs, "axes": axes}


XL_INPUTS = {
    "inputs": {
        "text_embeds": lambda batch: torch.randn(batch, UNET_XL.pooled),
        "time_ids": lambda batch: torch.tensor([[8.0, 8, 0, 0, 8, 8]] * batch),
    },
    "axes": {"text_embeds": ("batch",), "time_ids": ("batch",)},
}


def fused(config, is_fused):
    return replace(config, fused_attention=is_fused)


def dit(config):
    return transformer(
        lambda _: Dit(config),
        {
            "hidden_states": image,
            "timestep": None,
            "class_labels": lambda batch: torch.randint(config.classes, (batch,)),
        },
        {"hidden_states": ("batch",), "class_labels": ("batch",)},
        {"blocks": config.depth, "selfAttentions": config.depth, "crossAttentions": 0},
        "out_hidden_states",
    )


def mmdit(config, network=Mmdit):
    return transformer(
        lambda _: network(config),
        {
            "hidden_states": image,
            "encoder_hidden_states": context,
            "pooled_projections": lambda batch: torch.randn(batch, config.pooled),
            "timestep": None,
        },
        {
            "hidden_states": ("batch",),
            "encoder_hidden_states": ("batch", "sequence"),
            "pooled_projections": ("batch",),
        },
        {
            "blocks": config.depth,
            "selfAttentions": config.depth + config.dual,
            "crossAttentions": 0,
        },
        "out_hidden_states",
    )


def aura(config):
    depth = config.joint_depth + config.single_depth
    return transformer(
        lambda _: Aura(config),
        {"hidden_states": image, "encoder_hidden_states": context, "timestep": None},
        {"hidden_states": ("batch",), "encoder_hidden_states": ("batch", "sequence")},
        {"blocks": depth, "selfAttentions": depth, "crossAttentions": 0},
        "out_hidden_states",
    )


def flux(config):
    side = SIZE // 2
    rows = torch.arange(side).repeat_interleave(side)
    columns = torch.arange(side).repeat(side)
    places = torch.stack([torch.zeros(side * side), rows.float(), columns.float()], dim=1)
    depth = config.double_depth + config.single_depth
    return transformer(
        lambda _: Flux(config),
        {
            "hidden_states": lambda batch: torch.randn(batch, side * side, config.channels),
            "encoder_hidden_states": context,
            "pooled_projections": lambda batch: torch.randn(batch, config.pooled),
            "timestep": None,
            "img_ids": lambda batch: places,
            "txt_ids": lambda batch: torch.zeros(TOKENS, 3),
        },
        {
            "hidden_states": ("batch", "packed_height_width"),
            "encoder_hidden_states": ("batch", "sequence"),
            "pooled_projections": ("batch",),
            "img_ids": ("packed_height_width",),
            "txt_ids": ("sequence",),
        },
        {"blocks": depth, "selfAttentions": depth, "crossAttentions": 0},
        "out_hidden_states",
    )


def video(config):
    blocks = sum(config.depths) * (2 * config.residual_blocks + 1) + 1
    return Network(
        lambda is_fused: VideoUNet(fused(config, is_fused)),
        "unet",
        {
            "sample": lambda batch: torch.randn(batch, FRAMES, 8, SIZE, SIZE),
            "timestep": None,
            "encoder_hidden_states": lambda batch: torch.randn(batch, 1, config.context),
            "added_time_ids": lambda batch: torch.tensor([[6.0, 127.0, 0.02]] * batch),
        },
        {
            "sample": ("batch", "frames", None, "height", "width"),
            "encoder_hidden_states": ("batch", "sequence"),
            "added_time_ids": ("batch",),
        },
        {
            "kind": "unet",
            "branches": len(config.levels) * (config.residual_blocks + 1),
            # a block along time for each in space
            "selfAttentions": 2 * blocks,
            "crossAttentions": 2 * blocks,
        },
    )


NETWORKS = {
    "unet": unet(lambda is_fused: ConditionalUNet(fused(UNET, is_fused)), UNET),
    "unet-linear": unet(
        lambda is_fused: ConditionalUNet(fused(UNET_LINEAR, is_fused)), UNET_LINEAR
    ),
    "unet-xl": unet(
        lambda is_fused: ConditionalUNet(fused(UNET_XL, is_fused)), UNET_XL, **XL_INPUTS
    ),
    "unet-controlled": unet(
        lambda is_fused: ControlledUNet(fused(UNET, is_fused)), UNET, **residual_inputs(UNET)
    ),
    "unet-even": unet(lambda is_fused: EvenUNet(fused(UNET, is_fused)), UNET),
    "unet-video": video(UNET),
    "dit": dit(DIT),
    "mmdit": mmdit(MMDIT),
    "mmdit-normed": mmdit(replace(MMDIT, normed=True)),
    "mmdit-dual": mmdit(replace(MMDIT, normed=True, dual=2)),
    "aura": aura(AURA),
    "cogview": mmdit(MMDIT, CogView),
    "flux": flux(FLUX),
    "flux-apart": flux(replace(FLUX, apart=True)),
    **NEWER,
    **UNETS,
}
