"""Train the U-Net of Fashion-MNIST to predict the velocity, on one CPU core or a GPU.

    python3 train_fashion.py fashion.pt --steps 6000
    python3 train_fashion.py fashion.pt --cool-down 1000

The second writes fashion.cool.pt, for export_fashion.py.
"""

import torch

from diffusion import alphas_cumprod, moving_batch
from fashion_images import load_images
from resumable_training import Recipe, arguments, train_model
from training import repeatable
from unet_fashion import FashionUNet, initialize

RECIPE = Recipe(learning_rate=1.5e-3, average_decay=0.998)


def train(given):
    repeatable()
    images, labels = (part.to(given.device) for part in load_images())
    signal = alphas_cumprod().to(given.device)
    model = FashionUNet().to(given.device, memory_format=torch.channels_last)
    initialize(model)

    def batch_loss(ask):
        sample, timestep, class_labels, velocity = moving_batch(images, labels, signal, given.batch)
        return torch.nn.functional.mse_loss(ask(sample, timestep, class_labels), velocity)

    train_model(model, batch_loss, given, RECIPE)


if __name__ == "__main__":
    train(arguments(__doc__))
