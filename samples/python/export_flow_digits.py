"""Export the trained transformer of two streams to ONNX, with reference values for tests.

    python3 export_flow_digits.py flow-digits.pt

Writes into ../flow-digits a pipeline's folder, as diffusers and optimum lay it out (the denoiser in
transformer/, its noise levels in scheduler/), and beside them what export_digits.py writes for the
U-Net. reference/ also has a whole loop: noise, labels, and the picture that Euler's method makes of
them in a few steps with guidance.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import layer_norm_export
import script_exporter
from export_digits import (
    GRID_SEEDS,
    GUIDANCE,
    OPSET,
    sampler_settings,
    write_pictures,
    write_settings,
)
from flow import TRAIN_TIMESTEPS, euler_sample, euler_sigmas
from mmdit import MmditConfig
from mmdit_classes import CAPTION_TOKENS, DIGITS, ClassMmdit
from train_flow_digits import SHIFT
from unet_digits import CLASSES, NULL_CLASS

SAMPLES = Path(__file__).resolve().parent.parent
STEPS = 28
LOOP_STEPS = 6
LOOP_LABELS = (3, 7)


@dataclass(frozen=True)
class Sample:
    """What is exported: the folder in ../, the network, of what its pictures are and whence, its shift,
    and how many of each class `samples.png` shows."""

    name: str
    config: MmditConfig
    pictures: str
    data: str
    shift: float
    seeds: int = GRID_SEEDS


FLOW_DIGITS = Sample(
    "flow-digits", DIGITS, "handwritten digits", "sklearn.datasets.load_digits", SHIFT
)


def export_model(model, path):
    size = model.config.input_size
    values = (
        torch.randn(2, 1, size, size),
        torch.rand(2) * TRAIN_TIMESTEPS,
        torch.randint(CLASSES, (2,)),
    )
    names = ["sample", "timestep", "class_labels"]
    free = {
        name: ["batch"] + [None] * (value.ndim - 1) for name, value in zip(names, values)
    }
    path.parent.mkdir(exist_ok=True)
    script_exporter.export(model, values, path, OPSET, names, "out_sample", free)


def write_scheduler(path, shift):
    path.parent.mkdir(exist_ok=True)
    settings = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": TRAIN_TIMESTEPS,
        "shift": shift,
    }
    write_settings(path, settings)


def settings(sample, step, loss):
    config = sample.config
    result = sampler_settings(step, loss, config.input_size)
    for of_betas in ("betaSchedule", "betaStart", "betaEnd"):
        del result[of_betas]
    result["description"] = (
        f"Class-conditional transformer of two streams for {sample.pictures}, trained by flow "
        f"matching, {config.input_size}x{config.input_size}, fp32"
    )
    result["prediction"] = "flow"
    result["shift"] = sample.shift
    result["sampler"] = {
        "method": "euler-flow",
        "steps": STEPS,
        "timestepSpacing": "linear",
        "guidance": GUIDANCE,
        "guidanceOrder": ["unconditional", "conditional"],
    }
    result["training"]["data"] = sample.data
    side = config.input_size // config.patch
    result["attention"] = {
        "layers": config.depth,
        "tokens": side**2,
        "captionTokens": CAPTION_TOKENS,
        "heads": config.heads,
        "headDim": config.hidden // config.heads,
    }
    return result


@torch.no_grad()
def write_reference(model, path, shift):
    """Inputs and output of one guidance pair; noise, labels and pictures of a loop with guidance."""
    torch.manual_seed(1)
    size = model.config.input_size
    noise = torch.randn(len(LOOP_LABELS), 1, size, size)
    sample = noise[:1].repeat(2, 1, 1, 1)
    timestep = torch.tensor([500.0, 500.0])
    class_labels = torch.tensor([NULL_CLASS, LOOP_LABELS[0]])
    labels = torch.tensor(LOOP_LABELS)
    sigmas = euler_sigmas(LOOP_STEPS, shift)
    arrays = {
        "sample": sample,
        "timestep": timestep,
        "class_labels": class_labels,
        "out_sample": model(sample, timestep, class_labels),
        "loop_noise": noise,
        "loop_labels": labels,
        "loop_sigmas": sigmas,
        "loop_pictures": euler_sample(model, noise, labels, NULL_CLASS, sigmas, GUIDANCE),
    }
    path.mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array.numpy())


def export(sample, checkpoint_path):
    torch.set_num_threads(1)
    if script_exporter.TORCH < 2:
        layer_norm_export.register()
    checkpoint = torch.load(checkpoint_path, map_location="cpu")
    model = ClassMmdit(sample.config).eval().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])

    output = SAMPLES / sample.name
    output.mkdir(exist_ok=True)
    export_model(model, output / "transformer/model.onnx")
    write_scheduler(output / "scheduler/scheduler_config.json", sample.shift)
    found = settings(sample, checkpoint["step"], checkpoint["loss"])
    write_settings(output / f"{sample.name}.json", found)
    write_reference(model, output / "reference", sample.shift)
    sigmas = euler_sigmas(STEPS, sample.shift)
    write_pictures(
        lambda *noise_and_labels: euler_sample(
            model, *noise_and_labels, NULL_CLASS, sigmas, GUIDANCE
        ),
        output / "samples.png",
        sample.config.input_size,
        sample.seeds,
    )
    np.save(output / "labels.npy", np.arange(NULL_CLASS, dtype=np.int64))
    np.save(output / "null.npy", np.full(NULL_CLASS, NULL_CLASS, dtype=np.int64))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_flow_digits.py wrote")
    export(FLOW_DIGITS, parser.parse_args().checkpoint)
