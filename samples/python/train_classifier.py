"""Train a small classifier of a data set, whose features tell real pictures from made ones.

    python3 train_classifier.py digits ../digits --size 16
    python3 train_classifier.py fashion ../fashion/judge

Writes into the folder: classifier.onnx, with a picture in and `features` and `logits` out, and
features.json, the mean and the covariance of the features of real pictures. The Frechet
distance of Heusel et al. (arXiv 1706.08500) between these and those of made pictures is what
FID is, with a network that knows the data set in place of one that knows photographs.

Of the digits a fifth is held out and tells the accuracy, and the features are those of all of them;
of Fashion-MNIST both are of the 10,000 pictures to test with. Takes a minute or two on one core for
the digits, about five for Fashion-MNIST.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

import script_exporter

CLASSES = 10
FEATURES = 64
BATCH = 64
PEAK_LEARNING_RATE = 3e-3
SHIFT = 1
HELD_OUT = 5
OPSET = 17


@dataclass(frozen=True)
class Pictures:
    """Images [count, 1, size, size] with their labels: to train on, to test with, to measure distances to."""

    name: str
    epochs: int
    train: tuple
    test: tuple
    real: torch.Tensor


def digits(size):
    from digit_images import load_images

    images, labels = load_images(size)
    order = torch.from_numpy(np.random.RandomState(0).permutation(len(images)))
    images, labels = images[order], labels[order]
    count = len(images) // HELD_OUT
    return Pictures(
        name="all real digits",
        epochs=60,
        train=(images[count:], labels[count:]),
        test=(images[:count], labels[:count]),
        real=images,
    )


def fashion():
    from fashion_images import load_images

    test = load_images("t10k")
    return Pictures(
        name="the test pictures of Fashion-MNIST",
        epochs=4,
        train=load_images("train"),
        test=test,
        real=test[0],
    )


class Classifier(nn.Module):
    """Three convolutions and two layers: features, then logits."""

    def __init__(self, size):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.features = nn.Linear(64 * (size // 4) ** 2, FEATURES)
        self.head = nn.Linear(FEATURES, CLASSES)

    def forward(self, pictures):
        features = self.features(self.body(pictures))
        return features, self.head(torch.relu(features))


def shifted(pictures):
    """Every picture moved by up to a pixel; what comes in is background."""
    down, right = np.random.randint(-SHIFT, SHIFT + 1, 2)
    moved = torch.full_like(pictures, -1)
    height, width = pictures.shape[2:]
    moved[:, :, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pictures[
        :, :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    return moved


def train(images, labels, epochs):
    torch.manual_seed(0)
    np.random.seed(0)
    model = Classifier(images.shape[-1])
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    rounds = epochs * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=rounds)
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
            _, logits = model(shifted(images[chosen]))
            loss = nn.functional.cross_entropy(logits, labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model, images, labels):
    logits = torch.cat([model(part)[1] for part in images.split(500)])
    return (logits.argmax(1) == labels).double().mean().item()


def moments(features):
    """Mean [F] and covariance [F, F], the latter with n - 1."""
    return features.mean(0), np.cov(features, rowvar=False)


def export(model, path, size):
    torch.onnx.export(
        model,
        torch.zeros(2, 1, size, size),
        str(path),
        opset_version=OPSET,
        input_names=["pictures"],
        output_names=["features", "logits"],
        dynamic_axes={name: {0: "batch"} for name in ("pictures", "features", "logits")},
        **({"dynamo": False} if script_exporter.TORCH > 1 else {}),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=["digits", "fashion"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=16, help="pixels of a side, of the digits")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    pictures = digits(arguments.size) if arguments.data == "digits" else fashion()
    size = pictures.real.shape[-1]
    model = train(*pictures.train, pictures.epochs)
    held_out = accuracy(model, *pictures.test)
    print(f"held out: {100 * held_out:.1f} % of {len(pictures.test[0])}")

    arguments.folder.mkdir(parents=True, exist_ok=True)
    export(model, arguments.folder / "classifier.onnx", size)
    with torch.no_grad():
        features = torch.cat([model(part)[0] for part in pictures.real.split(500)]).double().numpy()
    mean, covariance = moments(features)
    written = {
        "description": f"Features of {pictures.name}, as classifier.onnx has them",
        "images": len(pictures.real),
        "size": size,
        "heldOutAccuracy": round(held_out, 4),
        "mean": [float(f"{v:.9g}") for v in mean],
        "covariance": [[float(f"{v:.9g}") for v in row] for row in covariance],
    }
    (arguments.folder / "features.json").write_text(json.dumps(written) + "\n")
