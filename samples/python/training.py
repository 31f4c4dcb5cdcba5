"""How the denoisers of the digits are trained: Adam on one CPU core, and averaged weights.

A script says what it trains, on which batches and by which loss. The checkpoint is rewritten
every few steps and holds the averaged weights; training can be stopped at any time.
"""

import argparse
import copy
import math
import os
import time
from dataclasses import dataclass

import torch

from unet_digits import NULL_CLASS

WARM_UP_STEPS = 200
LABEL_DROPOUT = 0.12


@dataclass(frozen=True)
class Recipe:
    peak_learning_rate: float
    average_decay: float
    checkpoint_every: int
    log_every: int


def learning_rate(step, steps, peak):
    """Linear warm-up, then half a cosine down to zero."""
    warm_up = min(1.0, (step + 1) / WARM_UP_STEPS)
    return peak * warm_up * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def update_average(average, model, step, longest):
    # A short horizon at first, so that the random start does not linger in the average.
    decay = min(longest, (1 + step) / (10 + step))
    for kept, fresh in zip(average.parameters(), model.parameters()):
        kept.lerp_(fresh, 1 - decay)


def write(path, state):
    """Write the checkpoint beside its place and move it there, so that it is never half."""
    temporary = f"{path}.tmp"
    torch.save(state, temporary)
    os.replace(temporary, path)


def drop_labels(labels):
    """Some of the labels taken away, so that guidance has an unconditional half."""
    dropped = torch.rand(len(labels), device=labels.device) < LABEL_DROPOUT
    return labels.masked_fill(dropped, NULL_CLASS)


def repeatable():
    """Before anything is drawn: the same random numbers, and sums in the same order."""
    torch.manual_seed(0)
    torch.set_num_threads(1)


def train_model(model, batch_loss, path, steps, recipe):
    """`steps` steps of Adam down `batch_loss()`, which draws a batch and asks `model`."""
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())

    started = time.time()
    smooth_loss = 1.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, recipe.peak_learning_rate)
        loss = batch_loss()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, step, recipe.average_decay)

        smooth_loss += 0.01 * (loss.item() - smooth_loss)
        done = step + 1
        seconds = time.time() - started
        if done % recipe.log_every == 0:
            print(f"step {done:5d}  loss {smooth_loss:.4f}  {seconds:.0f} s", flush=True)
        if done % recipe.checkpoint_every == 0 or done == steps:
            state = {"step": done, "loss": smooth_loss, "seconds": seconds}
            write(path, {"model": average.state_dict(), **state})


def arguments(description, steps):
    """A training script's command line: the file to write, and how many steps."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("checkpoint", help="file to write")
    parser.add_argument("--steps", type=int, default=steps)
    return parser.parse_args()
