"""Stable Audio's transformer (Evans et al., arXiv 2404.10301, section 3.3).

Written from the published `transformer/config.json` and the layout of diffusers' StableAudioDiTModel. What is
known of the whole, the timestep too, is one token before those of the sound; no block is modulated. Half of
the channels of a head are turned, and groups of queries share keys and values of the prompt.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import timestep_features
from mmdit import Mlp
from projected import Projected

FREQUENCY_FEATURES = 256


@dataclass(frozen=True)
class AudioConfig:
    """Sizes of a network; `length` counts places of the latent sound."""

    length: int = 1024
    channels: int = 64
    hidden: int = 1536
    depth: int = 24
    heads: int = 24
    shared: int = 12
    context: int = 768
    known: int = 1536


class GatedMlp(nn.Module):
    """One projection gives value and gate."""

    def __init__(self, hidden):
        super().__init__()
        self.proj = nn.Linear(hidden, 8 * hidden)
        self.out = nn.Linear(4 * hidden, hidden)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, dim=-1)
        return self.out(value * F.silu(gate))


class AudioBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config.hidden, config.heads
        self.norm1, self.norm2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.norm3 = nn.LayerNorm(hidden)
        self.attn1 = Projected(hidden, heads, norm=None, bias=False)
        self.attn2 = Projected(hidden, heads, config.shared, norm=None, bias=False)
        self.ff = GatedMlp(hidden)

    def forward(self, x, text, turn):
        x = x + self.attn1(self.norm1(x), turn=turn)
        x = x + self.attn2(self.norm2(x), text)
        return x + self.ff(self.norm3(x))


class StableAudio(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, length].

    `encoder_hidden_states` [batch, tokens, context] is the prompt, `global_hidden_states` [batch, 1, known]
    what is known of the whole; `timestep` [batch] (float) counts 0..1.
    """

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.time_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.global_proj = Mlp(config.known, hidden, hidden, F.silu)
        self.cross_attention_proj = Mlp(config.context, hidden, hidden, F.silu)
        self.preprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.proj_in = nn.Linear(config.channels, hidden, bias=False)
        self.transformer_blocks = nn.ModuleList(AudioBlock(config) for _ in range(config.depth))
        self.proj_out = nn.Linear(hidden, config.channels, bias=False)
        self.postprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.turned = hidden // config.heads // 2
        places = rotary.grid_positions(config.length + 1)
        for name, table in zip(("cosine", "sine"), rotary.tables(places, (self.turned,))):
            self.register_buffer(name, table)

    def turn(self, x):
        turned = rotary.turn_halves(x[..., : self.turned], self.cosine, self.sine)
        return torch.cat([turned, x[..., self.turned :]], dim=-1)

    def forward(self, hidden_states, encoder_hidden_states, global_hidden_states, timestep):
        features = timestep_features(timestep * 1000, FREQUENCY_FEATURES)
        known = self.global_proj(global_hidden_states) + self.time_embedder(features)[:, None]
        text = self.cross_attention_proj(encoder_hidden_states)
        x = self.preprocess_conv(hidden_states) + hidden_states
        x = torch.cat([known, self.proj_in(x.transpose(1, 2))], dim=1)
        for block in self.transformer_blocks:
            x = block(x, text, self.turn)
        x = self.proj_out(x).transpose(1, 2)[:, :, 1:]
        return self.postprocess_conv(x) + x
