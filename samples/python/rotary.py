"""Rotary positions (Su et al., arXiv 2104.09864) in the ways that model code writes them.

All turn neighbouring pairs of the channels of a head by the same angles, so they give the same numbers
up to the order of channels in `turn_halves`. Tables are cosine and sine [tokens, channels / 2].
"""

import torch

BASE = 10000.0


def grid_positions(*sizes):
    """The place of each token on a grid, row by row: [tokens, axes]."""
    axes = [torch.arange(size, dtype=torch.float32) for size in sizes]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(sizes))


def tables(positions, widths):
    """Cosine and sine of every angle; each axis of the positions turns its share of the channels."""
    angles = []
    for axis, width in enumerate(widths):
        exponent = torch.arange(0, width, 2, dtype=torch.float32) / width
        angles.append(positions[:, axis, None] * (BASE**-exponent)[None])
    angles = torch.cat(angles, dim=1)
    return angles.cos(), angles.sin()


def turn_pairs(x, cosine, sine):
    """As a complex product, written with real numbers: [..., tokens, channels]."""
    real, imaginary = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = [real * cosine - imaginary * sine, real * sine + imaginary * cosine]
    return torch.stack(turned, dim=-1).flatten(-2)


def turn_slices(x, cosine, sine):
    """By assignment to every second channel of a new tensor."""
    out = torch.empty_like(x)
    real, imaginary = x[..., 0::2], x[..., 1::2]
    out[..., 0::2] = real * cosine - imaginary * sine
    out[..., 1::2] = real * sine + imaginary * cosine
    return out


def turn_halves(x, cosine, sine):
    """Of channel i and the one half of them further on."""
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return x * torch.cat([cosine, cosine], dim=-1) + turned * torch.cat([sine, sine], dim=-1)
