"""Records what ONNX's own printer and parser make of models and texts, for test/model/onnx/text.

Needs `pip install onnx` (recorded with onnx 1.23.1). Older releases lack much of the syntax: 1.12 has
no onnx.printer, and its parser reads no node labels, quoted names, external data, empty lists,
escapes in strings, float16 tensors, or types other than tensors.

    python scripts/text-oracle.py models   # writes <name>.onnx, <name>.printed.txt, <name>.parsed.onnx
    python scripts/text-oracle.py back     # reads <name>.stepfold.txt, writes <name>.back.onnx
    python scripts/text-oracle.py cases    # reads cases.txt, writes cases.json

`<name>.stepfold.txt` is what printModel makes of <name>.onnx; the test suite compares it, and
rewrites it when UPDATE_GOLDEN is set. Run `back` after that.
"""

import base64
import json
import pathlib
import sys

import numpy as np
import onnx
import onnx.parser
import onnx.printer
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "text"


def value(name, elem=TensorProto.FLOAT, shape=("N", 4)):
    return helper.make_tensor_value_info(name, elem, shape)


def model(graph, opsets=None, **rest):
    opsets = opsets or {"": 17}
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(d, v) for d, v in opsets.items()],
        producer_name=rest.pop("producer_name", "fixtures"),
        ir_version=rest.pop("ir_version", 10),
        **rest,
    )
    return made


def header():
    w = numpy_helper.from_array(np.arange(8, dtype=np.float32).reshape(4, 2) / 3, "w")
    b = helper.make_tensor("b", TensorProto.FLOAT, [2], [0.1, -2.5e-7])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [-1])
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["xw"], name="product"),
            helper.make_node("Add", ["xw", "b"], ["sum"]),
            helper.make_node("ReduceSum", ["sum", "axes"], ["y"], keepdims=0),
        ],
        "header",
        [value("x")],
        [value("y", shape=("N",))],
        [w, b, axes],
        value_info=[value("xw", shape=("N", 2)), value("sum", shape=(None, 2))],
    )
    made = model(
        graph,
        {"": 18, "com.microsoft": 1, "ai.onnx.ml": 3},
        producer_version='1.0 "beta" \\',
        domain="org.example",
        model_version=2**40,
        doc_string="Two lines\nwith \"quotes\" and # no comment.",
    )
    helper.set_model_props(made, {"key": "value", "quoted \"key\"": "back\\slash"})
    return made


def control():
    def branch(name, op):
        bias = helper.make_tensor(f"{name}_bias", TensorProto.FLOAT, [1], [0.5])
        inner = [
            helper.make_node(op, ["x", f"{name}_bias"], [f"{name}_t"]),
            helper.make_node("Identity", [f"{name}_t"], [f"{name}_y"]),
        ]
        return helper.make_graph(
            inner, name, [], [value(f"{name}_y")], [bias], value_info=[value(f"{name}_t")]
        )

    deep = helper.make_graph(
        [
            helper.make_node(
                "If",
                ["keep"],
                ["next"],
                then_branch=branch("inner_then", "Add"),
                else_branch=branch("inner_else", "Sub"),
            ),
            helper.make_node("Identity", ["keep"], ["keep_out"]),
        ],
        "body",
        [value("i", TensorProto.INT64, ()), value("keep", TensorProto.BOOL, ()), value("carried")],
        [value("keep_out", TensorProto.BOOL, ()), value("next")],
    )
    return model(
        helper.make_graph(
            [
                helper.make_node(
                    "If",
                    ["c"],
                    ["chosen"],
                    name="choose",
                    then_branch=branch("then", "Add"),
                    else_branch=branch("else", "Mul"),
                ),
                helper.make_node("Loop", ["n", "c", "chosen"], ["y"], body=deep),
            ],
            "control",
            [value("x"), value("c", TensorProto.BOOL, ()), value("n", TensorProto.INT64, ())],
            [value("y")],
        )
    )


