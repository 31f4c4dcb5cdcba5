"""Strip the weights from an ONNX model, leaving references to a file that is not there.

Every float tensor of more than INLINE_ELEMENTS elements becomes external data in
`weights.bin`, with the offset and length it would have if the tensors lay there one after
another. Names, types, shapes and order stay, so the result is a valid model whose weights
file is missing: a few hundred kilobytes stand for gigabytes. Integer tensors stay, because
they hold shapes; so do tensors of one repeated value, because the ones and zeros of an
exported GroupNorm are part of its form.
"""

import onnx
from onnx import TensorProto, numpy_helper

LOCATION = "weights.bin"
INLINE_ELEMENTS = 16
ALIGNMENT = 64
FLOAT_BYTES = {TensorProto.FLOAT: 4, TensorProto.FLOAT16: 2, TensorProto.DOUBLE: 8}
DATA_FIELDS = ("raw_data", "float_data", "int32_data", "double_data")


def element_count(tensor):
    count = 1
    for size in tensor.dims:
        count *= size
    return count


def tensors(graph):
    """The tensors of a graph that may hold weights: initializers, then Constant nodes."""
    yield from graph.initializer
    for node in graph.node:
        if node.op_type == "Constant":
            yield from (attribute.t for attribute in node.attribute if attribute.name == "value")


def is_weight(tensor):
    if tensor.data_type not in FLOAT_BYTES or element_count(tensor) <= INLINE_ELEMENTS:
        return False
    if tensor.data_location == TensorProto.EXTERNAL:
        return True
    values = numpy_helper.to_array(tensor)
    return bool((values != values.flat[0]).any())


def strip(model, location=LOCATION):
    """Strip `model` (an onnx.ModelProto) in place; the size that its weights file would have.

    `location` is the name of that file.
    """
    end = 0
    for tensor in tensors(model.graph):
        if not is_weight(tensor):
            continue
        offset = -(-end // ALIGNMENT) * ALIGNMENT
        length = element_count(tensor) * FLOAT_BYTES[tensor.data_type]
        end = offset + length
        for field in DATA_FIELDS + ("external_data",):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
    return end


def check(path, weights_size, location=LOCATION):
    """Run ONNX's checker on a stripped model, beside a hollow file of the right size.

    The checker insists that an external file exists; it does not read it.
    """
    weights = path.with_name(location)
    try:
        with open(weights, "xb") as file:
            file.truncate(weights_size)
        onnx.checker.check_model(str(path))
    finally:
        weights.unlink()
