"""A U-Net along time, in the layout of Matcha-TTS's decoder (Mehta et al., arXiv 2309.03199).

Feature maps are [batch, channels, time]; each level has a residual block, a transformer block and
one skip.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from skip_join import SkipJoin
from unet_conditional import CrossAttention, TimestepEmbedding, timestep_features


@dataclass(frozen=True)
class SoundConfig:
    """`channels` of the sound's features, as many of which are its condition's."""

    channels: int = 8
    levels: tuple = (32, 64)
    heads: int = 2
    groups: int = 8
    fused_attention: bool = True

    @property
    def embedding(self):
        return 2 * self.levels[0]


class Block1D(nn.Module):
    def __init__(self, config, in_channels, channels):
        super().__init__()
        self.conv = nn.Conv1d(in_channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(config.groups, channels)

    def forward(self, x):
        return F.mish(self.norm(self.conv(x)))


class ResnetBlock1D(nn.Module):
    def __init__(self, config, in_channels, channels):
        super().__init__()
        self.block1 = Block1D(config, in_channels, channels)
        self.block2 = Block1D(config, channels, channels)
        self.mlp = nn.Linear(config.embedding, channels)
        self.res_conv = nn.Conv1d(in_channels, channels, 1)

    def forward(self, x, embedding):
        h = self.block1(x) + self.mlp(F.mish(embedding))[:, :, None]
        return self.block2(h) + self.res_conv(x)


class TransformerBlock1D(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = CrossAttention(config, config.heads, channels, channels)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, x):
        x = x.transpose(1, 2)
        x = self.attn1(self.norm1(x)) + x
        x = self.ff(self.norm3(x)) + x
        return x.transpose(1, 2)


class SoundUNet(nn.Module):
    """Predicts the velocity of `x` [batch, channels, time] from `mu`, which is alike.

    `timestep` is a scalar.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        levels = config.levels
        self.time_mlp = TimestepEmbedding(levels[0], config.embedding)
        widths = [2 * config.channels, *levels]
        self.down_blocks = nn.ModuleList(
            self.stage(a, b) for a, b in zip(widths, levels)
        )
        self.downsamplers = nn.ModuleList(
            nn.Conv1d(width, width, 3, stride=2, padding=1) for width in levels
        )
        self.mid_block = self.stage(levels[-1], levels[-1])
        back = [*reversed(levels), levels[0]]
        self.upsamplers = nn.ModuleList(
            nn.ConvTranspose1d(a, a, 4, stride=2, padding=1) for a in back[:-1]
        )
        self.joins = nn.ModuleList(SkipJoin() for _ in levels)
        self.up_blocks = nn.ModuleList(
            self.stage(a + a, b) for a, b in zip(back, back[1:])
        )
        self.final_block = Block1D(config, levels[0], levels[0])
        self.final_proj = nn.Conv1d(levels[0], config.channels, 1)

    def stage(self, in_channels, channels):
        return nn.ModuleList(
            [
                ResnetBlock1D(self.config, in_channels, channels),
                TransformerBlock1D(self.config, channels),
            ]
        )

    def forward(self, x, mu, timestep):
        steps = timestep.reshape(1).expand(x.shape[0])
        features = timestep_features(steps, self.config.levels[0]).to(x.dtype)
        embedding = self.time_mlp(features)
        h = torch.cat([x, mu], dim=1)
        skips = []
        for stage, downsampler in zip(self.down_blocks, self.downsamplers):
            h = stage[1](stage[0](h, embedding))
            skips.append(h)
            h = downsampler(h)
        h = self.mid_block[1](self.mid_block[0](h, embedding))
        for upsampler, join, stage in zip(self.upsamplers, self.joins, self.up_blocks):
            h = join(upsampler(h), skips.pop())
            h = stage[1](stage[0](h, embedding))
        return self.final_proj(self.final_block(h))
