"""onnxruntime's C library by ctypes: as much of its interface as running a model takes."""

import ctypes
import glob
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p

from npy import TYPES, Tensor

VERSION = 17
# places in the table of functions, OrtApi, which only ever grows at its end
GET_ERROR_MESSAGE, CREATE_ENV, CREATE_SESSION, RUN, CREATE_SESSION_OPTIONS = 2, 3, 7, 9, 10
SET_OPTIMIZATION, SET_THREADS = 23, 24
INPUT_COUNT, OUTPUT_COUNT, INPUT_NAME, OUTPUT_NAME = 30, 31, 36, 37
CREATE_TENSOR, TENSOR_DATA = 49, 51
ELEMENT_TYPE, DIMENSIONS_COUNT, DIMENSIONS, TYPE_AND_SHAPE = 60, 61, 62, 65
CPU_MEMORY, DEFAULT_ALLOCATOR = 69, 78

LIBRARY = os.environ.get("ONNXRUNTIME") or os.path.join(
    os.path.dirname(__file__), "../../node_modules/onnxruntime-node/bin/napi-v*/*/*/libonnxruntime.*"
)


class Engine:
    def __init__(self, library=None):
        matches = [library] if library else sorted(glob.glob(LIBRARY))
        here = [m for m in matches if library or os.uname().sysname.lower() in m] or matches
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
        own = [m for m in here if f"/{machine}/" in m] or here
        if not own:
            raise FileNotFoundError("no onnxruntime: name its C library in ONNXRUNTIME")
        base = ctypes.CDLL(own[0]).OrtGetApiBase
        base.restype = POINTER(c_void_p)
        get_api = ctypes.CFUNCTYPE(POINTER(c_void_p), c_uint32)(base()[0])
        self.table = get_api(VERSION)
        self.env, self.memory, self.allocator = c_void_p(), c_void_p(), c_void_p()
        self.call(CREATE_ENV, c_int(4), c_char_p(b"reader"), byref(self.env))
        self.call(CPU_MEMORY, c_int(1), c_int(0), byref(self.memory))
        self.call(DEFAULT_ALLOCATOR, byref(self.allocator))

    def call(self, place, *arguments):
        function = ctypes.CFUNCTYPE(c_void_p, *[type(a) if isinstance(a, ctypes._SimpleCData) else c_void_p for a in arguments])
        status = function(self.table[place])(*arguments)
        if status:
            message = ctypes.CFUNCTYPE(c_char_p, c_void_p)(self.table[GET_ERROR_MESSAGE])(status)
            raise RuntimeError(message.decode())

    def open(self, path):
        return Model(self, path)


class Model:
    def __init__(self, engine, path):
        self.engine, self.session = engine, c_void_p()
        options = c_void_p()
        engine.call(CREATE_SESSION_OPTIONS, byref(options))
        engine.call(SET_OPTIMIZATION, options, c_int(0))
        engine.call(SET_THREADS, options, c_int(1))
        engine.call(CREATE_SESSION, engine.env, c_char_p(os.fsencode(path)), options, byref(self.session))
        self.inputs = self.names(INPUT_COUNT, INPUT_NAME)
        self.outputs = self.names(OUTPUT_COUNT, OUTPUT_NAME)

    def names(self, count_of, name_of):
        count = c_size_t()
        self.engine.call(count_of, self.session, byref(count))
        found = []
        for i in range(count.value):
            name = c_char_p()
            self.engine.call(name_of, self.session, c_size_t(i), self.engine.allocator, byref(name))
            found.append(name.value.decode())
        return found

    def run(self, feeds):
        """All outputs, by name."""
        call = self.engine.call
        values, kept = (c_void_p * len(self.inputs))(), []
        for i, name in enumerate(self.inputs):
            tensor, value = feeds[name], c_void_p()
            data = ctypes.create_string_buffer(tensor.data, len(tensor.data))
            shape = (c_int64 * len(tensor.shape))(*tensor.shape)
            kept.append((data, shape))
            call(
                CREATE_TENSOR, self.engine.memory, ctypes.cast(data, c_void_p), c_size_t(len(tensor.data)),
                ctypes.cast(shape, c_void_p), c_size_t(len(tensor.shape)), c_int(TYPES[tensor.type][1]), byref(value),
            )  # fmt: skip
            values[i] = value
        results = (c_void_p * len(self.outputs))()
        names = [(c_char_p * len(own))(*[n.encode() for n in own]) for own in (self.inputs, self.outputs)]
        call(
            RUN, self.session, c_void_p(), ctypes.cast(names[0], c_void_p), ctypes.cast(values, c_void_p),
            c_size_t(len(values)), ctypes.cast(names[1], c_void_p), c_size_t(len(results)), ctypes.cast(results, c_void_p),
        )  # fmt: skip
        return {name: self.tensor(c_void_p(value)) for name, value in zip(self.outputs, results)}

    def tensor(self, value):
        call = self.engine.call
        info, number, rank, data = c_void_p(), c_int(), c_size_t(), c_void_p()
        call(TYPE_AND_SHAPE, value, byref(info))
        call(ELEMENT_TYPE, info, byref(number))
        call(DIMENSIONS_COUNT, info, byref(rank))
        shape = (c_int64 * rank.value)()
        call(DIMENSIONS, info, ctypes.cast(shape, c_void_p), rank)
        call(TENSOR_DATA, value, byref(data))
        type = next(name for name, (_, own) in TYPES.items() if own == number.value)
        size = int(TYPES[type][0][2:])
        for dim in shape:
            size *= dim
        return Tensor(type, list(shape), ctypes.string_at(data, size))
