"""JSON pointers (RFC 6901): how a message names a place in a JSON file."""

from __future__ import annotations


def pointer(*keys: object) -> str:
    """``pointer("programs", "a/b", 0)`` is ``/programs/a~1b/0``."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
