"""The U-Net of LDM-4, class-conditional on ImageNet (Rombach et al., arXiv 2112.10752).

Written from the paper (table 13) and the published `cin256-v2` configuration: latents of
3x64x64, 192 channels with multipliers 1, 2, 3, 5, two residual blocks, a spatial transformer
of depth 1 with heads of 32 channels at down-sampling 2, 4 and 8, and a context of 512
channels, which holds one token, the class embedding. Layers are named and ordered as in the
authors' release; attention is spelled with heads folded into the batch and einsum.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from transformer import FeedForward
from unet_channels import unet_channels

LATENT_CHANNELS = 3
CHANNELS = 192
MULTIPLIERS = (1, 2, 3, 5)
RESIDUAL_BLOCKS = 2
ATTENTION_DOWNSAMPLING = (2, 4, 8)
HEAD_CHANNELS = 32
CONTEXT = 512
EMBEDDING = 4 * CHANNELS


def group_norm(channels):
    return nn.GroupNorm(32, channels)


def timestep_features(timesteps, width):
    """Cosine, then sine features of a [batch] timestep: [batch, width]."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
    angles = timesteps[:, None].float() * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)


class ResBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.in_layers = nn.Sequential(
            group_norm(in_channels), nn.SiLU(), nn.Conv2d(in_channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(EMBEDDING, out_channels))
        # The identity holds the place of a dropout layer, for the published layer names.
        self.out_layers = nn.Sequential(
            group_norm(out_channels),
            nn.SiLU(),
            nn.Identity(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
        )
        if in_channels == out_channels:
            self.skip_connection = nn.Identity()
        else:
            self.skip_connection = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x, embedding):
        h = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    """Multi-head attention from `x` to `context`, or to itself when there is none."""

    def __init__(self, channels, context_channels):
        super().__init__()
        self.heads = channels // HEAD_CHANNELS
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_channels, channels, bias=False)
        self.to_v = nn.Linear(context_channels, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels), nn.Identity())

    def fold_heads(self, x):
        batch, tokens, _ = x.shape
        x = x.reshape(batch, tokens, self.heads, HEAD_CHANNELS).permute(0, 2, 1, 3)
        return x.reshape(batch * self.heads, tokens, HEAD_CHANNELS)

    def unfold_heads(self, x):
        folded, tokens, _ = x.shape
        batch = folded // self.heads
        x = x.reshape(batch, self.heads, tokens, HEAD_CHANNELS).permute(0, 2, 1, 3)
        return x.reshape(batch, tokens, self.heads * HEAD_CHANNELS)

    def forward(self, x, context=None):
        context = x if context is None else context
        q = self.fold_heads(self.to_q(x))
        k = self.fold_heads(self.to_k(context))
        v = self.fold_heads(self.to_v(context))
        scores = torch.einsum("b i d, b j d -> b i j", q, k) * HEAD_CHANNELS**-0.5
        attended = torch.einsum("b i j, b j d -> b i d", scores.softmax(dim=-1), v)
        return self.to_out(self.unfold_heads(attended))


class TransformerBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.attn1 = CrossAttention(channels, channels)
        self.ff = FeedForward(channels)
        self.attn2 = CrossAttention(channels, CONTEXT)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, x, context):
        x = self.attn1(self.norm1(x)) + x
        x = self.attn2(self.norm2(x), context) + x
        return self.ff(self.norm3(x)) + x


class SpatialTransformer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, context):
        batch, channels, height, width = x.shape
        tokens = self.proj_in(self.norm(x))
        tokens = tokens.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        for block in self.transformer_blocks:
            tokens = block(tokens, context)
        h = tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2)
        return self.proj_out(h) + x


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Stage(nn.Sequential):
    """Layers in a row, each given what it takes beside the image."""

    def forward(self, x, embedding, context):
        for layer in self:
            if isinstance(layer, ResBlock):
                x = layer(x, embedding)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, context)
            else:
                x = layer(x)
        return x


class LdmUNet(nn.Module):
    """Predicts the noise in `x` [batch, 3, height, width].

    `timesteps` [batch] counts 0..999; `context` [batch, tokens, 512] is the condition.
    """

    def __init__(self):
        super().__init__()
        self.time_embed = nn.Sequential(
            nn.Linear(CHANNELS, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING)
        )

        widths = [CHANNELS * multiplier for multiplier in MULTIPLIERS]
        down, up = unet_channels(CHANNELS, widths, RESIDUAL_BLOCKS)
        conv_in = nn.Conv2d(LATENT_CHANNELS, CHANNELS, 3, padding=1)
        self.input_blocks = nn.ModuleList([Stage(conv_in)])
        for level, width in enumerate(widths):
            for into in down[level]:
                self.input_blocks.append(Stage(*self.block(into, width, 2**level)))
            if level + 1 < len(widths):
                self.input_blocks.append(Stage(Downsample(width)))

        channels = widths[-1]
        self.middle_block = Stage(
            ResBlock(channels, channels), SpatialTransformer(channels), ResBlock(channels, channels)
        )

        self.output_blocks = nn.ModuleList()
        for level in reversed(range(len(widths))):
            for index, into in enumerate(up[level]):
                layers = self.block(into, widths[level], 2**level)
                if level > 0 and index == RESIDUAL_BLOCKS:
                    layers.append(Upsample(widths[level]))
                self.output_blocks.append(Stage(*layers))

        self.out = nn.Sequential(
            group_norm(CHANNELS), nn.SiLU(), nn.Conv2d(CHANNELS, LATENT_CHANNELS, 3, padding=1)
        )

    @staticmethod
    def block(in_channels, out_channels, downsampling):
        layers = [ResBlock(in_channels, out_channels)]
        if downsampling in ATTENTION_DOWNSAMPLING:
            layers.append(SpatialTransformer(out_channels))
        return layers

    def forward(self, x, timesteps, context):
        embedding = self.time_embed(timestep_features(timesteps, CHANNELS))
        h = x
        skips = []
        for stage in self.input_blocks:
            h = stage(h, embedding, context)
            skips.append(h)
        h = self.middle_block(h, embedding, context)
        for stage in self.output_blocks:
            h = stage(torch.cat([h, skips.pop()], dim=1), embedding, context)
        return self.out(h)

    def skip_stages(self):
        """Modules by skip branch: the encoder's stages, the middle, the decoder's stages."""
        encoder = [[stage] for stage in self.input_blocks]
        decoder = [[stage] for stage in self.output_blocks]
        return encoder, self.middle_block, decoder
