"""Text-conditional U-Nets in the layout of diffusers' UNet2DConditionModel: Stable Diffusion.

Written from the published `unet/config.json` of Stable Diffusion v1.5, v2.1 and XL. Layers are
named as in diffusers. Attention is spelled in one of two ways: as in its releases for PyTorch
1.x, heads folded into the batch, then baddbmm, softmax and bmm; or as in those for PyTorch 2,
heads in a fourth dimension and scaled_dot_product_attention. The details that leave a trace in
an exported graph are kept, such as the expanded timestep, the swapped sine and cosine halves,
and the division by an output scale of one.
"""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

from transformer import FeedForward
from unet_channels import unet_channels

OUTPUT_SCALE = 1.0
SIZE_FEATURES = 256
SIZES = 6


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of a network, by level from the outermost inwards.

    `depths` counts the transformer blocks behind each residual block. `pooled` is the width of
    the pooled prompt that joins the timestep, with six sizes, in Stable Diffusion XL; 0 for none.
    """

    channels: int = 4
    levels: tuple = (320, 640, 1280, 1280)
    depths: tuple = (1, 1, 1, 0)
    middle_depth: int = 1
    heads: tuple = (8, 8, 8, 8)
    context: int = 768
    residual_blocks: int = 2
    groups: int = 32
    linear_projection: bool = False
    pooled: int = 0
    fused_attention: bool = False

    @property
    def embedding(self):
        return 4 * self.levels[0]


SD15 = UNetConfig()
SD21 = replace(SD15, heads=(5, 10, 20, 20), context=1024, linear_projection=True)
SDXL = UNetConfig(
    levels=(320, 640, 1280),
    depths=(0, 2, 10),
    middle_depth=10,
    heads=(5, 10, 20),
    context=2048,
    linear_projection=True,
    pooled=1280,
)


def timestep_features(timesteps, width):
    """Cosine, then sine features of a [batch] timestep: [batch, width]."""
    half = width // 2
    places = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    exponent = -math.log(10000) * places / half
    angles = timesteps[:, None].float() * torch.exp(exponent)[None, :]
    features = torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)
    return torch.cat([features[:, half:], features[:, :half]], dim=-1)


class TimestepEmbedding(nn.Module):
    def __init__(self, features, embedding):
        super().__init__()
        self.linear_1 = nn.Linear(features, embedding)
        self.act = nn.SiLU()
        self.linear_2 = nn.Linear(embedding, embedding)

    def forward(self, features):
        return self.linear_2(self.act(self.linear_1(features)))


class ResnetBlock(nn.Module):
    def __init__(self, config, in_channels, out_channels):
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(config.embedding, out_channels)
        self.norm2 = nn.GroupNorm(config.groups, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.nonlinearity = nn.SiLU()
        self.conv_shortcut = None
        if in_channels != out_channels:
            self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x, embedding):
        h = self.conv1(self.nonlinearity(self.norm1(x)))
        h = h + self.time_emb_proj(self.nonlinearity(embedding))[:, :, None, None]
        h = self.conv2(self.nonlinearity(self.norm2(h)))
        if self.conv_shortcut is not None:
            x = self.conv_shortcut(x)
        return (x + h) / OUTPUT_SCALE


class CrossAttention(nn.Module):
    """Multi-head attention from `x` to `context`, or to itself when there is none."""

    def __init__(self, config, heads, channels, context_channels):
        super().__init__()
        self.heads = heads
        self.fused = config.fused_attention
        self.scale = (channels // heads) ** -0.5
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_channels, channels, bias=False)
        self.to_v = nn.Linear(context_channels, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def heads_to_batch(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch, tokens, self.heads, channels // self.heads).permute(0, 2, 1, 3)
        return x.reshape(batch * self.heads, tokens, channels // self.heads)

    def batch_to_heads(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch // self.heads, self.heads, tokens, channels).permute(0, 2, 1, 3)
        return x.reshape(batch // self.heads, tokens, channels * self.heads)

    def heads_apart(self, x):
        batch, _, channels = x.shape
        return x.view(batch, -1, self.heads, channels // self.heads).transpose(1, 2)

    def folded(self, q, k, v):
        # With beta 0 the first operand is not read, but an exported graph adds it, times 0.
        scores = torch.baddbmm(
            torch.empty(q.shape[0], q.shape[1], k.shape[1], dtype=q.dtype),
            q,
            k.transpose(-1, -2),
            beta=0,
            alpha=self.scale,
        )
        return self.batch_to_heads(torch.bmm(scores.softmax(dim=-1), v))

    def by_library(self, q, k, v):
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        batch, tokens, heads, width = attended.shape
        return attended.reshape(batch, tokens, heads * width)

    def forward(self, x, context=None):
        context = x if context is None else context
        split = self.heads_apart if self.fused else self.heads_to_batch
        q = split(self.to_q(x))
        k = split(self.to_k(context))
        v = split(self.to_v(context))
        return self.to_out[0](self.by_library(q, k, v) if self.fused else self.folded(q, k, v))


class BasicTransformerBlock(nn.Module):
    def __init__(self, config, heads, channels):
        super().__init__()
        self.attn1 = CrossAttention(config, heads, channels, channels)
        self.ff = FeedForward(channels)
        self.attn2 = CrossAttention(config, heads, channels, config.context)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, x, context):
        x = self.attn1(self.norm1(x)) + x
        x = self.attn2(self.norm2(x), context) + x
        return self.ff(self.norm3(x)) + x


class Transformer2D(nn.Module):
    """A stack of transformer blocks over the pixels, between two projections: 1x1 convolutions,
    or linear layers over the tokens."""

    def __init__(self, config, heads, depth, channels):
        super().__init__()
        self.is_linear = config.linear_projection
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.proj_in = self.projection(channels)
        self.transformer_blocks = nn.ModuleList(
            BasicTransformerBlock(config, heads, channels) for _ in range(depth)
        )
        self.proj_out = self.projection(channels)

    def projection(self, channels):
        if self.is_linear:
            return nn.Linear(channels, channels)
        return nn.Conv2d(channels, channels, 1)

    def forward(self, x, context):
        batch, _, height, width = x.shape
        h = self.norm(x)
        if not self.is_linear:
            h = self.proj_in(h)
        channels = h.shape[1]
        tokens = h.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        if self.is_linear:
            tokens = self.proj_in(tokens)
        for block in self.transformer_blocks:
            tokens = block(tokens, context)
        if self.is_linear:
            tokens = self.proj_out(tokens)
        h = tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2).contiguous()
        return (h if self.is_linear else self.proj_out(h)) + x


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def block_stages(level):
    """The modules of each block of a level."""
    return [
        [resnet, *level.attentions[index : index + 1]]
        for index, resnet in enumerate(level.resnets)
    ]


class Level(nn.Module):
    """The blocks of one resolution, on the way down or up."""

    def __init__(self, config, level, in_channels):
        super().__init__()
        width, depth = config.levels[level], config.depths[level]
        self.attentions = nn.ModuleList(
            Transformer2D(config, config.heads[level], depth, width)
            for _ in in_channels
            if depth > 0
        )
        self.resnets = nn.ModuleList(
            ResnetBlock(config, channels, width) for channels in in_channels
        )

    def run(self, index, h, embedding, context):
        h = self.resnets[index](h, embedding)
        return self.attentions[index](h, context) if len(self.attentions) > 0 else h

    def stages(self):
        return block_stages(self)


class DownLevel(Level):
    def __init__(self, config, level, in_channels):
        super().__init__(config, level, in_channels)
        count = 1 if level < len(config.levels) - 1 else 0
        self.downsamplers = nn.ModuleList(Downsample(config.levels[level]) for _ in range(count))

    def forward(self, h, embedding, context):
        """The outputs of all blocks: a skip each, and the last one goes on."""
        outputs = []
        for index in range(len(self.resnets)):
            h = self.run(index, h, embedding, context)
            outputs.append(h)
        for downsampler in self.downsamplers:
            h = downsampler(h)
            outputs.append(h)
        return outputs

    def stages(self):
        return super().stages() + [[downsampler] for downsampler in self.downsamplers]


class UpLevel(Level):
    def __init__(self, config, level, in_channels):
        super().__init__(config, level, in_channels)
        count = 1 if level > 0 else 0
        self.upsamplers = nn.ModuleList(Upsample(config.levels[level]) for _ in range(count))

    def forward(self, h, skips, embedding, context):
        """`skips` holds a tensor for each block, in the order of their use."""
        for index, skip in enumerate(skips):
            h = self.run(index, torch.cat([h, skip], dim=1), embedding, context)
        for upsampler in self.upsamplers:
            h = upsampler(h)
        return h

    def stages(self):
        stages = super().stages()
        stages[-1].extend(self.upsamplers)
        return stages


class MiddleBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels = config.levels[-1]
        self.attentions = nn.ModuleList(
            [Transformer2D(config, config.heads[-1], config.middle_depth, channels)]
        )
        self.resnets = nn.ModuleList(ResnetBlock(config, channels, channels) for _ in range(2))

    def forward(self, h, embedding, context):
        h = self.attentions[0](self.resnets[0](h, embedding), context)
        return self.resnets[1](h, embedding)


class ConditionalUNet(nn.Module):
    """Predicts the noise in `sample` [batch, 4, height, width], or its velocity.

    `timestep` is a scalar, [1] or [batch] and counts 0..999; `encoder_hidden_states`
    [batch, sequence, context] is the embedded prompt. With `pooled`, `text_embeds`
    [batch, pooled] and `time_ids` [batch, 6] are the pooled prompt and the sizes of original,
    crop and target.
    """

    def __init__(self, config=SD15):
        super().__init__()
        self.config = config
        levels = config.levels
        self.conv_in = nn.Conv2d(config.channels, levels[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(levels[0], config.embedding)
        if config.pooled:
            features = config.pooled + SIZES * SIZE_FEATURES
            self.add_embedding = TimestepEmbedding(features, config.embedding)

        down, up = unet_channels(levels[0], levels, config.residual_blocks)
        self.down_blocks = nn.ModuleList(
            DownLevel(config, level, in_channels) for level, in_channels in enumerate(down)
        )

        self.mid_block = MiddleBlock(config)

        self.up_blocks = nn.ModuleList(
            UpLevel(config, level, up[level]) for level in reversed(range(len(levels)))
        )

        self.conv_norm_out = nn.GroupNorm(config.groups, levels[0])
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(levels[0], config.channels, 3, padding=1)

    def embed(self, sample, timestep, text_embeds, time_ids):
        """What all residual blocks add: [batch, embedding]."""
        if timestep.dim() == 0:
            timestep = timestep[None]
        timestep = timestep.expand(sample.shape[0])
        features = timestep_features(timestep, self.config.levels[0]).to(dtype=sample.dtype)
        embedding = self.time_embedding(features)
        if not self.config.pooled:
            return embedding
        sizes = timestep_features(time_ids.flatten(), SIZE_FEATURES)
        sizes = sizes.reshape(text_embeds.shape[0], -1)
        added = torch.cat([text_embeds, sizes], dim=-1).to(embedding.dtype)
        return embedding + self.add_embedding(added)

    def forward(
        self, sample, timestep, encoder_hidden_states, text_embeds=None, time_ids=None
    ):
        return self.denoise(
            sample, self.embed(sample, timestep, text_embeds, time_ids), encoder_hidden_states
        )

    def denoise(self, sample, embedding, context, skip_residuals=None, middle_residual=None):
        h = self.conv_in(sample)
        skips = [h]
        for down in self.down_blocks:
            outputs = down(h, embedding, context)
            skips += outputs
            h = outputs[-1]

        if skip_residuals is not None:
            skips = [skip + residual for skip, residual in zip(skips, skip_residuals)]

        h = self.mid_block(h, embedding, context)
        if middle_residual is not None:
            h = h + middle_residual

        for up in self.up_blocks:
            used = [skips.pop() for _ in up.resnets]
            h = up(h, used, embedding, context)

        return self.conv_out(self.conv_act(self.conv_norm_out(h)))

    def skip_stages(self):
        """Modules by skip branch: the encoder's stages, the middle, the decoder's stages."""
        encoder = [[self.conv_in]] + [stage for down in self.down_blocks for stage in down.stages()]
        decoder = [stage for up in self.up_blocks for stage in up.stages()]
        return encoder, self.mid_block, decoder


class ControlledUNet(ConditionalUNet):
    """Takes what a ControlNet gives: a tensor for each skip, in the encoder's order, then one for
    the middle (Zhang et al., arXiv 2302.05543, section 3.2)."""

    def forward(self, sample, timestep, encoder_hidden_states, *residuals):
        embedding = self.embed(sample, timestep, None, None)
        *skips, middle = residuals
        return self.denoise(sample, embedding, encoder_hidden_states, skips, middle)
