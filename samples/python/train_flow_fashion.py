"""Train the transformer of Fashion-MNIST by flow matching, on one CPU core or a GPU.

    python3 train_flow_fashion.py flow-fashion.pt --steps 6000
    python3 train_flow_fashion.py flow-fashion.pt --cool-down 1000

The second writes flow-fashion.cool.pt, for export_flow_fashion.py.
"""

import torch

from fashion_images import load_images
from flow import moving_batch
from mmdit_classes import FASHION, ClassMmdit, initialize
from resumable_training import Recipe, arguments, train_model
from training import repeatable

RECIPE = Recipe(learning_rate=1.5e-3, average_decay=0.998)
# Large areas of a garment are of one grey, so that their pixels say the same.
SHIFT = 2.0
SPREAD = 1.25


def train(given):
    repeatable()
    images, labels = (part.to(given.device) for part in load_images())
    model = ClassMmdit(FASHION).to(given.device)
    initialize(model)

    def batch_loss(ask):
        sample, timestep, class_labels, velocity = moving_batch(
            images, labels, given.batch, SHIFT, SPREAD
        )
        return torch.nn.functional.mse_loss(ask(sample, timestep, class_labels), velocity)

    train_model(model, batch_loss, given, RECIPE)


if __name__ == "__main__":
    train(arguments(__doc__))
