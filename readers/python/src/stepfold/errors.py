"""What goes wrong, with the codes that Stepfold's own session has: `docs/errors.md` lists them.

Every message is made here once, names the file, the JSON path or the tensor, and says what to do.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from .pointer import pointer


class StepfoldError(Exception):
    """Anything that a user can cause or mend.

    Attributes:
        code: stable, upper case, such as ``SCHEDULE_VERSION``.
        message: what happened, without the hint.
        hint: what to do about it.
        file: the file that it is about, if any.
        path: a JSON pointer into the schedule, if any.
        value: the name of the input, output or state, if any.
        data: anything else worth reading by program.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        file: str | None = None,
        path: str | None = None,
        value: str | None = None,
        data: Any = None,
    ) -> None:
        self.code, self.message, self.hint = code, visible(message), visible(hint)
        self.file, self.path, self.value, self.data = file, path, value, data
        super().__init__(f"{code}: {self.message}" + (f" {self.hint}" if hint else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.code, self.message, self.__dict__)


def _made_again(code: str, message: str, fields: Mapping[str, Any]) -> StepfoldError:
    names = ("hint", "file", "path", "value", "data")
    return StepfoldError(code, message, **{name: fields[name] for name in names})


def visible(text: str) -> str:
    """Control characters of names, which may be anything, as escapes."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def words_of(cause: BaseException) -> str:
    return " ".join(str(cause).split())


def shown(value: object) -> str:
    """A JSON value in a sentence."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, ensure_ascii=False)
    return f"{text[:60]}…" if len(text) > 60 else text


# files


def file_not_found(file: str) -> StepfoldError:
    return StepfoldError("FILE_NOT_FOUND", f'There is no file "{file}".', file=file, hint="Check the path.")


def file_unreadable(file: str, why: str) -> StepfoldError:
    return StepfoldError(
        "FILE_UNREADABLE", f'"{file}" cannot be read: {why}.', file=file, hint="Check that it is a file that you may read."
    )


def file_escapes(file: str, folder: str) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_FILE_ESCAPES",
        f'"{file}" leads out of the bundle "{folder}"; onnxruntime refuses weights there too.',
        file=file,
        hint="Copy the file into the bundle, or make it a hard link.",
    )


def hash_mismatch(file: str, model: str, expected: str, found: str) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_HASH_MISMATCH",
        f'"{file}" is not the model "{model}" that the schedule was made for: its SHA-256 is {found}, expected {expected}.',
        file=file,
        path=pointer("models", model, "sha256"),
        hint="Run `stepfold transform` again.",
    )


def weights_size(file: str, expected: int, found: int) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_WEIGHTS_SIZE",
        f'The weights file "{file}" has {found} bytes; the schedule was made for one of {expected}.',
        file=file,
        hint="Copy the bundle again, or run `stepfold transform` again.",
    )


def weights_changed(file: str) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_WEIGHTS_CHANGED",
        f'The weights in "{file}" are not those that the schedule was made for: samples of them differ.',
        file=file,
        hint="Copy the bundle again, or run `stepfold transform` again; `stepfold verify` tells more.",
    )


# the schedule


def not_json(file: str, why: str) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_NOT_JSON",
        f'The schedule "{file}" is not JSON: {why}.',
        file=file,
        hint="The file is damaged or is something else; write it again.",
    )


def unknown_version(file: str, found: object, reads: Sequence[int]) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_VERSION",
        f'The schedule "{file}" is version {shown(found)}; this reader reads version {" and ".join(map(str, reads))}.',
        file=file,
        path="/version",
        hint="Install a newer stepfold for Python, or write the schedule again with an older one.",
    )


def invalid_schedule(file: str, problems: Sequence[tuple[str, str]]) -> StepfoldError:
    first = "; ".join(f"{path or '(the whole file)'} {message}" for path, message in problems[:3])
    rest = len(problems) - 3
    return StepfoldError(
        "SCHEDULE_INVALID",
        f'The schedule "{file}" is invalid: {first}{f"; and {rest} more" if rest > 0 else ""}.',
        file=file,
        path=problems[0][0],
        hint="Its format is described in schemas/schedule.schema.json.",
        data={"problems": [{"path": path, "message": message} for path, message in problems]},
    )


# loops


def loop_in_words(steps: int, start: int) -> str:
    return f"{steps} step{'' if steps == 1 else 's'}{f' from step {start} on' if start else ''}"


def loop_steps(found: object) -> StepfoldError:
    return StepfoldError(
        "LOOP_STEPS",
        f"A loop has a whole number of steps from 1 up, found {found}.",
        hint="Give the number of steps of the whole loop, such as 30.",
    )


