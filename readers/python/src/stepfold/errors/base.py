"""The one error class, and how what is named in messages is shown."""

from __future__ import annotations

import json
from typing import Any, Mapping



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
