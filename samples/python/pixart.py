"""The diffusion transformer PixArt-Sigma XL/2 at 1024x1024 (Chen et al., arXiv 2403.04692).

Written from the papers (PixArt-alpha, arXiv 2310.00426, section 2.3, has the block) and the
published `transformer/config.json`: latents of 4x128x128 in patches of 2x2, so 4,096 tokens;
28 blocks of 1,152 channels with 16 heads; captions of 4,096 channels. Layers are named as in
diffusers' PixArtTransformer2DModel, and attention is spelled as in its releases for PyTorch
1.x: heads folded into the batch, then baddbmm, softmax and bmm.

One Linear computes the modulation of all blocks from the timestep (adaLN-single); each block
adds a table of its own. Cross-attention stands without norm and modulation between the two.
"""

import torch
import torch.nn.functional as F
from torch import nn

from dit import layer_norm, position_features, timestep_features

INPUT_SIZE = 128
PATCH = 2
LATENT_CHANNELS = 4
OUT_CHANNELS = 8
HIDDEN = 1152
DEPTH = 28
HEADS = 16
CAPTION_CHANNELS = 4096
FREQUENCY_FEATURES = 256
INTERPOLATION_SCALE = 2.0
MASKED_SCORE = -10000.0


class Attention(nn.Module):
    """Multi-head attention from `x` to `context`, or to itself when there is none.

    `mask` [batch, 1, context tokens] is added to the scores.
    """

    def __init__(self):
        super().__init__()
        self.scale = (HIDDEN // HEADS) ** -0.5
        self.to_q = nn.Linear(HIDDEN, HIDDEN)
        self.to_k = nn.Linear(HIDDEN, HIDDEN)
        self.to_v = nn.Linear(HIDDEN, HIDDEN)
        self.to_out = nn.ModuleList([nn.Linear(HIDDEN, HIDDEN)])

    def heads_to_batch(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch, tokens, HEADS, channels // HEADS).permute(0, 2, 1, 3)
        return x.reshape(batch * HEADS, tokens, channels // HEADS)

    def batch_to_heads(self, x):
        batch, tokens, channels = x.shape
        x = x.reshape(batch // HEADS, HEADS, tokens, channels).permute(0, 2, 1, 3)
        return x.reshape(batch // HEADS, tokens, channels * HEADS)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = self.heads_to_batch(self.to_q(x))
        k = self.heads_to_batch(self.to_k(context))
        v = self.heads_to_batch(self.to_v(context))
        if mask is None:
            added = torch.empty(q.shape[0], q.shape[1], k.shape[1], dtype=q.dtype)
        else:
            # Not repeat_interleave: PyTorch 1.x exports that as a loop over a sequence.
            added = mask[:, None].expand(-1, HEADS, -1, -1).reshape(q.shape[0], 1, k.shape[1])
        scores = torch.baddbmm(
            added, q, k.transpose(-1, -2), beta=0 if mask is None else 1, alpha=self.scale
        )
        attended = torch.bmm(scores.softmax(dim=-1), v)
        return self.to_out[0](self.batch_to_heads(attended))


class GELU(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.proj = nn.Linear(in_channels, out_channels)

    def forward(self, x):
        return F.gelu(self.proj(x), approximate="tanh")


class FeedForward(nn.Module):
    def __init__(self, widening=4):
        super().__init__()
        # The middle entry holds the place of a dropout layer, for the published layer names.
        self.net = nn.ModuleList(
            [GELU(HIDDEN, widening * HIDDEN), nn.Identity(), nn.Linear(widening * HIDDEN, HIDDEN)]
        )

    def forward(self, x):
        for layer in self.net:
            x = layer(x)
        return x


class BasicTransformerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = layer_norm(HIDDEN)
        self.attn1 = Attention()
        self.attn2 = Attention()
        self.norm2 = layer_norm(HIDDEN)
        self.ff = FeedForward()
        self.scale_shift_table = nn.Parameter(torch.randn(6, HIDDEN) / HIDDEN**0.5)

    def forward(self, x, modulation, context, mask):
        modulation = self.scale_shift_table[None] + modulation.reshape(x.shape[0], 6, -1)
        shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp = modulation.chunk(6, dim=1)
        x = gate_msa * self.attn1(self.norm1(x) * (1 + scale_msa) + shift_msa) + x
        x = self.attn2(x, context, mask) + x
        return gate_mlp * self.ff(self.norm2(x) * (1 + scale_mlp) + shift_mlp) + x


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        side = INPUT_SIZE // PATCH
        self.proj = nn.Conv2d(LATENT_CHANNELS, HIDDEN, PATCH, stride=PATCH)
        self.register_buffer("pos_embed", position_features(side, HIDDEN, INTERPOLATION_SCALE))

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2) + self.pos_embed


class TimestepEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = nn.Linear(FREQUENCY_FEATURES, HIDDEN)
        self.act = nn.SiLU()
        self.linear_2 = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, timestep):
        features = timestep_features(timestep, FREQUENCY_FEATURES)
        return self.linear_2(self.act(self.linear_1(features)))


class CombinedEmbeddings(nn.Module):
    """What the timestep is embedded by; Sigma has no embedding of size beside it."""

    def __init__(self):
        super().__init__()
        self.timestep_embedder = TimestepEmbedding()

    def forward(self, timestep):
        return self.timestep_embedder(timestep)


class AdaLayerNormSingle(nn.Module):
    """The modulation that all blocks share [batch, 6 * HIDDEN], and the embedded timestep."""

    def __init__(self):
        super().__init__()
        self.emb = CombinedEmbeddings()
        self.silu = nn.SiLU()
        self.linear = nn.Linear(HIDDEN, 6 * HIDDEN)

    def forward(self, timestep):
        embedded = self.emb(timestep)
        return self.linear(self.silu(embedded)), embedded


class TextProjection(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = nn.Linear(CAPTION_CHANNELS, HIDDEN)
        self.linear_2 = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, caption):
        return self.linear_2(F.gelu(self.linear_1(caption), approximate="tanh"))


class PixArtTransformer(nn.Module):
    """Predicts noise and variance of `hidden_states` [batch, 4, 128, 128].

    `encoder_hidden_states` [batch, tokens, 4096] is the encoded caption, up to 300 tokens;
    `timestep` [batch] counts 0..999; `encoder_attention_mask` [batch, tokens] holds one for a
    token that counts and zero for padding. Output [batch, 8, 128, 128].
    """

    def __init__(self):
        super().__init__()
        self.pos_embed = PatchEmbed()
        self.transformer_blocks = nn.ModuleList(BasicTransformerBlock() for _ in range(DEPTH))
        self.norm_out = layer_norm(HIDDEN)
        self.scale_shift_table = nn.Parameter(torch.randn(2, HIDDEN) / HIDDEN**0.5)
        self.proj_out = nn.Linear(HIDDEN, PATCH * PATCH * OUT_CHANNELS)
        self.adaln_single = AdaLayerNormSingle()
        self.caption_projection = TextProjection()

    def forward(
        self, hidden_states, encoder_hidden_states, timestep, encoder_attention_mask=None
    ):
        mask = None
        if encoder_attention_mask is not None:
            mask = (1 - encoder_attention_mask.to(hidden_states.dtype)) * MASKED_SCORE
            mask = mask.unsqueeze(1)
        height, width = hidden_states.shape[-2] // PATCH, hidden_states.shape[-1] // PATCH

        x = self.pos_embed(hidden_states)
        modulation, embedded = self.adaln_single(timestep)
        context = self.caption_projection(encoder_hidden_states)
        for block in self.transformer_blocks:
            x = block(x, modulation, context, mask)

        shift, scale = (self.scale_shift_table[None] + embedded[:, None]).chunk(2, dim=1)
        x = self.proj_out(self.norm_out(x) * (1 + scale) + shift)
        x = x.reshape(-1, height, width, PATCH, PATCH, OUT_CHANNELS)
        x = torch.einsum("nhwpqc->nchpwq", x)
        return x.reshape(-1, OUT_CHANNELS, height * PATCH, width * PATCH)
