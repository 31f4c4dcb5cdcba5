"""Train the digits transformer of two streams by flow matching, on one CPU core.

    python3 train_flow_digits.py flow-digits.pt --steps 3000

The images are enlarged to 24x24, so that patches of 2x2 pixels make 144 tokens.
"""

import torch

from digit_images import load_images
from flow import moving_batch
from mmdit_classes import DIGITS, ClassMmdit, initialize
from training import Recipe, arguments, repeatable, train_model

BATCH = 32
RECIPE = Recipe(
    peak_learning_rate=1.5e-3, average_decay=0.998, checkpoint_every=100, log_every=20
)
# Images of 24x24 that hold no more than 8x8 did: three pixels along a side say the same.
SHIFT = 3.0
# Wider than 1, so that the last, cleanest steps of a loop are seen in training too.
SPREAD = 1.25


def train(path, steps):
    repeatable()
    images, labels = load_images(DIGITS.input_size)
    model = ClassMmdit(DIGITS)
    initialize(model)

    def batch_loss():
        sample, timestep, class_labels, velocity = moving_batch(
            images, labels, BATCH, SHIFT, SPREAD
        )
        return torch.nn.functional.mse_loss(model(sample, timestep, class_labels), velocity)

    train_model(model, batch_loss, path, steps, RECIPE)


if __name__ == "__main__":
    given = arguments(__doc__, steps=3000)
    train(given.checkpoint, given.steps)
