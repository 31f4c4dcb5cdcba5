"""Where in a folder a bundle lies: there, or where a pipeline keeps its denoiser."""

from __future__ import annotations

import os

DENOISERS = ("unet", "transformer")


def bundle_in(folder: str) -> str:
    """The folder with schedule.json; the one that was given where there is none."""
    for place in (folder, *(os.path.join(folder, name) for name in DENOISERS)):
        if os.path.isfile(os.path.join(place, "schedule.json")):
            return place
    return folder
