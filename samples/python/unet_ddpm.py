"""The DDPM U-Net of Ho et al. (arXiv 2006.11239, appendix B), for CIFAR-10 and LSUN 256.

Written from the paper and the published configurations; layers are named and ordered as in
the PyTorch ports that DDIM, Diff-Pruning and DeepCache measure. Attention is spelled with
1x1 convolutions over (batch, channels, h*w), and the strided convolutions pad on the right
and at the bottom only, as TensorFlow's "SAME" does.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from unet_channels import unet_channels

RESIDUAL_BLOCKS = 2


@dataclass(frozen=True)
class DdpmConfig:
    channels: int
    multipliers: tuple
    resolution: int
    attention_resolution: int = 16


CIFAR10 = DdpmConfig(channels=128, multipliers=(1, 2, 2, 2), resolution=32)
LSUN256 = DdpmConfig(channels=128, multipliers=(1, 1, 2, 2, 4, 4), resolution=256)


def swish(x):
    return x * torch.sigmoid(x)


def group_norm(channels):
    return nn.GroupNorm(32, channels, eps=1e-6)


def timestep_features(timestep, width):
    """Sine, then cosine features of a [batch] timestep: [batch, width]."""
    half = width // 2
    step = -math.log(10000) / (half - 1)
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32) * step)
    angles = timestep.float()[:, None] * frequencies[None, :]
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)


class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels, embedding):
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.temb_proj = nn.Linear(embedding, out_channels)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.nin_shortcut = None
        if in_channels != out_channels:
            self.nin_shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x, embedding):
        h = self.conv1(swish(self.norm1(x)))
        h = h + self.temb_proj(swish(embedding))[:, :, None, None]
        h = self.conv2(swish(self.norm2(h)))
        if self.nin_shortcut is not None:
            x = self.nin_shortcut(x)
        return x + h


class Attention(nn.Module):
    """Single-head self-attention with convolutional projections."""

    def __init__(self, channels):
        super().__init__()
        self.scale = channels**-0.5
        self.norm = group_norm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        normed = self.norm(x)
        q, k, v = self.q(normed), self.k(normed), self.v(normed)
        batch, channels, height, width = q.shape
        q = q.reshape(batch, channels, height * width).permute(0, 2, 1)
        k = k.reshape(batch, channels, height * width)
        weights = torch.softmax(torch.bmm(q, k) * self.scale, dim=2)
        # (batch, channels, keys) x (batch, keys, queries): the scores are transposed, not v.
        v = v.reshape(batch, channels, height * width)
        h = torch.bmm(v, weights.permute(0, 2, 1))
        return x + self.proj_out(h.reshape(batch, channels, height, width))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The blocks of one resolution, on the way down or up; `attn` is empty on most."""

    def __init__(self, in_channels, out_channels, embedding, has_attention):
        super().__init__()
        self.block = nn.ModuleList(
            ResidualBlock(channels, out_channels, embedding) for channels in in_channels
        )
        self.attn = nn.ModuleList(Attention(out_channels) for _ in in_channels if has_attention)

    def run(self, index, h, embedding):
        h = self.block[index](h, embedding)
        return self.attn[index](h) if len(self.attn) > 0 else h

    def stage(self, index):
        """The modules of block `index`."""
        return [self.block[index], *self.attn[index : index + 1]]


class DdpmUNet(nn.Module):
    """Predicts the noise in `x` [batch, 3, height, width]; `t` [batch] counts 0..999."""

    def __init__(self, config):
        super().__init__()
        base = config.channels
        embedding = 4 * base
        widths = [base * multiplier for multiplier in config.multipliers]
        resolutions = [config.resolution >> level for level in range(len(widths))]
        has_attention = [resolution == config.attention_resolution for resolution in resolutions]
        self.base = base

        self.temb = nn.ModuleList([nn.Linear(base, embedding), nn.Linear(embedding, embedding)])
        self.conv_in = nn.Conv2d(3, base, 3, padding=1)

        into_down, into_up = unet_channels(base, widths, RESIDUAL_BLOCKS)
        self.down = nn.ModuleList()
        for level, width in enumerate(widths):
            down = Level(into_down[level], width, embedding, has_attention[level])
            if level + 1 < len(widths):
                down.downsample = Downsample(width)
            self.down.append(down)

        channels = widths[-1]
        self.mid = nn.ModuleList(
            [
                ResidualBlock(channels, channels, embedding),
                Attention(channels),
                ResidualBlock(channels, channels, embedding),
            ]
        )

        self.up = nn.ModuleList()
        for level in reversed(range(len(widths))):
            up = Level(into_up[level], widths[level], embedding, has_attention[level])
            if level > 0:
                up.upsample = Upsample(widths[level])
            self.up.insert(0, up)

        self.norm_out = group_norm(widths[0])
        self.conv_out = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, x, t):
        embedding = self.temb[0](timestep_features(t, self.base))
        embedding = self.temb[1](swish(embedding))

        h = self.conv_in(x)
        skips = [h]
        for down in self.down:
            for index in range(RESIDUAL_BLOCKS):
                h = down.run(index, h, embedding)
                skips.append(h)
            if hasattr(down, "downsample"):
                h = down.downsample(h)
                skips.append(h)

        h = self.mid[0](h, embedding)
        h = self.mid[1](h)
        h = self.mid[2](h, embedding)

        for up in reversed(self.up):
            for index in range(RESIDUAL_BLOCKS + 1):
                h = up.run(index, torch.cat([h, skips.pop()], dim=1), embedding)
            if hasattr(up, "upsample"):
                h = up.upsample(h)

        return self.conv_out(swish(self.norm_out(h)))

    def skip_stages(self):
        """Modules by skip branch: the encoder's stages, the middle, the decoder's stages."""
        encoder = [[self.conv_in]]
        for down in self.down:
            encoder += [down.stage(index) for index in range(RESIDUAL_BLOCKS)]
            if hasattr(down, "downsample"):
                encoder.append([down.downsample])
        decoder = []
        for up in reversed(self.up):
            decoder += [up.stage(index) for index in range(RESIDUAL_BLOCKS + 1)]
            if hasattr(up, "upsample"):
                decoder[-1].append(up.upsample)
        return encoder, self.mid, decoder
