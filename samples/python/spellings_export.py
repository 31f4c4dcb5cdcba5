"""Two forms of attention that PyTorch 1.13 does not export by itself.

`register` teaches the exporter scaled_dot_product_attention, in the form that PyTorch 2 writes
at opset 14 and later: the root of the scale is computed in the graph and multiplied onto q and
onto the transposed k. `to_half` turns an exported float32 model into what a float16 network
gives whose softmax runs in float32.
"""

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.onnx import JitScalarType, register_custom_op_symbolic, symbolic_helper

OPSET = 14
LAST = torch.iinfo(torch.int64).max


def constant(g, values):
    return g.op("Constant", value_t=torch.tensor(values))


def scaled_dot_product_attention(g, q, k, v, mask, dropout, need_weights, is_causal):
    size = g.op("Slice", g.op("Shape", q), constant(g, [-1]), constant(g, [LAST]))
    size = g.op("Cast", size, to_i=TensorProto.FLOAT)
    scale = g.op("Div", constant(g, [1.0]), g.op("Sqrt", size))
    root = g.op("Sqrt", scale)
    scaled_q = g.op("Mul", q, root)
    scaled_k = g.op("Mul", g.op("Transpose", k, perm_i=[0, 1, 3, 2]), root)
    scores = g.op("MatMul", scaled_q, scaled_k)
    if not symbolic_helper._is_none(mask):
        if JitScalarType.from_name(mask.type().scalarType()) == JitScalarType.BOOL:
            zero, lowest = constant(g, [0.0]), constant(g, [-np.inf])
            mask = g.op("Where", mask, zero, lowest)
        scores = g.op("Add", scores, mask)
    weights = g.op("Softmax", scores, axis_i=-1)
    return g.op("MatMul", weights, v), weights


def register():
    register_custom_op_symbolic(
        "aten::_scaled_dot_product_attention", scaled_dot_product_attention, OPSET
    )


def half_tensor(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        values = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def to_half(model):
    """Weights, inputs and outputs become float16; Casts surround each Softmax. In place."""
    graph = model.graph
    for tensor in graph.initializer:
        half_tensor(tensor)
    for value in list(graph.input) + list(graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    del graph.value_info[:]
    nodes = []
    for node in graph.node:
        if node.op_type in ("Constant", "ConstantOfShape"):
            half_tensor(node.attribute[0].t)
        if node.op_type != "Softmax":
            nodes.append(node)
            continue
        wide_scores, wide_weights = f"{node.input[0]}_float", f"{node.output[0]}_float"
        before = helper.make_node("Cast", [node.input[0]], [wide_scores], to=TensorProto.FLOAT)
        after = helper.make_node("Cast", [wide_weights], [node.output[0]], to=TensorProto.FLOAT16)
        node.input[0], node.output[0] = wide_scores, wide_weights
        nodes += [before, node, after]
    del graph.node[:]
    graph.node.extend(nodes)
