"""FLUX.1's transformer of double and single blocks, with rotary positions.

Written from the published `transformer/config.json` and the description of parallel attention
and MLP in *Scaling Vision Transformers to 22 Billion Parameters* (arXiv 2302.05442, section
2.1), on which the single blocks rest. Layers are named as in diffusers' FluxTransformer2DModel.
The image comes packed: one token for each patch of 2x2 latent pixels. In a joint sequence the
text comes first. Positions of both are inputs, three numbers a token; each turns its share of
the channels of a head, in neighbouring pairs.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from dit import layer_norm, timestep_features
from mmdit import AdaLayerNorm, Mlp, Stream, gelu

FREQUENCY_FEATURES = 256
ROTARY_BASE = 10000.0
TIMESTEP_SCALE = 1000


@dataclass(frozen=True)
class FluxConfig:
    """Sizes of a network; `axes` is how many channels of a head each position turns."""

    channels: int = 64
    hidden: int = 3072
    double_depth: int = 19
    single_depth: int = 38
    heads: int = 24
    context: int = 4096
    pooled: int = 768
    axes: tuple = (16, 56, 56)
    guidance: bool = False
    # single blocks take image and text apart, join them, and part them again
    apart: bool = False
    # q and k go by their root mean square in every version
    normed: bool = True


def rotary_tables(positions, axes):
    """Cosine and sine of every angle, [tokens, head_dim], neighbours alike."""
    cosines, sines = [], []
    for axis, width in enumerate(axes):
        exponent = torch.arange(0, width, 2, dtype=torch.float32, device=positions.device) / width
        angles = positions[:, axis].float()[:, None] * (1.0 / ROTARY_BASE**exponent)[None]
        cosines.append(angles.cos().repeat_interleave(2, dim=1))
        sines.append(angles.sin().repeat_interleave(2, dim=1))
    return torch.cat(cosines, dim=-1), torch.cat(sines, dim=-1)


def rotate(x, tables):
    cosine, sine = tables
    real, imaginary = x.reshape(*x.shape[:-1], -1, 2).unbind(-1)
    turned = torch.stack([-imaginary, real], dim=-1).flatten(3)
    return x * cosine[None, None] + turned * sine[None, None]


def attend(q, k, v, tables):
    mixed = F.scaled_dot_product_attention(rotate(q, tables), rotate(k, tables), v)
    batch, heads, tokens, width = mixed.shape
    return mixed.transpose(1, 2).reshape(batch, tokens, heads * width)


class DoubleBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1 = AdaLayerNorm(hidden, 6)
        self.norm1_context = AdaLayerNorm(hidden, 6)
        self.attn = Stream(config, True)
        self.attn_context = Stream(config, True)
        self.norm2 = layer_norm(hidden)
        self.norm2_context = layer_norm(hidden)
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)
        self.ff_context = Mlp(hidden, 4 * hidden, hidden, gelu)

    def forward(self, image, text, condition, tables):
        normed, (gate, shift_mlp, scale_mlp, gate_mlp) = self.norm1(image, condition)
        normed_text, rest = self.norm1_context(text, condition)
        pairs = zip(self.attn_context.project(normed_text), self.attn.project(normed))
        mixed = attend(*[torch.cat(pair, dim=2) for pair in pairs], tables)
        count = text.shape[1]
        mixed_text, mixed = mixed[:, :count], mixed[:, count:]

        image = image + gate[:, None] * self.attn.to_out(mixed)
        normed = self.norm2(image) * (1 + scale_mlp[:, None]) + shift_mlp[:, None]
        image = image + gate_mlp[:, None] * self.ff(normed)

        gate, shift_mlp, scale_mlp, gate_mlp = rest
        text = text + gate[:, None] * self.attn_context.to_out(mixed_text)
        normed = self.norm2_context(text) * (1 + scale_mlp[:, None]) + shift_mlp[:, None]
        return image, text + gate_mlp[:, None] * self.ff_context(normed)


class SingleBlock(nn.Module):
    """Attention and MLP side by side; one projection takes both."""

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm = AdaLayerNorm(hidden, 3)
        self.attn = Stream(config, False)
        self.proj_mlp = nn.Linear(hidden, 4 * hidden)
        self.proj_out = nn.Linear(5 * hidden, hidden)

    def forward(self, x, condition, tables):
        normed, (gate,) = self.norm(x, condition)
        mixed = attend(*self.attn.project(normed), tables)
        both = torch.cat([mixed, gelu(self.proj_mlp(normed))], dim=2)
        return x + gate[:, None] * self.proj_out(both)

    def forward_apart(self, image, text, condition, tables):
        x = self(torch.cat([text, image], dim=1), condition, tables)
        count = text.shape[1]
        return x[:, count:], x[:, :count]


class Flux(nn.Module):
    """Predicts the velocity of `hidden_states` [batch, image tokens, channels].

    `encoder_hidden_states` [batch, text tokens, context] and `pooled_projections`
    [batch, pooled] are the prompt; `timestep` [batch] (float) counts 0..1; `txt_ids`
    [text tokens, 3] and `img_ids` [image tokens, 3] are positions; `guidance` [batch] (float) is
    the guidance scale that a distilled model takes.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.x_embedder = nn.Linear(config.channels, hidden)
        self.context_embedder = nn.Linear(config.context, hidden)
        self.timestep_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.text_embedder = Mlp(config.pooled, hidden, hidden, F.silu)
        if config.guidance:
            self.guidance_embedder = Mlp(FREQUENCY_FEATURES, hidden, hidden, F.silu)
        self.transformer_blocks = nn.ModuleList(
            DoubleBlock(config) for _ in range(config.double_depth)
        )
        self.single_transformer_blocks = nn.ModuleList(
            SingleBlock(config) for _ in range(config.single_depth)
        )
        self.norm_out = AdaLayerNorm(hidden, 2)
        self.proj_out = nn.Linear(hidden, config.channels)

    def features(self, scalar, dtype):
        return timestep_features(scalar * TIMESTEP_SCALE, FREQUENCY_FEATURES).to(dtype)

    def forward(
        self,
        hidden_states,
        encoder_hidden_states,
        pooled_projections,
        timestep,
        img_ids,
        txt_ids,
        guidance=None,
    ):
        dtype = hidden_states.dtype
        image, text = self.x_embedder(hidden_states), self.context_embedder(encoder_hidden_states)
        condition = self.timestep_embedder(self.features(timestep, dtype))
        if guidance is not None:
            condition = condition + self.guidance_embedder(self.features(guidance, dtype))
        condition = condition + self.text_embedder(pooled_projections)
        tables = rotary_tables(torch.cat([txt_ids, img_ids], dim=0), self.config.axes)
        for block in self.transformer_blocks:
            image, text = block(image, text, condition, tables)
        if self.config.apart:
            for block in self.single_transformer_blocks:
                image, text = block.forward_apart(image, text, condition, tables)
        else:
            x = torch.cat([text, image], dim=1)
            for block in self.single_transformer_blocks:
                x = block(x, condition, tables)
            image = x[:, text.shape[1] :]
        image, _ = self.norm_out(image, condition)
        return self.proj_out(image)
