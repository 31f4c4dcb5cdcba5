"""Wan 2.1's transformer for video (arXiv 2503.20314, section 4.2).

Written from the published `transformer/config.json` and the layout of diffusers' WanTransformer3DModel,
after which layers are named. Patches of one frame and two by two pixels; q and k are normed over all
heads at once, and turned by assignment to slices; one modulation serves all blocks, each of which adds a
table of its own.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import layer_norm, timestep_features
from mmdit import Mlp, gelu
from projected import Projected

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class WanConfig:
    """Sizes of a network; `size` counts frames, rows and columns of the latent, `axes` a head's channels."""

    size: tuple = (21, 60, 104)
    channels: int = 16
    hidden: int = 1536
    depth: int = 30
    heads: int = 12
    widened: int = 8960
    context: int = 4096
    axes: tuple = (44, 42, 42)
    patch: tuple = (1, 2, 2)

    @property
    def grid(self):
        return tuple(size // patch for size, patch in zip(self.size, self.patch))


class WanBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.norm1, self.norm3 = layer_norm(hidden), layer_norm(hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-6)
        self.attn1 = Projected(hidden, heads, across=True)
        self.attn2 = Projected(hidden, heads, across=True)
        self.ffn = Mlp(hidden, config.widened, hidden, gelu)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 6, hidden) / hidden**0.5)

    def forward(self, x, text, modulation, turn):
        modulation = (self.scale_shift_table + modulation).chunk(6, dim=1)
        shift, scale, gate, shift_fed, scale_fed, gate_fed = modulation
        x = x + self.attn1(self.norm1(x) * (1 + scale) + shift, turn=turn) * gate
        x = x + self.attn2(self.norm2(x), text)
        return x + self.ffn(self.norm3(x) * (1 + scale_fed) + shift_fed) * gate_fed


class Wan(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, frames, height, width].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] counts 0..1000.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.patch_embedding = nn.Conv3d(config.channels, hidden, config.patch, config.patch)
        self.time_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.time_proj = nn.Linear(hidden, 6 * hidden)
        self.text_embedder = Mlp(config.context, hidden, hidden, gelu)
        self.blocks = nn.ModuleList(WanBlock(config) for _ in range(config.depth))
        self.norm_out = layer_norm(hidden)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 2, hidden) / hidden**0.5)
        volume = config.patch[0] * config.patch[1] * config.patch[2]
        self.proj_out = nn.Linear(hidden, volume * config.channels)
        tables = rotary.tables(rotary.grid_positions(*config.grid), config.axes)
        for name, table in zip(("cosine", "sine"), tables):
            self.register_buffer(name, table)

    def turn(self, x):
        return rotary.turn_slices(x, self.cosine, self.sine)

    def unpatchify(self, x):
        """Tokens [batch, tokens, patch * channels] back to a video."""
        x = x.unflatten(1, self.config.grid).unflatten(4, (*self.config.patch, -1))
        x = x.permute(0, 7, 1, 4, 2, 5, 3, 6)
        return x.flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        x = self.patch_embedding(hidden_states).flatten(2).transpose(1, 2)
        condition = self.time_embedder(timestep_features(timestep, FREQUENCY_FEATURES))
        modulation = self.time_proj(F.silu(condition)).unflatten(1, (6, -1))
        text = self.text_embedder(encoder_hidden_states)
        for block in self.blocks:
            x = block(x, text, modulation, self.turn)
        shift, scale = (self.scale_shift_table + condition[:, None]).chunk(2, dim=1)
        return self.unpatchify(self.proj_out(self.norm_out(x) * (1 + scale) + shift))
