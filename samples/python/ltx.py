"""LTX-Video's transformer (arXiv 2501.00103, section 2.2).

Written from the published `transformer/config.json` and the layout of diffusers' LTXVideoTransformer3DModel.
Tokens come packed, one for each place of the latent. Norms have no weights, q and k are normed and turned
over all heads at once, and the prompt, padded, is attended under a mask.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import layer_norm, timestep_features
from mmdit import Mlp, gelu
from projected import Projected, split

FREQUENCY_FEATURES = 256
MASKED_SCORE = -10000.0


@dataclass(frozen=True)
class LtxConfig:
    """Sizes of a network; `size` counts frames, rows and columns of tokens, `axes` channels that they turn."""

    size: tuple = (16, 16, 24)
    channels: int = 128
    hidden: int = 2048
    depth: int = 28
    heads: int = 32
    context: int = 4096
    axes: tuple = (682, 682, 684)


def rms(x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class TurnedAttention(Projected):
    """Positions are put in before the heads are told apart."""

    def forward(self, x, turn):
        q, k = turn(self.norm_q(self.to_q(x))), turn(self.norm_k(self.to_k(x)))
        heads = [split(part, self.heads) for part in (q, k, self.to_v(x))]
        return self.to_out(self.mix(*heads))


class LtxBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.attn1 = TurnedAttention(hidden, heads, across=True)
        self.attn2 = Projected(hidden, heads, across=True)
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 6, hidden) / hidden**0.5)

    def forward(self, x, text, modulation, turn, mask):
        modulation = (self.scale_shift_table + modulation).chunk(6, dim=1)
        shift, scale, gate, shift_fed, scale_fed, gate_fed = modulation
        x = x + self.attn1(rms(x) * (1 + scale) + shift, turn) * gate
        x = x + self.attn2(x, text, mask=mask)
        return x + self.ff(rms(x) * (1 + scale_fed) + shift_fed) * gate_fed


class Ltx(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, tokens, channels].

    `encoder_hidden_states` [batch, text tokens, context] is the prompt, `encoder_attention_mask` [batch,
    text tokens] one where it counts and zero for padding; `timestep` [batch] counts 0..1000.
    """

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.proj_in = nn.Linear(config.channels, hidden)
        self.time_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.time_proj = nn.Linear(hidden, 6 * hidden)
        self.caption_projection = Mlp(config.context, hidden, hidden, gelu)
        self.transformer_blocks = nn.ModuleList(LtxBlock(config) for _ in range(config.depth))
        self.norm_out = layer_norm(hidden)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 2, hidden) / hidden**0.5)
        self.proj_out = nn.Linear(hidden, config.channels)
        tables = rotary.tables(rotary.grid_positions(*config.size), config.axes)
        for name, table in zip(("cosine", "sine"), tables):
            self.register_buffer(name, table)

    def turn(self, x):
        return rotary.turn_pairs(x, self.cosine, self.sine)

    def forward(self, hidden_states, encoder_hidden_states, encoder_attention_mask, timestep):
        mask = (1 - encoder_attention_mask[:, None, None, :]) * MASKED_SCORE
        x = self.proj_in(hidden_states)
        condition = self.time_embedder(timestep_features(timestep, FREQUENCY_FEATURES))
        modulation = self.time_proj(F.silu(condition)).unflatten(1, (6, -1))
        text = self.caption_projection(encoder_hidden_states)
        for block in self.transformer_blocks:
            x = block(x, text, modulation, self.turn, mask)
        shift, scale = (self.scale_shift_table + condition[:, None]).chunk(2, dim=1)
        return self.proj_out(self.norm_out(x) * (1 + scale) + shift)
