"""Runs one model, in one of two ways: with arrays, which any session takes; or with the engine's own tensors, bound to a
device, so that states and what models hand on never leave it."""

from __future__ import annotations

from typing import Any, Mapping, Protocol, Sequence

import numpy as np

from .binding import Buffer, Feed, Target
from .engine import onnxruntime
from .tensors import Value, contiguous, is_ort_value, to_array

# the device of tensors that a provider keeps apart from the processor's memory
_DEVICES = {
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "cuda",
    "NvTensorRTRTXExecutionProvider": "cuda",
    "DmlExecutionProvider": "dml",
    "CANNExecutionProvider": "cann",
}


class Runner(Protocol):
    def run(self, session: Any, feeds: Mapping[str, Feed], fetches: Mapping[str, Target | None], options: Any) -> dict[str, Value]:
        """The outputs asked for; None for one that stays where states are kept."""
        ...

    def copy(self, value: Value) -> Value:
        """With elements of its own, where states are kept."""
        ...


class ArrayRunner:
    def run(self, session: Any, feeds: Mapping[str, Feed], fetches: Mapping[str, Target | None], options: Any) -> dict[str, Value]:
        arrays = {name: to_array(value) for name, value in feeds.items()}
        names = list(fetches)
        return dict(zip(names, session.run(names, arrays, options)))

    def copy(self, value: Value) -> Value:
        return np.array(value)


class BoundRunner:
    """
    Args:
        device_type, device_id: where states are kept, as `OrtValue.ortvalue_from_numpy` takes them.
    """

    def __init__(self, device_type: str, device_id: int) -> None:
        self.device_type, self.device_id = device_type, device_id

    def run(self, session: Any, feeds: Mapping[str, Feed], fetches: Mapping[str, Target | None], options: Any) -> dict[str, Value]:
        binding = session.io_binding()
        for name, value in feeds.items():
            if isinstance(value, Buffer):
                binding.bind_input(name, value.device_type, value.device_id, value.element_type, list(value.shape), value.address)
            elif is_ort_value(value):
                binding.bind_ortvalue_input(name, value)
            else:
                binding.bind_cpu_input(name, contiguous(value))
        for name, target in fetches.items():
            buffer = target.buffer if target else None
            if target is None:
                binding.bind_output(name, self.device_type, self.device_id)
            elif buffer and not buffer.is_in_memory:
                binding.bind_output(
                    name, buffer.device_type, buffer.device_id, buffer.element_type, list(buffer.shape), buffer.address
                )
            else:
                binding.bind_output(name, target.device_type, target.device_id)
        binding.synchronize_inputs()
        session.run_with_iobinding(binding, options)
        binding.synchronize_outputs()
        return dict(zip(fetches, binding.get_outputs()))

    def copy(self, value: Value) -> Value:
        # there is no copy on the device in onnxruntime's interface: it goes by way of memory
        array = np.array(to_array(value))
        return onnxruntime().OrtValue.ortvalue_from_numpy(array, self.device_type, self.device_id)


def runner_for(state_device: str, providers: Sequence[str], options: Mapping[str, Mapping[str, str]]) -> Runner:
    """
    Args:
        state_device: "auto", "host", or a device such as "cuda:0".
        providers: of the sessions, the first of which counts.
    """
    if state_device == "host":
        return ArrayRunner()
    if state_device != "auto":
        type, _, id = state_device.partition(":")
        return BoundRunner(type, int(id or 0))
    first = providers[0] if providers else ""
    if first not in _DEVICES:
        return ArrayRunner()
    return BoundRunner(_DEVICES[first], int(options.get(first, {}).get("device_id", 0)))
