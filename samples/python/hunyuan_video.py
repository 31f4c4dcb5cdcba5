"""HunyuanVideo's transformer of double and single blocks (arXiv 2412.03603, section 4.3).

Written from the published `transformer/config.json` and the layout of diffusers' HunyuanVideoTransformer3DModel.
Blocks are those of FLUX, the image first. The text is refined by blocks with a mask, is masked in every
attention, and has no positions. Single blocks take image and text apart and part them again, by slices that
count from the end.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import rotary
from dit import timestep_features
from mmdit import AdaLayerNorm, Mlp, gelu
from projected import Projected
from qwen_image import QwenBlock, feed

FREQUENCY_FEATURES = 256
MASKED_SCORE = -10000.0


@dataclass(frozen=True)
class HunyuanVideoConfig:
    """Sizes of a network; `size` counts frames, rows and columns of the latent, `axes` a head's channels."""

    size: tuple = (33, 90, 160)
    channels: int = 16
    hidden: int = 3072
    double_depth: int = 20
    single_depth: int = 40
    refiners: int = 2
    heads: int = 24
    context: int = 4096
    pooled: int = 768
    axes: tuple = (16, 56, 56)
    patch: tuple = (1, 2, 2)

    @property
    def grid(self):
        return tuple(size // patch for size, patch in zip(self.size, self.patch))


class RefinerBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1, self.norm2 = nn.LayerNorm(hidden, eps=1e-6), nn.LayerNorm(hidden, eps=1e-6)
        self.attn = Projected(hidden, config.heads, norm=None)
        self.ff = Mlp(hidden, 4 * hidden, hidden, F.silu)
        self.gates = nn.Linear(hidden, 2 * hidden)

    def forward(self, x, condition, mask):
        gate, gate_fed = self.gates(F.silu(condition))[:, None].chunk(2, dim=2)
        x = x + gate * self.attn(self.norm1(x), mask=mask)
        return x + gate_fed * self.ff(self.norm2(x))


class DoubleVideoBlock(QwenBlock):
    """The layers are those of Qwen-Image; the image comes first, and the text has no positions."""

    def forward(self, image, text, condition, turn, mask):
        normed, modulation = self.norm1(image, condition)
        normed_text, modulation_text = self.norm1_context(text, condition)
        q, k, v = self.attn.project(normed)
        pairs = zip((turn(q), turn(k), v), self.attn_context.project(normed_text))
        mixed = self.attn.mix(*(torch.cat(pair, dim=2) for pair in pairs), mask)
        count = text.shape[1]
        attended = self.attn.to_out(mixed[:, :-count])
        attended_text = self.attn_context.to_out(mixed[:, -count:])
        return (
            feed(image, attended, modulation, self.norm2, self.ff),
            feed(text, attended_text, modulation_text, self.norm2_context, self.ff_context),
        )


class SingleVideoBlock(nn.Module):
    """Attention and MLP side by side; one projection takes both. The last `count` tokens are the text's."""

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm = AdaLayerNorm(hidden, 3)
        self.attn = Projected(hidden, config.heads)
        self.attn.to_out = None
        self.proj_mlp = nn.Linear(hidden, 4 * hidden)
        self.proj_out = nn.Linear(5 * hidden, hidden)

    def forward(self, x, condition, turn, mask, count):
        normed, (gate,) = self.norm(x, condition)
        q, k, v = self.attn.project(normed)
        q, k = (
            torch.cat([turn(part[:, :, :-count]), part[:, :, -count:]], dim=2) for part in (q, k)
        )
        both = torch.cat([self.attn.mix(q, k, v, mask), gelu(self.proj_mlp(normed))], dim=2)
        return x + gate[:, None] * self.proj_out(both)


class HunyuanVideo(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, channels, frames, height, width].

    `encoder_hidden_states` [batch, tokens, context] and `pooled_projections` [batch, pooled] are the prompt,
    `encoder_attention_mask` [batch, tokens] one where it counts; `timestep` [batch] counts 0..1000.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.x_embedder = nn.Conv3d(config.channels, hidden, config.patch, config.patch)
        self.context_embedder = nn.Linear(config.context, hidden)
        self.timestep_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.text_embedder = Mlp(config.pooled, hidden, hidden, F.silu)
        self.refiner = nn.ModuleList(RefinerBlock(config) for _ in range(config.refiners))
        self.transformer_blocks = nn.ModuleList(
            DoubleVideoBlock(config) for _ in range(config.double_depth)
        )
        self.single_transformer_blocks = nn.ModuleList(
            SingleVideoBlock(config) for _ in range(config.single_depth)
        )
        self.norm_out = AdaLayerNorm(hidden, 2)
        volume = config.patch[0] * config.patch[1] * config.patch[2]
        self.proj_out = nn.Linear(hidden, volume * config.channels)
        positions = rotary.grid_positions(*config.grid)
        for name, table in zip(("cosine", "sine"), rotary.tables(positions, config.axes)):
            self.register_buffer(name, table)

    def turn(self, x):
        return rotary.turn_pairs(x, self.cosine, self.sine)

    def unpatchify(self, x):
        """Tokens [batch, tokens, channels * patch] back to a video."""
        x = x.unflatten(1, self.config.grid).unflatten(4, (-1, *self.config.patch))
        return x.permute(0, 4, 1, 5, 2, 6, 3, 7).flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def forward(
        self,
        hidden_states,
        encoder_hidden_states,
        pooled_projections,
        encoder_attention_mask,
        timestep,
    ):
        image = self.x_embedder(hidden_states).flatten(2).transpose(1, 2)
        text = self.context_embedder(encoder_hidden_states)
        condition = self.timestep_embedder(timestep_features(timestep, FREQUENCY_FEATURES))
        condition = condition + self.text_embedder(pooled_projections)
        mask = (1 - encoder_attention_mask[:, None, None, :]) * MASKED_SCORE
        for block in self.refiner:
            text = block(text, condition, mask)
        mask = F.pad(mask, (image.shape[1], 0))
        for block in self.transformer_blocks:
            image, text = block(image, text, condition, self.turn, mask)
        count = text.shape[1]
        for block in self.single_transformer_blocks:
            x = block(torch.cat([image, text], dim=1), condition, self.turn, mask, count)
            image, text = x[:, :-count], x[:, -count:]
        image, _ = self.norm_out(image, condition)
        return self.unpatchify(self.proj_out(image))
