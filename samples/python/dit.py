"""The diffusion transformer DiT with adaLN-Zero (Peebles and Xie, arXiv 2212.09748, section 3).

Written from the paper and its published configurations. Layers are named and ordered as in the
authors' release: one Linear for q, k and v, the heads as a fourth dimension, the scale on the
scores. Images are cut into square patches, row by row; each patch is one token.
"""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class DitConfig:
    """Sizes of a network; `input_size` counts pixels of the (latent) image along a side.

    `einsum` reorders the output patches with an einsum, as the authors' release does, instead
    of a plain transpose.
    """

    input_size: int
    channels: int
    hidden: int
    depth: int
    heads: int
    classes: int
    patch: int = 2
    widening: int = 4
    learn_sigma: bool = False
    einsum: bool = False

    @property
    def out_channels(self):
        return self.channels * 2 if self.learn_sigma else self.channels

    @property
    def side(self):
        return self.input_size // self.patch


DIGITS = DitConfig(input_size=24, channels=1, hidden=128, depth=6, heads=4, classes=10)
XL_2_256 = DitConfig(
    input_size=32,
    channels=4,
    hidden=1152,
    depth=28,
    heads=16,
    classes=1000,
    learn_sigma=True,
    einsum=True,
)
XL_2_512 = replace(XL_2_256, input_size=64)
S_2_512 = replace(XL_2_512, hidden=384, depth=12, heads=6)


def frequencies(count, device=None):
    places = torch.arange(count, dtype=torch.float32, device=device)
    return torch.exp(-math.log(10000) * places / count)


def timestep_features(timestep, width):
    """Cosine, then sine features of a [batch] timestep: [batch, width]."""
    angles = timestep[:, None].float() * frequencies(width // 2, timestep.device)[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)


def position_features(side, width, scale=1.0):
    """Fixed sine and cosine features of a grid of tokens: [1, side * side, width].

    The first half of the features tells the column, the second half the row.
    """
    place = torch.arange(side, dtype=torch.float32) / scale
    angles = place[:, None] * frequencies(width // 4)[None]
    along = torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)
    column = along[None, :, :].expand(side, side, -1)
    row = along[:, None, :].expand(side, side, -1)
    return torch.cat([column, row], dim=-1).reshape(1, side * side, width)


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


def layer_norm(hidden):
    return nn.LayerNorm(hidden, elementwise_affine=False, eps=1e-6)


class PatchEmbed(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.proj = nn.Conv2d(config.channels, config.hidden, config.patch, stride=config.patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class TimestepEmbedder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(FREQUENCY_FEATURES, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )

    def forward(self, timestep):
        return self.mlp(timestep_features(timestep, FREQUENCY_FEATURES))


class LabelEmbedder(nn.Module):
    """A table of classes; its last row stands for no class."""

    def __init__(self, classes, hidden):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, hidden)

    def forward(self, labels):
        return self.embedding_table(labels)


class Attention(nn.Module):
    """Multi-head self-attention, with one packed q, k, v projection."""

    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.scale = (hidden // heads) ** -0.5
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.proj = nn.Linear(hidden, hidden)

    def forward(self, x):
        batch, tokens, hidden = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, hidden // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q @ k.transpose(-2, -1)) * self.scale
        attended = (scores.softmax(dim=-1) @ v).transpose(1, 2)
        return self.proj(attended.reshape(batch, tokens, hidden))


class Mlp(nn.Module):
    def __init__(self, hidden, widening):
        super().__init__()
        self.fc1 = nn.Linear(hidden, widening * hidden)
        self.fc2 = nn.Linear(widening * hidden, hidden)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class DitBlock(nn.Module):
    """Attention and MLP, each between a modulation of its normed input and a gate."""

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1 = layer_norm(hidden)
        self.attn = Attention(hidden, config.heads)
        self.norm2 = layer_norm(hidden)
        self.mlp = Mlp(hidden, config.widening)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(hidden, 6 * hidden))

    def forward(self, x, condition):
        modulation = self.adaLN_modulation(condition).chunk(6, dim=1)
        shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp = modulation
        x = x + gate_msa.unsqueeze(1) * self.attn(modulate(self.norm1(x), shift_msa, scale_msa))
        return x + gate_mlp.unsqueeze(1) * self.mlp(modulate(self.norm2(x), shift_mlp, scale_mlp))


class FinalLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm_final = layer_norm(config.hidden)
        self.linear = nn.Linear(config.hidden, config.patch**2 * config.out_channels)
        self.adaLN_modulation = nn.Sequential(
            nn.SiLU(), nn.Linear(config.hidden, 2 * config.hidden)
        )

    def forward(self, x, condition):
        shift, scale = self.adaLN_modulation(condition).chunk(2, dim=1)
        return self.linear(modulate(self.norm_final(x), shift, scale))


class Dit(nn.Module):
    """Predicts the noise in `x` [batch, channels, input_size, input_size].

    `timestep` [batch] counts 0..999; `labels` [batch] holds a class, or the count of classes
    for an unconditional prediction. With learned sigma the output has twice the channels.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.x_embedder = PatchEmbed(config)
        self.t_embedder = TimestepEmbedder(config.hidden)
        self.y_embedder = LabelEmbedder(config.classes, config.hidden)
        self.register_buffer("pos_embed", position_features(config.side, config.hidden))
        self.blocks = nn.ModuleList(DitBlock(config) for _ in range(config.depth))
        self.final_layer = FinalLayer(config)

    def unpatchify(self, x):
        """Tokens [batch, side * side, patch * patch * channels] back to an image."""
        side, patch, channels = self.config.side, self.config.patch, self.config.out_channels
        x = x.reshape(x.shape[0], side, side, patch, patch, channels)
        if self.config.einsum:
            x = torch.einsum("nhwpqc->nchpwq", x)
        else:
            x = x.permute(0, 5, 1, 3, 2, 4)
        return x.reshape(x.shape[0], channels, side * patch, side * patch)

    def forward(self, x, timestep, labels):
        tokens = self.x_embedder(x) + self.pos_embed
        condition = self.t_embedder(timestep) + self.y_embedder(labels)
        for block in self.blocks:
            tokens = block(tokens, condition)
        return self.unpatchify(self.final_layer(tokens, condition))


def initialize(model):
    """The start of training, as in the paper: every block begins as the identity."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    projection = model.x_embedder.proj
    nn.init.xavier_uniform_(projection.weight.view(projection.out_channels, -1))
    nn.init.zeros_(projection.bias)
    nn.init.normal_(model.y_embedder.embedding_table.weight, std=0.02)
    for layer in (model.t_embedder.mlp[0], model.t_embedder.mlp[2]):
        nn.init.normal_(layer.weight, std=0.02)
    last = [block.adaLN_modulation[-1] for block in model.blocks]
    for layer in last + [model.final_layer.adaLN_modulation[-1], model.final_layer.linear]:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
