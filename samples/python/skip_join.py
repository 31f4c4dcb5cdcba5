"""Where a skip meets the main branch, as a module of its own: what DeepCache keeps is what goes in first."""

import torch
from torch import nn


class SkipJoin(nn.Module):
    """`main` beside `skip`, along channels."""

    is_join = True

    def __init__(self, axis=1):
        super().__init__()
        self.axis = axis

    def forward(self, main, skip):
        return torch.cat([main, skip], dim=self.axis)


class MeanJoin(nn.Module):
    """A learned mean of both, as hourglass transformers take it (Crowson et al., arXiv 2401.11605)."""

    is_join = True

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.full((1,), 0.4))

    def forward(self, main, skip):
        return torch.lerp(skip, main, self.factor)
