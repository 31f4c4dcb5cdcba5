"""A U-Net of ConvNeXt blocks, in the layout of Stable Cascade (Würstchen, arXiv 2306.00637), stages B and C.

A skip joins inside of the first block of a level on the way up: between its depthwise convolution
and what mixes channels, with the block's residual connection around both.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from unet_conditional import timestep_features


@dataclass(frozen=True)
class CascadeConfig:
    channels: int = 4
    levels: tuple = (32, 64, 64)
    heads: tuple = (0, 2, 2)
    context: int = 24
    embedding: int = 32


class ChannelNorm(nn.LayerNorm):
    def __init__(self, channels):
        super().__init__(channels, elementwise_affine=False, eps=1e-6)

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class GlobalResponseNorm(nn.Module):
    """Of ConvNeXt V2 (arXiv 2301.00808): [batch, height, width, channels]."""

    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(1, 1, 1, channels) * 0.1)
        self.beta = nn.Parameter(torch.randn(1, 1, 1, channels) * 0.1)

    def forward(self, x):
        strength = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        strength = strength / (strength.mean(dim=-1, keepdim=True) + 1e-6)
        return self.gamma * (x * strength) + self.beta + x


class ConvBlock(nn.Module):
    def __init__(self, channels, skip_channels=0):
        super().__init__()
        self.is_join = skip_channels > 0
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = ChannelNorm(channels)
        self.channelwise = nn.Sequential(
            nn.Linear(channels + skip_channels, 2 * channels),
            nn.GELU(),
            GlobalResponseNorm(2 * channels),
            nn.Linear(2 * channels, channels),
        )

    def forward(self, x, skip=None):
        h = self.norm(self.depthwise(x))
        if skip is not None:
            h = torch.cat([h, skip], dim=1)
        return x + self.channelwise(h.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TimestepBlock(nn.Module):
    def __init__(self, channels, embedding):
        super().__init__()
        self.mapper = nn.Linear(embedding, 2 * channels)

    def forward(self, x, embedding):
        scale, shift = self.mapper(embedding)[:, :, None, None].chunk(2, dim=1)
        return x * (1 + scale) + shift


class AttentionBlock(nn.Module):
    """Attends to its own tokens and the context's, which are one sequence of keys."""

    def __init__(self, channels, heads, context):
        super().__init__()
        self.heads = heads
        self.norm = ChannelNorm(channels)
        self.kv_mapper = nn.Sequential(nn.SiLU(), nn.Linear(context, channels))
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.Linear(channels, channels)

    def apart(self, x):
        batch, _, channels = x.shape
        return x.view(batch, -1, self.heads, channels // self.heads).transpose(1, 2)

    def forward(self, x, context):
        batch, channels, height, width = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        keys = torch.cat([tokens, self.kv_mapper(context)], dim=1)
        q, k, v = self.apart(self.to_q(tokens)), self.apart(self.to_k(keys)), self.apart(self.to_v(keys))
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, -1, channels)
        return x + self.to_out(h).transpose(1, 2).reshape(batch, channels, height, width)


class Stage(nn.Module):
    """The blocks of one resolution: a convolution, the timestep, and attention."""

    def __init__(self, config, level, skip_channels=0):
        super().__init__()
        width, heads = config.levels[level], config.heads[level]
        self.block = ConvBlock(width, skip_channels)
        self.time = TimestepBlock(width, config.embedding)
        self.attention = AttentionBlock(width, heads, config.context) if heads else None

    def forward(self, x, embedding, context, skip=None):
        x = self.block(x) if skip is None else self.block(x, skip)
        x = self.time(x, embedding)
        return x if self.attention is None else self.attention(x, context)


class CascadeUNet(nn.Module):
    """Predicts the noise in `sample` [batch, channels, height, width] from `clip_text` [batch, tokens, context].

    `timestep` is a scalar.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        levels = config.levels
        self.embedding = nn.Conv2d(config.channels, levels[0], 1)
        pairs = list(zip(levels, levels[1:]))
        self.down = nn.ModuleList(Stage(config, level) for level in range(len(levels)))
        self.downscalers = nn.ModuleList(
            nn.Sequential(ChannelNorm(a), nn.Conv2d(a, b, 2, stride=2)) for a, b in pairs
        )
        self.up = nn.ModuleList(
            Stage(config, level, levels[level] if level < len(levels) - 1 else 0)
            for level in reversed(range(len(levels)))
        )
        self.upscalers = nn.ModuleList(
            nn.Sequential(ChannelNorm(b), nn.ConvTranspose2d(b, a, 2, stride=2))
            for a, b in reversed(pairs)
        )
        self.clf = nn.Sequential(ChannelNorm(levels[0]), nn.Conv2d(levels[0], config.channels, 1))

    def forward(self, sample, timestep, clip_text):
        steps = timestep.reshape(1).expand(sample.shape[0])
        embedding = timestep_features(steps, self.config.embedding).to(sample.dtype)
        x = self.embedding(sample)
        skips = []
        for level, stage in enumerate(self.down):
            x = stage(x, embedding, clip_text)
            if level < len(self.downscalers):
                skips.append(x)
                x = self.downscalers[level](x)
        for index, stage in enumerate(self.up):
            if index == 0:
                x = stage(x, embedding, clip_text)
                continue
            x = self.upscalers[index - 1](x)
            x = stage(x, embedding, clip_text, skips.pop())
        return self.clf(x)
