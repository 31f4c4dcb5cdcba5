"""A small class-conditional U-Net for Fashion-MNIST, in the layout of Stable Diffusion's.

The class is a caption of a few tokens from a table, which cross-attention reads on the levels of
14x14 and 7x7. Everything else is `unet_conditional.py`.
"""

import torch
from torch import nn

from fashion_images import CLASSES
from unet_conditional import (
    ConditionalUNet,
    ResnetBlock,
    Transformer2D,
    UNetConfig,
)

CAPTION_TOKENS = 4
FASHION = UNetConfig(
    channels=1,
    levels=(16, 32, 64),
    depths=(0, 1, 1),
    heads=(1, 2, 4),
    context=32,
    groups=8,
    residual_blocks=1,
    linear_projection=True,
    fused_attention=True,
)


class FashionUNet(nn.Module):
    """Predicts the velocity of `sample` [batch, 1, 28, 28], values about [-1, 1].

    `timestep` [batch] counts 0..999; `class_labels` [batch] holds a class, or the count of classes
    for no class.
    """

    def __init__(self, config=FASHION):
        super().__init__()
        self.captions = nn.Embedding(CLASSES + 1, CAPTION_TOKENS * config.context)
        self.unet = ConditionalUNet(config)

    def forward(self, sample, timestep, class_labels):
        table = self.captions.weight.reshape(CLASSES + 1, CAPTION_TOKENS, -1)
        return self.unet(sample, timestep, table[class_labels])


def initialize(model):
    """The start of training: every block begins as the identity, and the output at zero."""
    for module in model.modules():
        if isinstance(module, ResnetBlock):
            zero(module.conv2)
        elif isinstance(module, Transformer2D):
            zero(module.proj_out)
        elif isinstance(module, ConditionalUNet):
            zero(module.conv_out)


@torch.no_grad()
def zero(layer):
    layer.weight.zero_()
    layer.bias.zero_()
