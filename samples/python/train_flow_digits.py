"""Train the digits transformer of two streams by flow matching, on one CPU core.

    python3 train_flow_digits.py flow-digits.pt --minutes 45

The images are those of train_digits.py, enlarged to 24x24 so that patches of 2x2 pixels make 144
tokens. The learning rate falls to zero over the given time, so that a busy machine gets as far as it
can. The checkpoint is rewritten every 100 steps and holds the averaged weights, from which another
run can go on.
"""

import argparse
import copy
import time

import torch

from flow import TRAIN_TIMESTEPS, draw_sigmas
from mmdit_digits import DIGITS, DigitsMmdit, initialize
from train_digits import LABEL_DROPOUT, learning_rate, load_images, save, update_average
from unet_digits import NULL_CLASS

BATCH = 32
PEAK_LEARNING_RATE = 1.5e-3
EMA_DECAY = 0.998
CHECKPOINT_EVERY = 100
LOG_EVERY = 20
# Images of 24x24 that hold no more than 8x8 did: three pixels along a side say the same.
SHIFT = 3.0
# Wider than 1, so that the last, cleanest steps of a loop are seen in training too.
SPREAD = 1.25


def moving_batch(images, labels):
    """Draw a batch: the model's three inputs and the velocity it shall predict."""
    chosen = torch.randint(len(images), (BATCH,))
    sigma = draw_sigmas(BATCH, SHIFT, SPREAD)
    noise = torch.randn(BATCH, *images.shape[1:])
    level = sigma[:, None, None, None]
    sample = (1 - level) * images[chosen] + level * noise
    dropped = torch.rand(BATCH) < LABEL_DROPOUT
    class_labels = labels[chosen].masked_fill(dropped, NULL_CLASS)
    return sample, sigma * TRAIN_TIMESTEPS, class_labels, noise - images[chosen]


def load_model(checkpoint_path):
    """The averaged weights of a checkpoint in a model, and the steps that they took."""
    model = DigitsMmdit()
    if not checkpoint_path:
        initialize(model)
        return model, 0
    checkpoint = torch.load(checkpoint_path)
    model.load_state_dict(checkpoint["model"])
    return model, checkpoint["step"]


def train(path, minutes, begin):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = load_images(DIGITS.input_size)
    model, before = load_model(begin)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())

    started = time.time()
    smooth_loss = 1.0
    taken = 0
    done = False
    while not done:
        # learning_rate asks for the number of all steps: as many as fit at the speed so far
        progress = min(1.0, (time.time() - started) / (60 * minutes))
        steps = max(1, taken) / max(progress, 1e-6)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(taken, steps, PEAK_LEARNING_RATE)
        sample, timestep, class_labels, velocity = moving_batch(images, labels)
        loss = torch.nn.functional.mse_loss(model(sample, timestep, class_labels), velocity)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, taken, EMA_DECAY)

        smooth_loss += max(0.01, 1 / (taken + 1)) * (loss.item() - smooth_loss)
        taken += 1
        seconds = time.time() - started
        done = seconds >= 60 * minutes
        if taken % LOG_EVERY == 0:
            print(f"step {taken:5d}  loss {smooth_loss:.4f}  {seconds:.0f} s", flush=True)
        if taken % CHECKPOINT_EVERY == 0 or done:
            save(path, average, before + taken, smooth_loss, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file to write")
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--begin", help="checkpoint of another run whose weights to go on from")
    arguments = parser.parse_args()
    train(arguments.checkpoint, arguments.minutes, arguments.begin)
