"""Latte, a transformer for video whose attention sees one axis at a time (Ma et al., arXiv 2401.03048, variant 1).

Written from the paper's section 3.2 and the layout of diffusers' LatteTransformer3DModel, after which layers
are named. Blocks take turns: those in space see the tokens of one frame, with the frames in the batch, and the
prompt; those in time see one place in all frames, with the places in the batch. One modulation serves all
blocks of a kind, each of which adds a table of its own.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from dit import frequencies, layer_norm, position_features, timestep_features
from mmdit import Mlp, gelu
from projected import Projected

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class LatteConfig:
    """Sizes of a network; `depth` counts pairs of blocks."""

    frames: int = 16
    input_size: int = 64
    channels: int = 4
    hidden: int = 1152
    depth: int = 28
    heads: int = 16
    context: int = 4096
    patch: int = 2

    @property
    def side(self):
        return self.input_size // self.patch


class LatteBlock(nn.Module):
    def __init__(self, config, crosses):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.norm1, self.norm3 = layer_norm(hidden), layer_norm(hidden)
        self.attn1 = Projected(hidden, heads, norm=None)
        self.attn2 = Projected(hidden, heads, norm=None) if crosses else None
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 6, hidden) / hidden**0.5)

    def forward(self, x, modulation, text=None):
        modulation = (self.scale_shift_table + modulation).chunk(6, dim=1)
        shift, scale, gate, shift_fed, scale_fed, gate_fed = modulation
        x = x + gate * self.attn1(self.norm1(x) * (1 + scale) + shift)
        if self.attn2:
            x = x + self.attn2(x, text)
        return x + gate_fed * self.ff(self.norm3(x) * (1 + scale_fed) + shift_fed)


def time_features(frames, width):
    """Sines and cosines of a frame's place [1, frames, width]."""
    angles = torch.arange(frames)[:, None] * frequencies(width // 2)[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)[None]


class Latte(nn.Module):
    """Predicts the noise in `hidden_states` [batch, channels, frames, height, width].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] counts 0..999.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.patch_embedding = nn.Conv2d(config.channels, hidden, config.patch, config.patch)
        self.register_buffer("pos_embed", position_features(config.side, hidden))
        self.register_buffer("temp_pos_embed", time_features(config.frames, hidden))
        self.time_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.time_proj = nn.Linear(hidden, 6 * hidden)
        self.caption_projection = Mlp(config.context, hidden, hidden, gelu)
        self.transformer_blocks = nn.ModuleList(LatteBlock(config, True) for _ in range(config.depth))
        self.temporal_transformer_blocks = nn.ModuleList(
            LatteBlock(config, False) for _ in range(config.depth)
        )
        self.norm_out = layer_norm(hidden)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 2, hidden) / hidden**0.5)
        self.proj_out = nn.Linear(hidden, config.patch**2 * config.channels)

    def unpatchify(self, x):
        """Tokens [batch * frames, tokens, patch * channels] back to a video."""
        config = self.config
        x = x.reshape(-1, config.frames, config.side, config.side, config.patch, config.patch, config.channels)
        x = x.permute(0, 6, 1, 2, 4, 3, 5)
        return x.reshape(-1, config.channels, config.frames, config.input_size, config.input_size)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        frames, places = self.config.frames, self.config.side**2
        x = self.patch_embedding(hidden_states.transpose(1, 2).flatten(0, 1))
        x = x.flatten(2).transpose(1, 2) + self.pos_embed
        condition = self.time_embedder(timestep_features(timestep, FREQUENCY_FEATURES))
        modulation = self.time_proj(F.silu(condition)).unflatten(1, (6, -1))
        in_space = modulation.repeat_interleave(frames, dim=0)
        in_time = modulation.repeat_interleave(places, dim=0)
        text = self.caption_projection(encoder_hidden_states).repeat_interleave(frames, dim=0)
        pairs = zip(self.transformer_blocks, self.temporal_transformer_blocks)
        for number, (spatial, temporal) in enumerate(pairs):
            x = spatial(x, in_space, text)
            x = x.unflatten(0, (-1, frames)).transpose(1, 2).flatten(0, 1)
            if number == 0:
                x = x + self.temp_pos_embed
            x = temporal(x, in_time)
            x = x.unflatten(0, (-1, places)).transpose(1, 2).flatten(0, 1)
        shift, scale = (self.scale_shift_table + condition[:, None]).chunk(2, dim=1)
        shift, scale = (value.repeat_interleave(frames, dim=0) for value in (shift, scale))
        return self.unpatchify(self.proj_out(self.norm_out(x) * (1 + scale) + shift))
