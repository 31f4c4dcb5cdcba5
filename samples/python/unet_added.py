"""A U-Net whose attention reads pixels and context as one sequence, in the layout of Kandinsky 2.2's decoder.

Keys and values of the context have projections of their own and stand before those of the pixels
(diffusers' AttnAddedKVProcessor); levels change in residual blocks, whose timestep scales and
shifts; three layers a block.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from skip_join import SkipJoin
from unet_channels import unet_channels
from unet_conditional import TimestepEmbedding, timestep_features


@dataclass(frozen=True)
class AddedConfig:
    channels: int = 4
    levels: tuple = (32, 64)
    attends: tuple = (False, True)
    head: int = 16
    layers: int = 3
    image: int = 24
    image_tokens: int = 4
    groups: int = 8

    @property
    def embedding(self):
        return 2 * self.levels[0]


class ScaledBlock(nn.Module):
    """A residual block; `scale` 0.5 or 2 changes the resolution on both ways, by pooling or repeating."""

    def __init__(self, config, in_channels, channels, scale=1):
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(config.embedding, 2 * channels)
        self.norm2 = nn.GroupNorm(config.groups, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, channels, 1) if in_channels != channels else None
        self.scale = scale

    def rescaled(self, x):
        if self.scale == 0.5:
            return F.avg_pool2d(x, 2)
        return F.interpolate(x, scale_factor=2.0, mode="nearest") if self.scale == 2 else x

    def forward(self, x, embedding):
        h = self.conv1(self.rescaled(F.silu(self.norm1(x))))
        scale, shift = self.time_emb_proj(F.silu(embedding))[:, :, None, None].chunk(2, dim=1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        x = self.rescaled(x)
        return (x if self.shortcut is None else self.shortcut(x)) + h


class AddedAttention(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.heads = channels // config.head
        self.group_norm = nn.GroupNorm(config.groups, channels)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.add_k_proj = nn.Linear(config.image, channels)
        self.add_v_proj = nn.Linear(config.image, channels)
        self.to_out = nn.Linear(channels, channels)

    def apart(self, x):
        batch, _, channels = x.shape
        return x.view(batch, -1, self.heads, channels // self.heads).transpose(1, 2)

    def forward(self, x, context):
        batch, channels, height, width = x.shape
        tokens = self.group_norm(x.view(batch, channels, -1)).transpose(1, 2)
        q = self.apart(self.to_q(tokens))
        k = torch.cat([self.apart(self.add_k_proj(context)), self.apart(self.to_k(tokens))], dim=2)
        v = torch.cat([self.apart(self.add_v_proj(context)), self.apart(self.to_v(tokens))], dim=2)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, -1, channels)
        return x + self.to_out(h).transpose(1, 2).reshape(x.shape)


class AddedUNet(nn.Module):
    """Predicts noise and variance of `sample` [batch, channels, height, width] from `image_embeds` [batch, image].

    `timestep` is a scalar.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        levels = config.levels
        self.conv_in = nn.Conv2d(config.channels, levels[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(levels[0], config.embedding)
        self.add_embedding = nn.Linear(config.image, config.embedding)
        self.image_proj = nn.Linear(config.image, config.image_tokens * config.image)
        down, up = unet_channels(levels[0], levels, config.layers)
        self.down_blocks = nn.ModuleList(self.blocks(down[level], level) for level in self.order())
        self.downsamplers = nn.ModuleList(
            ScaledBlock(config, width, width, 0.5) for width in levels[:-1]
        )
        middle = levels[-1]
        self.mid_blocks = nn.ModuleList(ScaledBlock(config, middle, middle) for _ in range(2))
        self.mid_attention = AddedAttention(config, middle)
        self.joins = nn.ModuleList(SkipJoin() for level in up for _ in level)
        self.up_blocks = nn.ModuleList(
            self.blocks(up[level], level) for level in reversed(self.order())
        )
        self.upsamplers = nn.ModuleList(
            ScaledBlock(config, width, width, 2) for width in reversed(levels[1:])
        )
        self.norm_out = nn.GroupNorm(config.groups, levels[0])
        self.conv_out = nn.Conv2d(levels[0], 2 * config.channels, 3, padding=1)

    def order(self):
        return range(len(self.config.levels))

    def blocks(self, in_channels, level):
        width, config = self.config.levels[level], self.config
        blocks = nn.ModuleList()
        for channels in in_channels:
            block = nn.ModuleList([ScaledBlock(config, channels, width)])
            if config.attends[level]:
                block.append(AddedAttention(config, width))
            blocks.append(block)
        return blocks

    @staticmethod
    def run(block, h, embedding, context):
        h = block[0](h, embedding)
        return block[1](h, context) if len(block) > 1 else h

    def forward(self, sample, timestep, image_embeds):
        steps = timestep.reshape(1).expand(sample.shape[0])
        features = timestep_features(steps, self.config.levels[0]).to(sample.dtype)
        embedding = self.time_embedding(features) + self.add_embedding(image_embeds)
        tokens = self.config.image_tokens
        context = self.image_proj(image_embeds).view(-1, tokens, self.config.image)
        h = self.conv_in(sample)
        skips = [h]
        for level, blocks in enumerate(self.down_blocks):
            for block in blocks:
                h = self.run(block, h, embedding, context)
                skips.append(h)
            if level < len(self.downsamplers):
                h = self.downsamplers[level](h, embedding)
                skips.append(h)
        h = self.mid_blocks[0](h, embedding)
        h = self.mid_blocks[1](self.mid_attention(h, context), embedding)
        joins = iter(self.joins)
        for level, blocks in enumerate(self.up_blocks):
            for block in blocks:
                h = self.run(block, next(joins)(h, skips.pop()), embedding, context)
            if level < len(self.upsamplers):
                h = self.upsamplers[level](h, embedding)
        return self.conv_out(F.silu(self.norm_out(h)))
