"""Train the digits transformer on the same images as the U-Net, on one CPU core.

    python3 train_dit_digits.py dit-digits.pt --steps 3000

The images are those of train_digits.py, enlarged to 24x24 so that patches of 2x2 pixels make
144 tokens. A transformer needs more steps than a U-Net to learn what a picture is, so batches
are small, and errors count more where there is more noise. The checkpoint is rewritten every
100 steps and holds the averaged weights; training can be paused at any time.
"""

import argparse
import copy
import time

import torch

from diffusion import alphas_cumprod
from dit import DIGITS, Dit, initialize
from train_digits import learning_rate, load_images, noisy_batch, save, update_average

BATCH = 32
PEAK_LEARNING_RATE = 1.5e-3
EMA_DECAY = 0.995
CHECKPOINT_EVERY = 100
LOG_EVERY = 20
LARGEST_WEIGHT = 30.0


def loss_weights(signal):
    """How much an error counts at each timestep: the inverse of the signal left, on average one.

    An enlarged image has few degrees of freedom among many pixels, so its digit is settled
    where the noise is strong; there an unweighted loss is all but blind to it. Inverse signal
    without a bound would be the loss of v prediction (Salimans and Ho, arXiv 2202.00512).
    """
    weights = (1 / signal).clamp(max=LARGEST_WEIGHT)
    return weights / weights.mean()


def train(path, steps):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = load_images(DIGITS.input_size)
    signal = alphas_cumprod()
    weights = loss_weights(signal)
    model = Dit(DIGITS)
    initialize(model)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())

    started = time.time()
    smooth_loss = 1.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, PEAK_LEARNING_RATE)
        x, timestep, y, noise = noisy_batch(images, labels, signal, BATCH)
        errors = (model(x, timestep, y) - noise).square().mean(dim=(1, 2, 3))
        loss = (weights[timestep] * errors).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, step, EMA_DECAY)

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
    parser.add_argument("--steps", type=int, default=3000)
    arguments = parser.parse_args()
    train(arguments.checkpoint, arguments.steps)
