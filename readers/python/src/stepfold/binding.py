"""IO binding for a bundle: the surface of `onnxruntime.IOBinding`, which writes down what is bound where, since a call of a
bundle may run several models. Buffers in the processor's memory are read and written as arrays; those on a device are handed
on to the engine by address."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import errors
from .tensors import Array, Value, contiguous, is_ort_value, to_array


@dataclass(frozen=True)
class Buffer:
    """Memory of the caller's, by address; it must stay until the call has ended."""

    device_type: str
    device_id: int
    element_type: Any
    shape: tuple[int, ...]
    address: int

    @property
    def is_in_memory(self) -> bool:
        return self.device_type.lower() == "cpu"

    def array(self) -> Array:
        """Its elements, without a copy, where it lies in the processor's memory."""
        dtype = np.dtype(self.element_type)
        count = int(np.prod(self.shape, dtype=np.int64)) * dtype.itemsize
        raw = (ctypes.c_uint8 * count).from_address(self.address) if count else b""
        return np.frombuffer(raw, dtype).reshape(self.shape)


@dataclass(frozen=True)
class Target:
    """Where an output goes: on a device, in a buffer there, or into a tensor of the caller's."""

    device_type: str = "cpu"
    device_id: int = 0
    buffer: Buffer | None = None
    value: Any = None


Feed = Union[Value, Buffer]


class Binding:
    """What `session.io_binding()` gives. The names are those of `onnxruntime.IOBinding`."""

    def __init__(self, input_names: Sequence[str], output_names: Sequence[str]) -> None:
        self._input_names, self._output_names = input_names, output_names
        self._inputs: dict[str, Feed] = {}
        self._outputs: dict[str, Target] = {}
        self._results: Mapping[str, Value] = {}

    def bind_cpu_input(self, name: str, arr_on_cpu: npt.ArrayLike) -> None:
        self._bind(name, np.asarray(arr_on_cpu))

    def bind_ortvalue_input(self, name: str, ortvalue: Any) -> None:
        self._bind(name, ortvalue)

    def bind_input(
        self, name: str, device_type: str, device_id: int, element_type: Any, shape: Sequence[int], buffer_ptr: int
    ) -> None:
        buffer = Buffer(device_type, device_id, element_type, tuple(shape), buffer_ptr)
        self._bind(name, buffer.array() if buffer.is_in_memory else buffer)

    def bind_output(
        self,
        name: str,
        device_type: str = "cpu",
        device_id: int = 0,
        element_type: Any = None,
        shape: Sequence[int] | None = None,
        buffer_ptr: int | None = None,
    ) -> None:
        buffer = None
        if buffer_ptr is not None:
            if element_type is None or shape is None:
                raise errors.binding_invalid(f'the buffer for "{name}" comes without element_type or shape')
            buffer = Buffer(device_type, device_id, element_type, tuple(shape), buffer_ptr)
        self._bind_output(name, Target(device_type, device_id, buffer))

    def bind_ortvalue_output(self, name: str, ortvalue: Any) -> None:
        self._bind_output(name, Target(str(ortvalue.device_name()).lower(), 0, None, ortvalue))

    def clear_binding_inputs(self) -> None:
        self._inputs = {}

    def clear_binding_outputs(self) -> None:
        self._outputs = {}

    def synchronize_inputs(self) -> None:
        """Is done by each call."""

    def synchronize_outputs(self) -> None:
        """Is done by each call."""

    def get_outputs(self) -> list[Value]:
        """The outputs of the last call, in the order in which they were bound: OrtValues, or arrays on the NumPy path."""
        return [self._results[name] for name in self._outputs]

    def copy_outputs_to_cpu(self) -> list[Array]:
        return [to_array(value) for value in self.get_outputs()]

    def _bind(self, name: str, feed: Feed) -> None:
        if name not in self._input_names:
            raise errors.binding_invalid(f'"{name}" is no input; there are {", ".join(self._input_names)}')
        self._inputs[name] = feed

    def _bind_output(self, name: str, target: Target) -> None:
        if name not in self._output_names:
            raise errors.binding_invalid(f'"{name}" is no output; there are {", ".join(self._output_names)}')
        self._outputs[name] = target


def fill(name: str, target: Target, value: Value) -> Value:
    """Puts an output where the caller wants it, as far as the engine has not; gives what the caller finds there.

    Raises:
        StepfoldError: SESSION_BINDING for another shape
    """
    into = target.buffer.array() if target.buffer and target.buffer.is_in_memory else None
    if target.value is not None:
        given = to_array(value)
        if list(target.value.shape()) != list(given.shape):
            raise errors.binding_invalid(f'"{name}" is {list(given.shape)}, the tensor to write it into {target.value.shape()}')
        target.value.update_inplace(contiguous(given))
        return target.value
    if into is not None:
        given = to_array(value)
        if into.shape != given.shape or into.dtype != given.dtype:
            raise errors.binding_invalid(
                f'"{name}" is {given.dtype} {list(given.shape)}, the buffer to write it into {into.dtype} {list(into.shape)}'
            )
        np.copyto(into, given)
        return into
    if target.device_type.lower() == "cpu" and is_ort_value(value):
        return to_array(value)
    return value
