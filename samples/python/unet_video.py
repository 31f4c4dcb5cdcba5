"""A U-Net over frames, in the layout of Stable Video Diffusion (arXiv 2311.15127).

Each residual block and each transformer of an image U-Net is followed by one along time, and a
learned weight blends the two (Blattmann et al., arXiv 2304.08818, section 3). Frames lie in the
batch for spatial layers, pixels for temporal attention.
"""

import torch
from torch import nn

from transformer import FeedForward
from unet_channels import unet_channels
from unet_conditional import (
    BasicTransformerBlock,
    CrossAttention,
    Downsample,
    ResnetBlock,
    TimestepEmbedding,
    Upsample,
    block_stages,
    timestep_features,
)


class AlphaBlender(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix_factor = nn.Parameter(torch.full((1,), 0.5))

    def forward(self, spatial, temporal):
        alpha = torch.sigmoid(self.mix_factor)
        return alpha * spatial + (1.0 - alpha) * temporal


class TemporalResnetBlock(nn.Module):
    """Convolutions over three neighbouring frames: [batch, channels, frames, height, width]."""

    def __init__(self, config, channels):
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, channels)
        self.conv1 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        self.time_emb_proj = nn.Linear(config.embedding, channels)
        self.norm2 = nn.GroupNorm(config.groups, channels)
        self.conv2 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        self.nonlinearity = nn.SiLU()

    def forward(self, x, embedding):
        h = self.conv1(self.nonlinearity(self.norm1(x)))
        shift = self.time_emb_proj(self.nonlinearity(embedding))
        h = h + shift.permute(0, 2, 1)[:, :, :, None, None]
        return x + self.conv2(self.nonlinearity(self.norm2(h)))


class SpatioTemporalResBlock(nn.Module):
    def __init__(self, config, in_channels, out_channels):
        super().__init__()
        self.spatial_res_block = ResnetBlock(config, in_channels, out_channels)
        self.temporal_res_block = TemporalResnetBlock(config, out_channels)
        self.time_mixer = AlphaBlender()

    def forward(self, h, embedding, frames):
        h = self.spatial_res_block(h, embedding)
        batch, channels, height, width = h.shape
        x = h[None].reshape(-1, frames, channels, height, width).permute(0, 2, 1, 3, 4)
        over_time = self.temporal_res_block(x, embedding.reshape(-1, frames, embedding.shape[-1]))
        mixed = self.time_mixer(x, over_time)
        return mixed.permute(0, 2, 1, 3, 4).reshape(batch, channels, height, width)


class TemporalTransformerBlock(nn.Module):
    """Attention of each pixel along time: tokens [batch * frames, pixels, channels]."""

    def __init__(self, config, heads, channels):
        super().__init__()
        self.norm_in = nn.LayerNorm(channels)
        self.ff_in = FeedForward(channels)
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = CrossAttention(config, heads, channels, channels)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = CrossAttention(config, heads, channels, config.context)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x, frames, context):
        _, pixels, channels = x.shape
        h = x[None].reshape(-1, frames, pixels, channels).permute(0, 2, 1, 3)
        h = h.reshape(-1, frames, channels)
        h = self.ff_in(self.norm_in(h)) + h
        h = self.attn1(self.norm1(h)) + h
        h = self.attn2(self.norm2(h), context) + h
        h = self.ff(self.norm3(h)) + h
        h = h[None].reshape(-1, pixels, frames, channels).permute(0, 2, 1, 3)
        return h.reshape(-1, pixels, channels)


class SpatioTemporalTransformer(nn.Module):
    def __init__(self, config, heads, channels):
        super().__init__()
        self.channels = channels
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([BasicTransformerBlock(config, heads, channels)])
        self.temporal_transformer_blocks = nn.ModuleList(
            [TemporalTransformerBlock(config, heads, channels)]
        )
        self.time_pos_embed = TimestepEmbedding(channels, 4 * channels)
        self.time_pos_out = nn.Linear(4 * channels, channels)
        self.time_mixer = AlphaBlender()
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x, context, frames):
        count, channels, height, width = x.shape
        batch = count // frames
        # each pixel attends to the context of the first frame
        first = context[None].reshape(batch, frames, -1, context.shape[-1])[:, 0]
        first = first[:, None].expand(batch, height * width, first.shape[-2], first.shape[-1])
        first = first.reshape(batch * height * width, -1, context.shape[-1])

        h = self.norm(x).permute(0, 2, 3, 1).reshape(count, height * width, channels)
        h = self.proj_in(h)
        places = torch.arange(frames, device=x.device).repeat(batch, 1).reshape(-1)
        places = timestep_features(places, self.channels).to(x.dtype)
        places = self.time_pos_out(self.time_pos_embed(places))[:, None]
        for block, over_time in zip(self.transformer_blocks, self.temporal_transformer_blocks):
            h = block(h, context)
            h = self.time_mixer(h, over_time(h + places, frames, first))
        h = self.proj_out(h).reshape(count, height, width, channels).permute(0, 3, 1, 2)
        return h.contiguous() + x


