"""Blocks of CogView3-Plus and CogView4: image and text share every layer but the norms.

Written from the published `transformer/config.json` and the layout of diffusers'
CogView3PlusTransformer2DModel. The two have a stream each, yet attention and feed-forward run over
both joined, the text first. q and k go by a norm without weights. What lies around the blocks is
that of Stable Diffusion 3, with the pooled prompt in place of sizes.
"""

import torch
from torch import nn

from aura import NormedStream, attend
from dit import layer_norm
from mmdit import AdaLayerNorm, Mlp, Mmdit, gelu


class SharedBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config.hidden
        self.norm1 = AdaLayerNorm(hidden, 6)
        self.norm1_context = AdaLayerNorm(hidden, 6)
        self.attn1 = NormedStream(config)
        self.norm2 = layer_norm(hidden)
        self.norm2_context = layer_norm(hidden)
        self.ff = Mlp(hidden, 4 * hidden, hidden, gelu)

    def attend(self, joined, count):
        return self.attn1.to_out(attend(*self.attn1.project(joined)))

    def forward(self, image, text, condition):
        count = text.shape[1]
        normed, modulation = self.norm1(image, condition)
        normed_text, modulation_text = self.norm1_context(text, condition)
        joined = torch.cat([normed_text, normed], dim=1)
        attended = self.attend(joined, count)
        gate, shift, scale, gate_mlp = (part[:, None] for part in modulation)
        gate_text, shift_text, scale_text, gate_mlp_text = (part[:, None] for part in modulation_text)
        image = image + gate * attended[:, count:]
        text = text + gate_text * attended[:, :count]
        normed = self.norm2(image) * (1 + scale) + shift
        normed_text = self.norm2_context(text) * (1 + scale_text) + shift_text
        fed = self.ff(torch.cat([normed_text, normed], dim=1))
        return image + gate_mlp * fed[:, count:], text + gate_mlp_text * fed[:, :count]


class CogView(Mmdit):
    """As `Mmdit`."""

    def block(self, index):
        return SharedBlock(self.config)
