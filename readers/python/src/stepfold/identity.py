"""What the states of an image belong to: a bundle, and the loop that the image is in. Fingerprints are FNV-1a of 64 bits
(RFC 9923) over the text that JavaScript's JSON.stringify gives with sorted keys, so that they equal those of Stepfold's own
session: they tell by accident different things apart, and nobody gains by a forgery."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Mapping

from .loops import Plan
from .schedules import Schedule


def identity_of(schedule: Schedule, plan: Plan) -> dict[str, Any]:
    """SHA-256 of the source; fingerprints of models, weights, programs and states, and of what each call runs and is fed."""
    source = schedule["source"]
    programs = {
        **{key: source[key] for key in ("inputs", "outputs", "guidance") if key in source},
        **{key: schedule[key] for key in ("models", "weights", "states", "programs")},
    }
    count = len(plan.calls)
    fed = {id: [*own[:count], *[None] * (count - len(own))] for id, own in plan.fed.items()}
    return {
        "source": source["sha256"],
        "programs": fingerprint(programs),
        "calls": count,
        "loop": fingerprint({"inOrder": list(plan.calls), "fed": fed}),
    }


def fnv1a(data: bytes) -> str:
    """In 16 hexadecimal digits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def fingerprint(value: object) -> str:
    """The same for values that are equal as JSON, in whatever order their keys stand."""
    return fnv1a(_text(value).encode("utf-8"))


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, str):
        # lone surrogates have no bytes: JavaScript escapes them
        return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(value[key])}" for key in sorted(value, key=_place)) + "}"
    return "[" + ",".join(map(_text, value)) + "]"  # type: ignore[call-overload]


def _place(key: str) -> tuple[Any, ...]:
    """Where JavaScript has a key: whole numbers first, by size; then others by their UTF-16 units."""
    if re.fullmatch(r"0|[1-9]\d{0,9}", key) and int(key) < 2**32 - 1:
        return (0, int(key), b"")
    return (1, 0, key.encode("utf-16-be", "surrogatepass"))


def _number(value: int | float) -> str:
    """The shortest decimal that gives the same float64, in JavaScript's notation."""
    number = float(value)
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    sign, digits, exponent = _digits(number)
    point = len(digits) + exponent
    if 0 < point <= 21:
        text = digits + "0" * exponent if exponent >= 0 else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + text


def _digits(number: float) -> tuple[str, str, int]:
    """Sign, digits without zeros at either end, and the power of ten of the last of them."""
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", repr(number))
    assert found is not None
    sign, whole, part, power = found[1], found[2], found[3] or "", int(found[4] or 0)
    digits = (whole + part).lstrip("0")
    exponent = power - len(part)
    short = digits.rstrip("0")
    return sign, short, exponent + len(digits) - len(short)
