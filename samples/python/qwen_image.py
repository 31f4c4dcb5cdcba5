"""Qwen-Image's transformer of two streams (arXiv 2508.02324, section 2.4).

Written from the published `transformer/config.json` and the layout of diffusers' QwenImageTransformer2DModel.
Blocks are those of Stable Diffusion 3 with rotary positions; the text comes first, and what it becomes in the
last block nobody reads. The image comes packed, one token for each patch of two by two latent pixels.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import layer_norm, timestep_features
from mmdit import AdaLayerNorm, Mlp, RmsNorm, gelu
from projected import Projected

FREQUENCY_FEATURES = 256
TIMESTEP_SCALE = 1000


@dataclass(frozen=True)
class QwenConfig:
    """Sizes of a network; `side` counts tokens of the image along a side, `tokens` those of the text."""

    side: int = 64
    tokens: int = 512
    channels: int = 64
    hidden: int = 3072
    depth: int = 60
    heads: int = 24
    context: int = 3584
    axes: tuple = (16, 56, 56)


class QwenBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.norm1, self.norm1_context = AdaLayerNorm(hidden, 6), AdaLayerNorm(hidden, 6)
        self.attn, self.attn_context = Projected(hidden, heads), Projected(hidden, heads)
        self.norm2, self.norm2_context = layer_norm(hidden), layer_norm(hidden)
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)
        self.ff_context = Mlp(hidden, 4 * hidden, hidden, gelu)

    def forward(self, image, text, condition, turn, turn_text):
        normed, modulation = self.norm1(image, condition)
        normed_text, modulation_text = self.norm1_context(text, condition)
        q, k, v = self.attn.project(normed)
        q_text, k_text, v_text = self.attn_context.project(normed_text)
        joined = [(turn_text(q_text), turn(q)), (turn_text(k_text), turn(k)), (v_text, v)]
        mixed = self.attn.mix(*(torch.cat(pair, dim=2) for pair in joined))
        count = text.shape[1]
        attended = self.attn.to_out(mixed[:, count:])
        attended_text = self.attn_context.to_out(mixed[:, :count])
        return (
            feed(image, attended, modulation, self.norm2, self.ff),
            feed(text, attended_text, modulation_text, self.norm2_context, self.ff_context),
        )


def feed(x, attended, modulation, norm, layers):
    gate, shift, scale, gate_fed = (part[:, None] for part in modulation)
    x = x + gate * attended
    return x + gate_fed * layers(norm(x) * (1 + scale) + shift)


class QwenImage(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, image tokens, channels].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] (float) counts 0..1.
    """

    def __init__(self, config):
        super().__init__()
        hidden, side = config.hidden, config.side
        self.img_in = nn.Linear(config.channels, hidden)
        self.txt_norm = RmsNorm(config.context)
        self.txt_in = nn.Linear(config.context, hidden)
        self.time_text_embed = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.transformer_blocks = nn.ModuleList(QwenBlock(config) for _ in range(config.depth))
        self.norm_out = AdaLayerNorm(hidden, 2)
        self.proj_out = nn.Linear(hidden, config.channels)
        # the image lies around the origin, the text behind it on all three axes alike
        image = F.pad(rotary.grid_positions(side, side) - side // 2, (1, 0))
        text = torch.arange(config.tokens, dtype=torch.float32)[:, None] + side // 2
        for name, positions in {"image": image, "text": text.expand(-1, 3)}.items():
            for kind, table in zip(("cosine", "sine"), rotary.tables(positions, config.axes)):
                self.register_buffer(f"{name}_{kind}", table)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        features = timestep_features(timestep * TIMESTEP_SCALE, FREQUENCY_FEATURES)
        condition = self.time_text_embed(features)
        image = self.img_in(hidden_states)
        text = self.txt_in(self.txt_norm(encoder_hidden_states))

        def turn(x):
            return rotary.turn_pairs(x, self.image_cosine, self.image_sine)

        def turn_text(x):
            return rotary.turn_pairs(x, self.text_cosine, self.text_sine)

        for block in self.transformer_blocks:
            image, text = block(image, text, condition, turn, turn_text)
        image, _ = self.norm_out(image, condition)
        return self.proj_out(image)
