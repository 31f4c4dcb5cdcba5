"""What in a document is against its JSON Schema (draft 2020-12), as far as the schedule's schema has keywords."""

from __future__ import annotations

import json
import math
import operator
import os
import re
from typing import Any, Callable, Iterator, Mapping

from .errors import shown
from .pointer import pointer


_PATTERNS = {
    "sha256": "a SHA-256 of 64 lower-case hexadecimal digits",
    "fileName": "a plain file name inside the bundle's folder",
}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _matches(pattern: str, value: str) -> bool:
    # in JSON Schema "$" is the very end, in Python also what lies before a last line break
    return re.search(pattern.replace("$", r"\Z"), value) is not None


_IS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and float(value).is_integer(),  # type: ignore[arg-type]
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def schedule_schema() -> Mapping[str, Any]:
    """The contract: schemas/schedule.schema.json, which this package carries."""
    with open(os.path.join(os.path.dirname(__file__), "schedule.schema.json"), encoding="utf-8") as file:
        schema: Mapping[str, Any] = json.load(file)
    return schema


def problems(root: Mapping[str, Any], document: object) -> list[tuple[str, str]]:
    """A JSON pointer and a sentence for each thing that is wrong."""
    return list(dict.fromkeys(_check(root, root, document, "", "")))


def _check(root: Mapping[str, Any], schema: Any, value: object, path: str, name: str) -> Iterator[tuple[str, str]]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        yield from _check(root, root["$defs"][name], value, path, name)
    types = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if types and not any(_IS[own](value) for own in types):
        yield path, f"must be {' or '.join(types)}, found {shown(value)}"
        return
    if "const" in schema and (value != schema["const"] or isinstance(value, bool) != isinstance(schema["const"], bool)):
        yield path, f"must be {json.dumps(schema['const'])}, found {shown(value)}"
    if "enum" in schema and not any(value == own and type(value) is type(own) for own in schema["enum"]):
        yield path, f"must be one of {', '.join(map(json.dumps, schema['enum']))}; found {shown(value)}"
    if "anyOf" in schema:
        tried = [list(_check(root, own, value, path, name)) for own in schema["anyOf"]]
        if all(tried):
            # the alternative that fits best says what is wrong
            yield from min(tried, key=lambda own: (sum(at == path for at, _ in own), len(own)))
    if _is_number(value):
        yield from _number(schema, value, path)
    elif isinstance(value, str) and "pattern" in schema and not _matches(schema["pattern"], value):
        yield path, f"must be {_PATTERNS.get(name, 'like ' + schema['pattern'])}, found {shown(value)}"
    elif isinstance(value, list):
        yield from _array(root, schema, value, path)
    elif isinstance(value, dict):
        yield from _object(root, schema, value, path)


def _number(schema: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    for keyword, sign, holds in (
        ("minimum", ">=", operator.ge),
        ("maximum", "<=", operator.le),
        ("exclusiveMinimum", ">", operator.gt),
        ("exclusiveMaximum", "<", operator.lt),
    ):
        if keyword in schema and not holds(value, schema[keyword]):
            yield path, f"must be {sign} {schema[keyword]}, found {shown(value)}"


def _array(root: Mapping[str, Any], schema: Any, value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if len(value) < schema.get("minItems", 0):
        yield path, f"must NOT have fewer than {schema['minItems']} items, found {shown(value)}"
    if len(value) > schema.get("maxItems", len(value)):
        yield path, f"must NOT have more than {schema['maxItems']} items, found {shown(value)}"
    if "items" in schema:
        for i, item in enumerate(value):
            yield from _check(root, schema["items"], item, path + pointer(i), "")


def _object(root: Mapping[str, Any], schema: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if len(value) < schema.get("minProperties", 0):
        yield path, f"must NOT have fewer than {schema['minProperties']} properties, found {shown(value)}"
    if len(value) > schema.get("maxProperties", len(value)):
        yield path, f"must NOT have more than {schema['maxProperties']} properties, found {shown(value)}"
    for key in schema.get("required", []):
        if key not in value:
            yield path, f'must have "{key}"'
    for key, needed in schema.get("dependentRequired", {}).items():
        for other in needed:
            if key in value and other not in value:
                yield path, f'must have "{other}" where it has "{key}"'
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            yield from _check(root, known[key], item, path + pointer(key), "")
        elif others is False:
            yield path + pointer(key), "is not a property of the format"
        elif isinstance(others, dict):
            yield from _check(root, others, item, path + pointer(key), "")
