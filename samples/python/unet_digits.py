"""A small class-conditional U-Net for 16x16 images of handwritten digits.

Our own configuration, in the family of DDPM (Ho et al., arXiv 2006.11239): residual
blocks with GroupNorm and SiLU, concatenating skips, one level of self-attention. Three
levels (16, 8, 4) with two residual blocks each give nine skip branches, so every cut
that exists in the large U-Nets exists here too.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from unet_channels import unet_channels

SIZE = 16
LEVELS = (16, 32, 64)
BLOCKS_PER_LEVEL = 2
ATTENTION_LEVEL = 1
HEADS = 4
GROUPS = 8
EMBEDDING = 128
CLASSES = 10
NULL_CLASS = CLASSES


def timestep_features(timestep, width):
    """Sine and cosine features of a [batch] timestep: [batch, width]."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000.0) * torch.arange(half) / half)
    angles = timestep[:, None].float() * frequencies[None, :]
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)


class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.embedding = nn.Linear(EMBEDDING, out_channels)
        self.norm2 = nn.GroupNorm(GROUPS, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        if in_channels == out_channels:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.embedding(F.silu(embedding))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return self.shortcut(x) + h


class SelfAttention(nn.Module):
    """Multi-head self-attention over the h*w tokens, with one packed q, k, v projection."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)

    def forward(self, x):
        batch, channels, height, width = x.shape
        tokens = self.norm(x).reshape(batch, channels, height * width).transpose(1, 2)
        qkv = self.qkv(tokens).reshape(batch, height * width, 3, HEADS, channels // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q @ k.transpose(-2, -1)) * (channels // HEADS) ** -0.5
        attended = (scores.softmax(dim=-1) @ v).transpose(1, 2)
        out = self.out(attended.reshape(batch, height * width, channels))
        return x + out.transpose(1, 2).reshape(batch, channels, height, width)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Block(nn.Module):
    """A residual block, with self-attention behind it on the level that has it."""

    def __init__(self, in_channels, out_channels, level):
        super().__init__()
        self.residual = ResidualBlock(in_channels, out_channels)
        has_attention = level == ATTENTION_LEVEL
        self.attention = SelfAttention(out_channels) if has_attention else nn.Identity()

    def forward(self, x, embedding):
        return self.attention(self.residual(x, embedding))


class DigitsUNet(nn.Module):
    """Predicts the noise in `sample` [batch, 1, 16, 16], values about [-1, 1].

    `timestep` [batch] counts 0..999; `class_labels` [batch] holds 0..9, or NULL_CLASS for
    an unconditional prediction.
    """

    def __init__(self):
        super().__init__()
        base, last = LEVELS[0], len(LEVELS) - 1
        self.time = nn.Sequential(
            nn.Linear(base, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING)
        )
        self.label = nn.Embedding(CLASSES + 1, EMBEDDING)
        self.conv_in = nn.Conv2d(1, base, 3, padding=1)

        down, up = unet_channels(base, LEVELS, BLOCKS_PER_LEVEL)
        self.encoder = nn.ModuleList()
        self.downsamplers = nn.ModuleList()
        for level, width in enumerate(LEVELS):
            self.encoder.append(nn.ModuleList(Block(into, width, level) for into in down[level]))
            if level < last:
                self.downsamplers.append(nn.Conv2d(width, width, 3, stride=2, padding=1))

        self.middle = nn.ModuleList(ResidualBlock(LEVELS[-1], LEVELS[-1]) for _ in range(2))

        self.decoder = nn.ModuleList()
        self.upsamplers = nn.ModuleList()
        for level in reversed(range(len(LEVELS))):
            width = LEVELS[level]
            self.decoder.append(nn.ModuleList(Block(into, width, level) for into in up[level]))
            if level > 0:
                self.upsamplers.append(Upsample(width))

        self.norm_out = nn.GroupNorm(GROUPS, base)
        self.conv_out = nn.Conv2d(base, 1, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, sample, timestep, class_labels):
        embedding = self.time(timestep_features(timestep, LEVELS[0])) + self.label(class_labels)

        h = self.conv_in(sample)
        skips = [h]
        for level, blocks in enumerate(self.encoder):
            for block in blocks:
                h = block(h, embedding)
                skips.append(h)
            if level < len(self.downsamplers):
                h = self.downsamplers[level](h)
                skips.append(h)

        for block in self.middle:
            h = block(h, embedding)

        for index, blocks in enumerate(self.decoder):
            for block in blocks:
                h = block(torch.cat([h, skips.pop()], dim=1), embedding)
            if index < len(self.upsamplers):
                h = self.upsamplers[index](h)

        return self.conv_out(F.silu(self.norm_out(h)))
