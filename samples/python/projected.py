"""Multi-head attention with a linear layer each for q, k, v and what comes out, as newer networks vary it."""

import torch.nn.functional as F
from torch import nn

from mmdit import RmsNorm


def split(x, heads):
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


class Projected(nn.Module):
    """From `x` [batch, tokens, hidden] to `context`, or to itself when there is none.

    `shared` heads of k and v serve all `heads` (grouped queries). q and k are normed by head, or with
    `across` over all heads at once. `turn` puts positions into heads of q and k; `mask` is added to
    the scores.
    """

    def __init__(self, hidden, heads, shared=None, context=None, norm=RmsNorm, across=False, bias=True):
        super().__init__()
        self.heads, self.shared, self.across = heads, shared or heads, across
        width = hidden // heads
        inner, source = self.shared * width, context or hidden
        self.to_q = nn.Linear(hidden, hidden, bias=bias)
        self.to_k = nn.Linear(source, inner, bias=bias)
        self.to_v = nn.Linear(source, inner, bias=bias)
        self.norm_q = norm(hidden if across else width) if norm else nn.Identity()
        self.norm_k = norm(inner if across else width) if norm else nn.Identity()
        self.to_out = nn.Linear(hidden, hidden, bias=bias)

    def project(self, x, context=None):
        context = x if context is None else context
        q, k, v = self.to_q(x), self.to_k(context), self.to_v(context)
        if self.across:
            q, k = self.norm_q(q), self.norm_k(k)
        q, k, v = split(q, self.heads), split(k, self.shared), split(v, self.shared)
        return (q, k, v) if self.across else (self.norm_q(q), self.norm_k(k), v)

    def mix(self, q, k, v, mask=None):
        """Attention of heads, joined again, before what comes out."""
        groups = self.heads // self.shared
        if groups > 1:
            k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return mixed.transpose(1, 2).flatten(2)

    def forward(self, x, context=None, turn=None, mask=None):
        q, k, v = self.project(x, context)
        if turn:
            q, k = turn(q), turn(k)
        return self.to_out(self.mix(q, k, v, mask))
