"""Export one attention module in many spellings, with what each of them is.

    python3 spellings.py

Writes into ../spellings: a small model per spelling with its weights inline, the inputs and
outputs of one call as computed by PyTorch, and spellings.json, which says of every file what a
reader of its graph should find. Each graph is a norm, the attention module and a residual
connection.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np
import onnx
import torch
from torch import nn

import spellings_export
import spellings_fused as fused
import spellings_torch as plain
from spellings_torch import (
    BATCH,
    CONTEXT_CHANNELS,
    CONTEXT_TOKENS,
    HEAD_DIM,
    HEADS,
    HIDDEN,
    IMAGE,
    TOKENS,
)

OUTPUT = Path(__file__).resolve().parent.parent / "spellings"
OPSET = 17
PACKED = ("qkv", "qkv", "qkv")
SEPARATE = ("to_q", "to_k", "to_v")
NAMES = ("x", "image", "context", "mask", "boolean_mask", "token_mask", "y")
FREE_BATCH = {name: {0: "batch"} for name in NAMES}
FREE_TOKENS = {"x": {0: "batch", 1: "tokens"}, "y": {0: "batch", 1: "tokens"}}


@dataclass(frozen=True)
class Spelling:
    """A module to export, or a graph to write by hand, and what it is.

    `inputs` are those of the graph; their free sizes are in `axes`. `layers` are the modules
    that give q, k and v, `values` their outputs where no module does. `write` makes a graph
    from the weights of `build`, which then only computes the numbers to compare with.
    """

    description: str
    build: Callable[[], nn.Module]
    scale: str = "scores"
    inputs: tuple = ("x",)
    axes: dict = field(default_factory=lambda: FREE_BATCH)
    layers: tuple = SEPARATE
    heads: int = HEADS
    head_dim: int = HEAD_DIM
    opset: int = OPSET
    half: bool = False
    masked: bool = False
    values: dict = field(default_factory=dict)
    write: Callable = None



def separate(spell, **kinds):
    return {"build": lambda: plain.block(plain.Separate(spell)), **kinds}


def cross(spell, inputs=("x", "context"), **kinds):
    return {"build": lambda: plain.block(plain.Cross(spell)), "inputs": inputs, **kinds}


def module(make, **kinds):
    return {"build": lambda: plain.block(make()), **kinds}


def image(make, **kinds):
    return {
        "build": lambda: plain.block(make(), is_image=True),
        "inputs": ("image",),
        **kinds,
    }


SPELLINGS = {
    "packed-qkv": Spelling(
        "One linear layer for q, k, v, cut by a fifth dimension (DiT, timm)",
        **module(plain.Packed, layers=PACKED),
    ),
    "packed-qkv-fixed-batch": Spelling(
        "As packed-qkv, exported for a batch of 2: all shapes are constants",
        **module(plain.Packed, layers=PACKED, axes={}),
    ),
    "packed-qkv-opset13": Spelling(
        "As packed-qkv, at opset 13: the norm is a chain of simple nodes",
        **module(plain.Packed, layers=PACKED, opset=13),
    ),
    "packed-qkv-chunks": Spelling(
        "One linear layer for q, k, v, cut into three along the channels",
        **module(plain.PackedChunks, layers=PACKED),
    ),
    "heads-4d": Spelling(
        "Three linear layers, heads as a fourth dimension", **separate(plain.scale_on_scores)
    ),
    "heads-4d-fixed-batch": Spelling(
        "As heads-4d, exported for a batch of 2",
        **separate(plain.scale_on_scores, axes={}),
    ),
    "heads-4d-free-tokens": Spelling(
        "As heads-4d, with a free count of tokens",
        **separate(plain.scale_on_scores, axes=FREE_TOKENS),
    ),
    "scores-divided": Spelling(
        "The scores are divided by the root of the head's channels",
        **separate(plain.scores_divided),
    ),
    "scale-on-query": Spelling(
        "The scale is on q (newer timm)", **separate(plain.scale_on_query, scale="query")
    ),
    "scale-on-both": Spelling(
        "The root of the scale is on q and on k", **separate(plain.scale_on_both, scale="both")
    ),
    "key-transposed-3d": Spelling(
        "k is transposed by way of three dimensions (PyTorch's second exporter)",
        **separate(plain.key_transposed_in_3d, scale="both"),
    ),
    "library-function": Spelling(
        "scaled_dot_product_attention as PyTorch 2 exports it: the scale comes from a Shape",
        **separate(plain.library_function, scale="both"),
    ),
    "library-function-free-tokens": Spelling(
        "As library-function, with a free count of tokens",
        **separate(plain.library_function, scale="both", axes=FREE_TOKENS),
    ),
    "library-module": Spelling(
        "torch.nn.MultiheadAttention: tokens before the batch, heads folded, scale on q",
        **module(
            plain.Library,
            scale="query",
            values=dict.fromkeys(("query", "key", "value"), "/attention/attention/Add_output_0"),
        ),
    ),
    "folded-bmm": Spelling(
        "Heads folded into the batch, bmm twice", **separate(plain.folded_bmm)
    ),
    "folded-bmm-fixed-batch": Spelling(
        "As folded-bmm, exported for a batch of 2: batch times heads is a constant",
        **separate(plain.folded_bmm, axes={}),
    ),
    "folded-baddbmm": Spelling(
        "Heads folded, baddbmm with beta 0, which adds zeros (diffusers for PyTorch 1.x)",
        **separate(plain.folded_baddbmm),
    ),
    "folded-baddbmm-fixed-batch": Spelling(
        "As folded-baddbmm, exported for a batch of 2",
        **separate(plain.folded_baddbmm, axes={}),
    ),
    "einsum-folded": Spelling(
        "Heads folded, Einsum twice (latent diffusion)", **separate(plain.einsum_folded)
    ),
    "einsum-heads-behind": Spelling(
        "Heads behind the tokens, Einsum twice, no transpose",
        **separate(plain.einsum_heads_behind),
    ),
    "half-softmax-float": Spelling(
        "A float16 graph with Casts to float32 and back around Softmax",
        **module(plain.Packed, layers=PACKED, half=True),
    ),
    "half-folded-baddbmm": Spelling(
        "As folded-baddbmm in float16, with Casts around Softmax",
        **separate(plain.folded_baddbmm, half=True),
    ),
    "convolution": Spelling(
        "q, k, v by 1x1 convolutions of an image, one head, scores transposed (DDPM)",
        **image(plain.Convolutional, heads=1, head_dim=HIDDEN),
    ),
    "convolution-packed": Spelling(
        "Channels before tokens, packed 1-D convolution, Einsum (guided diffusion)",
        **image(plain.ConvolutionalPacked, layers=PACKED, scale="both"),
    ),
    "normed-layer": Spelling(
        "LayerNorm on each head of q and k", **module(lambda: plain.Normed(nn.LayerNorm))
    ),
    "normed-rms": Spelling(
        "RMSNorm on each head of q and k", **module(lambda: plain.Normed(plain.RmsNorm))
    ),
    "rotary-halves": Spelling(
        "Rotary embedding of channel c with c + half", **separate(plain.rotary_halves)
    ),
    "rotary-pairs": Spelling(
        "Rotary embedding of neighbouring channels", **separate(plain.rotary_pairs)
    ),
    "mask-added": Spelling(
        "A mask from outside is added to the scores",
        **separate(plain.added_mask, inputs=("x", "mask"), masked=True),
    ),
    "mask-boolean": Spelling(
        "Scores are filled with minus infinity where a mask from outside is false",
        **separate(plain.boolean_mask, inputs=("x", "boolean_mask"), masked=True),
    ),
    "mask-causal": Spelling(
        "A constant causal mask", **separate(plain.causal_mask, masked=True)
    ),
    "mask-library-function": Spelling(
        "scaled_dot_product_attention with a boolean mask, as PyTorch 2 exports it",
        **separate(
            plain.library_function, inputs=("x", "boolean_mask"), scale="both", masked=True
        ),
    ),
    "cross": Spelling(
        "Cross-attention, heads as a fourth dimension", **cross(plain.scale_on_scores)
    ),
    "cross-folded-baddbmm": Spelling(
        "Cross-attention as in diffusers for PyTorch 1.x", **cross(plain.folded_baddbmm)
    ),
    "cross-mask": Spelling(
        "Cross-attention with a mask of context tokens through baddbmm (PixArt)",
        **cross(plain.folded_baddbmm, inputs=("x", "context", "token_mask"), masked=True),
    ),
    "microsoft-multi-head": Spelling(
        "com.microsoft MultiHeadAttention of separate q, k, v",
        **separate(plain.scale_on_scores, scale="operator", write=fused.multi_head_attention),
    ),
    "microsoft-multi-head-packed": Spelling(
        "com.microsoft MultiHeadAttention of packed q, k, v in five dimensions",
        **separate(
            plain.scale_on_scores, scale="operator", write=fused.multi_head_attention_packed
        ),
    ),
    "microsoft-multi-head-packed-kv": Spelling(
        "com.microsoft MultiHeadAttention, cross-attention with packed k, v",
        **cross(
            plain.scale_on_scores, scale="operator", write=fused.multi_head_attention_packed_kv
        ),
    ),
    "microsoft-multi-head-mask": Spelling(
        "com.microsoft MultiHeadAttention with an attention bias",
        **separate(
            plain.added_mask,
            inputs=("x", "mask"),
            masked=True,
            scale="operator",
            write=lambda block: fused.multi_head_attention(block, mask=True),
        ),
    ),
    "microsoft-attention": Spelling(
        "com.microsoft Attention, with the projections to q, k, v inside",
        **separate(plain.scale_on_scores, scale="operator", write=fused.attention),
    ),
    "onnx-attention-4d": Spelling(
        "ONNX Attention (opset 23) of four dimensions, without attributes",
        **separate(plain.scale_on_scores, scale="operator", opset=23, write=fused.attention_23),
    ),
    "onnx-attention-3d": Spelling(
        "ONNX Attention (opset 23) of three dimensions, with counts of heads",
        **separate(plain.scale_on_scores, scale="operator", opset=23, write=fused.attention_23_3d),
    ),
    "onnx-attention-mask": Spelling(
        "ONNX Attention (opset 23) with a mask and a scale",
        **separate(
            plain.added_mask,
            inputs=("x", "mask"),
            masked=True,
            scale="operator",
            opset=23,
            write=lambda block: fused.attention_23_3d(block, mask=True),
        ),
    ),
}


def example_inputs():
    """One value for every name that an input of a spelling may have."""
    torch.manual_seed(2)
    x = torch.randn(BATCH, TOKENS, HIDDEN)
    keep = torch.rand(BATCH, 1, TOKENS, TOKENS) < 0.7
    # Every query keeps one key: a row of nothing but minus infinity has no softmax.
    keep |= torch.eye(TOKENS, dtype=torch.bool)
    token_mask = torch.zeros(BATCH, 1, CONTEXT_TOKENS)
    token_mask[0, :, -2:] = -10000.0
    return {
        "x": x,
        "image": x.transpose(1, 2).reshape(BATCH, HIDDEN, *IMAGE),
        "context": torch.randn(BATCH, CONTEXT_TOKENS, CONTEXT_CHANNELS),
        "mask": torch.randn(BATCH, 1, TOKENS, TOKENS),
        "boolean_mask": keep,
        "token_mask": token_mask,
    }


def last_output(model, scope):
    """What the last node of a module gives; nodes are in the order of computation."""
    names = [node.output[0] for node in model.graph.node if node.name.startswith(f"/{scope}/")]
    return names[-1]


def export(spelling, block, inputs, path):
    """Export, or write by hand; the model and the names of its values by role."""
    if spelling.write:
        model, values = spelling.write(block)
        onnx.save(model, str(path))
        return model, values
    names = [*spelling.inputs, "y"]
    torch.onnx.export(
        block,
        tuple(inputs),
        str(path),
        opset_version=spelling.opset,
        input_names=names[:-1],
        output_names=names[-1:],
        dynamic_axes={name: spelling.axes[name] for name in names if name in spelling.axes},
    )
    model = onnx.load(str(path))
    values = {"input": last_output(model, "norm")}
    if "context" in spelling.inputs:
        values["context"] = "context"
    for role, layer in zip(("query", "key", "value"), spelling.layers):
        values[role] = spelling.values.get(role) or last_output(model, f"attention/{layer}")
    values["output"] = last_output(model, "attention")
    if spelling.half:
        spellings_export.to_half(model)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(path))
    return model, values


def check_values(model, values):
    known = {name for node in model.graph.node for name in node.output}
    known |= {value.name for value in model.graph.input}
    missing = [name for name in values.values() if name is not None and name not in known]
    assert not missing, missing


def sizes(value_info):
    dims = value_info.type.tensor_type.shape.dim
    return [dim.dim_param or dim.dim_value for dim in dims]


def half_weights(block):
    """Round a module's weights to float16, computing on in float32."""
    for parameter in block.parameters():
        parameter.copy_(parameter.half().float())


