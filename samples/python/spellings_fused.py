"""Graphs in which one operator is the whole of attention, written by hand.

PyTorch 1.13 exports none of them: com.microsoft operators come from onnxruntime's optimizer,
ONNX's own Attention (opset 23) from PyTorch's second exporter. All have the linear layers of
the exported spellings, so a plain spelling gives the numbers to compare with. Models of opset
23 are newer than the onnx package that these scripts use, so nothing here is checked by it.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spellings_torch import (
    CONTEXT_CHANNELS,
    HEAD_DIM,
    HEADS,
    HIDDEN,
    SCALE,
    TOKENS,
)

MICROSOFT = "com.microsoft"
IR_VERSION = 8
IR_VERSION_OPSET_23 = 11


class Graph:
    """Collects nodes and initializers of one model with input x [batch, tokens, HIDDEN]."""

    def __init__(self):
        self.nodes = []
        self.initializers = []
        self.inputs = [("x", ["batch", TOKENS, HIDDEN])]

    def node(self, operator, inputs, output, domain="", **attributes):
        """Add a node of one output; its name."""
        self.nodes.append(
            helper.make_node(
                operator, inputs, [output], name=f"{output}_node", domain=domain, **attributes
            )
        )
        return output

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def linear(self, name, x, weight, bias):
        """`x` through a layer with PyTorch's `weight` [out, in]; the name of its output."""
        product = self.node(
            "MatMul", [x, self.constant(f"{name}_weight", weight.T)], f"{name}_product"
        )
        return self.node("Add", [product, self.constant(f"{name}_bias", bias)], name)

    def model(self, output, opset):
        def info(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            "attention",
            [info(name, shape) for name, shape in self.inputs],
            [info(output, ["batch", TOKENS, HIDDEN])],
            self.initializers,
        )
        domains = [helper.make_opsetid("", opset)]
        if any(node.domain == MICROSOFT for node in self.nodes):
            domains.append(helper.make_opsetid(MICROSOFT, 1))
        return onnx.helper.make_model(
            graph,
            producer_name="samples/python/spellings.py",
            opset_imports=domains,
            ir_version=IR_VERSION_OPSET_23 if opset >= 23 else IR_VERSION,
        )


def arrays(block):
    """The weights of a plain spelling, by layer: (weight [out, in], bias [out])."""
    layers = {
        "query": block.attention.to_q,
        "key": block.attention.to_k,
        "value": block.attention.to_v,
        "projected": block.attention.to_out,
        "normed": block.norm,
    }
    return {name: (layer.weight.numpy(), layer.bias.numpy()) for name, layer in layers.items()}


def by_head(parts):
    """Join arrays [HIDDEN, ...] of q, k, v so that each head has its parts side by side."""
    heads = [part.reshape(HEADS, HEAD_DIM, *part.shape[1:]) for part in parts]
    return np.stack(heads, axis=1).reshape(len(parts) * HIDDEN, *parts[0].shape[1:])


def begin(weights):
    graph = Graph()
    scale, bias = weights["normed"]
    names = [graph.constant("norm_scale", scale), graph.constant("norm_bias", bias)]
    graph.node("LayerNormalization", ["x", *names], "normed", axis=-1, epsilon=1e-5)
    return graph


def end(graph, weights, attended, values, opset=17):
    projected = graph.linear("projected", attended, *weights["projected"])
    model = graph.model(graph.node("Add", ["x", projected], "y"), opset)
    return model, {"input": "normed", **values, "output": projected}


def three_linears(graph, weights, key_source="normed"):
    graph.linear("query", "normed", *weights["query"])
    graph.linear("key", key_source, *weights["key"])
    graph.linear("value", key_source, *weights["value"])
    return {name: name for name in ("query", "key", "value")}


def multi_head_attention(block, mask=False):
    """com.microsoft MultiHeadAttention of separate q, k, v [batch, tokens, HIDDEN]."""
    weights = arrays(block)
    graph = begin(weights)
    values = three_linears(graph, weights)
    inputs = list(values.values())
    if mask:
        graph.inputs.append(("mask", ["batch", 1, TOKENS, TOKENS]))
        # Two optional inputs stand between: the packed bias and the padding mask.
        inputs += ["", "", "mask"]
    attended = graph.node(
        "MultiHeadAttention", inputs, "attended", domain=MICROSOFT, num_heads=HEADS
    )
    return end(graph, weights, attended, values)


