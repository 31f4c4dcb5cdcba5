"""The transformers of Lumina-Image 2.0 (arXiv 2503.21758, section 3.1) and Z-Image (arXiv 2511.22699).

Written from the published `transformer/config.json` and the layout of diffusers' Lumina2Transformer2DModel
and ZImageTransformer2DModel. Text and image are refined by blocks of their own, then go as one sequence
through the trunk: the text first in Lumina, the image first in Z-Image. Each layer stands between two norms,
and gates are a tanh. In Lumina groups of queries share their keys and values.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import layer_norm, timestep_features
from mmdit import Mlp, RmsNorm
from projected import Projected

FREQUENCY_FEATURES = 256
PATCH = 2


@dataclass(frozen=True)
class LuminaConfig:
    """Sizes of a network; `input_size` counts latent pixels along a side, `tokens` those of the text."""

    input_size: int = 128
    tokens: int = 256
    channels: int = 16
    hidden: int = 2304
    depth: int = 26
    refiners: int = 2
    heads: int = 24
    shared: int = 8
    widened: int = 9216
    context: int = 2304
    condition: int = 1024
    axes: tuple = (32, 32, 32)
    image_first: bool = False


LUMINA = LuminaConfig()
Z_IMAGE = replace(
    LUMINA,
    hidden=3840,
    depth=30,
    heads=30,
    shared=30,
    widened=10240,
    context=2560,
    condition=256,
    axes=(32, 48, 48),
    image_first=True,
)


class SwiGlu(nn.Module):
    """Gated SiLU (Shazeer, arXiv 2002.05202)."""

    def __init__(self, hidden, widened):
        super().__init__()
        self.linear_1 = nn.Linear(hidden, widened, bias=False)
        self.linear_2 = nn.Linear(widened, hidden, bias=False)
        self.linear_3 = nn.Linear(hidden, widened, bias=False)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)) * self.linear_3(x))


class LuminaBlock(nn.Module):
    """With a condition where it is `modulated`; the text is refined without one."""

    def __init__(self, config, modulated=True):
        super().__init__()
        hidden = config.hidden
        self.attn = Projected(hidden, config.heads, config.shared, bias=False)
        self.feed_forward = SwiGlu(hidden, config.widened)
        self.norm1, self.norm2 = RmsNorm(hidden), RmsNorm(hidden)
        self.ffn_norm1, self.ffn_norm2 = RmsNorm(hidden), RmsNorm(hidden)
        self.modulation = nn.Linear(config.condition, 4 * hidden) if modulated else None

    def forward(self, x, turn, condition=None):
        if self.modulation is None:
            x = x + self.norm2(self.attn(self.norm1(x), turn=turn))
            return x + self.ffn_norm2(self.feed_forward(self.ffn_norm1(x)))
        scale, gate, scale_fed, gate_fed = self.modulation(F.silu(condition))[:, None].chunk(4, dim=2)
        x = x + gate.tanh() * self.norm2(self.attn(self.norm1(x) * (1 + scale), turn=turn))
        fed = self.feed_forward(self.ffn_norm1(x) * (1 + scale_fed))
        return x + gate_fed.tanh() * self.ffn_norm2(fed)


class Lumina(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, input_size, input_size].

    `encoder_hidden_states` [batch, tokens, context] is the prompt; `timestep` [batch] (float) counts 0..1.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden, side = config.hidden, config.input_size // PATCH
        self.x_embedder = nn.Linear(PATCH * PATCH * config.channels, hidden)
        self.t_embedder = Mlp(FREQUENCY_FEATURES, config.condition, config.condition, F.silu)
        self.caption_norm = RmsNorm(config.context)
        self.caption_projection = nn.Linear(config.context, hidden)
        refiners = range(config.refiners)
        self.context_refiner = nn.ModuleList(LuminaBlock(config, False) for _ in refiners)
        self.noise_refiner = nn.ModuleList(LuminaBlock(config) for _ in refiners)
        self.layers = nn.ModuleList(LuminaBlock(config) for _ in range(config.depth))
        self.norm_out = layer_norm(hidden)
        self.scale_out = nn.Linear(config.condition, hidden)
        self.proj_out = nn.Linear(hidden, PATCH * PATCH * config.channels)
        # the text goes along the first axis, the image behind it over the other two
        places = torch.arange(config.tokens, dtype=torch.float32)
        text = F.pad(places[:, None], (0, 2))
        image = F.pad(rotary.grid_positions(side, side), (1, 0), value=float(config.tokens))
        for name, positions in {"text": text, "image": image}.items():
            for kind, table in zip(("cosine", "sine"), rotary.tables(positions, config.axes)):
                self.register_buffer(f"{name}_{kind}", table)

    def turn_by(self, *names):
        cosine, sine = (
            torch.cat([getattr(self, f"{name}_{kind}") for name in names])
            for kind in ("cosine", "sine")
        )
        return lambda x: rotary.turn_pairs(x, cosine, sine)

    def patchify(self, x):
        x = x.unflatten(3, (-1, PATCH)).unflatten(2, (-1, PATCH)).permute(0, 2, 4, 3, 5, 1)
        return x.flatten(3).flatten(1, 2)

    def unpatchify(self, x):
        side = self.config.input_size // PATCH
        x = x.unflatten(1, (side, side)).unflatten(3, (PATCH, PATCH, -1))
        return x.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)

    def forward(self, hidden_states, encoder_hidden_states, timestep):
        features = timestep_features(timestep * 1000, FREQUENCY_FEATURES)
        condition = self.t_embedder(features)
        text = self.caption_projection(self.caption_norm(encoder_hidden_states))
        image = self.x_embedder(self.patchify(hidden_states))
        for block in self.context_refiner:
            text = block(text, self.turn_by("text"))
        for block in self.noise_refiner:
            image = block(image, self.turn_by("image"), condition)
        count, first = text.shape[1], self.config.image_first
        x = torch.cat([image, text] if first else [text, image], dim=1)
        turn = self.turn_by(*(("image", "text") if first else ("text", "image")))
        for block in self.layers:
            x = block(x, turn, condition)
        x = x[:, : -self.config.tokens] if first else x[:, count:]
        x = self.norm_out(x) * (1 + self.scale_out(F.silu(condition))[:, None])
        return self.unpatchify(self.proj_out(x))