def make(name, spelling, examples):
    """Write one spelling; its entry in the manifest."""
    block = spelling.build().eval()
    inputs = [examples[input_name] for input_name in spelling.inputs]
    model, values = export(spelling, block, inputs, OUTPUT / f"{name}.onnx")
    check_values(model, values)

    if spelling.half:
        half_weights(block)
        inputs = [tensor.half().float() for tensor in inputs]
    expected = block(*inputs)
    expected = expected.half() if spelling.half else expected
    np.save(OUTPUT / "reference" / f"{name}.npy", expected.numpy())

    is_cross = "context" in spelling.inputs
    suffix = "_half" if spelling.half else ""
    return {
        "file": f"{name}.onnx",
        "description": spelling.description,
        "opset": spelling.opset,
        "attention": "cross" if is_cross else "self",
        "tokens": TOKENS,
        "keyTokens": CONTEXT_TOKENS if is_cross else TOKENS,
        "heads": spelling.heads,
        "headDim": spelling.head_dim,
        "scale": {"on": spelling.scale, "by": spelling.head_dim**-0.5},
        "mask": spelling.masked,
        "values": values,
        "inputs": {value.name: sizes(value) for value in model.graph.input},
        "reference": {
            "inputs": {
                input_name: f"reference/{input_name}{suffix}.npy" for input_name in spelling.inputs
            },
            "output": f"reference/{name}.npy",
            "tolerance": 1e-2 if spelling.half else 1e-5,
        },
    }


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    spellings_export.register()
    (OUTPUT / "reference").mkdir(parents=True, exist_ok=True)
    examples = example_inputs()
    for name, tensor in examples.items():
        np.save(OUTPUT / "reference" / f"{name}.npy", tensor.numpy())
    np.save(OUTPUT / "reference" / "x_half.npy", examples["x"].half().numpy())
    entries = [make(name, spelling, examples) for name, spelling in SPELLINGS.items()]
    (OUTPUT / "spellings.json").write_text(json.dumps({"spellings": entries}, indent=2) + "\n")


if __name__ == "__main__":
    main()
