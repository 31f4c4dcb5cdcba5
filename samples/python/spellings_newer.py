"""Export what newer transformers write in front of their attention, with PyTorch 2.

    python3 spellings_newer.py

Adds to ../spellings, after spellings.py has made the others: rotary embedding by assignment to slices
(Wan, CogVideoX, CogView4), by complex numbers as pairs and along three axes, grouped queries, masks of
lengths, pooling with one query (HunyuanDiT, Mochi), and linear attention (Sana). Entries of spellings.json are replaced by file.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import spellings_torch as plain
from spellings_torch import BATCH, HEAD_DIM, HEADS, HIDDEN, SCALE, TOKENS

OUTPUT = Path(__file__).resolve().parent.parent / "spellings"
OPSET = 17
LENGTHS = [TOKENS, 7]


def attend(q, k, v):
    """Of heads that are apart, to tokens of all."""
    return plain.merge_heads((q @ k.transpose(-2, -1) * SCALE).softmax(dim=-1) @ v)


def turned(rotate):
    """An attention whose q and k are turned by their places."""

    def spell(q, k, v):
        q, k, v = (plain.split_heads(x) for x in (q, k, v))
        return attend(rotate(q), rotate(k), v)

    return spell


def rotate_into_slices(x):
    """Neighbouring channels, written into every second place of a new tensor (diffusers' Wan)."""
    cos, sin = plain.rotary_angles()
    first, second = x.unflatten(-1, (-1, 2)).unbind(-1)
    out = torch.empty_like(x)
    out[..., 0::2] = first * cos - second * sin
    out[..., 1::2] = first * sin + second * cos
    return out.type_as(x)


def axes_angles():
    """Angles by frame, row and column of a grid of 2x2x3: [tokens, head channels / 2, 2] as pairs."""
    places = torch.stack(
        torch.meshgrid(*(torch.arange(n) for n in (2, 2, 3)), indexing="ij"), dim=-1
    ).reshape(TOKENS, 3)
    channels = (1, 1, HEAD_DIM // 2 - 2)
    angles = [
        places[:, axis, None] * 100.0 ** -(torch.arange(count) / count)
        for axis, count in enumerate(channels)
    ]
    angles = torch.cat(angles, dim=-1)
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def rotate_as_complex(x):
    """A product of complex numbers, which exporters know only as pairs."""
    pairs, turns = x.unflatten(-1, (-1, 2)), axes_angles()
    real = pairs[..., 0] * turns[..., 0] - pairs[..., 1] * turns[..., 1]
    imaginary = pairs[..., 0] * turns[..., 1] + pairs[..., 1] * turns[..., 0]
    return torch.stack([real, imaginary], dim=-1).flatten(-2)


class Grouped(plain.Separate):
    """One head of k and v for all of q; `spell` repeats it."""

    def __init__(self, spell):
        super().__init__(spell)
        torch.manual_seed(3)
        self.to_k = nn.Linear(HIDDEN, HEAD_DIM)
        self.to_v = nn.Linear(HIDDEN, HEAD_DIM)

    def forward(self, x):
        k, v = (
            layer(x).reshape(x.shape[0], -1, 1, HEAD_DIM).transpose(1, 2)
            for layer in (self.to_k, self.to_v)
        )
        q = plain.split_heads(self.to_q(x))
        return self.to_out(attend(q, self.spell(k), self.spell(v)))


def interleaved(x):
    return x.repeat_interleave(HEADS, dim=1)


def expanded(x):
    batch, heads, tokens, size = x.shape
    more = x[:, :, None].expand(batch, heads, HEADS, tokens, size)
    return more.reshape(batch, heads * HEADS, tokens, size)


class OfLengths(plain.Separate):
    """Each image sees as many keys as it is told."""

    def forward(self, x, lengths):
        q, k, v = (plain.split_heads(layer(x)) for layer in (self.to_q, self.to_k, self.to_v))
        seen = torch.arange(x.shape[1])[None] < lengths[:, None]
        scores = q @ k.transpose(-2, -1) * SCALE
        scores = scores.masked_fill(~seen[:, None, None], float("-inf"))
        return self.to_out(plain.merge_heads(scores.softmax(dim=-1) @ v))


class Pooler(plain.Separate):
    """One query, made of the mean of all tokens."""

    def forward(self, x):
        q = plain.split_heads(self.to_q(x.mean(dim=1, keepdim=True)))
        k, v = plain.split_heads(self.to_k(x)), plain.split_heads(self.to_v(x))
        return self.to_out(attend(q, k, v))


class Linear(plain.Separate):
    """Values with a one behind each, times keys, then queries; divided by what the ones became (Sana)."""

    def forward(self, x):
        q, k, v = (
            plain.split_heads(layer(x)).transpose(-2, -1)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        q, k = torch.relu(q), torch.relu(k).transpose(-2, -1)
        summed = torch.nn.functional.pad(v, (0, 0, 0, 1), value=1.0) @ k
        mixed = summed @ q
        mixed = mixed[:, :, :-1] / (mixed[:, :, -1:] + 1e-6)
        return self.to_out(plain.merge_heads(mixed.transpose(-2, -1)))


def grouped_23(block):
    """ONNX Attention (opset 23) with fewer heads of k and v; written by hand."""
    names = {"query": "to_q", "key": "to_k", "value": "to_v", "output": "to_out"}
    constants, nodes = [], []

    def constant(name, tensor):
        constants.append(numpy_helper.from_array(tensor.numpy(), name))
        return name

    def node(operator, inputs, output, **attributes):
        nodes.append(
            helper.make_node(operator, inputs, [output], name=f"{output}_node", **attributes)
        )
        return output

    def linear(role, x):
        layer = getattr(block.attention, names[role])
        weight = constant(f"{role}_weight", layer.weight.T.contiguous())
        return node("Add", [node("MatMul", [x, weight], f"{role}_product"), constant(f"{role}_bias", layer.bias)], role)

    norm = [constant(f"norm_{part}", getattr(block.norm, part)) for part in ("weight", "bias")]
    normed = node("LayerNormalization", ["x", *norm], "normed", epsilon=block.norm.eps)
    heads = {"q_num_heads": HEADS, "kv_num_heads": 1}
    inputs = [linear(role, normed) for role in ("query", "key", "value")]
    node("Add", ["x", linear("output", node("Attention", inputs, "attended", **heads))], "y")
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", TOKENS, HIDDEN]) for name in "xy"]
    graph = helper.make_graph(nodes, "attention", info[:1], info[1:], constants)
    return helper.make_model(
        graph,
        producer_name="samples/python/spellings_newer.py",
        opset_imports=[helper.make_opsetid("", 23)],
        ir_version=11,
    )


def exported(block, inputs):
    """By the TorchScript exporter, whose names say which module a node is of."""
    names = ["x", "lengths"][: len(inputs)]
    path = OUTPUT / "exported.onnx"
    torch.onnx.export(
        block,
        tuple(inputs),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=names,
        output_names=["y"],
        dynamic_axes={name: {0: "batch"} for name in [*names, "y"]},
    )
    model = onnx.load(str(path))
    path.unlink()
    return model


def last_output(model, scope):
    names = [node.output[0] for node in model.graph.node if node.name.startswith(f"/{scope}/")]
    return names[-1]


def values_of(model):
    if model.opset_import[0].version >= 23:
        return {"input": "normed", **{role: role for role in ("query", "key", "value", "output")}}
    roles = {"query": "attention/to_q", "key": "attention/to_k", "value": "attention/to_v"}
    values = {"input": "norm", **roles, "output": "attention"}
    return {role: last_output(model, scope) for role, scope in values.items()}


SEPARATE = plain.Separate
SPELLINGS = {
    "rotary-scatter": (
        "Rotary embedding written into slices of a new tensor (Wan, CogVideoX, CogView4)",
        lambda: SEPARATE(turned(rotate_into_slices)),
        {},
    ),
    "rotary-complex": (
        "Rotary embedding by complex numbers as pairs, by frame, row and column",
        lambda: SEPARATE(turned(rotate_as_complex)),
        {},
    ),
    "grouped-query": (
        "One head of k and v for all of q, repeated by Expand and Reshape",
        lambda: Grouped(expanded),
        {"keyHeads": 1},
    ),
    "grouped-query-interleaved": (
        "One head of k and v for all of q, repeated by repeat_interleave",
        lambda: Grouped(interleaved),
        {"keyHeads": 1},
    ),
    "grouped-query-attention-23": (
        "ONNX Attention (opset 23) with one head of k and v for all of q",
        lambda: Grouped(expanded),
        {"keyHeads": 1, "opset": 23},
    ),
    "mask-lengths": (
        "A mask made of the number of keys that each image sees",
        lambda: OfLengths(None),
        {"mask": True},
    ),
    "pooler": (
        "Pooling of all tokens by one query (HunyuanDiT, Mochi)",
        lambda: Pooler(None),
        {"attention": "pooling", "tokens": 1, "keyTokens": TOKENS},
    ),
    "linear": (
        "Keys and values first, without a Softmax, normalised by a row of ones (Sana)",
        lambda: Linear(None),
        {"attention": "linear", "scale": {"on": "none", "by": 1.0}},
    ),
}


@torch.no_grad()
def make(name, description, build, facts):
    block = plain.block(build()).eval()
    x = torch.from_numpy(np.load(OUTPUT / "reference" / "x.npy"))
    lengths = torch.tensor(LENGTHS)
    inputs = [x, lengths] if name == "mask-lengths" else [x]
    model = grouped_23(block) if facts.get("opset") == 23 else exported(block, inputs)
    onnx.save(model, str(OUTPUT / f"{name}.onnx"))
    np.save(OUTPUT / "reference" / f"{name}.npy", block(*inputs).numpy())
    names = [value.name for value in model.graph.input]
    return {
        "file": f"{name}.onnx",
        "description": description,
        "opset": OPSET,
        "attention": "self",
        "tokens": TOKENS,
        "keyTokens": TOKENS,
        "heads": HEADS,
        "headDim": HEAD_DIM,
        "scale": {"on": "operator" if facts.get("opset") == 23 else "scores", "by": SCALE},
        "mask": False,
        **facts,
        "values": values_of(model),
        "inputs": {
            value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in model.graph.input
        },
        "reference": {
            "inputs": {name: f"reference/{name}.npy" for name in names},
            "output": f"reference/{name}.npy",
            "tolerance": 1e-5,
        },
    }


def main():
    torch.set_num_threads(1)
    assert BATCH == len(LENGTHS)
    np.save(OUTPUT / "reference" / "lengths.npy", np.array(LENGTHS))
    manifest = OUTPUT / "spellings.json"
    made = [make(name, *spelling) for name, spelling in SPELLINGS.items()]
    files = {entry["file"] for entry in made}
    others = [e for e in json.loads(manifest.read_text())["spellings"] if e["file"] not in files]
    manifest.write_text(json.dumps({"spellings": [*others, *made]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
