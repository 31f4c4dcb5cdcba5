"""U-ViT (Bao et al., arXiv 2209.12152): a transformer over patches, timestep and caption, with long skips.

All tokens have one scale. A block on the way up reads its input and a skip side by side, by a
linear layer.
"""

from dataclasses import dataclass

import torch
from torch import nn

from skip_join import SkipJoin
from unet_conditional import CrossAttention, timestep_features


@dataclass(frozen=True)
class UVitConfig:
    """`depth` blocks on either way, and one between."""

    input_size: int = 8
    channels: int = 4
    patch: int = 2
    hidden: int = 32
    depth: int = 2
    heads: int = 2
    context: int = 24
    fused_attention: bool = True


class UVitBlock(nn.Module):
    def __init__(self, config, skips):
        super().__init__()
        hidden = config.hidden
        self.join = SkipJoin(axis=-1) if skips else None
        self.skip_linear = nn.Linear(2 * hidden, hidden) if skips else None
        self.norm1 = nn.LayerNorm(hidden)
        self.attn = CrossAttention(config, config.heads, hidden, hidden)
        self.norm2 = nn.LayerNorm(hidden)
        self.mlp = nn.Sequential(
            nn.Linear(hidden, 4 * hidden), nn.GELU(), nn.Linear(4 * hidden, hidden)
        )

    def forward(self, x, skip=None):
        if self.join is not None:
            x = self.skip_linear(self.join(x, skip))
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class UVit(nn.Module):
    """Predicts the noise in `sample` [batch, channels, input_size, input_size]; `timestep` is a scalar."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden, patch, channels = config.hidden, config.patch, config.channels
        self.patches = nn.Conv2d(channels, hidden, patch, stride=patch)
        self.context_embed = nn.Linear(config.context, hidden)
        tokens = (config.input_size // patch) ** 2
        self.pos_embed = nn.Parameter(torch.randn(1, tokens, hidden) * 0.1)
        self.in_blocks = nn.ModuleList(UVitBlock(config, False) for _ in range(config.depth))
        self.mid_block = UVitBlock(config, False)
        self.out_blocks = nn.ModuleList(UVitBlock(config, True) for _ in range(config.depth))
        self.norm = nn.LayerNorm(hidden)
        self.decoder = nn.Linear(hidden, patch * patch * channels)
        self.final_layer = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, sample, timestep, context):
        patch, channels = self.config.patch, self.config.channels
        side = self.config.input_size // patch
        steps = timestep.reshape(1).expand(sample.shape[0])
        time = timestep_features(steps, self.config.hidden).to(sample.dtype)[:, None]
        x = self.patches(sample).flatten(2).transpose(1, 2) + self.pos_embed
        x = torch.cat([time, self.context_embed(context), x], dim=1)
        skips = []
        for block in self.in_blocks:
            x = block(x)
            skips.append(x)
        x = self.mid_block(x)
        for block in self.out_blocks:
            x = block(x, skips.pop())
        x = self.decoder(self.norm(x))[:, -side * side :]
        x = x.reshape(-1, side, side, patch, patch, channels).permute(0, 5, 1, 3, 2, 4)
        return self.final_layer(x.reshape(-1, channels, side * patch, side * patch))
