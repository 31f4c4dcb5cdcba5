"""An hourglass transformer over pixels (HDiT: Crowson et al., arXiv 2401.11605), without its neighbourhoods.

Four tokens become one on the way down and four again on the way up, where a learned mean of what
comes up and of the skip is taken.
"""

from dataclasses import dataclass

import torch
from torch import nn

from skip_join import MeanJoin
from transformer import FeedForward
from unet_conditional import CrossAttention, timestep_features


@dataclass(frozen=True)
class HourglassConfig:
    channels: int = 4
    levels: tuple = (16, 32, 64)
    heads: int = 2
    mapping: int = 32
    fused_attention: bool = True


class AdaNorm(nn.Module):
    """A norm whose scale comes from the mapping."""

    def __init__(self, config, width):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.linear = nn.Linear(config.mapping, width)

    def forward(self, x, mapping):
        return self.norm(x) * (self.linear(mapping)[:, None] + 1)


class Layer(nn.Module):
    """Attention and feed-forward over [batch, height, width, channels]."""

    def __init__(self, config, width):
        super().__init__()
        self.norm1 = AdaNorm(config, width)
        self.attn = CrossAttention(config, config.heads, width, width)
        self.norm2 = AdaNorm(config, width)
        self.ff = FeedForward(width, 2)

    def forward(self, x, mapping):
        batch, height, width, channels = x.shape
        tokens = x.reshape(batch, height * width, channels)
        tokens = tokens + self.attn(self.norm1(tokens, mapping))
        tokens = tokens + self.ff(self.norm2(tokens, mapping))
        return tokens.reshape(x.shape)


class TokenMerge(nn.Module):
    def __init__(self, in_width, width):
        super().__init__()
        self.proj = nn.Linear(4 * in_width, width, bias=False)

    def forward(self, x):
        batch, height, width, channels = x.shape
        x = x.reshape(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        return self.proj(x.reshape(batch, height // 2, width // 2, 4 * channels))


class TokenSplit(nn.Module):
    def __init__(self, in_width, width):
        super().__init__()
        self.proj = nn.Linear(in_width, 4 * width, bias=False)

    def forward(self, x):
        x = self.proj(x)
        batch, height, width, channels = x.shape
        x = x.reshape(batch, height, width, 2, 2, channels // 4).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(batch, 2 * height, 2 * width, channels // 4)


class Hourglass(nn.Module):
    """Predicts the noise in `sample` [batch, channels, height, width]; `timestep` is a scalar."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        levels = config.levels
        self.patch_in = nn.Linear(config.channels, levels[0], bias=False)
        self.mapping = nn.Linear(config.mapping, config.mapping)
        pairs = list(zip(levels, levels[1:]))
        self.down = nn.ModuleList(Layer(config, width) for width in levels[:-1])
        self.merges = nn.ModuleList(TokenMerge(a, b) for a, b in pairs)
        self.middle = Layer(config, levels[-1])
        self.splits = nn.ModuleList(TokenSplit(b, a) for a, b in reversed(pairs))
        self.joins = nn.ModuleList(MeanJoin() for _ in pairs)
        self.up = nn.ModuleList(Layer(config, width) for width in reversed(levels[:-1]))
        self.norm_out = nn.LayerNorm(levels[0])
        self.patch_out = nn.Linear(levels[0], config.channels, bias=False)

    def forward(self, sample, timestep):
        steps = timestep.reshape(1).expand(sample.shape[0])
        features = timestep_features(steps, self.config.mapping).to(sample.dtype)
        mapping = nn.functional.gelu(self.mapping(features))
        x = self.patch_in(sample.permute(0, 2, 3, 1))
        skips = []
        for layer, merge in zip(self.down, self.merges):
            x = layer(x, mapping)
            skips.append(x)
            x = merge(x)
        x = self.middle(x, mapping)
        for split, join, layer in zip(self.splits, self.joins, self.up):
            x = layer(join(split(x), skips.pop()), mapping)
        return self.patch_out(self.norm_out(x)).permute(0, 3, 1, 2)
