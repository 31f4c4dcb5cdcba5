"""What a network of the corpus is."""

from dataclasses import dataclass
from typing import Callable

import torch
from torch import nn

SIZE = 8
TOKENS = 7


@dataclass(frozen=True)
class Network:
    """How to build a network and call it with `batch` images; which axes are free.

    `build` is told whether attention is to be one call of the library. The timestep is None, as
    its form depends on the exporter.
    """

    build: Callable[[bool], nn.Module]
    kind: str
    inputs: dict
    axes: dict
    holds: dict
    output: str = "out_sample"


def image(batch):
    return torch.randn(batch, 4, SIZE, SIZE)


def context(batch):
    return torch.randn(batch, TOKENS, 24)
