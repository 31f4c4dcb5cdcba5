"""Errors about images: how they are driven, and where they go on."""

from __future__ import annotations

from .base import StepfoldError


def _change(call: int, resized: bool, before: float | None, now: float | None) -> str:
    return f"Call {call} is fed a latent of another size" if resized else f"Call {call} has timestep {now} after {before}"


def new_image_begun(call: int, resized: bool, before: float | None, now: float | None) -> StepfoldError:
    return StepfoldError(
        "SESSION_NEW_IMAGE",
        f"{_change(call, resized, before, now)}: it begins another image, but reset() was not called.",
        hint='Call reset() at the start of each image; new_image="timestep" does so by itself.',
    )


def images_mixed(call: int, resized: bool, before: float | None, now: float | None) -> StepfoldError:
    return StepfoldError(
        "SESSION_IMAGES_MIXED",
        f"{_change(call, resized, before, now)}: this may be another image, or two in turns, and the call would read "
        "what the one before kept.",
        hint="Call reset() at the start of each image, and take session.image() for each that is made at the same time; "
        'a sampler that goes back by itself needs new_image="reset".',
    )


def guidance_turns(call: int, before: float, now: float) -> StepfoldError:
    return StepfoldError(
        "GUIDANCE_TURNS",
        f"Call {call} has timestep {now} after {before}, but the schedule is made for guidance in two calls a step: "
        f"calls {call - 1} and {call} are the halves of one.",
        hint="Make both calls of each step, in the order of source.guidance, or transform the model without --guidance.",
    )


def guidance_branches(branches: object, program: str | None) -> StepfoldError:
    if program is None:
        return StepfoldError(
            "GUIDANCE_BRANCHES",
            f'"branches" is {branches}; it counts the parts of the loop\'s guidance, 1 without any.',
            value="branches",
            hint="Give a whole number of at least 1, or leave it out.",
        )
    return StepfoldError(
        "GUIDANCE_BRANCHES",
        f"The loop has {branches} guidance {'branch' if branches == 1 else 'branches'}, but program "
        f'"{program}" tells the halves of pairs apart.',
        value=program,
        hint="Transform the model without --guidance, or give each branch an image of its own: session.image().",
    )


def odd_pair(call: int, name: str, batch: int) -> StepfoldError:
    return StepfoldError(
        "GUIDANCE_ODD_BATCH",
        f'Call {call} was fed a batch of {batch} for "{name}", but tells the halves of guidance pairs apart.',
        value=name,
        hint="Feed both halves of each pair in one batch, first halves first; guidance can be off at calls whose program "
        'says "pairs": false.',
    )


def pairs_too_late(call: int, name: str, batch: int) -> StepfoldError:
    return StepfoldError(
        "GUIDANCE_ODD_BATCH",
        f'Call {call} was fed a batch of {batch} for "{name}", more than earlier calls of this image, which took their '
        "batch for guidance pairs.",
        value=name,
        hint='Feed both halves of each pair from the first call on whose program does not say "pairs": false, and begin '
        "this image again.",
    )


def saved_invalid(why: str) -> StepfoldError:
    return StepfoldError(
        "SAVED_IMAGE_INVALID", f"This is no saved image: {why}.", hint="Give what save() gave, otherwise unchanged."
    )


def saved_version(found: object) -> StepfoldError:
    return StepfoldError(
        "SAVED_IMAGE_VERSION",
        f"The image was saved in version {found!r} of the format; this is a reader of version 1.",
        hint="Save and restore with one version of stepfold.",
    )


_MISMATCHES = {
    "source": "another source model",
    "programs": "another bundle of the same model",
    "calls": "a loop of another number of calls",
    "loop": "a loop that runs other programs at its calls",
}


def saved_mismatch(differs: str, saved: object, here: object) -> StepfoldError:
    return StepfoldError(
        "SAVED_IMAGE_MISMATCH",
        f"The image was saved from {_MISMATCHES[differs]}: {differs} {saved!r}, here {here!r}.",
        hint="Restore it into a session of the bundle and loop that it was saved from.",
        data={"differs": differs, "saved": saved, "is": here},
    )
