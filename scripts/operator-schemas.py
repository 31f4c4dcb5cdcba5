"""Records what ONNX and onnxruntime say of their operators, for test/model/operators.

Needs `pip install onnx onnxruntime` (recorded with onnx 1.23.2 and onnxruntime 1.32.0).

    python scripts/operator-schemas.py    # writes test/fixtures/operators/schemas.json

By domain and name, every version of an operator: since which operator set, its inputs (a name by itself
cannot be left out; `?` may be; `*n` stands for n or more), and its attributes, with the defaults that they
have. As of the last version the types of inputs and outputs, a name where several are allowed, and whether
it draws random numbers, where ONNX says that (of operators that run graphs it says yes).
onnxruntime tells no defaults of its own operators.
"""

import json
import pathlib

import onnx.defs
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

FILE = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "operators" / "schemas.json"
OWN_DOMAINS = ["", "com.microsoft", "com.microsoft.nchwc"]


def input_text(parameter, least):
    option = parameter.option.name
    return parameter.name + {"Single": "", "Optional": "?", "Variadic": f"*{least}"}[option]


def inputs_of(schema):
    variadic = [p for p in schema.inputs if p.option.name == "Variadic"]
    # what is needed at least counts all that stand before
    least = schema.min_input - (len(schema.inputs) - 1) if variadic else 0
    return [input_text(p, least) for p in schema.inputs]


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value).tolist()
    if isinstance(value, float):
        # as it is written, not as the next single says it
        return float(f"{value:.8g}")
    return value


def default_of(attribute):
    value = onnx.helper.get_attribute_value(attribute.default_value)
    is_one = isinstance(value, (bytes, str, int, float, onnx.TensorProto))
    return plain(value) if is_one else [plain(each) for each in value]


def type_of(parameter):
    """A type where there is one alone, else the name that inputs and outputs of one type share."""
    types = list(parameter.types)
    only = types[0].removeprefix("tensor(").removesuffix(")") if len(types) == 1 else None
    name = getattr(parameter, "type_str", None) or getattr(parameter, "typeStr", None)
    return {"float": "float32", "double": "float64"}.get(only, only) or name


def types_of(schema):
    return {
        "inputs": [type_of(p) for p in schema.inputs],
        "outputs": [type_of(p) for p in schema.outputs],
    }


def record(schema, defaults):
    made = {
        "since": schema.since_version,
        "inputs": inputs_of(schema),
        "attributes": sorted(schema.attributes),
    }
    if defaults:
        made["defaults"] = {
            name: default_of(attribute)
            for name, attribute in sorted(schema.attributes.items())
            if attribute.default_value.type
        }
    return made


def main():
    operators = {domain: {} for domain in OWN_DOMAINS}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain != "" or schema.deprecated:
            continue
        known = operators[""].setdefault(schema.name, {"by": "onnx", "versions": []})
        known["versions"].append(record(schema, True))
        if schema.since_version == max(v["since"] for v in known["versions"]):
            known["random"] = schema.node_determinism.name == "NonDeterministic"
            known["types"] = types_of(schema)
    for schema in get_all_operator_schema():
        known = operators.get(schema.domain, {})
        if schema.domain not in operators or known.get(schema.name, {}).get("by") == "onnx":
            continue
        own = known.setdefault(schema.name, {"by": "onnxruntime", "versions": []})
        own["versions"].append(record(schema, False))
        own["types"] = types_of(schema)
    for known in operators.values():
        for operator in known.values():
            operator["versions"].sort(key=lambda version: version["since"])
    lines = [
        f'"{domain}":{{\n'
        + ",\n".join(
            f"{json.dumps(name)}:{json.dumps(known[name], separators=(',', ':'))}"
            for name in sorted(known)
        )
        + "\n}"
        for domain, known in operators.items()
    ]
    versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
    text = f'{{"versions":{json.dumps(versions)},\n"operators":{{\n' + ",\n".join(lines) + "\n}}\n"
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text)


if __name__ == "__main__":
    main()