def multi_head_attention_packed(block):
    """q, k, v in one tensor [batch, tokens, heads, 3, head channels]."""
    weights = arrays(block)
    graph = begin(weights)
    names = ("query", "key", "value")
    packed = graph.linear(
        "qkv",
        "normed",
        by_head([weights[name][0] for name in names]),
        by_head([weights[name][1] for name in names]),
    )
    shape = graph.constant("qkv_shape", np.array([0, 0, HEADS, 3, HEAD_DIM]))
    inputs = [graph.node("Reshape", [packed, shape], "qkv_heads")]
    attended = graph.node(
        "MultiHeadAttention", inputs, "attended", domain=MICROSOFT, num_heads=HEADS
    )
    return end(graph, weights, attended, {name: packed for name in names})


def multi_head_attention_packed_kv(block):
    """Cross-attention with k, v in one tensor [batch, context tokens, heads, 2, head channels]."""
    weights = arrays(block)
    graph = begin(weights)
    graph.inputs.append(("context", ["batch", "context_tokens", CONTEXT_CHANNELS]))
    query = graph.linear("query", "normed", *weights["query"])
    packed = graph.linear(
        "kv",
        "context",
        by_head([weights["key"][0], weights["value"][0]]),
        by_head([weights["key"][1], weights["value"][1]]),
    )
    shape = graph.constant("kv_shape", np.array([0, 0, HEADS, 2, HEAD_DIM]))
    inputs = [query, graph.node("Reshape", [packed, shape], "kv_heads")]
    attended = graph.node(
        "MultiHeadAttention", inputs, "attended", domain=MICROSOFT, num_heads=HEADS
    )
    values = {"context": "context", "query": query, "key": packed, "value": packed}
    return end(graph, weights, attended, values)


def attention(block):
    """com.microsoft Attention, which holds the projections to q, k, v as well."""
    weights = arrays(block)
    graph = begin(weights)
    names = ("query", "key", "value")
    weight = np.concatenate([weights[name][0].T for name in names], axis=1)
    bias = np.concatenate([weights[name][1] for name in names])
    inputs = ["normed", graph.constant("qkv_weight", weight), graph.constant("qkv_bias", bias)]
    attended = graph.node("Attention", inputs, "attended", domain=MICROSOFT, num_heads=HEADS)
    return end(graph, weights, attended, {name: None for name in names})


def attention_23(block):
    """ONNX Attention of q, k, v [batch, heads, tokens, head channels], without attributes."""
    weights = arrays(block)
    graph = begin(weights)
    values = three_linears(graph, weights)
    shape = graph.constant("heads_shape", np.array([0, 0, HEADS, HEAD_DIM]))
    inputs = []
    for name in values.values():
        heads = graph.node("Reshape", [name, shape], f"{name}_split")
        inputs.append(graph.node("Transpose", [heads], f"{name}_heads", perm=[0, 2, 1, 3]))
    attended = graph.node("Attention", inputs, "attended_heads")
    attended = graph.node("Transpose", [attended], "attended_behind", perm=[0, 2, 1, 3])
    merged = graph.constant("merged_shape", np.array([0, 0, HIDDEN]))
    attended = graph.node("Reshape", [attended, merged], "attended")
    return end(graph, weights, attended, values, opset=23)


def attention_23_3d(block, mask=False):
    """ONNX Attention of q, k, v [batch, tokens, HIDDEN], with the counts of heads given."""
    weights = arrays(block)
    graph = begin(weights)
    values = three_linears(graph, weights)
    inputs = list(values.values())
    attributes = {"q_num_heads": HEADS, "kv_num_heads": HEADS}
    if mask:
        graph.inputs.append(("mask", ["batch", 1, TOKENS, TOKENS]))
        inputs.append("mask")
        attributes["scale"] = SCALE
    attended = graph.node("Attention", inputs, "attended", **attributes)
    return end(graph, weights, attended, values, opset=23)
