"""Train the digits U-Net on scikit-learn's handwritten digits, on one CPU core.

    python3 train_digits.py digits.pt --steps 5000

The data set ships inside scikit-learn (1,797 images of 8x8 with 17 grey levels, a copy of
the test set of UCI's Optical Recognition of Handwritten Digits), so nothing is downloaded.
The checkpoint is rewritten every 250 steps and holds the averaged weights; training can be
stopped at any time.
"""

import argparse
import copy
import math
import os
import time

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

from diffusion import TRAIN_TIMESTEPS, alphas_cumprod
from unet_digits import NULL_CLASS, DigitsUNet

SIZE = 16
BATCH = 64
PEAK_LEARNING_RATE = 2e-3
WARM_UP_STEPS = 200
LABEL_DROPOUT = 0.12
EMA_DECAY = 0.999
CHECKPOINT_EVERY = 250
LOG_EVERY = 50


def load_images(size=SIZE):
    """The data set as images [count, 1, size, size] in [-1, 1] and labels [count].

    Bicubic enlargement keeps the strokes smooth; the 8x8 originals leave no room for three
    levels.
    """
    digits = load_digits()
    enlarged = [
        Image.fromarray(image.astype(np.float32)).resize((size, size), Image.BICUBIC)
        for image in digits.images
    ]
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))
    return (pixels[:, None] / 8 - 1).clamp(-1, 1), torch.from_numpy(digits.target).long()


def learning_rate(step, steps, peak=PEAK_LEARNING_RATE):
    """Linear warm-up, then half a cosine down to zero."""
    warm_up = min(1.0, (step + 1) / WARM_UP_STEPS)
    return peak * warm_up * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def update_average(average, model, step, longest=EMA_DECAY):
    # A short horizon at first, so that the random start does not linger in the average.
    decay = min(longest, (1 + step) / (10 + step))
    for kept, fresh in zip(average.parameters(), model.parameters()):
        kept.lerp_(fresh, 1 - decay)


def noisy_batch(images, labels, signal, count=BATCH):
    """Draw a batch: the model's three inputs and the noise it shall predict."""
    chosen = torch.randint(len(images), (count,))
    timestep = torch.randint(TRAIN_TIMESTEPS, (count,))
    noise = torch.randn(count, *images.shape[1:])
    share = signal[timestep][:, None, None, None]
    sample = share.sqrt() * images[chosen] + (1 - share).sqrt() * noise
    dropped = torch.rand(count) < LABEL_DROPOUT
    return sample, timestep, labels[chosen].masked_fill(dropped, NULL_CLASS), noise


def save(path, average, step, loss, seconds):
    """Write the checkpoint beside its place and move it there, so that it is never half."""
    temporary = path + ".tmp"
    state = {"model": average.state_dict(), "step": step, "loss": loss, "seconds": seconds}
    torch.save(state, temporary)
    os.replace(temporary, path)


def train(path, steps):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = load_images()
    signal = alphas_cumprod()
    model = DigitsUNet()
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())

    started = time.time()
    smooth_loss = 1.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        sample, timestep, class_labels, noise = noisy_batch(images, labels, signal)
        loss = torch.nn.functional.mse_loss(model(sample, timestep, class_labels), noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, step)

        smooth_loss += 0.01 * (loss.item() - smooth_loss)
        done = step + 1
        seconds = time.time() - started
        if done % LOG_EVERY == 0:
            print(f"step {done:5d}  loss {smooth_loss:.4f}  {seconds:.0f} s", flush=True)
        if done % CHECKPOINT_EVERY == 0 or done == steps:
            save(path, average, done, smooth_loss, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file to write")
    parser.add_argument("--steps", type=int, default=5000)
    arguments = parser.parse_args()
    train(arguments.checkpoint, arguments.steps)
