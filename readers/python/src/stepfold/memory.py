"""What is remembered of an image's calls, to see where the next image begins. Plain values, since it is saved with the
image: under the names that Stepfold's own session has for them, so that an image goes from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from .timesteps import Timestep


@dataclass(frozen=True)
class Seen:
    """What is seen of one call: of the latent, or of every input where it is not known which that is."""

    timestep: Timestep | None
    sizes: Sequence[Sequence[int]]


@dataclass(frozen=True)
class LeftImage:
    """An image that was not finished: its first and last call, how many it had, and the first of them at its last timestep."""

    first: Seen
    last: Seen
    calls: int
    reached: int


@dataclass
class Memory:
    """Of one image; as it is made, before the first call of it."""

    first: Seen | None = None
    last: Seen | None = None
    last_of_kind: list[Seen | None] = field(default_factory=list)
    largest_batch: int = 0
    # of the calls of the image that took their batch for pairs
    smallest_pairs: int | None = None
    rises: bool = False
    # how far the timestep went when it last changed in this image, at which call, and whether the second step repeated
    # that of the first, or the third that of the second
    stride: float | None = None
    reached: int = 0
    repeats_first: bool = False
    repeats: bool = False
    # the image before, where it was left unfinished without a word
    left: LeftImage | None = None

    def begun(self, left_after: int | None) -> Memory:
        """Of the image after this one, which was left after so many calls; None where it was not left."""
        left = None
        if left_after is not None and self.first and self.last:
            left = LeftImage(self.first, self.last, left_after, self.reached)
        return Memory(rises=self.rises, left=left)

    def to_plain(self) -> dict[str, Any]:
        plain = {
            "first": _plain(self.first),
            "last": _plain(self.last),
            "lastOfKind": [_plain(seen) for seen in self.last_of_kind],
            "largestBatch": self.largest_batch,
            "smallestPairs": self.smallest_pairs,
            "rises": self.rises,
            "stride": self.stride,
            "reached": self.reached,
            "repeatsFirst": self.repeats_first,
            "repeats": self.repeats,
        }
        if self.left:
            own = self.left
            plain["left"] = {"first": _plain(own.first), "last": _plain(own.last), "calls": own.calls, "reached": own.reached}
        return {key: value for key, value in plain.items() if value is not None}


def _plain(seen: Seen | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    sizes = {"sizes": [list(size) for size in seen.sizes]}
    if seen.timestep is None:
        return sizes
    return {"timestep": {"largest": seen.timestep.largest, "smallest": seen.timestep.smallest}, **sizes}


def memory_from(plain: object) -> Memory | None:
    """None for what no session gave."""
    try:
        return _memory(plain)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _memory(plain: Mapping[str, Any]) -> Memory:
    left, stride, pairs = plain.get("left"), plain.get("stride"), plain.get("smallestPairs")
    return Memory(
        first=_seen(plain.get("first")),
        last=_seen(plain.get("last")),
        last_of_kind=[_seen(own) for own in plain["lastOfKind"]],
        largest_batch=_count(plain["largestBatch"]),
        smallest_pairs=None if pairs is None else _count(pairs),
        rises=_flag(plain["rises"]),
        stride=None if stride is None else _number(stride),
        reached=_count(plain["reached"]),
        repeats_first=_flag(plain["repeatsFirst"]),
        repeats=_flag(plain["repeats"]),
        left=None if left is None else _left(left),
    )


def _left(plain: Mapping[str, Any]) -> LeftImage:
    first, last = _seen(plain["first"]), _seen(plain["last"])
    if first is None or last is None:
        raise ValueError("an image that was left has a first and a last call")
    return LeftImage(first, last, _count(plain["calls"]), _count(plain["reached"]))


def _seen(plain: Mapping[str, Any] | None) -> Seen | None:
    if plain is None:
        return None
    own = plain.get("timestep")
    timestep = None if own is None else Timestep(_number(own["largest"]), _number(own["smallest"]))
    return Seen(timestep, [[_count(size) for size in sizes] for sizes in plain["sizes"]])


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 or int(value) != value:
        raise ValueError(f"{value} is no count")
    return int(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value} is no number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value} is not true or false")
    return value
