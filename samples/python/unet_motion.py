"""AnimateDiff (Guo et al., arXiv 2307.04725): a U-Net of images with a motion module behind each of its blocks.

A motion module is a transformer along frames, of which each block attends twice to itself; frames
lie in the batch for all else.
"""

import torch
from torch import nn

from transformer import FeedForward
from unet_conditional import CrossAttention, timestep_features
from unet_variants import JoiningUNet

MOST_FRAMES = 8


class MotionBlock(nn.Module):
    """[batch * pixels, frames, channels]; places are added before each attention."""

    def __init__(self, config, heads, channels):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = CrossAttention(config, heads, channels, channels)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = CrossAttention(config, heads, channels, channels)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)
        places = timestep_features(torch.arange(MOST_FRAMES), channels)
        self.register_buffer("places", places[None])

    def forward(self, x):
        places = self.places[:, : x.shape[1]]
        x = self.attn1(self.norm1(x) + places) + x
        x = self.attn2(self.norm2(x) + places) + x
        return self.ff(self.norm3(x)) + x


class MotionModule(nn.Module):
    def __init__(self, config, heads, channels):
        super().__init__()
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.block = MotionBlock(config, heads, channels)
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x, frames):
        count, channels, height, width = x.shape
        batch = count // frames
        h = x.reshape(batch, frames, channels, height, width).permute(0, 2, 1, 3, 4)
        h = self.norm(h).permute(0, 3, 4, 2, 1).reshape(-1, frames, channels)
        h = self.proj_out(self.block(self.proj_in(h)))
        h = h.reshape(batch, height, width, frames, channels).permute(0, 3, 4, 1, 2)
        return x + h.reshape(count, channels, height, width)


class MotionUNet(JoiningUNet):
    """`sample` and the output are [batch, channels, frames, height, width]."""

    def __init__(self, config):
        super().__init__(config)
        widths = [
            (config.heads[level], config.levels[level])
            for level in range(len(config.levels))
            for _ in range(config.residual_blocks)
        ]
        self.motion_down = nn.ModuleList(MotionModule(config, *width) for width in widths)
        self.motion_up = nn.ModuleList(
            MotionModule(config, config.heads[level], config.levels[level])
            for level in reversed(range(len(config.levels)))
            for _ in range(config.residual_blocks + 1)
        )

    def forward(self, sample, timestep, encoder_hidden_states):
        batch, channels, frames = sample.shape[:3]
        embedding = self.embed(sample, timestep, None, None).repeat_interleave(frames, dim=0)
        context = encoder_hidden_states.repeat_interleave(frames, dim=0)
        h = self.conv_in(sample.transpose(1, 2).flatten(0, 1))
        skips = [h]
        motion = iter(self.motion_down)
        for down in self.down_blocks:
            for index in range(len(down.resnets)):
                h = next(motion)(down.run(index, h, embedding, context), frames)
                skips.append(h)
            for downsampler in down.downsamplers:
                h = downsampler(h)
                skips.append(h)
        h = self.mid_block(h, embedding, context)
        motion, joins = iter(self.motion_up), iter(self.joins)
        for up in self.up_blocks:
            for index in range(len(up.resnets)):
                joined = next(joins)(h, skips.pop())
                h = next(motion)(up.run(index, joined, embedding, context), frames)
            for upsampler in up.upsamplers:
                h = upsampler(h)
        h = self.conv_out(self.conv_act(self.conv_norm_out(h)))
        return h.reshape(batch, frames, channels, *h.shape[2:]).transpose(1, 2)
