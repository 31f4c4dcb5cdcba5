"""One attention module in the ways that PyTorch code spells it.

The linear layers of all modules are the same, drawn from one seed; a spelling decides what
stands between them, so spellings that mean the same give the same numbers. The weights of
query and key are large, so that the scores tell the tokens apart.
"""

import torch
import torch.nn.functional as F
from torch import nn

BATCH = 2
TOKENS = 12
HEADS = 2
HEAD_DIM = 8
HIDDEN = HEADS * HEAD_DIM
IMAGE = (3, 4)
CONTEXT_TOKENS = 5
CONTEXT_CHANNELS = 24
SCALE = HEAD_DIM**-0.5


def split_heads(x):
    """[batch, tokens, channels] to [batch, heads, tokens, head channels]."""
    batch, tokens, channels = x.shape
    return x.reshape(batch, tokens, HEADS, channels // HEADS).transpose(1, 2)


def merge_heads(x):
    batch, heads, tokens, channels = x.shape
    return x.transpose(1, 2).reshape(batch, tokens, heads * channels)


def fold_heads(x):
    """[batch, tokens, channels] to [batch * heads, tokens, head channels]."""
    batch, tokens, channels = x.shape
    return split_heads(x).reshape(batch * HEADS, tokens, channels // HEADS)


def unfold_heads(x):
    folded, tokens, channels = x.shape
    return merge_heads(x.reshape(folded // HEADS, HEADS, tokens, channels))


# How each one spells attention from q, k, v [batch, tokens, channels] to the same shape.


def scale_on_scores(q, k, v):
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    return merge_heads((q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v)


def scores_divided(q, k, v):
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    return merge_heads((q @ k.transpose(-2, -1) / HEAD_DIM**0.5).softmax(dim=-1) @ v)


def scale_on_query(q, k, v):
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    return merge_heads(((q * SCALE) @ k.transpose(-2, -1)).softmax(dim=-1) @ v)


def scale_on_both(q, k, v):
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    root = HEAD_DIM**-0.25
    return merge_heads(((q * root) @ (k * root).transpose(-2, -1)).softmax(dim=-1) @ v)


def key_transposed_in_3d(q, k, v):
    """As PyTorch's second exporter writes scaled_dot_product_attention."""
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    batch, heads, tokens, channels = k.shape
    k = k.reshape(batch * heads, tokens, channels).transpose(1, 2)
    k = k.reshape(batch, heads, channels, tokens)
    return merge_heads(((q * SCALE**0.5) @ (k * SCALE**0.5)).softmax(dim=-1) @ v)


def library_function(q, k, v, mask=None):
    """scaled_dot_product_attention; spellings_export.py gives it the form of PyTorch 2."""
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    return merge_heads(F._scaled_dot_product_attention(q, k, v, mask)[0])


def folded_bmm(q, k, v):
    q, k, v = fold_heads(q), fold_heads(k), fold_heads(v)
    return unfold_heads(torch.bmm((torch.bmm(q, k.transpose(1, 2)) * SCALE).softmax(dim=-1), v))


def folded_baddbmm(q, k, v, mask=None):
    """As in diffusers for PyTorch 1.x; `mask` [batch, 1, keys] is added to the scores."""
    q, k, v = fold_heads(q), fold_heads(k), fold_heads(v)
    if mask is None:
        added, beta = torch.empty(q.shape[0], q.shape[1], k.shape[1]), 0
    else:
        added, beta = mask[:, None].expand(-1, HEADS, -1, -1), 1
        added = added.reshape(q.shape[0], 1, k.shape[1])
    scores = torch.baddbmm(added, q, k.transpose(1, 2), beta=beta, alpha=SCALE)
    return unfold_heads(torch.bmm(scores.softmax(dim=-1), v))


def einsum_folded(q, k, v):
    q, k, v = fold_heads(q), fold_heads(k), fold_heads(v)
    weights = (torch.einsum("bid,bjd->bij", q, k) * SCALE).softmax(dim=-1)
    return unfold_heads(torch.einsum("bij,bjd->bid", weights, v))


def einsum_heads_behind(q, k, v):
    """Heads stay behind the tokens: no transpose at all."""
    batch = q.shape[0]
    q, k, v = (x.reshape(batch, -1, HEADS, HEAD_DIM) for x in (q, k, v))
    weights = (torch.einsum("bihd,bjhd->bhij", q, k) * SCALE).softmax(dim=-1)
    return torch.einsum("bhij,bjhd->bihd", weights, v).reshape(batch, -1, HIDDEN)


def added_mask(q, k, v, mask):
    """`mask` [batch, 1, queries, keys] is added to the scores."""
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    return merge_heads((q @ k.transpose(-2, -1) * SCALE + mask).softmax(dim=-1) @ v)


def boolean_mask(q, k, v, mask):
    """Scores where `mask` [batch, 1, queries, keys] is false are filled with minus infinity."""
    q, k, v = split_heads(q), split_heads(k), split_heads(v)
    scores = (q @ k.transpose(-2, -1) * SCALE).masked_fill(~mask, float("-inf"))
    return merge_heads(scores.softmax(dim=-1) @ v)


def causal_mask(q, k, v):
    hidden = torch.full((TOKENS, TOKENS), float("-inf")).triu(diagonal=1)
    return added_mask(q, k, v, hidden)


def rotary_angles():
    """Cosine and sine per token and pair of channels: [tokens, head channels / 2] each."""
    frequencies = 10000.0 ** -(torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    angles = torch.arange(TOKENS)[:, None] * frequencies[None]
    return angles.cos(), angles.sin()


def rotary_halves(q, k, v):
    """Rotary embedding (Su et al., arXiv 2104.09864) of channel c with c + half."""
    cos, sin = (torch.cat([table, table], dim=-1) for table in rotary_angles())

    def rotate(x):
        first, second = x.chunk(2, dim=-1)
        return x * cos + torch.cat([-second, first], dim=-1) * sin

    q, k, v = rotate(split_heads(q)), rotate(split_heads(k)), split_heads(v)
    return merge_heads((q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v)


def rotary_pairs(q, k, v):
    """Rotary embedding of neighbouring channels."""
    cos, sin = rotary_angles()

    def rotate(x):
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)

    q, k, v = rotate(split_heads(q)), rotate(split_heads(k)), split_heads(v)
    return merge_heads((q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v)


class RmsNorm(nn.Module):
    """Zhang and Sennrich, arXiv 1910.07467."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class Separate(nn.Module):
    """A linear layer each for q, k and v; `spell` stands between them and the last layer."""

    def __init__(self, spell, key_channels=HIDDEN):
        super().__init__()
        self.spell = spell
        torch.manual_seed(0)
        self.to_q = nn.Linear(HIDDEN, HIDDEN)
        self.to_k = nn.Linear(key_channels, HIDDEN)
        self.to_v = nn.Linear(key_channels, HIDDEN)
        self.to_out = nn.Linear(HIDDEN, HIDDEN)
        with torch.no_grad():
            self.to_q.weight *= 4
            self.to_k.weight *= 4

    def forward(self, x, *mask):
        return self.to_out(self.spell(self.to_q(x), self.to_k(x), self.to_v(x), *mask))


class Cross(Separate):
    def __init__(self, spell):
        super().__init__(spell, CONTEXT_CHANNELS)

    def forward(self, x, context, *mask):
        q, k, v = self.to_q(x), self.to_k(context), self.to_v(context)
        return self.to_out(self.spell(q, k, v, *mask))


class Normed(Separate):
    """Each head of q and k passes through a norm of its own."""

    def __init__(self, norm):
        super().__init__(scale_on_scores)
        self.norm_q, self.norm_k = norm(HEAD_DIM), norm(HEAD_DIM)

    def forward(self, x):
        q, k, v = (split_heads(layer(x)) for layer in (self.to_q, self.to_k, self.to_v))
        q, k = self.norm_q(q), self.norm_k(k)
        return self.to_out(merge_heads((q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v))


def packed_linear(separate):
    """One layer for q, k and v, in this order, with the weights of three."""
    layers = (separate.to_q, separate.to_k, separate.to_v)
    packed = nn.Linear(HIDDEN, 3 * HIDDEN)
    packed.weight = nn.Parameter(torch.cat([layer.weight for layer in layers]))
    packed.bias = nn.Parameter(torch.cat([layer.bias for layer in layers]))
    return packed


class Packed(nn.Module):
    """One layer for q, k and v, cut by a fifth dimension as in DiT and timm."""

    def __init__(self):
        super().__init__()
        separate = Separate(None)
        self.qkv, self.to_out = packed_linear(separate), separate.to_out

    def forward(self, x):
        batch, tokens, hidden = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, HEADS, HEAD_DIM).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        attended = (q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v
        return self.to_out(attended.transpose(1, 2).reshape(batch, tokens, hidden))


class PackedChunks(Packed):
    """One layer for q, k and v, cut into three along the channels."""

    def forward(self, x):
        return self.to_out(scale_on_scores(*self.qkv(x).chunk(3, dim=-1)))


class Library(nn.Module):
    """torch.nn.MultiheadAttention: tokens stand before the batch inside."""

    def __init__(self):
        super().__init__()
        separate = Separate(None)
        packed = packed_linear(separate)
        # With batch_first it would take a path that cannot be exported.
        self.attention = nn.MultiheadAttention(HIDDEN, HEADS)
        self.attention.in_proj_weight = packed.weight
        self.attention.in_proj_bias = packed.bias
        self.attention.out_proj.weight = separate.to_out.weight
        self.attention.out_proj.bias = separate.to_out.bias

    def forward(self, x):
        x = x.transpose(0, 1)
        return self.attention(x, x, x, need_weights=False)[0].transpose(0, 1)


def pointwise(linear, convolution):
    """A convolution of one tap with the weights of a linear layer."""
    layer = convolution(linear.in_features, linear.out_features, 1)
    layer.weight = nn.Parameter(linear.weight.reshape(layer.weight.shape))
    layer.bias = linear.bias
    return layer


class Convolutional(nn.Module):
    """One head over an image, all layers 1x1 convolutions, as in DDPM."""

    def __init__(self):
        super().__init__()
        separate = Separate(None)
        self.to_q = pointwise(separate.to_q, nn.Conv2d)
        self.to_k = pointwise(separate.to_k, nn.Conv2d)
        self.to_v = pointwise(separate.to_v, nn.Conv2d)
        self.to_out = pointwise(separate.to_out, nn.Conv2d)

    def forward(self, x):
        batch, channels, height, width = x.shape
        q, k, v = (
            layer(x).reshape(batch, channels, height * width)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        weights = (torch.bmm(q.permute(0, 2, 1), k) * HIDDEN**-0.5).softmax(dim=2)
        # (batch, channels, keys) x (batch, keys, queries): the scores are transposed, not v.
        attended = torch.bmm(v, weights.permute(0, 2, 1))
        return self.to_out(attended.reshape(batch, channels, height, width))


class ConvolutionalPacked(nn.Module):
    """Channels before tokens, one packed convolution, two einsums, scale on q and on k, as in
    the guided-diffusion U-Net (Dhariwal and Nichol, arXiv 2105.05233).
    """

    def __init__(self):
        super().__init__()
        separate = Separate(None)
        self.qkv = pointwise(packed_linear(separate), nn.Conv1d)
        self.to_out = pointwise(separate.to_out, nn.Conv1d)

    def forward(self, x):
        batch, channels, height, width = x.shape
        qkv = self.qkv(x.reshape(batch, channels, height * width))
        q, k, v = (
            part.reshape(batch * HEADS, HEAD_DIM, height * width) for part in qkv.chunk(3, dim=1)
        )
        root = HEAD_DIM**-0.25
        weights = torch.einsum("bct,bcs->bts", q * root, k * root).softmax(dim=-1)
        attended = torch.einsum("bts,bcs->bct", weights, v)
        h = self.to_out(attended.reshape(batch, channels, height * width))
        return h.reshape(batch, channels, height, width)


class Block(nn.Module):
    """Attention as it stands in a network: behind a norm, beside a residual connection."""

    def __init__(self, attention, norm):
        super().__init__()
        self.attention = attention
        self.norm = norm

    def forward(self, x, *others):
        return x + self.attention(self.norm(x), *others)


def block(attention, is_image=False):
    """A block with norms that are not merely ones and zeros."""
    norm = nn.GroupNorm(4, HIDDEN) if is_image else nn.LayerNorm(HIDDEN)
    model = Block(attention, norm).requires_grad_(False)
    torch.manual_seed(1)
    for module in model.modules():
        if isinstance(module, (nn.GroupNorm, nn.LayerNorm, RmsNorm)):
            module.weight.normal_(1, 0.1)
        if isinstance(module, (nn.GroupNorm, nn.LayerNorm)):
            module.bias.normal_(0, 0.1)
    return model
