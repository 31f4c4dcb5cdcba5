"""Sana's transformer with linear attention (Xie et al., arXiv 2410.10629, section 2.2).

Written from the paper and the layout of diffusers' SanaTransformer2DModel. Self-attention is linear: with
relu in place of softmax the product of k and v comes first, and a row of ones beside v gives the sum that it
is divided by. The feed-forward goes over the image as a feature map, through a depthwise convolution.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from dit import PatchEmbed, layer_norm, timestep_features
from mmdit import Mlp, RmsNorm, gelu
from projected import Projected

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class SanaConfig:
    """Sizes of a network; `input_size` counts latent pixels along a side."""

    input_size: int = 32
    channels: int = 32
    hidden: int = 2240
    depth: int = 20
    heads: int = 70
    cross_heads: int = 20
    context: int = 2304
    widening: float = 2.5
    patch: int = 1


class LinearAttention(nn.Module):
    """Equation 1 of the paper."""

    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(hidden, hidden, bias=False)
        self.to_k = nn.Linear(hidden, hidden, bias=False)
        self.to_v = nn.Linear(hidden, hidden, bias=False)
        self.to_out = nn.Linear(hidden, hidden)

    def forward(self, x):
        """Heads lie as [batch, heads, channels, tokens]."""
        q, k, v = (
            layer(x).transpose(1, 2).unflatten(1, (self.heads, -1))
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        q, k = F.relu(q), F.relu(k).transpose(2, 3)
        v = F.pad(v, (0, 0, 0, 1), value=1.0)
        mixed = (v @ k) @ q
        mixed = mixed[:, :, :-1] / (mixed[:, :, -1:] + 1e-15)
        return self.to_out(mixed.flatten(1, 2).transpose(1, 2))


class MixFeedForward(nn.Module):
    def __init__(self, hidden, widening):
        super().__init__()
        inner = int(hidden * widening)
        self.conv_inverted = nn.Conv2d(hidden, 2 * inner, 1)
        self.conv_depth = nn.Conv2d(2 * inner, 2 * inner, 3, padding=1, groups=2 * inner)
        self.conv_point = nn.Conv2d(inner, hidden, 1, bias=False)

    def forward(self, x):
        value, gate = self.conv_depth(F.silu(self.conv_inverted(x))).chunk(2, dim=1)
        return self.conv_point(value * F.silu(gate))


class SanaBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1, self.norm2 = layer_norm(hidden), layer_norm(hidden)
        self.attn1 = LinearAttention(hidden, config.heads)
        self.attn2 = Projected(hidden, config.cross_heads, norm=None)
        self.ff = MixFeedForward(hidden, config.widening)
        self.scale_shift_table = nn.Parameter(torch.randn(6, hidden) / hidden**0.5)

    def forward(self, x, text, modulation, size):
        modulation = (self.scale_shift_table[None] + modulation).chunk(6, dim=1)
        shift, scale, gate, shift_fed, scale_fed, gate_fed = modulation
        x = x + gate * self.attn1(self.norm1(x) * (1 + scale) + shift)
        x = x + self.attn2(x, text)
        normed = self.norm2(x) * (1 + scale_fed) + shift_fed
        fed = self.ff(normed.unflatten(1, size).permute(0, 3, 1, 2))
        return x + gate_fed * fed.flatten(2).permute(0, 2, 1)


class Sana(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, height, width].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] counts 0..1000.
    """

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.patch_embed = PatchEmbed(config)
        self.time_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.time_proj = nn.Linear(hidden, 6 * hidden)
        self.caption_projection = Mlp(config.context, hidden, hidden, gelu)
        self.caption_norm = RmsNorm(hidden)
        self.transformer_blocks = nn.ModuleList(SanaBlock(config) for _ in range(config.depth))
        self.norm_out = layer_norm(hidden)
        self.scale_shift_table = nn.Parameter(torch.randn(2, hidden) / hidden**0.5)
        self.proj_out = nn.Linear(hidden, config.channels)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        size = hidden_states.shape[2:]
        x = self.patch_embed(hidden_states)
        condition = self.time_embedder(timestep_features(timestep, FREQUENCY_FEATURES))
        modulation = self.time_proj(F.silu(condition)).unflatten(1, (6, -1))
        text = self.caption_norm(self.caption_projection(encoder_hidden_states))
        for block in self.transformer_blocks:
            x = block(x, text, modulation, size)
        shift, scale = (self.scale_shift_table[None] + condition[:, None]).chunk(2, dim=1)
        x = self.proj_out(self.norm_out(x) * (1 + scale) + shift)
        return x.unflatten(1, size).permute(0, 3, 1, 2)
