"""Reads a bundle's schedule.json: JSON, then its JSON Schema, then what a schema cannot say. Everything is checked before
anything is returned, so that the code behind it need not check."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping

from . import errors
from .checks import schedule_problems
from .schema import problems, schedule_schema

Schedule = Mapping[str, Any]

VERSIONS = (1, 2)


def read_schedule(folder: str | os.PathLike[str]) -> Schedule:
    """The schedule of a bundle's folder, as it is written.

    Raises:
        StepfoldError: FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID
    """
    file = os.path.join(folder, "schedule.json")
    try:
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        raise errors.file_not_found(file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise errors.file_unreadable(file, str(error)) from error
    return parse_schedule(text, file)


def parse_schedule(text: str, file: str = "schedule.json") -> Schedule:
    """
    Raises:
        StepfoldError: SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID
    """
    try:
        document = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise errors.not_json(file, str(error)) from error
    if isinstance(document, dict) and document.get("format") == "stepfold.schedule":
        found = document.get("version")
        # a newer version may break the schema anywhere; its number is what the reader must be told
        if isinstance(found, (int, float)) and not isinstance(found, bool) and found not in VERSIONS:
            raise errors.unknown_version(file, found, VERSIONS)
    wrong = problems(schedule_schema(), document)
    if not wrong:
        wrong = schedule_problems(document)
    if wrong:
        raise errors.invalid_schedule(file, wrong)
    schedule: Schedule = document
    return schedule


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def needs_pairs(schedule: Schedule, program: str) -> bool:
    """Is a program right only in a loop whose guidance is as the schedule was made for?

    One that does not say what it needs is taken at its worst.
    """
    mode = schedule["source"].get("guidance", {}).get("mode")
    own = schedule["programs"][program]
    if mode == "two-calls":
        return any(run.get("reads") for run in own["runs"])
    return mode == "batch" and bool(own.get("pairs", True))
