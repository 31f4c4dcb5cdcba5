"""Errors about calls: what they are fed, and what becomes of them."""

from __future__ import annotations

from .base import StepfoldError, words_of


def schedule_exhausted(calls: int) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_EXHAUSTED",
        f"The schedule has {calls} calls and all of them were made.",
        hint="Call reset() at the start of each image, and use as many steps as the schedule has calls.",
    )


def session_busy(method: str) -> StepfoldError:
    return StepfoldError(
        "SESSION_BUSY",
        f"{method}() was called while a call of the same image had not ended; its calls depend on each other.",
        hint="Let each run() end, and take session.image() for each image that is made at the same time.",
    )


def session_released() -> StepfoldError:
    return StepfoldError("SESSION_RELEASED", "The session was closed.", hint="Open it again.")


def image_released() -> StepfoldError:
    return StepfoldError(
        "SESSION_IMAGE_RELEASED", "The image was closed; its session was not.", hint="Take another one: session.image()."
    )


def feed_missing(name: str) -> StepfoldError:
    return StepfoldError(
        "FEED_MISSING",
        f'The feeds have no "{name}".',
        value=name,
        hint="Feed every input of the source model at every call, also where a program does not look at it.",
    )


def feed_invalid(name: str | None, why: str) -> StepfoldError:
    return StepfoldError(
        "FEED_INVALID",
        why if name is None else f'The feed "{name}" {why}.',
        value=name,
        hint="Feed NumPy arrays or OrtValues by input name, of the types and ranks that get_inputs() says.",
    )


def fetch_invalid(why: str) -> StepfoldError:
    return StepfoldError(
        "FETCH_INVALID",
        f"The output names of run() are invalid: {why}.",
        hint="Give names of the source model's outputs, or None for all.",
    )


def run_failed(call: int, program: str, file: str, cause: BaseException) -> StepfoldError:
    return StepfoldError(
        "RUN_FAILED",
        f'Call {call} (program "{program}", model "{file}") failed: {words_of(cause)}',
        file=file,
        hint="Nothing has changed: mend the feeds and make the same call again.",
    )


def state_shape_changed(call: int, state: str, symbol: str, before: int, now: int | None, written_at: int) -> StepfoldError:
    return StepfoldError(
        "STATE_SHAPE_CHANGED",
        f'Call {call} reads state "{state}", which call {written_at} wrote with {symbol} = {before}; now {symbol} is {now}.',
        value=state,
        hint="Keep the shapes of the feeds the same for all calls of an image, or call reset().",
    )


def binding_invalid(why: str) -> StepfoldError:
    return StepfoldError(
        "SESSION_BINDING", f"The IO binding cannot be run: {why}.", hint="Take one from session.io_binding(), or use run()."
    )
