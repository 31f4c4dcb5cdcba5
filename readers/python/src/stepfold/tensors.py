"""Element types by their names in schedules, in NumPy and in onnxruntime; and small tensors that calls are fed."""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import errors

Array = npt.NDArray[Any]
#: What a call is fed and gives: an array, or onnxruntime's `OrtValue`, which may lie on a device.
Value = Union[Array, Any]

DTYPES: Mapping[str, npt.DTypeLike] = {
    **{name: np.dtype(name) for name in ("float16", "float32", "float64", "bool")},
    **{f"{sign}int{bits}": np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "string": np.dtype(object),
}
_ORT_NAMES = {"float32": "float", "float64": "double"}


def dtype_of(type: str, name: str) -> np.dtype[Any]:
    """
    Raises:
        StepfoldError: TENSOR_TYPE_UNSUPPORTED for int4 and uint4
    """
    if type not in DTYPES:
        raise errors.type_unsupported(name, type)
    return np.dtype(DTYPES[type])


def ort_type(type: str) -> str:
    """As `NodeArg.type` has it: ``tensor(float)`` for ``float32``."""
    return f"tensor({_ORT_NAMES.get(type, type)})"


def constant(type: str, shape: Sequence[int], data: Sequence[Any], name: str) -> Array:
    return np.array(data, dtype=dtype_of(type, name)).reshape(tuple(shape))


def placeholder(state: Mapping[str, Any], name: str) -> Array:
    """Zeros for a required input that nothing looks at, as small as the state's shape allows."""
    shape = tuple(size if isinstance(size, int) else 1 for size in state["shape"])
    dtype = dtype_of(state["type"], name)
    return np.full(shape, "", dtype) if dtype == object else np.zeros(shape, dtype)


def is_ort_value(value: object) -> bool:
    """Told by what is used of it, so that onnxruntime need not be imported."""
    return hasattr(value, "numpy") and hasattr(value, "device_name") and hasattr(value, "shape")


def contiguous(array: Array) -> Array:
    """Its elements one after another in memory, as engines read them; `np.ascontiguousarray` would give a scalar an axis."""
    return np.asarray(array, order="C")


def shape_of(value: Value) -> tuple[int, ...]:
    shape = value.shape
    return tuple(shape() if callable(shape) else shape)


def is_in_memory(value: Value) -> bool:
    return isinstance(value, np.ndarray) or (is_ort_value(value) and str(value.device_name()).lower() == "cpu")


def to_array(value: Value) -> Array:
    """In the processor's memory; a copy of what lies on a device."""
    return value if isinstance(value, np.ndarray) else np.asarray(value.numpy())
