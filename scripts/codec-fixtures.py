"""Writes test/fixtures/onnx/everything.onnx: a model that sets fields of every message of ONNX 1.23.

Needs `pip install onnx` (recorded with onnx 1.23.1).
"""

import pathlib

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FILE = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "onnx" / "everything.onnx"


def entry(field, **pairs):
    for key, text in pairs.items():
        field.add(key=key, value=text)


def tensor_type(info):
    info.type.denotation = "IMAGE"
    info.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    info.doc_string = "documented"
    entry(info.metadata_props, unit="metres")
    return info


def sparse(name, dims):
    values = helper.make_tensor(name, TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("", TensorProto.INT64, [2], [3, 7])
    return helper.make_sparse_tensor(values, indices, dims)


def branch(name):
    return helper.make_graph(
        [helper.make_node("Identity", ["w"], [name])],
        name,
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [400])],
        doc_string="a branch",
    )


def node():
    made = helper.make_node(
        "Everything",
        ["x", "", "w"],
        ["y", ""],
        name="node",
        doc_string="a node",
        domain="com.example",
        overload="second",
        f=0.1,
        i=-(2**63),
        s=b"\xff\x00not utf-8",
        t=numpy_helper.from_array(np.arange(600, dtype=np.int32), "inline"),
        g=branch("inner"),
        floats=[1.5, float("inf")],
        ints=[2**63 - 1, -1],
        strings=[b"a", b"\xfe"],
        tensors=[helper.make_tensor("one", TensorProto.DOUBLE, [1], [0.1])],
        graphs=[branch("first"), branch("second")],
        tp=helper.make_tensor_type_proto(TensorProto.FLOAT, ["N"]),
        sparse=sparse("sparse_attribute", [10]),
    )
    types = made.attribute.add(name="types", type=AttributeProto.TYPE_PROTOS, doc_string="an attribute")
    types.type_protos.add().CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    sparses = made.attribute.add(name="sparses", type=AttributeProto.SPARSE_TENSORS)
    sparses.sparse_tensors.add().CopyFrom(sparse("", [10]))
    entry(made.metadata_props, pkg="torch", name_scopes="['', 'layer']")
    device = made.device_configurations.add(configuration_id="pair", pipeline_stage=1)
    spec = device.sharding_spec.add(tensor_name="x", device=[0, 1])
    spec.index_to_device_group_map.add(key=-1, value=[0, 1])
    spec.sharded_dim.add(axis=0).simple_sharding.add(dim_value=4, num_shards=2)
    return made


def function():
    body = helper.make_node("Add", ["a", "b"], ["c"])
    made = helper.make_function(
        "com.example",
        "f",
        ["a", "b"],
        ["c"],
        [body],
        [helper.make_opsetid("", 18)],
        attributes=["alpha"],
        attribute_protos=[helper.make_attribute("beta", 2.5)],
        doc_string="a function",
        overload="over",
        value_info=[helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N"])],
    )
    entry(made.metadata_props, key="function")
    return made


def tensors():
    weights = numpy_helper.from_array(np.arange(400, dtype=np.float32), "w")
    weights.doc_string = "weights"
    entry(weights.metadata_props, key="tensor")
    strings = helper.make_tensor("strings", TensorProto.STRING, [2], [b"a", b"\xff\xfe"])
    typed = [
        helper.make_tensor("uint64", TensorProto.UINT64, [2], [0, 2**64 - 1]),
        helper.make_tensor("float16", TensorProto.FLOAT16, [2], [0.5, -2.0]),
        helper.make_tensor("complex64", TensorProto.COMPLEX64, [1], [1 + 2j]),
        helper.make_tensor("complex128", TensorProto.COMPLEX128, [1], [1 - 2j]),
        helper.make_tensor("int4", TensorProto.INT4, [3], [-8, 0, 7]),
        helper.make_tensor("float8", TensorProto.FLOAT8E5M2, [1], [0.5]),
    ]
    external = TensorProto(name="external", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    entry(external.external_data, location="weights.bin", offset="0", length="16", checksum="da39a3ee")
    return [weights, strings, *typed, external]


def main():
    x = tensor_type(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, None]))
    y = tensor_type(helper.make_tensor_value_info("y", TensorProto.FLOAT, [2**62, 3]))
    graph = helper.make_graph(
        [node()],
        "everything",
        [x, helper.make_tensor_value_info("w", TensorProto.FLOAT, [400])],
        [y],
        tensors(),
        doc_string="a graph",
        value_info=[helper.make_tensor_value_info("gone", TensorProto.INT64, []), tensor_type(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 5]))],
        sparse_initializer=[sparse("sparse", [10])],
    )
    annotation = graph.quantization_annotation.add(tensor_name="x")
    entry(annotation.quant_parameter_tensor_names, SCALE_TENSOR="scale", ZERO_POINT_TENSOR="zero")
    entry(graph.metadata_props, key="graph")
    training = helper.make_training_info(branch("algorithm"), [("w", "algorithm")], branch("start"), [("w", "start")])
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.example", 2)],
        producer_name="fixtures",
        producer_version="1",
        doc_string="a model",
        functions=[function()],
        ir_version=12,
        model_version=2**60,
        domain="com.example",
    )
    entry(model.metadata_props, first="1", second="2")
    model.metadata_props.add(key="first", value="twice")
    model.training_info.add().CopyFrom(training)
    model.configuration.add(name="pair", num_devices=2, device=["cuda:0", "cuda:1"])
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