def types():
    tensor = helper.make_tensor_type_proto
    every = [
        tensor(TensorProto.FLOAT, None),
        tensor(TensorProto.FLOAT, []),
        tensor(TensorProto.FLOAT, [2, None, "N", "N + 1", 0]),
        tensor(TensorProto.BFLOAT16, [1]),
        helper.make_sequence_type_proto(tensor(TensorProto.STRING, ["N"])),
        helper.make_sequence_type_proto(helper.make_sequence_type_proto(tensor(TensorProto.INT8, None))),
        helper.make_map_type_proto(TensorProto.INT64, tensor(TensorProto.DOUBLE, [3])),
        helper.make_optional_type_proto(tensor(TensorProto.FLOAT8E4M3FN, [])),
        helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, [10, "M"]),
        helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, None),
    ]
    opaque = onnx.TypeProto()
    opaque.opaque_type.domain = "test.domain"
    opaque.opaque_type.name = "Thing"
    every.append(opaque)
    inputs = [helper.make_value_info(f"in{i}", t) for i, t in enumerate(every)]
    outputs = [helper.make_value_info(f"out{i}", t) for i, t in enumerate(every)]
    nodes = [helper.make_node("Identity", [f"in{i}"], [f"out{i}"]) for i in range(len(every))]
    untyped = onnx.ValueInfoProto()
    untyped.name = "untyped"
    return model(helper.make_graph(nodes, "types", [*inputs, untyped], outputs))


INTEGERS = {
    "INT8": [-128, 0, 127],
    "INT16": [-32768, 0, 32767],
    "INT32": [-(2**31), 0, 2**31 - 1],
    "INT64": [-(2**63), 0, 2**63 - 1],
    "UINT8": [0, 1, 255],
    "UINT16": [0, 1, 65535],
    "UINT32": [0, 1, 2**32 - 1],
    "UINT64": [0, 1, 2**64 - 1],
    "BOOL": [0, 1, 1],
}
FLOATS = [0.0, -0.0, 1.0, 0.1, 1 / 3, 1e-45, 3.4028235e38, 1e10, -2.5, float("inf"), -float("inf"), float("nan")]


def tensors():
    made = []
    for name, numbers in INTEGERS.items():
        code = getattr(TensorProto, name)
        dtype = helper.tensor_dtype_to_np_dtype(code)
        made.append(helper.make_tensor(f"typed_{name}", code, [3], numbers))
        made.append(numpy_helper.from_array(np.array(numbers, dtype=dtype), f"raw_{name}"))
    for name in ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2"]:
        code = getattr(TensorProto, name)
        numbers = [f for f in FLOATS if abs(f) < 100 and abs(f) > 1e-3] if "8" in name or "16" in name else FLOATS
        made.append(helper.make_tensor(f"typed_{name}", code, [len(numbers)], numbers))
        array = np.array(numbers).astype(helper.tensor_dtype_to_np_dtype(code))
        made.append(numpy_helper.from_array(array, f"raw_{name}"))
    made.append(helper.make_tensor("DOUBLES", TensorProto.DOUBLE, [2], [1 / 3, 5e-324]))
    made.append(helper.make_tensor("scalar", TensorProto.FLOAT, [], [7.0]))
    made.append(helper.make_tensor("matrix", TensorProto.INT32, [2, 1], [7, 8]))
    made.append(helper.make_tensor("strings", TensorProto.STRING, [3], ["", 'say "hi" \\', "ünïcode\n"]))
    external = TensorProto(name="external", data_type=TensorProto.FLOAT, dims=[3, 2])
    external.data_location = TensorProto.EXTERNAL
    for key, text in {"location": "w/weights.bin", "offset": "4096", "length": "24"}.items():
        external.external_data.add(key=key, value=text)
    made.append(external)
    nodes = [helper.make_node("Identity", [t.name], [f"{t.name}_y"]) for t in made]
    constants = [
        helper.make_node("Constant", [], ["c0"], value=helper.make_tensor("", TensorProto.FLOAT, [2], [1, 2.5])),
        helper.make_node("Constant", [], ["c1"], value=helper.make_tensor("named", TensorProto.INT64, [], [3])),
    ]
    outputs = [value(f"{t.name}_y", t.data_type, t.dims) for t in made[:2]]
    return model(helper.make_graph(nodes + constants, "tensors", [], outputs, made))


