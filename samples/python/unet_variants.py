"""What people put around and into the U-Net of unet_conditional.py, in one file with it.

FreeU (Si et al., arXiv 2309.11497) scales half of the main branch's channels, and the low
frequencies of the skip, where the two meet in the first blocks of the decoder; a ControlNet
(Zhang et al., arXiv 2302.05543) is a second encoder whose maps are added to the skips; LoRA
(Hu et al., arXiv 2106.09685) adds two small layers to a large one.
"""

import torch
from torch import nn

from skip_join import SkipJoin
from unet_channels import unet_channels
from unet_conditional import ConditionalUNet, CrossAttention, DownLevel, MiddleBlock, ResnetBlock


class JoiningUNet(ConditionalUNet):
    """The same network, of which each join is a module."""

    def __init__(self, config):
        super().__init__(config)
        self.joins = nn.ModuleList(SkipJoin() for up in self.up_blocks for _ in up.resnets)

    def encode(self, sample, embedding, context):
        h = self.conv_in(sample)
        skips = [h]
        for down in self.down_blocks:
            outputs = down(h, embedding, context)
            skips += outputs
            h = outputs[-1]
        return h, skips

    def decode(self, h, skips, embedding, context):
        joins = iter(self.joins)
        for up in self.up_blocks:
            for index in range(len(up.resnets)):
                h = up.run(index, next(joins)(h, skips.pop()), embedding, context)
            for upsampler in up.upsamplers:
                h = upsampler(h)
        return self.conv_out(self.conv_act(self.conv_norm_out(h)))

    def denoise(self, sample, embedding, context):
        h, skips = self.encode(sample, embedding, context)
        return self.decode(self.mid_block(h, embedding, context), skips, embedding, context)


class FreeJoin(nn.Module):
    """A join with FreeU: equations 2 to 5 of the paper, the low frequencies of the skip by `filtered`."""

    is_join = True

    def __init__(self, backbone, skip, filtered):
        super().__init__()
        self.backbone = backbone
        self.skip = skip
        self.filtered = filtered

    def forward(self, main, skip):
        half = main.shape[1] // 2
        mean = main.mean(1, keepdim=True)
        low = mean.amin((2, 3), keepdim=True)
        mean = (mean - low) / (mean.amax((2, 3), keepdim=True) - low)
        scaled = main[:, :half] * ((self.backbone - 1) * mean + 1)
        skip = low_frequencies(skip, self.skip) if self.filtered else skip * self.skip
        return torch.cat([scaled, main[:, half:], skip], dim=1)


def low_frequencies(x, scale):
    """`x` with its lowest frequencies scaled, in the Fourier domain."""
    frequencies = torch.fft.fftn(x, dim=(-2, -1))
    mask = torch.ones(x.shape[-2:])
    mask[:1, :1] = scale
    return torch.fft.ifftn(frequencies * mask, dim=(-2, -1)).real


class FreeUNet(JoiningUNet):
    def __init__(self, config, filtered=False):
        super().__init__(config)
        # the two levels at the start of the decoder
        count = len(config.levels) * (config.residual_blocks + 1)
        scales = [(1.5, 0.9), (1.6, 0.2)]
        for index in range(min(count, 2 * (config.residual_blocks + 1))):
            backbone, skip = scales[index // (config.residual_blocks + 1)]
            self.joins[index] = FreeJoin(backbone, skip, filtered)


class ControlNet(nn.Module):
    """The encoder and the middle of a U-Net over the latent and a hint, and a convolution for each skip."""

    def __init__(self, config):
        super().__init__()
        levels = config.levels
        self.conv_in = nn.Conv2d(config.channels, levels[0], 3, padding=1)
        self.hint = nn.Sequential(
            nn.Conv2d(3, levels[0], 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(levels[0], levels[0], 3, padding=1),
        )
        down, _ = unet_channels(levels[0], levels, config.residual_blocks)
        self.down_blocks = nn.ModuleList(
            DownLevel(config, level, in_channels) for level, in_channels in enumerate(down)
        )
        self.mid_block = MiddleBlock(config)
        skips = [levels[0]]
        for level, width in enumerate(levels):
            skips += [width] * (config.residual_blocks + (level < len(levels) - 1))
        self.zero = nn.ModuleList(nn.Conv2d(width, width, 1) for width in skips)
        self.zero_mid = nn.Conv2d(levels[-1], levels[-1], 1)

    def forward(self, sample, hint, embedding, context):
        h = self.conv_in(sample) + self.hint(hint)
        skips = [h]
        for down in self.down_blocks:
            outputs = down(h, embedding, context)
            skips += outputs
            h = outputs[-1]
        h = self.mid_block(h, embedding, context)
        return [zero(skip) for zero, skip in zip(self.zero, skips)], self.zero_mid(h)


class UNetWithControl(JoiningUNet):
    """Takes the hint [batch, 3, height, width] and how strongly it counts."""

    def __init__(self, config):
        super().__init__(config)
        self.controlnet = ControlNet(config)

    def forward(self, sample, timestep, encoder_hidden_states, controlnet_cond, conditioning_scale):
        embedding = self.embed(sample, timestep, None, None)
        residuals, middle = self.controlnet(
            sample, controlnet_cond, embedding, encoder_hidden_states
        )
        h, skips = self.encode(sample, embedding, encoder_hidden_states)
        skips = [
            skip + residual * conditioning_scale for skip, residual in zip(skips, residuals)
        ]
        h = self.mid_block(h, embedding, encoder_hidden_states) + middle * conditioning_scale
        return self.decode(h, skips, embedding, encoder_hidden_states)


class Adapted(nn.Module):
    """A layer and its adapter."""

    def __init__(self, layer, down, up, scale):
        super().__init__()
        self.base_layer, self.lora_A, self.lora_B, self.scale = layer, down, up, scale

    def forward(self, x):
        return self.base_layer(x) + self.lora_B(self.lora_A(x)) * self.scale


def adapt(layer, rank=4, scale=0.5):
    if isinstance(layer, nn.Linear):
        down = nn.Linear(layer.in_features, rank, bias=False)
        up = nn.Linear(rank, layer.out_features, bias=False)
    else:
        down = nn.Conv2d(layer.in_channels, rank, 3, padding=1, bias=False)
        up = nn.Conv2d(rank, layer.out_channels, 1, bias=False)
    return Adapted(layer, down, up, scale)


class AdaptedUNet(JoiningUNet):
    """With LoRA at all projections of attention and at the convolutions of residual blocks."""

    def __init__(self, config):
        super().__init__(config)
        for module in list(self.modules()):
            if isinstance(module, CrossAttention):
                for name in ("to_q", "to_k", "to_v"):
                    setattr(module, name, adapt(getattr(module, name)))
                module.to_out[0] = adapt(module.to_out[0])
            if isinstance(module, ResnetBlock):
                module.conv1 = adapt(module.conv1)
                module.conv2 = adapt(module.conv2)
