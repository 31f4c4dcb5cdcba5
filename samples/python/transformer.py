"""The feed-forward half of a transformer block, as both latent diffusion U-Nets have it."""

import torch.nn.functional as F
from torch import nn


class GEGLU(nn.Module):
    """Gated GELU (Shazeer, arXiv 2002.05202): one projection gives value and gate."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.proj = nn.Linear(in_channels, 2 * out_channels)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, channels, widening=4):
        super().__init__()
        # The middle entry holds the place of a dropout layer, for the published layer names.
        self.net = nn.Sequential(
            GEGLU(channels, widening * channels),
            nn.Identity(),
            nn.Linear(widening * channels, channels),
        )

    def forward(self, x):
        return self.net(x)
