"""Let PyTorch 1.13 export a LayerNorm that has no weights to opset 17.

It leaves the scale of `LayerNormalization` out, which ONNX forbids; from PyTorch 2.0 on the
exporter writes ones and zeros instead. This registers the later behaviour. Below opset 17 a
LayerNorm becomes a chain of simple nodes and needs no help.
"""

import torch
from torch.onnx import register_custom_op_symbolic, symbolic_helper

OPSET = 17


@symbolic_helper.parse_args("v", "is", "v", "v", "f", "none")
def layer_norm(g, x, normalized_shape, weight, bias, eps, cudnn_enabled):
    if symbolic_helper._is_none(weight):
        weight = g.op("Constant", value_t=torch.ones(normalized_shape))
    if symbolic_helper._is_none(bias):
        bias = g.op("Constant", value_t=torch.zeros(normalized_shape))
    axis = -len(normalized_shape)
    return g.op("LayerNormalization", x, weight, bias, epsilon_f=eps, axis_i=axis)


def register():
    register_custom_op_symbolic("aten::layer_norm", layer_norm, OPSET)
