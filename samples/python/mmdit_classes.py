"""Small transformers of two streams for pictures of ten classes, in the form of Stable Diffusion 3.5.

The caption is a class: a table has a few tokens for each, and a pooled embedding. Everything else is
`mmdit.py`, q and k normed.
"""

from dataclasses import replace

import torch
from torch import nn

from mmdit import Mmdit, MmditConfig
from unet_digits import CLASSES

CAPTION_TOKENS = 4
DIGITS = MmditConfig(
    input_size=24,
    channels=1,
    hidden=72,
    depth=6,
    heads=3,
    context=72,
    pooled=72,
    normed=True,
)
FASHION = replace(DIGITS, input_size=28, hidden=96, depth=4, context=96, pooled=96)


class ClassMmdit(nn.Module):
    """Predicts the velocity of `sample` [batch, 1, input_size, input_size].

    `timestep` [batch] (float) counts 0..1000; `class_labels` [batch] holds a class, or the count
    of classes for no class.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.captions = nn.Embedding(CLASSES + 1, CAPTION_TOKENS * config.context)
        self.pooled = nn.Embedding(CLASSES + 1, config.pooled)
        self.transformer = Mmdit(config)

    def forward(self, sample, timestep, class_labels):
        caption = self.captions(class_labels).reshape(-1, CAPTION_TOKENS, self.config.context)
        return self.transformer(sample, caption, self.pooled(class_labels), timestep)


def initialize(model):
    """The start of training, as DiT has it: every block begins as the identity."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    transformer = model.transformer
    nn.init.xavier_uniform_(transformer.proj.weight.view(transformer.proj.out_channels, -1))
    nn.init.zeros_(transformer.proj.bias)
    embedder = transformer.timestep_embedder
    for layer in (embedder.linear_1, embedder.linear_2):
        nn.init.normal_(layer.weight, std=0.02)
    modulations = [
        norm.linear
        for block in transformer.transformer_blocks
        for norm in (block.norm1, block.norm1_context)
    ]
    for layer in [*modulations, transformer.norm_out.linear, transformer.proj_out]:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
