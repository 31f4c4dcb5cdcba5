"""Export the trained transformer of two streams to ONNX, with reference values for tests.

    python3 export_flow_digits.py flow-digits.pt

Writes into ../flow-digits a pipeline's folder, as diffusers and optimum lay it out (the denoiser in
transformer/, its noise levels in scheduler/), and beside them what export_digits.py writes for the
U-Net. reference/ also has a whole loop: noise, labels, and the picture that Euler's method makes of
them in a few steps with guidance.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import layer_norm_export
import script_exporter
from export_digits import GUIDANCE, OPSET, sampler_settings, write_pictures, write_settings
from flow import TRAIN_TIMESTEPS, euler_sample, euler_sigmas
from mmdit_digits import CAPTION_TOKENS, DIGITS, DigitsMmdit
from train_flow_digits import SHIFT
from unet_digits import CLASSES, NULL_CLASS

OUTPUT = Path(__file__).resolve().parent.parent / "flow-digits"
STEPS = 28
LOOP_STEPS = 6
LOOP_LABELS = (3, 7)


def export_model(model, path):
    size = DIGITS.input_size
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


def write_scheduler(path):
    path.parent.mkdir(exist_ok=True)
    settings = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": TRAIN_TIMESTEPS,
        "shift": SHIFT,
    }
    write_settings(path, settings)


def settings(step, loss):
    result = sampler_settings(step, loss, DIGITS.input_size)
    for of_betas in ("betaSchedule", "betaStart", "betaEnd"):
        del result[of_betas]
    result["description"] = (
        f"Class-conditional transformer of two streams for handwritten digits, trained by flow "
        f"matching, {DIGITS.input_size}x{DIGITS.input_size}, fp32"
    )
    result["prediction"] = "flow"
    result["shift"] = SHIFT
    result["sampler"] = {
        "method": "euler-flow",
        "steps": STEPS,
        "timestepSpacing": "linear",
        "guidance": GUIDANCE,
        "guidanceOrder": ["unconditional", "conditional"],
    }
    side = DIGITS.input_size // DIGITS.patch
    result["attention"] = {
        "layers": DIGITS.depth,
        "tokens": side**2,
        "captionTokens": CAPTION_TOKENS,
        "heads": DIGITS.heads,
        "headDim": DIGITS.hidden // DIGITS.heads,
    }
    return result


@torch.no_grad()
def write_reference(model, path):
    """Inputs and output of one guidance pair; noise, labels and pictures of a loop with guidance."""
    torch.manual_seed(1)
    size = DIGITS.input_size
    noise = torch.randn(len(LOOP_LABELS), 1, size, size)
    sample = noise[:1].repeat(2, 1, 1, 1)
    timestep = torch.tensor([500.0, 500.0])
    class_labels = torch.tensor([NULL_CLASS, LOOP_LABELS[0]])
    labels = torch.tensor(LOOP_LABELS)
    sigmas = euler_sigmas(LOOP_STEPS, SHIFT)
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


def export(checkpoint_path):
    torch.set_num_threads(1)
    if script_exporter.TORCH < 2:
        layer_norm_export.register()
    checkpoint = torch.load(checkpoint_path)
    model = DigitsMmdit().eval().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])

    OUTPUT.mkdir(exist_ok=True)
    export_model(model, OUTPUT / "transformer/model.onnx")
    write_scheduler(OUTPUT / "scheduler/scheduler_config.json")
    write_settings(OUTPUT / "flow-digits.json", settings(checkpoint["step"], checkpoint["loss"]))
    write_reference(model, OUTPUT / "reference")
    sigmas = euler_sigmas(STEPS, SHIFT)
    write_pictures(
        lambda *noise_and_labels: euler_sample(
            model, *noise_and_labels, NULL_CLASS, sigmas, GUIDANCE
        ),
        OUTPUT / "samples.png",
        DIGITS.input_size,
    )
    np.save(OUTPUT / "labels.npy", np.arange(NULL_CLASS, dtype=np.int64))
    np.save(OUTPUT / "null.npy", np.full(NULL_CLASS, NULL_CLASS, dtype=np.int64))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_flow_digits.py wrote")
    export(parser.parse_args().checkpoint)
