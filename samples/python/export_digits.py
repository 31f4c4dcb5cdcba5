"""Export the trained digits U-Net to ONNX, with reference values for tests.

    python3 export_digits.py digits.pt

Writes into ../digits: the model with its weights inline, a JSON file with all that a sampler
has to know, inputs and outputs of one call as computed by PyTorch, and a grid of samples to
look at.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from diffusion import BETA_END, BETA_START, TRAIN_TIMESTEPS, ddim_sample
from unet_digits import CLASSES, NULL_CLASS, SIZE, DigitsUNet

OUTPUT = Path(__file__).resolve().parent.parent / "digits"
OPSET = 17
GUIDANCE = 2.0
DDIM_STEPS = 50
GRID_SEEDS = 10
GRID_MARGIN = 2
GRID_ENLARGEMENT = 4


def export_model(model, path, size=SIZE):
    inputs = (
        torch.randn(2, 1, size, size),
        torch.randint(TRAIN_TIMESTEPS, (2,)),
        torch.randint(CLASSES, (2,)),
    )
    names = ["sample", "timestep", "class_labels"]
    torch.onnx.export(
        model,
        inputs,
        str(path),
        opset_version=OPSET,
        input_names=names,
        output_names=["out_sample"],
        dynamic_axes={name: {0: "batch"} for name in names + ["out_sample"]},
    )


def sampler_settings(step, loss, size=SIZE):
    """All that a sampler has to know."""
    return {
        "description": "Class-conditional U-Net for handwritten digits, 16x16, fp32",
        "prediction": "epsilon",
        "trainTimesteps": TRAIN_TIMESTEPS,
        "betaSchedule": "linear",
        "betaStart": BETA_START,
        "betaEnd": BETA_END,
        "nullClass": NULL_CLASS,
        "imageShape": [1, size, size],
        "imageRange": [-1, 1],
        "inputs": {"latent": "sample", "timestep": "timestep", "condition": "class_labels"},
        "output": "out_sample",
        "sampler": {
            "method": "ddim",
            "steps": DDIM_STEPS,
            "eta": 0,
            "timestepSpacing": "leading",
            "clipSample": True,
            "guidance": GUIDANCE,
            "guidanceOrder": ["unconditional", "conditional"],
        },
        "training": {
            "data": "sklearn.datasets.load_digits",
            "steps": step,
            "loss": round(loss, 4),
        },
    }


def write_settings(path, settings):
    path.write_text(json.dumps(settings, indent=2) + "\n")


@torch.no_grad()
def write_reference(model, path, labels=(NULL_CLASS, 3), size=SIZE):
    """Inputs and output of a guidance pair with two `labels`, as float32 and int64."""
    torch.manual_seed(1)
    sample = torch.randn(1, 1, size, size).repeat(2, 1, 1, 1)
    timestep = torch.tensor([500, 500])
    class_labels = torch.tensor(labels)
    arrays = {
        "sample": sample,
        "timestep": timestep,
        "class_labels": class_labels,
        "out_sample": model(sample, timestep, class_labels),
    }
    # One file per tensor: the .npy format is a short header and the raw values.
    path.mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array.numpy())


def write_grid(model, path, size=SIZE):
    """What DDIM makes of noise, a row per seed, a column per class."""
    write_pictures(
        lambda noise, labels: ddim_sample(model, noise, labels, NULL_CLASS, DDIM_STEPS, GUIDANCE),
        path,
        size,
    )


def write_pictures(draw, path, size, seeds=GRID_SEEDS):
    """What `draw` makes of noise and labels, a row per seed, a column per class."""
    torch.manual_seed(2)
    labels = torch.arange(CLASSES).repeat(seeds)
    images = draw(torch.randn(len(labels), 1, size, size), labels)
    # The digits fill the whole height of their images.
    images = torch.nn.functional.pad(images, [GRID_MARGIN] * 4, value=-1)
    cell = size + 2 * GRID_MARGIN
    rows = images.reshape(seeds, CLASSES, cell, cell).permute(0, 2, 1, 3)
    pixels = (rows.reshape(seeds * cell, CLASSES * cell) + 1) * 127.5
    grid = Image.fromarray(pixels.clamp(0, 255).byte().numpy(), mode="L")
    enlarged = (grid.width * GRID_ENLARGEMENT, grid.height * GRID_ENLARGEMENT)
    grid.resize(enlarged, Image.NEAREST).save(path, optimize=True)


def export(checkpoint_path):
    torch.set_num_threads(1)
    checkpoint = torch.load(checkpoint_path)
    model = DigitsUNet().eval().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])

    OUTPUT.mkdir(exist_ok=True)
    export_model(model, OUTPUT / "digits-unet.onnx")
    settings = sampler_settings(checkpoint["step"], checkpoint["loss"])
    write_settings(OUTPUT / "digits-unet.json", settings)
    write_reference(model, OUTPUT / "reference")
    write_grid(model, OUTPUT / "samples.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_digits.py wrote")
    export(parser.parse_args().checkpoint)
