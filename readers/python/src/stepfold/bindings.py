"""Sizes of symbolic dimensions, read off the feeds of a call. A state was made under those of the call that wrote it; a
call with others must not read it: the engine would fail somewhere inside, or broadcast and give a wrong result."""

from __future__ import annotations

import re
from typing import Any, Mapping, Sequence

Sizes = Mapping[str, int]


def bind(inputs: Sequence[Mapping[str, Any]], shapes: Mapping[str, Sequence[int]]) -> Sizes:
    """Size by symbol; a dimension without one is named ``input[axis]``. Of inputs that disagree the first counts."""
    sizes: dict[str, int] = {}
    for port in inputs:
        name, own = port["name"], shapes[port["name"]]
        if len(own) != len(port["shape"]):
            continue
        for axis, dim in enumerate(port["shape"]):
            symbol = f"{name}[{axis}]" if dim is None else dim
            if isinstance(symbol, str):
                sizes.setdefault(symbol, own[axis])
    return sizes


def changed_symbol(shape: Sequence[int | str | None], before: Sizes, now: Sizes) -> str | None:
    """The first symbol that a state of this shape depends on and that has another size than before."""
    return next((symbol for symbol in _symbols_of(shape, now) if symbol in before and before[symbol] != now.get(symbol)), None)


def _symbols_of(shape: Sequence[int | str | None], known: Sizes) -> list[str]:
    """Symbols that the shape is made of; all of them where it has a dimension that nothing is known of."""
    found: dict[str, None] = {}
    for dim in shape:
        if isinstance(dim, int):
            continue
        # an expression such as "floor(height/2)": the identifiers that are symbols of the inputs
        parts = [dim] if dim in known else [part for part in re.findall(r"[^\W\d][\w.]*", dim or "") if part in known]
        if not parts:
            return list(known)
        found.update(dict.fromkeys(str(part) for part in parts))
    return list(found)
