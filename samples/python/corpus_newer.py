"""Transformers of the corpus that came after Stable Diffusion 3 and FLUX, at small widths."""

from dataclasses import replace

import torch

from cogvideox import CogVideoConfig, CogVideoX
from corpus_network import FRAMES, SIZE, TOKENS, context, image, transformer
from hunyuan_dit import HunyuanConfig, HunyuanDit
from hunyuan_video import HunyuanVideo, HunyuanVideoConfig
from latte import Latte, LatteConfig
from ltx import Ltx, LtxConfig
from lumina import Lumina, LuminaConfig
from qwen_image import QwenConfig, QwenImage
from sana import Sana, SanaConfig
from stable_audio import AudioConfig, StableAudio
from wan import Wan, WanConfig

CHANNELS = 4
CONTEXT = 24
POOLED = 16
DEPTH = 3
SIDE = SIZE // 2
VIDEO = (FRAMES, SIZE, SIZE)
# half of the channels of a head of 16, over frames, rows and columns
AXES = (4, 6, 6)
SMALL = {"channels": CHANNELS, "hidden": 32, "depth": DEPTH, "heads": 2, "context": CONTEXT}

COGVIDEOX = CogVideoConfig(size=VIDEO, axes=AXES, **SMALL)
HUNYUAN_DIT = HunyuanConfig(input_size=SIZE, widening=2, axes=(8, 8), **{**SMALL, "depth": 6})
HUNYUAN_VIDEO = HunyuanVideoConfig(
    size=VIDEO,
    channels=CHANNELS,
    hidden=32,
    double_depth=2,
    single_depth=3,
    refiners=1,
    heads=2,
    context=CONTEXT,
    pooled=POOLED,
    axes=AXES,
)
LATTE = LatteConfig(frames=FRAMES, input_size=SIZE, **SMALL)
LTX = LtxConfig(size=(FRAMES, SIDE, SIDE), axes=(10, 10, 12), **SMALL)
LUMINA = LuminaConfig(
    input_size=SIZE,
    tokens=TOKENS,
    refiners=1,
    shared=1,
    widened=48,
    condition=24,
    axes=AXES,
    **SMALL,
)
Z_IMAGE = replace(LUMINA, shared=2, image_first=True)
QWEN = QwenConfig(side=SIDE, tokens=TOKENS, axes=AXES, **{**SMALL, "channels": 16})
SANA = SanaConfig(input_size=SIZE, cross_heads=2, **SMALL)
AUDIO = AudioConfig(length=2 * SIZE, shared=1, known=12, **SMALL)
WAN = WanConfig(size=VIDEO, widened=48, axes=AXES, **SMALL)


def made(build, hidden_states, blocks, attentions, cross=0, branches=None, **more):
    """`more` are inputs beside the latent, the prompt and the timestep; `branches` are long skips."""
    inputs = {"hidden_states": hidden_states, "encoder_hidden_states": context, **more}
    axes = {name: ("batch",) for name in inputs}
    return transformer(
        lambda _: build(),
        {**inputs, "timestep": None},
        axes,
        {
            **({"branches": branches} if branches else {}),
            "blocks": blocks,
            "selfAttentions": attentions,
            "crossAttentions": cross,
        },
        "out_hidden_states",
    )


def drawn(*shape):
    return lambda batch: torch.randn(batch, *shape)


def mask(batch):
    """The last two tokens are padding."""
    return torch.cat([torch.ones(batch, TOKENS - 2), torch.zeros(batch, 2)], dim=1)


VIDEO_LATENT = drawn(CHANNELS, *VIDEO)
PACKED = drawn(SIDE * SIDE, 16)
REFINED = 2

NEWER = {
    "cogvideox": made(
        lambda: CogVideoX(COGVIDEOX), drawn(FRAMES, CHANNELS, SIZE, SIZE), DEPTH, DEPTH
    ),
    "hunyuan-dit": made(
        lambda: HunyuanDit(HUNYUAN_DIT),
        image,
        HUNYUAN_DIT.depth,
        HUNYUAN_DIT.depth,
        HUNYUAN_DIT.depth,
        HUNYUAN_DIT.skips,
    ),
    "hunyuan-video": made(
        lambda: HunyuanVideo(HUNYUAN_VIDEO),
        VIDEO_LATENT,
        6,
        6,
        pooled_projections=drawn(POOLED),
        encoder_attention_mask=mask,
    ),
    # pairs of a block in space, which sees the prompt, and one in time
    "latte": made(lambda: Latte(LATTE), VIDEO_LATENT, 2 * DEPTH, 2 * DEPTH, DEPTH),
    "ltx": made(
        lambda: Ltx(LTX),
        drawn(FRAMES * SIDE * SIDE, CHANNELS),
        DEPTH,
        DEPTH,
        DEPTH,
        encoder_attention_mask=mask,
    ),
    "lumina2": made(lambda: Lumina(LUMINA), image, DEPTH + REFINED, DEPTH + REFINED),
    "z-image": made(lambda: Lumina(Z_IMAGE), image, DEPTH + REFINED, DEPTH + REFINED),
    "qwen-image": made(lambda: QwenImage(QWEN), PACKED, DEPTH, DEPTH),
    # its attention to itself is linear
    "sana": made(lambda: Sana(SANA), image, DEPTH, 0, DEPTH),
    "stable-audio": made(
        lambda: StableAudio(AUDIO),
        drawn(CHANNELS, 2 * SIZE),
        DEPTH,
        DEPTH,
        DEPTH,
        global_hidden_states=drawn(1, 12),
    ),
    "wan": made(lambda: Wan(WAN), VIDEO_LATENT, DEPTH, DEPTH, DEPTH),
}
