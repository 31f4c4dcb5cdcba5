"""The timestep that a call is fed, whatever its type and shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tensors import Value, is_in_memory, to_array


@dataclass(frozen=True)
class Timestep:
    """One for all, or one for each image or token: then the largest and the smallest of them."""

    largest: float
    smallest: float


def read_timestep(value: Value) -> Timestep | None:
    """None where there is none, where it lies on a device, or is no number."""
    if not is_in_memory(value):
        return None
    array = to_array(value)
    if array.size == 0 or array.dtype.kind not in "fiub":
        return None
    largest, smallest = array.max().item(), array.min().item()
    return None if np.isnan(largest) else Timestep(largest, smallest)
