"""Export the trained digits transformer to ONNX, with reference values for tests.

    python3 export_dit_digits.py dit-digits.pt

Writes into ../dit-digits what export_digits.py writes for the U-Net, with one difference: in a
guidance pair the conditional half comes first, as is DiT's convention. labels.npy holds each digit
once, null.npy the null class as often.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import layer_norm_export
from dit import DIGITS, Dit
from export_digits import (
    export_model,
    sampler_settings,
    write_grid,
    write_reference,
    write_settings,
)
from unet_digits import NULL_CLASS

OUTPUT = Path(__file__).resolve().parent.parent / "dit-digits"


def settings(step, loss):
    result = sampler_settings(step, loss, DIGITS.input_size)
    result["description"] = (
        f"Class-conditional transformer for handwritten digits, "
        f"{DIGITS.input_size}x{DIGITS.input_size}, fp32"
    )
    result["sampler"]["guidanceOrder"] = ["conditional", "unconditional"]
    result["attention"] = {
        "layers": DIGITS.depth,
        "tokens": DIGITS.side**2,
        "heads": DIGITS.heads,
        "headDim": DIGITS.hidden // DIGITS.heads,
    }
    return result


def export(checkpoint_path):
    torch.set_num_threads(1)
    layer_norm_export.register()
    checkpoint = torch.load(checkpoint_path)
    model = Dit(DIGITS).eval().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])

    size = DIGITS.input_size
    OUTPUT.mkdir(exist_ok=True)
    export_model(model, OUTPUT / "dit-digits.onnx", size)
    write_settings(OUTPUT / "dit-digits.json", settings(checkpoint["step"], checkpoint["loss"]))
    write_reference(model, OUTPUT / "reference", labels=(3, NULL_CLASS), size=size)
    write_grid(model, OUTPUT / "samples.png", size)
    np.save(OUTPUT / "labels.npy", np.arange(NULL_CLASS, dtype=np.int64))
    np.save(OUTPUT / "null.npy", np.full(NULL_CLASS, NULL_CLASS, dtype=np.int64))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_dit_digits.py wrote")
    export(parser.parse_args().checkpoint)
