"""Tensors as bytes with a type and a shape, and the .npy files that hold them. Nothing but Python's own library."""

import ast
import math
import struct

# names of the schedule's element types: the descriptor of NumPy's files, and onnxruntime's number
TYPES = {
    "float32": ("<f4", 1),
    "uint8": ("|u1", 2),
    "int8": ("|i1", 3),
    "uint16": ("<u2", 4),
    "int16": ("<i2", 5),
    "int32": ("<i4", 6),
    "int64": ("<i8", 7),
    "bool": ("|b1", 9),
    "float16": ("<f2", 10),
    "float64": ("<f8", 11),
    "uint32": ("<u4", 12),
    "uint64": ("<u8", 13),
}
PACKED = {
    "float32": "f", "uint8": "B", "int8": "b", "uint16": "H", "int16": "h", "int32": "i", "int64": "q", "bool": "B",
    "float16": "e", "float64": "d", "uint32": "I", "uint64": "Q",
}  # fmt: skip


class Tensor:
    def __init__(self, type, shape, data):
        self.type, self.shape, self.data = type, list(shape), data

    @staticmethod
    def of(type, shape, numbers):
        count = math.prod(shape)
        if len(numbers) != count:
            raise ValueError(f"{len(numbers)} numbers for a tensor of {count}")
        return Tensor(type, shape, struct.pack(f"<{count}{PACKED[type]}", *numbers))

    @staticmethod
    def zeros(type, shape):
        return Tensor.of(type, shape, [0] * math.prod(shape))

    def at(self, index):
        """One entry of the first axis."""
        size = len(self.data) // self.shape[0]
        return Tensor(self.type, self.shape[1:], self.data[index * size : (index + 1) * size])


def stacked(tensors):
    first = tensors[0]
    return Tensor(first.type, [len(tensors), *first.shape], b"".join(t.data for t in tensors))


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<H", content[8:10])
    header = ast.literal_eval(content[10 : 10 + length].decode("latin1"))
    assert not header["fortran_order"]
    type = next(name for name, (descr, _) in TYPES.items() if descr == header["descr"])
    return Tensor(type, header["shape"], content[10 + length :])


def write(path, tensor):
    shape = "".join(f"{size}, " for size in tensor.shape).rstrip()
    if len(tensor.shape) > 1:
        shape = shape.rstrip(",")
    header = f"{{'descr': '{TYPES[tensor.type][0]}', 'fortran_order': False, 'shape': ({shape}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin1") + tensor.data)
