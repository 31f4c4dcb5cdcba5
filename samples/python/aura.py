"""AuraFlow's transformer of joint and single blocks.

Written from the published `transformer/config.json` and the layout of diffusers'
AuraFlowTransformer2DModel, after which layers are named. Every sum of a block starts at its
input: what follows the attention reads the sum with the attention, and is added to the input
alone. The text comes first in a joint sequence, behind learned registers. q and k go by a norm
without weights.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from dit import layer_norm, timestep_features
from mmdit import AdaLayerNorm, Mlp, Stream

FREQUENCY_FEATURES = 256
TIMESTEP_SCALE = 1000


@dataclass(frozen=True)
class AuraConfig:
    """Sizes of a network; `input_size` counts latent pixels along a side."""

    input_size: int = 64
    channels: int = 4
    hidden: int = 3072
    joint_depth: int = 4
    single_depth: int = 32
    heads: int = 12
    context: int = 2048
    registers: int = 8
    patch: int = 2
    # q and k are not normed by their root mean square, but by a norm without weights
    normed: bool = False


class NormedStream(Stream):
    def __init__(self, config, has_output=True):
        super().__init__(config, has_output)
        width = config.hidden // config.heads
        self.norm_q, self.norm_k = layer_norm(width), layer_norm(width)


class GatedMlp(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        inner = 8 * hidden // 3
        self.linear_1 = nn.Linear(hidden, inner, bias=False)
        self.linear_2 = nn.Linear(hidden, inner, bias=False)
        self.out_projection = nn.Linear(inner, hidden, bias=False)

    def forward(self, x):
        return self.out_projection(F.silu(self.linear_1(x)) * self.linear_2(x))


def attend(q, k, v):
    mixed = F.scaled_dot_product_attention(q, k, v)
    batch, heads, tokens, width = mixed.shape
    return mixed.transpose(1, 2).reshape(batch, tokens, heads * width)


class Rest(nn.Module):
    """What follows the attention, on one stream: both sums start at the stream before it."""

    def __init__(self, hidden):
        super().__init__()
        self.norm2 = layer_norm(hidden)
        self.ff = GatedMlp(hidden)

    def forward(self, x, attended, modulation):
        gate, shift_mlp, scale_mlp, gate_mlp = (part[:, None] for part in modulation)
        normed = self.norm2(x + gate * attended) * (1 + scale_mlp) + shift_mlp
        return x + gate_mlp * self.ff(normed)


class JointBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1 = AdaLayerNorm(hidden, 6)
        self.norm1_context = AdaLayerNorm(hidden, 6)
        self.attn = NormedStream(config)
        self.attn_context = NormedStream(config)
        self.rest = Rest(hidden)
        self.rest_context = Rest(hidden)

    def forward(self, image, text, condition):
        normed, modulation = self.norm1(image, condition)
        normed_text, modulation_text = self.norm1_context(text, condition)
        pairs = zip(self.attn_context.project(normed_text), self.attn.project(normed))
        mixed = attend(*[torch.cat(pair, dim=2) for pair in pairs])
        count = text.shape[1]
        attended = self.attn.to_out(mixed[:, count:])
        attended_text = self.attn_context.to_out(mixed[:, :count])
        image = self.rest(image, attended, modulation)
        return image, self.rest_context(text, attended_text, modulation_text)


class SingleBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm1 = AdaLayerNorm(config.hidden, 6)
        self.attn = NormedStream(config)
        self.rest = Rest(config.hidden)

    def forward(self, x, condition):
        normed, modulation = self.norm1(x, condition)
        attended = self.attn.to_out(attend(*self.attn.project(normed)))
        return self.rest(x, attended, modulation)


class Aura(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, input_size, input_size].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] (float)
    counts 0..1.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden, patch = config.hidden, config.patch
        tokens = (config.input_size // patch) ** 2
        self.proj = nn.Linear(config.channels * patch * patch, hidden)
        self.pos_embed = nn.Parameter(torch.randn(1, tokens, hidden) * 0.1)
        self.context_embedder = nn.Linear(config.context, hidden, bias=False)
        self.register_tokens = nn.Parameter(torch.randn(1, config.registers, hidden) * 0.02)
        self.time_step_proj = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.joint_transformer_blocks = nn.ModuleList(
            JointBlock(config) for _ in range(config.joint_depth)
        )
        self.single_transformer_blocks = nn.ModuleList(
            SingleBlock(config) for _ in range(config.single_depth)
        )
        self.norm_out = AdaLayerNorm(hidden, 2)
        self.proj_out = nn.Linear(hidden, patch * patch * config.channels, bias=False)

    def patches(self, x):
        """One token for each patch, row by row."""
        patch, channels = self.config.patch, self.config.channels
        side = self.config.input_size // patch
        x = x.view(-1, channels, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5)
        return x.reshape(-1, side * side, channels * patch * patch)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        patch, channels = self.config.patch, self.config.channels
        side = self.config.input_size // patch
        image = self.proj(self.patches(hidden_states)) + self.pos_embed
        features = timestep_features(timestep * TIMESTEP_SCALE, FREQUENCY_FEATURES)
        condition = self.time_step_proj(features.to(hidden_states.dtype))
        text = self.context_embedder(encoder_hidden_states)
        registers = self.register_tokens.expand(text.shape[0], -1, -1)
        text = torch.cat([registers, text], dim=1)
        for block in self.joint_transformer_blocks:
            image, text = block(image, text, condition)
        x = torch.cat([text, image], dim=1)
        for block in self.single_transformer_blocks:
            x = block(x, condition)
        image, _ = self.norm_out(x[:, text.shape[1] :], condition)
        image = self.proj_out(image).reshape(-1, side, side, patch, patch, channels)
        return image.permute(0, 5, 1, 3, 2, 4).reshape(-1, channels, side * patch, side * patch)
