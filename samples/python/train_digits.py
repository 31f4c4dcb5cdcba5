"""Train the digits U-Net on scikit-learn's handwritten digits, on one CPU core.

    python3 train_digits.py digits.pt --steps 5000
"""

import torch

from diffusion import alphas_cumprod, noisy_batch
from digit_images import load_images
from training import Recipe, arguments, repeatable, train_model
from unet_digits import SIZE, DigitsUNet

BATCH = 64
RECIPE = Recipe(
    peak_learning_rate=2e-3, average_decay=0.999, checkpoint_every=250, log_every=50
)


def train(path, steps):
    repeatable()
    images, labels = load_images(SIZE)
    signal = alphas_cumprod()
    model = DigitsUNet()

    def batch_loss():
        sample, timestep, class_labels, noise = noisy_batch(images, labels, signal, BATCH)
        return torch.nn.functional.mse_loss(model(sample, timestep, class_labels), noise)

    train_model(model, batch_loss, path, steps, RECIPE)


if __name__ == "__main__":
    given = arguments(__doc__, steps=5000)
    train(given.checkpoint, given.steps)
