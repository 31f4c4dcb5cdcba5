"""A bundle's programs, made ready once for all images: they depend on no list of calls, and hold nothing of an image's."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Any, Iterator, Mapping

from .engine import Models
from .runner import Runner, runner_for
from .schedules import Schedule
from .steps import Step, prepare_steps


class Programs:
    def __init__(self, schedule: Schedule, models: Models, state_device: str) -> None:
        self.schedule, self.models, self.state_device = schedule, models, state_device
        self.is_closed = False
        self._steps: dict[str, list[Step]] = {}
        self._runner: Runner | None = None
        self._turn = threading.RLock()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Gives the engine to one call, or one load, at a time."""
        with self._turn:
            yield

    def prepare(self, program: str) -> list[Step]:
        """
        Raises:
            StepfoldError: MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH
        """
        if program not in self._steps:
            self._steps[program] = prepare_steps(self.schedule, self.models, program)
        return self._steps[program]

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            providers, options = self.providers()
            self._runner = runner_for(self.state_device, providers, options)
        return self._runner

    def any_session(self) -> Any:
        """One of the sessions, all of which have the same providers."""
        if not self.models.sessions:
            self.models.get(next(iter(self.schedule["models"])))
        return next(iter(self.models.sessions.values()))

    def providers(self) -> tuple[list[str], Mapping[str, Mapping[str, str]]]:
        session = self.any_session()
        if not hasattr(session, "get_providers"):
            return [], {}
        return list(session.get_providers()), session.get_provider_options()

    def set_providers(self, providers: Any, options: Any) -> None:
        with self._turn:
            # models that are loaded later have them too
            create = self.models.create

            def create_with(path: str) -> Any:
                session = create(path)
                session.set_providers(providers, options)
                return session

            for session in self.models.sessions.values():
                session.set_providers(providers, options)
            self.models.create, self._runner = create_with, None

    def close(self) -> None:
        with self._turn:
            self.is_closed = True
            self._steps.clear()
            self.models.sessions.clear()