def attributes():
    attrs = {
        "float": 0.1,
        "whole": 2.0,
        "negative_zero": -0.0,
        "tiny": 1e-45,
        "big": 3.4028235e38,
        "inf": float("inf"),
        "minus_inf": -float("inf"),
        "nan": float("nan"),
        "int_min": -(2**63),
        "int_max": 2**63 - 1,
        "text": 'say "hi" \\ ünïcode\nsecond line',
        "empty_text": "",
        "floats": [1.0, 0.1, -3e-20],
        "ints": [-1, 2**62],
        "strings": ["a", "", '"'],
        "type": helper.make_tensor_type_proto(TensorProto.FLOAT, ["N", 3]),
        "seq_type": helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.INT64, None)),
    }
    node = helper.make_node("Everything", ["x"], ["y"], domain="com.example.deep", **attrs)
    # not of strings: onnx.printer 1.23.1 writes such a list as a lone "]"
    for name in ["INTS", "FLOATS"]:
        node.attribute.add(name=f"no_{name.lower()}", type=getattr(onnx.AttributeProto, name))
    return model(
        helper.make_graph([node], "attributes", [value("x")], [value("y")]),
        {"": 17, "com.example.deep": 1},
    )


def functions():
    def ref(node, name, target, kind):
        node.attribute.add(name=name, ref_attr_name=target, type=kind)
        return node

    body = [
        ref(helper.make_node("Constant", [], ["a"]), "value_float", "alpha", onnx.AttributeProto.FLOAT),
        ref(helper.make_node("Transpose", ["x"], ["xt"]), "perm", "perm", onnx.AttributeProto.INTS),
        helper.make_node("Mul", ["xt", "a"], ["y"]),
    ]
    opsets = [helper.make_opsetid("", 17)]
    scaled = helper.make_function("local.fn", "scaled", ["x"], ["y"], body, opsets, ["alpha", "perm"])
    square = [helper.make_node("Mul", ["x", "x"], ["y"])]
    half = helper.make_function("local.fn", "square", ["x"], ["y"], square, opsets)
    half.overload = "half"
    nodes = [
        helper.make_node("scaled", ["x"], ["t"], domain="local.fn", alpha=2.0, perm=[1, 0]),
        helper.make_node("square", ["t"], ["y"], domain="local.fn", overload="half"),
    ]
    return model(
        helper.make_graph(nodes, "functions", [value("x")], [value("y")]),
        {"": 17, "local.fn": 1},
        functions=[scaled, half],
    )


def names():
    nodes = [
        helper.make_node("Relu", ["input/X"], ["/layer.0/Relu_output_0"], name="/layer.0/Relu"),
        helper.make_node("Clip", ["/layer.0/Relu_output_0", "", "most"], ["0"], name="1st"),
        helper.make_node("LSTM", ["0", "W", "R", "", "", "h"], ["", "", "state"], hidden_size=2),
        helper.make_node("Dropout", ["0"], ["kept", ""]),
        helper.make_node("Trailing", ["state", ""], ["a \"quoted\" name"], domain="com.example"),
        helper.make_node("Sink", ["kept"], [], domain="com.example"),
        helper.make_node("Source", [], ["only"], domain="com.example"),
    ]
    inputs = [value(n) for n in ["input/X", "most", "W", "R", "h"]]
    return model(
        helper.make_graph(nodes, "a graph: name", inputs, [value("a \"quoted\" name"), value("only")]),
        {"": 17, "com.example": 1},
    )


MODELS = [header, control, types, tensors, attributes, functions, names]


def write_models():
    for make in MODELS:
        made = make()
        name = make.__name__
        (FOLDER / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))
        text = onnx.printer.to_text(made)
        (FOLDER / f"{name}.printed.txt").write_text(text)
        parsed = onnx.parser.parse_model(text)
        (FOLDER / f"{name}.parsed.onnx").write_bytes(parsed.SerializeToString(deterministic=True))


def write_back():
    for make in MODELS:
        text = (FOLDER / f"{make.__name__}.stepfold.txt").read_text()
        parsed = onnx.parser.parse_model(text)
        (FOLDER / f"{make.__name__}.back.onnx").write_bytes(parsed.SerializeToString(deterministic=True))


def write_cases():
    """Texts are separated by lines of dashes; each is parsed as a model."""
    cases = []
    for text in (FOLDER / "cases.txt").read_text().split("\n----\n"):
        case = {"text": text}
        try:
            parsed = onnx.parser.parse_model(text).SerializeToString(deterministic=True)
            case["onnx"] = base64.b64encode(parsed).decode()
        except (onnx.parser.ParseError, IndexError, RuntimeError):
            case["onnx"] = None
        cases.append(case)
    (FOLDER / "cases.json").write_text(json.dumps(cases, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    {"models": write_models, "back": write_back, "cases": write_cases}[sys.argv[1]]()
