"""The U-Nets of the corpus that are none of Stable Diffusion alone; their joins are modules.

`holds` follows from each definition, as in corpus_networks.py.
"""

from dataclasses import replace

import torch

from corpus_network import SIZE, Network, context, image
from hourglass import Hourglass, HourglassConfig
from unet_added import AddedConfig, AddedUNet
from unet_cascade import CascadeConfig, CascadeUNet
from unet_conditional import UNetConfig
from unet_motion import MotionUNet
from unet_sound import SoundConfig, SoundUNet
from unet_variants import AdaptedUNet, FreeUNet, UNetWithControl
from uvit import UVit, UVitConfig

FRAMES = 3
TIME = 16

# the layout of Stable Diffusion: attention at the outer level and in the middle
UNET = UNetConfig(
    levels=(32, 64), depths=(1, 0), heads=(2, 4), context=24, residual_blocks=1
)
ATTENTIONS = 4
BRANCHES = 4


def network(build, inputs, axes, output="out_sample", **holds):
    return Network(build, "unet", inputs, axes, {"kind": "unet", **holds}, output)


def of_images(build, more=None, axes=None, **holds):
    """Over a latent of any size and a context of any length."""
    return network(
        lambda is_fused: build(replace(UNET, fused_attention=is_fused)),
        {"sample": image, "timestep": None, "encoder_hidden_states": context, **(more or {})},
        {
            "sample": ("batch", None, "height", "width"),
            "encoder_hidden_states": ("batch", "sequence"),
            **(axes or {}),
        },
        **{
            "branches": BRANCHES,
            "selfAttentions": ATTENTIONS,
            "crossAttentions": ATTENTIONS,
            **holds,
        },
    )


def sound(batch):
    return torch.randn(batch, SoundConfig.channels, TIME)


ADDED = AddedConfig()
CASCADE = CascadeConfig()
HOURGLASS = HourglassConfig()
SOUND = SoundConfig()
UVIT = UVitConfig()
MOTION_MODULES = len(UNET.levels) * (2 * UNET.residual_blocks + 1)

UNETS = {
    "unet-freeu": of_images(FreeUNet),
    "unet-freeu-filtered": of_images(lambda config: FreeUNet(config, filtered=True)),
    "unet-control": of_images(
        UNetWithControl,
        {
            "controlnet_cond": lambda batch: torch.randn(batch, 3, SIZE, SIZE),
            "conditioning_scale": lambda batch: torch.tensor(0.8),
        },
        {"controlnet_cond": ("batch", None, "height", "width")},
        # the ControlNet's encoder and middle have one less each than the U-Net
        selfAttentions=ATTENTIONS + 2,
        crossAttentions=ATTENTIONS + 2,
    ),
    "unet-lora": of_images(AdaptedUNet),
    "unet-motion": network(
        lambda is_fused: MotionUNet(replace(UNET, fused_attention=is_fused)),
        {
            "sample": lambda batch: torch.randn(batch, 4, FRAMES, SIZE, SIZE),
            "timestep": None,
            "encoder_hidden_states": context,
        },
        {
            "sample": ("batch", None, "frames", "height", "width"),
            "encoder_hidden_states": ("batch", "sequence"),
        },
        branches=BRANCHES,
        selfAttentions=ATTENTIONS + 2 * MOTION_MODULES,
        crossAttentions=ATTENTIONS,
    ),
    # keys are of image and context, so attention is none of a value to itself
    "unet-added": network(
        lambda _: AddedUNet(ADDED),
        {
            "sample": image,
            "timestep": None,
            "image_embeds": lambda batch: torch.randn(batch, ADDED.image),
        },
        {"sample": ("batch", None, "height", "width"), "image_embeds": ("batch",)},
        branches=len(ADDED.levels) * (ADDED.layers + 1),
        selfAttentions=0,
        crossAttentions=sum(ADDED.attends) * (2 * ADDED.layers + 1) + 1,
    ),
    "unet-cascade": network(
        lambda _: CascadeUNet(CASCADE),
        {"sample": image, "timestep": None, "clip_text": context},
        {"sample": ("batch", None, "height", "width"), "clip_text": ("batch", "sequence")},
        branches=len(CASCADE.levels) - 1,
        selfAttentions=0,
        crossAttentions=2 * sum(1 for heads in CASCADE.heads if heads),
    ),
    "unet-sound": network(
        lambda is_fused: SoundUNet(replace(SOUND, fused_attention=is_fused)),
        {"x": sound, "mu": sound, "timestep": None},
        {"x": ("batch", None, "time"), "mu": ("batch", None, "time")},
        "out_x",
        branches=len(SOUND.levels),
        selfAttentions=2 * len(SOUND.levels) + 1,
        crossAttentions=0,
    ),
    "uvit": network(
        lambda is_fused: UVit(replace(UVIT, fused_attention=is_fused)),
        {"sample": image, "timestep": None, "context": context},
        {"sample": ("batch",), "context": ("batch", "sequence")},
        branches=UVIT.depth,
        selfAttentions=2 * UVIT.depth + 1,
        crossAttentions=0,
    ),
    "hourglass": network(
        lambda is_fused: Hourglass(replace(HOURGLASS, fused_attention=is_fused)),
        {"sample": image, "timestep": None},
        {"sample": ("batch", None, "height", "width")},
        branches=len(HOURGLASS.levels) - 1,
        selfAttentions=2 * len(HOURGLASS.levels) - 1,
        crossAttentions=0,
    ),
}
