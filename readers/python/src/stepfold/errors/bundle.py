"""Errors about the files of a bundle, its schedule, and its models."""

from __future__ import annotations

from typing import Sequence

from ..pointer import pointer
from .base import StepfoldError, shown, words_of


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
