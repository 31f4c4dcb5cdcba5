"""CogVideoX's transformer for video (arXiv 2408.06072, section 2.2).

Written from the published `transformer/config.json` and the layout of diffusers' CogVideoXTransformer3DModel.
Blocks are those of CogView, but for positions: those of the image are put into q and k of the joint sequence
by assignment to a slice of it.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from cogview import SharedBlock
from dit import timestep_features
from mmdit import AdaLayerNorm, Mlp

FREQUENCY_FEATURES = 256
PATCH = 2


@dataclass(frozen=True)
class CogVideoConfig:
    """Sizes of a network; `size` counts frames, rows and columns of the latent, `axes` a head's channels."""

    size: tuple = (13, 60, 90)
    channels: int = 16
    hidden: int = 3072
    depth: int = 42
    heads: int = 48
    context: int = 4096
    axes: tuple = (16, 24, 24)
    normed: bool = False

    @property
    def grid(self):
        frames, height, width = self.size
        return frames, height // PATCH, width // PATCH


class VideoBlock(SharedBlock):
    """`turn` puts positions into the image's part of q and k."""

    def __init__(self, config):
        super().__init__(config)
        self.turn = None

    def attend(self, joined, count):
        q, k, v = self.attn1.project(joined)
        for part in (q, k):
            part[:, :, count:] = self.turn(part[:, :, count:])
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.attn1.to_out(mixed.transpose(1, 2).flatten(2))


class CogVideoX(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, frames, channels, height, width].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] counts 0..999.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.proj = nn.Conv2d(config.channels, hidden, PATCH, stride=PATCH)
        self.text_proj = nn.Linear(config.context, hidden)
        self.time_embedding = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.transformer_blocks = nn.ModuleList(VideoBlock(config) for _ in range(config.depth))
        self.norm_final = nn.LayerNorm(hidden, eps=1e-5)
        self.norm_out = AdaLayerNorm(hidden, 2)
        self.proj_out = nn.Linear(hidden, PATCH * PATCH * config.channels)
        positions = rotary.grid_positions(*config.grid)
        for name, table in zip(("cosine", "sine"), rotary.tables(positions, config.axes)):
            self.register_buffer(name, table)
        for block in self.transformer_blocks:
            block.turn = self.turn

    def turn(self, x):
        return rotary.turn_pairs(x, self.cosine, self.sine)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        frames, height, width = self.config.grid
        image = self.proj(hidden_states.flatten(0, 1)).flatten(2).transpose(1, 2)
        image = image.unflatten(0, (-1, frames)).flatten(1, 2)
        text = self.text_proj(encoder_hidden_states)
        condition = self.time_embedding(timestep_features(timestep, FREQUENCY_FEATURES))
        for block in self.transformer_blocks:
            image, text = block(image, text, condition)
        count = text.shape[1]
        x = self.norm_final(torch.cat([text, image], dim=1))[:, count:]
        x, _ = self.norm_out(x, condition)
        x = self.proj_out(x).unflatten(1, (frames, height, width)).unflatten(4, (-1, PATCH, PATCH))
        return x.permute(0, 1, 4, 2, 5, 3, 6).flatten(5, 6).flatten(3, 4)
