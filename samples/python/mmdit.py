"""Stable Diffusion 3's transformer of two streams (Esser et al., arXiv 2403.03206, section 4).

Written from the paper and the published `transformer/config.json`. Layers are named as in
diffusers' SD3Transformer2DModel. Image and text each have linear layers, norms and modulation
of their own, and attend as one sequence, the image first. In the last block the text only
gives keys and values. In version 3.5, q and k are normed by their root mean square, and in the
first blocks of its medium size the image also attends to itself, beside the joint attention.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

from dit import layer_norm, position_features, timestep_features

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class MmditConfig:
    """Sizes of a network; `input_size` counts latent pixels along a side.

    In the first `dual` blocks the image has an attention of its own beside the joint one.
    """

    input_size: int = 128
    channels: int = 16
    hidden: int = 1536
    depth: int = 24
    heads: int = 24
    context: int = 4096
    pooled: int = 2048
    patch: int = 2
    normed: bool = False
    dual: int = 0


SD3 = MmditConfig()
SD35 = replace(SD3, normed=True)
SD35_MEDIUM = replace(SD35, dual=13)


class RmsNorm(nn.Module):
    def __init__(self, width, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Mlp(nn.Module):
    """Two linear layers around an activation, named as `act` says."""

    def __init__(self, width, hidden, out, act):
        super().__init__()
        self.linear_1 = nn.Linear(width, hidden)
        self.linear_2 = nn.Linear(hidden, out)
        self.act = act

    def forward(self, x):
        return self.linear_2(self.act(self.linear_1(x)))


def gelu(x):
    return F.gelu(x, approximate="tanh")


class AdaLayerNorm(nn.Module):
    """A norm whose shift and scale come from the condition, with `chunks - 2` values more."""

    def __init__(self, hidden, chunks):
        super().__init__()
        self.chunks = chunks
        self.linear = nn.Linear(hidden, chunks * hidden)
        self.norm = layer_norm(hidden)

    def forward(self, x, condition):
        shift, scale, *rest = self.linear(F.silu(condition)).chunk(self.chunks, dim=1)
        return self.norm(x) * (1 + scale[:, None]) + shift[:, None], rest


class DualAdaLayerNorm(AdaLayerNorm):
    """The same norm modulated twice; the second comes last of the rest, before a gate of its own."""

    def __init__(self, hidden):
        super().__init__(hidden, 9)

    def forward(self, x, condition):
        shift, scale, *rest, shift2, scale2, gate2 = self.linear(F.silu(condition)).chunk(9, dim=1)
        normed = self.norm(x)
        second = normed * (1 + scale2[:, None]) + shift2[:, None]
        return normed * (1 + scale[:, None]) + shift[:, None], [*rest, second, gate2]


class Stream(nn.Module):
    """What one of the two streams has of its own in the attention of a block."""

    def __init__(self, config, has_output):
        super().__init__()
        hidden, width = config.hidden, config.hidden // config.heads
        self.heads = config.heads
        self.to_q = nn.Linear(hidden, hidden)
        self.to_k = nn.Linear(hidden, hidden)
        self.to_v = nn.Linear(hidden, hidden)
        self.norm_q = RmsNorm(width) if config.normed else nn.Identity()
        self.norm_k = RmsNorm(width) if config.normed else nn.Identity()
        self.to_out = nn.Linear(hidden, hidden) if has_output else None

    def split(self, x):
        return x.view(x.shape[0], -1, self.heads, x.shape[2] // self.heads).transpose(1, 2)

    def project(self, x):
        q = self.norm_q(self.split(self.to_q(x)))
        k = self.norm_k(self.split(self.to_k(x)))
        return q, k, self.split(self.to_v(x))


class JointBlock(nn.Module):
    def __init__(self, config, is_last, is_dual=False):
        super().__init__()
        hidden = config.hidden
        self.norm1 = DualAdaLayerNorm(hidden) if is_dual else AdaLayerNorm(hidden, 6)
        self.norm1_context = AdaLayerNorm(hidden, 2 if is_last else 6)
        self.attn = Stream(config, True)
        self.attn_context = Stream(config, not is_last)
        self.attn2 = Stream(config, True) if is_dual else None
        self.norm2 = layer_norm(hidden)
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)
        if not is_last:
            self.norm2_context = layer_norm(hidden)
            self.ff_context = Mlp(hidden, 4 * hidden, hidden, gelu)
        self.is_last = is_last

    def attend(self, image, text):
        joined = [
            torch.cat(pair, dim=2)
            for pair in zip(self.attn.project(image), self.attn_context.project(text))
        ]
        mixed = F.scaled_dot_product_attention(*joined).transpose(1, 2)
        mixed = mixed.reshape(mixed.shape[0], -1, image.shape[2])
        tokens = image.shape[1]
        return mixed[:, :tokens], mixed[:, tokens:]

    def attend_alone(self, image):
        mixed = F.scaled_dot_product_attention(*self.attn2.project(image)).transpose(1, 2)
        return self.attn2.to_out(mixed.reshape(image.shape))

    def forward(self, image, text, condition):
        normed, (gate, shift_mlp, scale_mlp, gate_mlp, *second) = self.norm1(image, condition)
        normed_text, rest = self.norm1_context(text, condition)
        mixed, mixed_text = self.attend(normed, normed_text)
        image = image + gate[:, None] * self.attn.to_out(mixed)
        if second:
            normed, gate = second
            image = image + gate[:, None] * self.attend_alone(normed)
        normed = self.norm2(image) * (1 + scale_mlp[:, None]) + shift_mlp[:, None]
        image = image + gate_mlp[:, None] * self.ff(normed)
        if self.is_last:
            return image, text
        gate, shift_mlp, scale_mlp, gate_mlp = rest
        text = text + gate[:, None] * self.attn_context.to_out(mixed_text)
        normed = self.norm2_context(text) * (1 + scale_mlp[:, None]) + shift_mlp[:, None]
        return image, text + gate_mlp[:, None] * self.ff_context(normed)


class Mmdit(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, input_size, input_size].

    `encoder_hidden_states` [batch, tokens, context] and `pooled_projections` [batch, pooled]
    are the prompt; `timestep` [batch] (float) counts 0..1000.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden, patch = config.hidden, config.patch
        self.proj = nn.Conv2d(config.channels, hidden, patch, stride=patch)
        self.register_buffer("pos_embed", position_features(config.input_size // patch, hidden))
        self.timestep_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.text_embedder = Mlp(config.pooled, hidden, hidden, F.silu)
        self.context_embedder = nn.Linear(config.context, hidden)
        self.transformer_blocks = nn.ModuleList(map(self.block, range(config.depth)))
        self.norm_out = AdaLayerNorm(hidden, 2)
        self.proj_out = nn.Linear(hidden, patch * patch * config.channels)

    def block(self, index):
        return JointBlock(self.config, index == self.config.depth - 1, index < self.config.dual)

    def forward(self, hidden_states, encoder_hidden_states, pooled_projections, timestep):
        patch, channels = self.config.patch, self.config.channels
        height, width = hidden_states.shape[-2] // patch, hidden_states.shape[-1] // patch
        image = self.proj(hidden_states).flatten(2).transpose(1, 2) + self.pos_embed
        features = timestep_features(timestep, FREQUENCY_FEATURES).to(hidden_states.dtype)
        condition = self.timestep_embedder(features) + self.text_embedder(pooled_projections)
        text = self.context_embedder(encoder_hidden_states)
        for block in self.transformer_blocks:
            image, text = block(image, text, condition)
        image, _ = self.norm_out(image, condition)
        image = self.proj_out(image).reshape(-1, height, width, patch, patch, channels)
        image = torch.einsum("nhwpqc->nchpwq", image)
        return image.reshape(-1, channels, height * patch, width * patch)
