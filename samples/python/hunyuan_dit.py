"""HunyuanDiT's transformer with long skips (Li et al., arXiv 2405.08748, section 2.1).

Written from the published `transformer/config.json` and the layout of diffusers' HunyuanDiT2DModel. Blocks of
the second half take what one of the first half gave, joined along channels, as U-ViT has it (Bao et al., arXiv
2209.12152). One query pools the prompt into the condition; the timestep shifts what the first norm gives.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import PatchEmbed, layer_norm, timestep_features
from mmdit import Mlp, gelu
from projected import Projected, split

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class HunyuanConfig:
    """Sizes of a network; `input_size` counts latent pixels along a side."""

    input_size: int = 128
    channels: int = 4
    hidden: int = 1408
    depth: int = 40
    heads: int = 16
    context: int = 1024
    widening: float = 4.3637
    axes: tuple = (44, 44)
    patch: int = 2

    @property
    def skips(self):
        """Into all of the second half but its first block."""
        return self.depth // 2 - 1


class Pooler(nn.Module):
    """Attention of the prompt's mean to the mean and the prompt: one query."""

    def __init__(self, width, out, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.c_proj = nn.Linear(width, width), nn.Linear(width, out)

    def forward(self, x):
        x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1)
        q, k, v = self.q_proj(x[:, :1]), self.k_proj(x), self.v_proj(x)
        heads = [split(part, self.heads) for part in (q, k, v)]
        mixed = F.scaled_dot_product_attention(*heads)
        return self.c_proj(mixed.transpose(1, 2).flatten(2)[:, 0])


class LongSkip(nn.Module):
    """What an earlier block gave, joined along channels and taken into the stream."""

    def __init__(self, hidden):
        super().__init__()
        self.skip_norm = nn.LayerNorm(2 * hidden, eps=1e-6)
        self.skip_linear = nn.Linear(2 * hidden, hidden)

    def forward(self, x, skip):
        return self.skip_linear(self.skip_norm(torch.cat([x, skip], dim=-1)))


class HunyuanBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.norm1 = nn.LayerNorm(hidden, eps=1e-6)
        self.shift = nn.Linear(hidden, hidden)
        self.norm2, self.norm3 = nn.LayerNorm(hidden, eps=1e-6), nn.LayerNorm(hidden, eps=1e-6)
        self.attn1 = Projected(hidden, heads, norm=nn.LayerNorm)
        self.attn2 = Projected(hidden, heads, context=config.context, norm=nn.LayerNorm)
        self.ff = Mlp(hidden, int(hidden * config.widening), hidden, gelu)

    def forward(self, x, text, condition, turn):
        normed = self.norm1(x) + self.shift(F.silu(condition))[:, None]
        x = x + self.attn1(normed, turn=turn)
        q, k, v = self.attn2.project(self.norm2(x), text)
        x = x + self.attn2.to_out(self.attn2.mix(turn(q), k, v))
        return x + self.ff(self.norm3(x))


class HunyuanDit(nn.Module):
    """Predicts noise and variance of `hidden_states` [batch, channels, input_size, input_size].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] counts 0..999.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden, side = config.hidden, config.input_size // config.patch
        self.pos_embed = PatchEmbed(config)
        self.timestep_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.pooler = Pooler(config.context, hidden, config.heads)
        self.blocks = nn.ModuleList(HunyuanBlock(config) for _ in range(config.depth))
        self.skips = nn.ModuleList(LongSkip(hidden) for _ in range(config.skips))
        self.norm_out = layer_norm(hidden)
        self.modulation_out = nn.Linear(hidden, 2 * hidden)
        self.proj_out = nn.Linear(hidden, config.patch**2 * 2 * config.channels)
        positions = rotary.grid_positions(side, side)
        for name, table in zip(("cosine", "sine"), rotary.tables(positions, config.axes)):
            self.register_buffer(name, table)

    def turn(self, x):
        return rotary.turn_pairs(x, self.cosine, self.sine)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        side, patch = self.config.input_size // self.config.patch, self.config.patch
        features = timestep_features(timestep, FREQUENCY_FEATURES)
        condition = self.timestep_embedder(features) + self.pooler(encoder_hidden_states)
        x = self.pos_embed(hidden_states)
        given, count = [], self.config.skips
        for index, block in enumerate(self.blocks):
            if index >= self.config.depth - count:
                x = self.skips[index - self.config.depth](x, given.pop())
            x = block(x, encoder_hidden_states, condition, self.turn)
            if index < count:
                given.append(x)
        shift, scale = self.modulation_out(F.silu(condition))[:, None].chunk(2, dim=2)
        x = self.proj_out(self.norm_out(x) * (1 + scale) + shift)
        x = x.unflatten(1, (side, side)).unflatten(3, (patch, patch, -1))
        return x.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)