def loop_start(found: object, steps: int) -> StepfoldError:
    return StepfoldError(
        "LOOP_START",
        f"A loop of {steps} steps begins at one of its steps 0 to {steps - 1}, found {found}.",
        hint="Steps count from 0, the noisiest; a strength s of image to image begins at steps - floor(steps * s).",
    )


def loop_timesteps(steps: int, start: int, found: Sequence[float]) -> StepfoldError:
    taken = steps - start
    return StepfoldError(
        "LOOP_TIMESTEPS",
        f"Timesteps of a loop never rise from step to step, and these do: {', '.join(map(str, found))}."
        if len(found) == taken
        else f"A loop of {loop_in_words(steps, start)} takes {taken} steps, and was told {len(found)} timesteps.",
        hint="Give the timestep of each step that is taken, without those before the first of them; or none.",
    )


def loop_fixed(asked: tuple[int, int], written: tuple[int, int], why: str | None) -> StepfoldError:
    other = "one whose steps lie elsewhere" if asked == written else loop_in_words(*asked)
    return StepfoldError(
        "LOOP_FIXED",
        f"This schedule is for one loop alone, {loop_in_words(*written)}, and was asked for {other}{f': {why}' if why else ''}.",
        path="/loop",
        hint="Run that loop, or make a bundle that serves others: `stepfold transform` without `--fixed-loop`.",
    )


def loop_unreachable(steps: int, start: int, problem: str) -> StepfoldError:
    return StepfoldError(
        "LOOP_UNREACHABLE",
        f"The rules of this schedule do not lead through a loop of {loop_in_words(steps, start)}: a program {problem}.",
        path="/loop/rules",
        hint="Run `stepfold transform` for that loop; and please report it, since rules are tried before they are written.",
    )


def axis_missing(axis: str, steps: int, found: int | None) -> StepfoldError:
    what = "timesteps" if axis == "timestep" else "noise levels"
    return StepfoldError(
        "FORECAST_AXIS_MISSING",
        f"A forecast by {axis} needs the {what} of the loop, which are not known."
        if found is None
        else f"A forecast by {axis} needs them for each of {steps} steps, and there are {found}.",
        hint=f"Give {'timesteps' if axis == 'timestep' else 'log_snr'}, one for each step that is taken.",
    )


def axis_uneven(axis: str, step: int, place: float) -> StepfoldError:
    return StepfoldError(
        "FORECAST_AXIS_UNEVEN",
        f"Step {step} lies at {axis} {-place if axis == 'timestep' else place}, where a forecast by {axis} needs "
        "finite places, each beyond the one before.",
        hint="Choose another spacing, or make the bundle with axis=call.",
        data={"step": step, "place": place},
    )


# models


def engine_missing(why: str) -> StepfoldError:
    return StepfoldError(
        "ENGINE_MISSING",
        f"onnxruntime cannot be imported: {why}.",
        hint="Install `onnxruntime` (or `onnxruntime-gpu`), or hand in a session_factory.",
    )


def model_load_failed(model: str, file: str, cause: BaseException) -> StepfoldError:
    words = words_of(cause)
    old = ("opset", "IR version", "ir_version", "under development", "is not a registered function")
    hint = (
        "Install a newer onnxruntime: this one is too old for the model; or run `stepfold transform` on a model of an older opset."
        if any(word.lower() in words.lower() for word in old)
        else "Check that this onnxruntime has the operators and the provider, or run `stepfold transform` again."
    )
    return StepfoldError("MODEL_LOAD_FAILED", f'Model "{model}" ("{file}") could not be loaded: {words}', file=file, hint=hint)


def model_mismatch(model: str, file: str, why: str) -> StepfoldError:
    return StepfoldError(
        "SCHEDULE_MODEL_MISMATCH",
        f'Model "{model}" ("{file}") does not fit the schedule: {why}.',
        file=file,
        path=pointer("models", model),
        hint="Run `stepfold transform` again.",
    )


def type_unsupported(name: str, type: str) -> StepfoldError:
    return StepfoldError(
        "TENSOR_TYPE_UNSUPPORTED",
        f'"{name}" is {type}, which NumPy has no type for.',
        value=name,
        hint="Transform a model whose kept tensors are of another type.",
    )


# calls


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


# images


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


# pipelines


def pipeline_unknown(name: str, known: str) -> StepfoldError:
    return StepfoldError(
        "PIPELINE_UNKNOWN",
        f"A {name} has no denoiser that a bundle can stand in for: {known}.",
        value=name,
        hint="Open the bundle with stepfold.open() and hand it to the pipeline where its session is.",
    )


def pipeline_mismatch(name: str, why: str) -> StepfoldError:
    return StepfoldError(
        "PIPELINE_MISMATCH",
        f"The bundle does not fit the {name}: {why}.",
        value=name,
        hint="Run `stepfold transform` on the denoiser of this pipeline.",
    )
