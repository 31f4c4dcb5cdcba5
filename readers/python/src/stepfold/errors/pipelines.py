"""Errors about pipelines that a bundle is put into."""

from __future__ import annotations

from .base import StepfoldError


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
