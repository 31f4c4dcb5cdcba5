"""The U-Net of Stable Diffusion v1.5, in the layout of diffusers' UNet2DConditionModel.

Written from the published `unet/config.json`: 320, 640, 1280, 1280 channels, two residual
blocks per level, transformers of depth 1 with 8 heads on all levels but the deepest, a
context of 768 channels. Layers are named as in diffusers, and attention is spelled as in its
releases for PyTorch 1.x: heads folded into the batch, then baddbmm, softmax and bmm. The
details that leave a trace in an exported graph are kept, such as the expanded timestep, the
swapped sine and cosine halves, and the division by an output scale of one.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from transformer import FeedForward

LATENT_CHANNELS = 4
LEVELS = (320, 640, 1280, 1280)
RESIDUAL_BLOCKS = 2
HEADS = 8
CONTEXT = 768
EMBEDDING = 4 * LEVELS[0]
OUTPUT_SCALE = 1.0


def timestep_features(timesteps, width):
    """Cosine, then sine features of a [batch] timestep: [batch, width]."""
    half = width // 2
    exponent = -math.log(10000) * torch.arange(half, dtype=torch.float32) / half
    angles = timesteps[:, None].float() * torch.exp(exponent)[None, :]
    features = torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)
    return torch.cat([features[:, half:], features[:, :half]], dim=-1)


class TimestepEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = nn.Linear(LEVELS[0], EMBEDDING)
        self.act = nn.SiLU()
        self.linear_2 = nn.Linear(EMBEDDING, EMBEDDING)

    def forward(self, features):
        return self.linear_2(self.act(self.linear_1(features)))


class ResnetBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.norm1 = nn.GroupNorm(32, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(EMBEDDING, out_channels)
        self.norm2 = nn.GroupNorm(32, out_channels)
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

    def __init__(self, channels, context_channels):
        super().__init__()
        self.scale = (channels // HEADS) ** -0.5
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_channels, channels, bias=False)
        self.to_v = nn.Linear(context_channels, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def heads_to_batch(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch, tokens, HEADS, channels // HEADS).permute(0, 2, 1, 3)
        return x.reshape(batch * HEADS, tokens, channels // HEADS)

    def batch_to_heads(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch // HEADS, HEADS, tokens, channels).permute(0, 2, 1, 3)
        return x.reshape(batch // HEADS, tokens, channels * HEADS)

    def forward(self, x, context=None):
        context = x if context is None else context
        q = self.heads_to_batch(self.to_q(x))
        k = self.heads_to_batch(self.to_k(context))
        v = self.heads_to_batch(self.to_v(context))
        # With beta 0 the first operand is not read, but an exported graph adds it, times 0.
        scores = torch.baddbmm(
            torch.empty(q.shape[0], q.shape[1], k.shape[1], dtype=q.dtype),
            q,
            k.transpose(-1, -2),
            beta=0,
            alpha=self.scale,
        )
        attended = torch.bmm(scores.softmax(dim=-1), v)
        return self.to_out[0](self.batch_to_heads(attended))


class BasicTransformerBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.attn1 = CrossAttention(channels, channels)
        self.ff = FeedForward(channels)
        self.attn2 = CrossAttention(channels, CONTEXT)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, x, context):
        x = self.attn1(self.norm1(x)) + x
        x = self.attn2(self.norm2(x), context) + x
        return self.ff(self.norm3(x)) + x


class Transformer2D(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([BasicTransformerBlock(channels)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, context):
        batch, _, height, width = x.shape
        h = self.proj_in(self.norm(x))
        channels = h.shape[1]
        tokens = h.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        for block in self.transformer_blocks:
            tokens = block(tokens, context)
        h = tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2).contiguous()
        return self.proj_out(h) + x


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


class Level(nn.Module):
    """The blocks of one resolution, on the way down or up."""

    def __init__(self, in_channels, out_channels, has_attention):
        super().__init__()
        self.attentions = nn.ModuleList(
            Transformer2D(out_channels) for _ in in_channels if has_attention
        )
        self.resnets = nn.ModuleList(
            ResnetBlock(channels, out_channels) for channels in in_channels
        )

    def run(self, index, h, embedding, context):
        h = self.resnets[index](h, embedding)
        return self.attentions[index](h, context) if len(self.attentions) > 0 else h

    def stages(self):
        """The modules of each block."""
        return [
            [resnet, *self.attentions[index : index + 1]]
            for index, resnet in enumerate(self.resnets)
        ]


class DownLevel(Level):
    def __init__(self, in_channels, out_channels, has_attention, has_downsampler):
        super().__init__(in_channels, out_channels, has_attention)
        self.downsamplers = nn.ModuleList(Downsample(out_channels) for _ in range(has_downsampler))

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
    def __init__(self, in_channels, out_channels, has_attention, has_upsampler):
        super().__init__(in_channels, out_channels, has_attention)
        self.upsamplers = nn.ModuleList(Upsample(out_channels) for _ in range(has_upsampler))

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
    def __init__(self, channels):
        super().__init__()
        self.attentions = nn.ModuleList([Transformer2D(channels)])
        self.resnets = nn.ModuleList(ResnetBlock(channels, channels) for _ in range(2))

    def forward(self, h, embedding, context):
        h = self.attentions[0](self.resnets[0](h, embedding), context)
        return self.resnets[1](h, embedding)


class StableDiffusionUNet(nn.Module):
    """Predicts the noise in `sample` [batch, 4, height, width].

    `timestep` is a scalar or [batch] and counts 0..999; `encoder_hidden_states`
    [batch, sequence, 768] is the embedded prompt.
    """

    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, LEVELS[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding()
        last = len(LEVELS) - 1

        channels = LEVELS[0]
        skips = [channels]
        self.down_blocks = nn.ModuleList()
        for level, width in enumerate(LEVELS):
            is_last = level == last
            self.down_blocks.append(DownLevel([channels, width], width, not is_last, not is_last))
            channels = width
            skips += [channels] * RESIDUAL_BLOCKS
            if not is_last:
                skips.append(channels)

        self.mid_block = MiddleBlock(channels)

        self.up_blocks = nn.ModuleList()
        for level in reversed(range(len(LEVELS))):
            in_channels = []
            for _ in range(RESIDUAL_BLOCKS + 1):
                in_channels.append(channels + skips.pop())
                channels = LEVELS[level]
            self.up_blocks.append(UpLevel(in_channels, channels, level < last, level > 0))

        self.conv_norm_out = nn.GroupNorm(32, channels)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(channels, LATENT_CHANNELS, 3, padding=1)

    def forward(self, sample, timestep, encoder_hidden_states):
        if timestep.dim() == 0:
            timestep = timestep[None]
        timestep = timestep.expand(sample.shape[0])
        features = timestep_features(timestep, LEVELS[0]).to(dtype=sample.dtype)
        embedding = self.time_embedding(features)

        h = self.conv_in(sample)
        skips = [h]
        for down in self.down_blocks:
            outputs = down(h, embedding, encoder_hidden_states)
            skips += outputs
            h = outputs[-1]

        h = self.mid_block(h, embedding, encoder_hidden_states)

        for up in self.up_blocks:
            used = [skips.pop() for _ in up.resnets]
            h = up(h, used, embedding, encoder_hidden_states)

        return self.conv_out(self.conv_act(self.conv_norm_out(h)))

    def skip_stages(self):
        """Modules by skip branch: the encoder's stages, the middle, the decoder's stages."""
        encoder = [[self.conv_in]] + [stage for down in self.down_blocks for stage in down.stages()]
        decoder = [stage for up in self.up_blocks for stage in up.stages()]
        return encoder, self.mid_block, decoder
