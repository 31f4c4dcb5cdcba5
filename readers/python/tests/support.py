"""Cases in the layout of the conformance suite, and sessions without optimizations, so that results are equal to the bit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import stepfold

ROOT = Path(__file__).resolve().parents[3]
CONFORMANCE = ROOT / "conformance/cases"
#: What `node scripts/reader-parity/index.mjs FOLDER` wrote; tests that need it are skipped where it is not said.
PARITY = Path(os.environ["STEPFOLD_PARITY"]) if "STEPFOLD_PARITY" in os.environ else None

Feeds = "dict[str, np.ndarray[Any, Any]]"


def exact() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return options


def open_exact(folder: Path, **options: Any) -> stepfold.Session:
    return stepfold.open(folder, session_options=exact(), providers=["CPUExecutionProvider"], **options)


def cases(folder: Path) -> list[Path]:
    return sorted(case for case in folder.iterdir() if (case / "case.json").is_file())


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def feeds_of(case: Path) -> dict[str, np.ndarray[Any, Any]]:
    """By input; the first axis is the call."""
    return {file.name[:-4]: np.load(file) for file in sorted((case / "feeds").glob("*.npy"))}


def at(feeds: dict[str, np.ndarray[Any, Any]], call: int) -> dict[str, np.ndarray[Any, Any]]:
    """Loops longer than what there is to feed take the feeds again from the start."""
    return {name: np.array(own[call % len(own)]) for name, own in feeds.items()}


def request_of(loop: dict[str, Any]) -> dict[str, Any]:
    return {
        "steps": loop["steps"],
        "start": loop.get("start", 0),
        "timesteps": loop.get("timesteps"),
        "log_snr": loop.get("logSnr"),
    }
