"""Training that goes on where it stopped, for as long as there is time: for the larger samples.

Adam at one learning rate after a warm-up, and averaged weights, so that the average of any moment is
of use; before an export, `--cool-down` lowers the learning rate to zero over so many steps more
(Hagele et al., arXiv 2405.18392) and writes beside the checkpoint, which can still be trained on.
Batches are drawn by a generator whose state the checkpoint has, so that a stop changes nothing on the
same device.
"""

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from training import WARM_UP_STEPS, update_average, write


@dataclass(frozen=True)
class Recipe:
    learning_rate: float
    average_decay: float
    checkpoint_seconds: float = 240
    log_every: int = 50


def train_model(model, batch_loss, given, recipe):
    """As many steps as `given` says down `batch_loss(ask)`, which draws a batch and asks the model."""
    ask = torch.compile(model) if given.compile else model
    generator = generator_of(given.device)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    average = copy.deepcopy(model).requires_grad_(False)
    state = {"step": 0, "seconds": 0.0, "loss": 1.0}
    if given.checkpoint.exists():
        state = torch.load(given.checkpoint, map_location="cpu")
        model.load_state_dict(state["training"])
        average.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["random"])
    step, seconds, smooth_loss = state["step"], state["seconds"], state["loss"]

    cooling = given.cool_down > 0
    path = given.checkpoint.with_suffix(".cool.pt") if cooling else given.checkpoint
    first, last = step, step + given.cool_down if cooling else given.steps
    started = saved = time.time()

    def keep():
        state = {
            "model": average.state_dict(),
            "training": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": generator.get_state(),
            "step": step,
            "loss": smooth_loss,
            "seconds": seconds + time.time() - started,
        }
        write(path, state)

    while step < last:
        left = (last - step) / (last - first) if cooling else 1.0
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, (step + 1) / WARM_UP_STEPS) * left
        loss = batch_loss(ask)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, step, recipe.average_decay)
        step += 1
        smooth_loss += 0.01 * (loss.item() - smooth_loss)
        if step % recipe.log_every == 0:
            spent = seconds + time.time() - started
            print(f"step {step:6d}  loss {smooth_loss:.4f}  {spent:.0f} s", flush=True)
        if time.time() - saved > recipe.checkpoint_seconds:
            keep()
            saved = time.time()
    keep()


def generator_of(device):
    """Which `torch.randn` and the like draw from there."""
    if device == "cpu":
        return torch.default_generator
    return torch.cuda.default_generators[torch.cuda.current_device()]


def arguments(description):
    """A training script's command line: the file to go on with or to begin, and how many steps."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    add = parser.add_argument
    add("checkpoint", type=Path, help="file to write, gone on with where it exists")
    add("--steps", type=int, default=20000, help="steps in all")
    add("--cool-down", type=int, default=0, help="lower the learning rate over so many more")
    add("--compile", action="store_true", help="faster after some minutes, with PyTorch 2")
    add("--batch", type=int, default=16, help="pictures of a step")
    add("--device", choices=["cpu", "cuda"], default="cpu")
    return parser.parse_args()
