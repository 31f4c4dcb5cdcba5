"""Export the trained U-Net of Fashion-MNIST to ONNX, with reference values for tests.

    python3 export_fashion.py fashion.cool.pt

Writes into ../fashion a pipeline's folder, as diffusers and optimum lay it out (the denoiser in unet/, its
noise levels in scheduler/), and beside them what export_flow_digits.py writes, of a loop of DDIM.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import script_exporter
from diffusion import BETA_END, BETA_START, TRAIN_TIMESTEPS, ddim_sample
from export_digits import (
    DDIM_STEPS,
    GUIDANCE,
    OPSET,
    sampler_settings,
    write_pictures,
    write_reference,
    write_settings,
)
from fashion_images import CLASSES, NULL_CLASS, SIZE
from unet_fashion import CAPTION_TOKENS, FASHION, FashionUNet

GRID_SEEDS = 4
LOOP_STEPS = 6
LOOP_LABELS = (3, 7)
OUTPUT = Path(__file__).resolve().parent.parent / "fashion"


def export_model(model, path):
    values = (
        torch.randn(2, 1, SIZE, SIZE),
        torch.randint(TRAIN_TIMESTEPS, (2,)),
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
        "_class_name": "DDIMScheduler",
        "num_train_timesteps": TRAIN_TIMESTEPS,
        "beta_schedule": "linear",
        "beta_start": BETA_START,
        "beta_end": BETA_END,
        "prediction_type": "v_prediction",
        "timestep_spacing": "leading",
        "steps_offset": 0,
        "set_alpha_to_one": True,
        "clip_sample": False,
    }
    write_settings(path, settings)


def settings(step, loss):
    result = sampler_settings(step, loss, SIZE)
    result["description"] = f"Class-conditional U-Net for clothes, {SIZE}x{SIZE}, fp32"
    result["prediction"] = "v"
    result["sampler"]["clipSample"] = False
    result["training"]["data"] = "Fashion-MNIST"
    result["attention"] = {"captionTokens": CAPTION_TOKENS, "heads": FASHION.heads[1:]}
    return result


def draw(model, noise, labels, steps):
    return ddim_sample(model, noise, labels, NULL_CLASS, steps, GUIDANCE, is_velocity=True)


def write_loop(model, path):
    """Noise, labels and pictures of a loop with guidance."""
    torch.manual_seed(1)
    noise = torch.randn(len(LOOP_LABELS), 1, SIZE, SIZE)
    labels = torch.tensor(LOOP_LABELS)
    arrays = {"noise": noise, "labels": labels, "pictures": draw(model, noise, labels, LOOP_STEPS)}
    for name, array in arrays.items():
        np.save(path / f"loop_{name}.npy", array.numpy())


def export(checkpoint_path):
    torch.set_num_threads(1)
    checkpoint = torch.load(checkpoint_path, map_location="cpu")
    model = FashionUNet().eval().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])

    OUTPUT.mkdir(exist_ok=True)
    export_model(model, OUTPUT / "unet/model.onnx")
    write_scheduler(OUTPUT / "scheduler/scheduler_config.json")
    write_settings(OUTPUT / "fashion.json", settings(checkpoint["step"], checkpoint["loss"]))
    write_reference(model, OUTPUT / "reference", size=SIZE)
    write_loop(model, OUTPUT / "reference")
    write_pictures(
        lambda noise, labels: draw(model, noise, labels, DDIM_STEPS),
        OUTPUT / "samples.png",
        SIZE,
        GRID_SEEDS,
    )
    np.save(OUTPUT / "labels.npy", np.arange(CLASSES, dtype=np.int64))
    np.save(OUTPUT / "null.npy", np.full(CLASSES, NULL_CLASS, dtype=np.int64))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_fashion.py wrote")
    export(parser.parse_args().checkpoint)