class VideoLevel(nn.Module):
    def __init__(self, config, level, in_channels):
        super().__init__()
        width = config.levels[level]
        self.resnets = nn.ModuleList(
            SpatioTemporalResBlock(config, channels, width) for channels in in_channels
        )
        self.attentions = nn.ModuleList(
            SpatioTemporalTransformer(config, config.heads[level], width)
            for _ in in_channels
            if config.depths[level] > 0
        )

    def run(self, index, h, embedding, context, frames):
        h = self.resnets[index](h, embedding, frames)
        return self.attentions[index](h, context, frames) if len(self.attentions) > 0 else h


class VideoUNet(nn.Module):
    """Predicts the velocity of `sample` [batch, frames, 8, height, width]: noisy latents and those
    of the first image, side by side.

    `timestep` is a scalar; `encoder_hidden_states` [batch, 1, context] is the embedded image;
    `added_time_ids` [batch, 3] are frame rate, motion and noise level. Output
    [batch, frames, 4, height, width].
    """

    SIZE_FEATURES = 32

    def __init__(self, config):
        super().__init__()
        self.config = config
        levels = config.levels
        self.conv_in = nn.Conv2d(8, levels[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(levels[0], config.embedding)
        self.add_embedding = TimestepEmbedding(3 * self.SIZE_FEATURES, config.embedding)
        down, up = unet_channels(levels[0], levels, config.residual_blocks)
        self.down_blocks, self.downsamplers = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(levels):
            self.down_blocks.append(VideoLevel(config, level, down[level]))
            if level < len(levels) - 1:
                self.downsamplers.append(Downsample(width))
        channels = levels[-1]
        self.mid_resnets = nn.ModuleList(
            SpatioTemporalResBlock(config, channels, channels) for _ in range(2)
        )
        self.mid_attention = SpatioTemporalTransformer(config, config.heads[-1], channels)
        self.up_blocks, self.upsamplers = nn.ModuleList(), nn.ModuleList()
        for level in reversed(range(len(levels))):
            self.up_blocks.append(VideoLevel(config, level, up[level]))
            if level > 0:
                self.upsamplers.append(Upsample(levels[level]))
        self.conv_norm_out = nn.GroupNorm(config.groups, levels[0])
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(levels[0], 4, 3, padding=1)

    def forward(self, sample, timestep, encoder_hidden_states, added_time_ids):
        batch, frames = sample.shape[0], sample.shape[1]
        steps = timestep.reshape(1).expand(batch)
        features = timestep_features(steps, self.config.levels[0]).to(sample.dtype)
        added = timestep_features(added_time_ids.flatten(), self.SIZE_FEATURES)
        added = added.reshape(batch, -1).to(sample.dtype)
        embedding = self.time_embedding(features) + self.add_embedding(added)
        embedding = embedding.repeat_interleave(frames, dim=0)
        context = encoder_hidden_states.repeat_interleave(frames, dim=0)

        h = self.conv_in(sample.flatten(0, 1))
        skips = [h]
        for level, down in enumerate(self.down_blocks):
            for index in range(len(down.resnets)):
                h = down.run(index, h, embedding, context, frames)
                skips.append(h)
            if level < len(self.downsamplers):
                h = self.downsamplers[level](h)
                skips.append(h)
        h = self.mid_resnets[0](h, embedding, frames)
        h = self.mid_attention(h, context, frames)
        h = self.mid_resnets[1](h, embedding, frames)
        for level, up in enumerate(self.up_blocks):
            for index in range(len(up.resnets)):
                h = up.run(index, torch.cat([h, skips.pop()], dim=1), embedding, context, frames)
            if level < len(self.upsamplers):
                h = self.upsamplers[level](h)
        h = self.conv_out(self.conv_act(self.conv_norm_out(h)))
        return h.reshape(batch, frames, *h.shape[1:])

    def skip_stages(self):
        """Modules by skip branch: the encoder's stages, the middle, the decoder's stages."""
        encoder = [[self.conv_in]]
        for level, down in enumerate(self.down_blocks):
            encoder += block_stages(down)
            encoder += [[downsampler] for downsampler in self.downsamplers[level : level + 1]]
        decoder = []
        for level, up in enumerate(self.up_blocks):
            decoder += block_stages(up)
            decoder[-1].extend(self.upsamplers[level : level + 1])
        return encoder, [*self.mid_resnets, self.mid_attention], decoder
