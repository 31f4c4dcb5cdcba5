"""Checks what a call is fed before anything runs: a forgotten input, another type or another rank would else first be met in
the middle of an image, and reported of some inner node."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from . import errors
from .binding import Buffer, Feed, Target
from .tensors import dtype_of, is_ort_value, ort_type, shape_of


def checked_feeds(ports: Sequence[Mapping[str, Any]], feeds: object) -> dict[str, Feed]:
    """
    Raises:
        StepfoldError: FEED_MISSING, FEED_INVALID
    """
    if not isinstance(feeds, Mapping):
        raise errors.feed_invalid(None, "run() takes a mapping of input names to arrays.")
    names = [port["name"] for port in ports]
    for name in feeds:
        if name not in names:
            raise errors.feed_invalid(str(name), f"is no input; there are {', '.join(names)}")
    return {port["name"]: _checked(port, feeds) for port in ports}


def _checked(port: Mapping[str, Any], feeds: Mapping[str, Any]) -> Feed:
    name, shape = port["name"], port["shape"]
    value = feeds.get(name)
    if value is None:
        raise errors.feed_missing(name)
    # a scalar of NumPy's, as arithmetic on arrays of no axes gives
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        if value.dtype != dtype_of(port["type"], name) and not (port["type"] == "string" and value.dtype.kind in "UO"):
            raise errors.feed_invalid(name, f"is {value.dtype}, the model takes {port['type']}")
    elif is_ort_value(value):
        if value.data_type() != ort_type(port["type"]):
            raise errors.feed_invalid(name, f"is {value.data_type()}, the model takes {ort_type(port['type'])}")
    elif not isinstance(value, Buffer):
        raise errors.feed_invalid(name, f"is a {type(value).__name__}, neither a NumPy array nor an OrtValue")
    own = list(shape_of(value))
    if len(own) != len(shape):
        raise errors.feed_invalid(name, f"has {len(own)} axes, {own}; the model takes {len(shape)}, {_shown(shape)}")
    for axis, (size, wanted) in enumerate(zip(own, shape)):
        if isinstance(wanted, int) and size != wanted:
            raise errors.feed_invalid(name, f"is {own}; the model takes {_shown(shape)}, of axis {axis} {wanted}")
    return value


def _shown(shape: Sequence[Any]) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def checked_fetches(ports: Sequence[Mapping[str, Any]], names: object) -> dict[str, Target | None]:
    """By output name, in the order in which they are asked for; None or an empty list asks for all.

    Raises:
        StepfoldError: FETCH_INVALID
    """
    known = [port["name"] for port in ports]
    if names is None:
        return dict.fromkeys(known)
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise errors.fetch_invalid(f"{names!r} is no list of names")
    for name in names:
        if name not in known:
            raise errors.fetch_invalid(f'"{name}" is no output; there are {", ".join(known)}')
    return dict.fromkeys(names or known)
